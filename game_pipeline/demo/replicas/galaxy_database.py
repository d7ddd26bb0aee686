"""Galaxy databases as the client writes them, as far as they are read: the tables and shapes of schema version 40."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["SCHEMA", "GalaxyOwned", "GalaxyUser", "write_galaxy_database"]

SCHEMA = """
CREATE TABLE Users (id INT64 NOT NULL PRIMARY KEY);
CREATE TABLE Platforms (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
CREATE TABLE ReleaseKeys (key TEXT NOT NULL PRIMARY KEY);
CREATE TABLE LibraryReleases (
    id INTEGER PRIMARY KEY AUTOINCREMENT, userId INT64 NOT NULL, releaseKey TEXT NOT NULL, UNIQUE (userId, releaseKey)
);
CREATE TABLE LicensedReleases (libraryId INTEGER NOT NULL UNIQUE, isOwned BOOLEAN NOT NULL);
CREATE TABLE SubscriptionReleases (releaseKey TEXT NOT NULL, licenseId INTEGER);
CREATE TABLE ReleaseProperties (
    releaseKey TEXT NOT NULL UNIQUE, isDlc INTEGER, isVisibleInLibrary INTEGER, gameId TEXT
);
CREATE TABLE UserReleaseProperties (
    userId INT64 NOT NULL, releaseKey TEXT NOT NULL, isHidden BOOLEAN, hasTagsFetched BOOLEAN NOT NULL DEFAULT 0,
    UNIQUE (userId, releaseKey)
);
CREATE TABLE UserReleaseTags (userId INT64 NOT NULL, releaseKey TEXT NOT NULL, tag TEXT NOT NULL);
CREATE TABLE GamePieceTypes (id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL UNIQUE);
CREATE TABLE GamePieces (
    releaseKey TEXT NOT NULL, gamePieceTypeId INTEGER NOT NULL, userId INT64, value TEXT NOT NULL, languageId INTEGER,
    UNIQUE (releaseKey, gamePieceTypeId, userId, languageId)
);
CREATE TABLE GameTimes (
    userId INT64 NOT NULL, releaseKey TEXT NOT NULL, minutesInGame INTEGER NOT NULL, UNIQUE (userId, releaseKey)
);
CREATE TABLE LastPlayedDates (userId INT64 NOT NULL, gameReleaseKey TEXT NOT NULL, lastPlayedDate TEXT NOT NULL);
CREATE TABLE ProductPurchaseDates (
    gameReleaseKey TEXT NOT NULL, userId INT64 NOT NULL, purchaseDate TEXT, addedDate TEXT
);
CREATE TABLE Products (id INTEGER NOT NULL PRIMARY KEY, name TEXT, parentId INTEGER);
CREATE TABLE ProductsToReleaseKeys (externalId INTEGER UNIQUE, gogId INTEGER UNIQUE, releaseKey TEXT NOT NULL UNIQUE);
CREATE TABLE InstalledBaseProducts (productId INTEGER NOT NULL UNIQUE, installationPath TEXT NOT NULL);
CREATE TABLE InstalledExternalProducts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, platformId INTEGER NOT NULL, productId TEXT NOT NULL
);
CREATE TABLE ProductAuthorizations (productId INTEGER, clientSecret TEXT);
"""
# Their numbers are another installation's in every database: these are of no use to anybody.
_TYPES = (
    "allGameReleases",
    "meta",
    "myRating",
    "originalTitle",
    "osCompatibility",
    "sortingTitle",
    "summary",
    "title",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GalaxyOwned:
    """A release in somebody's library. `siblings`: releases of the same game, its own among them or not."""

    key: str
    title: str | None
    game_id: str | None = None
    siblings: tuple[str, ...] = ()
    installed: bool = False
    hidden: bool = False
    dlc: bool = False
    subscription: bool = False
    minutes: int = 0
    last_played: str | None = None
    purchased: str | None = None
    rating: int | None = None
    tags: tuple[str, ...] = ()
    meta: dict[str, Any] | None = None
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class GalaxyUser:
    user_id: int
    owned: tuple[GalaxyOwned, ...] = field(default=())


def write_galaxy_database(path: Path, users: Sequence[GalaxyUser], *, first_type: int = 40, version: int = 40) -> Path:
    """Write a database with the libraries of these users. `first_type`: the number of the first type of piece."""
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA)
        connection.execute(f"PRAGMA user_version = {version}")
        types = {kind: first_type + 7 * place for place, kind in enumerate(_TYPES)}
        connection.executemany("INSERT INTO GamePieceTypes (type, id) VALUES (?, ?)", types.items())
        for user in users:
            connection.execute("INSERT INTO Users VALUES (?)", (user.user_id,))
            for owned in user.owned:
                _write_release(connection, types, user.user_id, owned)
    connection.close()
    return path


def _write_release(connection: sqlite3.Connection, types: dict[str, int], user_id: int, owned: GalaxyOwned) -> None:
    def add(statement: str, *values: object) -> None:
        connection.execute(statement, values)

    key = owned.key
    platform, _, number = key.partition("_")
    library_id = connection.execute(
        "INSERT INTO LibraryReleases (userId, releaseKey) VALUES (?, ?)", (user_id, key)
    ).lastrowid
    add("INSERT INTO LicensedReleases VALUES (?, ?)", library_id, not owned.subscription)
    add("INSERT OR IGNORE INTO ReleaseKeys VALUES (?)", key)
    if owned.subscription:
        add("INSERT INTO SubscriptionReleases VALUES (?, 1)", key)
    add("INSERT OR REPLACE INTO ReleaseProperties VALUES (?, ?, 1, ?)", key, owned.dlc, owned.game_id)
    add("INSERT INTO UserReleaseProperties VALUES (?, ?, ?, 1)", user_id, key, owned.hidden)
    add("INSERT INTO GameTimes VALUES (?, ?, ?)", user_id, key, owned.minutes)
    add("INSERT INTO ProductPurchaseDates VALUES (?, ?, ?, ?)", key, user_id, owned.purchased, "2020-01-01 00:00:00")
    if owned.last_played:
        add("INSERT INTO LastPlayedDates VALUES (?, ?, ?)", user_id, key, owned.last_played)
    for tag in owned.tags:
        add("INSERT INTO UserReleaseTags VALUES (?, ?, ?)", user_id, key, tag)
    releases = list(dict.fromkeys((*owned.siblings, key)))
    generic = [f"generic_{owned.game_id}"] if owned.game_id else []
    pieces: list[tuple[str, int | None, dict[str, Any]]] = [
        ("title", user_id, {"title": owned.title}),
        ("originalTitle", user_id, {"title": owned.title}),
        ("sortingTitle", user_id, {"isModifiedByUser": False, "title": owned.title}),
        ("myRating", user_id, {"myRating": owned.rating}),
        ("meta", user_id, owned.meta or {"genres": [], "developers": [], "releaseDate": None}),
        ("allGameReleases", None, {"releases": [*releases, *generic]}),
        ("osCompatibility", None, {"supported": [{"name": "Windows", "slug": "windows", "versions": None}]}),
    ]
    if owned.summary:
        pieces.append(("summary", user_id, {"summary": owned.summary}))
    for kind, of_user, value in pieces:
        known = "SELECT 1 FROM GamePieces WHERE releaseKey = ? AND gamePieceTypeId = ? AND userId IS ?"
        if connection.execute(known, (key, types[kind], of_user)).fetchone() is None:
            add("INSERT INTO GamePieces VALUES (?, ?, ?, ?, NULL)", key, types[kind], of_user, json.dumps(value))
    if owned.installed and platform == "gog":
        add("INSERT OR IGNORE INTO ProductsToReleaseKeys VALUES (NULL, ?, ?)", int(number), key)
        add("INSERT OR IGNORE INTO InstalledBaseProducts VALUES (?, 'C:\\Games')", int(number))
    elif owned.installed:
        add("INSERT OR IGNORE INTO Platforms (name) VALUES (?)", platform)
        add(
            "INSERT INTO InstalledExternalProducts (platformId, productId) SELECT id, ? FROM Platforms WHERE name = ?",
            number,
            platform,
        )
