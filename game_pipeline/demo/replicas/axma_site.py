"""axmajs.ru as it answers: the library in short parts, latest first, and the page of each game."""

from html import escape

from game_pipeline.demo.world.shelves import ShelfEntry

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, picture, robots
from .shelf import entries_of, entry_of, footer, markup, short_day
from .site import Site

_NAME = "axma"
_HOST = "axmajs.ru"
_A_PART = 2
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    match target.path.strip("/"):
        case "library" if "id" in target.query:
            return _game(world, target)
        case "library":
            return _part(world, target)
        case "include/download_zip.php":
            return Reply(body=_EMPTY_ZIP, content_type="application/zip")
        case "robots.txt":
            return robots("/include/")
        case path if path.endswith("cover.jpg"):
            return picture(40, roll(200, path), 120)
    return html_page("404", "<h1>Not Found</h1>", lang="ru", status=404)


def _part(world: World, target: Target) -> Reply:
    """Two games from `from` on, and beside them the games commented on of late. Past the last one there is no game."""
    start = int(target.query.get("from", "0"))
    entries = entries_of(_NAME)
    articles = "".join(_article(target, entry) for entry in entries[start : start + _A_PART])
    talked_of = entries[roll(len(entries), "talk", world.day)]
    comments = (
        f'<h3>Последние комментарии</h3><div><a href="/include/download_zip.php?id={talked_of.key}">'
        f"{markup(talked_of.title)}</a></div>"
    )
    return html_page("Библиотека", f"{articles}{comments}{footer(world.day, 'part', start)}", lang="ru")


def _game(world: World, target: Target) -> Reply:
    entry = entry_of(_NAME, target.query["id"])
    if entry is None:
        return html_page("Библиотека", "<p>Игра не найдена</p>", lang="ru", status=404)
    return html_page(markup(entry.title), _article(target, entry) + footer(world.day, entry.key), lang="ru")


def _article(target: Target, entry: ShelfEntry) -> str:
    code = f"{roll(10**6, entry.key):06}"
    heading = "h4" if "layout" in target.switches else "h5"
    themes = ", ".join(f"<a href='?tag={roll(90, theme)}'>{theme}</a>" for theme in entry.genres)
    return (
        f"<article><{heading}>{markup(entry.title)}<span class='version'>v{roll(9, code) + 1}</span>"
        f"<span class='author'>Автор: {escape(', '.join(entry.authors))}</span></{heading}>"
        f"<div class='pubinfo small' style='float:left;'>Параграфов:&nbsp;{roll(400, code) + 10}.</div>"
        f"<div class='small' style='float:right;'>{short_day(entry.since)}</div>"
        f"<div style='clear:both;'><img class='coverlib' src='/lib/{code}/cover.jpg'></div>"
        f"<div class='pubbuttons small'><a href='https://lib.axmajs.ru/{code}/'>Запустить</a>"
        f"<a nohr='/include/download_zip.php?id={entry.key}'>Скачать</a></div>"
        f"<div style='clear:both;'></div>ru<div style='margin-top:1em;' class='small'>{themes}</div>"
        f"<div class='subtitle'>{markup(entry.text)}</div></article>\n"
    )


SITE = Site(
    _NAME, (_HOST, f"www.{_HOST}"), answer, lambda world: (entry.key for entry in entries_of(_NAME)), redesigns=True
)
