"""From credits and pages to personas: somebody as one source knows them, by their page or by their name. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from game_pipeline.matching import name_key, names_nobody
from game_pipeline.sources.urls import identity_url

__all__ = ["CreditLine", "PersonPage", "Persona", "gather", "page_of", "persona_key", "written"]


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
    the page about them says, where it was read; `claims`: credits without a page that are theirs by what that page
    says, as (the record's identity, name, the persona of that name alone)."""

    key: str
    source: str
    name: str
    url: str | None
    spellings: set[tuple[str, str | None]] = field(default_factory=set)
    credits: set[tuple[int, str]] = field(default_factory=set)
    page: PersonPage | None = None
    claims: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def called(self) -> set[str]:
        """Every name, whether games are credited so or the page says it."""
        return {name for name, _ in self.spellings}.union(self.page.names if self.page else ())

    @property
    def credited(self) -> set[str]:
        """The names under which games are credited to them."""
        return {name for name, _ in self.spellings} | {name for _, name, _ in self.claims}

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


def written(name: str) -> str:
    """A name as it is compared within one source: capitals, white space and the dots of ё do not count."""
    return " ".join(name.casefold().replace("ё", "е").split())


def persona_key(source: str, name: str, url: str | None) -> str:
    """Their page on the source, whatever name stands there; without a page their name, as it is written."""
    return f"{source}|{page_of(url) or written(name)}"


def gather(
    credits: Iterable[CreditLine], pages: Iterable[PersonPage] = (), apart: Collection[tuple[str, str]] = ()
) -> dict[str, Persona]:
    """The personas of all credits and pages, by key. Who signs as nobody (anonymous, various) is none.

    A credit without a page, in a game that the page of exactly one bearer of the name says is theirs, is theirs: a
    source may tell whose a game is on the pages of people alone. A person's word that the bearer is not who is credited
    by that name alone (`apart`: pairs of keys, each sorted) counts for more.
    """
    found: dict[str, Persona] = {}
    called: defaultdict[str, set[str]] = defaultdict(set)
    lines = [line for line in credits if not names_nobody(line.name)]
    told = [page for page in pages if not names_nobody(page.name) and page_of(page.url) is not None]
    claims = _Claims(lines, told, apart)
    for line in lines:
        key = persona_key(line.source, line.name, line.url)
        page = line.url if page_of(line.url) else None
        owner = claims.owner(line, key) if page is None else None
        if owner is not None:
            theirs = persona_key(owner.source, owner.name, owner.url)
            persona = found.setdefault(theirs, Persona(theirs, owner.source, owner.name, owner.url))
            persona.credits.add((line.game_id, line.role))
            persona.claims.add((line.identity, line.name, key))
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

    def __init__(
        self, lines: Iterable[CreditLine], pages: Iterable[PersonPage], apart: Collection[tuple[str, str]]
    ) -> None:
        self._apart = apart
        self._named: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._games: defaultdict[tuple[str, str, int], dict[str, PersonPage]] = defaultdict(dict)
        # By the game, not the record: where two records of a source are one game, it is claimed by either.
        game_of = {(line.source, line.identity): line.game_id for line in lines}
        for page in pages:
            key = persona_key(page.source, page.name, page.url)
            games = {game_of[page.source, work] for work in page.works if (page.source, work) in game_of}
            for name in {written(name) for name in page.names}:
                self._named[page.source, name].add(key)
                for game in games:
                    self._games[page.source, name, game].setdefault(key, page)

    def owner(self, line: CreditLine, bare: str) -> PersonPage | None:
        """Whose the credit is, where exactly one page says so; `bare`: the persona of the name alone."""
        claimants = [
            page
            for key, page in self._games.get((line.source, written(line.name), line.game_id), {}).items()
            if (min(key, bare), max(key, bare)) not in self._apart
        ]
        return claimants[0] if len(claimants) == 1 else None

    def alone(self, line: CreditLine) -> bool:
        """Does one page of the source alone bear the name?"""
        return len(self._named.get((line.source, written(line.name)), ())) == 1
