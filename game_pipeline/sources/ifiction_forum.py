"""forum.ifiction.ru: the forum whose section of games has a topic a game, and the feed of what is talked about.

Format: the importer and the feed reader of mooskagh/ifdb, and PunBB's own code for the feed; no page was seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from game_pipeline.model import Attribution, GameRecord

from .base import Coverage, Expects, Feed, Listing, Page, PageRef, ParseError, Policy, Request, Response, Source
from .draft import Draft
from .html import markup, parse_html, required, text
from .languages import language_of
from .links import LinkRule
from .ranges import IdRanges
from .rss import rss_items
from .text import html_to_markdown, unescape_all
from .urls import absolute, query_of
from .xml import children, local
from .xml import text_of as xml_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parsel import Selector

__all__ = ["IfictionForum"]

_FORUM = "https://forum.ifiction.ru/"
_GAMES = "36"  # the section of games; the site writes a "d" behind it for the whole list at once
_FEED = f"{_FORUM}extern.php?action=active&type=rss"
_TITLE = "h1 b span"
_AUTHORS = "#game_authors"
_MAX_PAGES = 500
_TIMESTAMP = re.compile(r"[0-9]{9,11}")
_ROLES = {"Автор": "author", "Авторы": "author"}
_PLATFORMS = ("Платформа", "Платформы")
# `file.php` answers with a page that sends the visitor on; where to, only a visit would tell.
_RULES = (
    LinkRule(
        "play_online", ("forum.ifiction.ru",), re.compile(r"^/file\.php"), re.compile("онлайн|играть", re.IGNORECASE)
    ),
    LinkRule("download_landing", ("forum.ifiction.ru",), re.compile(r"^/file\.php")),
)


def _without_spaces(attribute: str) -> str:
    """XPath: an attribute as written, but for its spaces."""
    return f'translate(@{attribute}, " ", "")'


_DESCRIPTION = f'//div[@align="justify"][starts-with({_without_spaces("style")}, "font-size:1.2em")]'
_LINKS = f'//td[@valign="top"][starts-with({_without_spaces("style")}, "border:0;padding:0px005px")]//a[@href]'
_POSTER = f'//img[@src][contains({_without_spaces("style")}, "max-width:320px")]/@src'


class IfictionForum(Source):
    """The games that have a topic on the forum. A topic without the block of authors is talk, and gives no record.

    The feed names the topics that were written in last, of all sections, with the time of the last post. Where it does
    not reach back to what was seen before, the list of games is read as well, so that no new game is missed.
    """

    name = "ifiction_forum"
    title = "forum.ifiction.ru"
    home = _FORUM
    hosts = ("forum.ifiction.ru",)
    attribution = Attribution(site="forum.ifiction.ru", licence="unknown")
    policy = Policy(priority=50, encoding="windows-1251")
    verified = False
    parser_version = 1
    expects = Expects(
        records=(5, None),
        page=(0, 1),
        coverage=(
            Coverage("credits", 0.7, "div#game_authors (Автор)"),
            Coverage("descriptions", 0.7, 'div[align="justify"][style^="font-size:1.2em"]'),
            Coverage("urls", 0.7, 'td[valign="top"][style="border:0; padding:0px 0 0 5px;"] a'),
        ),
    )
    ranges = IdRanges("topics", "Topics", size=500, count=24)
    segments = ranges.segments

    def segment_of(self, key: str) -> str:
        return self.ranges.of(key)

    def locate(self, url: str) -> Listing:
        number = self.identity(url)
        if number is None:
            raise ValueError(f"no address of a topic on forum.ifiction.ru (viewtopic.php?id=…): {url[:120]}")
        return Listing(pages=(self._page(number),))

    def listing(self) -> tuple[Request, ...]:
        return (self._section(),)

    def parse_listing(self, response: Response) -> Listing:
        number = _page_number(response.url)
        page = parse_html(response.body, self.policy.encoding)
        links = 'a[href*="viewtopic.php"]'
        addresses = (absolute(_FORUM, href) for href in page.css(f"{links}::attr(href)").getall())
        topics = dict.fromkeys(topic for address in addresses if (topic := self.identity(address)))
        if not topics:
            raise ParseError(links, f"page {number} of the section of games names no topic")
        last = max((_page_number(absolute(_FORUM, href)) for href in _section_links(page)), default=number)
        if last > _MAX_PAGES:
            raise ParseError("p", f"{last} pages, {_MAX_PAGES} at most")
        more = (self._section(number + 1),) if number < last else ()
        return Listing(pages=tuple(map(self._page, topics)), next=more)

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        return (Request(_FEED, conditional=False),)

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """Topics with a newer post than the last one seen; the cursor is its time, in seconds since 1970."""
        if urlsplit(response.url).path == "/viewforum.php":
            listing = self.parse_listing(response)
            return Feed(pages=listing.pages, next=listing.next)
        topics = dict(self._active(response.body))
        since = int(cursor) if cursor and _TIMESTAMP.fullmatch(cursor) else None
        # Posts of the very second of the cursor count as new: a page whose time is known is not fetched again.
        news = {topic: time for topic, time in topics.items() if since is None or time >= since}
        reaches = since is None or len(news) < len(topics)
        return Feed(
            pages=tuple(self._page(topic, str(time)) for topic, time in news.items()),
            cursor=str(max(topics.values())),
            next=() if reaches else (self._section(),),
        )

    def parse(self, page: Page) -> list[GameRecord]:
        number = self.identity(page.url) or page.key
        document = parse_html(page.body, self.policy.encoding)
        title = text(required(document, _TITLE))
        blocks = document.css(_AUTHORS)
        if not blocks:
            return []
        draft = Draft(self, f"topic {number}", _RULES)
        draft.set_title(title)
        _read_authors(draft, blocks[0])
        for block in document.xpath(_DESCRIPTION)[:1]:
            description = html_to_markdown(markup(block), base=_FORUM)
            draft.describe(description, language_of(description, ("ru",)))
        for link in document.xpath(_LINKS):
            if not link.root.get("href", "").startswith("#"):
                draft.link(link.root.get("href", ""), None, text(link), _FORUM)
        for source in document.xpath(_POSTER).getall()[:1]:
            draft.link(source, "poster", base=_FORUM)
        for source in document.css("#screenshots img::attr(src)").getall():
            draft.link(source, "screenshot", base=_FORUM)
        return [draft.build(identity=number, url=self._page(number).url)]

    def _active(self, body: bytes) -> Iterator[tuple[str, int]]:
        """The topics of the feed and the time of their last post: the description is subject, address, author and
        time, `<br />` between them."""
        found = False
        for item in rss_items(body):
            said = {local(fact): xml_text(fact) for fact in children(item)}
            parts = [unescape_all(part).strip() for part in re.split(r"<br\s*/?>", said.get("description", ""))]
            addresses = [said.get("link", ""), *parts]
            topic = next((topic for address in addresses if (topic := self.identity(address))), None)
            if topic and _TIMESTAMP.fullmatch(parts[-1]):
                found = True
                yield topic, int(parts[-1])
        if not found:
            raise ParseError("rss channel item description", "no topic with the time of its last post")

    @staticmethod
    def _page(number: str, fingerprint: str | None = None) -> PageRef:
        url = f"{_FORUM}viewtopic.php?id={number}"
        return PageRef(key=number, url=url, request=Request(url), fingerprint=fingerprint)

    @staticmethod
    def _section(number: int = 1) -> Request:
        more = f"&p={number}" if number > 1 else ""
        return Request(f"{_FORUM}viewforum.php?id={_GAMES}d{more}", conditional=False)


def _section_links(page: Selector) -> Iterator[str]:
    """The links to further pages of the section of games."""
    for href in page.css('a[href*="viewforum.php"]::attr(href)').getall():
        if query_of(absolute(_FORUM, href)).get("id", "").removesuffix("d") == _GAMES:
            yield href


def _page_number(url: str) -> int:
    number = query_of(url).get("p", "1")
    return int(number) if re.fullmatch(r"[1-9][0-9]{0,5}", number) else 1


def _read_authors(draft: Draft, block: Selector) -> None:
    """Labels and links in turn: "Автор: <a>Имя</a>, <a>Имя</a> · Платформа: <a>URQ</a>"."""
    label = ""
    for node in block.xpath(".//a | .//text()[not(ancestor::a)]"):
        if isinstance(node.root, str):
            said = node.root.strip(" \r\n\t:,·\xa0")
            label = label if said in ("", "и") else said
            continue
        name = text(node)
        if label in _ROLES:
            draft.credit(name, _ROLES[label], absolute(_FORUM, node.root.get("href", "")) or None)
        elif label in _PLATFORMS:
            draft.tag("platform", name)
        else:
            draft.unread("label", [label or name])
