"""Making the data file's document: a pure function of what people own and what is known of the games."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from game_pipeline.galaxy import platform_of
from game_pipeline.settings import GameNote, LibrarySettings

from .document import VERSION, slug_of

__all__ = ["Holding", "Known", "Player", "PlayerFacts", "assemble"]


@dataclass(frozen=True, slots=True)
class Player:
    user_id: str
    name: str
    db_filename: str
    db_modified: str


@dataclass(frozen=True, slots=True)
class Holding:
    """A release that a player owns and that comparisons see."""

    user_id: str
    release_key: str
    game_key: str
    title: str
    installed: bool


@dataclass(frozen=True, slots=True)
class PlayerFacts:
    """How many can play, as IGDB says. `max_players` None: it does not."""

    igdb_id: str
    multiplayer: bool | None
    max_players: int | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beyond the libraries. `ids`: of a game by its Galaxy key, store -> id. `games`: its game in the
    catalogue. `facts`: by store and id, and by `game` and the id of a game of the catalogue."""

    ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    games: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[tuple[str, str], PlayerFacts] = field(default_factory=dict)


def assemble(
    players: Iterable[Player],
    holdings: Iterable[Holding],
    known: Known,
    settings: LibrarySettings,
    now: dt.datetime,
) -> dict[str, Any]:
    """The document; sealing it is left to whoever writes it. Equal libraries give an equal document, but for `now`."""
    releases: defaultdict[str, _Release] = defaultdict(_Release)
    totals: Counter[str] = Counter()
    installed: Counter[str] = Counter()
    for holding in holdings:
        release = releases[holding.release_key]
        release.titles[holding.title] += 1
        release.games[holding.game_key] += 1
        release.owners.append(holding.user_id)
        totals[holding.user_id] += 1
        if holding.installed:
            release.installed.append(holding.user_id)
            installed[holding.user_id] += 1
    notes = _Notes(settings)
    return {
        "version": VERSION,
        "last_updated": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "users": {
            player.user_id: {
                "user_id": player.user_id,
                "username": player.name,
                "db_filename": player.db_filename,
                "db_mtime": player.db_modified,
                "total_games": totals[player.user_id],
                "installed_games": installed[player.user_id],
            }
            for player in sorted(players, key=lambda player: int(player.user_id))
        },
        "games": {key: _row(key, releases[key], known, notes) for key in sorted(releases)},
    }


@dataclass(slots=True)
class _Release:
    titles: Counter[str] = field(default_factory=Counter)
    games: Counter[str] = field(default_factory=Counter)
    owners: list[str] = field(default_factory=list)
    installed: list[str] = field(default_factory=list)


class _Notes:
    """The operator's lists, by slug: how a title is written does not matter."""

    def __init__(self, settings: LibrarySettings) -> None:
        self.hidden = frozenset(map(slug_of, settings.hidden))
        self.single_player = frozenset(map(slug_of, settings.single_player))
        self.games = {slug_of(title): note for title, note in settings.games.items()}


def _row(key: str, release: _Release, known: Known, notes: _Notes) -> dict[str, Any]:
    title, game_key = _commonest(release.titles), _commonest(release.games)
    slug = slug_of(title)
    platform = platform_of(key)
    ids = {platform: key[len(platform) + 1 :]} | dict(known.ids.get(game_key, {}))
    game_id = known.games.get(game_key)
    named = [(store, ids[store]) for store in ("steam", "gog") if store in ids]
    facts = next((known.facts[at] for at in (*named, ("game", str(game_id))) if at in known.facts), None)
    note = notes.games.get(slug, GameNote())
    most = note.max_players or (facts.max_players if facts else None)
    many = note.multiplayer if note.multiplayer is not None else facts.multiplayer if facts else None
    if many is None and most is not None:
        many = most > 1
    return {
        "release_key": key,
        "title": title,
        "slug": slug,
        "platforms": [platform],
        "owners": sorted(release.owners, key=int),
        "installed": sorted(release.installed, key=int),
        "igdb_key": "_".join(named[0]) if named else key,
        "multiplayer": many,
        "max_players": most,
        "comment": note.comment,
        "url": note.url or (f"https://store.steampowered.com/app/{ids['steam']}/" if "steam" in ids else None),
        "game": f"game:{game_id}" if game_id is not None else f"galaxy:{game_key}",
        "igdb_id": facts.igdb_id if facts else None,
        "hidden": slug in notes.hidden,
        "single_player": slug in notes.single_player,
    }


def _commonest(counts: Counter[str]) -> str:
    return min(counts, key=lambda value: (-counts[value], value))
