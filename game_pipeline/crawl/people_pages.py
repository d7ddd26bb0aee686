"""The pages about people that a source has: known by the games that credit them, and fetched like all others.

No listing names them. What a game's record gives as the address of somebody is theirs as long as a live record says so,
and is asked for now and then that long, be there a page or not.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.sources import PageRef, Source
from game_pipeline.store import Store

from . import frontier

__all__ = ["due_people", "known_people_only", "note_people", "renew_credited"]

logger = logging.getLogger(__name__)

LONGEST_KEY = 2_000  # bytes; an index takes little more

_WANTED = "record.source = %(source)s AND record.state = 'live' AND (%(all)s OR record.noted_version < record.version)"
_CREDITS = f"""
SELECT DISTINCT credit->>'url' AS url
FROM source_record AS record JOIN record_version AS newest USING (record_id, version),
     jsonb_array_elements(newest.record->'credits') AS credit
WHERE {_WANTED} AND record.subject = 'game' AND credit->>'url' IS NOT NULL ORDER BY url
""".encode()
_LED_TO = f"""
SELECT record.url, ARRAY(SELECT link->>'url' FROM jsonb_array_elements(newest.record->'urls') AS link
                         WHERE link->>'kind' = 'redirect') AS redirects
FROM source_record AS record JOIN record_version AS newest USING (record_id, version)
WHERE {_WANTED} AND record.subject = 'person' ORDER BY record_id
""".encode()
# Rows are locked in the order of their ids, as everybody does who wants several.
_NOTED = b"""
WITH new AS MATERIALIZED (
    SELECT record_id FROM source_record WHERE source = %(source)s AND noted_version < version
    ORDER BY record_id FOR UPDATE
)
UPDATE source_record AS record SET noted_version = version FROM new WHERE record.record_id = new.record_id
"""
# Given up because nothing named it, and named again: it is looked for at once.
_CREDITED = b"""
UPDATE source_url_state SET
    credited = true, unlisted_at = NULL,
    next_check_at = CASE WHEN outcome = 'gone' THEN least(next_check_at, now()) ELSE next_check_at END
WHERE source = %(source)s AND segment = %(segment)s AND page_key = ANY(%(keys)s) AND NOT credited
"""
_NOT_CREDITED = b"""
UPDATE source_url_state SET credited = false, unlisted_at = now(), next_check_at = now()
WHERE source = %(source)s AND segment = %(segment)s AND NOT page_key = ANY(%(keys)s) AND credited
"""
_KNOWN = "SELECT page_key FROM source_url_state WHERE source = %s AND segment = %s"


def note_people(store: Store, source: Source) -> int:
    """Remember the pages of whom the source's records credit, as far as they were written since the last time. Returns
    how many pages are new. Sends nothing, and where all is known already does nothing."""
    if source.people is None:
        return 0
    with store.transaction() as connection:
        credited = _keys(connection, _KNOWN + " AND credited", source)
        new = _note(connection, source, _named(connection, source, credited, everything=False))
        connection.execute(_NOTED, {"source": source.name})
        return new


def renew_credited(connection: Connection[DictRow], source: Source) -> None:
    """After a complete listing: which pages about people the live records name. Those that none names any more are due
    once more; should they be gone, nobody says otherwise."""
    if source.people is None:
        return
    named = _named(connection, source, (), everything=True)
    _note(connection, source, named)
    keys = [page.key for page in named]
    connection.execute(_NOT_CREDITED, {"source": source.name, "segment": source.people, "keys": keys})


def known_people_only(connection: Connection[DictRow], source: Source, pages: Sequence[PageRef]) -> list[PageRef]:
    """Without the pages about people whom no game of the source credits: a feed names those, too."""
    if source.people is None or not any(source.segment_of(page.key) == source.people for page in pages):
        return list(pages)
    known = _keys(connection, _KNOWN, source)
    return [page for page in pages if page.key in known or source.segment_of(page.key) != source.people]


def due_people(store: Store, source: Source) -> bool:
    """Are there pages about people to fetch now?"""
    if source.people is None:
        return False
    with store.connection() as connection:
        return source.people in frontier.due_segments(connection, source.name)


def _named(
    connection: Connection[DictRow], source: Source, credited: Collection[str], *, everything: bool
) -> list[PageRef]:
    """The pages that records give as somebody's: those of credits, and those that a credited address (`credited`: keys
    of some more) leads to. Where the address goes away, such a page is still there."""
    facts = {"source": source.name, "all": everything}
    found: dict[str, PageRef] = {}
    for row in connection.execute(_CREDITS, facts):
        if page := _page(source, row["url"]):
            found[page.key] = page
    keys = {*found, *credited}
    for row in connection.execute(_LED_TO, facts):
        page = _page(source, row["url"])
        ways = {way.key for url in row["redirects"] if (way := _page(source, url))}
        if page and not keys.isdisjoint(ways):
            found[page.key] = page
    return list(found.values())


def _page(source: Source, url: str) -> PageRef | None:
    """The page about somebody that an address names; none that could not be kept, for all others would fail with it."""
    page = source.person_page(url)
    if page is None:
        return None
    text = f"{page.key}{page.url}{page.request.url}"
    try:
        kept = "\0" not in text and len(page.key.encode()) <= LONGEST_KEY and bool(text.encode())
    except UnicodeEncodeError:
        kept = False
    if not kept:
        logger.warning("%s: %.200r is no address that a page can be kept under", source.name, url)
    return page if kept else None


def _note(connection: Connection[DictRow], source: Source, pages: Sequence[PageRef]) -> int:
    known = _keys(connection, _KNOWN, source)
    frontier.observe(connection, source, pages)
    keys = [page.key for page in pages]
    connection.execute(_CREDITED, {"source": source.name, "segment": source.people, "keys": keys})
    return len(set(keys) - known)


def _keys(connection: Connection[DictRow], query: str, source: Source) -> set[str]:
    return {row["page_key"] for row in connection.execute(query.encode(), (source.name, source.people))}
