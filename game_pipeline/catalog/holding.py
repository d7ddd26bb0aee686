"""Holding words of records back: what a person has to see first, and what was taken back.

A hold lets older words of a record be heard; the record goes on, the game keeps what it said, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store import Event

from .fields import as_edited, value_of
from .hearing import ALL, Hold, heard_version, narrowed, part_of
from .ids import next_id
from .limits import Limits, anomalies
from .records import StoredRecord
from .revise import Plan, Wording
from .standing import Standing

__all__ = [
    "HeldChange",
    "Holdable",
    "hold_back",
    "hold_event",
    "over_holds",
    "release_event",
    "without_parts",
]


@dataclass(frozen=True, slots=True)
class HeldChange:
    """A change of one game that is held back: the events that hold it, and what a person is asked."""

    events: tuple[Event, ...]
    fields: tuple[dict[str, Any], ...]
    """field, old, new, why."""
    records: tuple[dict[str, Any], ...]
    """record_id, source, version, parts."""


class Holdable(Protocol):
    """A record, of a game or a person, as far as holds are concerned."""

    @property
    def record_id(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def version(self) -> int: ...


def hold_event(
    connection: Connection[DictRow],
    record: Holdable,
    parts: Mapping[str, int],
    wording: Wording,
    *,
    game_id: int | None,
    kind: str,
    ends_on: str,
    reason: str,
    rollback_id: int | None = None,
    upto: int | None = None,
) -> Event:
    """Hear `parts` of a record instead of its newest words; replaces a hold that stands.

    `upto`: the newest version that the hold knows of (default: the record's).
    """
    return Event(
        stream=f"record:{record.record_id}",
        event_type="record.held",
        payload={
            "hold_id": next_id(connection, "record_hold"),
            "record_id": record.record_id,
            "game_id": game_id,
            "kind": kind,
            "parts": dict(parts),
            "upto": record.version if upto is None else upto,
            "ends_on": ends_on,
            "rollback_id": rollback_id,
            "reason": reason,
        },
        actor=wording.actor,
        correlation_id=wording.correlation_id,
        game_id=game_id,
        source=record.source,
        source_url=record.url,
    )


def release_event(record: Holdable, hold_id: int, wording: Wording, reason: str, game_id: int | None) -> Event:
    """Hear a record as it is again."""
    return Event(
        stream=f"record:{record.record_id}",
        event_type="record.released",
        payload={"hold_id": hold_id, "record_id": record.record_id, "reason": reason},
        actor=wording.actor,
        correlation_id=wording.correlation_id,
        game_id=game_id,
        source=record.source,
        source_url=record.url,
    )


def over_holds(records: Sequence[StoredRecord], wording: Wording, game_id: int) -> list[Event]:
    """Holds that the records' pages have ended by bringing something new."""
    return [
        release_event(record, record.over, wording, "its page changed", game_id)
        for record in records
        if record.over is not None
    ]


def without_parts(
    connection: Connection[DictRow], record: StoredRecord, parts: Sequence[str], wording: Wording, reason: str
) -> list[Event]:
    """Hear these parts of a held record again; the rest of its hold stands."""
    hold = record.hold
    if hold is None:
        return []
    left = {part: version for part, version in hold.parts.items() if part not in parts}
    game_id = _game_of(connection, record.record_id)
    if not left:
        return [release_event(record, hold.hold_id, wording, reason, game_id)]
    return [
        hold_event(
            connection,
            record,
            left,
            wording,
            game_id=game_id,
            kind=hold.kind if hold.rollback_id is None else "rollback",
            ends_on=hold.ends_on,
            reason=reason,
            rollback_id=hold.rollback_id,
        )
    ]


# A change of one game ------------------------------------------------------------------------------------------------


def hold_back(
    connection: Connection[DictRow],
    standing: Standing,
    records: Sequence[StoredRecord],
    result: Plan,
    wording: Wording,
    limits: Mapping[str, Limits],
) -> HeldChange | None:
    """What of a planned change goes beyond the limits of the sources whose records brought it; None: nothing.

    Only the suspicious fields are held, and only of records that changed them. A record that vanished is not held:
    that its source does not list it any more was seen twice.
    """
    if standing.state is None or standing.status != "active":
        return None
    moved = [record for record in records if record.live and not record.silent and _moved(standing, record)]
    before = _earlier(connection, standing, moved)
    held: dict[int, dict[str, int]] = {}
    reasons: dict[str, str] = {}
    for record in moved:
        suspicious = anomalies(standing.state, result.merged.state, limits.get(record.source, Limits()))
        for field, why in suspicious.items():
            heard = _heard_before(standing, record)
            old = before.get(record.record_id, {}).get(heard_version(heard, field))
            if _said(old, field) == _said(record.record.to_dict(), field):
                continue
            held.setdefault(record.record_id, {}).update(narrowed(heard, field))
            reasons[field] = why
    if not held:
        return None
    by_id = {record.record_id: record for record in moved}
    events = []
    for record_id, parts in held.items():
        hold = by_id[record_id].hold or Hold(0, {}, 0, "version", "limit", None)
        events.append(
            hold_event(
                connection,
                by_id[record_id],
                {**hold.parts, **parts},
                wording,
                game_id=standing.game_id,
                kind="limit",  # what a rollback holds besides goes on with it, and is known by the rollback's id
                ends_on=hold.ends_on,
                reason="; ".join(reasons[field] for field in reasons if field in parts),
                rollback_id=hold.rollback_id,
            )
        )
    return HeldChange(
        tuple(events),
        fields=tuple(
            {
                "field": field,
                "old": as_edited(value_of(standing.state, field)),
                "new": as_edited(value_of(result.merged.state, field)),
                "why": why,
            }
            for field, why in sorted(reasons.items())
        ),
        records=tuple(
            {
                "record_id": record_id,
                "source": by_id[record_id].source,
                "version": by_id[record_id].version,
                "parts": sorted(parts),
            }
            for record_id, parts in sorted(held.items())
        ),
    )


def _moved(standing: Standing, record: StoredRecord) -> bool:
    known = standing.members.get(record.record_id)
    return known is None or (known[0], known[2]) != (record.version, record.heard)


def _heard_before(standing: Standing, record: StoredRecord) -> dict[str, int]:
    """What the game's last revision heard of a record; nothing of one that joined since."""
    version, _, heard = standing.members.get(record.record_id, (0, True, None))
    return heard or {ALL: version}


def _earlier(
    connection: Connection[DictRow], standing: Standing, moved: Sequence[StoredRecord]
) -> dict[int, dict[int, dict[str, Any]]]:
    wanted = {(record.record_id, v) for record in moved for v in _heard_before(standing, record).values()}
    if not wanted:
        return {}
    ids, versions = zip(*sorted(wanted), strict=True)
    documents: dict[int, dict[int, dict[str, Any]]] = {}
    for row in connection.execute(
        b"SELECT record_id, version, record FROM record_version "
        b"JOIN unnest(%s::bigint[], %s::int[]) AS wanted (record_id, version) USING (record_id, version)",
        (list(ids), list(versions)),
    ):
        documents.setdefault(row["record_id"], {})[row["version"]] = row["record"]
    return documents


def _said(document: Mapping[str, Any] | None, field: str) -> Any:
    return part_of(document, field) or None if document else None


def _game_of(connection: Connection[DictRow], record_id: int) -> int | None:
    row = connection.execute(b"SELECT game_id FROM game_member WHERE record_id = %s", (record_id,)).fetchone()
    return row["game_id"] if row else None
