"""The games that judgements come to, looked up: what a number leads to, whose records a game has, which came first."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

__all__ = ["JoinError", "founders", "living", "members_ids"]


class JoinError(ValueError):
    """Games cannot be merged, split or related so; the message says why."""


_LIVING = b"""
WITH RECURSIVE path AS (
    SELECT game_id, merged_into FROM game WHERE game_id = %s
    UNION ALL
    SELECT game.game_id, game.merged_into FROM game JOIN path ON game.game_id = path.merged_into
)
SELECT game_id FROM path WHERE merged_into IS NULL
"""


def living(connection: Connection[DictRow], game_id: int) -> int:
    """The game that a game has become by merging. Raises `JoinError` where there never was one of the number."""
    row = connection.execute(_LIVING, (game_id,)).fetchone()
    if row is None:
        raise JoinError(f"no game {game_id}; look it up with: game-pipeline game find TEXT")
    return int(row["game_id"])


# Who was decided to be the game before all others: what came by a merge was another's first.
_FOUNDERS = b"""
SELECT wanted.game_id, (
    SELECT now.record_id FROM match_decision AS now JOIN match_decision AS first USING (record_id, game_id)
    WHERE now.game_id = wanted.game_id AND now.ended_at IS NULL
    ORDER BY first.decision_id LIMIT 1) AS record_id
FROM unnest(%s::bigint[]) WITH ORDINALITY AS wanted (game_id, n) ORDER BY n
"""


def founders(connection: Connection[DictRow], games: Sequence[int]) -> list[int]:
    """Of each game the record that was of it first. Raises `JoinError` where a game has none."""
    found = []
    for row in connection.execute(_FOUNDERS, (list(games),)).fetchall():
        if row["record_id"] is None:
            raise JoinError(f"game {row['game_id']} has no record")
        found.append(int(row["record_id"]))
    return found


def members_ids(connection: Connection[DictRow], game_id: int) -> frozenset[int]:
    """The records of a game."""
    rows = connection.execute(
        b"SELECT record_id FROM match_decision WHERE game_id = %s AND ended_at IS NULL", (game_id,)
    )
    return frozenset(row["record_id"] for row in rows)
