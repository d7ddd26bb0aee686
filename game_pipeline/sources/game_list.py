"""The XML list of games that INSTEAD's game managers read (`<game_list version="1.0">`), which several sites publish.

A list carries the records and is the page. Format: captures of instead-games.ru from 2015 to 2018 and of the pool of
instead.syscall.ru from 2015 and 2016; elements that came later (`accessible`, `accessibleComment`, `sandbox`) as the
sites' clients describe them. Which game an entry is, each site says in its own way.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from game_pipeline.model import GameRecord, LinkKind, digest

from .base import Coverage, Expects, Feed, Listing, Page, PageRef, ParseError, Request, Response, Source
from .draft import Draft
from .jsondoc import number
from .languages import language_of
from .text import plain_to_markdown, split_names, unescape_all
from .xml import children, leaves, local, parse_xml, repeated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

__all__ = ["GameListSource"]

_READ = frozenset(
    [
        "name",
        "title",
        "version",
        "url",
        "size",
        "lang",
        "descurl",
        "image",
        "author",
        "description",
        "date",
        "accessible",
        "accessibleComment",
        "sandbox",
    ]
)
_PORT = re.compile(r"\[(?P<system>URQ)\]\s*", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_HELP = re.compile(r"при участии\s+", re.IGNORECASE)
# The address of a picture that was never uploaded is the bare directory.
_NO_PICTURE = re.compile(r"/screenshots/?$")
# What changes when a game does; titles and texts are left to the record's own comparison.
_SIGNAL = ("descurl", "name", "version", "url", "size", "date")


class GameListSource(Source):
    """A site that is one or more of these lists: each is a page, and a segment by the same key.

    A subclass states `lists` and says what an entry's identity and address are. `date` is the day of the last upload,
    not of the release: it moves with every version, so it is `extra.uploaded` and no release date is claimed.
    """

    lists: ClassVar[Mapping[str, str]]
    """The address of each list by its segment."""
    identified_by: ClassVar[str]
    """The element that says which game an entry is, for messages."""
    expects = Expects(
        records=(10, 20_000),
        page=(1, 10_000),
        coverage=(
            Coverage("urls.download_direct", 0.9, "game_list game url"),
            Coverage("extra.version", 0.9, "game_list game version"),
        ),
    )
    many_records_a_page = True

    @abstractmethod
    def entry_identity(self, facts: Mapping[str, str]) -> str | None:
        """The stable id of an entry, from the texts of its elements by name; None where it has none."""

    @abstractmethod
    def entry_url(self, identity: str) -> str:
        """The address of an entry for people."""

    @abstractmethod
    def list_at(self, url: str) -> str:
        """The key of the list that is at an address."""

    def own_address(self, url: str) -> str:
        """An address in an entry as the site means it. Raises ValueError for what is no address."""
        return url

    def complete(self, draft: Draft, facts: Mapping[str, str], key: str) -> None:
        """Add what this site's entries say besides; `key` is that of the list."""

    def segment_of(self, key: str) -> str:
        return key if key in self.lists else next(iter(self.lists))

    def fixed_pages(self) -> tuple[PageRef, ...]:
        return tuple(PageRef(key=key, url=url, request=Request(url)) for key, url in self.lists.items())

    def locate(self, url: str) -> Listing:
        """All lists: the address does not say which one has the game."""
        if not self.owns(url):
            raise ValueError(f"no address of a game on {self.title}: {url[:120]}")
        return Listing(pages=self.fixed_pages())

    def listing(self) -> tuple[Request, ...]:
        """Nothing to enumerate: see `fixed_pages`."""
        return ()

    def parse_listing(self, response: Response) -> Listing:
        key = self.list_at(response.url)
        url = self.lists[key]
        fingerprint = self._fingerprint(response.body)
        return Listing(pages=(PageRef(key=key, url=url, request=Request(url), fingerprint=fingerprint),))

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        return tuple(Request(url) for url in self.lists.values())

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """The list itself with a fingerprint that moves when a game is added, removed or uploaded again."""
        return Feed(pages=self.parse_listing(response).pages)

    def parse(self, page: Page) -> list[GameRecord]:
        key = page.key or self.list_at(page.url)
        records: dict[str, GameRecord] = {}
        problems: list[str] = []
        for position, facts in self._games(page.body):
            where = f"game_list game[{position}]"
            identity = self.entry_identity(facts)
            if identity is None:
                told = facts.get(self.identified_by, "")[:80]
                problems.append(f"{where} {self.identified_by}: no id in {told!r}, left out")
            elif identity in records:
                problems.append(f"{where} {self.identified_by}: {identity} again, the first one stays")
            else:
                try:
                    records[identity] = self._record(facts, where, identity, key)
                except ParseError as error:
                    problems.append(f"{error}, left out")
        if not records:
            raise ParseError("game_list game", problems[0] if problems else "no game in the list")
        found = list(records.values())
        if problems:
            # About the list rather than about a game; the first record carries them.
            found[0] = found[0].model_copy(update={"warnings": (*found[0].warnings, *problems[:40])})
        return found

    @staticmethod
    def _games(body: bytes) -> Iterator[tuple[int, dict[str, str]]]:
        root = parse_xml(body, "game_list", what="game_list")
        games: list[etree._Element] = list(children(root, "game"))
        if not games:
            raise ParseError("game_list game", "no game in the list")
        for position, game in enumerate(games, start=1):
            facts = leaves(game)
            for inner in children(game):
                facts.setdefault(local(inner), "")
            facts.update({f"{name}, given again": "" for name in repeated(game)})
            yield position, facts

    def _record(self, facts: dict[str, str], where: str, identity: str, key: str) -> GameRecord:
        draft = Draft(self, where)
        self._set_title(draft, unescape_all(facts.get("title", "")))
        draft.set_languages(unescape_all(facts.get("lang", "")))
        self._add_credits(draft, unescape_all(facts.get("author", "")))
        text = plain_to_markdown(unescape_all(facts.get("description", "")))
        draft.describe(text, language_of(text, draft.languages))
        self._add_link(draft, facts.get("url", ""), "download_direct")
        self._add_link(draft, facts.get("image", ""), "poster")
        for name, element in (("name", "name"), ("version", "version"), ("uploaded", "date")):
            draft.extra(name, unescape_all(facts.get(element, "")))
        draft.extra("size", number(facts.get("size", "")))
        draft.extra("accessible", number(facts.get("accessible", "")))
        draft.extra("accessible_comment", unescape_all(facts.get("accessibleComment", "")))
        if facts.get("sandbox", "0") not in ("", "0", "false"):
            draft.extra("sandbox", True)
        self.complete(draft, facts, key)
        draft.unread("element", (name for name in facts if name not in _READ))
        return draft.build(identity=identity, url=self.entry_url(identity))

    @staticmethod
    def _set_title(draft: Draft, title: str) -> None:
        draft.tag("system", "INSTEAD")
        if match := _PORT.match(title):
            draft.tag("system", match["system"].upper())
            draft.extra("listed_title", title)
            title = title[match.end() :]
        draft.set_title(title)

    @staticmethod
    def _add_credits(draft: Draft, authors: str) -> None:
        for name in split_names(authors, conjunctions=False):
            if _YEAR.fullmatch(name):
                continue  # "Name, 2017"
            if helper := _HELP.match(name):
                draft.credit(name[helper.end() :], "contributor")
            else:
                draft.credit(name)

    def _add_link(self, draft: Draft, url: str, kind: LinkKind) -> None:
        url = unescape_all(url)
        if not url or _NO_PICTURE.search(url):
            return
        try:
            draft.link(self.own_address(url), kind)
        except ValueError:
            draft.warn(f"unusable address {url[:120]}")

    def _fingerprint(self, body: bytes) -> str:
        rows = []
        for _, facts in self._games(body):
            row = [unescape_all(facts.get(name, "")) for name in _SIGNAL]
            rows.append([re.sub(r"(?<!:)//+", "/", value.replace("http://", "https://", 1)) for value in row])
        return digest(sorted(rows))
