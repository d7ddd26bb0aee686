"""Steam as it answers: appdetails of the store, and the list of apps of the Web API, a handful at a time.

The switch `tired` lets the store answer `null`, as it does to whoever asks too often; `layout` calls a name otherwise.
"""

import datetime as dt
from html import escape
from typing import Any

from game_pipeline.demo.world.stores import StoreEntry

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, robots
from .site import Site
from .stock import by_slug, changed_at, entries_with, json_reply, price_of

_NAME = "steam"
_STORE = "store.steampowered.com"
_AT_A_TIME = 3
_TYPES = {"soundtrack": "music", "game": "game", "dlc": "dlc", "demo": "demo"}
_LANGUAGES = {"en": "English", "ru": "Russian"}
_FILES = "https://shared.akamai.steamstatic.com/store_item_assets/steam/apps"


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET to one of the hosts."""
    if target.path == "/robots.txt":
        return robots()
    if target.host != "api.steampowered.com" and target.path == "/api/appdetails":
        return _details(world, target)
    if target.host == "api.steampowered.com" and target.path == "/IStoreService/GetAppList/v1/":
        return _apps(world, target)
    return html_page("404 Not Found", "<h1>Not Found</h1>", lang="en", status=404)


def _apps(world: World, target: Target) -> Reply:
    query = target.query
    if not query.get("key"):
        return html_page("Forbidden", "<h1>Forbidden</h1>Access is denied.", lang="en", status=403)
    after, since = int(query.get("last_appid") or 0), int(query.get("if_modified_since") or 0)
    most = min(_AT_A_TIME, int(query.get("max_results") or _AT_A_TIME))
    rows = [
        {"appid": entry.steam, "name": entry.title, "last_modified": modified, "price_change_number": world.day}
        for entry in _games(world)
        if (entry.steam or 0) > after and (modified := int(changed_at(world, entry).timestamp())) >= since
    ]
    reply: dict[str, Any] = {"apps": rows[:most]}
    if len(rows) > most:
        reply |= {"have_more_results": True, "last_appid": rows[most - 1]["appid"]}
    return json_reply({"response": reply})


def _games(world: World) -> list[StoreEntry]:
    return [entry for entry in entries_with(world, "steam") if entry.kind == "game"]


def _details(world: World, target: Target) -> Reply:
    asked = target.query.get("appids", "")
    if "tired" in target.switches:
        return Reply(body=b"null", content_type="application/json")
    entry = next((entry for entry in entries_with(world, "steam") if str(entry.steam) == asked), None)
    if entry is None:
        return json_reply({asked: {"success": False}})
    return json_reply({asked: {"success": True, "data": _data(world, target, entry)}})


def _data(world: World, target: Target, entry: StoreEntry) -> dict[str, Any]:
    stamp = f"?t={1_700_000_000 + world.day * 86_400 + roll(900, 'stamp', world.day, entry.game)}"
    cents = price_of(world, entry)
    languages = ", ".join(f"{_LANGUAGES[code]}<strong>*</strong>" for code in entry.languages)
    modes = [{"id": 2, "description": "Single-player"}]
    if entry.players > 1:
        modes.append({"id": 1, "description": "Multi-player"})
    data: dict[str, Any] = {
        "type": _TYPES[entry.kind],
        "title" if "layout" in target.switches else "name": escape(entry.title),
        "steam_appid": entry.steam,
        "required_age": 0,
        "is_free": False,
        "detailed_description": f"<h1>About the Game</h1>{escape(entry.text)}",
        "about_the_game": f"<p>{escape(entry.text)}</p>",
        "short_description": escape(entry.text),
        "supported_languages": f"{languages}<br><strong>*</strong>languages with full audio support",
        "header_image": f"{_FILES}/{entry.steam}/header.jpg{stamp}",
        "website": None,
        "pc_requirements": {"minimum": "<ul><li>A keyboard</li></ul>"},
        "mac_requirements": [],
        "linux_requirements": [],
        "developers": list(entry.developers),
        "publishers": list(entry.developers[:1]),
        "price_overview": {"currency": "USD", "initial": cents, "final": cents, "discount_percent": 0},
        "platforms": dict.fromkeys(("windows", "mac", "linux"), True),
        "categories": [*modes, {"id": 62, "description": "Family Sharing"}],
        "genres": [{"id": "25", "description": entry.genre}],
        "screenshots": [{"id": 0, "path_full": f"{_FILES}/{entry.steam}/ss_1.1920x1080.jpg{stamp}"}],
        "recommendations": {"total": 100 + world.day * roll(9, "recommended", entry.game)},
        "release_date": {"coming_soon": False, "date": _written(entry.released)},
        "support_info": {"url": "", "email": "nobody@example.org"},
        "background": f"{_FILES}/{entry.steam}/page_bg.jpg{stamp}",
        "content_descriptors": {"ids": [], "notes": None},
    }
    if entry.parent:
        whole = by_slug()[entry.parent]
        data["fullgame"] = {"appid": str(whole.steam), "name": whole.title}
    return data


def _written(released: str) -> str:
    """As the store writes it in English: "29 Sep, 2015", or a year alone."""
    if len(released) == 4:
        return released
    day = dt.date.fromisoformat(released)
    return f"{day.day} {day:%b}, {day.year}"


SITE = Site(
    _NAME,
    (_STORE, "api.steampowered.com"),
    answer,
    lambda world: (str(entry.steam) for entry in _games(world)),
    redesigns=True,
)
