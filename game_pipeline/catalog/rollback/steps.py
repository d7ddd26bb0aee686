"""What every rollback is made of: hearing a record otherwise, an edit made again, the next revision, the events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.fields import as_edited, changed_fields, value_of
from game_pipeline.catalog.game_events import game_event
from game_pipeline.catalog.hearing import ALL, resolve
from game_pipeline.catalog.holding import hold_event, limit_events, release_event
from game_pipeline.catalog.ids import next_id
from game_pipeline.catalog.reconcile import Curator
from game_pipeline.catalog.records import StoredRecord, members_of
from game_pipeline.catalog.revise import Wording
from game_pipeline.catalog.standing import Standing, read_standing
from game_pipeline.catalog.taking_back import Version
from game_pipeline.model import digest
from game_pipeline.store import Event

from .report import GameChange, RollbackError

__all__ = [
    "CAUSE",
    "bring_up_to_date",
    "ended_holds",
    "ended_pins",
    "games_of",
    "hear",
    "pins",
    "read_edit",
    "read_histories",
    "rollback_event",
]

CAUSE = "rollback"


def hear(
    connection: Connection[DictRow],
    record: StoredRecord,
    taken: Mapping[str, int],
    limited: Mapping[str, int],
    wording: Wording,
    *,
    game_id: int | None,
    rollback_id: int,
    ends_on: str = "page",
    revive: bool = True,
) -> list[Event]:
    """Take `taken` parts of a record back from now on, and go on holding the `limited` ones back until a person has
    seen them; no event where that is so already. `revive`: a record whose page was lost is heard again."""
    reason = wording.reason or CAUSE
    events = limit_events(connection, record, limited, wording, reason, game_id)
    wanted = resolve(taken, record.version)
    hold = record.rollback
    lost = revive and not record.live and hold is not None and record.version > hold.upto
    if wanted == (resolve(hold.parts, record.version) if hold else {ALL: record.version}) and not lost:
        return events
    if wanted == {ALL: record.version}:
        return [*events, release_event(record, hold.hold_id, wording, reason, game_id)] if hold else events
    if wanted[ALL] == record.version:
        del wanted[ALL]  # all else follows the newest reading
    return [
        *events,
        hold_event(
            connection,
            record,
            wanted,
            wording,
            game_id=game_id,
            kind="rollback",
            ends_on=ends_on,
            reason=reason,
            rollback_id=rollback_id,
            upto=hold.upto if hold and not record.live and not revive else None,
        ),
    ]


def ended_holds(records: Iterable[StoredRecord], events: Sequence[Event]) -> list[int]:
    """Ids of what stood and was ended by the events of a rollback: rollbacks that it released, limits that it narrowed
    or released. Rollbacks that it replaced are known by its own holds."""
    released = [event.payload["hold_id"] for event in events if event.event_type == "record.released"]
    narrowed = {event.payload["record_id"] for event in events if event.payload.get("kind") == "limit"}
    return sorted(
        [*released, *(record.limit.hold_id for record in records if record.limit and record.record_id in narrowed)]
    )


def ended_pins(connection: Connection[DictRow], before: Iterable[Standing]) -> list[int]:
    """Pins that have ended since: taken away, or because their fields' sources say something else now."""
    pins = [pin.pin_id for standing in before for pin in standing.pins.values()]
    rows = connection.execute(
        b"SELECT pin_id FROM game_pin WHERE pin_id = ANY(%s) AND ended_at IS NOT NULL ORDER BY pin_id", (pins,)
    )
    return [row["pin_id"] for row in rows]


def read_histories(connection: Connection[DictRow], records: Iterable[int]) -> dict[int, list[Version]]:
    """Record -> all of its versions, oldest first."""
    histories: dict[int, list[Version]] = defaultdict(list)
    for row in connection.execute(
        b"SELECT record_id, version, change, changed_fields FROM record_version WHERE record_id = ANY(%s) "
        b"ORDER BY record_id, version",
        (list(records),),
    ):
        histories[row["record_id"]].append(Version(row["version"], row["change"], tuple(row["changed_fields"])))
    return histories


def read_edit(connection: Connection[DictRow], edit_id: int) -> dict[str, Any]:
    """Raises `RollbackError` where there is none."""
    row = connection.execute(b"SELECT * FROM human_edit WHERE edit_id = %s", (edit_id,)).fetchone()
    if row is None:
        raise RollbackError(f"there is no edit {edit_id}")
    return row


def bring_up_to_date(
    connection: Connection[DictRow],
    curator: Curator,
    game_id: int,
    before: Standing,
    wording: Wording,
    newly: Collection[int] = (),
) -> GameChange | None:
    """Write the game's next revision; None where the catalogue says the same as before."""
    result = curator.bring_up_to_date(connection, game_id, wording, newly=newly)
    after = read_standing(connection, game_id)
    if after.revision == before.revision:
        return None
    old, new = before.state or {}, after.state or {}
    return GameChange(
        game_id=game_id,
        title=str(new["title"]),
        revision=after.revision,
        status=str(after.status),
        changes=tuple(
            {"field": name, "old": as_edited(value_of(old, name)), "new": as_edited(value_of(new, name))}
            for name in result.changed_fields
        ),
        edits=tuple({"field": edit.field, "author": edit.author, "edited_at": edit.at} for edit in after.edits),
    )


def pins(
    connection: Connection[DictRow],
    curator: Curator,
    game_id: int,
    wanted: Mapping[str, Any],
    wording: Wording,
    rollback_id: int,
    to: int,
    field: str | None = None,
) -> list[Event]:
    """What the records, heard as then, do not explain: a member that left, a rule or a rank that has changed since."""
    standing = read_standing(connection, game_id)
    state = curator.planned(connection, standing, members_of(connection, [game_id])[game_id], wording).merged.state
    edited = {edit.field for edit in standing.edits}
    return [
        game_event(
            game_id,
            "game.pinned",
            {
                "pin_id": next_id(connection, "game_pin"),
                "field": name,
                "value": value_of(wanted["state"], name),
                "provenance": wanted["provenance"].get(name),
                "rejected": digest(value_of(state, name)),
                "revision": to,
                "rollback_id": rollback_id,
            },
            wording,
        )
        for name in changed_fields(state, wanted["state"])
        if name not in edited and field in (None, name)
    ]


def rollback_event(event_type: str, payload: dict[str, Any], wording: Wording) -> Event:
    """An event of the rollback that the payload names."""
    return Event(
        stream=f"rollback:{payload['rollback_id']}",
        event_type=event_type,
        payload=payload,
        actor=wording.actor,
        correlation_id=wording.correlation_id,
    )


def games_of(connection: Connection[DictRow], records: Iterable[int]) -> dict[int, int]:
    """Record -> the game that it is about now."""
    rows = connection.execute(
        b"SELECT record_id, game_id FROM match_decision "
        b"WHERE record_id = ANY(%s) AND ended_at IS NULL AND game_id IS NOT NULL",
        (list(records),),
    )
    return {row["record_id"]: row["game_id"] for row in rows}
