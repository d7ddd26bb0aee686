"""Pages out of a dump that a site publishes, kept as if they had been visited: what saves a first import its requests.

A page that was fetched from the site itself is left alone, for its word is newer. One that is never to be fetched is
never due. Loading again, or what a killed one left, changes only what differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.sources import PageRef, Source
from game_pipeline.store import Store, save_bodies

from .frontier import observe
from .limits import Limits
from .revisit import JITTER

__all__ = ["load_pages"]

BATCH = 500

_STANDING = b"""
SELECT page.page_id, page_key, content_hash, snapshot.headers ? 'loaded-from' AS loaded
FROM source_url_state AS page LEFT JOIN page_snapshot AS snapshot USING (snapshot_id)
WHERE page.source = %s AND page_key = ANY(%s)
"""
# The first visit has its turn when the page's next one would have come: a loaded site is not visited all at once.
_LOAD = b"""
WITH new AS (
    SELECT * FROM unnest(%(pages)s::bigint[], %(hashes)s::bytea[], %(visited)s::boolean[])
           AS new (page_id, body_hash, visited)
), kept AS (
    INSERT INTO page_snapshot (page_id, body_hash, final_url, http_status, headers, run_id)
    SELECT page_id, new.body_hash, page.url, 200, %(headers)s, %(run_id)s
    FROM new JOIN source_url_state AS page USING (page_id)
    RETURNING page_id, snapshot_id, body_hash
)
UPDATE source_url_state AS page SET
    content_hash = kept.body_hash, snapshot_id = kept.snapshot_id, outcome = 'fetched', last_fetched_at = now(),
    fetched_fingerprint = page.listed_fingerprint,
    next_check_at = CASE WHEN new.visited THEN now() + coalesce(page.revisit_after, %(mean)s * interval '1 day')
                                                     * (1 + %(jitter)s * (2 * random() - 1)) * random()
                         ELSE 'infinity' END
FROM kept JOIN new USING (page_id) WHERE page.page_id = kept.page_id
"""


def load_pages(
    store: Store,
    source: Source,
    pages: Iterable[tuple[PageRef, bytes]],
    limits: Limits,
    run_id: str,
    *,
    origin: str,
    go_on: Callable[[Counter[str]], None] = lambda _: None,
) -> Counter[str]:
    """Keep the pages of a dump for the records stage to read. Call under the source's lock.

    `origin`: what the dump is called, kept with each page. `go_on` is called after each batch, with the counts so far.
    Returns how many were `pages_loaded`, were `pages_same` as before, or had been `pages_visited` since.
    """
    counts: Counter[str] = Counter()
    for batch in _batches(pages):
        with store.transaction() as connection:
            counts += _load(connection, source, batch, limits, run_id, origin)
        go_on(counts)
    return counts


def _load(
    connection: Connection[DictRow],
    source: Source,
    batch: Sequence[tuple[PageRef, bytes]],
    limits: Limits,
    run_id: str,
    origin: str,
) -> Counter[str]:
    observe(connection, source, [page for page, _ in batch])
    hashes = dict(zip((page.key for page, _ in batch), save_bodies(connection, [b for _, b in batch]), strict=True))
    visited = {page.key: page.visited for page, _ in batch}
    counts: Counter[str] = Counter()
    taken: list[tuple[int, bytes, bool]] = []
    for row in connection.execute(_STANDING, (source.name, list(hashes))).fetchall():
        body_hash = hashes[row["page_key"]]
        if row["content_hash"] is not None and not row["loaded"]:
            counts["pages_visited"] += 1
        elif row["content_hash"] is not None and bytes(row["content_hash"]) == body_hash:
            counts["pages_same"] += 1
        else:
            counts["pages_loaded"] += 1
            taken.append((row["page_id"], body_hash, visited[row["page_key"]]))
    if taken:
        facts = dict(zip(("pages", "hashes", "visited"), map(list, zip(*taken, strict=True)), strict=True))
        headers = Jsonb({"content-type": "application/json", "loaded-from": origin})
        more = {"headers": headers, "run_id": run_id, "mean": limits.revisit_mean, "jitter": JITTER}
        connection.execute(_LOAD, facts | more)
    return counts


def _batches(pages: Iterable[tuple[PageRef, bytes]]) -> Iterator[list[tuple[PageRef, bytes]]]:
    waiting = iter(pages)
    while batch := list(islice(waiting, BATCH)):
        yield list({page.key: (page, body) for page, body in batch}.values())
