"""A change of one game that goes beyond the limits of its sources, or what of it does: held back until a person has
seen it. So is what a source says of many games at once, in `mass`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store import Event

from .fields import as_edited, value_of
from .hearing import ALL, heard_version, narrowed, part_of
from .holding import hold_event
from .limits import Limits, anomalies
from .records import StoredRecord, read_versions
from .revise import Plan, Wording
from .standing import Standing

__all__ = ["HeldChange", "hold_back"]


@dataclass(frozen=True, slots=True)
class HeldChange:
    """A change of one game that is held back: the events that hold it, and what a person is asked."""

    events: tuple[Event, ...]
    fields: tuple[dict[str, Any], ...]
    """field, old, new, why."""
    records: tuple[dict[str, Any], ...]
    """record_id, source, version, parts."""


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
    heard_before = {record.record_id: _heard_before(standing, record) for record in moved}
    before = read_versions(connection, heard_before)
    held: dict[int, dict[str, int]] = {}
    reasons: dict[str, str] = {}
    for record in moved:
        suspicious = anomalies(standing.state, result.merged.state, limits.get(record.source, Limits()))
        for field, why in suspicious.items():
            heard = heard_before[record.record_id]
            old, _ = before[record.record_id].get(heard_version(heard, field), (None, ""))
            if _said(old, field) == _said(record.record.to_dict(), field):
                continue
            held_already = record.taken.keys() | record.limited.keys()
            own = {part: version for part, version in narrowed(heard, field).items() if part not in held_already}
            if own:
                held.setdefault(record.record_id, {}).update(own)
                reasons[field] = why
    if not held:
        return None
    by_id = {record.record_id: record for record in moved}
    events = []
    for record_id, parts in held.items():
        events.append(
            hold_event(
                connection,
                by_id[record_id],
                {**by_id[record_id].limited, **parts},
                wording,
                game_id=standing.game_id,
                kind="limit",
                ends_on="version",
                reason="; ".join(reasons[field] for field in reasons if field in parts),
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


def _said(document: Mapping[str, Any] | None, field: str) -> Any:
    return part_of(document, field) or None if document else None
