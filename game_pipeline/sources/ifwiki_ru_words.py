"""The words of ifwiki.ru that pages about games and about people share: namespaces, roles, templates, addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .mediawiki import page_slug

if TYPE_CHECKING:
    from mwparserfromhell.wikicode import Wikicode

__all__ = [
    "CATEGORIES",
    "FILES",
    "GAMES",
    "GAME_INFO",
    "LINK_SECTION",
    "PICTURES",
    "PREFIX",
    "ROLES",
    "SILENT",
    "WIKIPEDIA",
    "address_in",
    "file_url",
    "page_url",
]

ROLES = {
    "автор": "author",
    "соавтор": "author",
    "переводчик": "translator",
    "тестировщик": "tester",
    "участник": "contributor",
    "иллюстратор": "illustrator",
    "художник": "illustrator",
    "программист": "programmer",
    "композитор": "composer",
    "редактор": "editor",
}
FILES = frozenset(("медиа", "media", "файл", "file", "изображение", "image"))
PICTURES = frozenset(("файл", "file", "изображение", "image"))
CATEGORIES = frozenset(("категория", "category"))
WIKIPEDIA = frozenset(("wikipedia", "википедия", "w"))
GAMES = "игры"

GAME_INFO = frozenset(("game info", "gameinfo"))
SILENT = frozenset(
    ("заглушкатекста", "заглушкассылок", "начало цитаты", "конец цитаты", "-", "clear", "cleared", "!", "defaultsort")
)
LINK_SECTION = re.compile(
    r"(?:внешние )?ссылки|скачать|файлы|см\.? также|смотри также|примечания|источники|links", re.IGNORECASE
)
PREFIX = re.compile(r"\s*([^:|\[\]]{1,40}?)\s*::?(?!:)(.*)", re.DOTALL)


def page_url(title: str) -> str:
    """The address of a page for people: `https://ifwiki.ru/Title_with_underscores`."""
    return f"https://ifwiki.ru/{page_slug(title)}"


def address_in(value: Wikicode | None) -> str:
    """The address in a parameter, as written: rendering it would take it for a link of the prose."""
    found = re.search(r"(?:https?:)?//[^\s\[\]|{}<>]+", str(value or ""), re.IGNORECASE)
    return found[0] if found else ""


def file_url(name: str) -> str:
    """The address of a file of the wiki."""
    return f"https://ifwiki.ru/files/{page_slug(name)}"
