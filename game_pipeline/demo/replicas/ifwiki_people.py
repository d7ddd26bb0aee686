"""The pages of ifwiki.ru about authors: most of those whom its games name have one, one by way of a redirect."""

from functools import lru_cache
from urllib.parse import quote

from .days import world_on
from .ifwiki_revisions import edited_at
from .mediawiki_api import Article
from .noise import roll

__all__ = ["PAGELESS", "PEN_NAME", "PEN_NAME_OF", "author_pages_on"]

_NAMESPACE = 102
PAGELESS = "brevno"
"""An author who has no page."""
PEN_NAME, PEN_NAME_OF = "gloomy", "Пётр Косых"
"""The page of the one leads to the other's."""
_ELSEWHERE = {"SpeakingStone": "https://apero.ru/Участники/SpeakingStone"}
_FIRST_PAGE = 16_001
_EDITED_ON_DAY_2 = 34_077


@lru_cache(maxsize=8)
def author_pages_on(day: int) -> tuple[Article, ...]:
    """Every page about an author."""
    games: dict[str, list[str]] = {}
    for entry in world_on(day).wiki:
        for author in entry.authors:
            games.setdefault(author, []).append(entry.title)
    games.setdefault(PEN_NAME_OF, [])
    pages = []
    for number, (name, titles) in enumerate(games.items()):
        if name == PAGELESS:
            continue
        edited = name == PEN_NAME_OF and day >= 2
        text = f"#ПЕРЕНАПРАВЛЕНИЕ [[Автор:{PEN_NAME_OF}]]\n" if name == PEN_NAME else _wikitext(name, titles, edited)
        pages.append(
            Article(
                pageid=_FIRST_PAGE + number,
                title=f"Автор:{name}",
                revid=(revid := _EDITED_ON_DAY_2 if edited else 9_000 + 13 * number),
                timestamp=edited_at(revid),
                text=text,
                is_game=False,
                namespace=_NAMESPACE,
                redirects=(f"Автор:{PEN_NAME}",) if name == PEN_NAME_OF else (),
            )
        )
    return tuple(pages)


def _wikitext(name: str, games: list[str], edited: bool) -> str:
    parts = [
        f"[[Файл:Портрет {roll(900, name)}.jpg|thumb|200px|{name}]]" if roll(2, "portrait", name) else "",
        f"'''{name}''' — автор текстовых игр." + (" Ведёт мастерскую для начинающих." if edited else ""),
        "== Игры ==\n" + "\n".join(f"* [[{title}]]" for title in games) if games else "",
        f"== Ссылки ==\n* [{quote(_ELSEWHERE[name], safe=':/')} Страница на Аперо]" if name in _ELSEWHERE else "",
        "[[Категория:Авторы]]",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
