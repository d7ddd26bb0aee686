"""Is this record a change? A pure comparison of field hashes, never of a page's bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["Change", "ChangeKind", "compare"]

ChangeKind = Literal["new", "changed", "format", "reparsed", "vanished", "returned"]


@dataclass(frozen=True, slots=True)
class Change:
    """How a record differs from its last version, and in which fields (facets of the record)."""

    kind: ChangeKind
    fields: tuple[str, ...]


def compare(
    old: Mapping[str, str] | None,
    new: Mapping[str, str],
    *,
    known_fields: frozenset[str],
    same_snapshot: bool = False,
    was_vanished: bool = False,
) -> Change | None:
    """The change from `old` to `new` field hashes, or None where nothing that matters changed.

    `known_fields` are the fields that the source ever stated before this reading: a field outside them is one that
    the format gained, and a record that differs only by such fields is a `format` change, not suspicious news.
    `same_snapshot`: the same page was read again, so that any difference is the parser's doing (`reparsed`).
    """
    if old is None:
        return Change("new", tuple(sorted(new)))
    fields = tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))
    if was_vanished:
        return Change("returned", fields)
    if not fields:
        return None
    if same_snapshot:
        return Change("reparsed", fields)
    gained = {name for name in fields if name not in old and name not in known_fields}
    if known_fields and gained == set(fields):
        return Change("format", fields)
    return Change("changed", fields)
