"""The pages of ifwiki.ru: what each game's wikitext is, the pages that are no games, and who edited what lately."""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache

from game_pipeline.demo.world import Link, WikiEntry

from .days import World, world_on
from .ifwiki_people import author_pages_on
from .ifwiki_revisions import edited_at, saved_at, stamp
from .mediawiki_api import Article, Row
from .noise import roll

_REMEMBERED = dt.timedelta(days=90)
_ARTICLES = (
    (
        15101,
        "Интерактивная литература",
        34003,
        (
            "'''Интерактивная литература''' — вид компьютерных игр, в котором с игроком говорят текстом.\n\n"
            "== См. также ==\n* [[КРИЛ 2009]]\n\n[[Категория:Термины]]\n"
        ),
    ),
    (
        15102,
        "КРИЛ 2009",
        34005,
        (
            "Конкурс русскоязычной интерактивной литературы 2009 года.\n\n"
            "* [[Возвращение квантового кота]] (автор — [[автор:gloomy|gloomy]], "
            "[http://instead-games.ru/game.php?ID=107 страница игры])\n\n[[Категория:Конкурсы]]\n"
        ),
    ),
    (15103, "Квантовый кот", 28115, "#ПЕРЕНАПРАВЛЕНИЕ [[Возвращение квантового кота]]\n"),
)
SUBCATEGORIES = ((15201, "Категория:Серии игр"), (15202, "Категория:Игры на INSTEAD"))
"""Members of the category of games that are categories themselves."""


@lru_cache(maxsize=8)
def articles_on(day: int) -> tuple[Article, ...]:
    """Every page of the main namespace."""
    games = (
        Article(
            pageid=entry.pageid,
            title=entry.title,
            revid=entry.revid,
            timestamp=edited_at(entry.revid),
            text=wikitext(entry),
            is_game=True,
        )
        for entry in world_on(day).wiki
    )
    others = (
        Article(pageid=pageid, title=title, revid=revid, timestamp=edited_at(revid), text=text, is_game=False)
        for pageid, title, revid, text in _ARTICLES
    )
    return (*games, *others)


def pages_on(day: int) -> tuple[Article, ...]:
    """Every page that has a text, those about authors too."""
    return (*articles_on(day), *author_pages_on(day))


def wikitext(entry: WikiEntry) -> str:
    """A game's page. Details that editors write one way or another differ from page to page."""
    parts = [
        _infobox(entry),
        entry.description,
        "\n".join(entry.competitions),
        _link_section(entry.links) if entry.links else "",
        "[[Категория:Игры]]",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _infobox(entry: WikiEntry) -> str:
    name = "game info" if entry.pageid % 5 else "game_info"
    authors = ", ".join(_author(entry.pageid, author) for author in entry.authors)
    fields = [
        ("название", "{{PAGENAME}}" if entry.pageid % 3 == 0 else entry.title),
        ("автор", authors),
        ("вышла", entry.released or ""),
        ("платформа", entry.platform),
        ("язык", entry.language),
        ("темы", ", ".join(entry.themes)),
        *([("IFID", entry.ifid)] if entry.ifid else []),
    ]
    return f"{{{{{name}\n" + "".join(f"|{key}={value}\n" for key, value in fields) + "}}"


def _author(pageid: int, name: str) -> str:
    return f"[[Автор::{name}|{name}]]" if pageid % 4 == 0 else f"[[автор:{name}]]"


def _link_section(links: tuple[Link, ...]) -> str:
    return "== Ссылки ==\n" + "\n".join(f"* {_link(link)}" for link in links)


def _link(link: Link) -> str:
    """Downloads as `[http://… label]`, pages through the template."""
    return f"[{link.url} {link.title}]" if link.is_game else f"{{{{Ссылка|на={link.url}|1={link.title}}}}}"


def recent_changes(world: World) -> list[Row]:
    """The last 90 days, newest first: edits of games and other pages, and rows that name no page of their own."""
    horizon = stamp(dt.datetime.combine(world.today, dt.time(), dt.UTC) - _REMEMBERED)
    rows = [row for article in pages_on(world.day) for row in _rows_of(article)]
    rows.extend(_foreign_rows())
    return sorted((row for row in rows if row.timestamp >= horizon), key=lambda row: (row.timestamp, row.rcid))[::-1]


def _rows_of(article: Article) -> Iterator[Row]:
    row = Row(
        type="edit",
        ns=article.namespace,
        title=article.title,
        pageid=article.pageid,
        revid=article.revid,
        old_revid=article.revid - 1 - roll(40, "old", article.revid),
        rcid=article.revid * 3,
        timestamp=article.timestamp,
    )
    yield row
    if article.is_game:
        # Named after the category, numbered after the page that was put into it.
        yield Row(
            type="categorize",
            ns=14,
            title="Категория:Игры",
            pageid=article.pageid,
            revid=article.revid,
            old_revid=0,
            rcid=article.revid * 3 + 1,
            timestamp=article.timestamp,
        )


def _foreign_rows() -> Iterator[Row]:
    for number, (kind, namespace, title) in enumerate(
        (
            ("log", 0, "Дешёвые кредиты онлайн"),
            ("log", 2, "Участник:Новичок"),
            ("new", 2, "Участник:Новичок/Черновик"),
            ("log", 0, "Проба пера"),
            ("edit", 4, "ifwiki:Форум"),
        )
    ):
        there = kind != "log"
        yield Row(
            type=kind,
            ns=namespace,
            title=title,
            pageid=15300 + number if there else 0,
            revid=33950 + number if there else 0,
            old_revid=0 if kind != "edit" else 33900,
            rcid=101_700 + number,
            timestamp=stamp(saved_at(33950) + dt.timedelta(hours=number)),
        )
