"""What the columns beside the title say of a pair: the years, the names, the platforms; and how much each is worth.

A level such as "the years are the same" is worth the logarithm of how much oftener it occurs among pairs that are the
same game than among pairs at random (Fellegi and Sunter, 1969). Where two lists are matched, both shares are counted on
the lists themselves: pairs whose title is the same and unique on either side stand for the same game.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import log
from typing import TypeAlias

from rapidfuzz import fuzz

from .sides import Side

__all__ = ["USUAL", "Worth", "learned", "levels"]

Worth: TypeAlias = Mapping[str, float]

# column: level: its usual share among pairs of one game, and among pairs at random.
_SHARES: dict[str, dict[str, tuple[float, float]]] = {
    "year": {
        "same_year": (0.72, 0.06),
        "next_year": (0.14, 0.10),
        "near_year": (0.07, 0.16),
        "other_year": (0.07, 0.68),
    },
    "people": {"same_people": (0.75, 0.01), "alike_people": (0.12, 0.09), "other_people": (0.13, 0.90)},
    "platforms": {
        "same_platforms": (0.60, 0.06),
        "more_platforms": (0.25, 0.14),
        "some_platforms": (0.05, 0.10),
        "other_platforms": (0.10, 0.70),
    },
}
_PRIOR = 30.0  # how many pairs the usual shares count as
_MOST = 4.0
_NEAR = 3
_SAME_NAME = 0.85
_ALIKE_NAME = 0.55
_MOST_NAMES = 8


def levels(ours: Side, theirs: Side) -> tuple[str, ...]:
    """One level for each column that both sides fill."""
    found = []
    if ours.years and theirs.years:
        apart = min(abs(a - b) for a in ours.years for b in theirs.years)
        found.append(
            "same_year"
            if apart == 0
            else "next_year"
            if apart == 1
            else "near_year"
            if apart <= _NEAR
            else "other_year"
        )
    if ours.names and theirs.names:
        alike = max(_likeness(a, b) for a in ours.names[:_MOST_NAMES] for b in theirs.names[:_MOST_NAMES])
        found.append(
            "same_people" if alike >= _SAME_NAME else "alike_people" if alike >= _ALIKE_NAME else "other_people"
        )
    if ours.platforms and theirs.platforms:
        found.append(_platforms(ours.platforms, theirs.platforms))
    return tuple(found)


def learned(same: Iterable[Sequence[str]], random: Iterable[Sequence[str]]) -> Worth:
    """The worth of each level, from the levels of pairs of one game and of pairs at random; few pairs change little."""
    of_same = [level for pair in same for level in pair]
    of_random = [level for pair in random for level in pair]
    worth = {}
    for shares in _SHARES.values():
        all_same = sum(level in shares for level in of_same)
        all_random = sum(level in shares for level in of_random)
        for level, (usual_same, usual_random) in shares.items():
            m = (of_same.count(level) + _PRIOR * usual_same) / (all_same + _PRIOR)
            u = (of_random.count(level) + _PRIOR * usual_random) / (all_random + _PRIOR)
            worth[level] = max(-_MOST, min(_MOST, log(m / u)))
    return worth


USUAL = learned((), ())


def _platforms(ours: frozenset[str], theirs: frozenset[str]) -> str:
    if ours == theirs:
        return "same_platforms"
    if ours.isdisjoint(theirs):
        return "other_platforms"
    return "more_platforms" if ours <= theirs or theirs <= ours else "some_platforms"


@lru_cache(maxsize=16_384)
def _likeness(a: str, b: str) -> float:
    return 1.0 if a == b else max(fuzz.ratio(a, b), 0.95 * fuzz.token_set_ratio(a, b)) / 100
