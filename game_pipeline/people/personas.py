"""From credits and pages to personas: somebody as one source knows them, by their page or by their name. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from game_pipeline.matching import name_key, names_nobody
from game_pipeline.sources.urls import identity_url

__all__ = ["CreditLine", "PersonPage", "Persona", "gather", "page_of", "persona_key"]


@dataclass(frozen=True, slots=True)
class CreditLine:
    """A name that a record credits. `game_id`: the game that the record is about. `alias`: a name that the page shows
    for the one it names. `identity`: the source's own id of the record."""

    source: str
    game_id: int
    name: str
    role: str
    url: str | None = None
    alias: str | None = None
    identity: str = ""


@dataclass(frozen=True, slots=True)
class PersonPage:
    """What a source's page about somebody says. `redirects`: addresses of the source that lead to it; `profiles`:
    their pages on other sites, as it gives them; `works`: the source's own ids of the games that are theirs."""

    record_id: int
    source: str
    url: str
    name: str
    aliases: Sequence[str] = ()
    redirects: Sequence[str] = ()
    profiles: Sequence[str] = ()
    works: Sequence[str] = ()

    @property
    def names(self) -> list[str]:
        """What it calls them."""
        return sorted({name for name in (self.name, *self.aliases) if not names_nobody(name)})


@dataclass(slots=True)
class Persona:
    """Somebody as one source knows them. `spellings`: (name, page) as credited; `credits`: (game, role); `page`: what
    the page about them says, where it was read."""

    key: str
    source: str
    name: str
    url: str | None
    spellings: set[tuple[str, str | None]] = field(default_factory=set)
    credits: set[tuple[int, str]] = field(default_factory=set)
    page: PersonPage | None = None

    @property
    def called(self) -> set[str]:
        """Every name, whether games are credited so or the page says it."""
        return {name for name, _ in self.spellings}.union(self.page.names if self.page else ())

    @property
    def names(self) -> set[str]:
        """The keys of the names: equal where spelling and script alone differ."""
        return {name_key(name) for name in self.called}


def page_of(url: str | None) -> str | None:
    """What tells a page apart, however its address is written; None where it is none."""
    try:
        return identity_url(url) if url is not None else None
    except ValueError:
        return None


def persona_key(source: str, name: str, url: str | None) -> str:
    """Their page on the source, whatever name stands there; without a page their name, as it is written."""
    page = page_of(url)
    return f"{source}|{page or ' '.join(name.casefold().replace('ё', 'е').split())}"


def gather(credits: Iterable[CreditLine], pages: Iterable[PersonPage] = ()) -> dict[str, Persona]:
    """The personas of all credits and pages, by key. Who signs as nobody (anonymous, various) is none.

    A credit without a page, in a game that the page of exactly one bearer of the name says is theirs, is theirs: a
    source may tell whose a game is on the pages of people alone.
    """
    found: dict[str, Persona] = {}
    called: defaultdict[str, set[str]] = defaultdict(set)
    told = [page for page in pages if not names_nobody(page.name) and page_of(page.url) is not None]
    claims = _Claims(told)
    for line in credits:
        if names_nobody(line.name):
            continue
        key = persona_key(line.source, line.name, line.url)
        page = line.url if page_of(line.url) else None
        owner = claims.owner(line) if page is None else None
        if owner is not None:
            theirs = persona_key(owner.source, owner.name, owner.url)
            persona = found.setdefault(theirs, Persona(theirs, owner.source, owner.name, owner.url))
            persona.credits.add((line.game_id, line.role))
            if not claims.alone(line):
                continue  # a bare name that several people bear is nobody of its own
            persona = found.setdefault(key, Persona(key, line.source, line.name, None))
        else:
            persona = found.setdefault(key, Persona(key, line.source, line.name, page))
            persona.credits.add((line.game_id, line.role))
        persona.spellings.add((line.name, line.url))
        if line.alias and not names_nobody(line.alias):
            called[key].add(line.alias)
    for key, aliases in called.items():
        found[key].spellings |= {(alias, found[key].url) for alias in aliases}
    for page_told in told:
        key = persona_key(page_told.source, page_told.name, page_told.url)
        persona = found.setdefault(key, Persona(key, page_told.source, page_told.name, page_told.url))
        persona.page = persona.page or page_told
    return found


class _Claims:
    """What pages say is theirs, by the names that they give their people."""

    def __init__(self, pages: Iterable[PersonPage]) -> None:
        self._named: defaultdict[tuple[str, str], dict[str, PersonPage]] = defaultdict(dict)
        self._works: defaultdict[tuple[str, str, str], dict[str, PersonPage]] = defaultdict(dict)
        for page in pages:
            key = persona_key(page.source, page.name, page.url)
            for name in {name.casefold() for name in page.names}:
                self._named[page.source, name].setdefault(key, page)
                for work in page.works:
                    self._works[page.source, name, work].setdefault(key, page)

    def owner(self, line: CreditLine) -> PersonPage | None:
        """Whose the credit is, where exactly one page says so."""
        claimants = self._works.get((line.source, line.name.casefold(), line.identity), {})
        return next(iter(claimants.values())) if len(claimants) == 1 else None

    def alone(self, line: CreditLine) -> bool:
        """Does one page of the source alone bear the name?"""
        return len(self._named.get((line.source, line.name.casefold()), ())) == 1
