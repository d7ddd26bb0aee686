"""A rollback taken back, as far as nothing newer has come since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.game_events import edit_again, game_event, pin_again
from game_pipeline.catalog.holding import Holdable, hold_event, limit_events, release_event
from game_pipeline.catalog.reconcile import Curator
from game_pipeline.catalog.records import StoredRecord, lock_catalogue, read_records
from game_pipeline.catalog.review import ask_again
from game_pipeline.catalog.revise import Wording
from game_pipeline.catalog.standing import Standing, read_standing
from game_pipeline.catalog.taking_back import as_before
from game_pipeline.people import refresh_within
from game_pipeline.store import Event, append

from .people_pages import StoredPage, person_changes, read_person_pages, told_by_pages
from .report import RollbackError, RollbackReport
from .steps import CAUSE, bring_up_to_date, games_of, read_edit, rollback_event

__all__ = ["undo_rollback"]


def undo_rollback(
    connection: Connection[DictRow], curator: Curator, rollback_id: int, *, author: str, reason: str
) -> RollbackReport:
    """Hear again what a rollback took back, as far as nothing newer has come since. Raises `RollbackError`."""
    lock_catalogue(connection)
    row = connection.execute(b"SELECT * FROM rollback WHERE rollback_id = %s FOR UPDATE", (rollback_id,)).fetchone()
    if row is None:
        raise RollbackError(f"no rollback {rollback_id}; see: game-pipeline rollback list")
    if row["undone_at"] is not None:
        raise RollbackError(f"rollback {rollback_id} was undone by {row['undone_by']} already")
    wording = curator.wording(author, CAUSE, reason)
    curator.catch_up(connection, {*row["games"], *_games_held(connection, rollback_id)})
    events, read_since, moved_on = _unhold(connection, row, wording)
    taken = {event.payload["record_id"] for event in events}
    events += _hold_again(connection, row, wording)
    limited = _limit_again(connection, row, taken, read_since, wording)
    events += limited
    # A record may have come to another game since, by a merge or a split.
    now = games_of(connection, [event.payload["record_id"] for event in events])
    before = {game_id: read_standing(connection, game_id) for game_id in sorted({*row["games"], *now.values()})}
    events += _unpin(connection, row, wording)
    events += _undo_edits(connection, row, before, wording)
    events.append(rollback_event("rollback.undone", {"rollback_id": rollback_id, "reason": reason}, wording))
    pages = told_by_pages(connection, events)
    append(connection, events)
    heard_again = {event.payload["record_id"] for event in events if event.event_type == "record.released"}
    waiting = [event.payload["record_id"] for event in limited]
    append(connection, ask_again(connection, waiting, wording.correlation_id))
    changes = [
        bring_up_to_date(connection, curator, game_id, standing, wording, newly=heard_again)
        for game_id, standing in before.items()
        if standing.status != "merged"
    ]
    _hear_newest(connection, curator, read_since, wording)
    heard = len({event.payload["record_id"] for event in events if event.stream.startswith("record:")})
    if "game" not in row["scope"]:
        refresh_within(connection, wording.correlation_id)
    people = person_changes(connection, pages)
    return RollbackReport(rollback_id, tuple(filter(None, changes)), heard, moved_on, people)


_HELD = b"""
SELECT DISTINCT decision.game_id FROM record_hold AS hold JOIN match_decision AS decision USING (record_id)
WHERE hold.rollback_id = %s AND hold.ended_at IS NULL AND decision.ended_at IS NULL AND decision.game_id IS NOT NULL
"""


def _games_held(connection: Connection[DictRow], rollback_id: int) -> set[int]:
    return {row["game_id"] for row in connection.execute(_HELD, (rollback_id,))}


_MADE = b"""
SELECT hold.record_id, hold.game_id, hold.ended_at IS NULL AS stands, to_jsonb(before) AS before,
       before.hold_id IS NOT NULL AND hold_is_over(before) AS over,
       (SELECT jsonb_agg(narrowed.parts) FROM record_hold AS narrowed
        WHERE narrowed.hold_id = ANY(%(ended)s) AND narrowed.record_id = hold.record_id
          AND narrowed.kind = 'limit') AS limits,
       (SELECT min(rollback_id) FROM record_hold AS later
        WHERE later.record_id = hold.record_id AND later.hold_id > hold.hold_id AND later.ended_at IS NULL
          AND later.kind = 'rollback' AND later.rollback_id <> hold.rollback_id) AS newer
FROM record_hold AS hold
LEFT JOIN record_hold AS before
     ON before.record_id = hold.record_id AND before.ended_at = hold.held_at AND before.hold_id < hold.hold_id
    AND before.kind = 'rollback'
    AND NOT EXISTS (SELECT FROM rollback WHERE rollback.rollback_id = before.rollback_id AND undone_at IS NOT NULL)
WHERE hold.rollback_id = %(rollback_id)s AND hold.kind = 'rollback' ORDER BY hold.record_id, hold.hold_id
"""

_Since = list[tuple[int, Mapping[str, Any] | None]]
"""Records that were read again while they were taken back, and the holds that come back with them."""


def _unhold(
    connection: Connection[DictRow], rollback: Mapping[str, Any], wording: Wording
) -> tuple[list[Event], _Since, int]:
    """Release the rollback's holds, or put back those that they replaced; also how many have ended by themselves.

    A record that was read again meanwhile is heard as it was at first: what it says now goes through the limits, when
    all else is as before.
    """
    wanted = {"rollback_id": rollback["rollback_id"], "ended": rollback["also"].get("holds_released", [])}
    made = connection.execute(_MADE, wanted).fetchall()
    _refuse_newer(made)
    standing = {row["record_id"] for row in made if row["stands"]}
    first: dict[int, dict[str, Any]] = {}
    for row in made:
        first.setdefault(row["record_id"], row)
    events: list[Event] = []
    read_since: _Since = []
    moved_on = len(first.keys() - standing)
    held: list[StoredRecord | StoredPage] = [
        *read_records(connection, sorted(standing)),
        *read_person_pages(connection, sorted(standing)),
    ]
    for record in held:
        row = first[record.record_id]
        before = None if row["over"] else row["before"]
        if record.rollback is None:
            moved_on += 1  # its page has ended the hold
        elif isinstance(record, StoredRecord) and record.version > record.rollback.upto:
            read_since.append((record.record_id, before))
            layers = [each for each in (row["before"] and row["before"]["parts"], *(row["limits"] or ())) if each]
            then = as_before(layers, record.rollback.upto, record.rollback.parts)
            hold = {"parts": then, "ends_on": "page", "reason": record.rollback.reason, "upto": None}
            own = {"rollback_id": rollback["rollback_id"], "game_id": row["game_id"]}
            events.append(_put_back(connection, record, hold | own, wording))
        else:
            events.append(_released(connection, record, before, wording, row["game_id"]))
    return events, read_since, moved_on


def _released(
    connection: Connection[DictRow],
    record: StoredRecord | StoredPage,
    before: Mapping[str, Any] | None,
    wording: Wording,
    game_id: int | None,
) -> Event:
    assert record.rollback is not None
    if before is not None:
        return _put_back(connection, record, before, wording)
    return release_event(record, record.rollback.hold_id, wording, wording.reason or CAUSE, game_id)


def _hear_newest(connection: Connection[DictRow], curator: Curator, since: _Since, wording: Wording) -> None:
    """What was read meanwhile of records that are heard again, within the limits."""
    before = dict(since)
    records = read_records(connection, sorted(before))
    games = games_of(connection, before)
    append(
        connection,
        [
            _released(connection, record, before[record.record_id], wording, games.get(record.record_id))
            for record in records
        ],
    )
    for game_id in sorted(set(games.values())):
        curator.take_in(connection, game_id)


_ENDED = b"""
SELECT hold.*, standing.rollback_id AS newer, standing.hold_id IS NOT NULL OR hold_is_over(hold) AS over
FROM record_hold AS hold LEFT JOIN record_hold AS standing
     ON standing.record_id = hold.record_id AND standing.kind = 'rollback' AND standing.ended_at IS NULL
WHERE hold.hold_id = ANY(%s) AND hold.kind = 'rollback'
  AND NOT EXISTS (SELECT FROM rollback WHERE rollback.rollback_id = hold.rollback_id AND undone_at IS NOT NULL)
ORDER BY hold.record_id
"""


def _hold_again(connection: Connection[DictRow], rollback: Mapping[str, Any], wording: Wording) -> list[Event]:
    """Holds of earlier rollbacks that this one released because an older revision heard all of their records."""
    rows = connection.execute(_ENDED, (rollback["also"].get("holds_released", []),)).fetchall()
    _refuse_newer(rows)
    held = {row["record_id"]: row for row in rows if not row["over"]}
    return [
        _put_back(connection, record, held[record.record_id], wording)
        for record in read_records(connection, sorted(held))
    ]


_NARROWED = b"""
SELECT hold.record_id, hold.game_id, hold.reason, coalesce(left_over.parts, '{}') AS left_over, hold.parts,
       hold_is_over(hold) AS over
FROM record_hold AS hold
LEFT JOIN record_hold AS left_over
     ON left_over.record_id = hold.record_id AND left_over.held_at = hold.ended_at AND left_over.hold_id > hold.hold_id
    AND left_over.kind = 'limit'
WHERE hold.kind = 'limit' AND (hold.hold_id = ANY(%(ended)s) OR EXISTS (  -- a hold of old took its place
    SELECT FROM record_hold AS made WHERE made.record_id = hold.record_id AND made.rollback_id = %(rollback_id)s
    AND made.kind = 'rollback' AND made.held_at = hold.ended_at))
ORDER BY hold.record_id
"""


def _limit_again(
    connection: Connection[DictRow],
    rollback: Mapping[str, Any],
    taken: Collection[int],
    read_since: _Since,
    wording: Wording,
) -> list[Event]:
    """What waited for a person until the rollback took it back waits again. `taken`: the records of which something
    is taken back until now; of another, its page may have said something new. What was read since is looked at anew."""
    wanted = {"rollback_id": rollback["rollback_id"], "ended": rollback["also"].get("holds_released", [])}
    rows = connection.execute(_NARROWED, wanted).fetchall()
    anew = dict(read_since)
    narrowed = {
        row["record_id"]: row
        for row in rows
        if row["record_id"] not in anew and (row["record_id"] in taken or not row["over"])
    }
    events: list[Event] = []
    for record in read_records(connection, sorted(narrowed)):
        row = narrowed[record.record_id]
        gone = {part: version for part, version in row["parts"].items() if part not in row["left_over"]}
        parts = {**gone, **(record.limit.parts if record.limit else {})}
        events += limit_events(connection, record, parts, wording, row["reason"], row["game_id"])
    return events


def _refuse_newer(rows: Iterable[Mapping[str, Any]]) -> None:
    newer = sorted({row["newer"] for row in rows if row["newer"] is not None})
    if newer:
        raise RollbackError(f"rollback {newer[0]} was made after it on the same records; undo that one first")


def _put_back(connection: Connection[DictRow], record: Holdable, hold: Mapping[str, Any], wording: Wording) -> Event:
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


def _unpin(connection: Connection[DictRow], rollback: Mapping[str, Any], wording: Wording) -> list[Event]:
    rows = connection.execute(
        b"SELECT * FROM game_pin WHERE (rollback_id = %s AND ended_at IS NULL) OR pin_id = ANY(%s) "
        b"ORDER BY pin_id DESC",
        (rollback["rollback_id"], rollback["also"]["unpinned"]),
    ).fetchall()
    events: list[Event] = []
    for pin in rows:
        if pin["rollback_id"] == rollback["rollback_id"]:
            payload = {"pin_id": pin["pin_id"], "field": pin["field"]}
            events.append(game_event(pin["game_id"], "game.unpinned", payload, wording))
        else:
            events.append(pin_again(connection, pin, wording))
    return events


def _undo_edits(
    connection: Connection[DictRow], rollback: Mapping[str, Any], games: Mapping[int, Standing], wording: Wording
) -> list[Event]:
    standing = {edit.edit_id: (game_id, edit) for game_id, game in games.items() for edit in game.edits}
    fields_edited = {(game_id, edit.field) for game_id, edit in standing.values()}
    events: list[Event] = []
    for edit_id in rollback["also"]["edits_reinstated"]:
        if edit_id in standing:
            game_id, edit = standing[edit_id]
            payload = {"edit_id": edit_id, "field": edit.field, "reason": wording.reason or CAUSE}
            events.append(game_event(game_id, "game.edit_released", payload, wording))
            fields_edited.discard((game_id, edit.field))
    for edit_id in rollback["also"]["edits_released"]:
        old = read_edit(connection, edit_id)
        if (old["game_id"], old["field"]) not in fields_edited:
            why = f"as before rollback {rollback['rollback_id']}"
            events.append(edit_again(connection, old["game_id"], old, wording, why))
    return events
