"""A source walked over its replica without any network, as the crawler would: listing, feed, pages, all in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from urllib.parse import urljoin, urlsplit

from game_pipeline.crawl.keyring import Keyring, token_request
from game_pipeline.crawl.urls import check_url
from game_pipeline.crawl.verdicts import REDIRECTS
from game_pipeline.demo.replicas import REPLICAS, Replicas
from game_pipeline.model import AnyRecord, GameRecord
from game_pipeline.parsing.reading import Job, read
from game_pipeline.sources import Feed, Listing, Page, PageRef, Request, Response, Source, get

from .games import all_games

__all__ = ["Walk", "parse_page", "read_page"]

MOST = 500


def parse_page(source: Source, page: PageRef, body: bytes) -> list[GameRecord]:
    """The games of a page by the way of every page: scanned, mended, parsed. Raises `ParseError`."""
    return all_games(read_page(source, page, body))


def read_page(source: Source, page: PageRef, body: bytes) -> list[AnyRecord]:
    """The same of a page that may be about people, too."""
    records = read(source, Job("parse", page.url, body, key=page.key))
    assert isinstance(records, list)
    return records


class Walk:
    """The site on one day. Whatever it is asked must be on its own hosts, and be answered with 200; pages about people
    may be missing."""

    def __init__(self, name: str, *, day: int = 1, switches: Iterable[str] = ()) -> None:
        self.source = get(name)
        self.name = name
        self.asked: list[Request] = []
        self.replicas = Replicas(day=day, sites=[name])
        for switch in switches:
            self.replicas.switch(name, switch)
        hosts = {secret.name: secret.hosts for secret in self.source.needs}
        if self.source.token is not None:
            hosts[self.source.token.name] = self.source.token.hosts
        values = {secret.name: f"demo-key-{secret.name.lower()}" for secret in self.source.needs}
        self._keys = Keyring(values, hosts, self.source.token)

    def ask(self, request: Request, *, may_miss: bool = False) -> Response:
        self.asked.append(request)
        if self._keys.wants_token(request.url, request.body or "", *(value for _, value in request.headers)):
            assert self._keys.credentials is not None
            self._keys.keep_token(self._send(token_request(self._keys.credentials)).body)
        return self._send(request, may_miss=may_miss)

    def _send(self, request: Request, *, may_miss: bool = False) -> Response:
        url = request.url
        for _ in range(6):
            target = check_url(url)
            assert target.host in REPLICAS[self.name].hosts, f"{self.name} leaves its site: {url}"
            parts = urlsplit(self._keys.fill(url, target, quoted=True))
            headers = {name.lower(): value for name, value in request.headers} | {"host": target.host}
            reply = self.replicas.reply(
                self.name,
                (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
                method=request.method,
                body=self._keys.fill_body(request, target),
                headers=self._keys.fill_headers(headers, target),
            )
            if reply.status not in REDIRECTS:
                break
            url = urljoin(url, dict(reply.headers)["Location"])
        allowed = (200, 404) if may_miss else (200,)
        assert reply.status in allowed, f"{request.method} {request.url} {request.body or ''}: {reply.status}"
        answered = {name.lower(): value for name, value in reply.headers} | {"content-type": reply.content_type}
        return Response(url, reply.status, self._keys.hide_in_body(reply.body), answered, request)

    def listings(self, first: Iterable[Request] | None = None) -> Iterator[tuple[Response, Listing]]:
        """Every reply of the listing (or of the walk that begins with `first`), in the order of the crawler."""
        queue = list(self.source.listing() if first is None else first)
        seen: set[str] = set()
        while queue:
            request = queue.pop(0)
            assert request.identity not in seen, f"the listing leads back to {request.identity}"
            seen.add(request.identity)
            assert len(seen) <= MOST, "the listing does not end"
            response = self.ask(request)
            listing = self.source.parse_listing(response)
            yield response, listing
            queue += listing.next

    @cached_property
    def pages(self) -> dict[str, PageRef]:
        """Every page that the source has, by key."""
        found = {page.key: page for page in self.source.fixed_pages()}
        for _, listing in self.listings():
            found |= {page.key: page for page in listing.pages}
        return found

    @cached_property
    def bodies(self) -> dict[str, bytes]:
        return {key: self.ask(page.request).body for key, page in self.pages.items()}

    @cached_property
    def records(self) -> dict[str, list[GameRecord]]:
        """The records of every page, by the page's key."""
        return {key: parse_page(self.source, self.pages[key], body) for key, body in self.bodies.items()}

    @cached_property
    def people_pages(self) -> dict[str, PageRef]:
        """The pages about people whom the site's games credit, by key; not all of them need exist."""
        credited = {credit.url for games in self.records.values() for game in games for credit in game.credits}
        pages = [self.source.person_page(url) for url in sorted(filter(None, credited))]
        return {page.key: page for page in pages if page is not None}

    @cached_property
    def people_bodies(self) -> dict[str, bytes]:
        """Those that exist."""
        replies = {key: self.ask(page.request, may_miss=True) for key, page in self.people_pages.items()}
        return {
            key: reply.body
            for key, reply in replies.items()
            if reply.status == 200 and self.source.soft_status(reply.body) is None
        }

    @cached_property
    def people(self) -> dict[str, list[AnyRecord]]:
        """The records of the pages about people, by the page's key."""
        return {key: read_page(self.source, self.people_pages[key], body) for key, body in self.people_bodies.items()}

    def feeds(self, cursor: str | None) -> list[tuple[Response, Feed]]:
        """Every reply of the feed since the cursor."""
        queue, seen, found = list(self.source.changes_since(cursor)), set[str](), []
        while queue:
            request = queue.pop(0)
            assert request.identity not in seen, f"the feed leads back to {request.identity}"
            seen.add(request.identity)
            assert len(seen) <= MOST, "the feed does not end"
            response = self.ask(request)
            feed = self.source.parse_feed(response, cursor)
            found.append((response, feed))
            queue += feed.next
        return found

    def news(self, cursor: str | None) -> tuple[dict[str, PageRef], str | None]:
        """The pages that the feed names since the cursor, and the cursor after it, as `crawl.probe` takes them."""
        named: dict[str, PageRef] = {}
        newest = cursor
        for _, feed in self.feeds(cursor):
            named |= {page.key: page for page in feed.pages}
            newest = feed.cursor or newest
        return named, newest


def page_of(page: PageRef, body: bytes) -> Page:
    return Page(url=page.url, body=body, key=page.key)
