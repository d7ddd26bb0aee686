"""Reading events back: in order, in batches, and never past one that is still being committed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from psycopg import Connection, Cursor
from psycopg.rows import DictRow

from game_pipeline.model import canonical_json

from .event import RecordedEvent
from .event_types import EVENT_TYPES
from .upcasting import upcast

__all__ = ["events_after", "newest_events", "recorded", "settled_position"]

BATCH = 1_000

# What is left out is neither unpacked nor sent: payloads are by far the most of the log.
_AFTER = b"""
SELECT position, event_id, stream, stream_version, event_type, schema_version, game_id, source, source_url,
       CASE WHEN schema_version IS DISTINCT FROM (%(without)s::jsonb->>event_type)::int THEN payload END AS payload,
       correlation_id, causation_id, actor, recorded_at
FROM import_event
WHERE position > %(after)s AND (%(settled)s::bigint IS NULL OR position <= %(settled)s)
  AND (%(until)s::timestamptz IS NULL OR recorded_at <= %(until)s)
ORDER BY position LIMIT %(limit)s
"""

_NEWEST = b"""
SELECT * FROM import_event
WHERE (%(type)s::text IS NULL OR event_type = %(type)s)
  AND (%(game)s::bigint IS NULL OR game_id = %(game)s)
  AND (%(source)s::text IS NULL OR source = %(source)s)
ORDER BY position DESC LIMIT %(limit)s
"""


def settled_position(connection: Connection[DictRow] | Cursor[DictRow]) -> int:
    """Up to this position every event is committed, or never will be: a reader may remember it and go on from there.

    What is read up to it must be read by a later statement that sees what was committed meanwhile: never inside a
    transaction of repeatable reads. How it is known: `announce_events` in `sql/`.
    """
    row = connection.execute(b"SELECT settled_position() AS position").fetchone()
    return int(row["position"]) if row else 0


def events_after(
    connection: Connection[DictRow] | Cursor[DictRow],
    position: int = 0,
    *,
    until: dt.datetime | None = None,
    unsettled: bool = False,
    batch: int = BATCH,
    without_payload: Mapping[str, int] | None = None,
) -> Iterator[list[dict[str, Any]]]:
    """All events after a position, oldest first, in batches of rows; none that was recorded after `until`.

    `unsettled`: also those that one still being committed may come before. Right only within one snapshot that is not
    gone on from later. `without_payload`: event types, each at one version, whose payloads are None in the rows.
    """
    settled = None if unsettled else settled_position(connection)
    without = json.dumps(dict(without_payload or {}))
    while True:
        asked = {"after": position, "until": until, "settled": settled, "limit": batch, "without": without}
        rows = connection.execute(_AFTER, asked).fetchall()
        if not rows:
            return
        yield rows
        position = rows[-1]["position"]


def newest_events(
    connection: Connection[DictRow],
    limit: int,
    *,
    event_type: str | None = None,
    game_id: int | None = None,
    source: str | None = None,
) -> list[dict[str, Any]]:
    """The newest events of a kind, oldest first."""
    filters = {"type": event_type, "game": game_id, "source": source, "limit": limit}
    return connection.execute(_NEWEST, filters).fetchall()[::-1]


def recorded(row: dict[str, Any]) -> RecordedEvent:
    """A row of the log as an event of the newest version. Raises `UnknownEvent`.

    The payload may be given as JSON text: then it is read only where it is of an older version. None: it was left out.
    """
    payload = "" if row["payload"] is None else row["payload"]
    known = EVENT_TYPES.get(row["event_type"])
    if known is None or row["schema_version"] != known.version:
        document = json.loads(payload) if isinstance(payload, str) else payload
        payload = upcast(row["event_type"], row["schema_version"], document)
    return RecordedEvent(
        position=row["position"],
        event_id=row["event_id"],
        event_type=row["event_type"],
        game_id=row["game_id"],
        actor=row["actor"],
        payload=payload if isinstance(payload, str) else canonical_json(payload),
        recorded_at=row["recorded_at"],
    )
