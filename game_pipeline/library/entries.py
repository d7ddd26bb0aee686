"""What an uploaded library changes: a pure comparison of its releases with those that are stored."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from game_pipeline.galaxy import GalaxyGame, GalaxyLibrary
from game_pipeline.model import canonical_json
from game_pipeline.store import body_hash

__all__ = ["Facts", "LibraryChange", "compare_library", "facts_of", "name_for"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What Galaxy states about a game, as the canonical JSON of its page."""

    game_key: str
    body: str


@dataclass(frozen=True, slots=True)
class LibraryChange:
    """`set` and `removed` as the event has them; `games`: keys of the games concerned; `added` of `set` are new."""

    set: list[dict[str, Any]]
    removed: list[str]
    added: int
    games: frozenset[str]
    facts: dict[bytes, Facts]
    """What Galaxy states about the games concerned, by hash."""
    total: int
    installed: int


def facts_of(game: GalaxyGame) -> Facts:
    """A game as its page has it: equal facts give equal bytes."""
    return Facts(game.key, canonical_json({each.name: getattr(game, each.name) for each in fields(game)}))


def compare_library(library: GalaxyLibrary, stored: Mapping[str, Mapping[str, Any]]) -> LibraryChange:
    """`stored`: rows of `library_entry` by release key."""
    facts = {game.key: facts_of(game) for game in library.games}
    hashes = {key: body_hash(each.body.encode()) for key, each in facts.items()}
    changed: list[dict[str, Any]] = []
    games: set[str] = set()
    added = total = installed = 0
    for release in library.releases:
        visible = not release.dlc and not release.hidden
        total += visible
        installed += visible and release.installed
        entry = {
            "release_key": release.key,
            "game_key": release.game,
            "title": release.title,
            "sorting_title": release.sorting_title,
            "dlc": release.dlc,
            "hidden": release.hidden,
            "installed": release.installed,
            "minutes": release.minutes,
            "last_played": release.last_played,
            "added": release.added,
            "rating": release.rating,
            "tags": list(release.tags),
            "facts": hashes[release.game].hex() if visible else None,
        }
        before = stored.get(release.key)
        if before is not None and _as_said(before) == entry:
            continue
        added += before is None
        changed.append(entry)
        games.add(release.game)
        if before is not None:
            games.add(before["game_key"])
    removed = sorted(stored.keys() - {release.key for release in library.releases})
    games |= {stored[key]["game_key"] for key in removed}
    concerned = {hashes[key]: each for key, each in facts.items() if key in games}
    return LibraryChange(changed, removed, added, frozenset(games), concerned, total, installed)


def _as_said(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the table as the event said it."""
    return {
        **{name: row[name] for name in ("release_key", "game_key", "title", "sorting_title", "dlc", "hidden")},
        **{name: row[name] for name in ("installed", "minutes", "rating", "tags")},
        "last_played": _moment(row["last_played"]),
        "added": _moment(row["added"]),
        "facts": row["facts"].hex() if row["facts"] is not None else None,
    }


def _moment(value: dt.datetime | None) -> str | None:
    return value.astimezone(dt.UTC).isoformat() if value is not None else None


def name_for(user_id: int, wanted: str | None, filename: str, known: str | None, taken: Mapping[str, int]) -> str:
    """What a player is called: as the sender wants, as before, after the file, or by the end of the id.

    `taken`: names in lower case of players, by whom. A name that another player has gets the end of the id, too.
    """
    stem = re.sub(r"(?i)\.(db|zip)$", "", filename).strip()
    telling = stem if stem and not re.match(r"(?i)(galaxy|upload)", stem) else None
    name = " ".join((wanted or known or telling or f"Player {user_id % 10_000:04d}").split())[:60]
    if taken.get(name.casefold(), user_id) != user_id:
        name = f"{name} {user_id % 10_000:04d}"
    return name
