"""A rollback taken back, as far as nothing newer has come since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.game_events import edit_again, game_event, pin_again
from game_pipeline.catalog.reconcile import Curator
from game_pipeline.catalog.records import lock_catalogue
from game_pipeline.catalog.review import ask_again
from game_pipeline.catalog.revise import Wording
from game_pipeline.catalog.standing import Standing, read_standing
from game_pipeline.people import refresh_within
from game_pipeline.store import Event, append

from .coming_back import hear_newest, heard_as_before, holds_of_earlier, records_held, waiting_again
from .people_pages import person_changes, told_by_pages
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
    records = records_held(connection, rollback_id)
    curator.catch_up(connection, {*row["games"], *games_of(connection, records).values()})
    back = heard_as_before(connection, row, wording)
    limited = waiting_again(connection, row, back, wording)
    events = [*back.events, *holds_of_earlier(connection, row, wording), *limited]
    # A record may have come to another game since, by a merge or a split.
    now = games_of(connection, [event.payload["record_id"] for event in events])
    before = {game_id: read_standing(connection, game_id) for game_id in sorted({*row["games"], *now.values()})}
    events += _unpin(connection, row, wording)
    events += _undo_edits(connection, row, before, wording)
    events.append(rollback_event("rollback.undone", {"rollback_id": rollback_id, "reason": reason}, wording))
    pages = told_by_pages(connection, events)
    append(connection, events)
    heard_again = {event.payload["record_id"] for event in events if event.event_type == "record.released"}
    append(connection, ask_again(connection, [event.payload["record_id"] for event in limited], wording.correlation_id))
    changes = [
        bring_up_to_date(connection, curator, game_id, standing, wording, newly=heard_again)
        for game_id, standing in before.items()
        if standing.status != "merged"
    ]
    hear_newest(connection, curator, back.read_since, wording)
    heard = len({event.payload["record_id"] for event in events if event.stream.startswith("record:")})
    if "game" not in row["scope"]:
        refresh_within(connection, wording.correlation_id)
    people = person_changes(connection, pages)
    return RollbackReport(rollback_id, tuple(filter(None, changes)), heard, back.moved_on, people)


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
