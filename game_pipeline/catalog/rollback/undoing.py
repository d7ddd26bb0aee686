"""A rollback taken back, as far as nothing newer has come since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.game_events import edit_again, game_event, pin_again
from game_pipeline.catalog.holding import Holdable, hold_event, release_event
from game_pipeline.catalog.reconcile import Curator
from game_pipeline.catalog.records import StoredRecord, lock_catalogue, read_records
from game_pipeline.catalog.review import ask_again
from game_pipeline.catalog.revise import Wording
from game_pipeline.catalog.standing import Standing, read_standing
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
    events, moved_on = _unhold(connection, rollback_id, wording)
    events += _hold_again(connection, row, wording)
    # A record may have come to another game since, by a merge or a split.
    now = games_of(connection, [event.payload["record_id"] for event in events])
    before = {game_id: read_standing(connection, game_id) for game_id in sorted({*row["games"], *now.values()})}
    events += _unpin(connection, row, wording)
    events += _undo_edits(connection, row, before, wording)
    events.append(rollback_event("rollback.undone", {"rollback_id": rollback_id, "reason": reason}, wording))
    pages = told_by_pages(connection, events)
    append(connection, events)
    heard_again = {event.payload["record_id"] for event in events if event.event_type == "record.released"}
    waiting = [event.payload["record_id"] for event in events if event.payload.get("kind") == "limit"]
    append(connection, ask_again(connection, waiting, wording.correlation_id))
    changes = [
        bring_up_to_date(connection, curator, game_id, standing, wording, newly=heard_again)
        for game_id, standing in before.items()
        if standing.status != "merged"
    ]
    heard = sum(event.event_type in ("record.held", "record.released") for event in events)
    if "game" not in row["scope"]:
        refresh_within(connection, wording.correlation_id)
    people = person_changes(connection, pages)
    return RollbackReport(rollback_id, tuple(filter(None, changes)), heard, moved_on, people)


def _unhold(connection: Connection[DictRow], rollback_id: int, wording: Wording) -> tuple[list[Event], int]:
    """Release the rollback's holds, or put back those that they replaced; also how many have ended by themselves."""
    made = connection.execute(
        b"""
        SELECT hold.*, before.parts AS old_parts, before.kind AS old_kind, before.ends_on AS old_ends_on,
               before.upto AS old_upto, before.rollback_id AS old_rollback_id, before.reason AS old_reason,
               (SELECT min(rollback_id) FROM record_hold AS later
                WHERE later.record_id = hold.record_id AND later.hold_id > hold.hold_id AND later.ended_at IS NULL
                  AND later.rollback_id <> hold.rollback_id) AS newer
        FROM record_hold AS hold LEFT JOIN record_hold AS before
             ON before.record_id = hold.record_id AND before.ended_at = hold.held_at AND before.hold_id < hold.hold_id
        WHERE hold.rollback_id = %s ORDER BY hold.record_id, hold.hold_id
        """,
        (rollback_id,),
    ).fetchall()
    newer = sorted({row["newer"] for row in made if row["newer"] is not None})
    if newer:
        raise RollbackError(f"rollback {newer[0]} was made after it on the same records; undo that one first")
    standing = {row["record_id"] for row in made if row["ended_at"] is None}
    first: dict[int, dict[str, Any]] = {}
    for row in made:  # a limit may have narrowed the hold since: what was before the first is what comes back
        first.setdefault(row["record_id"], row)
    events: list[Event] = []
    moved_on = len(first.keys() - standing)
    held: list[StoredRecord | StoredPage] = [
        *read_records(connection, sorted(standing)),
        *read_person_pages(connection, sorted(standing)),
    ]
    for record in held:
        row = first[record.record_id]
        if record.hold is None:
            moved_on += 1  # its page has ended the hold
        elif row["old_parts"] is None:
            reason = wording.reason or CAUSE
            events.append(release_event(record, record.hold.hold_id, wording, reason, row["game_id"]))
        else:
            events.append(_put_back(connection, record, row, wording, "old_"))
    return events, moved_on


_RELEASED = b"""
SELECT hold.*, standing.rollback_id AS newer, standing.hold_id IS NOT NULL OR hold_is_over(hold) AS over
FROM record_hold AS hold LEFT JOIN record_hold AS standing
     ON standing.record_id = hold.record_id AND standing.ended_at IS NULL
WHERE hold.hold_id = ANY(%s) ORDER BY hold.record_id
"""


def _hold_again(connection: Connection[DictRow], rollback: Mapping[str, Any], wording: Wording) -> list[Event]:
    """Holds that the rollback released because an older revision heard all of their records."""
    rows = connection.execute(_RELEASED, (rollback["also"].get("holds_released", []),)).fetchall()
    newer = sorted({row["newer"] for row in rows if row["newer"] is not None})
    if newer:
        raise RollbackError(f"rollback {newer[0]} was made after it on the same records; undo that one first")
    held = {row["record_id"]: row for row in rows if not row["over"]}
    return [
        _put_back(connection, record, held[record.record_id], wording)
        for record in read_records(connection, sorted(held))
    ]


def _put_back(
    connection: Connection[DictRow], record: Holdable, hold: Mapping[str, Any], wording: Wording, prefix: str = ""
) -> Event:
    return hold_event(
        connection,
        record,
        hold[f"{prefix}parts"],
        wording,
        game_id=hold["game_id"],
        kind=hold[f"{prefix}kind"],
        ends_on=hold[f"{prefix}ends_on"],
        reason=hold[f"{prefix}reason"],
        rollback_id=hold[f"{prefix}rollback_id"],
        upto=hold[f"{prefix}upto"],
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
