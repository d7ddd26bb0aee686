"""The light look at a source that decides whether a run is worth while: its change feed, and what is due anyway."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from psycopg.types.json import Jsonb

from game_pipeline.sources import Feed, PageRef, Request, Source
from game_pipeline.store import Store

from . import frontier
from .client import Validators
from .people_pages import known_people_only
from .visit import Visitor

__all__ = ["ProbeResult", "probe"]

MAX_FEED_REQUESTS = 10


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe found: pages that are new or signalled, and the segments with work to do (in their order)."""

    signalled: int
    segments: tuple[str, ...]
    cursor: str | None
    requests: int


def probe(store: Store, visitor: Visitor, source: Source, *, max_requests: int = MAX_FEED_REQUESTS) -> ProbeResult:
    """Read the change feed from the stored cursor and mark what it names as due.

    The cursor moves only over what was read and stored. Where there is more news than one look should read, the next
    look goes on where this one stopped, and the cursor moves when the end was reached. Raises `FetchError` or
    `ParseError` with nothing marked; a walk that fails begins anew.
    """
    row = store.row("SELECT feed_cursor, feed_rest FROM importer_health WHERE source = %s", (source.name,))
    cursor: str | None = row["feed_cursor"] if row else None
    rest: dict[str, Any] = (row["feed_rest"] if row else None) or {}
    queue = [replace(Request.of(each["url"], each["more"]), conditional=False) for each in rest.get("requests", ())]
    newest = rest.get("cursor", cursor)
    if not queue:
        queue, newest = list(source.changes_since(cursor)), cursor
    else:
        store.execute("UPDATE importer_health SET feed_rest = NULL WHERE source = %s", (source.name,))
    pages: list[PageRef] = []
    requests = 0
    seen: set[str] = set()
    while queue and requests < max_requests:
        request = queue.pop(0)
        if request.identity in seen:
            continue
        seen.add(request.identity)
        fetched = visitor.fetch(request, _validators(store, source, request) if request.conditional else None)
        requests += fetched.requests
        if fetched.not_modified:
            continue
        feed: Feed = visitor.parser.parse_feed(source, fetched.response, cursor)
        pages += feed.pages
        queue += feed.next
        newest = feed.cursor or newest
    left = None
    if queue:  # more news than one look should read
        left = {"cursor": newest, "requests": [{"url": each.url, "more": each.more()} for each in queue]}
        newest = cursor
    with store.transaction() as connection:
        signalled = frontier.observe(connection, source, known_people_only(connection, source, pages))
        connection.execute(
            b"INSERT INTO importer_health (source, feed_cursor, feed_rest, probed_at) VALUES (%s, %s, %s, now()) "
            b"ON CONFLICT (source) DO UPDATE SET feed_cursor = excluded.feed_cursor, feed_rest = excluded.feed_rest, "
            b"probed_at = now()",
            (source.name, newest, None if left is None else Jsonb(left)),
        )
        due = set(frontier.due_segments(connection, source.name))
    return ProbeResult(
        signalled=signalled,
        segments=tuple(key for key in source.segment_keys() if key in due),
        cursor=newest,
        requests=requests,
    )


def _validators(store: Store, source: Source, request: Request) -> Validators | None:
    """Where the feed is a page that is also stored, ask only for what is newer."""
    row = store.row(
        "SELECT etag, last_modified FROM source_url_state WHERE source = %s AND request_url = %s",
        (source.name, request.url),
    )
    return Validators(etag=row["etag"], last_modified=row["last_modified"]) if row else None
