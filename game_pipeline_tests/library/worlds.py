"""Small worlds of players: who owns what, as Galaxy databases and as the document that comes of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from game_pipeline.demo.replicas.galaxy_database import GalaxyOwned, GalaxyUser, write_galaxy_database
from game_pipeline.library.assemble import Holding, Known, Player, assemble
from game_pipeline.library.index import LibraryIndex
from game_pipeline.settings import LibrarySettings, Settings

__all__ = ["ANN", "BOB", "NOW", "index_of", "owned", "settings_in", "upload"]

ANN, BOB = 46_989_000_000_000_001, 46_989_000_000_000_002
NOW = dt.datetime(2026, 11, 26, 12, 0, tzinfo=dt.UTC)


def owned(key: str, title: str, **facts: object) -> GalaxyOwned:
    return GalaxyOwned(key=key, title=title, **facts)  # type: ignore[arg-type]


def upload(place: Path, name: str, user_id: int, *releases: GalaxyOwned) -> Path:
    """A database of one player."""
    return write_galaxy_database(place / name, [GalaxyUser(user_id, releases)])


def settings_in(place: Path, **library: object) -> Settings:
    return Settings(data_dir=place, library=LibrarySettings(**library))


def index_of(libraries: dict[str, list[str]], known: Known | None = None, **settings: object) -> LibraryIndex:
    """An index of people by name, of releases written `KEY=Title`, a `*` behind those that are installed."""
    people = [Player(str(number), name, f"{name}.db", NOW.isoformat()) for number, name in enumerate(libraries, 1)]
    holdings = []
    for number, releases in enumerate(libraries.values(), 1):
        for release in releases:
            key, _, title = release.rstrip("*").partition("=")
            holdings.append(Holding(str(number), key, title or key, title or key, release.endswith("*")))
    chosen = LibrarySettings(**settings)
    return LibraryIndex(assemble(people, holdings, known or Known(), chosen, NOW))
