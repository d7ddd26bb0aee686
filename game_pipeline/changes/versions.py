"""Writing what a page's records came to: rows, versions and events of those that changed, and only those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.model import GameRecord
from game_pipeline.sources import Source
from game_pipeline.store import Event, append

from .compare import Change, compare

__all__ = ["StoredPage", "drop_records", "write_records"]


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page as stored, and how its last reading went."""

    page_id: int
    page_key: str
    segment: str
    url: str
    snapshot_id: int
    parsed_snapshot_id: int | None
    failed: bool
    body_hash: bytes
    content_type: str
    believed: bool = False
    """A person said that it is true, however much it lost."""
    settled: bool = False
    """It has said the same for a day, be it what it said a few versions ago."""


# A page whose address answered "gone" last is not read: what is stored of it is not the site's word any more.

_EXISTING = b"""
SELECT record.record_id, record.identity, record.page_id, record.state, record.version, record.segment,
       newest.field_hashes, newest.record
FROM source_record AS record JOIN record_version AS newest USING (record_id, version)
WHERE record.source = %s AND (record.page_id = %s OR record.identity = ANY(%s))
"""


def write_records(
    connection: Connection[DictRow],
    source: Source,
    page: StoredPage,
    records: Sequence[GameRecord],
    run_id: str,
    known: frozenset[str],
    counts: Counter[str],
) -> int | None:
    """Write a page's records. Returns how many changed, or None where too many vanished to be believed."""
    rows = connection.execute(
        _EXISTING, (source.name, page.page_id, [record.identity for record in records])
    ).fetchall()
    existing = {row["identity"]: row for row in rows}
    here = {identity for identity, row in existing.items() if row["page_id"] == page.page_id}
    live = {identity for identity in here if existing[identity]["state"] == "live"}
    missing = sorted(live - {record.identity for record in records})
    if not page.believed and len(missing) > 3 and len(missing) > source.policy.max_vanished_share * len(live):
        return None
    # After a reading that failed, what is new may be the site's doing as well as the parser's.
    same_snapshot = page.parsed_snapshot_id == page.snapshot_id and not page.failed
    rank = {key: place for place, key in enumerate(source.segment_keys())}
    writes: list[tuple[GameRecord, dict[str, Any] | None, Change]] = []
    for record in records:
        old = existing.get(record.identity)
        if old and old["state"] == "live" and old["page_id"] != page.page_id:
            # On two pages at once: the page of the earlier segment speaks for the game.
            if rank.get(old["segment"], 0) <= rank.get(page.segment, 0):
                continue
            connection.execute(
                b"UPDATE source_record SET page_id = %s, segment = %s WHERE record_id = %s",
                (page.page_id, page.segment, old["record_id"]),
            )
        change = compare(
            old["field_hashes"] if old else None,
            record.field_hashes(source.volatile),
            known_fields=known,
            same_snapshot=same_snapshot,
            was_vanished=bool(old and old["state"] == "vanished"),
        )
        if change:
            writes.append((record, old, change))
    writes = _without_flapping(connection, source, page, writes, counts)
    if missing and source.many_records_a_page:
        connection.execute(_READ_OTHERS_AGAIN, (source.name, page.page_id))
    for identity in missing:
        old = existing[identity]
        writes.append((GameRecord.from_json(old["record"]), old, Change("vanished", ())))
    _write_versions(connection, source, page, writes, run_id, counts)
    return len(writes)


FLAPPING_VERSIONS = 3

_OLDER_HASHES = b"""
SELECT older.record_id, older.content_hash FROM record_version AS older JOIN source_record AS record USING (record_id)
WHERE older.record_id = ANY(%s) AND older.version BETWEEN record.version - %s AND record.version - 1
"""


def _without_flapping(
    connection: Connection[DictRow],
    source: Source,
    page: StoredPage,
    writes: list[tuple[GameRecord, dict[str, Any] | None, Change]],
    counts: Counter[str],
) -> list[tuple[GameRecord, dict[str, Any] | None, Change]]:
    """Leave out what a record said a few versions ago and says again: a site that serves now this, now that copy would
    fill the log with it. Should it go on saying so for a day, it is believed (`settled`)."""
    changed = [old["record_id"] for _, old, change in writes if old and change.kind == "changed"]
    if not changed or page.settled:
        return writes
    older: dict[int, set[str]] = {}
    for row in connection.execute(_OLDER_HASHES, (changed, FLAPPING_VERSIONS)):
        older.setdefault(row["record_id"], set()).add(row["content_hash"])
    kept = []
    for record, old, change in writes:
        again = (
            old and change.kind == "changed" and record.content_hash(source.volatile) in older.get(old["record_id"], ())
        )
        if again:
            counts["records_flapping"] += 1
        else:
            kept.append((record, old, change))
    return kept


# A record speaks from one page; where it leaves that one, another list may still carry it.
def drop_records(
    connection: Connection[DictRow], source: Source, page: StoredPage, run_id: str, counts: Counter[str]
) -> None:
    """Every record of a page that is gone has vanished."""
    rows = connection.execute(_EXISTING, (source.name, page.page_id, [])).fetchall()
    writes = [
        (GameRecord.from_json(old["record"]), old, Change("vanished", ())) for old in rows if old["state"] == "live"
    ]
    _write_versions(connection, source, page, writes, run_id, counts)


_READ_OTHERS_AGAIN = b"""
UPDATE source_url_state SET parsed_version = NULL WHERE source = %s AND page_id <> %s AND snapshot_id IS NOT NULL
"""
_INSERT_RECORD = b"""
INSERT INTO source_record (source, identity, page_id, segment, url, version, content_hash)
VALUES (%(source)s, %(identity)s, %(page_id)s, %(segment)s, %(url)s, 1, %(content_hash)s) RETURNING record_id
"""
_UPDATE_RECORD = b"""
UPDATE source_record SET
    version = %(version)s, content_hash = %(content_hash)s, url = %(url)s, page_id = %(page_id)s,
    segment = %(segment)s, state = %(state)s, changed_at = now(),
    vanished_at = CASE WHEN %(state)s = 'vanished' THEN now() END
WHERE record_id = %(record_id)s
"""
_INSERT_VERSION = b"""
INSERT INTO record_version (record_id, version, change, changed_fields, snapshot_id, parser_version, content_hash,
                            field_hashes, record, run_id)
VALUES (%(record_id)s, %(version)s, %(change)s, %(fields)s, %(snapshot_id)s, %(parser_version)s, %(content_hash)s,
        %(field_hashes)s, %(record)s, %(run_id)s)
"""


def _write_versions(
    connection: Connection[DictRow],
    source: Source,
    page: StoredPage,
    writes: Sequence[tuple[GameRecord, dict[str, Any] | None, Change]],
    run_id: str,
    counts: Counter[str],
) -> None:
    versions: list[dict[str, Any]] = []
    events: list[Event] = []
    for record, old, change in writes:
        hashes = record.field_hashes(source.volatile)
        values = {
            "source": source.name,
            "identity": record.identity,
            "page_id": page.page_id,
            "segment": page.segment,
            "url": record.url,
            "content_hash": record.content_hash(source.volatile),
            "state": "vanished" if change.kind == "vanished" else "live",
            "version": old["version"] + 1 if old else 1,
        }
        if old is None:
            row = connection.execute(_INSERT_RECORD, values).fetchone()
            record_id = row["record_id"] if row else 0
        else:
            record_id = old["record_id"]
            connection.execute(_UPDATE_RECORD, values | {"record_id": record_id})
        versions.append(
            values
            | {
                "record_id": record_id,
                "change": change.kind,
                "fields": list(change.fields),
                "snapshot_id": page.snapshot_id,
                "parser_version": record.parser_version,
                "field_hashes": Jsonb(hashes),
                "record": Jsonb(record.to_dict()),
                "run_id": run_id,
            }
        )
        events.append(
            Event(
                stream=f"record:{record_id}",
                event_type="record.changed",
                payload={
                    "record_id": record_id,
                    "version": values["version"],
                    "change": change.kind,
                    "changed_fields": list(change.fields),
                    "identity": record.identity,
                },
                actor="pipeline",
                correlation_id=run_id,
                source=source.name,
                source_url=record.url,
            )
        )
        counts[f"records_{change.kind}"] += 1
    if versions:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT_VERSION, versions)
        append(connection, events)
