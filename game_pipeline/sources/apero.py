"""apero.ru: the catalogue of text games that are played on the site, the page of each and those of their authors.

Format: the importer of mooskagh/ifdb and another client of the site; no page was seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from game_pipeline.model import AnyRecord, Attribution, GameRecord, PersonRecord

from .base import Coverage, Expects, Listing, Page, PageRef, ParseError, Policy, Request, Response, Segment, Source
from .draft import Draft
from .html import markup, parse_html, required, text
from .languages import language_of
from .person_draft import PersonDraft
from .text import html_to_markdown
from .urls import absolute, names_page, on_host

if TYPE_CHECKING:
    from parsel import Selector, SelectorList

__all__ = ["Apero"]

_GAMES = "Текстовые-игры"
_CATALOGUE = "Каталог"
_MEMBERS = "Участники"
_HOME = "https://apero.ru/"
_MAX_PAGES = 500
_NAME = 'dd[itemprop="name"]'
_LISTED = "h2 a, .tabled-game-block a"
_NO_COVER = "/public/img/games/game.png"
_PORTRAIT = "img.img-circle"
_ABOUT = "dt (О себе) + dd"
# The first letters that a slug is sorted by; whatever begins otherwise shares two segments.
_LETTERS = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        re.findall(r"\w+", "a b v g d e yo zh z i j k l m n o p r s t u f kh ts ch sh shch hard y soft eh yu ya"),
        strict=True,
    )
)


class Apero(Source):
    """The text games of apero.ru and the members who wrote them. The address of a game's page is the only id there is:
    its slug, in raw Cyrillic; a member's is the name that they are registered under, after the name of the section.
    """

    name = "apero"
    title = "apero.ru"
    home = f"{_HOME}{quote(_GAMES)}"
    hosts = ("apero.ru",)
    attribution = Attribution(site="apero.ru", licence="unknown")
    policy = Policy(priority=45)
    verified = False
    parser_version = 2
    expects = Expects(
        records=(5, None),
        page=(1, 1),
        coverage=(
            Coverage("credits", 0.9, 'a[itemprop="author"]'),
            Coverage("release_date", 0.9, 'meta[itemprop="datePublished"]'),
            Coverage("descriptions", 0.7, "dt (Описание) + dd"),
            Coverage("about", 0.5, _ABOUT, "person"),
        ),
    )
    segments = (
        *(Segment(f"letter-{name}", f"Games in {letter.upper()}…") for letter, name in _LETTERS.items()),
        Segment("latin", "Games in A…Z"),
        Segment("other", "Games in digits and signs"),
        Segment("authors", "Pages about authors"),
    )
    people = "authors"

    def segment_of(self, key: str) -> str:
        if key.startswith(f"{_MEMBERS}/"):
            return self.people
        first = key[:1].lower()
        if first in _LETTERS:
            return f"letter-{_LETTERS[first]}"
        return "latin" if first.isascii() and first.isalpha() else "other"

    def owns(self, url: str) -> bool:
        return self.identity(url) is not None or self.person_page(url) is not None

    def person_page(self, url: str) -> PageRef | None:
        match self._path_of(url):
            case [section, member] if section == _MEMBERS and names_page(member):
                address = f"{_HOME}{quote(_MEMBERS)}/{quote(member, safe='')}"
                return PageRef(key=f"{_MEMBERS}/{member}", url=address, request=Request(address))
        return None

    def locate(self, url: str) -> Listing:
        if person := self.person_page(url):
            return Listing(pages=(person,))
        slug = self.identity(url)
        if slug is None:
            raise ValueError(f"no address of a game ({_GAMES}/…) or member ({_MEMBERS}/…) on apero.ru: {url[:120]}")
        return Listing(pages=(self._page(slug),))

    def listing(self) -> tuple[Request, ...]:
        return (self._catalogue(1),)

    def parse_listing(self, response: Response) -> Listing:
        """One page of the catalogue; how many there are, its pagination says (`data-page`)."""
        number = self._number_of(response.url)
        page = parse_html(response.body)
        addresses = (absolute(_HOME, href) for link in page.css(_LISTED) if (href := link.root.get("href")))
        slugs = dict.fromkeys(slug for address in addresses if (slug := self.identity(address)))
        if not slugs:
            raise ParseError(_LISTED, f"page {number} of the catalogue names no game")
        last = max((int(said) for said in page.css("[data-page]::attr(data-page)").re(r"^\d{1,6}$")), default=number)
        if last > _MAX_PAGES:
            raise ParseError("[data-page]", f"{last} pages, {_MAX_PAGES} at most")
        more = (self._catalogue(number + 1),) if number < last else ()
        return Listing(pages=tuple(map(self._page, slugs)), next=more)

    def parse(self, page: Page) -> list[AnyRecord]:
        member = self.person_page(page.url)
        return [self._game(page) if member is None else self._member(member, page)]

    def _member(self, member: PageRef, page: Page) -> PersonRecord:
        """A member's page. It has a picture of theirs or what they say of themselves; one with neither is not that."""
        document = parse_html(page.body)
        draft = PersonDraft(self, f"member {member.key[:60]}")
        draft.set_name(self._registered(member))
        told = False
        for label, value in self._terms(document):
            if label.lower() == "о себе" and value:
                about = html_to_markdown(markup(value[0]), base=member.url)
                draft.describe(about, language_of(about, ("ru",)))
                told = True
            else:
                draft.unread("term", [label])
        portraits = document.css(f"{_PORTRAIT}::attr(src)").getall()
        if not told and not portraits:
            raise ParseError(f"{_PORTRAIT}, {_ABOUT}", "neither is on the page")
        for image in portraits[:1]:
            draft.link(image, "portrait", base=_HOME)
        return draft.build(identity=member.key, url=member.url)

    def _game(self, page: Page) -> GameRecord:
        slug = self.identity(page.url) or page.key
        document = parse_html(page.body)
        draft = Draft(self, f"game {slug[:60]}")
        draft.set_title(text(required(document, _NAME)))
        draft.tag("platform", "Аперо")
        for date in document.css('meta[itemprop="datePublished"]::attr(content)').getall()[:1]:
            draft.set_date(date)
        self._add_authors(draft, document)
        self._read_list(draft, document, self._page(slug).url)
        for image in document.css('img[itemprop="image"]::attr(src)').getall():
            if not image.endswith(_NO_COVER):
                draft.link(image, "poster", base=_HOME)
        return draft.build(identity=slug, url=self._page(slug).url)

    def _add_authors(self, draft: Draft, document: Selector) -> None:
        """Members, each with a page whose address ends in the name they are registered under, which need not be the
        name that they sign with. A link that leads elsewhere gives a name alone: a member of that name may be
        somebody else."""
        also: list[str] = []
        for link in document.css('a[itemprop="author"]'):
            name = text(link)
            member = self.person_page(absolute(_HOME, link.root.get("href", "")))
            draft.credit(name, url=member.url if member else "")
            if member and name and (registered := self._registered(member)) != name:
                also.append(f"{name} = {registered}")
        draft.extra("credited_as", also)

    @staticmethod
    def _registered(member: PageRef) -> str:
        """The name that the address of a member's page ends in."""
        return " ".join(member.key.partition("/")[2].replace("_", " ").split())

    @staticmethod
    def _terms(document: Selector) -> Iterator[tuple[str, SelectorList[Selector]]]:
        """The facts that are terms and definitions (`dt`, `dd`)."""
        for term in document.css("dt"):
            yield text(term).rstrip(":"), term.xpath("following-sibling::*[1][self::dd]")

    def _read_list(self, draft: Draft, document: Selector, base: str) -> None:
        """Those facts that have no property of their own."""
        for label, value in self._terms(document):
            if label.lower() == "описание" and value:
                description = html_to_markdown(markup(value[0]), base=base)
                draft.describe(description, language_of(description, ("ru",)))
            elif not value.xpath("descendant-or-self::*[@itemprop]"):
                draft.unread("term", [label])

    def _path_of(self, url: str) -> list[str]:
        """The parts of an address on this site, decoded; none of any other address."""
        if not on_host(url, self.hosts):
            return []
        path = unicodedata.normalize("NFC", unquote(urlsplit(url).path))
        return [part for part in path.split("/") if part]

    def _number_of(self, url: str) -> int:
        last = self._path_of(url)[-1:]
        return int(last[0]) if last and re.fullmatch(r"[0-9]{1,6}", last[0]) else 1

    @staticmethod
    def _page(slug: str) -> PageRef:
        url = f"{_HOME}{quote(_GAMES)}/{quote(slug, safe='')}"
        return PageRef(key=slug, url=url, request=Request(url))

    @staticmethod
    def _catalogue(number: int) -> Request:
        return Request(f"{_HOME}{quote(_GAMES)}/{quote(_CATALOGUE)}/{number}", conditional=False)
