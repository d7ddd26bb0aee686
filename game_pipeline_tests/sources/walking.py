"""Walking a replica without any network, as the crawler would: its list to the end, its feed, its pages read."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from game_pipeline.demo.replicas import world_on
from game_pipeline.demo.replicas.registry import REPLICAS
from game_pipeline.demo.replicas.reply import Target
from game_pipeline.model import GameRecord
from game_pipeline.sources import SOURCES, Page, PageRef, Request, Response

__all__ = ["ask", "listed", "news", "record_of", "records"]

LAYOUT = frozenset({"layout"})


def ask(site: str, request: Request, *, day: int = 1, switches: Iterable[str] = ()) -> Response:
    parts = urlsplit(request.url)
    raw = f"{parts.path}?{parts.query}" if parts.query else parts.path
    target = Target.parse(raw, headers={"host": parts.hostname or ""}, switches=frozenset(switches))
    reply = REPLICAS[site].answer(world_on(day), target)
    return Response(request.url, reply.status, reply.body, {"content-type": reply.content_type}, request)


def listed(site: str, *, switches: Iterable[str] = ()) -> list[PageRef]:
    """Every page that the source's listing names, in order."""
    source = SOURCES[site]
    pages, requests = list(source.fixed_pages()), list(source.listing())
    while requests:
        listing = source.parse_listing(ask(site, requests.pop(0), switches=switches))
        pages += listing.pages
        requests += listing.next
    return pages


def news(site: str, cursor: str | None, *, day: int = 1) -> tuple[dict[str, str | None], str | None]:
    """What the feed names (page key: fingerprint), and the new cursor."""
    source = SOURCES[site]
    requests, newest = list(source.changes_since(cursor)), cursor
    named: dict[str, str | None] = {}
    while requests:
        feed = source.parse_feed(ask(site, requests.pop(0), day=day), cursor)
        named |= {page.key: page.fingerprint for page in feed.pages}
        requests += feed.next
        newest = feed.cursor or newest
    return named, newest


def record_of(site: str, page: PageRef, *, day: int = 1, switches: Iterable[str] = ()) -> GameRecord:
    """The one record of a page. Raises what the source raises."""
    (record,) = SOURCES[site].parse(Page(page.url, ask(site, page.request, day=day, switches=switches).body, page.key))
    return record


def records(site: str, *, day: int = 1) -> dict[str, GameRecord]:
    """Every record that the site gives."""
    source = SOURCES[site]
    found = (source.parse(Page(page.url, ask(site, page.request, day=day).body, page.key)) for page in listed(site))
    return {record.identity: record for parsed in found for record in parsed}
