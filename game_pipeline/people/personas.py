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
    for the one it names."""

    source: str
    game_id: int
    name: str
    role: str
    url: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class PersonPage:
    """What a source's page about somebody says. `redirects`: addresses of the source that lead to it; `profiles`:
    their pages on other sites, as it gives them."""

    record_id: int
    source: str
    url: str
    name: str
    aliases: Sequence[str] = ()
    redirects: Sequence[str] = ()
    profiles: Sequence[str] = ()

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
    """The personas of all credits and pages, by key. Who signs as nobody (anonymous, various) is none."""
    found: dict[str, Persona] = {}
    called: defaultdict[str, set[str]] = defaultdict(set)
    for line in credits:
        if names_nobody(line.name):
            continue
        key = persona_key(line.source, line.name, line.url)
        page = line.url if page_of(line.url) else None
        persona = found.setdefault(key, Persona(key, line.source, line.name, page))
        persona.spellings.add((line.name, line.url))
        persona.credits.add((line.game_id, line.role))
        if line.alias and not names_nobody(line.alias):
            called[key].add(line.alias)
    for key, aliases in called.items():
        found[key].spellings |= {(alias, found[key].url) for alias in aliases}
    for told in pages:
        if names_nobody(told.name) or page_of(told.url) is None:
            continue
        key = persona_key(told.source, told.name, told.url)
        persona = found.setdefault(key, Persona(key, told.source, told.name, told.url))
        persona.page = persona.page or told
    return found
