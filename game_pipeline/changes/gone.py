"""Pages that are gone for good, and their records with them."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from game_pipeline.sources import Source
from game_pipeline.store import Store

from .versions import StoredPage, drop_records

__all__ = ["drop_gone_pages"]

PATIENCE = dt.timedelta(days=30)
"""For how long a page about somebody whom games credit must be missing: no listing tells that the site meant it."""
AT_ONCE = dt.timedelta(days=90)
"""Pages about people that went missing within this time are taken for one loss: each is looked at when it is due."""

# Two witnesses that a page is gone: the listing no longer names it, and its address answers 404 or 410. What only
# credits name may go while they stay, but not so soon.
_GONE = """
SELECT page.page_id, page.page_key, page.segment, page.url, page.snapshot_id, page.parsed_snapshot_id,
       page.parse_error IS NOT NULL AS failed, snapshot.body_hash, '' AS content_type,
       coalesce(page.released_snapshot = page.snapshot_id, false) AS believed
FROM source_url_state AS page JOIN page_snapshot AS snapshot USING (snapshot_id)
WHERE page.source = %(source)s AND page.segment = %(segment)s AND page.outcome = 'gone'
  AND (page.unlisted_at IS NOT NULL OR (page.credited AND page.last_checked_at >= page.gone_since + %(patience)s))
  AND EXISTS (SELECT FROM source_record AS record WHERE record.page_id = page.page_id AND record.state = 'live')
ORDER BY page.page_id
"""
_LOSS = """
SELECT count(*) FILTER (WHERE gone_since > now() - %(at_once)s) AS gone, count(*) AS pages
FROM source_url_state WHERE source = %(source)s AND segment = %(segment)s AND snapshot_id IS NOT NULL
"""
# Should the page come back, be it as it was, it is read again.
_DROPPED = b"""
UPDATE source_url_state SET parsed_snapshot_id = NULL, parse_error = NULL, parse_outcome = NULL WHERE page_id = %s
"""
_HELD = """
UPDATE source_url_state SET parsed_snapshot_id = NULL, parse_error = %(why)s, parse_outcome = 'suspect_shrink'
WHERE page_id = ANY(%(pages)s)
"""


def drop_gone_pages(
    store: Store, source: Source, segment: str, run_id: str, counts: Counter[str], *, held_because: str
) -> list[StoredPage]:
    """The records of pages that are gone have vanished. Returns the pages of which that is not believed: so many pages
    about people are missing at once that it may be the site's trouble; they are marked with `held_because`."""
    facts = {"source": source.name, "segment": segment, "patience": PATIENCE, "at_once": AT_ONCE}
    gone = [StoredPage(**row) for row in store.rows(_GONE, facts)]
    held = [page for page in gone if not page.believed] if segment == source.people else []
    if held and not _too_many(store, source, facts):
        held = []
    for page in gone:
        if page in held:
            continue
        with store.transaction() as connection:
            drop_records(connection, source, page, run_id, counts)
            connection.execute(_DROPPED, (page.page_id,))
    if held:
        store.execute(_HELD, {"why": held_because, "pages": [page.page_id for page in held]})
    return held


def _too_many(store: Store, source: Source, facts: dict[str, object]) -> bool:
    row = store.row(_LOSS, facts)
    assert row is not None
    return bool(row["gone"] > 3 and row["gone"] > source.policy.max_vanished_share * row["pages"])
