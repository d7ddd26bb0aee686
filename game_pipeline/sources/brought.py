"""What a source of which nothing is crawled has in common with others: its pages are brought to it."""

from __future__ import annotations

from typing import ClassVar

from .base import Listing, ParseError, Request, Response, Source

__all__ = ["BroughtSource"]


class BroughtSource(Source):
    """Nothing is listed or fetched, and no address is one of its games'. All pages are of the segment `games`."""

    how: ClassVar[str]
    """How its pages come, after the source's name: `is a file that is imported`."""

    def owns(self, url: str) -> bool:
        return False

    def identity(self, url: str) -> str | None:
        return None

    def segment_of(self, key: str) -> str:
        return "games"

    def locate(self, url: str) -> Listing:
        raise ValueError(f"{self.name} {self.how}, it has no addresses to import: {url[:120]}")

    def listing(self) -> tuple[Request, ...]:
        return ()

    def parse_listing(self, response: Response) -> Listing:
        raise ParseError("listing", f"{self.name} {self.how}, it is not listed anywhere")
