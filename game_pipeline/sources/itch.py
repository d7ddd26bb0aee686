"""itch.io: the RSS of its browse pages. There is no catalogue API; a page of a feed carries its games' records.

Format: as third parties describe it (`https://itch.io/games/newest.xml?page=N`, 36 items a page); no capture was seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from game_pipeline.model import Attribution, GameRecord, digest

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
from .draft import Draft
from .jsondoc import number
from .many import read_many
from .rss import moment, rss_items
from .text import html_to_markdown, unescape_all
from .urls import query_of
from .xml import child, children, leaves, local, text_of

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["Itch"]

# Feed by segment: everything, then what of it is about texts. All are sorted by the newest.
_FEEDS = {
    "newest": "https://itch.io/games/newest.xml",
    "interactive-fiction": "https://itch.io/games/newest/tag-interactive-fiction.xml",
    "text-based": "https://itch.io/games/newest/tag-text-based.xml",
    "twine": "https://itch.io/games/newest/tag-twine.xml",
    "visual-novel": "https://itch.io/games/newest/genre-visual-novel.xml",
}
_TITLES = {
    "newest": "Newest games",
    "interactive-fiction": "Interactive fiction",
    "text-based": "Text based",
    "twine": "Twine",
    "visual-novel": "Visual novels",
}
_PER_PAGE = 36
_DEEPEST = 50  # pages of a feed: some two thousand games; the site wants no deeper walks
_KEY = re.compile(r"([a-z-]+)/([1-9]\d{0,3})")
_PLATFORMS = {"windows": "Windows", "linux": "Linux", "osx": "macOS", "android": "Android", "html": "Web"}
_BRACKETS = re.compile(r"\s*\[([^\[\]]*)\]\s*$")
_NO_GENRE = re.compile(r"free|\d|%|windows|macos|linux|android|web|html", re.IGNORECASE)
_READ = frozenset(
    [
        *("guid", "title", "plainTitle", "imageurl", "price", "currency", "link", "description", "pubDate"),
        *("createDate", "updateDate", "platforms", "sale", "saleends", "discountpercent"),
    ]
)


class Itch(Source):
    """itch.io. A page is a window over a feed that grows at its front: games move on to the next page as new ones
    come, and one that is on no page any more has not left the site.

    An identity is the address of the game (`author.itch.io/game`): feeds carry no number. `verified` is False: no
    reply was ever seen.
    """

    name = "itch"
    title = "itch.io"
    home = "https://itch.io/"
    hosts = ("itch.io",)
    attribution = Attribution(site="itch.io", licence="unknown")
    policy = Policy(min_delay=5.0, priority=55)
    verified = False
    parser_version = 1
    segments = tuple(Segment(key, _TITLES[key]) for key in _FEEDS)
    volatile = frozenset({"extra.price", "extra.currency", "extra.on_sale"})
    expects = Expects(
        coverage=(
            Coverage("urls.poster", 0.5, "item imageurl"),
            Coverage("extra.published", 0.9, "item pubDate"),
        )
    )
    pages_move = True

    def segment_of(self, key: str) -> str:
        match = _KEY.fullmatch(key)
        return match[1] if match and match[1] in _FEEDS else "newest"

    def locate(self, url: str) -> Listing:
        """The newest games of all feeds: no document says what the feeds say about one game."""
        if not self.owns(url):
            raise ValueError(f"no address of a game on itch.io (author.itch.io/game): {url[:120]}")
        return Listing(pages=tuple(self._page(feed, 1) for feed in _FEEDS))

    def listing(self) -> tuple[Request, ...]:
        return tuple(self._request(feed, 1) for feed in _FEEDS)

    def parse_listing(self, response: Response) -> Listing:
        """A page of a feed, and the next one while pages are full."""
        feed, number = self._place(response.url)
        items = rss_items(response.body)
        if not items:
            return Listing()
        following = (self._request(feed, number + 1),) if len(items) >= _PER_PAGE and number < _DEEPEST else ()
        return Listing(pages=(self._page(feed, number, self._fingerprint(items)),), next=following)

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        return self.listing()

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """The feeds down to the newest game seen. The cursor is the newest publication there is, which the feed of
        everything knows; without one its first pages fix the place."""
        feed, number = self._place(response.url)
        items = rss_items(response.body)
        if not items:
            return Feed()
        moments = [time for item in items if (time := moment(text_of(item, "pubDate")))]
        pages = (self._page(feed, number, self._fingerprint(items)),)
        newest = max([*moments, cursor or ""]) if number == 1 and feed == "newest" and moments else None
        unknown = bool(cursor) and bool(moments) and min(moments) > (cursor or "")
        more = unknown and len(items) >= _PER_PAGE and number < _DEEPEST
        return Feed(pages=pages, cursor=newest, next=(self._request(feed, number + 1),) if more else ())

    def parse(self, page: Page) -> list[GameRecord]:
        """The games of a feed's page. One that cannot be read is left out, and the first of the others says so."""
        return read_many(rss_items(page.body), "rss channel item", self._record, first=1)

    def _record(self, item: etree._Element, where: str) -> GameRecord:
        facts = leaves(item)
        url = facts.get("link") or facts.get("guid", "")
        identity = self.identity(url)
        if identity is None:
            raise ParseError(f"{where} link", f"no address of a game: {url[:80]!r}")
        draft = Draft(self, where)
        title, genre = _title_and_genre(facts.get("title", ""))
        draft.set_title(unescape_all(facts.get("plainTitle", "")) or title)
        draft.external_id("itch", identity)
        draft.tag("genre", genre)
        for platform in children(child(item, "platforms")):
            name = _PLATFORMS.get(local(platform))
            if name is None:
                draft.unread("platform", [local(platform)])
            elif text_of(platform).lower() == "yes":
                draft.tag("platform", name)
        draft.describe(html_to_markdown(facts.get("description", ""), base=url))
        draft.link(facts.get("imageurl", ""), "poster")
        price = facts.get("price", "").lstrip("$€£¥")
        draft.extra("price", number(price))
        draft.extra("currency", facts.get("currency", ""))
        draft.extra("on_sale", facts.get("discountpercent", ""))
        for key, element in (("published", "pubDate"), ("created", "createDate"), ("updated", "updateDate")):
            text = facts.get(element, "")
            time = moment(text)
            if text and not time:
                draft.warn(f"{element} not understood: {text[:60]}")
            draft.extra(key, time)
        draft.unread("element", (name for inner in children(item) if (name := local(inner)) not in _READ))
        return draft.build(identity=identity, url=f"https://{identity}")

    @staticmethod
    def _fingerprint(items: list[etree._Element]) -> str:
        rows = []
        for item in items:
            facts = leaves(item)
            rows.append([facts.get(name, "") for name in ("guid", "title", "updateDate")])
        return digest(rows)

    @staticmethod
    def _place(url: str) -> tuple[str, int]:
        """The feed and the page of it that an address names."""
        address = url.partition("?")[0]
        feed = next((key for key, known in _FEEDS.items() if known == address), "newest")
        page = query_of(url).get("page", "1")
        return feed, int(page) if re.fullmatch(r"[1-9]\d{0,3}", page) else 1

    @staticmethod
    def _request(feed: str, number: int) -> Request:
        return Request(f"{_FEEDS[feed]}?page={number}", conditional=False)

    def _page(self, feed: str, number: int, fingerprint: str | None = None) -> PageRef:
        url = f"{_FEEDS[feed]}?page={number}"
        return PageRef(key=f"{feed}/{number}", url=url, request=Request(url), fingerprint=fingerprint)


def _title_and_genre(text: str) -> tuple[str, str]:
    """ "Name [Free] [Visual Novel] [Windows]" taken apart: prices and platforms are elsewhere, too."""
    text, genre = unescape_all(text), ""
    while match := _BRACKETS.search(text):
        if not match.start():
            break  # the name itself is in brackets
        if not _NO_GENRE.search(match[1]):
            genre = match[1]
        text = text[: match.start()]
    return text, genre
