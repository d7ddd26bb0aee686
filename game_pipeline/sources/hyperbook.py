"""hyperbook.ru: the library of game books made with AXMA Story Maker, and the page of each.

Format: the importer of mooskagh/ifdb and its test; no page was seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from game_pipeline.model import Attribution, GameRecord

from .base import Coverage, Expects, Page, PageRef, Policy, Request
from .draft import Draft
from .html import attribute, lines, markup, parse_html, required, text
from .identities import site_id
from .jsondoc import number
from .languages import language_of
from .latest_first import LatestFirst
from .ranges import IdRanges
from .text import html_to_markdown, recent_day, split_names

if TYPE_CHECKING:
    from parsel import Selector

__all__ = ["Hyperbook"]

_SITE = "https://hyperbook.ru/"
_TITLE = 'h1[title="запустить"]'
_AWARDS = "Награды"
_GAME = re.compile(r"file\d+")
_SMALL = '[contains(concat(" ", @class, " "), " small ")]'
_ABOUT = f"//h1 | //div{_SMALL} | //p{_SMALL} | //a[@href] | //h3"
_ROLES = {
    "автор": "author",
    "художник": "illustrator",
    "редактор": "editor",
    "переводчик": "translator",
    "программист": "programmer",
    "композитор": "composer",
}
_ROLE = re.compile(rf"\b({'|'.join(_ROLES)})[ыи]?\s*[:–-]\s*", re.IGNORECASE)
_FIGURES = re.compile(r"Параграфов:\s*(?P<paragraphs>\d+)(?:\D+(?P<size>\d+)\s*Кб)?(?:.*/(?P<engine>[\d.]+)/)?")
_COMMENTS = re.compile(r"Комментари\w*:?\s*(?P<number>\d*)")


class Hyperbook(LatestFirst):
    """The library of hyperbook.ru.

    The date on a page is the day the game came, or came anew, into the library: it is `extra.added`.
    """

    name = "hyperbook"
    title = "hyperbook.ru"
    home = f"{_SITE}lib.php"
    hosts = ("hyperbook.ru",)
    attribution = Attribution(site="hyperbook.ru", licence="unknown")
    policy = Policy(priority=50)
    verified = False
    parser_version = 1
    expects = Expects(
        records=(4, None),
        page=(1, 1),
        coverage=(
            Coverage("credits", 0.8, 'div[style*="margin-bottom:14px"] (Автор)'),
            Coverage("descriptions", 0.6, "div.small behind the link for download"),
            Coverage("urls.play_online", 0.8, 'a[href^="file"]'),
            Coverage("extra.added", 0.7, "div.small (dd.mm.yy)"),
        ),
    )
    ranges = IdRanges("games", "Games", size=250, count=12)
    segments = ranges.segments
    volatile = frozenset({"extra.comments"})
    listed = 'h3 a[href^="file"]'

    def part_of_list(self, start: int) -> Request:
        return Request(f"{_SITE}lib.php?sort=time&from={start}", conditional=False)

    def page_of(self, number: str) -> PageRef:
        url = f"{_SITE}comments.php?id={number}"
        return PageRef(key=number, url=url, request=Request(url))

    def games_in(self, part: Selector) -> list[str]:
        addresses = (f"{_SITE}{href}" for href in part.css(f"{self.listed}::attr(href)").getall())
        return list(dict.fromkeys(game.value for address in addresses if (game := site_id(address))))

    def parse(self, page: Page) -> list[GameRecord]:
        identity = self.identity(page.url) or page.key
        document = parse_html(page.body)
        heading = required(document, _TITLE)
        draft = Draft(self, f"game {identity}")
        draft.set_title("".join(heading.xpath("./text()").getall()))
        draft.tag("platform", "AXMA Story Maker")
        draft.extra("version", text(heading, "span.small"))
        for people in document.xpath('//div[contains(translate(@style, " ", ""), "margin-bottom:14px")]')[:1]:
            _read_people(draft, text(people))
        _read_about(draft, document)
        return [draft.build(identity=identity, url=self.page_of(identity).url)]


def _read_people(draft: Draft, said: str) -> None:
    """ "Автор: Вера Редактор: Глеб": roles and names in turn; names without a role are the author's."""
    before, *rest = _ROLE.split(said)
    for role, names in [("автор", before), *zip(rest[::2], rest[1::2], strict=True)]:
        for name in split_names(names.strip(" ,;")):
            draft.credit(name, _ROLES[role.lower()])


def _read_about(draft: Draft, document: Selector) -> None:
    """Links and small print, in order, from the title up to the readers' comments.

    The figures and the day stand before the link for download, the description, genres and awards behind it.
    """
    titled = offered = False
    for node in document.xpath(_ABOUT):
        href = attribute(node, "href")
        titled = titled or node.root.tag == "h1"
        if not titled or node.root.tag == "h1":
            continue
        if node.root.tag == "h3":
            if comments := _COMMENTS.match(text(node)):
                draft.extra("comments", number(comments["number"]))
                return
        elif node.root.tag == "p":
            for award in lines(node):
                draft.tag("award", "" if award.strip(": ") == _AWARDS else award)
        elif "download.php" in href:
            offered = True
            draft.link(href, "download_direct", base=_SITE)
        elif _GAME.fullmatch(href):
            draft.link(href, "play_online", base=_SITE)
        elif "sort=genre" in href:
            draft.tag("genre", text(node) if offered else "")
        elif not href:
            _read_small_print(draft, node, offered=offered)


def _read_small_print(draft: Draft, node: Selector, *, offered: bool) -> None:
    said = text(node)
    if day := recent_day(said):
        draft.extra("added", day)
    elif figures := _FIGURES.match(said):
        draft.extra("paragraphs", number(figures["paragraphs"]))
        draft.extra("size_kb", number(figures["size"] or ""))
        draft.extra("engine_version", figures["engine"] or "")
    elif offered:
        description = html_to_markdown(markup(node), base=_SITE)
        draft.describe(description, language_of(description, ("ru",)))
