"""Writing what the records of pages came to: rows, versions and events of those that changed, and only those.

Pages are written by the batch, a statement for all of them where there was one for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.model import AnyRecord, ExternalId, GameRecord, Subject, digest, record_of
from game_pipeline.sources import Source
from game_pipeline.store import Event, append

from .compare import Change, compare

__all__ = ["Reading", "StoredPage", "Written", "drop_records", "write_pages"]


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
    """It has said the same for a day, be it what it said a few versions ago; or it is never visited."""
    earlier_hash: bytes | None = None
    """Where its reply did not say where it ends: the body that was read well last."""
    moved_to: str | None = None
    """Where its address led for good when it was fetched last."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A page and the records that it was read into."""

    page: StoredPage
    records: Sequence[AnyRecord]


@dataclass(slots=True)
class Written:
    """What the writing of a page came to. `changed`: how many of its records; None: too many vanished to be believed.
    `counts`: of them by kind, `records_new` and so on."""

    changed: int | None = 0
    counts: Counter[str] = field(default_factory=Counter)


class _Key(NamedTuple):
    """What tells the records of one source apart."""

    subject: Subject
    identity: str


def _key_of(record: AnyRecord) -> _Key:
    return _Key(record.subject, record.identity)


@dataclass(frozen=True, slots=True)
class _Write:
    """A version to be written. `old`: the record's row with its newest version; None: it is new."""

    page: StoredPage
    record: AnyRecord
    old: Mapping[str, Any] | None
    change: Change
    hashes: Mapping[str, str]

    @property
    def content_hash(self) -> str:
        return digest(self.hashes)

    @property
    def version(self) -> int:
        return self.old["version"] + 1 if self.old else 1


def write_pages(
    connection: Connection[DictRow],
    source: Source,
    readings: Sequence[Reading],
    run_id: str,
    known: frozenset[str],
) -> list[Written]:
    """Write the records of pages, inside the caller's transaction; what comes of each page, in their order.

    Of pages that share a record each sees what the one before made of it.
    """
    written: list[Written] = []
    while len(written) < len(readings):
        written += _write_apart(connection, source, readings[len(written) :], run_id, known)
    return written


_EXISTING = b"""
SELECT record.record_id, record.subject, record.identity, record.page_id, record.state, record.version, record.segment,
       newest.field_hashes, page.url AS page_url, page.moved_to AS page_moved_to
FROM source_record AS record JOIN record_version AS newest USING (record_id, version)
JOIN source_url_state AS page USING (page_id)
WHERE record.source = %s AND (record.page_id = ANY(%s) OR record.identity = ANY(%s))
"""


def _write_apart(
    connection: Connection[DictRow], source: Source, readings: Sequence[Reading], run_id: str, known: frozenset[str]
) -> list[Written]:
    """Write the first of the pages, as many as have no record in common."""
    pages = [reading.page.page_id for reading in readings]
    identities = [record.identity for reading in readings for record in reading.records]
    rows = connection.execute(_EXISTING, (source.name, pages, identities))
    existing = {_Key(row["subject"], row["identity"]): row for row in rows}
    on_page: dict[int, set[_Key]] = {}
    for key, row in existing.items():
        on_page.setdefault(row["page_id"], set()).add(key)
    concerned: set[_Key] = set()
    written: dict[int, Written] = {}
    writes: list[_Write] = []
    for reading in readings:
        page_id = reading.page.page_id
        own = {_key_of(record) for record in reading.records} | on_page.get(page_id, set())
        if not concerned.isdisjoint(own):
            break
        concerned |= own
        found = _changes_of(connection, source, reading, existing, on_page.get(page_id, set()), known)
        written[page_id] = Written(None if found is None else 0)
        writes += found or ()
    writes = _without_flapping(connection, writes, written)
    for write in writes:
        page = written[write.page.page_id]
        page.changed = (page.changed or 0) + 1
        page.counts[f"records_{write.change.kind}"] += 1
    _write_versions(connection, source, writes, run_id)
    return list(written.values())


def _changes_of(
    connection: Connection[DictRow],
    source: Source,
    reading: Reading,
    existing: Mapping[_Key, Mapping[str, Any]],
    here: set[_Key],
    known: frozenset[str],
) -> list[_Write] | None:
    """What is new in the records of a page; `here`: the records that it spoke for. None: not to be believed."""
    page = reading.page
    live = {key for key in here if existing[key]["state"] == "live"}
    missing = [] if source.pages_move else sorted(live - {_key_of(record) for record in reading.records})
    if not page.believed and len(missing) > 3 and len(missing) > source.policy.max_vanished_share * len(live):
        return None
    elsewhere = source.leads_elsewhere(page.url, page.moved_to)
    if elsewhere and missing:
        return []  # its own records stay until the move is certain (`drop_records`)
    # After a reading that failed, what is new may be the site's doing as well as the parser's.
    same_snapshot = page.parsed_snapshot_id == page.snapshot_id and not page.failed
    rank = {key: place for place, key in enumerate(source.segment_keys())}
    writes: list[_Write] = []
    for record in reading.records:
        old = existing.get(_key_of(record))
        if old and old["page_id"] != page.page_id and elsewhere:
            continue
        if old and old["state"] == "live" and old["page_id"] != page.page_id:
            # On two pages at once: the page of the earlier segment speaks for the game, but never one that leads here.
            leads_here = source.leads_elsewhere(old["page_url"], old["page_moved_to"])
            earlier = rank.get(old["segment"], 0) <= rank.get(page.segment, 0)
            own = record.subject == "person" and record.url == page.url  # and the other is an address that leads here
            if earlier and not own and not source.pages_move and not leads_here:
                continue
            connection.execute(
                b"UPDATE source_record SET page_id = %s, segment = %s WHERE record_id = %s",
                (page.page_id, page.segment, old["record_id"]),
            )
        hashes = record.field_hashes(source.volatile)
        change = compare(
            old["field_hashes"] if old else None,
            hashes,
            known_fields=known,
            same_snapshot=same_snapshot,
            was_vanished=bool(old and old["state"] == "vanished"),
        )
        if change:
            writes.append(_Write(page, record, old, change, hashes))
    if missing and source.many_records_a_page:
        connection.execute(_READ_OTHERS_AGAIN, (source.name, page.page_id))
    return writes + _vanishing(connection, source, page, [existing[key] for key in missing])


# A record speaks from one page; where it leaves that one, another list may still carry it.
_READ_OTHERS_AGAIN = b"""
UPDATE source_url_state SET parsed_version = NULL WHERE source = %s AND page_id <> %s AND snapshot_id IS NOT NULL
"""

_READ_NEIGHBOURS_AGAIN = b"""
UPDATE source_url_state SET parsed_version = NULL
WHERE source = %s AND segment = %s AND page_id <> %s AND snapshot_id IS NOT NULL
"""


_LAST_WORDS = b"""
SELECT record FROM unnest(%s::bigint[]) WITH ORDINALITY AS wanted (record_id, n) JOIN source_record USING (record_id)
JOIN record_version USING (record_id, version) ORDER BY n
"""


def _vanishing(
    connection: Connection[DictRow],
    source: Source,
    page: StoredPage,
    olds: Sequence[Mapping[str, Any]],
    successor: ExternalId | None = None,
) -> list[_Write]:
    """A last version of each of the records, which says what the one before said, and the id of its successor."""
    if not olds:
        return []
    rows = connection.execute(_LAST_WORDS, ([old["record_id"] for old in olds],)).fetchall()
    records = [record_of(row["record"]) for row in rows]
    if successor is not None:
        records = [
            record.model_copy(update={"external_ids": tuple(dict.fromkeys((*record.external_ids, successor)))})
            if isinstance(record, GameRecord)
            else record
            for record in records
        ]
    return [
        _Write(page, record, old, Change("vanished", ()), record.field_hashes(source.volatile))
        for record, old in zip(records, olds, strict=True)
    ]


FLAPPING_VERSIONS = 3

_OLDER_HASHES = b"""
SELECT older.record_id, older.content_hash FROM record_version AS older JOIN source_record AS record USING (record_id)
WHERE older.record_id = ANY(%s) AND older.version BETWEEN record.version - %s AND record.version - 1
"""


def _without_flapping(
    connection: Connection[DictRow], writes: list[_Write], written: Mapping[int, Written]
) -> list[_Write]:
    """Leave out what a record said a few versions ago and says again: a site that serves now this, now that copy would
    fill the log with it. Should it go on saying so for a day, it is believed (`settled`)."""
    changed = [
        write.old["record_id"]
        for write in writes
        if write.old and write.change.kind == "changed" and not write.page.settled
    ]
    if not changed:
        return writes
    older: dict[int, set[str]] = {}
    for row in connection.execute(_OLDER_HASHES, (changed, FLAPPING_VERSIONS)):
        older.setdefault(row["record_id"], set()).add(row["content_hash"])
    kept = []
    for write in writes:
        again = (
            write.old
            and write.change.kind == "changed"
            and not write.page.settled
            and write.content_hash in older.get(write.old["record_id"], ())
        )
        if again:
            written[write.page.page_id].counts["records_flapping"] += 1
        else:
            kept.append(write)
    return kept


def drop_records(
    connection: Connection[DictRow],
    source: Source,
    page: StoredPage,
    run_id: str,
    counts: Counter[str],
    successor: ExternalId | None = None,
) -> None:
    """Every record of a page that is gone has vanished.

    `successor`: the game that the page leads to instead; by that id, matching knows the two as one.
    """
    rows = connection.execute(_EXISTING, (source.name, [page.page_id], [])).fetchall()
    left = [old for old in rows if old["state"] == "live" and (not successor or old["identity"] != successor.value)]
    writes = _vanishing(connection, source, page, left, successor)
    counts["records_vanished"] += len(writes)
    _write_versions(connection, source, writes, run_id)
    if any(write.record.subject == "person" for write in writes):
        # Their page may have another address, which shows the same and was not asked while this one spoke for them.
        connection.execute(_READ_NEIGHBOURS_AGAIN, (source.name, page.segment, page.page_id))


_INSERT_RECORDS = b"""
INSERT INTO source_record
       (source, subject, identity, page_id, segment, url, version, content_hash, matched_version, reconciled_version)
SELECT %(source)s, new.subject, new.identity, new.page_id, new.segment, new.url, 1, new.content_hash,
       coalesce(new.settled, 0), coalesce(new.settled, 0)
FROM jsonb_to_recordset(%(rows)s)
     AS new (subject text, identity text, page_id bigint, segment text, url text, content_hash text, settled int)
RETURNING subject, identity, record_id
"""
# Rows are locked in the order of their ids, as everybody does who wants several.
_UPDATE_RECORDS = b"""
WITH new AS MATERIALIZED (
    SELECT new.* FROM source_record AS record
    JOIN jsonb_to_recordset(%(rows)s)
         AS new (record_id bigint, page_id bigint, segment text, url text, content_hash text, version int, state text,
                 settled int)
         USING (record_id)
    ORDER BY record_id FOR UPDATE OF record
)
UPDATE source_record AS record SET
    version = new.version, content_hash = new.content_hash, url = new.url, page_id = new.page_id,
    segment = new.segment, state = new.state, changed_at = now(),
    matched_version = coalesce(new.settled, record.matched_version),
    reconciled_version = coalesce(new.settled, record.reconciled_version),
    vanished_at = CASE WHEN new.state = 'vanished' THEN now() END
FROM new WHERE record.record_id = new.record_id
"""
_INSERT_VERSIONS = b"""
INSERT INTO record_version (record_id, version, change, changed_fields, snapshot_id, parser_version, content_hash,
                            field_hashes, record, run_id)
SELECT new.*, %(run_id)s FROM jsonb_to_recordset(%(rows)s)
    AS new (record_id bigint, version int, change text, changed_fields text[], snapshot_id bigint, parser_version int,
            content_hash text, field_hashes jsonb, record jsonb)
"""


def _write_versions(connection: Connection[DictRow], source: Source, writes: Sequence[_Write], run_id: str) -> None:
    if not writes:
        return
    rows = [_record_row(write) for write in writes]
    new = [row for write, row in zip(writes, rows, strict=True) if write.old is None]
    if new:
        inserted = connection.execute(_INSERT_RECORDS, {"source": source.name, "rows": Jsonb(new)})
        ids = {_Key(row["subject"], row["identity"]): row["record_id"] for row in inserted}
        for row in new:
            row["record_id"] = ids[_Key(row["subject"], row["identity"])]
    if len(new) < len(rows):
        known = [row for write, row in zip(writes, rows, strict=True) if write.old is not None]
        connection.execute(_UPDATE_RECORDS, {"rows": Jsonb(known)})
    versions = [_version_row(write, row) for write, row in zip(writes, rows, strict=True)]
    connection.execute(_INSERT_VERSIONS, {"run_id": run_id, "rows": Jsonb(versions)})
    append(connection, [_event(source, write, row, run_id) for write, row in zip(writes, rows, strict=True)])


def _record_row(write: _Write) -> dict[str, Any]:
    return {
        "record_id": write.old["record_id"] if write.old else None,
        "subject": write.record.subject,
        "identity": write.record.identity,
        "page_id": write.page.page_id,
        "segment": write.page.segment,
        "url": write.record.url,
        "content_hash": write.content_hash,
        "state": "vanished" if write.change.kind == "vanished" else "live",
        "version": write.version,
        # The catalogue of games has nothing to take in of what is about a person.
        "settled": write.version if write.record.subject == "person" else None,
    }


def _version_row(write: _Write, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "record_id": row["record_id"],
        "version": row["version"],
        "change": write.change.kind,
        "changed_fields": list(write.change.fields),
        "snapshot_id": write.page.snapshot_id,
        "parser_version": write.record.parser_version,
        "content_hash": row["content_hash"],
        "field_hashes": write.hashes,
        "record": write.record.to_dict(),
    }


def _event(source: Source, write: _Write, row: Mapping[str, Any], run_id: str) -> Event:
    return Event(
        stream=f"record:{row['record_id']}",
        event_type="record.changed",
        payload={
            "record_id": row["record_id"],
            "version": row["version"],
            "change": write.change.kind,
            "changed_fields": list(write.change.fields),
            "subject": write.record.subject,
            "identity": write.record.identity,
        },
        actor="pipeline",
        correlation_id=run_id,
        source=source.name,
        source_url=write.record.url,
    )
