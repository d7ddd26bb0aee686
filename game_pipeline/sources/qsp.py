"""qsp.org: the catalogue of QSP games by its API, and by address the pages that its predecessor qsp.su had. How a
game reads, in each of the formats, is in `qsp_formats`.

Format: the importer of mooskagh/ifdb, its tests, and a public client of the API; one real entry of the old XML list.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from game_pipeline.model import Attribution, GameRecord

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
from .jsondoc import listed, mapping, number, parse_json, string
from .qsp_formats import api_record, list_records, old_record
from .ranges import IdRanges
from .urls import query_of

__all__ = ["Qsp"]

_API = "https://qsp.org/api/v1/games"
_SITE = "https://qsp.org/"
_OLD_SITE = "http://qsp.su/"
_OLD = "sobi2-"
_PER_PAGE = 100
_MAX_PAGES = 500
_SLUG = re.compile(r"[1-9][0-9]{0,8}(?:-[^/?#]{0,300})?")


class Qsp(Source):
    """The QSP games. A game of qsp.org is known by the number that its slug begins with. A page of the old qsp.su, read
    only where its address is given, is known by its `sobi2Id`: whether the numbers are the same is not known.

    The API's list is the feed, too, newest first. `created_at` is when the game was put into the catalogue, not when it
    came out: it is `extra.added`.
    """

    name = "qsp"
    title = "qsp.org"
    home = _SITE
    hosts = ("qsp.org", "qsp.su")
    attribution = Attribution(site="qsp.org", licence="unknown")
    policy = Policy(priority=35)
    verified = False
    parser_version = 1
    expects = Expects(
        records=(5, None),
        page=(1, 1),
        coverage=(
            Coverage("credits", 0.7, "data.authors"),
            Coverage("descriptions", 0.7, "data.description_html"),
            Coverage("urls.download_direct", 0.7, "data.file_url"),
            Coverage("extra.added", 0.9, "data.created_at"),
        ),
    )
    ranges = IdRanges("games", "Games", size=100, count=24)
    segments = (*ranges.segments, Segment("old", "Pages of qsp.su"))
    volatile = frozenset({"extra.updated", "extra.downloads", "extra.plays", "extra.likes", "extra.comments"})

    def segment_of(self, key: str) -> str:
        return "old" if key.startswith(_OLD) else self.ranges.of(key)

    def locate(self, url: str) -> Listing:
        identity = self.identity(url)
        if identity is None:
            raise ValueError(f"no address of a game on qsp.org (games/…) or qsp.su (…sobi2Id=…): {url[:120]}")
        if identity.startswith(_OLD):
            return Listing(pages=(self._old_page(identity),))
        slug = next(filter(_SLUG.fullmatch, unquote(urlsplit(url).path).split("/")), identity)
        return Listing(pages=(self._page(slug),))

    def listing(self) -> tuple[Request, ...]:
        return (self._list(1),)

    def parse_listing(self, response: Response) -> Listing:
        games, more = self._read_list(response)
        return Listing(pages=tuple(page for page, _ in games), next=more)

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        return (self._list(1, newest_first=True),)

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """The list down to the newest game seen before; the cursor is when that one was put into the catalogue.

        What the list says of older games on the way counts as well: `updated_at` is their fingerprint. A list that is
        not in the order asked for is read to its end, and leaves the cursor where it is.
        """
        games, more = self._read_list(response)
        ages = [age for _, age in games]
        ordered = ages == sorted(ages, reverse=True)
        reached = cursor is None or (ordered and any(age <= cursor for age in ages))
        newest = ages[0] if ages and ordered and _page_number(response.url) == 1 else None
        return Feed(pages=tuple(page for page, _ in games), cursor=newest, next=() if reached else more)

    def parse(self, page: Page) -> list[GameRecord]:
        """The game of an API reply; of a page of qsp.su; the games of the old XML list, where somebody has it."""
        start = page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
        if start.startswith(b"{"):
            game = mapping(parse_json(page.body, what="game").get("data"))
            page_of_game = self._listed(game, "data")
            return [api_record(self, game, identity=page_of_game.key, url=page_of_game.url)]
        if start.startswith(b"<?xml") or b"<game_list" in start:
            return list_records(self, page.body, lambda identity: f"{_SITE}games/{identity}")
        identity = self.identity(page.url) or page.key
        if not identity.startswith(_OLD):
            raise ParseError("url", f"no address of a page of qsp.su: {page.url[:120]}")
        return [old_record(self, page.body, identity=identity, url=self._old_page(identity).url)]

    def _read_list(self, response: Response) -> tuple[list[tuple[PageRef, str]], tuple[Request, ...]]:
        """The games of one page of the list, each with what tells how new it is, and the request for the next page."""
        document = parse_json(response.body, what="games")
        page, last = _page_number(response.url), number(mapping(document.get("meta")).get("last_page"))
        if not isinstance(document.get("data"), list) or not isinstance(last, int):
            raise ParseError("data", string(document.get("message"))[:120] or "no list of games with its last page")
        if last > _MAX_PAGES:
            raise ParseError("meta.last_page", f"{last} pages, {_MAX_PAGES} at most")
        games = []
        for position, item in enumerate(listed(document["data"])):
            game = mapping(item)
            found = self._listed(game, f"data[{position}]")
            games.append((found, string(game.get("created_at")) or found.key.zfill(12)))
        if not games and page <= last:
            raise ParseError("data", f"page {page} of {last} is empty")
        if page >= last:
            return games, ()
        newest_first = query_of(response.url).get("sort") == "created"
        return games, (self._list(page + 1, newest_first=newest_first),)

    def _listed(self, game: dict[str, Any], where: str) -> PageRef:
        """The page of a game as the API tells of it. Raises `ParseError` where its slug begins with no number."""
        slug = string(game.get("slug"))
        if not _SLUG.fullmatch(slug):
            raise ParseError(f"{where}.slug", f"no number in {slug[:80]!r}")
        return self._page(slug, string(game.get("updated_at")) or None)

    @staticmethod
    def _page(slug: str, fingerprint: str | None = None) -> PageRef:
        return PageRef(
            key=slug.partition("-")[0],
            url=f"{_SITE}games/{quote(slug, safe='')}",
            request=Request(f"{_API}/{quote(slug, safe='')}"),
            fingerprint=fingerprint,
        )

    @staticmethod
    def _old_page(identity: str) -> PageRef:
        number = identity.removeprefix(_OLD)
        url = f"{_OLD_SITE}index.php?option=com_sobi2&sobi2Task=sobi2Details&sobi2Id={number}"
        return PageRef(key=identity, url=url, request=Request(url))

    @staticmethod
    def _list(page: int, *, newest_first: bool = False) -> Request:
        order = "&sort=created&order=desc" if newest_first else ""
        return Request(f"{_API}?per-page={_PER_PAGE}&page={page}{order}", conditional=False)


def _page_number(url: str) -> int:
    page = query_of(url).get("page", "1")
    return int(page) if re.fullmatch(r"[1-9][0-9]{0,5}", page) else 1
