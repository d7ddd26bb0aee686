"""quest-book.ru: the list of text games that are written and played on the site, and the page of each.

Format: the importer of mooskagh/ifdb, its tests and an old client of the site; no page was seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from game_pipeline.model import Attribution, GameRecord

from .base import Coverage, Expects, Listing, Page, PageRef, ParseError, Policy, Request, Response, Source
from .draft import Draft
from .html import markup, parse_html, required, text
from .languages import language_of
from .links import LinkRule
from .ranges import IdRanges
from .text import html_to_markdown, plain_to_markdown
from .urls import absolute, query_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parsel import Selector

__all__ = ["QuestBook"]

_ONLINE = "https://quest-book.ru/online/"
_STEP = 10
# Ten games a page: as many as a site that lists the same for ever may name.
_LAST_START = 20_001
_TITLE = "h2.mt-1"
_ERROR = re.compile(r"общая ошибка|ошибка запроса", re.IGNORECASE)
_ALL_OF_AUTHOR = "все сторигеймы автора"
# "Пн Мар 05, 2018 12:34": weekday, month, day, year.
_POSTED = re.compile(
    r"[а-яё]{2,3}\.?\s+(?P<month>[а-яё]{3,8})\.?\s+(?P<day>\d{1,2}),\s+(?P<year>\d{4})\b", re.IGNORECASE
)
_POSTS = (
    '//i[contains(@class, "fa-clock")]/following-sibling::small[1] | //comment()[contains(., "MESSAGE-BODY-END")]'
    ' | //div[contains(concat(" ", @class, " "), " postbody ")]'
)
_RULES = (
    LinkRule("download_direct", ("quest-book.ru",), re.compile(r"^/online/mitril/download/")),
    LinkRule("play_online", ("quest-book.ru",), label=re.compile("играть|читать|начать", re.IGNORECASE)),
    LinkRule("download_landing", ("quest-book.ru",), label=re.compile("скачать", re.IGNORECASE)),
)


class QuestBook(Source):
    """The library of games ("сторигеймы") of quest-book.ru. A game is known by the last part of its page's address.

    The first post about a game stands on the same page; the day of that post is the day the game came out there.
    """

    name = "quest_book"
    title = "quest-book.ru"
    home = _ONLINE
    hosts = ("quest-book.ru",)
    attribution = Attribution(site="quest-book.ru", licence="unknown")
    policy = Policy(priority=45, encoding="windows-1251")
    verified = False
    parser_version = 1
    expects = Expects(
        records=(5, None),
        page=(1, 1),
        coverage=(
            Coverage("descriptions", 0.9, "td.text-left (Краткое описание), div.postbody"),
            Coverage("credits", 0.9, "td.text-left (Автор)"),
            Coverage("release_date", 0.7, "i.fa-clock + small"),
            Coverage("urls.play_online", 0.5, "a.btn (Играть)"),
        ),
    )
    ranges = IdRanges("games", "Games", size=500, count=24)
    segments = ranges.segments

    def segment_of(self, key: str) -> str:
        return self.ranges.of(key.removeprefix("game"))

    def locate(self, url: str) -> Listing:
        identity = self.identity(url)
        if identity is None:
            raise ValueError(f"no address of a game on quest-book.ru (online/view/…): {url[:120]}")
        return Listing(pages=(self._page(identity),))

    def listing(self) -> tuple[Request, ...]:
        return (self._list(1),)

    def parse_listing(self, response: Response) -> Listing:
        """Games of one part of the list. The part after the last names none; the first one names some."""
        start = _start_of(response.url)
        page = parse_html(response.body, self.policy.encoding)
        addresses = (absolute(_ONLINE, href) for href in page.css('a[href*="view/"]::attr(href)').getall())
        games = dict.fromkeys(identity for address in addresses if (identity := self.identity(address)))
        if not games:  # a game may well be about errors
            _refuse_error(page)
        if not games and start == 1:
            raise ParseError('a[href*="view/"]', "the list begins without a game")
        if start >= _LAST_START:
            raise ParseError("s", f"the list goes on after {start} games: the site repeats itself")
        more = (self._list(start + _STEP),) if games else ()
        return Listing(pages=tuple(map(self._page, games)), next=more)

    def parse(self, page: Page) -> list[GameRecord]:
        identity = self.identity(page.url) or page.key
        document = parse_html(page.body, self.policy.encoding)
        if not document.css(_TITLE):
            _refuse_error(document)
        draft = Draft(self, f"game {identity}", _RULES)
        draft.set_title(text(required(document, _TITLE)))
        draft.tag("platform", "Questbook")
        pieces = []
        base = self._page(identity).url
        for label, value in _table(document):
            if label == "Краткое описание":
                pieces.append(plain_to_markdown(text(value)))
            elif label == "Автор":
                _add_author(draft, value, base)
            elif label == "Категории":
                for name in value.css("a"):
                    draft.tag("category", text(name))
            else:
                draft.unread("row", [label])
        pieces += _read_first_post(draft, document, base)
        description = "\n\n".join(pieces)
        draft.describe(description, language_of(description, ("ru",)))
        _add_links(draft, document, base)
        return [draft.build(identity=identity, url=base)]

    @staticmethod
    def _page(identity: str) -> PageRef:
        url = f"{_ONLINE}view/{identity}"
        return PageRef(key=identity, url=url, request=Request(url))

    @staticmethod
    def _list(start: int) -> Request:
        return Request(f"{_ONLINE}?s={start}", conditional=False)


def _start_of(url: str) -> int:
    start = query_of(url).get("s", "1")
    return int(start) if re.fullmatch(r"[0-9]{1,6}", start) else 1


def _refuse_error(page: Selector) -> None:
    """An error comes with status 200, as a card where the page should be."""
    for card in page.css("div.card"):
        if _ERROR.search(said := text(card)):
            raise ParseError("div.card", f"the site answers with an error: {said[:120]}")


def _table(page: Selector) -> Iterator[tuple[str, Selector]]:
    """The rows of the table about the game: label, cell."""
    cells = '//td[contains(concat(" ", @class, " "), " text-left ")][not(preceding-sibling::td)]'
    for cell in page.xpath(cells):
        value = cell.xpath("following-sibling::td[1]")
        if value:
            yield text(cell).rstrip(":"), value[0]


def _add_author(draft: Draft, cell: Selector, base: str) -> None:
    """A link that bears the name, and one to all games of the author, which is the author's page."""
    links = [(text(link), link.root.get("href", "")) for link in cell.css("a")]
    names = [name for name, _ in links if name.lower() != _ALL_OF_AUTHOR]
    pages = [absolute(base, href) for name, href in links if name.lower() == _ALL_OF_AUTHOR and href]
    if names:
        draft.credit(names[0], url=pages[0] if pages else None)
        draft.unread("author", names[1:])
    elif name := text(cell):
        draft.credit(name)


def _read_first_post(draft: Draft, page: Selector, base: str) -> list[str]:
    """Set the date that the first post bears; return its text. A comment in the markup ends each post."""
    for node in page.xpath(_POSTS):
        if not isinstance(node.root.tag, str):
            break
        if node.root.tag == "div":
            return [html_to_markdown(markup(node), base=base)]
        if posted := _POSTED.search(said := text(node)):
            draft.set_date(f"{posted['day']} {posted['month']} {posted['year']}")
        else:
            draft.warn(f"date of the first post not understood: {said[:60]}")
    return []


def _add_links(draft: Draft, page: Selector, base: str) -> None:
    for image in page.css('meta[property="og:image"]::attr(content)').getall()[:1]:
        draft.link(image, "poster", base=base)
    for button in page.css("a.btn"):
        label = text(button)
        if label.lower().endswith("ать"):  # играть, читать, скачать; the others rate, share and log in
            draft.link(button.root.get("href", ""), None, label, base)
