"""RAWG as it answers: lists and documents of games, to whoever has a key, which it repeats in every list.

The switch `layout` calls a game's name otherwise.
"""

from html import escape
from typing import Any

from game_pipeline.demo.world.stores import StoreEntry

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, robots
from .site import Site
from .stock import changed_at, entries_with, json_reply

_NAME = "rawg"
_API = "https://api.rawg.io/api/games"
_PER_PAGE = 5  # whatever is asked for
_FEW = 100
_PLATFORMS = {"Windows": "PC"}


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    if target.path == "/robots.txt":
        return robots()
    if target.host != "api.rawg.io" or not target.path.startswith("/api/games"):
        return html_page("404 Not Found", "<h1>Not Found</h1>", lang="en", status=404)
    if not target.query.get("key"):
        return json_reply({"error": "The API key is not found"}, status=401)
    name = target.path.removeprefix("/api/games").strip("/")
    if not name:
        return _list(world, target)
    entry = next((entry for entry in entries_with(world, "rawg") if name in (str(entry.rawg), entry.slug)), None)
    if entry is None:
        return json_reply({"detail": "Not found."}, status=404)
    return json_reply(_row(world, target, entry) | _more(entry))


def _list(world: World, target: Target) -> Reply:
    query = target.query
    entries = entries_with(world, "rawg")
    first, _, last = query.get("updated", "").partition(",")
    if first:
        entries = [entry for entry in entries if first <= f"{changed_at(world, entry):%Y-%m-%d}" <= last]
    if query.get("ordering") == "-updated":
        entries.sort(key=lambda entry: changed_at(world, entry), reverse=True)
    elif query.get("ordering") == "-added":
        entries.sort(key=lambda entry: -entry.kept_by)
    page = int(query.get("page") or 1)
    shown = entries[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    if not shown and page > 1:
        return json_reply({"detail": "Invalid page."}, status=404)
    following = f"{_API}?key={query['key']}&page={page + 1}" if page * _PER_PAGE < len(entries) else None
    before = f"{_API}?key={query['key']}&page={page - 1}" if page > 1 else None
    rows = [_row(world, target, entry) for entry in shown]
    return json_reply({"count": len(entries), "next": following, "previous": before, "results": rows})


def _row(world: World, target: Target, entry: StoreEntry) -> dict[str, Any]:
    """What a list says of a game, and its document says, too."""
    released = entry.released if len(entry.released) > 4 else f"{entry.released}-01-01"
    tags = [{"id": 31, "name": "Singleplayer", "slug": "singleplayer", "language": "eng"}]
    if entry.players > 1:
        tags.append({"id": 7, "name": "Multiplayer", "slug": "multiplayer", "language": "eng"})
    store = {"id": 1, "name": "Steam", "slug": "steam", "domain": "store.steampowered.com"}
    return {
        "id": entry.rawg,
        "slug": entry.slug,
        "title" if "layout" in target.switches else "name": entry.title,
        "released": released,
        "tba": False,
        "background_image": f"https://media.rawg.io/media/games/{entry.rawg}.jpg",
        "rating": round(3 + roll(200, "rating", world.day, entry.game) / 100, 2),
        "ratings_count": 10 + world.day * roll(7, "ratings", entry.game),
        # The count moves, but nobody comes or goes so far as to cross the line.
        "added": entry.kept_by + (world.day if entry.kept_by >= _FEW else 0),
        "metacritic": None,
        "playtime": 3,
        "updated": f"{changed_at(world, entry):%Y-%m-%dT%H:%M:%S}",
        "platforms": [
            {"platform": {"id": n, "name": _PLATFORMS.get(name, name), "slug": name.lower()}, "released_at": released}
            for n, name in enumerate(entry.platforms)
        ],
        "genres": [{"id": 3, "name": entry.genre, "slug": entry.genre.lower()}],
        "stores": [{"id": 290376, "url": "", "store": store}] if entry.steam else [],
        "tags": tags,
        "esrb_rating": None,
    }


def _more(entry: StoreEntry) -> dict[str, Any]:
    """What only a document says."""
    makers = [{"id": n, "name": name, "slug": f"maker-{n}"} for n, name in enumerate(entry.developers)]
    return {
        "name_original": entry.title,
        "description": f"<p>{escape(entry.text)}</p>",
        "description_raw": entry.text,
        "website": "",
        "alternative_names": [],
        "developers": makers,
        "publishers": makers[:1],
        "clip": None,
    }


SITE = Site(
    _NAME,
    ("rawg.io", "www.rawg.io", "api.rawg.io"),
    answer,
    lambda world: (str(entry.rawg) for entry in entries_with(world, "rawg") if entry.kept_by >= _FEW),
    redesigns=True,
)
