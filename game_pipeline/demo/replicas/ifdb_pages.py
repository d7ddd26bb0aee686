"""The documents of IFDB about one game: the tree that its XML and its JSON share, and the page for people.

The XML is one line without a declaration, its description HTML that is escaped once more; the JSON is PHP's, in which
an empty object is an empty list.
"""

import datetime as dt
import json
from collections.abc import Iterator
from html import escape
from typing import Any

from game_pipeline.demo.world import IfdbEntry, Link

from .days import World, date_of
from .noise import advertisement, roll, token

API_NAMESPACE = "http://ifdb.org/api/xmlns"
_BABEL_NAMESPACE = "http://babel.ifarchive.org/protocol/iFiction/"
# Games without a cover are the exception on the site, and new listings rarely have one.
_COVER_FROM_VERSION = 3


def address(tuid: str) -> str:
    return f"https://ifdb.org/viewgame?id={tuid}"


def cover(entry: IfdbEntry) -> str | None:
    """The address of the cover, which carries the page's version."""
    if entry.pageversion < _COVER_FROM_VERSION:
        return None
    return f"https://ifdb.org/coverart?id={entry.tuid}&version={entry.pageversion}"


def ratings(world: World, entry: IfdbEntry) -> tuple[float | None, float | None, int]:
    """Average, stars and count of the day: every day somebody rates a game that has ratings at all."""
    if entry.rating is None:
        return None, None, 0
    count = entry.ratings + sum(1 + roll(2, "count", day, entry.tuid) for day in range(2, world.day + 1))
    drift = roll(1_000_000_000, "rating", count, entry.tuid) / 1e10 - 0.05
    average = round(min(5.0, entry.rating + drift), 9)
    return average, round(average * 2) / 2, count


def story(world: World, entry: IfdbEntry) -> dict[str, Any]:
    """The tree of the viewgame API, as its JSON has it."""
    return {
        "colophon": {
            "generator": "ifdb.org/viewgame",
            "generatorversion": 1,
            "originated": _modified(world, entry).isoformat(),
        },
        "identification": _present(ifids=list(entry.ifids), format=entry.format),
        "bibliographic": _present(
            title=entry.title,
            author=entry.author,
            language=entry.language,
            firstpublished=entry.published,
            genre=entry.genre,
            description=_markup(entry.description),
        ),
        "contacts": [],
        "ifdb": _extension(world, entry),
    }


def story_json(world: World, entry: IfdbEntry) -> str:
    return php_json(story(world, entry))


def story_xml(world: World, entry: IfdbEntry) -> str:
    tree = story(world, entry)
    extension = tree.pop("ifdb")
    inner = _elements(tree)
    return (
        f'<ifindex version="1.0" xmlns="{_BABEL_NAMESPACE}"><story>{inner}'
        f'<ifdb xmlns="{API_NAMESPACE}">{_elements(extension)}</ifdb></story></ifindex>'
    )


def error_document(code: str, message: str, *, as_json: bool) -> str:
    if as_json:
        return php_json({"errorCode": code, "errorMessage": message})
    error = _elements({"errorCode": code, "errorMessage": message})
    return f'<viewgame xmlns="{API_NAMESPACE}">{error}</viewgame>'


def page_body(world: World, entry: IfdbEntry) -> str:
    """The body of the page for people, as markup."""
    average, _, count = ratings(world, entry)
    score = f"{average:.2f} from {count} ratings" if average is not None else "no ratings"
    items = "\n".join(f'<li><a href="{escape(link.url)}">{escape(link.title)}</a></li>' for link in entry.links)
    return (
        f'<div class="ad">{advertisement(world.day, entry.tuid)}</div>\n'
        f'<h1>{escape(entry.title)}</h1>\nby <a href="/search?searchfor=author:x">{escape(entry.author)}</a>\n'
        f"<p>{escape(entry.genre or '')} {escape(entry.published or '')}</p>\n<p>({score})</p>\n"
        f"<h2>About the Story</h2>\n<p>{_markup(entry.description)}</p>\n<ul>\n{items}\n</ul>\n"
        f"<p>{', '.join(map(escape, entry.tags))}</p>\n"
        f'<input type="hidden" name="nonce" value="{token(world.day, entry.tuid)}">'
    )


def php_json(value: object) -> str:
    """JSON as PHP's json_encode prints it: ASCII, with every slash escaped."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/")


def xml_escape(text: str) -> str:
    return escape(text, quote=False).replace('"', "&quot;")


def _extension(world: World, entry: IfdbEntry) -> dict[str, Any]:
    average, stars, count = ratings(world, entry)
    picture = cover(entry)
    return _present(
        tuid=entry.tuid,
        pageversion=entry.pageversion,
        link=address(entry.tuid),
        coverart={"url": picture} if picture else None,
        primaryPlayOnlineUrl=next((link.play_online for link in entry.links if link.play_online), None),
        downloads={"links": [_link(link) for link in entry.links]},
        averageRating=average if average is not None else "",
        starRating=stars,
        ratingCountAvg=count,
        ratingCountTot=count,
        tags=[_tag(world, entry, name) for name in sorted(entry.tags, key=str.casefold)],
    )


def _link(link: Link) -> dict[str, Any]:
    return _present(
        url=link.url,
        playOnlineUrl=link.play_online,
        title=link.title,
        desc=link.desc or None,
        isGame=True if link.is_game else None,
        format=link.format,
        compression="zip" if link.url.endswith(".zip") else None,
    )


def _tag(world: World, entry: IfdbEntry, name: str) -> dict[str, Any]:
    """How often a tag was given, to this game and to all, moves all the time."""
    given = 1 + roll(3, "tagcnt", world.day, entry.tuid, name)
    return {"name": name, "tagcnt": given, "gamecnt": given + roll(400, "gamecnt", name) + world.day}


def _modified(world: World, entry: IfdbEntry) -> dt.date:
    """The day of the last edit of the page."""
    before = date_of(1) - dt.timedelta(days=1 + roll(1500, "modified", entry.tuid))
    return world.edited.get(entry.tuid, before)


def _markup(description: str) -> str:
    """HTML with the one kind of markup that the Treaty of Babel allows."""
    return escape(description, quote=False).replace("\n\n", "<br/><br/>").replace("\n", "<br/>")


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


_ITEM_OF = {"ifids": "ifid", "links": "link", "tags": "tag", "games": "game"}
# Lists that have no element around them.
_BARE = frozenset({"ifids"})


def _elements(tree: dict[str, Any]) -> str:
    return "".join(_element(name, value) for name, value in tree.items())


def _element(name: str, value: Any) -> str:
    if value is True:
        return f"<{name}/>"
    if isinstance(value, list):
        inner = "".join(_items(name, value))
        return inner if name in _BARE else f"<{name}>{inner}</{name}>"
    inner = _elements(value) if isinstance(value, dict) else xml_escape(_scalar(value))
    return f"<{name}>{inner}</{name}>"


def _items(name: str, values: list[Any]) -> Iterator[str]:
    for value in values:
        yield _element(_ITEM_OF.get(name, name), value)


def _scalar(value: object) -> str:
    """A number as PHP prints it: no fraction where there is none."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def search_xml(games: list[dict[str, Any]]) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><searchReply xmlns="{API_NAMESPACE}">'
        f"{_elements({'games': games})}</searchReply>"
    )
