"""How far an import may change a game, or a source's games, before a person is asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from game_pipeline.matching import title_key
from game_pipeline.sources.urls import identity_url

from .fields import field_names, value_of

__all__ = ["Limits", "anomalies"]

SHORT_TEXT = 200
"""Characters up to which a description may shrink as it likes, as long as something is left."""
FEW_LINKS = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """What is believed without asking. Shares are of what was there before."""

    description_kept: float = 0.3
    """A description may shrink to this share of its length."""
    title_similarity: float = 0.4
    """A title may change while it resembles the old one so much (0 to 1)."""
    date_years: int = 3
    """A release date may move by fewer years."""
    links_kept: float = 0.5
    """This share of a game's links must stay."""
    run_share: float = 0.5
    """The share of a source's games that may change at once..."""
    run_minimum: int = 25
    """...where at least so many change."""


def anomalies(before: Mapping[str, Any], after: Mapping[str, Any], limits: Limits) -> dict[str, str]:
    """Field -> what is suspicious about its change, in words; empty where all is within the limits."""
    found: dict[str, str | None] = {
        "title": _title(before, after, limits),
        "release_date": _date(before["release_date"], after["release_date"], limits),
        "urls": _links(before["urls"], after["urls"], limits),
    }
    for field in field_names(before):
        if field.startswith("descriptions."):
            old, new = value_of(before, field), value_of(after, field)
            found[field] = _description(old["text"], new["text"] if new else "", limits)
    return {field: why for field, why in found.items() if why}


def _title(before: Mapping[str, Any], after: Mapping[str, Any], limits: Limits) -> str | None:
    old, new = before["title"], after["title"]
    # A title that goes on as another name of the game was not replaced.
    known = {title_key(title) for title in (new, *(alt["title"] for alt in after["alt_titles"]))}
    if title_key(old) in known:
        return None
    alike = fuzz.token_set_ratio(title_key(old), title_key(new)) / 100
    alike = max(alike, fuzz.ratio(title_key(old), title_key(new)) / 100)
    return f"the title would be replaced: “{old}” by “{new}”" if alike < limits.title_similarity else None


def _date(old: str | None, new: str | None, limits: Limits) -> str | None:
    if old is None or new is None:
        return None
    years = abs(int(new[:4]) - int(old[:4]))
    return f"the release would move by {years} years, from {old} to {new}" if years >= limits.date_years else None


def _links(old: list[dict[str, Any]], new: list[dict[str, Any]], limits: Limits) -> str | None:
    if len(old) < FEW_LINKS:
        return None
    there = {_identity(link["url"]) for link in new}
    lost = sum(_identity(link["url"]) not in there for link in old)
    kept = 1 - lost / len(old)
    return f"{lost} of {len(old)} links would go" if kept < limits.links_kept else None


def _identity(url: str) -> str:
    try:
        return identity_url(url)
    except ValueError:
        return url


def _description(old: str, new: str, limits: Limits) -> str | None:
    if old.strip() and not new.strip() and limits.description_kept > 0:
        return f"the description of {len(old)} characters would be emptied"
    if len(old) > SHORT_TEXT and len(new) < limits.description_kept * len(old):
        return f"the description would shrink from {len(old)} to {len(new)} characters"
    return None
