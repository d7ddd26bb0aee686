"""Stored pages that wait to be read: which they are, a batch of them at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from game_pipeline.sources import Source
from game_pipeline.store import Store

from .versions import StoredPage

__all__ = ["batches", "forget_reading", "unread_segments"]

_UNREAD_IDS = """
SELECT page_id FROM source_url_state
WHERE source = %s AND segment = %s AND snapshot_id IS NOT NULL AND outcome IS DISTINCT FROM 'gone'
  AND (snapshot_id IS DISTINCT FROM parsed_snapshot_id OR parsed_version IS DISTINCT FROM %s)
  AND page_id > %s
ORDER BY page_id LIMIT %s
"""
_UNREAD = """
SELECT page.page_id, page.page_key, page.segment, page.url, page.snapshot_id, page.parsed_snapshot_id,
       page.parse_error IS NOT NULL AS failed, snapshot.body_hash, body.size,
       coalesce(page.released_snapshot = page.snapshot_id, false) AS believed,
       -- A page that is never visited says what it was handed in with; nobody will look whether it says so tomorrow.
       coalesce(page.flapping_since <= now() - interval '1 day', false) OR page.next_check_at = 'infinity' AS settled,
       coalesce(snapshot.headers->>'content-type', '') AS content_type, earlier.body_hash AS earlier_hash,
       page.moved_to
FROM source_url_state AS page JOIN page_snapshot AS snapshot USING (snapshot_id)
LEFT JOIN page_snapshot AS earlier ON earlier.snapshot_id = page.read_snapshot_id AND NOT snapshot.framed
LEFT JOIN page_body AS body ON body.body_hash = snapshot.body_hash
WHERE page.page_id = ANY(%s) AND page.outcome IS DISTINCT FROM 'gone'
ORDER BY page.page_id
"""

BATCH_PAGES = 50
BATCH_BYTES = 2 * 1024 * 1024
"""Of bodies. As many pages are read and then written in one transaction; of what each costs, half is per statement."""
_KNOWN_AHEAD = 5_000
"""Ids, of which one search tells: to search for each batch anew costs more the more pages wait."""


def batches(store: Store, source: Source, segment: str) -> Iterator[list[StoredPage]]:
    """The pages of a segment that are not read yet, never more of them at hand than a batch."""
    # Where a page is a list of many records, one tells of the others: each is done before the next is looked at.
    most = 1 if source.many_records_a_page else BATCH_PAGES
    last = 0
    while found := store.rows(_UNREAD_IDS, (source.name, segment, source.parser_version, last, _KNOWN_AHEAD)):
        ids = [row["page_id"] for row in found]
        last = ids[-1]
        while ids:
            batch: list[StoredPage] = []
            size = 0
            for row in store.rows(_UNREAD, (ids[:most],)):
                size += row.pop("size") or 0
                if batch and size > BATCH_BYTES:
                    break
                batch.append(StoredPage(**row))
            taken = batch[-1].page_id if batch else ids[:most][-1]
            ids = [page_id for page_id in ids if page_id > taken]
            if batch:
                yield batch


def forget_reading(store: Store, source: Source, segments: Sequence[str]) -> int:
    """Let every stored page of some segments be read again, as if by a newer parser. Returns how many there are."""
    return store.execute(
        "UPDATE source_url_state SET parsed_version = NULL "
        "WHERE source = %s AND segment = ANY(%s) AND snapshot_id IS NOT NULL",
        (source.name, list(segments)),
    )


def unread_segments(store: Store, source: Source) -> list[str]:
    """Segments with a stored page that this version of the parser has not read."""
    rows = store.rows(
        "SELECT DISTINCT segment FROM source_url_state WHERE source = %s AND snapshot_id IS NOT NULL "
        "AND outcome IS DISTINCT FROM 'gone' "
        "AND (snapshot_id IS DISTINCT FROM parsed_snapshot_id OR parsed_version IS DISTINCT FROM %s)",
        (source.name, source.parser_version),
    )
    return sorted(row["segment"] for row in rows)
