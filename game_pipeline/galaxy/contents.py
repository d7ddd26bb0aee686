"""What a Galaxy database says: plain values, as they leave the process that read it."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["GalaxyFile", "GalaxyGame", "GalaxyLibrary", "GalaxyRelease"]


@dataclass(frozen=True, slots=True)
class GalaxyRelease:
    """One release that a user owns. `key` is `PLATFORM_ID`, `game` the key of its game among `GalaxyLibrary.games`.

    `hidden`: by the user, or not shown in libraries at all. Times are ISO 8601, in UTC; `minutes` in the game.
    """

    key: str
    game: str
    title: str
    sorting_title: str | None = None
    dlc: bool = False
    hidden: bool = False
    installed: bool = False
    minutes: int = 0
    last_played: str | None = None
    added: str | None = None
    rating: float | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GalaxyGame:
    """What Galaxy knows of a game whatever its store: the same in the databases of all its owners, language aside.

    `key`: Galaxy's own id of the game, else one of its release keys. `ids`: store -> its id there, the one that Galaxy
    names first. `systems`: windows, osx, linux. `score` is the critics', 0 to 100.
    """

    key: str
    title: str
    alt_titles: tuple[str, ...] = ()
    ids: dict[str, str] = field(default_factory=dict)
    releases: tuple[str, ...] = ()
    release_date: str | None = None
    developers: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    score: float | None = None
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class GalaxyLibrary:
    """What one user of the database owns."""

    user_id: int
    releases: tuple[GalaxyRelease, ...]
    games: tuple[GalaxyGame, ...]


@dataclass(frozen=True, slots=True)
class GalaxyFile:
    """A database that was read. `sha256`: of the database and its write-ahead log, if any. `schema_version`: Galaxy's.

    `name` and `modified` (ISO 8601, None: not known) are those of the database, which may have come in an archive.
    """

    name: str
    sha256: str
    size: int
    schema_version: int
    modified: str | None
    libraries: tuple[GalaxyLibrary, ...]
    warnings: tuple[str, ...] = ()
