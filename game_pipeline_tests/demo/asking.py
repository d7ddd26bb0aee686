"""What tests ask the replicas, as the crawler would: listings, feeds, bodies and records of a day."""

from urllib.parse import urlsplit

import httpx2

from game_pipeline.demo.replicas import (
    CHANGED,
    IFWIKI,
    SITES,
    Replicas,
    world_on,
)
from game_pipeline.demo.world import Link
from game_pipeline.model import GameRecord
from game_pipeline.sources import get
from game_pipeline.sources.base import Page, PageRef, ParseError, Request, Response
from game_pipeline.sources.urls import normalise_url
from game_pipeline_tests.sources.games import games_in

CLIENT = httpx2.Client(follow_redirects=False, trust_env=False)
MEMBERS = "/api.php?action=query&list=categorymembers&cmtitle=Категория:Игры&format=json"
WORLD = world_on(1)
CHANGED_KEYS = {site: {key for changed, key in CHANGED if changed == site} for site in SITES}


def ask(replicas: Replicas, site: str, path: str, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return CLIENT.get(replicas.origin(site) + path, headers=named)


def fetch(replicas: Replicas, request: Request) -> Response:
    """What the crawler does with a request: the host's route, path and query as they are."""
    parts = urlsplit(request.url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    reply = CLIENT.get(replicas.routes[parts.hostname or ""] + path)
    return Response(request.url, reply.status_code, reply.content, dict(reply.headers))


def listed(replicas: Replicas, site: str) -> list[PageRef]:
    source = get(site)
    pages, requests = list(source.fixed_pages()), list(source.listing())
    while requests:
        listing = source.parse_listing(fetch(replicas, requests.pop(0)))
        pages += listing.pages
        requests += listing.next
    return pages


def news(replicas: Replicas, site: str, cursor: str | None) -> tuple[list[PageRef], str | None, int]:
    """The pages that the change feed names, the new cursor, and how many replies that took."""
    source = get(site)
    pages: list[PageRef] = []
    requests, newest, replies = list(source.changes_since(cursor)), cursor, 0
    while requests:
        feed = source.parse_feed(fetch(replicas, requests.pop(0)), cursor)
        pages += feed.pages
        requests += feed.next
        newest = max(feed.cursor, newest or "") if feed.cursor and site == IFWIKI else feed.cursor or newest
        replies += 1
    return pages, newest, replies


def bodies(replicas: Replicas, site: str, day: int) -> dict[str, tuple[PageRef, Response]]:
    replicas.set_day(day)
    return {ref.key: (ref, fetch(replicas, ref.request)) for ref in listed(replicas, site)}


def records(replicas: Replicas, site: str, day: int) -> dict[str, GameRecord]:
    """Every record that a site gives on a day; pages that cannot be had or read are left out."""
    found: dict[str, GameRecord] = {}
    for ref, reply in bodies(replicas, site, day).values():
        if reply.status == 200:
            try:
                page = Page(ref.url, reply.body, ref.key, reply.headers["content-type"])
                found.update({record.identity: record for record in games_in(get(site), page)})
            except ParseError:
                continue
    return found


def tags(record: GameRecord, kind: str) -> list[str]:
    return sorted(tag.value for tag in record.tags if tag.kind == kind)


def names(record: GameRecord) -> list[str]:
    return [credit.name for credit in record.credits]


def has_links(record: GameRecord, links: tuple[Link, ...]) -> bool:
    return {normalise_url(link.url) for link in links} <= {link.url for link in record.urls}
