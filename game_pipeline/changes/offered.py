"""Pages that arrive many at once instead of being fetched: stored where the records stage finds and reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.sources import Source
from game_pipeline.store import save_bodies

__all__ = ["GivenPage", "offer_pages"]


@dataclass(frozen=True, slots=True)
class GivenPage:
    """A page that somebody else's document is: JSON, under a key of the source's own."""

    key: str
    url: str
    body: bytes


# Rows are locked in the order of the keys, which is one for everybody: no deadlock.
_OFFERED = b"""
WITH offered AS MATERIALIZED (
    SELECT * FROM unnest(%(keys)s::text[], %(segments)s::text[], %(urls)s::text[], %(hashes)s::bytea[])
        AS page (key, segment, url, hash)
    ORDER BY key
), pages AS (
    INSERT INTO source_url_state AS page (source, page_key, segment, url, request_url, next_check_at)
    SELECT %(source)s, key, segment, url, url, 'infinity' FROM offered
    ON CONFLICT (source, page_key) DO UPDATE SET url = excluded.url, request_url = excluded.request_url
    RETURNING page_id, page_key, content_hash
)
INSERT INTO page_snapshot (page_id, body_hash, final_url, http_status, headers, run_id)
SELECT page_id, hash, url, 200, %(headers)s, %(run_id)s FROM pages JOIN offered ON key = page_key
WHERE content_hash IS DISTINCT FROM hash
RETURNING page_id, snapshot_id, body_hash
"""
_SHOWN = b"""
UPDATE source_url_state AS page SET
    content_hash = shown.hash, snapshot_id = shown.snapshot_id, outcome = 'fetched',
    last_checked_at = now(), last_fetched_at = now(),
    check_count = check_count + 1, success_count = success_count + 1
FROM unnest(%(pages)s::bigint[], %(snapshots)s::bigint[], %(hashes)s::bytea[]) AS shown (page_id, snapshot_id, hash)
WHERE page.page_id = shown.page_id
"""


def offer_pages(connection: Connection[DictRow], source: Source, pages: Sequence[GivenPage], run_id: str) -> int:
    """Store pages for the records stage to read, inside the caller's transaction; returns how many are news.

    A page whose body is the one stored is left alone.
    """
    if not pages:
        return 0
    hashes = save_bodies(connection, [page.body for page in pages])
    shown = connection.execute(
        _OFFERED,
        {
            "source": source.name,
            "keys": [page.key for page in pages],
            "segments": [source.segment_of(page.key) for page in pages],
            "urls": [page.url for page in pages],
            "hashes": hashes,
            "headers": Jsonb({"content-type": "application/json"}),
            "run_id": run_id,
        },
    ).fetchall()
    values = {
        "pages": [row["page_id"] for row in shown],
        "snapshots": [row["snapshot_id"] for row in shown],
        "hashes": [row["body_hash"] for row in shown],
    }
    connection.execute(_SHOWN, values)
    return len(shown)
