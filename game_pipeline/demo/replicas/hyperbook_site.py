"""hyperbook.ru as it answers: the library in short parts, latest first, and the page of each game with its comments."""

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, robots
from .shelf import entries_of, entry_of, footer, markup, short_day
from .site import Site

_NAME = "hyperbook"
_HOST = "hyperbook.ru"
_A_PART = 2
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
_MENU = "<div class='menu'><a href='lib.php?sort=genre7'>Мистика</a> <a href='file1'>Правила</a></div>\n"


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    match target.path.strip("/"):
        case "lib.php":
            return _part(world, target)
        case "comments.php":
            return _game(world, target)
        case "download.php":
            return Reply(body=_EMPTY_ZIP, content_type="application/zip")
        case "robots.txt":
            return robots("/admin/")
    return html_page("404", "<h1>Not Found</h1>", lang="ru", status=404)


def _part(world: World, target: Target) -> Reply:
    start = int(target.query.get("from", "0"))
    heading = "h4" if "layout" in target.switches else "h3"
    items = "".join(
        f"<{heading}><a href='file{entry.key}'>{markup(entry.title)}</a></{heading}>"
        f"<div class='small'>Параграфов: {roll(300, entry.key) + 20}.</div>"
        f"<div>комментарии ({roll(9, world.day, entry.key)})</div>\n"
        for entry in entries_of(_NAME)[start : start + _A_PART]
    )
    return html_page("Библиотека", f"{_MENU}{items}{footer(world.day, 'part', start)}", lang="ru")


def _game(world: World, target: Target) -> Reply:
    entry = entry_of(_NAME, target.query.get("id", ""))
    if entry is None:
        return html_page("Библиотека", "<p>Игра не найдена</p>", lang="ru", status=404)
    title = "читать" if "layout" in target.switches else "запустить"
    genres = ", ".join(f"<a href='lib.php?sort=genre{roll(20, genre)}'>{genre}</a>" for genre in entry.genres)
    awards = "<p class='small'><span class='accentsmall'>Награды</span><br><img src='medal31.png'>Выбор читателей</p>"
    return html_page(
        markup(entry.title),
        f"{_MENU}<a href='preview.php?id={entry.key}'><h1 title='{title}'>{markup(entry.title)}&nbsp;"
        "<span class='small' style='color:#999999'>v1</span>&nbsp;<span class='accent'>→</span></h1></a>"
        "<div style='float: left; width: 50%; margin-bottom:14px; text-align: left;'>"
        f"Автор: {markup(', '.join(entry.authors))} Редактор: Вера Т.</div><div style='clear:both;'></div>"
        "<div style='float: left; width: 80%; color:#999999;' class='small'>"
        f"Параграфов: {roll(300, entry.key) + 20}. Размер: <nobr>{entry.size} Кб</nobr>. /2.0/</div>"
        f"<div style='float: left; width: 20%; text-align:right;' class='small'>{short_day(entry.since)}</div>"
        "<div style='clear:both; text-align:right;' class='small'>"
        f"<a href='file{entry.key}'><span class='accent'>запустить</span></a> / "
        f"<a href='download.php?id={entry.key}' target='_blank'>скачать</a></div>"
        f"<div class='small'>{markup(entry.text)}</div><div class='sortsel'>{genres}</div>"
        f"{awards if roll(2, 'award', entry.key) else ''}"
        f"<h3 style='margin-top:2em;'>Комментарии: {roll(9, world.day, entry.key)}.</h3>"
        f"<div class='small'>Отлично!</div>{footer(world.day, entry.key)}",
        lang="ru",
    )


SITE = Site(
    _NAME, (_HOST, f"www.{_HOST}"), answer, lambda world: (entry.key for entry in entries_of(_NAME)), redesigns=True
)
