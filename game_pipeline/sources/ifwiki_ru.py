"""ifwiki.ru: its facts. How a wiki is walked is in `wiki_source`, how a page's wikitext reads in `ifwiki_ru_page`."""

from __future__ import annotations

import re

from game_pipeline.model import Attribution

from .base import Coverage, Expects, Policy
from .draft import Draft
from .ifwiki_ru_page import page_url, read_game
from .mediawiki import WikiPage
from .wiki_source import WikiSource

__all__ = ["IfwikiRu"]


class IfwikiRu(WikiSource):
    """The Russian wiki of interactive fiction. Pages are known by page id, for a tenth of the titles changed in
    eight years.

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
    expects = Expects(
        records=(10, None),
        page=(0, 1),
        coverage=(
            Coverage("descriptions", 0.6, "text of the page"),
            Coverage("credits", 0.4, "{{game info|автор=}}, [[автор:…]]"),
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

    def page_url(self, title: str) -> str:
        return page_url(title)
