"""Sites that list their games latest first, in parts counted by games (`from=0`, `from=20`...): the list is the feed.

What such a site's addresses and pages look like, its own module says.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from .base import Feed, Listing, PageRef, ParseError, Request, Response, Source
from .html import parse_html
from .ranges import IdRanges
from .urls import query_of

if TYPE_CHECKING:
    from parsel import Selector

__all__ = ["LatestFirst"]

_LAST_START = 20_000  # games; a list that goes on after them repeats itself
_REMEMBERED = 5


class LatestFirst(Source):
    """A site whose games have numbers and a page each."""

    listed: ClassVar[str]
    """The selector that finds the games of a list, for people."""
    ranges: ClassVar[IdRanges]

    @abstractmethod
    def part_of_list(self, start: int) -> Request:
        """The part of the list that begins after `start` games."""

    @abstractmethod
    def games_in(self, part: Selector) -> list[str]:
        """The numbers of the games of a part, in order, each once."""

    @abstractmethod
    def page_of(self, number: str) -> PageRef: ...

    def segment_of(self, key: str) -> str:
        return self.ranges.of(key)

    def locate(self, url: str) -> Listing:
        number = self.identity(url)
        if number is None:
            raise ValueError(f"no address of a game on {self.title} ({self.page_of('…').url}): {url[:120]}")
        return Listing(pages=(self.page_of(number),))

    def listing(self) -> tuple[Request, ...]:
        return (self.part_of_list(0),)

    def parse_listing(self, response: Response) -> Listing:
        """Games of one part of the list. The part after the last names none; the first one names some."""
        start = _start_of(response.url)
        games = self.games_in(parse_html(response.body, self.policy.encoding))
        if not games and start == 0:
            raise ParseError(self.listed, "the list begins without a game")
        if start >= _LAST_START:
            raise ParseError("from", f"the list goes on after {start} games: the site repeats itself")
        more = (self.part_of_list(start + len(games)),) if games else ()
        return Listing(pages=tuple(map(self.page_of, games)), next=more)

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        return (self.part_of_list(0),)

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """The list down to a game seen before.

        The cursor is the newest few numbers, lest one game that is taken back lose the place; without a cursor one
        part of the list fixes it.
        """
        listing = self.parse_listing(response)
        keys = [page.key for page in listing.pages]
        seen = set((cursor or "").split())
        known = next((place for place, key in enumerate(keys) if key in seen), None)
        newest = " ".join(keys[:_REMEMBERED]) if _start_of(response.url) == 0 else None
        more = () if known is not None or not cursor else listing.next
        return Feed(pages=listing.pages[:known], cursor=newest, next=more)


def _start_of(url: str) -> int:
    start = query_of(url).get("from", "0")
    return int(start) if re.fullmatch(r"[0-9]{1,6}", start) else 0
