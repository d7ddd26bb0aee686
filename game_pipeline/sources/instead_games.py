"""instead-games.ru: two XML lists, `xml.php` (approved games) and `xml2.php` (sandbox), that carry the records.

Format: captures of 2015 to 2018 (approved) and 2018 (sandbox); elements that came later (`accessible`,
`accessibleComment`, `sandbox`) as the site's clients describe them. The pages of single games are not read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from game_pipeline.model import Attribution, GameRecord, LinkKind, digest

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
from .identities import site_id
from .jsondoc import number
from .languages import language_of
from .text import plain_to_markdown, split_names, unescape_all
from .urls import normalise_url, on_host, query_of
from .xml import children, leaves, local, parse_xml, repeated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

__all__ = ["InsteadGames"]

_HOST = "instead-games.ru"
_LISTS = {"approved": f"https://{_HOST}/xml.php", "sandbox": f"https://{_HOST}/xml2.php"}
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


def _own_address(url: str) -> str:
    """An address of the site in its one form: https, single slashes, `/download/X` for `downloader.php?file=X`.

    The site wrote all these forms over the years for the same places. Addresses of other hosts are only normalised.
    Raises ValueError for what is no address; links may begin with the bare host name.
    """
    if url.strip().lower().startswith(_HOST):
        url = f"https://{url.strip()}"
    url = normalise_url(url, f"https://{_HOST}/")
    if not on_host(url, (_HOST,)):
        return url
    parts = urlsplit(url)
    path = re.sub(r"/{2,}", "/", parts.path)
    if path == "/downloader.php" and (file := query_of(url).get("file")):
        return f"https://{_HOST}/download/{quote(file)}"
    return urlunsplit(("https", _HOST, path, parts.query, ""))


class InsteadGames(Source):
    """The INSTEAD games repository. Each list is a page, and a segment; a record's identity is the `ID` of its page.

    The licence of the texts is not stated anywhere. `date` is the day of the last upload, not of the release: it
    moves with every version, so it is `extra.uploaded` and no release date is claimed.
    """

    name = "instead_games"
    title = "instead-games.ru"
    home = f"https://{_HOST}/"
    hosts = (_HOST,)
    attribution = Attribution(site=_HOST, licence="unknown")
    policy = Policy(priority=30)
    verified = True
    parser_version = 1
    expects = Expects(
        records=(10, 20_000),
        page=(1, 10_000),
        coverage=(
            Coverage("urls.download_direct", 0.9, "game_list game url"),
            Coverage("extra.version", 0.9, "game_list game version"),
        ),
    )
    segments = (Segment("approved", "Approved games"), Segment("sandbox", "Sandbox"))
    many_records_a_page = True

    def owns(self, url: str) -> bool:
        return self.identity(url) is not None

    def identity(self, url: str) -> str | None:
        found = site_id(url)
        return found.value if found and found.scheme == self.name else None

    def segment_of(self, key: str) -> str:
        return key if key in _LISTS else "approved"

    def fixed_pages(self) -> tuple[PageRef, ...]:
        return tuple(PageRef(key=key, url=url, request=Request(url)) for key, url in _LISTS.items())

    def locate(self, url: str) -> Listing:
        """Both lists: the address does not say which one has the game."""
        if not self.owns(url):
            raise ValueError(f"no address of a game on {_HOST} (game.php?ID=…): {url[:120]}")
        return Listing(pages=self.fixed_pages())

    def listing(self) -> tuple[Request, ...]:
        """Nothing to enumerate: see `fixed_pages`."""
        return ()

    def parse_listing(self, response: Response) -> Listing:
        key = self._key_of(response.url)
        fingerprint = self._fingerprint(response.body)
        return Listing(
            pages=(PageRef(key=key, url=_LISTS[key], request=Request(_LISTS[key]), fingerprint=fingerprint),)
        )

    def changes_since(self, cursor: str | None) -> tuple[Request, ...]:
        return tuple(Request(url) for url in _LISTS.values())

    def parse_feed(self, response: Response, cursor: str | None) -> Feed:
        """The list itself with a fingerprint that moves when a game is added, removed or uploaded again."""
        return Feed(pages=self.parse_listing(response).pages)

    def parse(self, page: Page) -> list[GameRecord]:
        sandbox = (page.key or self._key_of(page.url)) == "sandbox"
        records: dict[str, GameRecord] = {}
        problems: list[str] = []
        for position, facts in self._games(page.body):
            where = f"game_list game[{position}]"
            identity = self.identity(self._descurl(facts))
            if identity is None:
                problems.append(f"{where} descurl: no ID in {facts.get('descurl', '')[:80]!r}, left out")
            elif identity in records:
                problems.append(f"{where} descurl: ID {identity} again, the first one stays")
            else:
                try:
                    records[identity] = self._record(facts, where, identity, sandbox)
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

    def _record(self, facts: dict[str, str], where: str, identity: str, sandbox: bool) -> GameRecord:
        draft = Draft(self, where)
        self._set_title(draft, unescape_all(facts.get("title", "")))
        draft.set_languages(unescape_all(facts.get("lang", "")))
        self._add_credits(draft, unescape_all(facts.get("author", "")))
        text = plain_to_markdown(unescape_all(facts.get("description", "")))
        draft.describe(text, language_of(text, draft.languages))
        self._add_link(draft, facts.get("url", ""), "download_direct")
        self._add_link(draft, facts.get("image", ""), "poster")
        for key, element in (("name", "name"), ("version", "version"), ("uploaded", "date")):
            draft.extra(key, unescape_all(facts.get(element, "")))
        draft.extra("size", number(facts.get("size", "")))
        draft.extra("accessible", number(facts.get("accessible", "")))
        draft.extra("accessible_comment", unescape_all(facts.get("accessibleComment", "")))
        if sandbox or facts.get("sandbox", "0") not in ("", "0", "false"):
            draft.extra("sandbox", True)
        draft.unread("element", (name for name in facts if name not in _READ))
        return draft.build(identity=identity, url=f"https://{_HOST}/game.php?ID={identity}")

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

    @staticmethod
    def _add_link(draft: Draft, url: str, kind: LinkKind) -> None:
        url = unescape_all(url)
        if not url or _NO_PICTURE.search(url):
            return
        try:
            draft.link(_own_address(url), kind)
        except ValueError:
            draft.warn(f"unusable address {url[:120]}")

    @staticmethod
    def _descurl(facts: dict[str, str]) -> str:
        try:
            return _own_address(unescape_all(facts.get("descurl", "")))
        except ValueError:
            return ""

    @staticmethod
    def _key_of(url: str) -> str:
        parts = urlsplit(url)
        sandboxed = parts.path.endswith("xml2.php") or query_of(url).get("approved") == "0"
        return "sandbox" if sandboxed else "approved"

    def _fingerprint(self, body: bytes) -> str:
        rows = []
        for _, facts in self._games(body):
            row = [unescape_all(facts.get(name, "")) for name in _SIGNAL]
            rows.append([re.sub(r"(?<!:)//+", "/", value.replace("http://", "https://", 1)) for value in row])
        return digest(sorted(rows))
