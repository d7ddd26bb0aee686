"""The raw store of a source, pages as sent, kept within its limits: what nothing needs goes, the oldest first.

A page's newest snapshot, the one that was read well last, one that a person believed, and whatever a version of a
record was read from never go: every record can be read again from what is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from game_pipeline.settings import RawSettings
from game_pipeline.store import Store

__all__ = ["Orphans", "drop_orphans", "prune_raw", "raw_stores"]

CHUNK = 1_000
MEGABYTE = 1024 * 1024

# Bodies that several snapshots share weigh once, with the newest of them.
_KNOWN = """
    SELECT snapshot.snapshot_id, snapshot.fetched_at,
           row_number() OVER (PARTITION BY snapshot.page_id ORDER BY snapshot.snapshot_id DESC) AS version,
           CASE WHEN row_number() OVER (PARTITION BY snapshot.body_hash ORDER BY snapshot.snapshot_id DESC) = 1
                THEN octet_length(body.body) ELSE 0 END AS bytes,
           coalesce(snapshot.snapshot_id = page.snapshot_id, false)
           OR coalesce(snapshot.snapshot_id = page.read_snapshot_id, false)
           OR coalesce(snapshot.snapshot_id = page.parsed_snapshot_id, false)
           OR coalesce(snapshot.snapshot_id = page.released_snapshot, false)
           OR EXISTS (SELECT FROM record_version AS record WHERE record.snapshot_id = snapshot.snapshot_id) AS needed
    FROM page_snapshot AS snapshot
    JOIN source_url_state AS page USING (page_id) JOIN page_body AS body USING (body_hash)
    WHERE page.source = %(source)s"""

_SPARE = f"""
SELECT snapshot_id FROM (
    SELECT *, sum(bytes) OVER (ORDER BY snapshot_id DESC) AS weight FROM ({_KNOWN}) AS known
) AS weighed
WHERE NOT needed
  AND (version > %(versions)s OR fetched_at < now() - %(days)s * interval '1 day' OR weight > %(bytes)s)
ORDER BY snapshot_id
"""


def prune_raw(store: Store, source: str, limits: RawSettings) -> int:
    """Forget the snapshots of a source that are beyond its limits and that nothing needs. Returns how many went.

    Call under the source's lock. What was forgotten is counted by the million at worst: it goes a thousand at a time.
    """
    most = {"versions": limits.versions, "days": limits.days, "bytes": limits.megabytes * MEGABYTE}
    spare = [row["snapshot_id"] for row in store.rows(_SPARE, {"source": source} | most)]
    for start in range(0, len(spare), CHUNK):
        store.execute("DELETE FROM page_snapshot WHERE snapshot_id = ANY(%s)", (spare[start : start + CHUNK],))
    return len(spare)


@dataclass(frozen=True, slots=True)
class Orphans:
    """Bodies that no page has any more; `bytes` as they were kept."""

    bodies: int
    bytes: int


_ORPHAN = """
    NOT EXISTS (SELECT FROM page_snapshot AS snapshot WHERE snapshot.body_hash = body.body_hash)
    AND NOT EXISTS (SELECT FROM source_url_state AS page WHERE page.content_hash = body.body_hash)"""
_FIND_ORPHANS = f"""
SELECT body_hash FROM page_body AS body WHERE {_ORPHAN} LIMIT {CHUNK} FOR UPDATE SKIP LOCKED
""".encode()
# Looked at again once they are locked: a page may have come to need one in between. Who keeps a body locks it, too.
_DROP_ORPHANS = f"""
WITH gone AS (
    DELETE FROM page_body AS body WHERE body_hash = ANY(%s) AND {_ORPHAN} RETURNING octet_length(body.body) AS bytes
)
SELECT count(*)::int AS bodies, coalesce(sum(bytes), 0)::bigint AS bytes FROM gone
""".encode()


def drop_orphans(store: Store) -> Orphans:
    """Drop bodies that nothing refers to, also while pages are fetched."""
    bodies = size = 0
    while True:
        with store.transaction() as connection:
            found = [row["body_hash"] for row in connection.execute(_FIND_ORPHANS)]
            gone = connection.execute(_DROP_ORPHANS, (found,)).fetchone()
        assert gone is not None
        bodies += gone["bodies"]
        size += gone["bytes"]
        if not gone["bodies"]:
            return Orphans(bodies, size)


_STORES = f"""
SELECT source.name AS source, count(known.*)::int AS snapshots, count(*) FILTER (WHERE known.needed)::int AS needed,
       coalesce(sum(known.bytes), 0)::bigint AS bytes, min(known.fetched_at) AS oldest
FROM unnest(%(names)s::text[]) AS source(name)
LEFT JOIN LATERAL ({_KNOWN.replace("%(source)s", "source.name")}) AS known ON true
GROUP BY source.name ORDER BY source.name
"""


def raw_stores(store: Store, names: Sequence[str]) -> list[dict[str, Any]]:
    """A row a source, by name: snapshots, those that something needs, bytes of their bodies as kept, and the oldest."""
    return store.rows(_STORES, {"names": list(names)})
