"""What comes back when a rollback is undone: the holds that stood before it, what waited for a person, and what the
pages have said meanwhile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.holding import Holdable, hold_event, limit_events, release_event
from game_pipeline.catalog.reconcile import Curator
from game_pipeline.catalog.records import StoredRecord, read_records
from game_pipeline.catalog.revise import Wording
from game_pipeline.catalog.taking_back import as_before
from game_pipeline.store import Event, append

from .people_pages import StoredPage, read_person_pages
from .report import RollbackError
from .steps import CAUSE, games_of

__all__ = ["ComingBack", "hear_newest", "heard_as_before", "holds_of_earlier", "records_held", "waiting_again"]

HoldRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ComingBack:
    """What ends the holds of a rollback. `moved_on`: how many have ended by themselves; `read_since`: records that were
    read again while they were taken back, and the hold that stood before."""

    events: tuple[Event, ...]
    read_since: Mapping[int, HoldRow | None]
    moved_on: int

    @property
    def records(self) -> frozenset[int]:
        """Those of which something was taken back until now."""
        return frozenset(event.payload["record_id"] for event in self.events)


def records_held(connection: Connection[DictRow], rollback_id: int) -> list[int]:
    """The records of which a rollback holds something."""
    rows = connection.execute(
        b"SELECT record_id FROM record_hold WHERE rollback_id = %s AND ended_at IS NULL", (rollback_id,)
    )
    return [row["record_id"] for row in rows]


# What was taken back -------------------------------------------------------------------------------------------------

_MADE = b"""
SELECT hold.record_id, hold.game_id, hold.ended_at IS NULL AS stands, to_jsonb(before) AS before,
       before.hold_id IS NOT NULL AND hold_is_over(before) AS over,
       (SELECT min(rollback_id) FROM record_hold AS later
        WHERE later.record_id = hold.record_id AND later.hold_id > hold.hold_id AND later.ended_at IS NULL
          AND later.kind = 'rollback' AND later.rollback_id <> hold.rollback_id) AS newer
FROM record_hold AS hold
LEFT JOIN record_hold AS before
     ON before.record_id = hold.record_id AND before.ended_at = hold.held_at AND before.hold_id < hold.hold_id
    AND before.kind = 'rollback'
    AND NOT EXISTS (SELECT FROM rollback WHERE rollback.rollback_id = before.rollback_id AND undone_at IS NOT NULL)
WHERE hold.rollback_id = %s AND hold.kind = 'rollback' ORDER BY hold.record_id, hold.hold_id
"""


def heard_as_before(connection: Connection[DictRow], rollback: Mapping[str, Any], wording: Wording) -> ComingBack:
    """Release the rollback's holds, or put back those that they replaced.

    A record that was read again meanwhile is heard as it was at first: what it says now goes through the limits, when
    all else is as before.
    """
    made = connection.execute(_MADE, (rollback["rollback_id"],)).fetchall()
    _refuse_newer(made)
    standing = sorted({row["record_id"] for row in made if row["stands"]})
    first: dict[int, dict[str, Any]] = {}
    for row in made:
        first.setdefault(row["record_id"], row)
    limits: defaultdict[int, list[Mapping[str, int]]] = defaultdict(list)
    for row in _narrowed(connection, rollback):
        limits[row["record_id"]].append(row["parts"])
    events: list[Event] = []
    read_since: dict[int, HoldRow | None] = {}
    ended = len(first) - len(standing)
    records: list[StoredRecord | StoredPage] = [
        *read_records(connection, standing),
        *read_person_pages(connection, standing),
    ]
    for record in records:
        row = first[record.record_id]
        hold = record.rollback
        if hold is None:
            ended += 1  # its page has done so
            continue
        before: HoldRow | None = None if row["over"] else row["before"]
        if isinstance(record, StoredRecord) and record.version > hold.upto:
            read_since[record.record_id] = before
            layers = [*limits[record.record_id], *([row["before"]["parts"]] if row["before"] else [])]
            before = {
                "parts": as_before(layers, hold.upto, hold.parts),
                "ends_on": "page",
                "upto": None,
                "reason": hold.reason,
                "rollback_id": rollback["rollback_id"],
                "game_id": row["game_id"],
            }
        events.append(_replaced(connection, record, before, wording, row["game_id"]))
    return ComingBack(tuple(events), read_since, ended)


_ENDED = b"""
SELECT hold.*, standing.rollback_id AS newer, standing.hold_id IS NOT NULL OR hold_is_over(hold) AS over
FROM record_hold AS hold LEFT JOIN record_hold AS standing
     ON standing.record_id = hold.record_id AND standing.kind = 'rollback' AND standing.ended_at IS NULL
WHERE hold.hold_id = ANY(%s) AND hold.kind = 'rollback'
  AND NOT EXISTS (SELECT FROM rollback WHERE rollback.rollback_id = hold.rollback_id AND undone_at IS NOT NULL)
ORDER BY hold.record_id
"""


def holds_of_earlier(connection: Connection[DictRow], rollback: Mapping[str, Any], wording: Wording) -> list[Event]:
    """Holds of earlier rollbacks that this one released because an older revision heard all of their records."""
    rows = connection.execute(_ENDED, (_ended(rollback),)).fetchall()
    _refuse_newer(rows)
    held = {row["record_id"]: row for row in rows if not row["over"]}
    return [
        _put_back(connection, record, held[record.record_id], wording)
        for record in read_records(connection, sorted(held))
    ]


def _ended(rollback: Mapping[str, Any]) -> list[int]:
    ended: list[int] = rollback["also"].get("holds_released", [])  # a rollback of old names none
    return ended


def _refuse_newer(rows: Iterable[Mapping[str, Any]]) -> None:
    newer = sorted({row["newer"] for row in rows if row["newer"] is not None})
    if newer:
        raise RollbackError(f"rollback {newer[0]} was made after it on the same records; undo that one first")


def _replaced(
    connection: Connection[DictRow],
    record: StoredRecord | StoredPage,
    before: HoldRow | None,
    wording: Wording,
    game_id: int | None,
) -> Event:
    """The hold before in the place of the one that stands, or none."""
    assert record.rollback is not None
    if before is not None:
        return _put_back(connection, record, before, wording)
    return release_event(record, record.rollback.hold_id, wording, wording.reason or CAUSE, game_id)


def _put_back(connection: Connection[DictRow], record: Holdable, hold: HoldRow, wording: Wording) -> Event:
    return hold_event(
        connection,
        record,
        hold["parts"],
        wording,
        game_id=hold["game_id"],
        kind="rollback",
        ends_on=hold["ends_on"],
        reason=hold["reason"],
        rollback_id=hold["rollback_id"],
        upto=hold["upto"],
    )


# What waited for a person --------------------------------------------------------------------------------------------

_NARROWED = b"""
SELECT hold.record_id, hold.game_id, hold.reason, coalesce(left_over.parts, '{}') AS left_over, hold.parts,
       hold_is_over(hold) AS over
FROM record_hold AS hold
LEFT JOIN record_hold AS left_over
     ON left_over.record_id = hold.record_id AND left_over.held_at = hold.ended_at AND left_over.hold_id > hold.hold_id
    AND left_over.kind = 'limit'
WHERE hold.kind = 'limit' AND (hold.hold_id = ANY(%s) OR EXISTS (  -- a hold of old took its place
    SELECT FROM record_hold AS made WHERE made.record_id = hold.record_id AND made.rollback_id = %s
    AND made.kind = 'rollback' AND made.held_at = hold.ended_at))
ORDER BY hold.record_id
"""


def _narrowed(connection: Connection[DictRow], rollback: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The limits that a rollback ended, wholly or in part."""
    return connection.execute(_NARROWED, (_ended(rollback), rollback["rollback_id"])).fetchall()


def waiting_again(
    connection: Connection[DictRow], rollback: Mapping[str, Any], back: ComingBack, wording: Wording
) -> list[Event]:
    """What waited for a person until the rollback took it back waits again.

    Of a record of which nothing was taken back until now, its page may have said something new. What was read since is
    looked at anew.
    """
    narrowed = {
        row["record_id"]: row
        for row in _narrowed(connection, rollback)
        if row["record_id"] not in back.read_since and (row["record_id"] in back.records or not row["over"])
    }
    events: list[Event] = []
    for record in read_records(connection, sorted(narrowed)):
        row = narrowed[record.record_id]
        gone = {part: version for part, version in row["parts"].items() if part not in row["left_over"]}
        parts = {**gone, **record.limited}
        events += limit_events(connection, record, parts, wording, row["reason"], row["game_id"])
    return events


# What was read meanwhile ---------------------------------------------------------------------------------------------


def hear_newest(
    connection: Connection[DictRow], curator: Curator, read_since: Mapping[int, HoldRow | None], wording: Wording
) -> None:
    """What records that are heard again say now, within the limits."""
    games = games_of(connection, read_since)
    records = read_records(connection, sorted(read_since))
    append(
        connection,
        [
            _replaced(connection, record, read_since[record.record_id], wording, games.get(record.record_id))
            for record in records
        ],
    )
    for game_id in sorted(set(games.values())):
        curator.take_in(connection, game_id)
