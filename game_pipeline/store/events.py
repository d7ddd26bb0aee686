"""Appending events: the one way to change the catalogue.

`append` writes the events and applies them to the catalogue's tables in the caller's transaction, so that neither
can be there without the other. It may be repeated: an event is stored once, however often it is appended.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.model import canonical_json

from .event import Event, RecordedEvent
from .event_types import EVENT_TYPES
from .projections import project

__all__ = ["StreamConflict", "append"]


class StreamConflict(RuntimeError):
    """Somebody else wrote to the stream since it was read; read it again and decide anew."""


# Writing a row unchanged locks it: whoever else appends to one of the streams waits for our transaction to end. Rows
# are locked in the order given, which is one for everybody: no deadlock. A stream's row is locked before its events get
# their positions, so that within a stream versions and positions have one order.
_LOCK_STREAMS = b"""
INSERT INTO event_stream (stream, version) SELECT stream, 0 FROM unnest(%s::text[]) AS stream
ON CONFLICT (stream) DO UPDATE SET version = event_stream.version
RETURNING stream, version
"""

_STORED = b"SELECT event_id FROM event_identity WHERE event_id = ANY(%s)"

# One document: payloads are JSON as they are, and need no quoting within an array.
_INSERT = b"""
WITH stored AS (
    INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, game_id, source,
                              source_url, payload, correlation_id, causation_id, actor)
    SELECT (e->>'event_id')::uuid, e->>'stream', (e->>'stream_version')::int, e->>'event_type',
           (e->>'schema_version')::smallint, (e->>'game_id')::bigint, e->>'source', e->>'source_url', e->'payload',
           e->>'correlation_id', (e->>'causation_id')::uuid, e->>'actor'
    FROM jsonb_array_elements(%(events)s::jsonb) WITH ORDINALITY AS each (e, n) ORDER BY n
    RETURNING position, event_id, recorded_at
), identified AS (
    INSERT INTO event_identity (event_id, position) SELECT event_id, position FROM stored
), counted AS (
    UPDATE event_stream SET version = reached.value::int FROM jsonb_each_text(%(versions)s::jsonb) AS reached
    WHERE event_stream.stream = reached.key
)
SELECT position, event_id, recorded_at FROM stored
"""


def append(connection: Connection[DictRow], events: Sequence[Event]) -> list[RecordedEvent]:
    """Store events and apply them to the catalogue, inside the transaction that `connection` is in.

    Returns those that were stored now. An event whose id is stored already, or stands earlier in `events`, is passed
    over, whatever version it expected. Raises `StreamConflict` where a stream is not at the version that a new event
    expected; nothing was stored then. An id belongs to one stream: two processes that append it to different streams at
    once get a `psycopg.errors.UniqueViolation` for the second.
    """
    if not events:
        return []
    streams = sorted({event.stream for event in events})
    versions = {row["stream"]: row["version"] for row in connection.execute(_LOCK_STREAMS, (streams,))}
    new = _not_stored(connection, events)
    if not new:
        return []
    documents: list[str] = []
    payloads: list[str] = []
    for event in new:
        current = versions[event.stream]
        if event.expected_version is not None and event.expected_version != current:
            raise StreamConflict(
                f"{event.stream} is at version {current}, not {event.expected_version}: it changed meanwhile"
            )
        versions[event.stream] = current + 1
        payloads.append(canonical_json(event.payload))
        documents.append(_document(event, current + 1, payloads[-1]))
    columns = {"events": f"[{','.join(documents)}]", "versions": canonical_json(versions)}
    stored = {row["event_id"]: row for row in connection.execute(_INSERT, columns)}
    recorded = [
        RecordedEvent(
            position=stored[event.event_id]["position"],
            event_id=event.event_id,
            event_type=event.event_type,
            game_id=event.game_id,
            actor=event.actor,
            payload=payload,
            recorded_at=stored[event.event_id]["recorded_at"],
        )
        for event, payload in zip(new, payloads, strict=True)
    ]
    project(connection, recorded)
    return recorded


def _document(event: Event, version: int, payload: str) -> str:
    head = canonical_json(
        {
            "event_id": str(event.event_id),
            "stream": event.stream,
            "stream_version": version,
            "event_type": event.event_type,
            "schema_version": EVENT_TYPES[event.event_type].version,
            "game_id": event.game_id,
            "source": event.source,
            "source_url": event.source_url,
            "correlation_id": event.correlation_id,
            "causation_id": str(event.causation_id) if event.causation_id else None,
            "actor": event.actor,
        }
    )
    return f'{head[:-1]},"payload":{payload}}}'


def _not_stored(connection: Connection[DictRow], events: Sequence[Event]) -> list[Event]:
    """The events that are new, each once. Asked while the streams are locked: nobody stores one of them meanwhile."""
    ids = list({event.event_id for event in events})
    stored = {row["event_id"] for row in connection.execute(_STORED, (ids,))}
    new: dict[UUID, Event] = {}
    for event in events:
        if event.event_id not in stored:
            new.setdefault(event.event_id, event)
    return list(new.values())
