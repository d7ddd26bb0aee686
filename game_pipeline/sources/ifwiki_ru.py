"""ifwiki.ru: the category of games as listing, the recent changes as feed, pages by page id. How a page's wikitext
reads is in `ifwiki_ru_page`.

Formats: the MediaWiki API as documented and as whole replies of other wikis show it.
"""

from __future__ import annotations

import datetime as dt
import re

from game_pipeline.model import Attribution, GameRecord

from .base import (
    Coverage,
    Expects,
    Feed,
    Listing,
    Page,
    PageRef,
    ParseError,
    Policy,
    Request,
    Response,
    Segment,
    Source,
)
from .draft import Draft
from .identities import site_id, wiki_title
from .ifwiki_ru_page import is_redirect, page_url, read_game
from .mediawiki import WikiPage, api_url, changes_of, continuation, members_of, pages_of, read_reply
from .urls import on_host

__all__ = ["IfwikiRu"]

_API = "https://ifwiki.ru/api.php"
_SEGMENTS = 32
_PAGEID = re.compile(r"[1-9]\d{0,8}")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# Changes can reach the list out of order by a little; a page named twice costs nothing, its fingerprint is known.
_OVERLAP = dt.timedelta(minutes=10)
_NO_GAMES = re.compile(
    r"(?:категория|category|файл|file|изображение|участник|user|служебная|special|шаблон|template|mediawiki|справка|help"
    r"|автор|медиа|media|(?:обсуждение|talk|user talk)[^:]*|ifwiki)\s*:",
    re.IGNORECASE,
)


class IfwikiRu(Source):
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
    parser_version = 1
    expects = Expects(
        records=(10, None),
        page=(0, 1),
        coverage=(
            Coverage("descriptions", 0.6, "text of the page"),
            Coverage("credits", 0.4, "{{game info|автор=}}, [[автор:…]]"),
        ),
    )
    segments = tuple(
        Segment(f"pages-{part:02}k", f"Pages {part * 1000}…{part * 1000 + 999 if part < _SEGMENTS - 1 else ''}")
        for part in range(_SEGMENTS)
    )
    volatile = frozenset({"extra.revid", "extra.edited"})

    def owns(self, url: str) -> bool:
        return bool(self.identity(url) or self._title_in(url))

    def identity(self, url: str) -> str | None:
        found = site_id(url)
        return found.value if found and found.scheme == self.name else None

    def segment_of(self, key: str) -> str:
        part = int(key) // 1000 if _PAGEID.fullmatch(key) else 0
        return f"pages-{min(part, _SEGMENTS - 1):02}k"

    def locate(self, url: str) -> Listing:
        if pageid := self.identity(url):
            return Listing(pages=(self._page(pageid, f"{self.home}?curid={pageid}"),))
        title = self._title_in(url)
        if not title:
            raise ValueError(f"no address of a game on ifwiki.ru: {url[:120]}")
        return Listing(next=(Request(api_url(_API, prop="info", redirects="1", titles=title), conditional=False),))

    def listing(self) -> tuple[Request, ...]:
        return (self._members(),)

    def parse_listing(self, response: Response) -> Listing:
        """Read a part of the category, or the answer to a title that `locate` asked for."""
        document = read_reply(response.body)
        query = document.get("query")
        if isinstance(query, dict) and "pages" in query:
            found = [page for page in pages_of(document) if not page.missing and page.pageid]
            if not found:
                raise ParseError("query.pages[..].missing", "the wiki has no page of that title")
            return Listing(pages=tuple(self._wiki_page(page.pageid, page.title, page.revid) for page in found))
        members = members_of(document)
        pages = tuple(
            self._wiki_page(member.pageid, member.title, 0)
            for member in members
            if member.namespace == 0 and member.pageid and member.title
        )
        more = continuation(document)
        return Listing(pages=pages, next=(self._members(**more),) if more else ())

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        return (self._changes(cursor),)

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """Edited and new pages of the main namespace, games or not: `parse` finds no record in the others.

        The cursor is the newest timestamp seen. The wiki forgets changes after about 90 days; older gaps are for
        the full import.
        """
        document = read_reply(response.body)
        changes = changes_of(document)
        revisions: dict[int, tuple[int, str]] = {}
        for change in changes:
            if change.type not in ("edit", "new") or change.namespace != 0 or not change.pageid:
                continue
            revisions[change.pageid] = max(revisions.get(change.pageid, (0, "")), (change.revid, change.title))
        stamps = [change.timestamp for change in changes if _TIMESTAMP.fullmatch(change.timestamp)]
        newest = max([*stamps, cursor or ""])
        more = continuation(document)
        return Feed(
            pages=tuple(self._wiki_page(pageid, title, revid) for pageid, (revid, title) in revisions.items() if title),
            cursor=newest or None,
            next=(self._changes(cursor, **more),) if more else (),
        )

    def parse(self, page: Page) -> list[GameRecord]:
        """The games of an API reply (either format version), or of one page's raw wikitext.

        Redirects and pages that are no games give no record. Raw wikitext carries no page id: it is taken from the
        page's key or address, and failing that the identity is made from the title, with a warning.
        """
        start = page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
        if start.startswith(b"{") and not start.startswith((b"{{", b"{|")):
            return self._parse_reply(page)
        if not start or start.startswith((b"<!doctype", b"<html", b"<?xml")):
            raise ParseError("page", "an HTML page instead of wikitext" if start else "empty")
        try:
            text = page.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ParseError("wikitext", f"not UTF-8: {error.reason} at byte {error.start}") from None
        title = self._title_in(page.url)
        if not title:
            raise ParseError("url", f"no title in the address of a raw page: {page.url[:120]}")
        pageid = page.key if _PAGEID.fullmatch(page.key) else self.identity(page.url)
        return self._records(WikiPage(int(pageid or 0), 0, title, 0, "", text))

    def _parse_reply(self, page: Page) -> list[GameRecord]:
        pages = pages_of(read_reply(page.body))
        if not pages:
            raise ParseError("query.pages", "empty")
        present = [found for found in pages if not found.missing]
        if not present:
            raise ParseError(f"query.pages[{pages[0].pageid or pages[0].title[:60]}].missing", pages[0].missing)
        return [record for found in present for record in self._records(found)]

    def _records(self, page: WikiPage) -> list[GameRecord]:
        if page.namespace != 0 or is_redirect(page.text):
            return []
        draft = Draft(self, f"wikitext of {page.title[:60]}")
        if not read_game(draft, page.title, page.text):
            return []
        if page.pageid:
            draft.external_id("ifwiki_ru", str(page.pageid))
            identity = str(page.pageid)
        else:
            draft.warn("page id not known, identity made from the title")
            identity = f"title:{page.title}"
        draft.extra("revid", page.revid or None)
        draft.extra("edited", page.timestamp)
        return [draft.build(identity=identity, url=page_url(page.title))]

    def _title_in(self, url: str) -> str:
        """The title that an address names, or nothing where it is no article's."""
        if not on_host(url, self.hosts):
            return ""
        title = wiki_title(url)
        return "" if _NO_GAMES.match(title) else title

    @staticmethod
    def _page(pageid: str, url: str, fingerprint: str | None = None) -> PageRef:
        request = Request(
            api_url(_API, prop="revisions", rvprop="ids|timestamp|content|sha1", rvslots="main", pageids=pageid)
        )
        return PageRef(key=pageid, url=url, request=request, fingerprint=fingerprint)

    def _wiki_page(self, pageid: int, title: str, revid: int) -> PageRef:
        return self._page(str(pageid), page_url(title), str(revid) if revid else None)

    @staticmethod
    def _members(**more: str) -> Request:
        fixed = {"list": "categorymembers", "cmtitle": "Категория:Игры", "cmlimit": "500", "cmnamespace": "0"}
        return Request(api_url(_API, **{**fixed, **more}), conditional=False)

    @staticmethod
    def _changes(cursor: str | None, **more: str) -> Request:
        fixed = {"list": "recentchanges", "rcprop": "title|ids|timestamp", "rclimit": "500", "rcnamespace": "0"}
        if cursor and _TIMESTAMP.fullmatch(cursor):
            try:
                end = dt.datetime.strptime(cursor, "%Y-%m-%dT%H:%M:%SZ") - _OVERLAP
                fixed["rcend"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
            except (ValueError, OverflowError):
                pass  # no date after all: read everything the wiki remembers
        return Request(api_url(_API, **{**fixed, **more}), conditional=False)
