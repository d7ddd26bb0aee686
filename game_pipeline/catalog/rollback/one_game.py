"""One game, or one field of it, back to what a revision of it said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.fields import changed_fields
from game_pipeline.catalog.game_events import edit_again, game_event
from game_pipeline.catalog.hearing import ALL, SILENT, is_of, narrowed, resolve
from game_pipeline.catalog.ids import next_id
from game_pipeline.catalog.reconcile import Curator
from game_pipeline.catalog.records import StoredRecord, lock_catalogue, members_of
from game_pipeline.catalog.revise import Wording
from game_pipeline.catalog.standing import Standing, read_standing
from game_pipeline.catalog.taking_back import as_then
from game_pipeline.store import Event, append

from .report import RollbackError, RollbackReport
from .steps import (
    CAUSE,
    bring_up_to_date,
    ended_holds,
    ended_pins,
    hear,
    pins,
    read_edit,
    read_histories,
    rollback_event,
)

__all__ = ["roll_back_game"]


def roll_back_game(
    connection: Connection[DictRow],
    curator: Curator,
    game_id: int,
    to: int,
    *,
    author: str,
    reason: str,
    field: str | None = None,
    undo_edits: bool = False,
) -> RollbackReport:
    """Bring a game, or one field of it, back to what revision `to` said, inside the caller's transaction.

    Human edits made since stand, unless `undo_edits`; an edit that stood then and was released since stands again.
    Raises `RollbackError`.
    """
    lock_catalogue(connection)
    wanted = _revision(connection, game_id, to, field)
    curator.catch_up(connection, [game_id])
    standing = read_standing(connection, game_id)
    if field is not None and standing.status == "withdrawn":
        raise RollbackError(f"game {game_id} is withdrawn; roll back the whole of it, or undo the rollback that did so")
    rollback_id = next_id(connection, "rollback")
    wording = curator.wording(author, CAUSE, reason)
    records = members_of(connection, [game_id])[game_id]
    held: list[Event] = []
    for record, taken, limited in _as_then(connection, records, wanted, field):
        held += hear(
            connection,
            record,
            taken,
            limited,
            wording,
            game_id=game_id,
            rollback_id=rollback_id,
            revive=field is None,
        )
    released, reinstated, edits = _edits_as_then(connection, standing, wanted, wording, to, field, undo_edits)
    unpinned = [
        game_event(game_id, "game.unpinned", {"pin_id": pin.pin_id, "field": name}, wording)
        for name, pin in sorted(standing.pins.items())
        if field in (None, name)
    ]
    append(connection, [*held, *edits, *unpinned])
    append(connection, pins(connection, curator, game_id, wanted, wording, rollback_id, to, field))
    scope = {"game": game_id, "to": to} | ({"field": field} if field else {})
    change = bring_up_to_date(connection, curator, game_id, standing, wording)
    if change is None and not (held or edits):
        raise RollbackError(f"game {game_id} says what revision {to} said already")
    also = {
        "edits_released": released,
        "edits_reinstated": reinstated,
        "unpinned": ended_pins(connection, [standing]),
        "holds_released": ended_holds(records, held),
    }
    payload = {"rollback_id": rollback_id, "scope": scope, "reason": reason, "games": [game_id], "also": also}
    append(connection, [rollback_event("rollback.made", payload, wording)])
    return RollbackReport(rollback_id, (change,) if change else (), len(held), 0)


def _revision(connection: Connection[DictRow], game_id: int, to: int, field: str | None) -> dict[str, Any]:
    game = connection.execute(
        b"SELECT revision, status, merged_into FROM game WHERE game_id = %s FOR UPDATE", (game_id,)
    ).fetchone()
    if game is None:
        raise RollbackError(f"no game {game_id}; look it up with: game-pipeline game find TEXT")
    if game["status"] == "merged":
        raise RollbackError(f"game {game_id} was merged into game {game['merged_into']}; split that one first")
    row = connection.execute(
        b"SELECT status, state, provenance, members FROM game_revision WHERE game_id = %s AND revision = %s",
        (game_id, to),
    ).fetchone()
    if row is None:
        raise RollbackError(
            f"game {game_id} has no revision {to}; it has 1 to {game['revision']}: game-pipeline game history {game_id}"
        )
    if row["status"] == "merged":
        raise RollbackError(f"game {game_id} was merged into another at revision {to}; merge it again instead")
    known = {*row["state"], *row["provenance"], *changed_fields(row["state"], {})} - {"descriptions"}
    if field is not None and field not in known and not field.startswith("descriptions."):
        raise RollbackError(f"no field {field!r}; there are {', '.join(sorted(known))}")
    return row


Target = tuple[StoredRecord, Mapping[str, int], Mapping[str, int]]
"""A record, what is taken back of it, and what of it goes on waiting for a person."""


def _as_then(
    connection: Connection[DictRow], records: Sequence[StoredRecord], wanted: Mapping[str, Any], field: str | None
) -> list[Target]:
    """Every record as the revision heard it. One that has joined since falls silent, unless none is left that was heard
    then: the game is told by other records now, and what differs is pinned."""
    then = {record.record_id: wanted["members"].get(str(record.record_id), SILENT) for record in records}
    active = wanted["status"] == "active"
    edited = any(entry["rule"] == "human_edit" for entry in wanted["provenance"].values())
    unheard = all(record.silent for record in records)  # or heard all the same, since a person has worked on the game
    gone = (active or field is not None) and wanted["members"].keys().isdisjoint(map(str, then))
    if gone or (active and not edited and all(parts == SILENT for parts in then.values())):
        told = field is None and not edited and unheard
        return [(record, {}, record.limited) for record in records] if told else []
    if field is not None:
        return [
            _field_as_then(record, then[record.record_id], field, {} if unheard else record.taken)
            for record in records
            if unheard or narrowed(record.versions, field) != narrowed(then[record.record_id], field)
        ]
    histories = read_histories(connection, [record.record_id for record in records if record.limited])
    targets: list[Target] = []
    for record in records:
        before = resolve(record.taken, record.version)
        history = histories.get(record.record_id, ())
        targets.append((record, *as_then(history, record.limited, before, then[record.record_id])))
    return targets


def _field_as_then(record: StoredRecord, then: Mapping[str, int], field: str, taken: Mapping[str, int]) -> Target:
    exempt = {field: record.version} if ALL in record.limited else {}
    return record, _except(taken, field) | narrowed(then, field), _except(record.limited, field) | exempt


def _except(parts: Mapping[str, int], field: str) -> dict[str, int]:
    return {part: version for part, version in parts.items() if not is_of(part, field)}


def _edits_as_then(
    connection: Connection[DictRow],
    standing: Standing,
    wanted: Mapping[str, Any],
    wording: Wording,
    to: int,
    field: str | None,
    undo_edits: bool,
) -> tuple[list[int], list[int], list[Event]]:
    """Ids of edits released (or replaced) and of those that are made again, and the events for both."""
    then = {
        name: entry["edit"]
        for name, entry in wanted["provenance"].items()
        if entry["rule"] == "human_edit" and field in (None, name)
    }
    now = {edit.field: edit for edit in standing.edits if field in (None, edit.field)}
    released: list[int] = []
    reinstated: list[int] = []
    events: list[Event] = []
    for name, edit in sorted(now.items()):
        if undo_edits and name not in then:
            released.append(edit.edit_id)
            payload = {"edit_id": edit.edit_id, "field": name, "reason": wording.reason or CAUSE}
            events.append(game_event(standing.game_id, "game.edit_released", payload, wording))
    for name, edit_id in sorted(then.items()):
        old = read_edit(connection, edit_id)
        current = now.get(name)
        if current is not None and (current.edit_id == edit_id or current.value == old["value"] or not undo_edits):
            continue
        if current is not None:
            released.append(current.edit_id)
        event = edit_again(connection, standing.game_id, old, wording, f"as in revision {to}")
        reinstated.append(event.payload["edit_id"])
        events.append(event)
    return released, reinstated, events
