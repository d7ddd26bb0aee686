"""The sources and their registry: which there are, by name and by address. What a source is stands in `base`."""

from __future__ import annotations

import difflib

from .apero import Apero
from .axma import Axma
from .base import (
    UNREAD,
    ClientCredentials,
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
    Secret,
    Segment,
    Source,
    check_source,
)
from .existing import ExistingCatalogue, existing_catalogue
from .gog_galaxy import GogGalaxy
from .hyperbook import Hyperbook
from .ifarchive import IFArchive
from .ifdb import IFDB
from .ifiction import IFiction
from .ifiction_forum import IfictionForum
from .ifwiki_org import IfwikiOrg
from .ifwiki_ru import IfwikiRu
from .igdb import IGDB
from .instead_games import InsteadGames
from .instead_siblings import InsteadPool, NLBProject
from .itch import Itch
from .plut import Plut
from .qsp import Qsp
from .quest_book import QuestBook
from .rawg import RAWG
from .rilarhiv import Rilarhiv
from .steam import Steam
from .urls import host_of
from .vndb import VNDB
from .wikidata import Wikidata

__all__ = [
    "SOURCES",
    "UNREAD",
    "ClientCredentials",
    "Coverage",
    "ExistingCatalogue",
    "Expects",
    "Feed",
    "GogGalaxy",
    "Listing",
    "Page",
    "PageRef",
    "ParseError",
    "Policy",
    "Request",
    "Response",
    "Secret",
    "Segment",
    "Source",
    "UnknownSourceError",
    "existing_catalogue",
    "get",
    "nearest",
    "owner_of",
]


class UnknownSourceError(KeyError):
    """No source of that name; `nearest` are the names most like it."""

    def __init__(self, name: str, nearest: list[str]) -> None:
        self.name = name
        self.nearest = nearest
        super().__init__(name)

    def __str__(self) -> str:
        known = ", ".join(self.nearest or SOURCES)
        return f"no source named {self.name!r}; {'did you mean' if self.nearest else 'there are'}: {known}"


def _register(*sources: Source) -> dict[str, Source]:
    for source in sources:
        check_source(source)
    registry = {source.name: source for source in sources}
    if len(registry) != len(sources):
        raise TypeError("two sources of one name")
    return registry


# The order is the order of `owner_of`: whoever owns an address by its host comes before whoever owns a kind of file.
SOURCES: dict[str, Source] = _register(
    InsteadGames(),
    InsteadPool(),
    NLBProject(),
    IFDB(),
    IfwikiRu(),
    IfwikiOrg(),
    Qsp(),
    Plut(),
    Apero(),
    QuestBook(),
    IfictionForum(),
    Rilarhiv(),
    Axma(),
    Hyperbook(),
    IFArchive(),
    IGDB(),
    Steam(),
    RAWG(),
    Wikidata(),
    VNDB(),
    Itch(),
    IFiction(),
    GogGalaxy(),
)


def get(name: str) -> Source:
    """The source of that name. Raises `UnknownSourceError`, which names the nearest ones."""
    try:
        return SOURCES[name]
    except KeyError:
        raise UnknownSourceError(name, difflib.get_close_matches(name, SOURCES, n=3, cutoff=0.5)) from None


def owner_of(url: str) -> Source | None:
    """The source that owns the address of a game, or None."""
    return next((source for source in SOURCES.values() if source.owns(url)), None)


def nearest(url: str) -> list[str]:
    """The names of the sources whose hosts are most like the address's, best first: for the message that says that
    nobody owns it."""
    host = host_of(url if "//" in url else f"https://{url}")
    scores = {
        name: max(difflib.SequenceMatcher(None, host, other).ratio() for other in source.hosts)
        for name, source in SOURCES.items()
    }
    return [name for name, score in sorted(scores.items(), key=lambda item: -item[1]) if score >= 0.5][:3]
