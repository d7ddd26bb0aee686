"""VNDB as it answers: the Kana API's visual novels, by ranges of ids.

The switch `layout` calls a title otherwise.
"""

import json
from typing import Any

from game_pipeline.demo.world.stores import StoreEntry

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, robots
from .site import Site
from .stock import entries_with, json_reply

_NAME = "vndb"
_MOST = 100
_PLATFORMS = {"Windows": "win", "macOS": "mac", "Linux": "lin", "Android": "and", "iOS": "ios", "DOS": "dos"}


def answer(world: World, target: Target) -> Reply:
    """The reply to a request."""
    if target.path == "/robots.txt":
        return robots()
    if target.host != "api.vndb.org" or target.path != "/kana/vn" or target.method != "POST":
        return html_page("404 Not Found", "<h1>Not Found</h1>", lang="en", status=404)
    try:
        query = json.loads(target.body)
        entries = [entry for entry in entries_with(world, "vndb") if _holds(query["filters"], entry.vndb or 0)]
        fields = {name.strip().partition(".")[0] for name in query["fields"].split(",")} | {"id"}
        results = min(int(query.get("results", 10)), _MOST)
    except (ValueError, KeyError, TypeError, IndexError):
        return Reply(status=400, body=b"Invalid query.", content_type="text/plain; charset=UTF-8")
    entries.sort(key=lambda entry: entry.vndb or 0, reverse=bool(query.get("reverse")))
    rows = [_novel(world, target, entry) for entry in entries[:results]]
    kept = [{name: value for name, value in row.items() if name in fields or name == "name"} for row in rows]
    return json_reply({"results": kept, "more": len(entries) > results})


def _holds(filters: list[Any], number: int) -> bool:
    if filters[0] == "and":
        return all(_holds(part, number) for part in filters[1:])
    name, sign, value = filters
    if name != "id":
        raise ValueError(name)
    other = int(value.removeprefix("v"))
    return {"=": number == other, ">": number > other, "<": number < other, ">=": number >= other}[sign]


def _novel(world: World, target: Target, entry: StoreEntry) -> dict[str, Any]:
    return {
        "id": f"v{entry.vndb}",
        "name" if "layout" in target.switches else "title": entry.title,
        "alttitle": None,
        "titles": [{"lang": code, "title": entry.title, "latin": None, "official": True} for code in entry.languages],
        "aliases": [],
        "olang": entry.languages[0],
        "devstatus": 0,
        "released": entry.released or "unknown",
        "languages": list(entry.languages),
        "platforms": [_PLATFORMS[name] for name in entry.platforms if name in _PLATFORMS],
        "image": {
            "url": f"https://t.vndb.org/cv/{(entry.vndb or 0) % 100:02}/{entry.vndb}.jpg",
            "sexual": 0,
            "violence": 0,
        },
        "length_minutes": 60 + roll(5, "length", world.day, entry.game),
        "description": f"{entry.text}\n\n[From [url=https://example.org]the author[/url]]",
        "rating": 50 + roll(400, "rating", world.day, entry.game) / 10,
        "votecount": 5 + world.day,
        "screenshots": [],
        "developers": [
            {"id": f"p{1 + roll(9_000, name)}", "name": name, "original": None} for name in entry.developers
        ],
        "tags": [{"name": entry.genre, "category": "cont", "rating": 2.5, "spoiler": 0, "lie": False}],
        "extlinks": [
            {"url": f"https://www.wikidata.org/wiki/Q{entry.wikidata}", "label": "Wikidata", "name": "wikidata"}
        ]
        if entry.wikidata
        else [],
    }


SITE = Site(
    _NAME,
    ("vndb.org", "www.vndb.org", "api.vndb.org"),
    answer,
    lambda world: (f"v{entry.vndb}" for entry in entries_with(world, "vndb")),
    redesigns=True,
)
