"""IGDB as it answers: tokens of id.twitch.tv, and the `games` endpoint with as much of Apicalypse as is asked there.

The switch `expired` ends every token given before it; `layout` calls a game's name otherwise.
"""

import datetime as dt
import re
from typing import Any
from urllib.parse import parse_qsl

from game_pipeline.demo.world.stores import StoreEntry

from .days import World
from .noise import roll, token
from .reply import Reply, Target, html_page, robots
from .site import Site
from .stock import by_slug, changed_at, entries_with, json_reply

_NAME = "igdb"
_TYPES = {"game": 0, "dlc": 1, "soundtrack": 3}
_MOST = 500
_PLATFORMS = {"Windows": "PC (Microsoft Windows)", "macOS": "Mac"}
_CONDITION = re.compile(r"([a-z_]+) (>=|<=|=|>|<) (\d+|\"[^\"]*\")")


def answer(world: World, target: Target) -> Reply:
    """The reply to a request to one of the hosts."""
    if target.path == "/robots.txt":
        return robots()
    if target.host == "id.twitch.tv" and target.path == "/oauth2/token" and target.method == "POST":
        return _token(target)
    if target.host == "api.igdb.com" and target.path == "/v4/games" and target.method == "POST":
        return _games(world, target)
    return html_page("404 Not Found", "<h1>Not Found</h1>", lang="en", status=404)


def _token(target: Target) -> Reply:
    asked = {**target.query, **dict(parse_qsl(target.body.decode()))}
    client, secret = asked.get("client_id", ""), asked.get("client_secret", "")
    if not client or not secret or asked.get("grant_type") != "client_credentials":
        return json_reply({"status": 400, "message": "invalid client"}, status=400)
    return json_reply({"access_token": _good(target, client), "expires_in": 5394139, "token_type": "bearer"})


def _good(target: Target, client: str) -> str:
    """The token that is good now."""
    return token("igdb", "expired" in target.switches, client)


def _games(world: World, target: Target) -> Reply:
    client = target.headers.get("client-id", "")
    if not client or target.headers.get("authorization") != f"Bearer {_good(target, client)}":
        refusal = {
            "message": "Authorization Failure. Have you tried:",
            "Tip 1": "Ensure you are sending Authorization and Client-ID as headers.",
            "Docs": "https://api-docs.igdb.com/#authentication",
        }
        return json_reply(refusal, status=401, headers=(("x-amzn-errortype", "AccessDeniedException"),), pretty=True)
    query = _parsed(target.body.decode())
    if query is None:
        return json_reply([{"title": "Syntax Error", "status": 400, "cause": "Expecting a STRING"}], status=400)
    fields, conditions, order, limit = query
    rows = [_game(world, target, entry) for entry in entries_with(world, "igdb")]
    found = [row for row in rows if all(_holds(row, *condition) for condition in conditions)]
    key, _, direction = order.partition(" ")
    found.sort(key=lambda row: row[key], reverse=direction == "desc")
    kept = [{name: value for name, value in row.items() if name in fields} for row in found[:limit]]
    return json_reply(kept, headers=(("x-count", str(len(found))),), pretty=True)


def _parsed(text: str) -> tuple[set[str], list[tuple[str, str, str]], str, int] | None:
    """Fields, conditions, order and limit; None where a part is not understood."""
    fields, conditions, order, limit = {"id"}, [], "id asc", 10
    for part in (part.strip() for part in text.split(";")):
        word, _, rest = part.partition(" ")
        if word == "fields":
            fields |= {name.partition(".")[0] for name in rest.split(",")}
        elif word == "where":
            conditions = [match.groups() for match in map(_CONDITION.fullmatch, rest.split(" & ")) if match]
            if len(conditions) != len(rest.split(" & ")):
                return None
        elif word == "sort" and re.fullmatch(r"(id|updated_at) (asc|desc)", rest):
            order = rest
        elif word == "limit" and rest.isdecimal():
            limit = min(int(rest), _MOST)
        elif part:
            return None
    return fields, [(name, sign, value) for name, sign, value in conditions], order, limit


def _holds(row: dict[str, Any], name: str, sign: str, value: str) -> bool:
    if value.startswith('"'):
        return bool(row.get(name) == value.strip('"'))
    mine, other = int(row.get(name, 0)), int(value)
    return {"=": mine == other, ">": mine > other, "<": mine < other, ">=": mine >= other, "<=": mine <= other}[sign]


def _game(world: World, target: Target, entry: StoreEntry) -> dict[str, Any]:
    released, date_format = _released(entry.released)
    companies = [
        {"id": roll(10**6, "company", entry.game, name), "company": {"id": 1, "name": name, "slug": _slug(name)}}
        | {"developer": True, "publisher": position == 0, "porting": False, "supporting": False}
        for position, name in enumerate(entry.developers)
    ]
    # The order of such lists is another in every reply.
    companies.sort(key=lambda row: roll(9, "order", world.day, row["id"]))
    game: dict[str, Any] = {
        "id": entry.igdb,
        "cover": {"id": entry.igdb * 10, "image_id": f"co{entry.igdb}"},
        "game_type": _TYPES.get(entry.kind, 0),
        "game_modes": [{"id": 1, "name": "Single player", "slug": "single-player"}],
        "genres": [{"id": 31, "name": entry.genre}],
        "involved_companies": companies,
        "language_supports": [{"id": n, "language": {"locale": code}} for n, code in enumerate(entry.languages)],
        "title" if "layout" in target.switches else "name": entry.title,
        "platforms": [{"id": n, "name": _PLATFORMS.get(name, name)} for n, name in enumerate(entry.platforms)],
        "slug": entry.slug,
        "summary": entry.text,
        "total_rating": 60 + roll(4000, "rating", world.day, entry.game) / 100,
        "total_rating_count": 10 + world.day * roll(5, "count", entry.game),
        "updated_at": int(changed_at(world, entry).timestamp()),
        "url": f"https://www.igdb.com/games/{entry.slug}",
        "external_games": _stores(entry),
        "websites": [{"id": 1, "type": 15, "url": _itch(entry.itch)}] if entry.itch else None,
        "first_release_date": released,
        "release_dates": [{"id": 1, "date": released, "date_format": date_format}] if released else None,
        "parent_game": by_slug()[entry.parent].igdb if entry.parent else None,
    }
    if entry.players > 1:
        game["game_modes"].append({"id": 2, "name": "Multiplayer", "slug": "multiplayer"})
        game["multiplayer_modes"] = [{"id": 5, "onlinemax": entry.players, "onlinecoop": True, "campaigncoop": False}]
    return {name: value for name, value in game.items() if value is not None}  # what is not set is absent


def _stores(entry: StoreEntry) -> list[dict[str, Any]] | None:
    rows: list[dict[str, Any]] = []
    if entry.steam:
        url = f"https://store.steampowered.com/app/{entry.steam}"
        rows.append({"id": 1, "external_game_source": 1, "uid": str(entry.steam), "url": url})
    if entry.gog:
        url = f"https://www.gog.com/game/{entry.slug.replace('-', '_')}"
        rows.append({"id": 2, "external_game_source": 5, "uid": str(entry.gog), "url": url})
    return rows or None


def _itch(place: str) -> str:
    author, _, game = place.partition("/")
    return f"https://{author}.itch.io/{game}"


def _slug(name: str) -> str:
    return re.sub(r"\W+", "-", name.lower()).strip("-")


def _released(text: str) -> tuple[int | None, int]:
    """The moment, and how precise it is: a year is its last day."""
    if not text:
        return None, 7
    day = dt.date.fromisoformat(text if len(text) > 4 else f"{text}-12-31")
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()), 0 if len(text) > 4 else 2


SITE = Site(
    _NAME,
    ("igdb.com", "www.igdb.com", "api.igdb.com", "id.twitch.tv"),
    answer,
    lambda world: (str(entry.igdb) for entry in entries_with(world, "igdb")),
    redesigns=True,
)
