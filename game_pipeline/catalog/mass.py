"""A source that would change many of its games at once, or by one import: how that is seen, and held back whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store import Event

from .hearing import ALL, resolve
from .holding import hold_event
from .limits import Limits
from .records import read_records
from .revise import Wording

__all__ = ["MassChange", "hold_all", "mass_changes"]


@dataclass(frozen=True, slots=True)
class MassChange:
    """A source that would change more of its games at once than is believed.

    `games`: how many its imports would change; `applied`: how many of them they changed before it was seen; `waiting`:
    how many are still to be changed, by the `records`; `runs`: the imports.
    """

    source: str
    games: int
    of: int
    applied: int
    waiting: int
    records: tuple[int, ...]
    runs: tuple[str, ...]


# What only gained a field, and what came back, takes nothing away. A record that says again what its game heard last is
# no change, whatever it said in between, nor is one of which nothing new is heard, since it was taken back; one that
# vanished is: what it alone said goes. An import is taken in while it goes on: what it has changed already counts, too.
# One that a person let through is not asked about again.
_PENDING = b"""
WITH let_through AS MATERIALIZED (
    SELECT proposal->>'source' AS source, run_id
    FROM review_item CROSS JOIN LATERAL jsonb_array_elements_text(proposal->'runs') AS run_id
    WHERE kind = 'mass' AND state = 'accepted'
), waiting AS (
    SELECT record.source, record.record_id, member.game_id, news.runs
    FROM source_record AS record JOIN game_member AS member USING (record_id)
    JOIN record_version AS heard
         ON heard.record_id = record.record_id
        AND heard.version = coalesce((member.heard->>'*')::int, member.record_version)
    CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT run_id) AS runs FROM record_version AS version
        WHERE version.record_id = record.record_id AND version.version > record.reconciled_version
          AND change IN ('changed', 'reparsed', 'vanished')
          AND NOT EXISTS (SELECT FROM let_through
                          WHERE let_through.source = record.source AND let_through.run_id = version.run_id)) AS news
    WHERE record.version <> record.reconciled_version AND news.runs IS NOT NULL
      AND (heard.content_hash <> record.content_hash OR (record.state = 'vanished' AND member.live))
      AND NOT EXISTS (SELECT FROM record_hold AS hold
                      WHERE hold.record_id = record.record_id AND kind = 'rollback' AND ended_at IS NULL
                        AND parts ? '*' AND NOT hold_is_over(hold))
), run AS (
    SELECT DISTINCT source, unnest(runs) AS run_id FROM waiting
), done AS (
    SELECT run.source, member.game_id, bool_or(member.heard IS NULL) AS applied
    FROM run JOIN record_version AS version USING (run_id)
    JOIN source_record AS record ON record.record_id = version.record_id AND record.source = run.source
    JOIN game_member AS member ON member.record_id = record.record_id AND member.record_version >= version.version
    WHERE version.change IN ('changed', 'reparsed', 'vanished')
    GROUP BY run.source, member.game_id
)
SELECT source, array_agg(DISTINCT record_id) AS records, count(DISTINCT game_id) AS waiting,
       (SELECT count(*) FROM (SELECT game_id FROM waiting AS other WHERE other.source = waiting.source
                              UNION SELECT game_id FROM done WHERE done.source = waiting.source) AS each) AS games,
       (SELECT count(*) FROM done WHERE done.source = waiting.source AND applied) AS applied,
       (SELECT count(DISTINCT other.game_id) FROM game_member AS other WHERE other.source = waiting.source) AS of,
       (SELECT array_agg(run_id ORDER BY run_id) FROM run WHERE run.source = waiting.source) AS runs
FROM waiting GROUP BY source ORDER BY source
"""


def mass_changes(connection: Connection[DictRow], limits: Mapping[str, Limits]) -> list[MassChange]:
    """The sources whose waiting changes go beyond their limits."""
    found = []
    for row in connection.execute(_PENDING).fetchall():
        own = limits.get(row["source"], Limits())
        if row["games"] >= own.run_minimum and row["games"] > own.run_share * row["of"]:
            records, runs = tuple(sorted(row.pop("records"))), tuple(row.pop("runs"))
            found.append(MassChange(**row, records=records, runs=runs))
    return found


def hold_all(connection: Connection[DictRow], change: MassChange, wording: Wording) -> list[Event]:
    """Hear all records of a mass change as their games heard them last."""
    rows = connection.execute(
        b"SELECT record_id, game_id, record_version, heard FROM game_member WHERE record_id = ANY(%s)",
        (list(change.records),),
    ).fetchall()
    last = {row["record_id"]: (row["game_id"], row["heard"] or {ALL: row["record_version"]}) for row in rows}
    events = []
    for record in read_records(connection, change.records):
        if ALL in record.limited:
            continue  # held as a whole already, and its page says nothing new
        game_id, heard = last[record.record_id]
        parts = {part: version for part, version in resolve(heard, record.version).items() if part not in record.taken}
        events.append(
            hold_event(
                connection,
                record,
                parts,
                wording,
                game_id=game_id,
                kind="limit",
                ends_on="version",
                reason=f"{change.source} would change {change.games} of its {change.of} games at once",
            )
        )
    return events
