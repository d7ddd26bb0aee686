"""IFDB (ifdb.org): its addresses, its search as listing, its RSS and its search as feed, and its pages. How a game's
document reads is in `ifdb_story`, how the RSS does, in `ifdb_news`.

Formats: the site's own code (iftechfoundation/ifdb: viewgame-api.php, search, searchutil.php), its API documentation,
and captures of 2017 and 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlsplit

from game_pipeline.model import AnyRecord, Attribution

from .base import (
    Coverage,
    Expects,
    Feed,
    Listing,
    Page,
    PageRef,
    ParseError,
    Policy,
    Request,
    Response,
    Segment,
    Source,
)
from .identities import site_id
from .ifdb_dump import dump_games, dump_profiles, read_tables
from .ifdb_news import REMEMBERED, Place, read_news
from .ifdb_profiles import TUID, is_profile, profile_address, profile_record
from .ifdb_story import Item, Story, read_reply, search_record, story_record
from .ifiction import clean_ifid
from .urls import on_host, query_of

__all__ = ["IFDB"]

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_AUTHORS = "authors"
_PROFILE_KEY = "user/"
_PER_PAGE = 100
# 20 years of listings are 160 pages; a site that repeats itself for ever is stopped here.
_MAX_PAGES = 1_000
_NEWS = "https://ifdb.org/allnew-rss"
# How far back the search looks that continues the news, by the date a game was listed: wider only when the last one
# seen was not found.
_WINDOWS = ("30d-", "365d-", "2007-")


def _search(added: str, order: str, page: int, since: str = "") -> Request:
    """`since` is nothing to the site: what the news before this search said, for the reader of its reply. It goes
    behind the `#`, which is never sent."""
    query = quote(f"added:{added}", safe=":")
    url = f"https://ifdb.org/search?json&game&searchfor={query}&sortby={order}&pg={page}"
    return Request(f"{url}#{since}" if since else url, conditional=False)


class IFDB(Source):
    """The Interactive Fiction Database.

    The change feed names new listings: the RSS of everything new, one request a look, and where its 25 items do not
    reach back to what was seen, the search by the day of listing (`added:`). An edit of an old page is in no API, so
    pages are revisited; their `pageversion` rises with every edit and is stored as `extra.pageversion`.

    The cover's address carries that version too; it is dropped from the poster's address, which then stays the same
    as long as the game has a cover.

    Pages about people (`showuser`) are in no API, and none is ever fetched: what members say of themselves, and which
    games link to them under which names, is in the dump. A game's page tells nothing of those links, so they are in
    the person's record: their games (`works`) and the names that these credit (`aliases`).
    """

    name = "ifdb"
    title = "IFDB"
    home = "https://ifdb.org/"
    hosts = ("ifdb.org", "ifdb.tads.org")
    attribution = Attribution(site="IFDB", licence="unknown")
    policy = Policy(priority=20)
    verified = True
    parser_version = 1
    expects = Expects(
        records=(10, None),
        page=(1, 1),
        coverage=(
            Coverage("external_ids.tuid", 1.0, "story ifdb tuid"),
            Coverage("credits", 0.9, "story bibliographic author"),
        ),
    )
    segments = (*(Segment(char, f"TUID {char}…") for char in _ALPHABET), Segment(_AUTHORS, "Authors, of the dump"))
    volatile = frozenset(
        {
            "extra.average_rating",
            "extra.page_modified",
            "extra.pageversion",
            "extra.rating_count",
            "extra.rating_count_total",
            "extra.star_rating",
        }
    )

    def owns(self, url: str) -> bool:
        if not on_host(url, self.hosts) or not re.match(r"https?://[^/?#]+/viewgame\?", url, re.IGNORECASE):
            return False
        return bool(self.identity(url) or query_of(url).get("ifid"))

    def identity(self, url: str) -> str | None:
        found = site_id(url)
        return found.value if found and found.scheme == "tuid" else None

    def segment_of(self, key: str) -> str:
        if key.startswith(_PROFILE_KEY):
            return _AUTHORS
        first = key[:1].lower()
        return first if first and first in _ALPHABET else "0"

    def locate(self, url: str) -> Listing:
        if not self.owns(url):
            raise ValueError(f"no address of a game on IFDB (viewgame?id=… or ?ifid=…): {url[:120]}")
        if tuid := self.identity(url):
            return Listing(pages=(self._page(tuid),))
        ifid = clean_ifid(query_of(url)["ifid"])
        if not ifid:
            raise ValueError(f"no IFID in the address: {url[:120]}")
        return Listing(next=(Request(f"https://ifdb.org/viewgame?ifiction&ifid={quote(ifid)}", conditional=False),))

    def listing(self) -> tuple[Request, ...]:
        return (_search("2007-", "lold", 1),)

    def parse_listing(self, response: Response) -> Listing:
        """Read a page of search results, or the viewgame document that an IFID was looked up by."""
        reply = read_reply(response.body)
        if isinstance(reply, Story):
            return Listing(pages=(self._page(self._tuid_of(reply)),))
        return Listing(pages=self._pages(reply), next=self._next(response.url, reply, "2007-", "lold"))

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        return (Request(_NEWS),)

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """New listings down to the last one seen; the cursor is a `Place`.

        Where the RSS does not reach back to it, the search goes on, newest first; a walk that reaches the end of its
        window without meeting a listing that was seen starts again in a wider window. So nothing is skipped however
        long the feed was not read. Without a cursor the RSS and, if that has few listings, one page of the search fix
        the place; the listing does the rest.
        """
        place = Place.of(cursor)
        if urlsplit(response.url).path == urlsplit(_NEWS).path:
            return self._news(response.body, place)
        reply = read_reply(response.body)
        if isinstance(reply, Story):
            raise ParseError("searchReply", "a game's page instead of search results")
        tuids = [tuid for tuid in dict.fromkeys(item.tuid for item in reply) if TUID.fullmatch(tuid)]
        since = urlsplit(response.request.url if response.request else response.url).fragment
        first = self._page_number(response.url) == 1
        newest = place.after(since, tuids).cursor if first and tuids else None
        fresh, known = place.above(tuids)
        more: tuple[Request, ...] = ()
        if place.seen and not known:
            window = query_of(response.url).get("searchfor", "").partition(":")[2]
            more = self._next(response.url, reply, window or _WINDOWS[0], "lnew")
            if not more and window in _WINDOWS[:-1]:
                more = (_search(_WINDOWS[_WINDOWS.index(window) + 1], "lnew", 1, since),)
        return Feed(pages=tuple(map(self._page, fresh)), cursor=newest, next=more)

    def _news(self, body: bytes, place: Place) -> Feed:
        news = read_news(body)
        fresh, complete = news.since(place)
        pages = tuple(map(self._page, fresh))
        since = news.dates[0] if news.dates else ""
        here = place.after(since, list(news.listings))
        # A place without listings is no place for a search that may once have to go on from there.
        if since and (complete if place.seen else len(here.seen) == REMEMBERED):
            return Feed(pages=pages, cursor=here.cursor)
        return Feed(pages=pages, next=(_search(_WINDOWS[0], "lnew", 1, since),))

    def parse(self, page: Page) -> list[AnyRecord]:
        """One record of a viewgame document, or of a profile of the dump; of search results, a partial record each,
        with a warning."""
        if is_profile(page.body):
            return [profile_record(self, page.body)]
        reply = read_reply(page.body)
        if isinstance(reply, Story):
            tuid = reply.tuid or self.identity(page.url) or page.key
            if not TUID.fullmatch(tuid):
                raise ParseError("ifdb tuid", "missing")
            return [story_record(self, reply, tuid)]
        return [search_record(self, item) for item in dict.fromkeys(reply) if TUID.fullmatch(item.tuid)]

    def read_dump(self, lines: Iterable[str]) -> Iterator[tuple[PageRef, bytes]]:
        """The games of `ifdb-archive.sql`, which the IF Archive has anew each quarter (if-archive/info/ifdb/), and the
        profiles of their authors."""
        tables = read_tables(lines)
        for tuid, body in dump_games(tables):
            if TUID.fullmatch(tuid):
                yield self._page(tuid), body
        for user, body in dump_profiles(tables):
            if TUID.fullmatch(user):
                address = profile_address(user)
                yield PageRef(f"{_PROFILE_KEY}{user}", address, Request(address), visited=False), body

    @staticmethod
    def _page(tuid: str) -> PageRef:
        return PageRef(
            key=tuid,
            url=f"https://ifdb.org/viewgame?id={tuid}",
            request=Request(f"https://ifdb.org/viewgame?ifiction&id={tuid}"),
        )

    def _pages(self, items: tuple[Item, ...]) -> tuple[PageRef, ...]:
        tuids = dict.fromkeys(item.tuid for item in items)
        return tuple(self._page(tuid) for tuid in tuids if TUID.fullmatch(tuid))

    @staticmethod
    def _tuid_of(story: Story) -> str:
        if not TUID.fullmatch(story.tuid):
            raise ParseError("ifdb tuid", "missing")
        return story.tuid

    @staticmethod
    def _page_number(url: str) -> int:
        number = query_of(url).get("pg", "1")
        return int(number) if re.fullmatch(r"[1-9]\d{0,5}", number) else 1

    def _next(self, url: str, items: tuple[Item, ...], added: str, order: str) -> tuple[Request, ...]:
        """The following page, unless this one is the last: it has room left. A hidden game fills its place with a
        repeat, so repeats count."""
        number = self._page_number(url)
        if len(items) < _PER_PAGE:
            return ()
        if number >= _MAX_PAGES:
            raise ParseError("search pg", f"{number} pages of results: the site repeats itself")
        return (_search(added, order, number + 1),)
