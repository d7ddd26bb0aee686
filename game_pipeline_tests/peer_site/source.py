"""The site as a source of ours: a listing discovered by following links, a page a game, read by CSS selectors."""

from __future__ import annotations

import re
from typing import ClassVar

from game_pipeline.model import Attribution, GameRecord
from game_pipeline.sources import Listing, Page, PageRef, ParseError, Policy, Request, Response, Segment, Source
from game_pipeline.sources.draft import Draft
from game_pipeline.sources.html import attribute, parse_html, text, texts

from .pages import index_path

__all__ = ["HOST", "PeerSource"]

HOST = "peers.example"
_HOME = f"http://{HOST}"
_GAME = re.compile(rf"{_HOME}/game/(\d+)")


class PeerSource(Source):
    """The peers' site, in one segment."""

    name = "peers"
    title = "Peers"
    home = f"{_HOME}/"
    hosts = (HOST,)
    attribution = Attribution(site="Peers", licence="unknown")
    policy = Policy(min_delay=0)
    parser_version = 1
    segments: ClassVar[tuple[Segment, ...]] = (Segment("all", "All games"),)

    def owns(self, url: str) -> bool:
        return _GAME.fullmatch(url) is not None

    def identity(self, url: str) -> str | None:
        match = _GAME.fullmatch(url)
        return match[1] if match else None

    def segment_of(self, key: str) -> str:
        return "all"

    def locate(self, url: str) -> Listing:
        return Listing(pages=(self._page(url),))

    def listing(self) -> tuple[Request, ...]:
        return (Request(_HOME + index_path(1), conditional=False),)

    def parse_listing(self, response: Response) -> Listing:
        selector = parse_html(response.body, what="index")
        games = selector.css("a.game::attr(href)").getall()
        if not games:
            raise ParseError("a.game", "no game in the index")
        more = selector.css("a.more::attr(href)").getall()
        return Listing(
            pages=tuple(self._page(_HOME + href) for href in games),
            next=tuple(Request(_HOME + href, conditional=False) for href in more),
        )

    def _page(self, url: str) -> PageRef:
        identity = self.identity(url)
        if identity is None:
            raise ValueError(f"{url} is no game of {self.title}")
        return PageRef(key=identity, url=url, request=Request(url))

    def parse(self, page: Page) -> list[GameRecord]:
        selector = parse_html(page.body)
        draft = Draft(self, "h1.title")
        draft.set_title(text(selector, "h1.title"))
        draft.describe("\n\n".join(texts(selector, "div.description p")), "en")
        for link in selector.css("ul.links a.link"):
            draft.link(attribute(link, "href"), label=text(link), base=page.url)
        return [draft.build(identity=page.key, url=page.url)]
