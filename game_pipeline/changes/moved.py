"""Pages that a site has merged into others: their addresses lead to another game's for good."""

from __future__ import annotations

from collections import Counter

from game_pipeline.model import ExternalId
from game_pipeline.sources import Source
from game_pipeline.sources.identities import site_id
from game_pipeline.store import Store

from .versions import StoredPage, drop_records

__all__ = ["retire_moved_pages"]

# Two witnesses, as for a page that is gone: two looks in a row, or one and a listing that no longer names it.
_MOVED = """
SELECT page.page_id, page.page_key, page.segment, page.url, page.snapshot_id, page.parsed_snapshot_id,
       page.parse_error IS NOT NULL AS failed, snapshot.body_hash, '' AS content_type, page.moved_to
FROM source_url_state AS page JOIN page_snapshot AS snapshot USING (snapshot_id)
WHERE page.source = %s AND page.segment = %s AND page.moved_to IS NOT NULL AND next_check_at < 'infinity'
  AND (page.moved_count >= 2 OR page.unlisted_at IS NOT NULL)
ORDER BY page.page_id
"""
_RETIRE = b"""
UPDATE source_url_state SET outcome = 'moved', next_check_at = 'infinity' WHERE page_id = %(page)s
AND NOT EXISTS (SELECT FROM source_record WHERE page_id = %(page)s AND state = 'live')
"""


def retire_moved_pages(store: Store, source: Source, segment: str, run_id: str, counts: Counter[str]) -> None:
    """The records of such a page have vanished, and their last word is the id of the game that stayed: the catalogue
    knows the two as one by it. The page is not visited again unless a listing names it."""
    for row in store.rows(_MOVED, (source.name, segment)):
        page = StoredPage(**row)
        found = site_id(page.moved_to or "")
        if found is None or not source.leads_elsewhere(page.url, page.moved_to):
            continue
        successor = ExternalId(scheme=found.scheme, value=found.value)
        with store.transaction() as connection:
            drop_records(connection, source, page, run_id, counts, successor)
            connection.execute(_RETIRE, {"page": page.page_id})
