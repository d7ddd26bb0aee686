"""urq.plut.info: the catalogue of URQ games, a Drupal 7 site: its list, and the page (node) of each game.

Format: the importer of mooskagh/ifdb, its tests, and the markup that Drupal 7 gives every site; no page was seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from game_pipeline.model import Attribution, GameRecord

from .base import Coverage, Expects, Listing, Page, PageRef, ParseError, Policy, Request, Response, Segment, Source
from .draft import Draft
from .html import drop, markup, parse_html, required, text
from .identities import site_id
from .languages import language_of
from .ranges import IdRanges
from .text import html_to_markdown
from .urls import absolute, host_of, on_host, query_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parsel import Selector

__all__ = ["Plut"]

_HOST = "urq.plut.info"
_OLD_HOST = "plut.info"  # there the catalogue lay in the folder urq/
_SITE = f"http://{_HOST}/"
_LISTED = "td.views-field-title a"
_TITLE = "h1.title"
_MAX_PAGES = 500
_ALIAS = re.compile(r"[^/?#]{1,200}")
_NO_GAMES = frozenset(
    re.findall(
        r"\S+",
        "games node user users search blog forum taxonomy sites files comment contact rss.xml cdn-cgi robots.txt"
        " index.php admin misc modules themes filter aggregator",
    )
)
_NODE_IN_PAGE = (
    ('link[rel="shortlink"]::attr(href)', re.compile(r"/node/(\d+)$")),
    ("body::attr(class)", re.compile(r"\bpage-node-(\d+)\b")),
    ("#block-system-main [id]::attr(id)", re.compile(r"^node-(\d+)$")),
)
_COUNTRY = "Страна"
_TAGS = {"Платформа": "platform", _COUNTRY: "country", "Жанр": "genre"}
_STATUS = "Статус"
_DEMO = "демо"
_AUTHORS = ("Авторы", "Автор")
# The key of Cloudflare's cover over an e-mail address is a new one in every reply: two hexadecimal digits, and the
# bytes of the address, each XOR the key.
_COVERED = re.compile(rb'(?P<before>/cdn-cgi/l/email-protection#|data-cfemail=")(?P<code>(?:[0-9a-f]{2}){2,200})')


class Plut(Source):
    """The URQ catalogue. A game is known by the number of its node, which its page states even where its address is
    an alias (made of the title, and changed with it).

    The day a page was made is the day the game was put into the catalogue, not of its release: `extra.added`.
    """

    name = "plut"
    title = "urq.plut.info"
    home = _SITE
    hosts = (_HOST, _OLD_HOST)
    attribution = Attribution(site=_HOST, licence="unknown")
    policy = Policy(priority=40, agent_prefix="curl/8")
    verified = False
    parser_version = 1
    expects = Expects(
        records=(5, None),
        page=(1, 1),
        coverage=(
            Coverage("tags.platform", 0.7, "div.field-label (Платформа)"),
            Coverage("credits", 0.7, "div.field-label (Авторы)"),
            Coverage("descriptions", 0.6, ".field-name-body .field-items"),
            Coverage("urls.download_direct", 0.5, "span.file a"),
            Coverage("extra.added", 0.9, '[property="dc:date dc:created"]'),
        ),
    )
    ranges = IdRanges("nodes", "Nodes", size=250, count=12)
    segments = (*ranges.segments, Segment("aliases", "Pages with a name"))

    def owns(self, url: str) -> bool:
        return self._key_of(url) is not None

    def identity(self, url: str) -> str | None:
        key = self._key_of(url)
        return key if key and key.isdigit() else None

    def segment_of(self, key: str) -> str:
        return self.ranges.of(key) if key.isdigit() else "aliases"

    def locate(self, url: str) -> Listing:
        key = self._key_of(url)
        if key is None:
            raise ValueError(f"no address of a game on {_HOST} (node/… or a name): {url[:120]}")
        return Listing(pages=(self._page(key),))

    def listing(self) -> tuple[Request, ...]:
        return (self._list(0),)

    def parse_listing(self, response: Response) -> Listing:
        """One page of the list. The page after the last names no game; the first one names some."""
        number = _page_number(response.url)
        page = parse_html(response.body)
        addresses = (absolute(_SITE, href) for href in page.css(f"{_LISTED}::attr(href)").getall())
        keys = dict.fromkeys(key for address in addresses if (key := self._key_of(address)))
        if not keys and number == 0:
            raise ParseError(_LISTED, "the list begins without a game")
        if number >= _MAX_PAGES:
            raise ParseError("page", f"the list goes on after {number} pages: the site repeats itself")
        more = (self._list(number + 1),) if keys else ()
        return Listing(pages=tuple(map(self._page, keys)), next=more)

    def settled(self, body: bytes) -> bytes:
        """The page with every covered e-mail address under the key 0: what is under the cover stays readable, and
        the same page is the same bytes."""

        def settle(match: re.Match[bytes]) -> bytes:
            key, *covered = bytes.fromhex(match["code"].decode())
            return match["before"] + b"00" + bytes(byte ^ key for byte in covered).hex().encode()

        return _COVERED.sub(settle, body)

    def parse(self, page: Page) -> list[GameRecord]:
        document = parse_html(page.body)
        draft = Draft(self, f"page {page.key or page.url[:120]}")
        draft.set_title(text(required(document, _TITLE)))
        for label, items in _fields(document):
            self._read_field(draft, label, items)
        for body in document.css(".field-name-body .field-items")[:1]:
            self._read_body(draft, body)
        for link in document.css("span.file a[href]"):
            draft.link(link.root.get("href", ""), "download_direct", text(link), _SITE)
        for created in document.css('[property="dc:date dc:created"]::attr(content)').getall()[:1]:
            draft.extra("added", created[:10])
        key = self._key_of(page.url) or page.key
        number = key if key.isdigit() else _node_of(document)
        if number:
            if number != key:
                draft.link(self._page(key).url, "game_page")
            return [draft.build(identity=number, url=f"{_SITE}node/{number}")]
        draft.warn("number of the node not known, identity made from the alias")
        return [draft.build(identity=key, url=self._page(key).url)]

    @staticmethod
    def _read_field(draft: Draft, label: str, items: list[tuple[str, str]]) -> None:
        for value, href in items:
            if label in _TAGS:  # written small, countries too
                draft.tag(_TAGS[label], value[:1].upper() + value[1:] if label == _COUNTRY else value)
            elif label in _AUTHORS:
                draft.credit(value, url=(href and absolute(_SITE, href)) or None)
            elif label == _STATUS:
                draft.extra("status", value)
                if value.lower() == _DEMO:
                    draft.kind = "demo"
            else:
                draft.unread("field", [label])

    @staticmethod
    def _read_body(draft: Draft, body: Selector) -> None:
        drop(body, 'a[href*="/email-protection"], [data-cfemail]')
        description = html_to_markdown(markup(body), base=_SITE)
        draft.describe(description, language_of(description, ("ru",)))
        for link in body.css("a[href]"):
            if re.match(r"(?:https?:)?/", link.root.get("href", ""), re.IGNORECASE):
                draft.link(link.root.get("href", ""), None, text(link), _SITE)

    @staticmethod
    def _key_of(url: str) -> str | None:
        """The number of the node that an address names, or its alias."""
        if not on_host(url, (_HOST, _OLD_HOST)):
            return None
        if found := site_id(url):
            return found.value
        path = unquote(urlsplit(url).path).strip("/")
        if host_of(url) == _OLD_HOST:
            folder, _, path = path.partition("/")
            if folder != "urq":
                return None
        return path if _ALIAS.fullmatch(path) and path.lower() not in _NO_GAMES and not path.isdigit() else None

    @staticmethod
    def _page(key: str) -> PageRef:
        url = f"{_SITE}node/{key}" if key.isdigit() else f"{_SITE}{quote(key, safe='')}"
        return PageRef(key=key, url=url, request=Request(url))

    @staticmethod
    def _list(number: int) -> Request:
        return Request(f"{_SITE}games?page={number}", conditional=False)


def _page_number(url: str) -> int:
    number = query_of(url).get("page", "0")
    return int(number) if re.fullmatch(r"[0-9]{1,6}", number) else 0


def _fields(document: Selector) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The labelled fields: label, and each value with the address it links to (empty: none)."""
    for field in document.css("div.field-label"):
        label = text(field).strip(" :\xa0")
        values = field.xpath("following-sibling::div[1]")
        if values.css("span.file"):  # not a field of facts: the files are read for themselves
            continue
        links = [(text(link), link.root.get("href", "")) for link in values.css("a")]
        bare = [(text(item), "") for item in values.css(".field-item") or values]
        yield label, links or [(value, href) for value, href in bare if value]


def _node_of(document: Selector) -> str | None:
    """The number of the node as Drupal states it, in one of three places."""
    for css, pattern in _NODE_IN_PAGE:
        for said in document.css(css).getall():
            if number := pattern.search(said):
                return number[1]
    return None
