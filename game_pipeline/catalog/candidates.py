"""Finding the games that a record may be about: from the index of keys alone, so that the cost does not grow."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Candidate, Claims, authors_of, claims_of, identity_keys

from .records import StoredRecord, members_of, title_tokens

__all__ = ["find_candidates"]

MOST_GAMES_A_KEY = 50  # a key shared by more says nothing

_FIND = b"""
SELECT DISTINCT game_id FROM (
    SELECT game_id, key, count(*) OVER (PARTITION BY key) AS shared FROM game_match_key WHERE key = ANY(%s)
) AS hit WHERE shared <= %s
"""


def find_candidates(connection: Connection[DictRow], record_id: int, claims: Claims) -> list[Candidate]:
    """The games that share a key with the record, as their member records and their curators tell them."""
    tokens = [key.token for key in claims.keys] + title_tokens(claims.titles)
    rows = connection.execute(_FIND, (tokens, MOST_GAMES_A_KEY)).fetchall()
    game_ids = sorted(row["game_id"] for row in rows)
    if not game_ids:
        return []
    games = connection.execute(
        b"SELECT game_id, state FROM game WHERE game_id = ANY(%s) AND status <> 'merged'", (game_ids,)
    ).fetchall()
    members = members_of(connection, [game["game_id"] for game in games])
    refused = {
        row["game_id"]
        for row in connection.execute(
            b"SELECT game_id FROM match_exclusion WHERE record_id = %s AND ended_at IS NULL",
            (record_id,),
        )
    }
    return [
        _candidate(game["game_id"], game["state"], members[game["game_id"]], record_id, game["game_id"] in refused)
        for game in games
    ]


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
        people=tuple(dict.fromkeys(name for member in others for name in authors_of(member.record.credits))),
        external_ids=tuple(sorted({pair for claims in told for pair in claims.external_ids})),
        keys=frozenset(key.token for member in others for key in identity_keys(member.record)),
        never=never,
        sources=frozenset(member.source for member in others if member.live),
        kind=str(state["kind"]),
    )
