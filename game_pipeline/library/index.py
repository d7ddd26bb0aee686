"""The data file as it is asked: games that are the same put together, and who owns them as bits. Pure, built once.

Games are numbered in the order of their titles; a set of games is an integer with a bit for each. So what twenty people
share is twenty operations, however many games there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .document import slug_of

__all__ = ["LibraryGame", "LibraryIndex", "LibraryPerson", "LibraryRelease", "bits_of", "each_bit", "each_bit_down"]

_STORES = ("gog", "steam", "epic")


@dataclass(frozen=True, slots=True)
class LibraryPerson:
    user_id: str
    name: str
    db_filename: str | None
    db_mtime: str | None
    total_games: int
    installed_games: int


@dataclass(frozen=True, slots=True)
class LibraryRelease:
    """A release in one store. `owners` and `installed`: a bit for each user, by their number in the index."""

    key: str
    platform: str
    owners: int
    installed: int


@dataclass(frozen=True, slots=True)
class LibraryGame:
    """One game, whichever stores it was bought in. `max_players` None: not known."""

    key: str
    title: str
    slug: str
    releases: tuple[LibraryRelease, ...]
    igdb_key: str
    multiplayer: bool | None
    max_players: int | None
    comment: str | None
    url: str | None
    hidden: bool


class LibraryIndex:
    """Everything that a comparison asks, of one version of the data file. Never changes; safe to share."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.last_updated: str | None = document.get("last_updated")
        self.people: tuple[LibraryPerson, ...] = tuple(
            LibraryPerson(
                user_id,
                each["username"],
                each["db_filename"],
                each["db_mtime"],
                each["total_games"],
                each["installed_games"],
            )
            for user_id, each in sorted(document["users"].items(), key=lambda user: _person_order(user[1], user[0]))
        )
        self.number = {person.user_id: number for number, person in enumerate(self.people)}
        self.games: tuple[LibraryGame, ...] = tuple(_games(document["games"], self.number))
        self.platforms: tuple[str, ...] = tuple(
            sorted({release.platform for game in self.games for release in game.releases})
        )
        self.everything = (1 << len(self.games)) - 1
        self.owned: list[dict[str, int]] = []
        self.installed: list[dict[str, int]] = []
        self._index_people()
        self.multiplayer = bits_of(n for n, game in enumerate(self.games) if game.multiplayer)
        self.hidden = bits_of(n for n, game in enumerate(self.games) if game.hidden)
        players: defaultdict[int, list[int]] = defaultdict(list)
        for number, game in enumerate(self.games):
            players[game.max_players or 0].append(number)
        self.players: dict[int, int] = {most: bits_of(numbers) for most, numbers in sorted(players.items())}
        """Most players -> the games; 0: not known."""
        self.written: dict[int, tuple[str, str]] = {}
        """What `answer` keeps of games that it wrote."""

    def _index_people(self) -> None:
        owned: list[defaultdict[str, list[int]]] = [defaultdict(list) for _ in self.people]
        installed: list[defaultdict[str, list[int]]] = [defaultdict(list) for _ in self.people]
        for number, game in enumerate(self.games):
            for release in game.releases:
                for person in each_bit(release.owners):
                    owned[person][release.platform].append(number)
                for person in each_bit(release.installed):
                    installed[person][release.platform].append(number)
        self.owned = [{platform: bits_of(numbers) for platform, numbers in each.items()} for each in owned]
        self.installed = [{platform: bits_of(numbers) for platform, numbers in each.items()} for each in installed]

    def person(self, named: str) -> LibraryPerson | None:
        """By id, or by name without regard to case."""
        number = self.number.get(named)
        if number is not None:
            return self.people[number]
        wanted = named.casefold().strip()
        return next((person for person in self.people if person.name.casefold() == wanted), None)


def bits_of(numbers: Iterable[int]) -> int:
    """The set of these numbers."""
    found = list(numbers)
    if not found:
        return 0
    data = bytearray(max(found) // 8 + 1)
    for number in found:
        data[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(data, "little")


def each_bit(bits: int) -> Iterator[int]:
    """The numbers of a set, in order."""
    text = f"{bits:b}"[::-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)


def each_bit_down(bits: int) -> Iterator[int]:
    """The numbers of a set, the highest first."""
    text = f"{bits:b}"
    at = text.find("1")
    while at >= 0:
        yield len(text) - 1 - at
        at = text.find("1", at + 1)


def _games(rows: dict[str, dict[str, Any]], number: dict[str, int]) -> Iterator[LibraryGame]:
    together: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for key, row in rows.items():
        together[str(row.get("game") or key)].append(row)
    made = [_game(group, number) for group in together.values()]
    yield from sorted(made, key=lambda game: (game.slug.removeprefix("the-") or game.title, game.key))


def _game(rows: list[dict[str, Any]], number: dict[str, int]) -> LibraryGame:
    rows.sort(key=lambda row: (-len(row["owners"]), _store_rank(row["release_key"]), row["release_key"]))
    first = rows[0]
    known = [row["max_players"] for row in rows if row["max_players"]]
    single = any(row.get("single_player") for row in rows)
    stated = [row["multiplayer"] for row in rows if row["multiplayer"] is not None]
    releases = tuple(
        LibraryRelease(
            row["release_key"],
            row["platforms"][0] if row["platforms"] else row["release_key"].partition("_")[0],
            sum(1 << number[owner] for owner in row["owners"]),
            sum(1 << number[owner] for owner in row["installed"]),
        )
        for row in sorted(rows, key=lambda row: (_store_rank(row["release_key"]), row["release_key"]))
    )
    return LibraryGame(
        key=first["release_key"],
        title=first["title"],
        slug=first["slug"] or slug_of(first["title"]),
        releases=releases,
        igdb_key=first["igdb_key"],
        multiplayer=False if single else any(stated) if stated else None,
        max_players=1 if single else max(known, default=None),
        comment=next((row["comment"] for row in rows if row["comment"]), None),
        url=next((row["url"] for row in rows if row["url"]), None),
        hidden=any(row.get("hidden") for row in rows),
    )


def _store_rank(key: str) -> int:
    store = key.partition("_")[0]
    return _STORES.index(store) if store in _STORES else len(_STORES)


def _person_order(user: dict[str, Any], user_id: str) -> tuple[str, str]:
    return user["username"].casefold(), user_id
