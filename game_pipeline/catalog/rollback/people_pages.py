"""The pages about people in a rollback: each is heard as a whole, as it is or as an older version had it.

Who is who follows from that by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.hearing import ALL, Hold, resolve
from game_pipeline.catalog.holding import hold_event
from game_pipeline.catalog.revise import Wording
from game_pipeline.catalog.taking_back import Version, taken_back
from game_pipeline.store import Event

from .report import PersonChange
from .steps import CAUSE

__all__ = ["StoredPage", "person_changes", "read_person_pages", "silence_pages", "told_by_pages"]


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page about a person. `version`: its newest; `rollback`: where an older one is heard."""

    record_id: int
    source: str
    url: str
    version: int
    live: bool
    rollback: Hold | None


_PAGES = b"""
SELECT record.record_id, record.source, record.url, record.version, record.state = 'live' AS live,
       hold.hold_id, hold.parts, hold.upto, hold.reason
FROM source_record AS record LEFT JOIN record_hold AS hold
     ON hold.record_id = record.record_id AND hold.ended_at IS NULL AND NOT hold_is_over(hold)
WHERE record.subject = 'person' AND record.record_id = ANY(%s) ORDER BY record.record_id
"""
_HOLD = ("hold_id", "parts", "upto", "reason")


def read_person_pages(connection: Connection[DictRow], record_ids: Iterable[int]) -> list[StoredPage]:
    """Those of the records that are about people, by id."""
    found = []
    for row in connection.execute(_PAGES, (list(record_ids),)).fetchall():
        hold = {name: row.pop(name) for name in _HOLD}
        found.append(StoredPage(**row, rollback=Hold(**hold) if hold["hold_id"] is not None else None))
    return found


def silence_pages(
    connection: Connection[DictRow],
    unwanted: Mapping[int, Collection[int]],
    histories: Mapping[int, Sequence[Version]],
    wording: Wording,
    *,
    rollback_id: int,
    readings_count: bool,
) -> tuple[list[Event], int]:
    """Hear the pages without their unwanted versions; also how many have been changed again since, and stay."""
    events: list[Event] = []
    moved_on = 0
    for page in read_person_pages(connection, sorted(unwanted)):
        standing = page.rollback.parts if page.rollback else {}
        parts = taken_back(
            histories[page.record_id], unwanted[page.record_id], readings_count=readings_count, standing=standing
        )
        wanted = resolve(parts, page.version)[ALL] if parts is not None else page.version
        if wanted == page.version:
            moved_on += 1
            continue
        lost = not page.live and page.rollback is not None and page.version > page.rollback.upto  # and is to be back
        if wanted == standing.get(ALL) and not lost:
            continue
        events.append(
            hold_event(
                connection,
                page,
                {ALL: wanted},
                wording,
                game_id=None,
                kind="rollback",
                ends_on="version" if readings_count else "page",
                reason=wording.reason or CAUSE,
                rollback_id=rollback_id,
            )
        )
    return events, moved_on


_TOLD = b"""
SELECT record.record_id, record.source, record.url, page.record AS told,
       (SELECT person_id FROM persona WHERE persona.record_id = record.record_id ORDER BY key LIMIT 1) AS person_id
FROM source_record AS record LEFT JOIN person_page AS page ON page.record_id = record.record_id AND page.live
WHERE record.subject = 'person' AND record.record_id = ANY(%s) ORDER BY record.record_id
"""
_FIELDS = ("name", "aliases", "about", "urls", "works")


def told_by_pages(connection: Connection[DictRow], events: Iterable[Event]) -> list[dict[str, Any]]:
    """What the pages about people that the events are about are heard to say now, and whose they are."""
    records = [event.payload["record_id"] for event in events if event.event_type in ("record.held", "record.released")]
    return connection.execute(_TOLD, (records,)).fetchall()


def person_changes(connection: Connection[DictRow], before: Sequence[Mapping[str, Any]]) -> tuple[PersonChange, ...]:
    """What pages are heard to say otherwise than before."""
    after = connection.execute(_TOLD, ([row["record_id"] for row in before],)).fetchall()
    found = []
    for then, now in zip(before, after, strict=True):
        old, new = then["told"] or {}, now["told"] or {}
        changes = tuple(
            {"field": field, "old": old.get(field), "new": new.get(field)}
            for field in _FIELDS
            if (old.get(field) or None) != (new.get(field) or None)
        )
        if changes:
            person = now["person_id"] if now["person_id"] is not None else then["person_id"]
            name = new.get("name") or old["name"]
            found.append(PersonChange(person, name, now["source"], now["url"], changes))
    return tuple(found)
