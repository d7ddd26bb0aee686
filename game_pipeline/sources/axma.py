"""axmajs.ru: the library of games made with AXMA Story Maker JS, and the page of each.

Format: the importer of mooskagh/ifdb and its test; no page was seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from game_pipeline.model import Attribution, GameRecord

from .base import Coverage, Expects, Page, PageRef, Policy, Request
from .draft import Draft
from .html import attribute, markup, parse_html, required, text, texts
from .identities import site_id
from .jsondoc import number
from .languages import language_codes, language_of
from .latest_first import LatestFirst
from .ranges import IdRanges
from .text import html_to_markdown, recent_day, split_names

if TYPE_CHECKING:
    from parsel import Selector

__all__ = ["Axma"]

_SITE = "https://axmajs.ru/"
_LIBRARY = f"{_SITE}library/"
# The address of a game's archive stands in `nohr`, of which a script makes a link.
_ARCHIVE = '[nohr*="download_zip.php?id="], [href*="download_zip.php?id="]'
_LATEST_COMMENTS = "Последние комментарии"
_AUTHOR = re.compile(r"^Авторы?\s*:\s*", re.IGNORECASE)
_PARAGRAPHS = re.compile(r"Параграфов\s*:\s*(\d+)")


class Axma(LatestFirst):
    """The library of AXMA Story Maker JS.

    The date on a page is the day the game came, or came anew, into the library: it is `extra.added`.
    """

    name = "axma"
    title = "axmajs.ru"
    home = _LIBRARY
    hosts = ("axmajs.ru",)
    attribution = Attribution(site="axmajs.ru", licence="unknown")
    policy = Policy(priority=50)
    verified = False
    parser_version = 1
    expects = Expects(
        records=(4, None),
        page=(1, 1),
        coverage=(
            Coverage("credits", 0.8, "article h5 span.author"),
            Coverage("descriptions", 0.6, "article div.subtitle"),
            Coverage("urls.play_online", 0.7, 'a[href*="lib.axmajs.ru"]'),
            Coverage("extra.added", 0.7, "article div.small (dd.mm.yy)"),
        ),
    )
    ranges = IdRanges("games", "Games", size=250, count=12)
    segments = ranges.segments
    listed = _ARCHIVE

    def part_of_list(self, start: int) -> Request:
        return Request(f"{_LIBRARY}?from={start}&sort=last", conditional=False)

    def page_of(self, number: str) -> PageRef:
        url = f"{_LIBRARY}?id={number}"
        return PageRef(key=number, url=url, request=Request(url))

    def games_in(self, part: Selector) -> list[str]:
        """What the list offers for download, but for what stands beside it: the games commented on of late."""
        found: dict[str, None] = {}
        for node in part.xpath('//h3 | //*[contains(@nohr | @href, "download_zip.php?id=")]'):
            if node.root.tag == "h3" and text(node).startswith(_LATEST_COMMENTS):
                break
            if game := site_id(f"{_SITE}include/{_archive_in(node).rpartition('/')[2]}"):
                found[game.value] = None
        return list(found)

    def parse(self, page: Page) -> list[GameRecord]:
        identity = self.identity(page.url) or page.key
        article = required(parse_html(page.body), "article")
        heading = required(article, "h5")
        draft = Draft(self, f"game {identity}")
        draft.set_title("".join(heading.xpath("./text()").getall()))
        draft.tag("platform", "AXMA Story Maker JS")
        draft.extra("version", text(heading, "span.version"))
        for name in split_names(_AUTHOR.sub("", text(heading, "span.author"))):
            draft.credit(name)
        for said in article.xpath("./text()").getall():  # the language is a code that stands by itself
            if language_codes(said.strip()):
                draft.set_languages(said.strip())
        for said in texts(article, "div.small"):
            if day := recent_day(said):
                draft.extra("added", day)
            elif paragraphs := _PARAGRAPHS.match(said):
                draft.extra("paragraphs", number(paragraphs[1]))
        for theme in texts(article, 'a[href^="?tag="]'):
            draft.tag("theme", theme)
        description = html_to_markdown(markup(article, "div.subtitle"), base=_LIBRARY)
        draft.describe(description, language_of(description, draft.languages or ("ru",)))
        draft.link(attribute(article, "href", 'a[href*="lib.axmajs.ru"]'), "play_online", base=_LIBRARY)
        for archive in article.css(_ARCHIVE)[:1]:
            draft.link(_archive_in(archive), "download_direct", base=_LIBRARY)
        draft.link(attribute(article, "src", "img.coverlib"), "poster", base=_LIBRARY)
        return [draft.build(identity=identity, url=self.page_of(identity).url)]


def _archive_in(node: Selector) -> str:
    return attribute(node, "nohr") or attribute(node, "href")
