"""Finding the games that a record may be about: from indexes alone, so that the cost does not grow.

Keys and whole titles are looked up in the database. What only resembles a title is found in memory where many records
are placed in one run, and by trigrams where it would take longer to read the catalogue's titles than to ask.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Candidate, CandidateIndex, Claims, claims_of, usual_rarity
from game_pipeline.people import aliases_of

from .ledger.pairs import SEVERAL_A_GAME
from .records import StoredRecord, members_of, title_tokens

__all__ = ["Finder", "alike", "find_candidates"]

MOST_GAMES_A_KEY = 50  # a key shared by more says nothing
MOST_ALIKE = 10
GAMES_A_QUESTION = 500  # whose titles are read into memory in the time that one question by trigrams takes

_FIND = b"""
SELECT DISTINCT game_id FROM (
    SELECT game_id, key, count(*) OVER (PARTITION BY key) AS shared FROM game_match_key WHERE key = ANY(%s)
) AS hit WHERE shared <= %s
"""

_WORTH_IT = b"""
SELECT (SELECT count(*) FROM game) <= %(games)s * (
    SELECT count(*) FROM source_record WHERE version <> matched_version) AS worth_it
"""
_TITLES = b"SELECT game_id, array_agg(DISTINCT title) AS titles FROM game_title GROUP BY game_id"
_ALIKE = b"""
SELECT game_id FROM game_title, unnest(%(titles)s::text[]) AS asked WHERE lower(title) %% lower(asked)
GROUP BY game_id ORDER BY max(similarity(lower(title), lower(asked))) DESC, game_id LIMIT %(limit)s
"""


class Finder:
    """Finds candidates during one run. `many`: it will be asked about as many as the catalogue has games."""

    def __init__(self, *, many: bool = False) -> None:
        self._index: CandidateIndex | None = None
        self._many = many
        self._asks: bool | None = None

    def find(self, connection: Connection[DictRow], record_id: int, claims: Claims) -> list[Candidate]:
        """The games that share a key or a title with the record, and those whose titles resemble its."""
        if self._asks is None:
            self._prepare(connection)
        if self._index is not None:
            found = self._index.find(claims.titles, MOST_ALIKE)
        else:
            found = alike(connection, claims.titles, MOST_ALIKE)
        return find_candidates(connection, record_id, claims, found)

    def rarity(self, word: str) -> float:
        """How much a word tells, in this catalogue where its titles are in memory."""
        return usual_rarity(word) if self._index is None else self._index.rarity(word)

    def placed(self, game_id: int, titles: Sequence[str]) -> None:
        """A record with these titles has come to a game: the next one of the run finds the game by them."""
        if self._index is not None:
            known = self._index.titles(game_id) if game_id in self._index else ()
            self._index.add(game_id, (*known, *titles))

    def _prepare(self, connection: Connection[DictRow]) -> None:
        row = connection.execute(_WORTH_IT, {"games": GAMES_A_QUESTION}).fetchone()
        self._asks = not (self._many or (row and row["worth_it"]))
        if not self._asks:
            rows = connection.execute(_TITLES).fetchall()
            self._index = CandidateIndex((row["game_id"], row["titles"]) for row in rows)


def alike(connection: Connection[DictRow], titles: Sequence[str], limit: int) -> list[int]:
    """The games whose titles share most trigrams with one of these."""
    rows = connection.execute(_ALIKE, {"titles": list(titles), "limit": limit})
    return [row["game_id"] for row in rows]


def find_candidates(
    connection: Connection[DictRow], record_id: int, claims: Claims, besides: Collection[int] = ()
) -> list[Candidate]:
    """The games that share a key with the record, and those `besides`, as their records and curators tell them."""
    tokens = [key.token for key in claims.keys] + title_tokens(claims.titles)
    rows = connection.execute(_FIND, (tokens, MOST_GAMES_A_KEY)).fetchall()
    game_ids = sorted({row["game_id"] for row in rows} | set(besides))
    if not game_ids:
        return []
    games = connection.execute(
        b"SELECT game_id, state FROM game WHERE game_id = ANY(%s) AND status <> 'merged' ORDER BY game_id", (game_ids,)
    ).fetchall()
    members = members_of(connection, [game["game_id"] for game in games])
    refused = _refused(connection, record_id)
    candidates = [
        _candidate(game["game_id"], game["state"], members[game["game_id"]], record_id, game["game_id"] in refused)
        for game in games
        if any(member.record_id != record_id for member in members[game["game_id"]])
    ]
    return _with_aliases(connection, candidates)


def _with_aliases(connection: Connection[DictRow], candidates: list[Candidate]) -> list[Candidate]:
    """The candidates with every known name of their people."""
    known = aliases_of(connection, {name for candidate in candidates for name in candidate.people})
    if not known:
        return candidates
    return [
        replace(
            candidate,
            people=tuple(
                dict.fromkeys(
                    (*candidate.people, *(alias for name in candidate.people for alias in sorted(known.get(name, ()))))
                )
            ),
        )
        for candidate in candidates
    ]


_REFUSED = b"""
SELECT game_id FROM match_exclusion WHERE record_id = %(record)s AND ended_at IS NULL
UNION
SELECT decision.game_id FROM match_edge AS edge
JOIN match_decision AS decision
     ON decision.record_id = CASE WHEN edge.a = %(record)s THEN edge.b ELSE edge.a END AND decision.ended_at IS NULL
WHERE (edge.a = %(record)s OR edge.b = %(record)s) AND edge.ended_at IS NULL
  AND edge.judge = 'person' AND edge.judgement = 'different' AND decision.game_id IS NOT NULL
"""


def _refused(connection: Connection[DictRow], record_id: int) -> set[int]:
    """The games of which a person has said that the record is not about them."""
    return {row["game_id"] for row in connection.execute(_REFUSED, {"record": record_id})}


def _candidate(
    game_id: int, state: dict[str, object], members: Sequence[StoredRecord], record_id: int, never: bool
) -> Candidate:
    others = [member for member in members if member.record_id != record_id]
    told = [claims_of(member.record) for member in others]
    titles = [str(state["title"]), *(title for claims in told for title in claims.titles)]
    return Candidate(
        game_id=game_id,
        titles=tuple(dict.fromkeys(titles)),
        years=tuple(sorted({year for claims in told for year in claims.years})),
        people=tuple(dict.fromkeys(name for claims in told for name in claims.people)),
        external_ids=tuple(sorted({pair for claims in told for pair in claims.external_ids})),
        keys=frozenset(key.token for claims in told for key in claims.keys),
        never=never,
        sources=frozenset(member.source for member in others if member.live) - SEVERAL_A_GAME,
        kind=str(state["kind"]),
    )
