"""qsp.org as it answers: its API in short pages, the old XML list; and qsp.su, the site before it."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from game_pipeline.demo.world.shelves import ShelfEntry

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, picture, robots
from .shelf import entries_of, footer, markup
from .site import Site

_NAME = "qsp"
_HOST = "qsp.org"
_HOME = f"https://{_HOST}"
_A_PAGE = 2
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    if target.host == "qsp.su":
        return _old_page(world, target.query.get("sobi2Id", ""))
    path = target.path.rstrip("/")
    if path == "/api/v1/games":
        return _list(world, target)
    if path.startswith("/api/v1/games/"):
        return _game(world, target, path.removeprefix("/api/v1/games/"))
    if path == "/gamestock/gamestock2.php":
        return _stock()
    if path == "/robots.txt":
        return robots("/admin/")
    if path.endswith("/download"):
        return Reply(body=_EMPTY_ZIP, content_type="application/zip")
    if path.endswith((".png", ".jpg")):
        return picture(200, roll(200, path), 20)
    return html_page("404", "<h1>Not Found</h1>", lang="ru", status=404)


def _list(world: World, target: Target) -> Reply:
    """The list in pages of two, whatever was asked for: by number, or by `sort=created` as `order` says."""
    number = max(1, int(target.query.get("page", "1")))
    key: Callable[[ShelfEntry], Any] = _number_of
    if target.query.get("sort") == "created":
        key = _since
    entries = sorted(entries_of(_NAME), key=key, reverse=target.query.get("order") == "desc")
    shown = entries[(number - 1) * _A_PAGE : number * _A_PAGE]
    meta = {"current_page": number, "last_page": -(-len(entries) // _A_PAGE), "total": len(entries)}
    return _json({"data": [_facts(world, target, entry) for entry in shown], "meta": meta})


def _game(world: World, target: Target, slug: str) -> Reply:
    found = [entry for entry in entries_of(_NAME) if slug in (entry.key, str(_number_of(entry)))]
    if not found:
        return _json({"message": "No query results for model [App\\Models\\Game]."}, status=404)
    return _json({"data": _facts(world, target, found[0])})


def _facts(world: World, target: Target, entry: ShelfEntry) -> dict[str, Any]:
    name = "title" if "layout" in target.switches else "name"
    return {
        "slug": entry.key,
        name: entry.title,
        "lang": "ru",
        "ver": f"1.{roll(9, entry.key)}",
        "authors": ", ".join(entry.authors),
        "translators": None,
        "description_html": f"<p>{markup(entry.text)}</p>",
        "file_url": f"{_HOME}/games/{entry.key}/download",
        "file_name": f"{entry.key}.qsp",
        "file_size": entry.size * 1024,
        "icon_url": None,
        "cover_url": f"{_HOME}/storage/games/{_number_of(entry)}/cover.png",
        "downloads_count": roll(900, entry.key) + world.day * 3,
        "plays_count": roll(900, "plays", entry.key) + world.day * 5,
        "likes_count": roll(90, "likes", entry.key),
        "comments_count": roll(9, "comments", entry.key),
        "created_at": f"{entry.since}T10:20:30+00:00",
        "updated_at": f"{entry.since}T11:00:00+00:00",
    }


def _stock() -> Reply:
    """The XML list for the old players: every fact is CDATA, and one entry has lost its title."""
    games = "".join(
        f"\t<game>\n\t\t<id><![CDATA[{_number_of(entry)}]]></id>\n"
        f"\t\t<author><![CDATA[{', '.join(entry.authors)}]]></author>\n\t\t<version><![CDATA[1.0]]></version>\n"
        f"\t\t<title><![CDATA[{title}]]></title>\n\t\t<lang><![CDATA[ru]]></lang>\n"
        f"\t\t<icon><![CDATA[{_HOME}/images/{_number_of(entry)}_ico.jpg]]></icon>\n"
        f"\t\t<file_url><![CDATA[{_HOME}/gamestock/index2.php?fid={_number_of(entry)}]]></file_url>\n"
        f"\t\t<file_size><![CDATA[{entry.size * 1024}]]></file_size>\n\t\t<file_ext><![CDATA[zip]]></file_ext>\n"
        f"\t\t<desc_url><![CDATA[{_HOME}/details/{_number_of(entry)}]]></desc_url>\n\t</game>\n"
        for position, entry in enumerate(entries_of(_NAME))
        for title in ["" if position == 1 else entry.title]
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<game_list version="1.0" id="qspsu_maingamelist"'
        f' title="QSP main game list">\n{games}</game_list>\n'
    )
    return Reply(body=text.encode(), content_type="text/xml; charset=utf-8")


def _old_page(world: World, number: str) -> Reply:
    entry = next((entry for entry in entries_of(_NAME) if str(_number_of(entry)) == number), None)
    if entry is None:
        return html_page("QSP", "<p>Запись не найдена</p>", lang="ru", status=404)
    since = dt.date.fromisoformat(entry.since)
    return html_page(
        "QSP",
        f'<table class="sobi2Details" border="0"><tr><td><h1>{markup(entry.title)}</h1></td></tr>\n'
        f'<tr><td><img src="/images/{number}.jpg" alt="" class="sobi2DetailsImage" /></td></tr>\n<tr><td>'
        '<span id="sobi2Details_field_author" ><span class="label">Автор:</span> '
        f"{markup(', '.join(entry.authors))}</span><br>\n"
        '<span id="sobi2Details_field_version" ><span class="label">Версия:</span> 1.0</span><br>\n'
        f'<span id="sobi2Details_field_description" >{markup(entry.text)}</span></td></tr>\n'
        f'<tr><td><h2><a href="/get/{number}.zip" title="download">Скачать</a></h2></td></tr></table>\n'
        f'<table class="sobi2DetailsFooter"><tr><td>Добавлено: {since:%d.%m.%Y}&nbsp;&nbsp;Просмотров: '
        f"{roll(900, world.day, number)}</td></tr></table>{footer(world.day, number)}",
        lang="ru",
    )


def _number_of(entry: ShelfEntry) -> int:
    return int(entry.key.partition("-")[0])


def _since(entry: ShelfEntry) -> str:
    return entry.since


def _json(document: dict[str, Any], status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(document, ensure_ascii=False).encode(), content_type="application/json")


SITE = Site(
    _NAME,
    (_HOST, f"www.{_HOST}", "qsp.su", "www.qsp.su"),
    answer,
    lambda world: (str(_number_of(entry)) for entry in entries_of(_NAME)),
    redesigns=True,
)
