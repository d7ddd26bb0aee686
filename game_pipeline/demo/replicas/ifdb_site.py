"""ifdb.org as it answers: search in JSON and XML, the RSS of what is new, a game's documents by TUID or IFID, merged
and missing listings. Switch `crowd`: a contest is on, and the news are full of reviews."""

import datetime as dt
import re
from dataclasses import replace
from html import escape
from typing import Any

from game_pipeline.demo.world import IfdbEntry

from .days import World
from .events import IFDB
from .ifdb_news import listed_at, news
from .ifdb_pages import (
    address,
    cover,
    error_document,
    page_body,
    php_json,
    ratings,
    search_xml,
    story_json,
    story_xml,
)
from .noise import advertisement, roll
from .reply import Reply, Target, broken, html_page, picture, robots
from .site import Site

PER_PAGE = 100
_UNCACHED = (("Cache-Control", "no-store, no-cache, must-revalidate"), ("Pragma", "no-cache"))
_OPERATOR = re.compile(r"(?P<name>[a-z#]+):(?P<value>\S+)")


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET. The switch `duplicates`: what was merged into other listings is not merged yet."""
    if "duplicates" in target.switches:
        world = _not_merged_yet(world)
    match target.path:
        case "/viewgame":
            return _viewgame(world, target)
        case "/search":
            return _search(world, target)
        case "/allnew-rss":
            text = news(world, crowd="crowd" in target.switches, layout="layout" in target.switches)
            return Reply(body=text.encode(), content_type="application/rss+xml", headers=_UNCACHED)
        case "/coverart":
            entry = _by_tuid(world, target.query.get("id", ""))
            colours = (roll(200, colour, target.query.get("id", "")) + 40 for colour in ("red", "green", "blue"))
            return picture(*colours) if entry and cover(entry) else _missing_page()
        case "/robots.txt":
            return robots("/editgame", "/login")
        case "/":
            banner = f'<div class="ad">{advertisement(world.day, "front")}</div>'
            return html_page("The Interactive Fiction Database", banner, lang="en")
    return _missing_page()


def _not_merged_yet(world: World) -> World:
    """Games that somebody listed again, not knowing of the listings that there are; IFIDs are unknown to him."""
    copies = [
        replace(entry, tuid=old, ifids=())
        for old, new in world.merged.items()
        if (entry := _by_tuid(world, new)) is not None
    ]
    listed = {**world.listed, **{copy.tuid: world.today for copy in copies}}
    return replace(world, ifdb=(*world.ifdb, *copies), listed=listed, merged={})


def _viewgame(world: World, target: Target) -> Reply:
    query = target.query
    api = "json" if "json" in query else "ifiction" if "ifiction" in query else ""
    tuid = query.get("id", "")
    if new := world.merged.get(tuid):
        return _moved(target, tuid, new)
    if not tuid and not query.get("ifid"):
        return _error(api, 400, "badRequest", "Missing id or ifid")
    entry = _by_tuid(world, tuid) if tuid else _by_ifid(world, query["ifid"])
    if entry is None:
        return _error(api, 404, "notFound", "No such game")
    if entry.tuid in world.failing:
        return broken(500)
    if not api:
        return html_page(f"{escape(entry.title)} - Details", page_body(world, entry), lang="en")
    text = story_json(world, entry) if api == "json" else story_xml(world, entry)
    if entry.tuid in world.malformed:
        text = _cut(text, entry.title)
    if "layout" in target.switches:
        text = text.replace("bibliographic", "description")
    return _document(api, text)


def _cut(text: str, title: str) -> str:
    """The document up to the middle of the title."""
    start = text.index(title)
    return text[: start + len(title) // 2]


def _document(api: str, text: str, status: int = 200) -> Reply:
    content_type = "application/json" if api == "json" else "text/xml"
    return Reply(status=status, body=text.encode(), content_type=content_type, headers=_UNCACHED)


def _error(api: str, status: int, code: str, message: str) -> Reply:
    if not api:
        return _missing_page() if status == 404 else broken(status)
    return _document(api, error_document(code, message, as_json=api == "json"), status)


def _moved(target: Target, old: str, new: str) -> Reply:
    """A duplicate's address leads to the listing that stayed, by a relative address with the same parameters."""
    others = [part for part in target.raw.partition("?")[2].split("&") if part and part != f"id={old}"]
    location = "&".join([f"viewgame?id={new}", *others])
    body = f'<html><body>Moved to <a href="{escape(location)}">here</a></body></html>'
    return Reply(status=301, body=body.encode(), headers=(("Location", location),))


def _missing_page() -> Reply:
    return html_page("404 Not Found", "<h1>The requested page was not found</h1>", lang="en", status=404)


def _by_tuid(world: World, tuid: str) -> IfdbEntry | None:
    return next((entry for entry in world.ifdb if entry.tuid == tuid), None)


def _by_ifid(world: World, ifid: str) -> IfdbEntry | None:
    return next((entry for entry in world.ifdb if ifid in entry.ifids), None)


def _search(world: World, target: Target) -> Reply:
    """Games only, a hundred a page."""
    query = target.query
    if "json" not in query and "xml" not in query:
        return html_page("Search IFDB", "<h1>Search for Games</h1>", lang="en")
    found = _in_order(world, _matching(world, query.get("searchfor", "")), query.get("sortby", "ratu"))
    page = int(query["pg"]) if re.fullmatch(r"[1-9]\d{0,5}", query.get("pg", "")) else 1
    games = [_result(world, entry) for entry in found[(page - 1) * PER_PAGE : page * PER_PAGE]]
    if "json" in query:
        return _document("json", php_json({"games": games}))
    for game in games:
        if not game["hasCoverArt"]:
            del game["hasCoverArt"]
    return _document("xml", search_xml(games))


def _matching(world: World, query: str) -> list[IfdbEntry]:
    """The games that a query finds, in no order. Of the site's operators there are added, tuid, ifid and author."""
    found = list(world.ifdb)
    for operator in _OPERATOR.finditer(query):
        value = operator["value"].casefold()
        match operator["name"]:
            case "added":
                first = _since(world, value)
                found = [entry for entry in found if world.listed[entry.tuid] >= first]
            case "tuid":
                found = [entry for entry in found if entry.tuid == value]
            case "ifid":
                found = [entry for entry in found if value.upper() in entry.ifids]
            case "author":
                found = [entry for entry in found if value in entry.author.casefold()]
    words = _OPERATOR.sub(" ", query).casefold().split()
    return [entry for entry in found if all(word in f"{entry.title} {entry.author}".casefold() for word in words)]


def _since(world: World, value: str) -> dt.date:
    """The first day of `30d-` or `2007-`; of anything else, the first of all."""
    if match := re.fullmatch(r"(\d{1,5})d-", value):
        return world.today - dt.timedelta(days=int(match[1]))
    if match := re.fullmatch(r"(\d{4})-.*", value):
        return dt.date(max(1, int(match[1])), 1, 1)
    return dt.date.min


def _in_order(world: World, found: list[IfdbEntry], order: str) -> list[IfdbEntry]:
    match order:
        case "lold" | "lnew":
            return sorted(found, key=lambda entry: listed_at(world, entry.tuid), reverse=order == "lnew")
        case "old" | "new":
            return sorted(found, key=lambda entry: entry.published or "", reverse=order == "new")
        case "ttl":
            return sorted(found, key=lambda entry: entry.title.casefold())
        case "auth":
            return sorted(found, key=lambda entry: entry.author.casefold())
    return sorted(found, key=lambda entry: -(entry.rating or 0))


def _result(world: World, entry: IfdbEntry) -> dict[str, Any]:
    average, stars, count = ratings(world, entry)
    picture_url = cover(entry)
    result: dict[str, Any] = {
        "tuid": entry.tuid,
        "title": entry.title,
        "link": address(entry.tuid),
        "author": entry.author,
        "hasCoverArt": bool(picture_url),
        "devsys": entry.devsys,
        "published": {"machine": entry.published or "", "printable": _printable(entry.published)},
        "averageRating": average if average is not None else "",
        "numRatings": count,
        "starRating": stars if stars is not None else "",
        "starSort": round((average or 2.1) * (0.5 + roll(1000, "sort", world.day, entry.tuid) / 2000), 12),
    }
    return {**result, "coverArtLink": picture_url} if picture_url else result


def _printable(published: str | None) -> str:
    if not published or len(published) == 4:
        return published or ""
    day = dt.date.fromisoformat(published)
    return f"{day:%B} {day.day}, {day.year}"


SITE = Site(
    IFDB,
    ("ifdb.org", "www.ifdb.org", "ifdb.tads.org"),
    answer,
    lambda world: (entry.tuid for entry in world.ifdb),
    redesigns=True,
    crowds=True,
)
