"""Which records carry which identity keys, and which keys point at so many things that they link nothing any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.records import StoredRecord, read_records
from game_pipeline.matching import identity_keys
from game_pipeline.store import Event

from .pairs import unlike_titles

__all__ = ["bearers_of", "demoted_among", "demotions", "enter_keys"]

UNLIKE_AT_AN_ADDRESS = 3
UNLIKE_WITH_AN_ID = 6
"""So many unlike titles, and a key is a hub's. An address is one sooner than an id, which somebody gave to one game."""

MOST_BEARERS = 60
"""A key that more records carry names no game; their titles are not even looked at."""


def enter_keys(connection: Connection[DictRow], record: StoredRecord) -> bool:
    """Note which keys a record carries as it is heard; whether they are others than before."""
    keys = [] if record.silent else sorted({key.token for key in identity_keys(record.record)})
    rows = connection.execute(b"SELECT key FROM identity_key WHERE record_id = %s", (record.record_id,)).fetchall()
    before = {row["key"] for row in rows}
    if before == set(keys):
        return False
    connection.execute(b"DELETE FROM identity_key WHERE record_id = %s AND key <> ALL(%s)", (record.record_id, keys))
    connection.execute(
        b"INSERT INTO identity_key (record_id, key) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
        (record.record_id, keys),
    )
    return True


def demoted_among(connection: Connection[DictRow], keys: Collection[str]) -> frozenset[str]:
    """Those of the keys that link nothing."""
    rows = connection.execute(b"SELECT key FROM demoted_key WHERE key = ANY(%s)", (sorted(keys),))
    return frozenset(row["key"] for row in rows)


_BEARERS = b"""
SELECT wanted.key, array_agg(record_id ORDER BY record_id) AS records
FROM unnest(%s::text[]) AS wanted (key)
CROSS JOIN LATERAL (SELECT record_id FROM identity_key WHERE identity_key.key = wanted.key LIMIT %s) AS bearer
GROUP BY wanted.key ORDER BY wanted.key
"""


def bearers_of(connection: Connection[DictRow], keys: Sequence[str]) -> dict[str, list[int]]:
    """Key -> the records that carry it; of a key that very many carry, some."""
    rows = connection.execute(_BEARERS, (list(keys), MOST_BEARERS + 1)).fetchall()
    return {row["key"]: row["records"] for row in rows}


def demotions(connection: Connection[DictRow], bearers: dict[str, list[int]], correlation_id: str) -> list[Event]:
    """An event for each of the keys that now turns out to point at several games."""
    events: list[Event] = []
    for key, records in bearers.items():
        wanted = UNLIKE_AT_AN_ADDRESS if key.startswith("url:") else UNLIKE_WITH_AN_ID
        if len(records) < wanted:
            continue
        many = len(records) > MOST_BEARERS
        titles = len(records) if many else unlike_titles(key, read_records(connection, records))
        if titles >= wanted:
            events.append(
                Event(
                    stream=f"key:{key}",
                    event_type="key.demoted",
                    payload={"key": key, "records": records, "titles": titles},
                    actor="pipeline",
                    correlation_id=correlation_id,
                )
            )
    return events
