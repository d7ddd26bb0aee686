"""The JSON values of `GamePieces`: what each type states, and what a game's pieces come to together. Pure."""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .contents import GalaxyGame
from .keys import clean_key, platform_of, split_key

__all__ = ["PIECES", "Pieces", "day_of", "game_of", "line", "read_piece", "time_of"]

PIECES = (
    "allGameReleases",
    "meta",
    "myRating",
    "originalMeta",
    "originalTitle",
    "osCompatibility",
    "sortingTitle",
    "summary",
    "title",
)
"""The types that are read, by their names: their ids differ from one installation to the next."""

MAX_PIECE = 256 * 1024
MAX_LINE = 300
MAX_SUMMARY = 20_000
MAX_NAMES = 30
MAX_RELEASES = 100
STORES = ("gog", "steam", "epic")
"""The stores whose ids a game is known by, the one whose title is heard first coming first."""

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)
_SECONDS = re.compile(r"-?\d{1,11}", re.ASCII)
_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}))?", re.ASCII)


@dataclass(slots=True)
class Pieces:
    """What the pieces of one release state to one user; None: not stated, or null."""

    title: str | None = None
    original_title: str | None = None
    sorting_title: str | None = None
    releases: list[str] = field(default_factory=list)
    game_id: str | None = None
    rating: float | None = None
    systems: tuple[str, ...] = ()
    summary: str | None = None
    meta: dict[str, Any] | None = None


def read_piece(pieces: Pieces, kind: str, value: str) -> None:
    """Take in one value. What is no JSON of the known shape states nothing."""
    if len(value) > MAX_PIECE:
        return
    try:
        stated = json.loads(value)
    except (ValueError, RecursionError):
        return
    if not isinstance(stated, dict):
        return
    match kind:
        case "title":
            pieces.title = pieces.title or line(stated.get("title"))
        case "originalTitle":
            pieces.original_title = pieces.original_title or line(stated.get("title"))
        case "sortingTitle":
            pieces.sorting_title = pieces.sorting_title or line(stated.get("title"))
        case "allGameReleases":
            _read_releases(pieces, stated.get("releases"))
        case "myRating":
            rating = stated.get("myRating")
            pieces.rating = _number(rating, 0, 100)
        case "osCompatibility":
            systems = [line(each.get("slug")) for each in _dicts(stated.get("supported"))]
            pieces.systems = tuple(sorted({system for system in systems if system}))
        case "summary":
            pieces.summary = pieces.summary or _text(stated.get("summary"))
        case "originalMeta":  # as the store says it, whatever the user made of it
            pieces.meta = stated
        case "meta":
            pieces.meta = pieces.meta or stated


def _read_releases(pieces: Pieces, stated: Any) -> None:
    """A release may have several lists, for nothing keeps the database from it: what any of them names."""
    for each in stated if isinstance(stated, list) else ():
        parts = split_key(each) if isinstance(each, str) else None
        if parts and parts[0] == "generic" and parts[1].isdecimal():
            pieces.game_id = pieces.game_id or parts[1]
        key = clean_key(each)
        if key is not None and key not in pieces.releases and len(pieces.releases) < MAX_RELEASES:
            pieces.releases.append(key)


def game_of(key: str, owned: Mapping[str, Pieces]) -> GalaxyGame:
    """What the pieces of a user's releases of one game come to.

    Releases speak in the order of `STORES`, then of their keys, so that it does not depend on the database's order.
    """
    order = sorted(owned, key=_rank)
    spoken = [owned[each] for each in order]
    titles = list(
        dict.fromkeys(title for each in spoken if (title := each.original_title or each.title or each.sorting_title))
    )
    releases: dict[str, None] = {}
    for each in spoken:
        releases.update(dict.fromkeys(each.releases))
    named = dict(ids_of(releases))
    ids = dict(ids_of(order)) | named
    meta = next((each.meta for each in spoken if each.meta), {})
    return GalaxyGame(
        key=key,
        title=titles[0] if titles else order[0],
        alt_titles=tuple(titles[1:]),
        ids=ids,
        releases=tuple(sorted({*releases, *order}))[:MAX_RELEASES],
        release_date=day_of(meta.get("releaseDate")),
        developers=_names(meta.get("developers")),
        publishers=_names(meta.get("publishers")),
        genres=_names(meta.get("genres")),
        themes=_names(meta.get("themes")),
        systems=next((each.systems for each in spoken if each.systems), ()),
        score=_number(meta.get("criticsScore"), 0, 100),
        summary=next((each.summary for each in spoken if each.summary), None),
    )


def ids_of(releases: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Store and id, the first of each store; ids of Steam and GOG are numbers."""
    seen = set()
    for each in releases:
        store = platform_of(each)
        value = each[len(store) + 1 :]
        if store in STORES and store not in seen and (store == "epic" or value.isdecimal()):
            seen.add(store)
            yield store, value


def _rank(key: str) -> tuple[int, str]:
    store = platform_of(key)
    return (STORES.index(store) if store in STORES else len(STORES)), key


# Values -------------------------------------------------------------------------------------------------------------


def line(value: Any) -> str | None:
    """One line of clean text, or None."""
    if not isinstance(value, str):
        return None
    text = " ".join(unicodedata.normalize("NFC", _CONTROL.sub("", value[: 4 * MAX_LINE])).split())
    return text[:MAX_LINE].rstrip() or None


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return _CONTROL.sub("", value[:MAX_SUMMARY].replace("\r\n", "\n").replace("\r", "\n")).strip() or None


def _names(value: Any) -> tuple[str, ...]:
    names = [name for each in value if (name := line(each))] if isinstance(value, list) else []
    return tuple(dict.fromkeys(names))[:MAX_NAMES]


def _dicts(value: Any) -> Sequence[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _number(value: Any, low: float, high: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        return None
    return round(float(value), 2)


def day_of(seconds: Any) -> str | None:
    """The day (UTC) of seconds since 1970, negative before; None for what is no such number."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) < 10**11:
        return None
    try:
        return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)).date().isoformat()
    except OverflowError:
        return None


def time_of(value: Any) -> str | None:
    """A time as Galaxy writes it (UTC text, seconds since 1970 in older databases) in ISO 8601, or None."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    try:
        if _SECONDS.fullmatch(text):
            moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=int(text))
        elif match := _STAMP.match(text):
            moment = dt.datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00:00'}+00:00")
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return moment.isoformat()
