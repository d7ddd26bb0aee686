"""Other publishers of INSTEAD's list of games (`game_list`): the pool of instead.syscall.ru, and nlbproject.com.

Their entries have no pages of their own, and `name` is that of a package: its translations share it. So an entry is
known by its name and its language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from game_pipeline.model import Attribution

from .base import Policy, Segment
from .draft import Draft
from .game_list import GameListSource
from .identities import site_id
from .text import unescape_all
from .urls import on_host, query_of

__all__ = ["InsteadPool", "NLBProject"]

_IDENTITY = re.compile(r"[\w.+-]{1,100}")


class _Sibling(GameListSource):
    """A list without pages of single games; an entry is addressed by the list and what tells it apart there."""

    identified_by = "name"
    several_records_a_game = True

    def identity(self, url: str) -> str | None:
        if not on_host(url, self.hosts) or self._key_at(url) is None:
            return None
        return self.entry_identity(query_of(url))

    def list_at(self, url: str) -> str:
        return self._key_at(url) or next(iter(self.lists))

    def entry_identity(self, facts: Mapping[str, str]) -> str | None:
        name = unescape_all(facts.get("name", "")).strip()
        language = unescape_all(facts.get("lang", "")).strip().lower()
        identity = f"{name}-{language}" if language else name
        return identity if name and _IDENTITY.fullmatch(identity) else None

    def entry_url(self, identity: str) -> str:
        name, _, language = identity.rpartition("-")
        first = next(iter(self.lists.values()))
        return f"{first}?name={quote(name or language)}" + (f"&lang={quote(language)}" if name else "")

    def complete(self, draft: Draft, facts: Mapping[str, str], key: str) -> None:
        """The page that an entry names is the game's own only where it is an address that says so."""
        url = unescape_all(facts.get("descurl", ""))
        if not url:
            return
        found = site_id(url)
        draft.link(url, "game_page" if found else None)
        if found:
            draft.external_id(found.scheme, found.value)

    def _key_at(self, url: str) -> str | None:
        path = urlsplit(url).path
        return next((key for key, address in self.lists.items() if urlsplit(address).path == path), None)


class InsteadPool(_Sibling):
    """The pool of INSTEAD's author: the games that came with it, and their translations.

    The lists' format was seen in captures; the address, moved more than once over the years, was not.
    """

    name = "instead_pool"
    title = "INSTEAD pool"
    home = "https://instead.syscall.ru/"
    hosts = ("instead.syscall.ru",)
    attribution = Attribution(site="instead.syscall.ru", licence="unknown")
    policy = Policy(priority=45)
    verified = True
    parser_version = 1
    segments = (Segment("pool", "The pool"),)
    lists = MappingProxyType({"pool": "https://instead.syscall.ru/pool/game_list.xml"})


class NLBProject(_Sibling):
    """nlbproject.com: games made with the Non-Linear Book builder, its own and those of its users."""

    name = "nlbproject"
    title = "NLB project"
    home = "http://nlbproject.com/"
    hosts = ("nlbproject.com",)
    attribution = Attribution(site="nlbproject.com", licence="unknown")
    policy = Policy(priority=45)
    verified = False
    parser_version = 1
    segments = (Segment("project", "The project's games"), Segment("community", "Games of the community"))
    lists = MappingProxyType(
        {
            "project": "http://nlbproject.com/hub/services/nlbproject_games",
            "community": "http://nlbproject.com/hub/services/community_games",
        }
    )
