"""Holding words of records back: what a person has to see first, and what was taken back.

A hold lets older words of a record be heard; the record goes on, the game keeps what it said, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store import Event

from .ids import next_id
from .records import StoredRecord
from .revise import Wording

__all__ = [
    "Holdable",
    "hold_event",
    "let_through",
    "limit_events",
    "over_holds",
    "release_event",
]


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
    """Hear `parts` of a record instead of its newest words; replaces a hold of the kind that stands.

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
            "alone": False,
        },
        actor=wording.actor,
        correlation_id=wording.correlation_id,
        game_id=game_id,
        source=record.source,
        source_url=record.url,
    )


def release_event(record: Holdable, hold_id: int, wording: Wording, reason: str, game_id: int | None) -> Event:
    """End a hold of a record."""
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
        release_event(record, hold_id, wording, "its page changed", game_id)
        for record in records
        for hold_id in record.over
    ]


def limit_events(
    connection: Connection[DictRow],
    record: StoredRecord,
    parts: Mapping[str, int],
    wording: Wording,
    reason: str,
    game_id: int | None,
) -> list[Event]:
    """Go on holding these parts of a record back until a person has seen them; no event where that is so already."""
    limit = record.limit
    if dict(parts) == dict(record.limited):
        return []
    if not parts:
        return [release_event(record, limit.hold_id, wording, reason, game_id)] if limit else []
    return [
        hold_event(
            connection,
            record,
            parts,
            wording,
            game_id=game_id,
            kind="limit",
            ends_on="version",
            reason=limit.reason if limit else reason,
        )
    ]


def let_through(
    connection: Connection[DictRow], record: StoredRecord, parts: Collection[str], wording: Wording, reason: str
) -> list[Event]:
    """Hear these parts of a record that are held back; what else is held of it stays so."""
    left = {part: version for part, version in record.limited.items() if part not in parts}
    return limit_events(connection, record, left, wording, reason, _game_of(connection, record.record_id))


def _game_of(connection: Connection[DictRow], record_id: int) -> int | None:
    row = connection.execute(b"SELECT game_id FROM game_member WHERE record_id = %s", (record_id,)).fetchone()
    return row["game_id"] if row else None
