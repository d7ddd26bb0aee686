"""Pages that carry many records: one that cannot be read costs only itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from game_pipeline.model import GameRecord

from .base import ParseError

__all__ = ["read_many"]

MAX_NOTED = 40

_Item = TypeVar("_Item")


def read_many(
    items: Iterable[_Item], where: str, read: Callable[[_Item, str], GameRecord], *, first: int = 0
) -> list[GameRecord]:
    """The records of the items, of one identity the first; `where` counts them from `first`: `games[0]`.

    What cannot be read is left out, and the first record carries the warnings, which are about the page rather than
    about a game. Raises the first `ParseError` where no item can be read.
    """
    records: dict[str, GameRecord] = {}
    problems: list[ParseError] = []
    for position, item in enumerate(items, start=first):
        try:
            record = read(item, f"{where}[{position}]")
        except ParseError as error:
            problems.append(error)
        else:
            records.setdefault(record.identity, record)
    if problems and not records:
        raise problems[0]
    found = list(records.values())
    if problems:
        noted = tuple(f"{problem}, left out" for problem in problems[:MAX_NOTED])
        found[0] = found[0].model_copy(update={"warnings": (*found[0].warnings, *noted)})
    return found
