"""The pages about people that a source has: known by the games that credit them, and fetched like all others.

No listing names them. What a game's record gives as the address of somebody is theirs as long as the source says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.sources import PageRef, Source
from game_pipeline.store import Store

from . import frontier

__all__ = ["due_people", "known_people_only", "note_people"]

# A page that another address leads to is one of its own: where the other goes away, it is still there.
_ADDRESSES = b"""
SELECT DISTINCT url FROM (
    SELECT credit->>'url' AS url
    FROM source_record AS record JOIN record_version AS newest USING (record_id, version),
         jsonb_array_elements(newest.record->'credits') AS credit
    WHERE record.source = %(source)s AND record.subject = 'game' AND record.state = 'live'
    UNION ALL
    SELECT url FROM source_record WHERE source = %(source)s AND subject = 'person' AND state = 'live'
) AS address WHERE url IS NOT NULL ORDER BY url
"""


def note_people(store: Store, source: Source) -> int:
    """Remember the pages of everybody whom the source's live records credit. Returns how many are new. Sends nothing,
    and where they are known already does nothing."""
    if source.people is None:
        return 0
    with store.transaction() as connection:
        addresses = [row["url"] for row in connection.execute(_ADDRESSES, {"source": source.name})]
        pages = [page for url in addresses if (page := source.person_page(url)) is not None]
        known = _known(connection, source)
        return frontier.observe(connection, source, [page for page in pages if page.key not in known])


def known_people_only(connection: Connection[DictRow], source: Source, pages: Sequence[PageRef]) -> list[PageRef]:
    """Without the pages about people whom no game of the source credits: a feed names those, too."""
    if source.people is None or not any(source.segment_of(page.key) == source.people for page in pages):
        return list(pages)
    known = _known(connection, source)
    return [page for page in pages if page.key in known or source.segment_of(page.key) != source.people]


def due_people(store: Store, source: Source) -> bool:
    """Are there pages about people to fetch now?"""
    if source.people is None:
        return False
    with store.connection() as connection:
        return source.people in frontier.due_segments(connection, source.name)


def _known(connection: Connection[DictRow], source: Source) -> set[str]:
    rows = connection.execute(
        b"SELECT page_key FROM source_url_state WHERE source = %s AND segment = %s", (source.name, source.people)
    )
    return {row["page_key"] for row in rows}
