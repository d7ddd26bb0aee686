"""ifwiki.ru: its facts. How a wiki is walked is in `wiki_source`, how a page's wikitext reads in `ifwiki_ru_page` and
`ifwiki_ru_person`."""

from __future__ import annotations

import re

from game_pipeline.model import Attribution

from .base import Coverage, Expects, Policy, Segment
from .draft import Draft
from .ifwiki_ru_page import read_game
from .ifwiki_ru_person import person_title, read_person
from .ifwiki_ru_words import page_url
from .mediawiki import WikiPage
from .person_draft import PersonDraft
from .wiki_source import WikiSource

__all__ = ["IfwikiRu"]


class IfwikiRu(WikiSource):
    """The Russian wiki of interactive fiction. Pages are known by page id, for a tenth of the titles changed in
    eight years. Authors have pages, too (`автор:…`), known by their titles, for those are what a game's page gives.

    `verified` is False: the API's transport is known from whole replies (of other wikis), the conventions of the
    pages only from somebody else's importer and an inventory; no whole page of this wiki was seen.
    The licence of the texts is not known either.
    """

    name = "ifwiki_ru"
    title = "ifwiki.ru"
    home = "https://ifwiki.ru/"
    hosts = ("ifwiki.ru",)
    attribution = Attribution(site="ifwiki.ru", licence="unknown")
    policy = Policy(priority=25)
    verified = False
    parser_version = 2
    segments = (*WikiSource.segments, Segment("authors", "Pages about authors"))
    people = "authors"
    changes_in = None
    expects = Expects(
        records=(10, None),
        page=(0, 1),
        coverage=(
            Coverage("descriptions", 0.6, "text of the page"),
            Coverage("credits", 0.4, "{{game info|автор=}}, [[автор:…]]"),
            Coverage("about", 0.3, "text of the author's page", "person"),
        ),
    )
    api = "https://ifwiki.ru/api.php"
    category = "Категория:Игры"
    no_articles = re.compile(
        r"(?:категория|category|файл|file|изображение|участник|user|служебная|special|шаблон|template|mediawiki|справка"
        r"|help|автор|медиа|media|(?:обсуждение|talk|user talk)[^:]*|ifwiki)\s*:",
        re.IGNORECASE,
    )

    def read_game(self, draft: Draft, page: WikiPage) -> bool:
        return read_game(draft, page.title, page.text)

    def person_title(self, title: str) -> str | None:
        return person_title(title)

    def read_person(self, draft: PersonDraft, page: WikiPage) -> bool:
        return read_person(draft, page.title, page.text)

    def page_url(self, title: str) -> str:
        return page_url(title)
