"""A record or a game as it is compared by likeness: titles taken apart, names as keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from .names import name_key
from .titles import Title, parse_title

__all__ = ["Side", "side_of"]

MOST_TITLES = 6


@dataclass(frozen=True, slots=True)
class Side:
    """The first `mains` titles are the main one, with and without its subtitle. `names` are keys of `name_key`,
    `named` the names as they were written."""

    titles: tuple[Title, ...]
    years: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    platforms: frozenset[str] = frozenset()
    mains: int = 1
    named: tuple[str, ...] = ()

    @property
    def main(self) -> Title:
        return self.titles[0]


def side_of(
    titles: Sequence[str],
    *,
    years: Sequence[int] = (),
    names: Sequence[str] = (),
    platforms: Sequence[str] = (),
    mains: int = 1,
) -> Side:
    """`names`: of authors and publishers; sources disagree about who is which. At least one title is needed."""
    parsed = tuple(parse_title(title) for title in titles[:MOST_TITLES])
    bracketed = tuple(title.year for title in parsed if title.year is not None)
    return Side(
        titles=parsed,
        years=tuple(years) or bracketed,
        names=tuple(dict.fromkeys(_key(name) for name in names)),
        platforms=frozenset(platform.casefold() for platform in platforms),
        mains=mains,
        named=tuple(names),
    )


@lru_cache(maxsize=16_384)
def _key(name: str) -> str:
    return name_key(name)
