"""instead-games.ru as it answers: the two XML lists, the pages of games, downloads.

The lists have the site's form of 2018, quirks included: text escaped twice, `&#13;` before every line end,
`//download/` addresses, a bare directory where a game has no picture.
"""

import datetime as dt
from collections.abc import Iterable
from email.utils import format_datetime
from hashlib import blake2b
from html import escape

from game_pipeline.demo.world import InsteadEntry

from .days import World
from .events import INSTEAD
from .noise import advertisement, roll, seconds, token
from .reply import Reply, Target, html_page, picture, robots
from .site import Site

_HOST = "instead-games.ru"
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    path = "/" + target.path.lstrip("/")  # the site's own links double the slash
    if path == "/xml.php":
        return _list(world, target, approved=target.query.get("approved") != "0")
    if path == "/xml2.php":
        return _list(world, target, approved=False)
    if path == "/game.php":
        return _game_page(world, target.query.get("ID", ""))
    if path == "/robots.txt":
        return robots("/admin/")
    if path.startswith("/download/"):
        return _download(world, path.removeprefix("/download/"))
    if path == "/downloader.php":
        return _download(world, target.query.get("file", ""))
    if path.startswith("/games/screenshots/") and path.endswith(".png"):
        return picture(*(roll(200, colour, path) + 40 for colour in ("red", "green", "blue")))
    if path == "/":
        return _front_page(world)
    return html_page("404 Not Found", "<h1>Not Found</h1>", lang="en", status=404)


def list_xml(world: World, *, approved: bool) -> str:
    """The document of a list, newest first. The scheme of its addresses and its spacing differ from day to day."""
    entries = sorted((entry for entry in world.instead if entry.approved is approved), key=lambda e: -e.id)
    entries.sort(key=lambda entry: entry.date, reverse=True)
    scheme = ("https", "http")[(world.day + 1) % 2]
    slashes = ("//", "//", "/")[world.day % 3]
    games = "".join(_game(entry, f"{scheme}://{_HOST}", slashes) for entry in entries)
    trailer = " " * roll(7, "trailer", world.day)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<game_list version="1.0">\n'
        f"{games}</game_list>\n{trailer}\n<!-- generated in {seconds('list', world.day, approved)} s -->\n"
    )


def _game(entry: InsteadEntry, origin: str, slashes: str) -> str:
    picture_first = entry.approved
    image = ("image", f"{origin}/games/screenshots/{_picture_name(entry)}")
    version = ("version", entry.version)
    fields = [
        ("name", entry.name),
        ("date", entry.date),
        ("title", _twice(entry.title)),
        *([("author", _twice(entry.author))] if entry.author else []),
        ("description", _twice(entry.description).replace("\n", "&#13;\n")),
        *((image, version) if picture_first else (version, image)),
        ("url", f"{origin}{slashes}download/{file_name(entry)}"),
        ("size", str(entry.size)),
        ("lang", entry.lang),
        ("descurl", f"{origin}/game.php?ID={entry.id}"),
    ]
    return " <game>\n" + "".join(f"  <{name}>{value}</{name}>\n" for name, value in fields) + " </game>\n"


def file_name(entry: InsteadEntry) -> str:
    """The name of the game's archive."""
    return f"instead-{entry.name}-{entry.version}.zip"


def _picture_name(entry: InsteadEntry) -> str:
    if roll(6, "picture", entry.id) == 0:
        return ""
    moment = dt.datetime(2013, 1, 1) + dt.timedelta(days=entry.id * 7, seconds=roll(86_400, "time", entry.id))
    return f"{moment:%Y%m%d%H%M%S}{roll(900, 'ms', entry.id) + 100}.png"


def _twice(text: str) -> str:
    """Escaped for HTML by the site's forms, and again for XML."""
    return escape(escape(text).replace("&#x27;", "&#039;"), quote=False)


def _list(world: World, target: Target, *, approved: bool) -> Reply:
    document = list_xml(world, approved=approved)
    if "layout" in target.switches:
        document = document.replace("<url>", "<download>").replace("</url>", "</download>")
    body = document.encode()
    made = dt.datetime.combine(world.today, dt.time(3, 15), dt.UTC)
    return Reply(
        body=body,
        content_type="text/xml; charset=utf-8",
        headers=(
            ("ETag", f'"{blake2b(body, digest_size=12).hexdigest()}"'),
            ("Last-Modified", format_datetime(made, usegmt=True)),
        ),
    )


def _find(entries: Iterable[InsteadEntry], number: str) -> InsteadEntry | None:
    return next((entry for entry in entries if str(entry.id) == number), None)


def _game_page(world: World, number: str) -> Reply:
    entry = _find(world.instead, number)
    if entry is None:
        return html_page(_HOST, "<h2>Игра не найдена</h2>", lang="ru", status=404)
    screenshot = _picture_name(entry)
    shown = f'<img class="border" src="/games/screenshots/{screenshot}" alt="">' if screenshot else ""
    authors = f"<b>Автор</b>: {escape(entry.author)}<br>\n" if entry.author else ""
    text = escape(entry.description).replace("\n", "<br>\n")
    return html_page(
        f"{escape(entry.title)} - {_HOST}",
        f'<div class="banner">{advertisement(world.day, entry.id)}</div>\n<h2>{escape(entry.title)}</h2>\n'
        f'<div id="screenshots">{shown}</div>\n<div class="gamedsc">{text}</div>\n'
        f'<div id="panel">\n{authors}<b>Дата</b>: {entry.date.replace("-", ".")}<br>\n'
        f"<b>Версия</b>: {escape(entry.version)}<br>\n"
        f'<a href="{_HOST}/download/{file_name(entry)}">Скачать ({entry.size} байт)</a>\n</div>\n'
        f'<form><input type="hidden" name="token" value="{token(world.day, entry.id)}"></form>\n'
        f"<!-- views: {roll(5000, 'views', entry.id) + world.day * 17} -->",
        lang="ru",
    )


def _download(world: World, name: str) -> Reply:
    """An empty archive; what is not there is said with status 200, as the site does."""
    if any(file_name(entry) == name for entry in world.instead):
        return Reply(body=_EMPTY_ZIP, content_type="application/zip")
    return Reply(body=f"File not found: {escape(name)}".encode())


def _front_page(world: World) -> Reply:
    newest = sorted(world.instead, key=lambda entry: entry.date, reverse=True)[:10]
    items = "\n".join(f'<li><a href="/game.php?ID={entry.id}">{escape(entry.title)}</a></li>' for entry in newest)
    return html_page(
        _HOST, f'<div class="banner">{advertisement(world.day, "front")}</div>\n<ul>\n{items}\n</ul>', lang="ru"
    )


SITE = Site(
    INSTEAD,
    ("instead-games.ru", "www.instead-games.ru"),
    answer,
    lambda world: (str(entry.id) for entry in world.instead),
    redesigns=True,
)
