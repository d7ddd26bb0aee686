"""From the tables of a Galaxy database to the libraries of its users. Runs in the reading process only.

Facts of the schema: Galaxy 2.1.8.30, `user_version` 40, and what scripts for older databases used.
"""

from __future__ import annotations

import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .contents import GalaxyLibrary, GalaxyRelease
from .keys import clean_key
from .opening import told
from .pieces import PIECES, Pieces, game_of, line, read_piece, time_of
from .problems import GalaxyError
from .tables import Tables

__all__ = ["NEWEST", "extract"]

NEWEST = 40
MAX_USERS = 50
MAX_OWNED = 100_000
MAX_PIECES = 2_000_000
MAX_TAGS = 30
MAX_TEXT = 64 * 1024 * 1024


@dataclass(slots=True)
class _Facts:
    """What the whole database says, whoever the user."""

    dlc: set[str] = field(default_factory=set)
    unseen: set[str] = field(default_factory=set)
    game_ids: dict[str, str] = field(default_factory=dict)
    installed: set[str] = field(default_factory=set)
    common: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))


@dataclass(slots=True)
class _User:
    owned: dict[str, None] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    minutes: dict[str, int] = field(default_factory=dict)
    played: dict[str, str] = field(default_factory=dict)
    added: dict[str, str] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    own: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))


def extract(connection: sqlite3.Connection) -> tuple[int, list[GalaxyLibrary], list[str]]:
    """Schema version, libraries of the users who own anything, and warnings. Raises `GalaxyError`."""
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        tables = Tables(connection)
        warnings = _check_schema(tables, version)
        users = _users(tables)
        _read_owned(tables, users)
        if not any(user.owned for user in users.values()):
            raise GalaxyError(
                "nothing_owned", "nobody in it owns a game; connect your stores in Galaxy, let it sync and send it anew"
            )
        facts = _read_facts(tables, users)
        libraries = [_library(user_id, user, facts) for user_id, user in sorted(users.items()) if user.owned]
    except sqlite3.Error as error:
        raise told(error) from None
    return version, libraries, warnings


def _check_schema(tables: Tables, version: int) -> list[str]:
    needed: list[tuple[str, ...]] = [
        ("Users", "id"),
        ("GamePieceTypes", "id", "type"),
        ("GamePieces", "releaseKey", "gamePieceTypeId", "value"),
    ]
    lacking = [missing for table, *columns in needed if (missing := tables.missing(table, *columns))]
    if not _licences_known(tables) and not _purchases_known(tables):
        lacking.append("LibraryReleases with LicensedReleases, and ProductPurchaseDates")
    if not lacking:
        return [f"schema version {version} is newer than {NEWEST}, the newest known"] if version > NEWEST else []
    if len(lacking) == len(needed) + 1:
        raise GalaxyError("not_galaxy", "is a SQLite database, but none of GOG Galaxy; send galaxy-2.0.db")
    raise GalaxyError(
        "unknown_schema", f"schema version {version} is not known: it has no {lacking[0]}; known is up to {NEWEST}"
    )


def _licences_known(tables: Tables) -> bool:
    return tables.has("LibraryReleases", "id", "userId", "releaseKey") and tables.has(
        "LicensedReleases", "libraryId", "isOwned"
    )


def _purchases_known(tables: Tables) -> bool:
    return tables.has("ProductPurchaseDates", "gameReleaseKey", "userId")


def _users(tables: Tables) -> dict[int, _User]:
    ids = sorted({row[0] for row in tables.rows("Users", "id") if isinstance(row[0], int) and row[0] > 0})
    if not ids:
        raise GalaxyError("no_user", "has no user; sign in to Galaxy, let it sync and send the database anew")
    if len(ids) > MAX_USERS:
        raise GalaxyError("too_much", f"has {len(ids)} users; {MAX_USERS} at most")
    return {user_id: _User() for user_id in ids}


# What is owned ------------------------------------------------------------------------------------------------------


def _read_owned(tables: Tables, users: Mapping[int, _User]) -> None:
    """What a licence says is owned; older databases have dates of purchase alone. Subscriptions own nothing: neither
    what a licence calls not owned nor what `SubscriptionReleases` lists."""
    rented = {clean_key(row[0]) for row in tables.rows("SubscriptionReleases", "releaseKey")}
    licences = dict(tables.rows("LicensedReleases", "libraryId", "isOwned")) if _licences_known(tables) else {}
    owned: Iterable[tuple[Any, Any]] = (
        (
            (user_id, key)
            for number, user_id, key in tables.rows("LibraryReleases", "id", "userId", "releaseKey")
            if licences.get(number) == 1
        )
        if licences
        else tables.rows("ProductPurchaseDates", "userId", "gameReleaseKey")
    )
    for user_id, raw in owned:
        user, key = users.get(user_id), clean_key(raw)
        if user is None or key is None or key in rented:
            continue
        user.owned[key] = None
        if len(user.owned) > MAX_OWNED:
            raise GalaxyError("too_much", f"a user owns more than {MAX_OWNED} releases; nobody does")


# What is said about it ----------------------------------------------------------------------------------------------


def _read_facts(tables: Tables, users: Mapping[int, _User]) -> _Facts:
    facts = _Facts()
    wanted = {key for user in users.values() for key in user.owned}
    for raw, dlc, visible, game_id in tables.rows(
        "ReleaseProperties", "releaseKey", "isDlc", "isVisibleInLibrary", "gameId"
    ):
        key = clean_key(raw)
        if key not in wanted or key is None:
            continue
        if dlc == 1:
            facts.dlc.add(key)
        if visible == 0:
            facts.unseen.add(key)
        if str(game_id or "").isdecimal():
            facts.game_ids[key] = str(game_id)[:40]
    facts.installed = set(_installed(tables)) & wanted
    _read_pieces(tables, users, facts, wanted)
    _read_habits(tables, users)
    return facts


def _installed(tables: Tables) -> Iterable[str]:
    keys = {gog_id: clean_key(key) for gog_id, key in tables.rows("ProductsToReleaseKeys", "gogId", "releaseKey")}
    for table in ("InstalledBaseProducts", "InstalledProducts"):
        for (product,) in tables.rows(table, "productId"):
            key = keys.get(product) or clean_key(f"gog_{product}")
            if product is not None and key:
                yield key
    named = dict(tables.rows("Platforms", "id", "name"))
    external = dict(tables.rows("ProductsToReleaseKeys", "externalId", "releaseKey"))
    for number, platform, product in tables.rows("InstalledExternalProducts", "id", "platformId", "productId"):
        for raw in (external.get(number) if number is not None else None, f"{named.get(platform)}_{product}"):
            key = clean_key(raw)
            if key is not None:
                yield key


def _read_pieces(tables: Tables, users: Mapping[int, _User], facts: _Facts, wanted: set[str]) -> None:
    kinds = {
        number: kind
        for number, kind in tables.rows("GamePieceTypes", "id", "type")
        if kind in PIECES and isinstance(number, int)
    }
    rows = tables.rows(
        "GamePieces",
        "releaseKey",
        "gamePieceTypeId",
        "userId",
        "value",
        "languageId",
        where="gamePieceTypeId",
        values=tuple(kinds),
        most=MAX_PIECES,
    )
    ordered: list[tuple[int, str, str, Any, str]] = []
    kept = 0
    for raw, number, user_id, value, language in rows:
        key = clean_key(raw)
        kind = kinds.get(number)
        if key is None or key not in wanted or kind is None or not isinstance(value, str):
            continue
        kept += sys.getsizeof(value)
        if kept > MAX_TEXT:
            raise GalaxyError("too_much", f"says more than {MAX_TEXT >> 20} MiB about its games; nobody's does")
        ordered.append((language if isinstance(language, int) else -1, kind, key, user_id, value))
    # A piece may come in several languages: the first one that states anything is heard, in an order of its own.
    ordered.sort(key=lambda piece: (piece[0], piece[1], piece[2]))
    for _, kind, key, user_id, value in ordered:
        if user_id is None:
            facts.common[key].append((kind, value))
        elif user_id in users:
            users[user_id].own[key].append((kind, value))


def _read_habits(tables: Tables, users: Mapping[int, _User]) -> None:
    def each(table: str, key_column: str, column: str) -> Iterable[tuple[_User, str, Any]]:
        for user_id, raw, value in tables.rows(table, "userId", key_column, column):
            user, key = users.get(user_id), clean_key(raw)
            if user is not None and key is not None and key in user.owned:
                yield user, key, value

    for user, key, value in each("UserReleaseProperties", "releaseKey", "isHidden"):
        if value == 1:
            user.hidden.add(key)
    for user, key, value in each("GameTimes", "releaseKey", "minutesInGame"):
        if isinstance(value, int) and 0 < value < 10**8:
            user.minutes[key] = value
    for user, key, value in each("LastPlayedDates", "gameReleaseKey", "lastPlayedDate"):
        if moment := time_of(value):
            user.played[key] = max(moment, user.played.get(key, moment))
    for column in ("addedDate", "purchaseDate"):  # the purchase tells more, where there is one
        for user, key, value in each("ProductPurchaseDates", "gameReleaseKey", column):
            if moment := time_of(value):
                user.added[key] = moment
    for user, key, value in each("UserReleaseTags", "releaseKey", "tag"):
        if (tag := line(value)) and tag not in user.tags[key] and len(user.tags[key]) < MAX_TAGS:
            user.tags[key].append(tag)


# A library ----------------------------------------------------------------------------------------------------------


def _library(user_id: int, user: _User, facts: _Facts) -> GalaxyLibrary:
    pieces: dict[str, Pieces] = {}
    games: dict[str, dict[str, Pieces]] = defaultdict(dict)
    game_of_release: dict[str, str] = {}
    for key in sorted(user.owned):
        stated = Pieces()
        for kind, value in (*user.own.pop(key, ()), *facts.common.get(key, ())):
            read_piece(stated, kind, value)
        pieces[key] = stated
        game = facts.game_ids.get(key) or stated.game_id or min((*stated.releases, key))
        game_of_release[key] = game
        games[game][key] = stated
    releases = []
    for key, stated in pieces.items():
        title = stated.title or stated.original_title or stated.sorting_title
        releases.append(
            GalaxyRelease(
                key=key,
                game=game_of_release[key],
                title=title or "",
                sorting_title=stated.sorting_title if stated.sorting_title != title else None,
                dlc=key in facts.dlc,
                hidden=key in user.hidden or key in facts.unseen,
                installed=key in facts.installed,
                minutes=user.minutes.get(key, 0),
                last_played=user.played.get(key),
                added=user.added.get(key),
                rating=stated.rating,
                tags=tuple(sorted(user.tags.get(key, ()))),
            )
        )
    found = {key: game_of(key, owned) for key, owned in games.items()}
    # A release without a title goes by that of its game, which another store may have told, else by its key.
    named = [each if each.title else replace(each, title=found[each.game].title) for each in releases]
    seen = {each.game for each in named if not each.dlc and not each.hidden}
    return GalaxyLibrary(user_id, tuple(named), tuple(found[key] for key in sorted(seen)))
