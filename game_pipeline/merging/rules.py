"""The survivorship rules: of what several sources claim of a field, what the catalogue says. One function a rule.

A rule gets the claims in order of precedence. Which field follows which rule is `survivorship`'s table.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from .claims import Claim, SourceRef

__all__ = ["Conflict", "Side", "Survivor", "most_precise_date", "priority", "union"]


@dataclass(frozen=True, slots=True)
class Side:
    """One value of a conflict and who claims it."""

    value: Any
    sources: tuple[SourceRef, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources truly disagree. `chosen` stands meanwhile; every side is kept, the strongest first."""

    field: str
    sides: tuple[Side, ...]
    chosen: Any


@dataclass(frozen=True, slots=True)
class Survivor:
    """The value that stands, who says so, and the sides where sources disagree (empty where they do not).

    `each`: for a list, the sources of every item in the items' order.
    """

    value: Any
    sources: tuple[SourceRef, ...]
    sides: tuple[Side, ...] = ()
    each: tuple[tuple[str, ...], ...] | None = None


def priority(claims: Sequence[Claim]) -> Survivor:
    """The word of the first source; others that say the same support it."""
    return Survivor(claims[0].value, _supporters(claims, claims[0].value))


def most_precise_date(claims: Sequence[Claim]) -> Survivor:
    """The first source's date, made more precise by those who agree: 1980 and 1980-12-05 are no conflict."""
    date = str(claims[0].value)
    for claim in claims[1:]:
        if str(claim.value).startswith(date):
            date = claim.value
    compatible = [claim for claim in claims if date.startswith(claim.value)]
    return Survivor(
        value=date,
        sources=tuple(claim.by for claim in compatible),
        sides=_sides(claims) if len(compatible) < len(claims) else (),
    )


def union(
    claims: Sequence[Claim],
    same: Callable[[dict[str, Any]], Hashable],
    combine: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
) -> Survivor:
    """Every item that anybody names, once, in the order of precedence: `same` is its key, `combine` folds two."""
    items: dict[Hashable, dict[str, Any]] = {}
    named_by: dict[Hashable, dict[str, None]] = {}
    for claim in claims:
        for item in claim.value:
            key = same(item)
            items[key] = combine(items[key], item) if key in items else item
            named_by.setdefault(key, {})[claim.by.source] = None
    return Survivor(
        value=list(items.values()),
        sources=tuple(claim.by for claim in claims),
        each=tuple(tuple(sources) for sources in named_by.values()),
    )


def _supporters(claims: Sequence[Claim], value: Any) -> tuple[SourceRef, ...]:
    return tuple(claim.by for claim in claims if claim.value == value)


def _sides(claims: Sequence[Claim]) -> tuple[Side, ...]:
    """The different values with their supporters, the strongest first."""
    return tuple(Side(value, _supporters(claims, value)) for value in dict.fromkeys(claim.value for claim in claims))
