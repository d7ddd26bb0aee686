"""quest-book.ru as it answers: the list, ten games at a time, and the page of each game with its first posts."""

import datetime as dt
from html import escape

from game_pipeline.demo.world.shelves import ShelfEntry

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, picture, robots
from .shelf import MONTHS, entries_of, entry_of, footer, markup, page_in_1251
from .site import Site

_NAME = "quest_book"
_HOST = "quest-book.ru"
_A_PAGE = 10
_WEEKDAYS = ("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс")


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    path = target.path.rstrip("/")
    if path == "/online":
        return _list(world, target)
    if path.startswith("/online/view/"):
        return _game(world, target, path.removeprefix("/online/view/"))
    if path.startswith("/online/mitril/download/"):
        return Reply(body=b"%PDF-1.4\n%%EOF\n", content_type="application/pdf")
    if path.startswith("/img/"):
        return picture(roll(200, path), 90, 120)
    if path == "/robots.txt":
        return robots("/admin/")
    return html_page("404 Not Found", "<h1>Not Found</h1>", lang="ru", status=404)


def _list(world: World, target: Target) -> Reply:
    """The games from `s` on, counted from 1. Past the last one the page is there, and empty."""
    start = max(1, int(target.query.get("s", "1")))
    shown = entries_of(_NAME)[start - 1 : start - 1 + _A_PAGE]
    cards = "".join(
        f'<div class="card"><div class="card-body"><h4><a href="view/{entry.key}">{markup(entry.title)}</a></h4>\n'
        f'<p>{markup(entry.text)}</p><a class="btn btn-sm" href="view/{entry.key}">Подробнее</a></div></div>\n'
        for entry in shown
    )
    return page_in_1251("Сторигеймы", f"<h2>Сторигеймы</h2>\n{cards}{footer(world.day, 'list', start)}")


def _game(world: World, target: Target, key: str) -> Reply:
    entry = entry_of(_NAME, key)
    if entry is None:
        card = '<div class="card"><h5>Общая ошибка</h5><div class="card-body">Ошибка запроса</div></div>'
        return page_in_1251("Ошибка", card + footer(world.day, key))
    heading = "page-title" if "layout" in target.switches else "mt-1"
    rows = "".join(_rows(entry))
    buttons = (
        f'<a class="btn btn-primary" href="/online/play/{key}">Играть</a>\n'
        f'<a class="btn btn-secondary" href="/online/mitril/download/{key}/pdf/">Скачать</a>\n'
        f'<a class="btn btn-light" href="/login">Войти</a>\n'
    )
    return page_in_1251(
        markup(entry.title),
        f'<h2 class="{heading}">{markup(entry.title)}</h2>\n<table class="table">{rows}</table>\n{buttons}'
        f"{_post(entry.since, f'<b>{markup(entry.title)}</b><br />{markup(entry.text)}')}"
        f"{_post('2019-02-03', f'Понравилось! Оценка {roll(5, world.day, key)}')}{footer(world.day, key)}",
        head=f'<meta property="og:image" content="https://{_HOST}/img/{key}.png">\n',
    )


def _rows(entry: ShelfEntry) -> list[str]:
    def row(label: str, value: str, style: str = "") -> str:
        return f'<tr><td class="text-left"{style}>{label}</td>\n<td class="text-left">{value}</td></tr>\n'

    author = ", ".join(entry.authors) or "Аноним"
    mine = f'<a href="/online/?author={roll(900, author)}">все сторигеймы автора</a>'
    return [
        row("Краткое описание", markup(entry.text)),
        row("Автор", f'<a href="/user/{roll(900, author)}">{escape(author)}</a> {mine}', ' style="width: 35%"'),
        row("Категории", ", ".join(f'<a href="/online/?c={roll(90, name)}">{name}</a>' for name in entry.genres)),
    ]


def _post(day: str, text: str) -> str:
    date = dt.date.fromisoformat(day)
    return (
        f'<div class="card"><div class="card-body"><i class="fal fa-clock"></i> <small>{_WEEKDAYS[date.weekday()]} '
        f"{MONTHS[date.month - 1]} {date.day:02}, {date.year} 10:{date.day:02}</small>\n"
        f'<div class="postbody">{text}</div><!--MESSAGE-BODY-END--></div></div>\n'
    )


SITE = Site(
    _NAME, (_HOST, f"www.{_HOST}"), answer, lambda world: (entry.key for entry in entries_of(_NAME)), redesigns=True
)
