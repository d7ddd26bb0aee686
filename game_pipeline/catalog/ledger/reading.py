"""What is to be looked at when judgements about some records change: all that may come to be one game with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.records import StoredRecord, read_records

from .components import Edge
from .edges import read_edges
from .naming import Known

__all__ = ["Surroundings", "read_surroundings"]

_NEXT = b"""
SELECT b AS record_id FROM match_edge WHERE a = ANY(%(records)s) AND judgement = 'same' AND ended_at IS NULL
UNION
SELECT a FROM match_edge WHERE b = ANY(%(records)s) AND judgement = 'same' AND ended_at IS NULL
UNION
SELECT other.record_id FROM match_decision AS own JOIN match_decision AS other USING (game_id)
WHERE own.record_id = ANY(%(records)s) AND own.ended_at IS NULL AND other.ended_at IS NULL
"""

# The games that a record was of before, the latest first, as far as they have become the game that it is of now, and
# the record with them: one that it had left by then is not where it comes from.
_DECISIONS = b"""
WITH RECURSIVE now AS (
    SELECT record_id, game_id, decision_id FROM match_decision
    WHERE record_id = ANY(%(records)s) AND ended_at IS NULL AND game_id IS NOT NULL
), path AS (
    SELECT DISTINCT game_id AS living, game_id FROM now
    UNION
    SELECT path.living, game.game_id FROM path JOIN game ON game.merged_into = path.game_id
)
SELECT now.record_id, now.game_id, now.decision_id,
       (SELECT coalesce(array_agg(game_id ORDER BY last DESC), '{}') FROM (
            SELECT old.game_id, max(old.decision_id) AS last FROM match_decision AS old JOIN path USING (game_id)
            WHERE old.record_id = now.record_id AND path.living = now.game_id AND old.game_id <> now.game_id
                AND (SELECT min(later.position) FROM match_decision AS later
                     WHERE later.record_id = old.record_id AND later.position > old.position) > (
                    SELECT min(position) FROM game_revision AS merged JOIN event_identity USING (event_id)
                    WHERE merged.game_id = old.game_id
                    AND revision > (SELECT max(revision) FROM game_revision AS alive
                                    WHERE alive.game_id = old.game_id AND alive.status <> 'merged'))
            GROUP BY old.game_id) AS each) AS before
FROM now ORDER BY now.record_id
"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Records that may be one game, with the judgements about them and the games that they are of."""

    records: Mapping[int, StoredRecord]
    edges: tuple[Edge, ...]
    known: Known

    @property
    def rank(self) -> dict[int, tuple[str, str]]:
        """What each record is called by its source, whenever it came."""
        return {record_id: (record.source, record.identity) for record_id, record in self.records.items()}


def read_surroundings(connection: Connection[DictRow], records: Collection[int]) -> Surroundings:
    """Everything that standing judgements and games connect with the records."""
    found, fresh = set(records), set(records)
    while fresh:
        rows = connection.execute(_NEXT, {"records": sorted(fresh)})
        fresh = {row["record_id"] for row in rows} - found
        found |= fresh
    decisions = connection.execute(_DECISIONS, {"records": sorted(found)}).fetchall()
    games = sorted({game for row in decisions for game in (row["game_id"], *row["before"])})
    statuses: dict[int, str] = {}
    if games:
        rows = connection.execute(b"SELECT game_id, status FROM game WHERE game_id = ANY(%s)", (games,))
        statuses = {row["game_id"]: row["status"] for row in rows}
    return Surroundings(
        records={record.record_id: record for record in read_records(connection, sorted(found))},
        edges=tuple(read_edges(connection, found)),
        known=Known(
            game={row["record_id"]: row["game_id"] for row in decisions},
            joined={row["record_id"]: row["decision_id"] for row in decisions},
            before={row["record_id"]: tuple(row["before"]) for row in decisions},
            status=statuses,
        ),
    )
