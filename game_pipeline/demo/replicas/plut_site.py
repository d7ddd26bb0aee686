"""urq.plut.info as it answers: the list of games in short pages, and their nodes, behind Cloudflare, which covers
every e-mail address anew in every reply."""

import datetime as dt
from collections.abc import Sequence
from html import escape
from urllib.parse import unquote

from game_pipeline.demo.world.shelves import ShelfEntry

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, robots
from .shelf import entries_of, entry_of, footer, markup
from .site import Site

_NAME = "plut"
_HOST = "urq.plut.info"
_A_PAGE = 3
_NODE_OF_ALIAS = {"vo-rzhi": "347"}
_MAIL = b"igra@example.org"
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET. Switched on, `agents` refuses whoever does not begin his name as curl does."""
    if "agents" in target.switches and not target.headers.get("user-agent", "").startswith("curl/"):
        return html_page("403 Forbidden", "<h1>Forbidden</h1>", lang="en", status=403)
    path = unquote(target.path).strip("/")
    if target.host == "plut.info":
        path = path.removeprefix("urq/")
    if path == "games":
        return _list(world, target)
    if path == "robots.txt":
        return robots("/admin/", "/user/")
    if path.startswith("sites/default/files/"):
        return Reply(body=_EMPTY_ZIP, content_type="application/zip")
    aliases = {node: alias for alias, node in _NODE_OF_ALIAS.items()}
    key = path.removeprefix("node/")
    entry = entry_of(_NAME, aliases.get(key, key))
    if entry is None:
        return html_page("Страница не найдена", '<h1 class="title">Страница не найдена</h1>', lang="ru", status=404)
    return _node(world, target, entry)


def _address(entry: ShelfEntry) -> str:
    return f"/node/{entry.key}" if entry.key.isdigit() else f"/{entry.key}"


def _list(world: World, target: Target) -> Reply:
    """A page of the list. Past the last one the page is there, and its table is not."""
    number = int(target.query.get("page", "0"))
    shown = entries_of(_NAME)[number * _A_PAGE : (number + 1) * _A_PAGE]
    cell = "views-field views-field-name" if "layout" in target.switches else "views-field views-field-title"
    rows = "".join(
        f'<tr class="odd"><td class="{cell}" >\n<a href="{_address(entry)}">{markup(entry.title)}</a></td>'
        f'<td class="views-field views-field-created">{entry.since}</td></tr>\n'
        for entry in shown
    )
    table = f'<table class="views-table">{rows}</table>' if shown else ""
    return html_page("Игры", f'<h1 class="title">Игры</h1>\n{table}{footer(world.day, "list", number)}', lang="ru")


def _node(world: World, target: Target, entry: ShelfEntry) -> Reply:
    node = _NODE_OF_ALIAS.get(entry.key, entry.key)
    heading = "page-title" if "layout" in target.switches else "title"
    made = dt.datetime.fromisoformat(f"{entry.since}T12:00:00+04:00").isoformat()
    fields: list[tuple[str, Sequence[str]]] = [
        ("Статус", ["готовая"]),
        ("Платформа", [entry.platform]),
        ("Страна", ["россия"]),
        ("Жанр", entry.genres),
    ]
    name = f"{entry.key}.zip"
    main = (
        f'<div id="block-system-main"><div id="node-{node}" class="node">\n'
        f'<span property="dc:date dc:created" content="{made}" datatype="xsd:dateTime">{entry.since}</span>\n'
        f"{_body(world, entry)}{''.join(_field(label, values) for label, values in fields)}"
        f"{_field('Авторы', entry.authors)}"
        '<table class="sticky-enabled"><tr><td><span class="file"><img class="file-icon" alt="" src="/misc/zip.png"> '
        f'<a href="http://{_HOST}/sites/default/files/{name}">{name}</a></span></td><td>{entry.size} КБ</td></tr>'
        "</table>\n</div></div>"
    )
    text = (
        '<!DOCTYPE html>\n<html lang="ru">\n<head>\n<meta charset="utf-8">\n'
        f'<link rel="canonical" href="{_address(entry)}" />\n<link rel="shortlink" href="/node/{node}" />\n'
        f"<title>{markup(entry.title)} | URQ</title>\n</head>\n"
        f'<body class="html not-front page-node page-node-{node} node-type-game">\n'
        f'<h1 class="{heading}">{markup(entry.title)}</h1>\n{main}\n{footer(world.day, node)}\n</body>\n</html>\n'
    )
    return Reply(body=text.encode())


def _field(label: str, values: Sequence[str]) -> str:
    items = "".join(f'<div class="field-item"><a href="/tag/{roll(900, v)}">{markup(v)}</a></div>' for v in values if v)
    if not items:
        return ""
    return (
        f'<div class="field field-label-inline clearfix"><div class="field-label">{label}:&nbsp;</div>'
        f'<div class="field-items">{items}</div></div>\n'
    )


def _body(world: World, entry: ShelfEntry) -> str:
    wiki = f"https://ifwiki.ru/{escape(entry.title.replace(' ', '_'))}"
    return (
        '<div class="field field-name-body field-type-text-with-summary field-label-hidden"><div class="field-items">'
        f'<div class="field-item even" property="content:encoded"><p>{markup(entry.text)}</p>\n'
        f'<p><a href="{wiki}">Страница на ifwiki</a>. Письма: '
        f'<a href="/cdn-cgi/l/email-protection#{_cover(world.day, entry.key, "href")}"><span class="__cf_email__" '
        f'data-cfemail="{_cover(world.day, entry.key, "data")}">[email&#160;protected]</span></a></p>'
        "</div></div></div>\n"
    )


def _cover(*about: object) -> str:
    """An e-mail address as Cloudflare covers it: a key, and the bytes of the address, each XOR the key."""
    key = roll(255, *about) + 1
    return bytes([key, *(byte ^ key for byte in _MAIL)]).hex()


SITE = Site(
    _NAME,
    (_HOST, "plut.info"),
    answer,
    lambda world: (_NODE_OF_ALIAS.get(entry.key, entry.key) for entry in entries_of(_NAME)),
    redesigns=True,
)
