"""How complete and how well supported a game's entry is, as one number, and what would raise it most.

A pure function of what the catalogue says. It orders work for people; no decision about a value rests on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["PARTS", "SUPPORT_WEIGHT", "Part", "missing", "quality_score"]

State = Mapping[str, Any]

# A title that is a file's name, an address, markup or punctuation was never meant to be read.
_NO_TITLE = re.compile(
    r"https?://|</?\w+>|&#?\w+;|\{\{|\[\[|\.(?:zip|exe|rar|7z|html?|z[3-8]|gam|qsp|qst)$", re.IGNORECASE
)
_READABLE = re.compile(r"[^\W_]")
FULL_DESCRIPTION = 300  # characters; from here on more words are no more complete


@dataclass(frozen=True, slots=True)
class Part:
    """What an entry may have: its weight, and how much of it is there, 0..1, never less for knowing more."""

    name: str
    weight: float
    reason: str
    fulfilled: Callable[[State], float]


def _title(state: State) -> float:
    title = state.get("title") or ""
    return float(bool(_READABLE.search(title)) and not _NO_TITLE.search(title) and "_" not in title.strip("_"))


def _description(state: State) -> float:
    longest = max((len(text["text"]) for text in (state.get("descriptions") or {}).values()), default=0)
    return min(1.0, longest / FULL_DESCRIPTION)


def _date(state: State) -> float:
    return {4: 0.5, 7: 0.75, 10: 1.0}.get(len(state.get("release_date") or ""), 0.0)


def _author(state: State) -> float:
    return float(any(credit["role"] in ("author", "developer") for credit in state.get("credits") or ()))


_REACHES = {"play_online": 1.0, "download_direct": 1.0, "download_landing": 0.8, "game_page": 0.3}


def _link(state: State) -> float:
    return max((_REACHES.get(link["kind"], 0.0) for link in state.get("urls") or ()), default=0.0)


def _external_id(state: State) -> float:
    return float(bool(state.get("external_ids")))


def _tags(state: State) -> float:
    return min(1.0, len({tag["kind"] for tag in state.get("tags") or ()}) / 2)


# The weights of these and of support make 1.
PARTS: tuple[Part, ...] = (
    Part("title", 0.10, "every game has one; this is for one in a form that people read", _title),
    Part(
        "description", 0.20, "what most readers come for; 300 characters are a full one, a line is little", _description
    ),
    Part("release_date", 0.15, "tells namesakes apart; a year is half of it, a month three quarters", _date),
    Part("author", 0.15, "the strongest sign, after an id, that two entries are one game", _author),
    Part("link", 0.15, "a game that cannot be reached is a rumour; a page about it is little", _link),
    Part("external_id", 0.05, "joins the entry to other catalogues without a doubt", _external_id),
    Part("tags", 0.05, "two kinds (such as genre and platform) make the game findable", _tags),
)

# An entry that one site alone vouches for is as right as that site. A field counts in full when a second source or a
# person says it, too: the facts that other decisions rest on, each for the same share.
SUPPORT_WEIGHT = 0.15
_SUPPORTED = ("title", "release_date", "descriptions", "credits", "urls")

# Each open conflict costs a tenth, three at most: more of them say little more about the rest of the entry.
CONFLICT_COST = 0.10
MOST_CONFLICTS = 3


def quality_score(state: State, provenance: Mapping[str, Any], open_conflicts: int) -> float:
    """0..1: the weighted parts that the entry has, lowered by its open conflicts. Rounded to four digits.

    Knowing more never lowers it, conflicts never raise it, and the order of lists is no matter. `state` and
    `provenance` are a game's, as `merging.merge` makes them.
    """
    has = sum(part.weight * part.fulfilled(state) for part in PARTS)
    has += SUPPORT_WEIGHT * sum(_is_supported(field, state, provenance) for field in _SUPPORTED) / len(_SUPPORTED)
    kept = 1 - CONFLICT_COST * min(max(open_conflicts, 0), MOST_CONFLICTS)
    return round(min(1.0, max(0.0, has * kept)), 4)


def missing(state: State) -> tuple[str, ...]:
    """The names of the parts that are not fully there, the one that would raise the score most first."""
    gains = [(part.weight * (1 - part.fulfilled(state)), part.name) for part in PARTS]
    return tuple(name for gain, name in sorted(gains, key=lambda pair: -pair[0]) if gain > 0)


def _is_supported(field: str, state: State, provenance: Mapping[str, Any]) -> bool:
    """Does a person, or more than one source, say the field (of descriptions: one of them)?"""
    if not state.get(field):
        return False
    if field == "descriptions":
        return any(_vouched(provenance.get(f"descriptions.{lang}")) for lang in state[field])
    return _vouched(provenance.get(field))


def _vouched(entry: Mapping[str, Any] | None) -> bool:
    if not entry:
        return False
    return entry["rule"] == "human_edit" or len({by["source"] for by in entry.get("sources", ())}) > 1
