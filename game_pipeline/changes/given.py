"""Pages that were given by hand instead of fetched: stored, read into their record and written as a crawl's are."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.model import GameRecord
from game_pipeline.sources import Source
from game_pipeline.store import save_body

from .versions import Reading, StoredPage, write_pages

__all__ = ["GivenRecord", "write_given"]


@dataclass(frozen=True, slots=True)
class GivenRecord:
    """The record of a given page. `changed`: it has a new version."""

    record_id: int
    changed: bool


# Nobody fetches it: it is never due.
_PAGE = b"""
INSERT INTO source_url_state AS page (source, page_key, segment, url, request_url, next_check_at)
VALUES (%(source)s, %(key)s, %(segment)s, %(url)s, %(url)s, 'infinity')
ON CONFLICT (source, page_key) DO UPDATE SET url = excluded.url, request_url = excluded.request_url
RETURNING page_id, snapshot_id, parsed_snapshot_id
"""
_SNAPSHOT = b"""
INSERT INTO page_snapshot (page_id, body_hash, final_url, http_status, headers, run_id)
VALUES (%(page_id)s, %(hash)s, %(url)s, 200, %(headers)s, %(run_id)s) RETURNING snapshot_id
"""
_READ = b"""
UPDATE source_url_state SET
    content_hash = %(hash)s, snapshot_id = %(snapshot)s,
    parsed_snapshot_id = %(snapshot)s, parsed_version = %(version)s,
    parse_error = NULL, parse_outcome = NULL, read_snapshot_id = %(snapshot)s,
    outcome = CASE WHEN %(changed)s THEN 'changed' ELSE 'same' END,
    last_checked_at = now(), last_fetched_at = now(), last_imported_at = now(),
    last_changed_at = CASE WHEN %(changed)s THEN now() ELSE last_changed_at END,
    check_count = check_count + 1, success_count = success_count + 1,
    change_count = change_count + CASE WHEN %(changed)s THEN 1 ELSE 0 END
WHERE page_id = %(page_id)s
"""


def write_given(
    connection: Connection[DictRow], source: Source, key: str, body: bytes, record: GameRecord, run_id: str
) -> GivenRecord:
    """Keep a page of one record and write what it came to, inside the caller's transaction."""
    facts = {"source": source.name, "key": key, "segment": source.segment_of(key), "url": record.url}
    known = connection.execute(_PAGE, facts).fetchone()
    assert known is not None
    page_id = known["page_id"]
    content_hash = save_body(connection, body)
    values = {"page_id": page_id, "hash": content_hash, "url": record.url, "run_id": run_id}
    kept = connection.execute(_SNAPSHOT, values | {"headers": Jsonb({"content-type": "application/json"})}).fetchone()
    assert kept is not None
    page = StoredPage(
        page_id=page_id,
        page_key=key,
        segment=facts["segment"],
        url=record.url,
        snapshot_id=kept["snapshot_id"],
        parsed_snapshot_id=known["parsed_snapshot_id"],
        failed=False,
        body_hash=content_hash,
        content_type="application/json",
    )
    [written] = write_pages(connection, source, [Reading(page, [record])], run_id, frozenset())
    changed = bool(written.changed)
    connection.execute(
        _READ,
        {"page_id": page_id, "hash": content_hash, "snapshot": page.snapshot_id, "version": source.parser_version}
        | {"changed": changed},
    )
    row = connection.execute(
        b"SELECT record_id FROM source_record WHERE source = %s AND identity = %s AND subject = 'game'",
        (source.name, record.identity),
    ).fetchone()
    assert row is not None
    return GivenRecord(row["record_id"], changed)
