"""What the wikis of games have in common: a category as listing, the recent changes as feed, pages by page id.

Formats: the MediaWiki API as documented and as whole replies of other wikis show it (`mediawiki`). What a wiki's pages
say about a game is for each to read.
"""

from __future__ import annotations

import datetime as dt
import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from game_pipeline.model import AnyRecord

from .base import Feed, Listing, Page, PageRef, ParseError, Request, Response, Segment, Source
from .draft import Draft
from .identities import wiki_title
from .mediawiki import (
    WikiPage,
    api_url,
    changes_of,
    continuation,
    leading,
    leads_into_part,
    members_of,
    pages_of,
    read_reply,
)
from .person_draft import PersonDraft
from .urls import on_host
from .wikitext import is_redirect

__all__ = ["WikiSource"]

_SEGMENTS = 32
_PAGEID = re.compile(r"[1-9]\d{0,8}")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# Changes can reach the list out of order by a little; a page named twice costs nothing, its fingerprint is known.
_REVISION = {"rvprop": "ids|timestamp|content|sha1", "rvslots": "main"}
_SHORT = 4_000  # bytes that the answer about a missing page takes at most
_OVERLAP = dt.timedelta(minutes=10)


class WikiSource(Source):
    """A MediaWiki whose pages are games. They are known by page id: titles change, page ids stay.

    A subclass states the facts below and reads a page with `read_game`.
    """

    api: ClassVar[str]
    """The address of `api.php`."""
    category: ClassVar[str]
    """The category of the games, with its namespace."""
    no_articles: ClassVar[re.Pattern[str]]
    """What the titles of pages outside the main namespace begin with; any other colon is part of a title."""
    asked: ClassVar[Mapping[str, str]] = {}
    """What a page is asked for beside its newest revision, or instead: parameters of the API."""
    segments = tuple(
        Segment(f"pages-{part:02}k", f"Pages {part * 1000}…{part * 1000 + 999 if part < _SEGMENTS - 1 else ''}")
        for part in range(_SEGMENTS)
    )
    changes_in: ClassVar[str | None] = "0"
    """The namespaces whose changes are asked for, by number; None: all, where the number of the people's is not known.
    """
    volatile = frozenset({"extra.revid", "extra.edited"})

    @abstractmethod
    def read_game(self, draft: Draft, page: WikiPage) -> bool:
        """Fill the draft from a page of the main namespace; False where it is no game. Raises `ParseError`."""

    def person_title(self, title: str) -> str | None:
        """A title in the one form that pages about people are known by, or None where it is no such page's."""
        return None

    def read_person(self, draft: PersonDraft, page: WikiPage) -> bool:
        """Fill the draft from a page about a person; False where it is none. Raises `ParseError`."""
        return False

    @abstractmethod
    def page_url(self, title: str) -> str:
        """The address of a page for people."""

    def owns(self, url: str) -> bool:
        return bool(self.identity(url) or self._title_in(url) or self.person_page(url))

    def segment_of(self, key: str) -> str:
        if self.people is not None and self.person_title(key) is not None:
            return self.people
        part = int(key) // 1000 if _PAGEID.fullmatch(key) else 0
        return f"pages-{min(part, _SEGMENTS - 1):02}k"

    def locate(self, url: str) -> Listing:
        if person := self.person_page(url):
            return Listing(pages=(person,))
        if pageid := self.identity(url):
            return Listing(pages=(self._page(pageid, f"{self.home}?curid={pageid}"),))
        title = self._title_in(url)
        if not title:
            raise ValueError(f"no address of a game on {self.title}: {url[:120]}")
        return Listing(next=(Request(api_url(self.api, prop="info", redirects="1", titles=title), conditional=False),))

    def person_page(self, url: str) -> PageRef | None:
        """Known by its title, for a credit tells no page id; its record has the id of the page that it leads to."""
        title = self.person_title(wiki_title(url)) if on_host(url, self.hosts) else None
        return self._person(title) if title else None

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
        """Edited and new pages of the main namespace, games or not (`parse` finds no record in the others), and those
        about people.

        The cursor is the newest timestamp seen. The wiki forgets changes after about 90 days; older gaps are for
        the full import.
        """
        document = read_reply(response.body)
        changes = changes_of(document)
        revisions: dict[int, tuple[int, str]] = {}
        people: dict[str, int] = {}
        for change in changes:
            if change.type not in ("edit", "new") or not change.pageid:
                continue
            if person := self.person_title(change.title):
                people[person] = max(people.get(person, 0), change.revid)
                continue
            if change.namespace != 0:
                continue
            revisions[change.pageid] = max(revisions.get(change.pageid, (0, "")), (change.revid, change.title))
        stamps = [change.timestamp for change in changes if _TIMESTAMP.fullmatch(change.timestamp)]
        newest = max([*stamps, cursor or ""])
        more = continuation(document)
        games = [self._wiki_page(pageid, title, revid) for pageid, (revid, title) in revisions.items() if title]
        return Feed(
            pages=(*games, *(self._person(title, str(revid)) for title, revid in people.items())),
            cursor=newest or None,
            next=(self._changes(cursor, **more),) if more else (),
        )

    def soft_status(self, body: bytes) -> int | None:
        """The API says with status 200 that a page is missing, or that its title can be no page's."""
        if len(body) > _SHORT or not re.search(rb'"(?:missing|invalid)":', body):
            return None
        try:
            pages = pages_of(read_reply(body))
        except ParseError:
            return None
        there = ("", "special", "text hidden", "without text")
        return 404 if pages and all(page.missing not in there for page in pages) else None

    def parse(self, page: Page) -> list[AnyRecord]:
        """The games and people of an API reply (either format version), or of one page's raw wikitext.

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
        title = self._title_in(page.url) or self.person_title(wiki_title(page.url))
        if not title:
            raise ParseError("url", f"no title in the address of a raw page: {page.url[:120]}")
        pageid = page.key if _PAGEID.fullmatch(page.key) else self.identity(page.url)
        return self._records(WikiPage(int(pageid or 0), 0, title, 0, "", text), page.key, {})

    def _parse_reply(self, page: Page) -> list[AnyRecord]:
        document = read_reply(page.body)
        pages = pages_of(document)
        if not pages:
            raise ParseError("query.pages", "empty")
        present = [found for found in pages if not found.missing]
        if not present:
            raise ParseError(f"query.pages[{pages[0].pageid or pages[0].title[:60]}].missing", pages[0].missing)
        if self.person_title(page.key) and leads_into_part(document):
            return []
        led = leading(document)
        return [record for found in present for record in self._records(found, page.key, led)]

    def _records(self, page: WikiPage, key: str, led: Mapping[str, tuple[str, ...]]) -> list[AnyRecord]:
        """What a page of the wiki says. `key`: under which it was asked for; `led`: from which titles to which."""
        if is_redirect(page.text):
            return []
        if self.person_title(page.title):
            return self._person_in(page, led)
        if page.namespace != 0 or self.person_title(key):  # an author's address may lead to a game, a team, a list
            return []
        draft = Draft(self, f"wikitext of {page.title[:60]}")
        if not self.read_game(draft, page):
            return []
        if page.pageid:
            draft.external_id(self.name, str(page.pageid))
        return [draft.build(identity=self._note(draft, page), url=self.page_url(page.title))]

    def _person_in(self, page: WikiPage, led: Mapping[str, tuple[str, ...]]) -> list[AnyRecord]:
        """A title that leads to the page is another name of theirs, and its address another of the page's."""
        draft = PersonDraft(self, f"wikitext of {page.title[:60]}")
        if not self.read_person(draft, page):
            return []
        own = self.page_url(page.title)
        for title in dict.fromkeys((*page.redirects, *led.get(page.title, ()))):
            person = self.person_title(title)
            name = person.partition(":")[2] if person else title
            if name.casefold() != draft.name.casefold():
                draft.alias(name)
            if (address := self.page_url(person or title)) != own:
                draft.link(address, "redirect")
        return [draft.build(identity=self._note(draft, page), url=own)]

    @staticmethod
    def _note(draft: Draft | PersonDraft, page: WikiPage) -> str:
        """Note which revision of the page was read. Returns the record's identity."""
        draft.extra("revid", page.revid or None)
        draft.extra("edited", page.timestamp)
        if page.pageid:
            return str(page.pageid)
        draft.warn("page id not known, identity made from the title")
        return f"title:{page.title}"

    def _title_in(self, url: str) -> str:
        """The title that an address names, or nothing where it is no article's."""
        if not on_host(url, self.hosts):
            return ""
        title = wiki_title(url)
        return "" if self.no_articles.match(title) else title

    def _person(self, title: str, fingerprint: str | None = None) -> PageRef:
        asked = {"prop": "revisions|redirects", "rdprop": "title|fragment", "rdlimit": "500", "redirects": "1"}
        request = Request(api_url(self.api, **_REVISION, **asked, titles=title))
        return PageRef(key=title, url=self.page_url(title), request=request, fingerprint=fingerprint)

    def _page(self, pageid: str, url: str, fingerprint: str | None = None) -> PageRef:
        request = Request(api_url(self.api, **{"prop": "revisions", **_REVISION, **self.asked}, pageids=pageid))
        return PageRef(key=pageid, url=url, request=request, fingerprint=fingerprint)

    def _wiki_page(self, pageid: int, title: str, revid: int) -> PageRef:
        return self._page(str(pageid), self.page_url(title), str(revid) if revid else None)

    def _members(self, **more: str) -> Request:
        fixed = {"list": "categorymembers", "cmtitle": self.category, "cmlimit": "500", "cmnamespace": "0"}
        return Request(api_url(self.api, **{**fixed, **more}), conditional=False)

    def _changes(self, cursor: str | None, **more: str) -> Request:
        fixed = {"list": "recentchanges", "rcprop": "title|ids|timestamp", "rclimit": "500"}
        if self.changes_in is not None:
            fixed["rcnamespace"] = self.changes_in
        if cursor and _TIMESTAMP.fullmatch(cursor):
            try:
                end = dt.datetime.strptime(cursor, "%Y-%m-%dT%H:%M:%SZ") - _OVERLAP
                fixed["rcend"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
            except (ValueError, OverflowError):
                pass  # no date after all: read everything the wiki remembers
        return Request(api_url(self.api, **{**fixed, **more}), conditional=False)
