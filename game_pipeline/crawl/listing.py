"""Walking a source's listing to its end, over as many runs as that takes: what is still to be asked is kept as rows.

A page that the listing names is known at once; that a page is missing from it is known only when the walk is done.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.parsing import Parser
from game_pipeline.sources import PageRef, ParseError, Request, Source
from game_pipeline.store import Store

from . import frontier
from .client import Fetched
from .outcomes import FetchError
from .people_pages import renew_credited
from .treatment import treatment_of

__all__ = ["listing_due", "owe_listing", "walk_listing"]

MAX_LISTING_REQUESTS = 20_000

FRESH = dt.timedelta(days=1)
"""A walk that was interrupted is continued within this time: sites' listings move on."""


def listing_due(store: Store, source: Source, since: dt.datetime | None) -> bool:
    """Was the source never listed to its end, is a listing owed, or was none since then?"""
    row = store.row(
        "SELECT listed_at IS NULL OR listing_owed OR listed_at < %s AS due FROM importer_health WHERE source = %s",
        (since, source.name),
    )
    return row is None or row["due"] is True


def owe_listing(store: Store, source: Source) -> None:
    """The listing was to be walked and had to wait: the next run does it."""
    store.execute("UPDATE importer_health SET listing_owed = true WHERE source = %s", (source.name,))


def walk_listing(
    store: Store,
    source: Source,
    fetch: Callable[[Request], Fetched],
    parser: Parser,
    *,
    since: dt.datetime | None,
    go_on: Callable[[], None],
) -> Counter[str]:
    """Enumerate the source's pages to the end, from where an earlier walk was interrupted (not before `since`).

    Returns what it came to. Raises `FetchError`, `ParseError` or what `go_on`, called before each request, raises;
    what was seen is kept.
    """
    counts: Counter[str] = Counter()
    with store.transaction() as connection:
        counts["requests_resumed"] = _begin(connection, source, since)
    asked = counts["requests_resumed"]
    while (step := _next(store, source)) is not None:
        step_id, request = step
        asked += 1
        try:
            if asked > MAX_LISTING_REQUESTS:
                raise ParseError("listing", f"does not end after {MAX_LISTING_REQUESTS} requests")
            go_on()
            fetched = fetch(request)
            counts["requests"] += fetched.requests
            listing = parser.parse_listing(source, fetched.response)
        except (FetchError, ParseError) as error:
            if isinstance(error, ParseError) or not treatment_of(error).stays_due:
                _forget(store, source)  # the same request would fail again
            raise
        with store.transaction() as connection:
            _note(connection, source, listing.pages)
            _add(connection, source, listing.next)
            connection.execute(b"UPDATE listing_step SET done = true WHERE step_id = %s", (step_id,))
    go_on()
    with store.transaction() as connection:
        counts += _conclude(connection, source)
    return counts


_RESUMABLE = b"""
SELECT (SELECT count(*) FROM listing_step WHERE listing_step.source = walk.source AND done)::int AS asked
FROM listing_walk AS walk
WHERE source = %(source)s AND parser_version = %(version)s AND began_at > now() - %(fresh)s::interval
  AND (%(since)s::timestamptz IS NULL OR began_at >= %(since)s)
"""


def _begin(connection: Connection[DictRow], source: Source, since: dt.datetime | None) -> int:
    """Take up the walk that was interrupted, or begin one. Returns how many requests are done already."""
    facts = {"source": source.name, "version": source.parser_version, "fresh": FRESH, "since": since}
    found = connection.execute(_RESUMABLE, facts).fetchone()
    if found is not None:
        return int(found["asked"])
    connection.execute(b"DELETE FROM listing_walk WHERE source = %(source)s", facts)
    connection.execute(b"INSERT INTO listing_walk (source, parser_version) VALUES (%(source)s, %(version)s)", facts)
    _note(connection, source, source.fixed_pages())
    _add(connection, source, list(source.listing()))
    return 0


def _next(store: Store, source: Source) -> tuple[int, Request] | None:
    row = store.row(
        "SELECT step_id, url, more, conditional FROM listing_step WHERE source = %s AND NOT done "
        "ORDER BY step_id LIMIT 1",
        (source.name,),
    )
    if row is None:
        return None
    return row["step_id"], replace(Request.of(row["url"], row["more"]), conditional=row["conditional"])


# A listing that leads back into itself ends there.
_ADD = b"""
INSERT INTO listing_step (source, request, url, more, conditional) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (source, request) DO NOTHING
"""


def _add(connection: Connection[DictRow], source: Source, requests: Sequence[Request]) -> None:
    if not requests:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            _ADD,
            [
                (
                    source.name,
                    sha256(request.identity.encode(errors="surrogatepass")).digest(),
                    request.url,
                    None if (more := request.more()) is None else Jsonb(more),
                    request.conditional,
                )
                for request in requests
            ],
        )


def _note(connection: Connection[DictRow], source: Source, pages: Sequence[PageRef]) -> None:
    frontier.observe(connection, source, pages, listed=True)
    frontier.note_listed(connection, source, [page.key for page in pages])


def _conclude(connection: Connection[DictRow], source: Source) -> Counter[str]:
    """The walk is done: whatever it did not name is missing."""
    released = connection.execute(
        b"SELECT 1 FROM importer_health WHERE source = %s AND listing_released > now() - interval '7 days'",
        (source.name,),
    ).fetchone()
    share = 1.0 if released else source.policy.max_vanished_share
    renew_credited(connection, source)
    named, unlisted, missing = frontier.unlist_missing(connection, source, share)
    if unlisted == missing:  # a listing held as broken is no listing
        connection.execute(
            b"INSERT INTO importer_health (source, listed_at) VALUES (%s, now()) "
            b"ON CONFLICT (source) DO UPDATE SET listed_at = now(), listing_owed = false, listing_released = NULL",
            (source.name,),
        )
    connection.execute(b"DELETE FROM listing_walk WHERE source = %s", (source.name,))
    return Counter(pages_listed=named, pages_unlisted=unlisted, pages_missing_held=missing - unlisted)


def _forget(store: Store, source: Source) -> None:
    store.execute("DELETE FROM listing_walk WHERE source = %s", (source.name,))
