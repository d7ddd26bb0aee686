"""The catalogue against itself: games that may be one, as suggestions to people. Nothing is merged here.

What people have answered stands: told apart is not asked about, and where no match was said to exist, only a game that
was not among those shown, and for which more speaks, is a question again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Candidate, Claims, Decision, authors_of, claims_of, decide
from game_pipeline.store import Store, append

from . import review
from .candidates import Finder
from .ledger.edges import crossing, edge_of, judged, read_edges
from .ledger.keys import demoted_among
from .ledger.standing_games import founders
from .reconcile import Curator
from .records import StoredRecord, lock_catalogue, members_of

__all__ = ["DuplicatesReport", "Suspicion", "find_duplicates"]

ACTOR = "pipeline"
GAMES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Two games that may be one. `asked`: it was put to a person now."""

    game_id: int
    title: str
    other: int
    other_title: str
    band: str
    method: str
    score: float
    why: tuple[str, ...]
    asked: bool


@dataclass(slots=True)
class DuplicatesReport:
    """`games`: looked at. `found`: the likeliest first. `counts`: pairs by band, and `asked` now."""

    games: int = 0
    found: list[Suspicion] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def find_duplicates(
    store: Store,
    curator: Curator,
    *,
    ask: bool,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> DuplicatesReport:
    """Look at every game of the catalogue beside those that its keys and titles bring up.

    `ask`: put each pair to a person, once; else nothing is written. `progress` is told how many of
    how many games were looked at.
    """
    report = DuplicatesReport()
    finder = Finder(many=True)
    seen: set[tuple[int, int]] = set()
    row = store.row("SELECT count(*) AS n FROM game WHERE status = 'active'")
    total = row["n"] if row else 0
    for games in _batches(store):
        with store.transaction() as connection:
            pairs = [
                (game_id, decision, candidate)
                for game_id, members in members_of(connection, games).items()
                for decision, candidate in _suspected(connection, finder, game_id, members)
            ]
        for game_id, decision, candidate in pairs:
            pair = (min(game_id, candidate.game_id), max(game_id, candidate.game_id))
            if pair in seen:
                continue
            seen.add(pair)
            asked = ask and _asked(store, curator, game_id, decision)
            report.counts[decision.band] += 1
            report.counts["asked"] += asked
            report.found.append(_suspicion(store, game_id, decision, asked=asked))
        report.games += len(games)
        progress(report.games, total)
    report.found.sort(key=lambda each: (-each.score, each.game_id, each.other))
    return report


def _batches(store: Store) -> Iterator[list[int]]:
    last = 0
    while rows := store.rows(
        "SELECT game_id FROM game WHERE status = 'active' AND game_id > %s ORDER BY game_id LIMIT %s",
        (last, GAMES_AT_ONCE),
    ):
        yield [row["game_id"] for row in rows]
        last = rows[-1]["game_id"]


# What two games look like --------------------------------------------------------------------------------------------


def _suspected(
    connection: Connection[DictRow], finder: Finder, game_id: int, members: list[StoredRecord]
) -> Iterator[tuple[Decision, Candidate]]:
    """The games that matching would join with this one, or ask about, were it a record."""
    if not members:
        return
    claims = _claims(connection, game_id, members)
    refused = _refused(connection, game_id)
    sources = {member.source for member in members if member.live}
    strong = {key.token for key in claims.keys if key.strength == "strong"}
    candidates = [
        one for one in finder.find(connection, 0, claims) if one.game_id != game_id and one.game_id not in refused
    ]
    answers = _answers(connection, [game_id, *(one.game_id for one in candidates)])
    for candidate in candidates:
        both = sources & candidate.sources
        if both and not strong & candidate.keys:
            continue  # a source that lists two means two
        decision = decide(replace(claims, source=min(both, default="")), [candidate], rarity=finder.rarity)
        mine, its = answers.get(game_id, _NOTHING), answers.get(candidate.game_id, _NOTHING)
        if candidate.game_id in mine.shown or game_id in its.shown:
            continue
        if decision.band != "new" and decision.score > max(mine.score, its.score):
            yield decision, candidate


def _claims(connection: Connection[DictRow], game_id: int, members: list[StoredRecord]) -> Claims:
    """A game as if it were a record: what any of its records claims."""
    told = [claims_of(member.record) for member in members]
    demoted = demoted_among(connection, [key.token for claims in told for key in claims.keys])
    keys = {key.token: key for claims in told for key in claims.keys if key.token not in demoted}
    return Claims(
        source="",
        identity=str(game_id),
        titles=tuple(dict.fromkeys(title for claims in told for title in claims.titles)),
        kind=next((claims.kind for claims in told), "game"),
        years=tuple(sorted({year for claims in told for year in claims.years})),
        people=tuple(dict.fromkeys(name for member in members for name in authors_of(member.record.credits))),
        external_ids=tuple(sorted({pair for claims in told for pair in claims.external_ids})),
        keys=tuple(keys.values()),
    )


_REFUSED = b"""
WITH own AS (SELECT record_id FROM match_decision WHERE game_id = %(game)s AND ended_at IS NULL)
SELECT decision.game_id FROM match_edge AS edge
JOIN own ON own.record_id IN (edge.a, edge.b)
JOIN match_decision AS decision
     ON decision.record_id = edge.a + edge.b - own.record_id AND decision.ended_at IS NULL
WHERE edge.ended_at IS NULL AND edge.judgement = 'different' AND decision.game_id IS NOT NULL
UNION
SELECT exclusion.game_id FROM match_exclusion AS exclusion JOIN own USING (record_id) WHERE ended_at IS NULL
"""


def _refused(connection: Connection[DictRow], game_id: int) -> set[int]:
    """The games of which it is said that they are another."""
    return {row["game_id"] for row in connection.execute(_REFUSED, {"game": game_id})}


@dataclass(frozen=True, slots=True)
class _NoMatch:
    """A person said that a game has no match: which games were shown, and how much spoke for the best of them."""

    shown: frozenset[int]
    score: float


_NOTHING = _NoMatch(frozenset(), 0.0)


def _answers(connection: Connection[DictRow], games: list[int]) -> dict[int, _NoMatch]:
    rows = connection.execute(
        b"SELECT game_id, max(score) AS score, array_agg(shown) AS shown "
        b"FROM match_decision LEFT JOIN LATERAL unnest(alternatives) AS shown ON true "
        b"WHERE game_id = ANY(%s) AND ended_at IS NULL AND method = 'no_match' GROUP BY game_id",
        (games,),
    )
    return {row["game_id"]: _NoMatch(frozenset(filter(None, row["shown"])), row["score"]) for row in rows}


# What is done about it -----------------------------------------------------------------------------------------------


def _asked(store: Store, curator: Curator, game_id: int, decision: Decision) -> bool:
    """Ask a person, unless it is asked or was answered already; whether it is asked now."""
    assert decision.game_id is not None
    with store.transaction() as connection:
        lock_catalogue(connection)
        rows = connection.execute(
            b"SELECT game_id FROM game WHERE game_id = ANY(%s) AND status = 'active'", ([game_id, decision.game_id],)
        ).fetchall()
        if len(rows) != 2:  # it was merged meanwhile
            return False
        ours, theirs = founders(connection, [game_id, decision.game_id])
        events = review.ask_duplicate(connection, game_id, decision, curator.correlation_id)
        edge = edge_of(connection, ours, theirs, "suggested", decision, actor=ACTOR)
        known = crossing(read_edges(connection, [ours]), [ours], [theirs])
        if not any(each.judge == edge.judge for each in known):
            events.append(judged(edge, curator.wording(ACTOR, "duplicates"), game_id))
        append(connection, events)
        return any(event.event_type == "review.opened" for event in events)


def _suspicion(store: Store, game_id: int, decision: Decision, *, asked: bool) -> Suspicion:
    rows: list[dict[str, Any]] = store.rows(
        "SELECT game_id, title FROM game WHERE game_id = ANY(%s)", ([game_id, decision.game_id],)
    )
    titles = {row["game_id"]: row["title"] for row in rows}
    one, other = sorted(titles)
    return Suspicion(
        game_id=one,
        title=titles[one],
        other=other,
        other_title=titles[other],
        band=decision.band,
        method=decision.method,
        score=decision.score,
        why=tuple(evidence.detail for evidence in decision.evidence[:3]),
        asked=asked,
    )
