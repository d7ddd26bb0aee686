"""Which of a record's words are heard: its newest, or older ones of some of its parts while holds stand.

Two may: one for what rollbacks have taken back, and one for what limits hold back until a person has seen it. A part
is a field or a facet of the canonical record (`title`, `tags.genre`, `descriptions.en`); `*` is all that no other part
names. Version 0 is silence. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from game_pipeline.model import GameRecord

__all__ = [
    "ALL",
    "SILENT",
    "Hold",
    "compose",
    "heard_version",
    "is_of",
    "mute_fields",
    "narrowed",
    "oldest",
    "part_of",
    "resolve",
    "together",
]

ALL = "*"
SILENT: Mapping[str, int] = {ALL: 0}

Parts = Mapping[str, int]

_KEYS = {"descriptions": "lang", "credits": "role", "tags": "kind", "urls": "kind", "external_ids": "scheme"}
_LISTS = (*_KEYS, "alt_titles")
_NEVER_EMPTY = ("title", "kind", "url")


@dataclass(frozen=True, slots=True)
class Hold:
    """A standing hold of a record; `parts` without `*` leaves all else to the newest version."""

    hold_id: int
    parts: Parts
    upto: int
    reason: str


def together(holds: Iterable[Hold], newest: int) -> dict[str, int]:
    """What several holds let hear, resolved: of each part the oldest word that one of them names."""
    return oldest([resolve(hold.parts, newest) for hold in holds])


def oldest(layers: Sequence[Parts]) -> dict[str, int]:
    """Of each part the oldest word of several resolved parts."""
    named = {part for layer in layers for part in layer}
    found = {part: min(heard_version(layer, part) for layer in layers) for part in named}
    return resolve(found, found[ALL])


def is_of(part: str, field: str) -> bool:
    """Whether a part is a field or a facet of it."""
    return part == field or part.startswith(f"{field}.")


def resolve(parts: Parts, newest: int) -> dict[str, int]:
    """The parts with `*` in them; parts that say no more than `*` does are left out."""
    base = parts.get(ALL, newest)
    return {ALL: base} | {part: version for part, version in sorted(parts.items()) if version != base and part != ALL}


def heard_version(parts: Parts, field: str) -> int:
    """Which version is heard about a field; of resolved parts."""
    while field not in parts:
        field, dot, _ = field.rpartition(".")
        if not dot:
            return parts[ALL]
    return parts[field]


def narrowed(parts: Parts, field: str) -> dict[str, int]:
    """What resolved parts say about one field: itself, and facets of it that are heard otherwise."""
    return {field: heard_version(parts, field)} | {part: v for part, v in parts.items() if is_of(part, field)}


def compose(documents: Mapping[int, dict[str, Any]], parts: Parts) -> GameRecord:
    """The record that resolved parts let hear; `documents`: version -> canonical record, for every version named."""
    document = dict(documents[parts[ALL]]) if parts[ALL] else _emptied(documents[max(parts.values())])
    for part in sorted(parts.keys() - {ALL}, key=lambda part: (part.count("."), part)):
        _put(document, part, documents.get(parts[part], {}))
    return GameRecord.from_json(document)


def mute_fields(parts: Parts) -> frozenset[str]:
    """Fields that a record must have but is not heard about."""
    return frozenset(name for name in _NEVER_EMPTY if parts != SILENT and heard_version(parts, name) == 0)


def part_of(document: Mapping[str, Any], part: str) -> Any:
    """What a canonical record says about one part of it."""
    name, _, rest = part.partition(".")
    if not rest:
        return document.get(name)
    if name == "extra":
        return document["extra"].get(rest)
    return _chosen(document.get(name, []), _KEYS[name], {rest})


def _emptied(document: Mapping[str, Any]) -> dict[str, Any]:
    """The record that claims nothing: what it cannot leave out is mute."""
    return {**document, "release_date": None, "extra": {}} | {name: [] for name in _LISTS}


def _put(document: dict[str, Any], part: str, other: Mapping[str, Any]) -> None:
    name, _, rest = part.partition(".")
    if not rest:
        empty = document[name] if name in _NEVER_EMPTY else [] if name in _LISTS else None
        document[name] = other.get(name, empty)
    elif name == "extra":
        document["extra"] = document["extra"] | {rest: other.get("extra", {}).get(rest)}
    else:
        key = _KEYS[name]
        others = {item[key] or "und" for item in document[name]} - {rest}
        document[name] = _chosen(document[name], key, others) + _chosen(other.get(name, []), key, {rest})


def _chosen(items: Iterable[Mapping[str, Any]], key: str, wanted: set[str]) -> list[Any]:
    return [item for item in items if (item[key] or "und") in wanted]
