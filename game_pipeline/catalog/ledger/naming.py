"""Which number each group of records has as a game. Pure.

Numbers stay: a group keeps the number of its oldest game, what is split off gets back the number that it had before a
merge, and only what never was a game gets a new one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Known", "Naming", "name_groups"]

_STATUSES = ("active", "proposed", "withdrawn", "merged")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the records.

    `game`: the game of each that has one; `joined`: record -> number that grows with the time at which it came to its
    game; `before`: record -> games that it was of before, the latest first; `status`: of every game that is named here.
    """

    game: Mapping[int, int]
    joined: Mapping[int, int]
    before: Mapping[int, Sequence[int]]
    status: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Naming:
    """`game`: group -> its game; a group that is to be a new game, or none yet, is not in it.

    `merged`: game -> the game that it has become. `revived`: games that had been merged and are there again.
    """

    game: Mapping[frozenset[int], int]
    merged: Mapping[int, int]
    revived: frozenset[int]


def name_groups(
    groups: Sequence[frozenset[int]], known: Known, keeps: Mapping[int, Collection[int]] | None = None
) -> Naming:
    """`keeps`: game -> records whose group has its number, whoever else is in it; a merged one is there again."""
    keeps = keeps or {}
    keeper = {game: _keeper(groups, known, game, keeps.get(game, ())) for game in sorted(set(known.game.values()))}
    names: dict[frozenset[int], int] = {}
    merged: dict[int, int] = {}
    for group in groups:
        own = [game for game, holder in keeper.items() if holder == group]
        if not own:
            continue
        chosen = min(own, key=lambda game: (game not in keeps, _STATUSES.index(known.status[game]), game))
        names[group] = chosen
        merged |= {game: chosen for game in own if game != chosen}
    revived: set[int] = set()
    for game, wanted in keeps.items():
        holder = next((group for group in groups if any(record in group for record in wanted)), None)
        if holder is not None and holder not in names and known.status.get(game) == "merged":
            names[holder] = game
            revived.add(game)
    for group in groups:
        if group not in names and any(record in known.game for record in group):
            home = _home(group, known, revived | set(names.values()))
            if home is not None:
                names[group] = home
                revived.add(home)
    return Naming(names, merged, frozenset(revived))


def _keeper(
    groups: Sequence[frozenset[int]], known: Known, game: int, wanted: Collection[int]
) -> frozenset[int] | None:
    for group in groups:
        if any(record in group for record in wanted):
            return group
    own = [record for record, its in known.game.items() if its == game]
    oldest = min(own, key=lambda record: (known.joined[record], record))
    return next(group for group in groups if oldest in group)


def _home(group: frozenset[int], known: Known, taken: Collection[int]) -> int | None:
    """The merged game that the group comes from: one of which no record stays behind, else the latest."""
    homes: dict[int, set[int]] = {}
    for record, games in known.before.items():
        for game in games:
            if known.status.get(game) == "merged" and game not in taken:
                homes.setdefault(game, set()).add(record)
    ours = sorted(record for record in group if record in known.game)
    here: list[int] = []
    for record in ours:
        here += [game for game in known.before.get(record, ()) if game in homes and game not in here]
    whole = [game for game in here if homes[game] <= group]
    return next(iter(whole or here), None)
