"""apero.ru as it answers: the catalogue in short pages, the pages of games and of members."""

from html import escape
from urllib.parse import unquote

from .days import World
from .noise import roll
from .reply import Reply, Target, html_page, picture, robots
from .shelf import entries_of, entry_of, footer, markup
from .site import Site

_NAME = "apero"
_HOST = "apero.ru"
_HOME = f"https://{_HOST}"
_GAMES = "Текстовые-игры"
_A_PAGE = 4
_AVATAR = "/public/img/members/avatar.jpg"
_LEFT = "Ordos"
"""A member who left the site: their games stayed, their page is gone."""


def answer(world: World, target: Target) -> Reply:
    """The reply to a GET."""
    parts = [part for part in unquote(target.path).split("/") if part]
    match parts:
        case ["Текстовые-игры", "Каталог", number] if number.isdigit():
            return _catalogue(world, target, int(number))
        case ["Текстовые-игры", slug] if slug != "Каталог":
            return _game(world, target, slug)
        case ["Участники", name]:
            return _member(world, target, name)
        case ["robots.txt"]:
            return robots("/admin/")
        case ["public", "img", *_]:
            return picture(60, 60, roll(200, target.path))
    return html_page("404", "<h1>Страница не найдена</h1>", lang="ru", status=404)


def _catalogue(world: World, target: Target, number: int) -> Reply:
    entries = entries_of(_NAME)
    pages = -(-len(entries) // _A_PAGE)
    shown = entries[(number - 1) * _A_PAGE : number * _A_PAGE]
    if not shown:
        return html_page("404", "<h1>Страница не найдена</h1>", lang="ru", status=404)
    heading = "h3" if "layout" in target.switches else "h2"
    items = "".join(
        f'<{heading}><a href="{_HOME}/{_GAMES}/{entry.key}">{markup(entry.title)}</a></{heading}>\n'
        f"<p>{markup(entry.text)}</p>\n"
        for entry in shown
    )
    links = "".join(f'<li><a data-page="{page}" href="#">{page}</a></li>' for page in range(1, pages + 1))
    body = f'{items}<ul class="pagination">{links}</ul>{footer(world.day, "catalogue", number)}'
    return html_page("Каталог", body, lang="ru")


def _game(world: World, target: Target, slug: str) -> Reply:
    entry = entry_of(_NAME, slug)
    if entry is None:
        return html_page("404", "<h1>Страница не найдена</h1>", lang="ru", status=404)
    name = "title" if "layout" in target.switches else "name"
    authors = ", ".join(
        f'<a itemprop="author" href="{_HOME}/Участники/{author}">{author}</a>' for author in entry.authors
    )
    # Some games have a cover of their own, the others the site's.
    cover = f"/public/img/games/{roll(900, slug)}.png" if roll(2, "cover", slug) else "/public/img/games/game.png"
    return html_page(
        markup(entry.title),
        f'<img src="{_HOME}{cover}" alt="" itemprop="image" />\n<dl>\n'
        f'<dt>Название:</dt><dd itemprop="{name}"><div title="{escape(entry.title)}">{markup(entry.title)}</div></dd>\n'
        f'<dt>Опубликовано:</dt><dd><meta itemprop="datePublished" content="{entry.since}">{entry.since}</dd>\n'
        f'<dt>Автор:</dt><dd>{authors}<span itemprop="count">{len(entry.authors)}</span></dd>\n'
        f"<dt>Описание:</dt>\n<dd><div>{markup(entry.text)}</div></dd>\n</dl>\n{footer(world.day, slug)}",
        lang="ru",
    )


def _member(world: World, target: Target, name: str) -> Reply:
    if name == _LEFT or not any(name in entry.authors for entry in entries_of(_NAME)):
        return html_page("404", "<h1>Страница не найдена</h1>", lang="ru", status=404)
    new_look = "layout" in target.switches
    portrait = f'<img src="{_HOME}{_AVATAR}" class="{"avatar" if new_look else "img-circle"}" />'
    about = (
        f"<dt>{'Биография' if new_look else 'О себе'}:</dt><dd><p>Пишет игры с {2005 + roll(15, name)} года.</p></dd>"
    )
    return html_page(
        markup(name),
        f"{portrait}\n<h1>{markup(name)}</h1>\n<dl>{about}</dl>\n{footer(world.day, name)}",
        lang="ru",
    )


SITE = Site(
    _NAME, (_HOST, f"www.{_HOST}"), answer, lambda world: (entry.key for entry in entries_of(_NAME)), redesigns=True
)
