"""What people could play together: one comparison, for the command line, the REST API and the page. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from .index import LibraryGame, LibraryIndex, LibraryPerson, LibraryRelease, each_bit, each_bit_down

__all__ = [
    "SORTS",
    "Choice",
    "CompareQuery",
    "CompareResult",
    "ComparedGame",
    "Installed",
    "LibraryError",
    "Owned",
    "Sort",
    "choose",
    "compare",
    "held",
]

Owned = Literal["all", "any"]
Installed = Literal["ignore", "all", "any", "none"]
Sort = Literal["title", "players", "owners", "installed", "platforms"]
SORTS: tuple[Sort, ...] = ("title", "players", "owners", "installed", "platforms")


class LibraryError(ValueError):
    """What was asked about libraries cannot be answered; the message says why and what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareQuery:
    """What is asked. `users`: ids or names, nobody named: everybody.

    `owned`: by all of them, or by any. `installed`: by all of them, by any, by none, or never mind. `platforms` and
    `without_platforms`: only what is owned there counts, or all but that. `exclusive`: nobody else owns it.
    `min_players`: games for so many, those for an unknown number of several players among them up to two.
    `hidden`: games of the operator's list, too. `sort`: the most first, but titles from A; then by title.
    """

    users: tuple[str, ...] = ()
    owned: Owned = "all"
    multiplayer_only: bool = False
    installed: Installed = "ignore"
    platforms: tuple[str, ...] = ()
    without_platforms: tuple[str, ...] = ()
    min_players: int | None = None
    exclusive: bool = False
    hidden: bool = False
    sort: Sort = "title"
    reverse: bool = False
    offset: int = 0
    limit: int = 100
    pick: bool = False
    """One of the games, by chance, instead of a page of them."""
    seed: int | None = None
    """Makes the chance come out the same again."""


@dataclass(frozen=True, slots=True)
class ComparedGame:
    """A game of the answer. `owners` and `installed`: names of those asked about; `platforms`: where they own it."""

    release_key: str
    title: str
    slug: str
    platforms: tuple[str, ...]
    owners: tuple[str, ...]
    installed: tuple[str, ...]
    multiplayer: bool | None
    max_players: int | None
    comment: str | None
    url: str | None
    releases: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class CompareResult:
    """`title` says in words what was asked; `total` games answer it, of which `games` are the ones from `offset` on."""

    title: str
    users: tuple[LibraryPerson, ...]
    total: int
    offset: int
    games: tuple[ComparedGame, ...]
    last_updated: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """The games that answer a query. `games`: the numbers of those of the page; `mask`: a bit for each of the people;
    `allowed`: the platforms that count, None: all."""

    title: str
    people: tuple[LibraryPerson, ...]
    total: int
    games: tuple[int, ...]
    mask: int
    allowed: frozenset[str] | None


def compare(library: LibraryIndex, query: CompareQuery) -> CompareResult:
    """Answer the query. Raises `LibraryError` for a user or platform that nobody knows."""
    choice = choose(library, query)
    return CompareResult(
        title=choice.title,
        users=choice.people,
        total=choice.total,
        offset=query.offset,
        games=tuple(_compared(library, library.games[number], choice) for number in choice.games),
        last_updated=library.last_updated,
    )


def choose(library: LibraryIndex, query: CompareQuery) -> Choice:
    """Which games answer the query. Raises `LibraryError` as `compare`."""
    people = _people(library, query.users)
    numbers = [library.number[person.user_id] for person in people]
    allowed = _platforms(library, query)
    owned = [_union(library.owned[number], allowed) for number in numbers]
    installed = [_union(library.installed[number], allowed) for number in numbers]
    found = _together(owned, query.owned, library.everything) & _wanted(library, query)
    match query.installed:
        case "all" | "any":
            found &= _together(installed, query.installed, library.everything)
        case "none":
            found &= ~_together(installed, "any", library.everything)
    if query.exclusive:
        for other in set(range(len(library.people))) - set(numbers):
            found &= ~_union(library.owned[other], None)
    total = found.bit_count()
    if query.pick:
        chosen = [_nth(found, random.Random(query.seed).randrange(total))] if total else []
    else:
        buckets = _sorted(library, query, found, owned, installed)
        chosen = list(_page(buckets, query.offset, query.limit, reverse=query.reverse and query.sort == "title"))
    return Choice(
        title=_in_words(library, people, query, total),
        people=people,
        total=total,
        games=tuple(chosen),
        mask=sum(1 << number for number in numbers),
        allowed=allowed,
    )


def _people(library: LibraryIndex, named: Sequence[str]) -> tuple[LibraryPerson, ...]:
    if not named:
        return library.people
    found: dict[str, LibraryPerson] = {}
    for each in named:
        person = library.person(each)
        if person is None:
            known = ", ".join(person.name for person in library.people[:20]) or "nobody yet; upload a Galaxy database"
            raise LibraryError(f"nobody here is called {each[:60]!r}; there are: {known}")
        found[person.user_id] = person
    return tuple(found.values())


def _platforms(library: LibraryIndex, query: CompareQuery) -> frozenset[str] | None:
    """The platforms that count; None: all."""
    named = {*query.platforms, *query.without_platforms}
    if unknown := sorted(named - set(library.platforms)):
        known = ", ".join(library.platforms) or "none yet"
        raise LibraryError(f"nobody owns a game on {unknown[0][:60]!r}; there are: {known}")
    if not named:
        return None
    return frozenset(query.platforms or library.platforms) - frozenset(query.without_platforms)


def _union(by_platform: dict[str, int], allowed: frozenset[str] | None) -> int:
    found = 0
    for platform, games in by_platform.items():
        if allowed is None or platform in allowed:
            found |= games
    return found


def _together(sets: Sequence[int], how: Owned, everything: int) -> int:
    if how == "all":
        found = everything if sets else 0
        for each in sets:
            found &= each
        return found
    found = 0
    for each in sets:
        found |= each
    return found


def _wanted(library: LibraryIndex, query: CompareQuery) -> int:
    """Games that may be in the answer whoever owns them."""
    wanted = library.everything if query.hidden else library.everything & ~library.hidden
    if query.multiplayer_only:
        wanted &= library.multiplayer
    if query.min_players is not None and query.min_players > 1:
        enough = library.players.get(0, 0) & library.multiplayer if query.min_players <= 2 else 0
        for most, games in library.players.items():
            if most >= query.min_players:
                enough |= games
        wanted &= enough
    return wanted


# Order --------------------------------------------------------------------------------------------------------------


def _sorted(
    library: LibraryIndex, query: CompareQuery, found: int, owned: Sequence[int], installed: Sequence[int]
) -> list[int]:
    """The answer cut into sets that follow each other, each in the order of titles."""
    match query.sort:
        case "title":
            return [found]
        case "players":
            buckets = [found & games for _, games in sorted(library.players.items(), reverse=True)]
        case "owners":
            buckets = _by_count(found, owned)
        case "installed":
            buckets = _by_count(found, installed)
        case "platforms":
            everywhere = [
                _together([each.get(platform, 0) for each in library.owned], "any", library.everything)
                for platform in library.platforms
            ]
            buckets = _by_count(found, everywhere)
    return buckets[::-1] if query.reverse else buckets


def _by_count(found: int, sets: Sequence[int]) -> list[int]:
    """The games in most of the sets first."""
    at_least = [found, *(0 for _ in sets)]
    for each in sets:
        for count in range(len(sets), 0, -1):
            at_least[count] |= at_least[count - 1] & each
    exactly = [more & ~most for more, most in zip(at_least, [*at_least[1:], 0], strict=True)]
    return exactly[::-1]


def _page(buckets: Sequence[int], offset: int, limit: int, *, reverse: bool) -> Iterator[int]:
    for bucket in buckets:
        size = bucket.bit_count()
        if offset >= size:
            offset -= size
            continue
        for place, number in enumerate(each_bit_down(bucket) if reverse else each_bit(bucket)):
            if place < offset:
                continue
            if limit <= 0:
                return
            limit -= 1
            yield number
        offset = 0


def _nth(bits: int, place: int) -> int:
    return next(number for n, number in enumerate(each_bit(bits)) if n == place)


# Words --------------------------------------------------------------------------------------------------------------


def _compared(library: LibraryIndex, game: LibraryGame, choice: Choice) -> ComparedGame:
    owners, installed, platforms, releases = held(game, choice)
    return ComparedGame(
        release_key=game.key,
        title=game.title,
        slug=game.slug,
        platforms=tuple(platforms),
        owners=tuple(library.people[number].name for number in each_bit(owners)),
        installed=tuple(library.people[number].name for number in each_bit(installed)),
        multiplayer=game.multiplayer,
        max_players=game.max_players,
        comment=game.comment,
        url=game.url,
        releases=tuple(release.key for release in releases),
    )


def held(game: LibraryGame, choice: Choice) -> tuple[int, int, list[str], list[LibraryRelease]]:
    """Who of the people own a game and have it installed, as bits; where; and which releases of it."""
    owners = installed = 0
    platforms: list[str] = []
    releases = []
    for release in game.releases:
        theirs = release.owners & choice.mask
        if theirs:
            releases.append(release)
        if choice.allowed is None or release.platform in choice.allowed:
            owners |= theirs
            installed |= release.installed & choice.mask
            if theirs and release.platform not in platforms:
                platforms.append(release.platform)
    return owners, installed, platforms, releases


def _in_words(library: LibraryIndex, people: Sequence[LibraryPerson], query: CompareQuery, total: int) -> str:
    """`3 multiplayer games that Ann, Bob and Cleo all own`."""
    kind = "multiplayer game" if query.multiplayer_only else "game"
    count = f"{total} {kind}{'' if total == 1 else 's'}"
    if query.min_players is not None and query.min_players > 1:
        count += f" for {query.min_players} or more"
    names = _listed([person.name for person in people], "and" if query.owned == "all" or len(people) < 2 else "or")
    many = len(people) > 1
    verb = "owns" if not many or query.owned == "any" else "both own" if len(people) == 2 else "all own"
    words = f"{count} that {names or 'nobody'} {verb}"
    if query.exclusive and len(people) < len(library.people):
        words += " and nobody else"
    match query.installed:
        case "all":
            words += ", installed by " + ("each of them" if many else "them")
        case "any":
            words += ", installed by " + ("any of them" if many else "them")
        case "none":
            words += ", installed by " + ("none of them" if many else "nobody")
    if query.platforms:
        words += f", on {_listed(query.platforms, 'or')}"
    if query.without_platforms:
        words += f", not counting {_listed(query.without_platforms, 'and')}"
    return words


def _listed(names: Sequence[str], last: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
