"""Reading events back: in order, in batches, and never past one that is still being committed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from .event import RecordedEvent

__all__ = ["describe_event", "events_after", "newest_events", "recorded"]

BATCH = 1_000

# Positions are handed out before they are committed: a reader that remembers the highest one it saw would miss an
# earlier event whose transaction ends later. Events of transactions that may still be open are left for the next time.
_AFTER = b"""
SELECT * FROM import_event
WHERE position > %(after)s AND (%(unsettled)s OR xid < pg_snapshot_xmin(pg_current_snapshot()))
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


def events_after(
    connection: Connection[DictRow], position: int = 0, *, until: dt.datetime | None = None, unsettled: bool = False
) -> Iterator[list[dict[str, Any]]]:
    """All events after a position, oldest first, in batches of rows; none that was recorded after `until`.

    `unsettled`: also those committed while older transactions are still open. Right only within one snapshot that is
    not gone on from later.
    """
    while True:
        asked = {"after": position, "until": until, "unsettled": unsettled, "limit": BATCH}
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
    """A row of the log as an event."""
    return RecordedEvent(**{name: row[name] for name in RecordedEvent.__dataclass_fields__})


def describe_event(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the log as it is exported: stable keys, nothing of the database's own bookkeeping."""
    return {name: value for name, value in row.items() if name != "xid"}
