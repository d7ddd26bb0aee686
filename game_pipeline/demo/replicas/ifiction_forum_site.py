"""forum.ifiction.ru as it answers: the section of games, topics (of games and of talk), the feed, the redirector."""

import datetime as dt
from html import escape

from game_pipeline.demo.world.shelves import ShelfEntry

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, picture, robots
from .shelf import entries_of, entry_of, footer, markup, page_in_1251
from .site import Site

_NAME = "ifiction_forum"
_HOST = "forum.ifiction.ru"
_HOME = f"https://{_HOST}"
_TALK = {"1400": "Правила форума", "1502": "Поболтаем?"}
_A_PAGE = 4
_IN_FEED = 5


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    match target.path:
        case "/viewforum.php" if target.query.get("id", "").removesuffix("d") == "36":
            return _section(world, target)
        case "/viewtopic.php":
            return _topic(world, target, target.query.get("id", ""))
        case "/extern.php" if target.query.get("type", "").lower() == "rss":
            return _feed(world)
        case "/file.php":
            return _redirector(target.query.get("id", ""))
        case "/robots.txt":
            return robots("/admin_index.php")
    if target.path.startswith("/img/"):
        return picture(roll(200, target.path), roll(200, target.raw), 70)
    return html_page("404 Not Found", "<h1>Not Found</h1>", lang="ru", status=404)


def _section(world: World, target: Target) -> Reply:
    number = int(target.query.get("p", "1"))
    entries = entries_of(_NAME)
    shown = entries[(number - 1) * _A_PAGE : number * _A_PAGE]
    rows = "".join(
        f'<tr><td><a href="./viewtopic.php?id={entry.key}">{markup(entry.title)}</a></td>'
        f'<td><a href="./viewtopic.php?id={entry.key}&amp;lid={roll(90, world.day, entry.key)}">&raquo;</a></td></tr>\n'
        for entry in shown
    )
    pages = range(1, -(-len(entries) // _A_PAGE) + 1)
    links = " ".join(f'<a href="viewforum.php?id=36d&amp;p={page}">{page}</a>' for page in pages if page != number)
    body = f"<table>{rows}</table>\n<p>Страницы: {links}</p>{footer(world.day, 'section', number)}"
    return page_in_1251("Игры", body)


def _topic(world: World, target: Target, number: str) -> Reply:
    entry = entry_of(_NAME, number)
    if entry is None and number not in _TALK:
        return page_in_1251("Сообщение", '<div id="msg"><p>Неверный запрос. Ссылка неверна или устарела.</p></div>')
    title = entry.title if entry else _TALK[number]
    heading = "h2" if "layout" in target.switches else "h1"
    head = f'<{heading} class="t"><b><span>{markup(title)}</span></b></{heading}>\n'
    talk = f'<div class="post">Просмотров: {roll(900, number) + world.day}</div>{footer(world.day, number)}'
    return page_in_1251(markup(title), head + (_game(entry) if entry else "") + talk)


def _game(entry: ShelfEntry) -> str:
    names = ", ".join(f'<a href="profile.php?id={roll(900, name)}">{markup(name)}</a>' for name in entry.authors)
    label = "Авторы" if entry.authors[1:] else "Автор"
    platform = f'Платформа: <a href="viewforum.php?id=36&amp;list=3">{entry.platform}</a>'
    known = " &middot; ".join([*([f"{label}: {names}"] if names else []), *([platform] if entry.platform else [])])
    return (
        f'<div id="game_authors">{known}</div>\n'
        f'<img src="/img/{entry.key}.png" style="max-width:320px;" alt="">\n'
        f'<div align="justify" style="font-size:1.2em; margin-top:10px;">{markup(entry.text)}</div>\n'
        '<table><tr><td valign="top" style="border:0; padding:0px 0 0 5px;">\n'
        f'<a href="./file.php?id={entry.key}"><b>Скачать</b></a><br>\n'
        f'<a href="https://ifwiki.ru/{escape(entry.title.replace(" ", "_"))}"><b>Страница на ifwiki</b></a><br>\n'
        '<a href="#comments"><b>Обсуждение</b></a></td></tr></table>\n'
        f'<div id="screenshots" class="s"><img src="/img/{entry.key}-1.png" alt=""></div>\n'
    )


def _feed(world: World) -> Reply:
    """The topics written in last; every day somebody writes in one of them."""
    active = sorted(((_last_post(world, number), number) for number in _topics()), reverse=True)[:_IN_FEED]
    items = "".join(
        f"<item><title>{markup(title)}</title><link>{_HOME}/viewtopic.php?id={number}&amp;action=new</link>\n<description>"
        + escape(f"{title}<br />{_HOME}/viewtopic.php?id={number}<br />Кто-то<br />{time}", quote=False)
        + "</description></item>\n"
        for time, number in active
        for title in [_topics()[number]]
    )
    text = (
        '<?xml version="1.0" encoding="windows-1251"?>\n<rss version="0.91"><channel><title>Форум</title>'
        f"<link>{_HOME}/</link>\n{items}</channel></rss>\n"
    )
    return Reply(body=text.encode("windows-1251"), content_type="text/xml; charset=windows-1251")


def _topics() -> dict[str, str]:
    return {**{entry.key: entry.title for entry in entries_of(_NAME)}, **_TALK}


def _last_post(world: World, number: str) -> int:
    """Unix time of the last post of a topic: years ago, or in the night before one of the days."""
    topics = sorted(_topics())
    for day in range(world.day, 0, -1):
        if topics[roll(len(topics), "post", day)] == number:
            night = dt.datetime.combine(world.today - dt.timedelta(days=world.day - day), dt.time(3), dt.UTC)
            return int(night.timestamp())
    return 1_600_000_000 + int(number) * 1_000


def _redirector(number: str) -> Reply:
    to = f"https://example.org/games/{escape(number)}.zip"
    head = f'<meta http-equiv="refresh" content="1; URL={to}">\n'
    return page_in_1251("Загрузка", f'<a href="{to}">Скачать</a>', head=head)


SITE = Site(_NAME, (_HOST,), answer, lambda world: (entry.key for entry in entries_of(_NAME)), redesigns=True)
