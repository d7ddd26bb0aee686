"""Appending events: the one way to change the catalogue.

`append` writes the events and applies them to the catalogue's tables in the caller's transaction, so that neither
can be there without the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection, sql
from psycopg.rows import DictRow

from game_pipeline.model import canonical_json

from .event import Event, RecordedEvent
from .event_types import EVENT_TYPES
from .projections import project

__all__ = ["StreamConflict", "append"]


class StreamConflict(RuntimeError):
    """Somebody else wrote to the stream since it was read; read it again and decide anew."""


MOST_STREAM_LOCKS = 256

_VERSIONS = """
SELECT stream, max(stream_version) AS version FROM import_event WHERE stream = ANY(%s) GROUP BY stream
"""

_INSERT = """
INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, game_id, source, source_url,
                          payload, correlation_id, causation_id, actor)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::int[], %s::text[], %s::smallint[], %s::bigint[], %s::text[],
                     %s::text[], %s::jsonb[], %s::text[], %s::uuid[], %s::text[])
RETURNING position, event_id, recorded_at
"""


def append(connection: Connection[DictRow], events: Sequence[Event]) -> list[RecordedEvent]:
    """Store events and apply them to the catalogue, inside the transaction that `connection` is in.

    Raises `StreamConflict` where a stream is not at the version an event expected.
    """
    if not events:
        return []
    streams = sorted({event.stream for event in events})
    if len(streams) > MOST_STREAM_LOCKS:
        # A lock each would exhaust the server's table of locks; this one keeps every other writer out.
        connection.execute("LOCK TABLE import_event IN SHARE ROW EXCLUSIVE MODE")
    else:
        for stream in streams:  # one order for everybody: no deadlock
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (stream,))
    versions = {row["stream"]: row["version"] for row in connection.execute(_VERSIONS, (streams,))}
    numbered: list[int] = []
    for event in events:
        current = versions.get(event.stream, 0)
        if event.expected_version is not None and event.expected_version != current:
            raise StreamConflict(
                f"{event.stream} is at version {current}, not {event.expected_version}: it changed meanwhile"
            )
        versions[event.stream] = current + 1
        numbered.append(current + 1)
    columns = (
        [event.event_id for event in events],
        [event.stream for event in events],
        numbered,
        [event.event_type for event in events],
        [EVENT_TYPES[event.event_type].version for event in events],
        [event.game_id for event in events],
        [event.source for event in events],
        [event.source_url for event in events],
        [canonical_json(event.payload) for event in events],
        [event.correlation_id for event in events],
        [event.causation_id for event in events],
        [event.actor for event in events],
    )
    stored = {row["event_id"]: row for row in connection.execute(sql.SQL(_INSERT), columns)}
    recorded = [
        RecordedEvent(
            position=stored[event.event_id]["position"],
            event_id=event.event_id,
            event_type=event.event_type,
            schema_version=EVENT_TYPES[event.event_type].version,
            game_id=event.game_id,
            actor=event.actor,
            payload=event.payload,
            recorded_at=stored[event.event_id]["recorded_at"],
        )
        for event in events
    ]
    project(connection, recorded)
    return recorded
