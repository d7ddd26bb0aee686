"""Where the data file's document comes from: PostgreSQL, or, where that is away, the uploaded databases themselves."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow, tuple_row

from game_pipeline.galaxy import GalaxyError, ReadLimits, read_galaxy
from game_pipeline.settings import LibrarySettings, Settings
from game_pipeline.store import Store

from .assemble import Holding, Known, Player, PlayerFacts, assemble
from .spool import Spool

__all__ = ["document_from_database", "document_from_uploads"]

logger = logging.getLogger(__name__)

_PLAYERS = b"SELECT user_id::text, name, db_filename, db_modified FROM library_user ORDER BY user_id"
_HOLDINGS = b"""
SELECT user_id::text, release_key, game_key, title, installed FROM library_entry WHERE NOT dlc AND NOT hidden
"""
# Galaxy's page of a game is a record as any other: the catalogue knows which game it is about.
_GAMES = b"""
SELECT member.identity, member.game_id FROM game_member AS member JOIN game USING (game_id)
WHERE member.source = 'gog_galaxy' AND game.status = 'active'
"""
_IDS = b"""
SELECT DISTINCT ON (game_key) game_key, facts->'ids' AS ids
FROM library_facts JOIN source_url_state AS page ON page.source = 'gog_galaxy' AND page.page_key = game_key
WHERE page.content_hash = facts_hash ORDER BY game_key
"""
_PLAYERS_OF_GAMES = b"""
SELECT external.scheme, external.value, member.identity, newest.record->'extra' AS extra
FROM unnest(%(schemes)s::text[], %(ids)s::text[]) AS wanted (scheme, value)
JOIN game_external_id AS external ON external.scheme = wanted.scheme AND external.value = wanted.value
JOIN game_member AS member ON member.game_id = external.game_id AND member.source = 'igdb' AND member.live
JOIN source_record AS record ON record.record_id = member.record_id
JOIN record_version AS newest ON newest.record_id = record.record_id AND newest.version = record.version
UNION ALL
SELECT 'game', member.game_id::text, member.identity, newest.record->'extra'
FROM game_member AS member
JOIN source_record AS record ON record.record_id = member.record_id
JOIN record_version AS newest ON newest.record_id = record.record_id AND newest.version = record.version
WHERE member.source = 'igdb' AND member.live AND member.game_id = ANY(%(games)s)
ORDER BY 1, 2, 3 DESC
"""


def document_from_database(store: Store, settings: LibrarySettings) -> dict[str, Any]:
    """What PostgreSQL knows, as of one moment."""
    with store.transaction() as connection:
        connection.execute(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        players = [
            Player(row["user_id"], row["name"], row["db_filename"], _moment(row["db_modified"]))
            for row in connection.execute(_PLAYERS)
        ]
        ids = {row["game_key"]: row["ids"] for row in connection.execute(_IDS)}
        games = {row["identity"]: row["game_id"] for row in connection.execute(_GAMES)}
        with connection.cursor(row_factory=tuple_row) as cursor:
            holdings = [Holding(*row) for row in cursor.execute(_HOLDINGS)]
        wanted = {(store, value) for each in ids.values() for store, value in each.items()}
        wanted |= {_own_id(holding.release_key) for holding in holdings}
        facts = _player_facts(connection, wanted, set(games.values()))
    return assemble(players, holdings, Known(ids, games, facts), settings, dt.datetime.now(dt.UTC))


def _own_id(release_key: str) -> tuple[str, str]:
    store, _, value = release_key.partition("_")
    return store, value


def _player_facts(
    connection: Connection[DictRow], wanted: Iterable[tuple[str, str]], games: set[int]
) -> dict[tuple[str, str], PlayerFacts]:
    """What IGDB's records of the catalogue's games say, by Steam and GOG ids, and by the games themselves."""
    ids = sorted({each for each in wanted if each[0] in ("steam", "gog")})
    values = {"schemes": [scheme for scheme, _ in ids], "ids": [value for _, value in ids], "games": list(games)}
    found = {}
    for row in connection.execute(_PLAYERS_OF_GAMES, values):
        extra: Mapping[str, Any] = row["extra"] or {}
        many, most = extra.get("multiplayer"), extra.get("max_players")
        found[row["scheme"], row["value"]] = PlayerFacts(
            igdb_id=row["identity"],
            multiplayer=many if isinstance(many, bool) else None,
            max_players=most if isinstance(most, int) and not isinstance(most, bool) and most > 0 else None,
        )
    return found


def document_from_uploads(settings: Settings, limits: ReadLimits | None = None) -> dict[str, Any]:
    """What the kept databases say, without PostgreSQL: nobody's games are lost, but who can play how many is.

    A database that cannot be read any more is passed over, and logged. Raises `LookupError` where none is kept.
    """
    library = settings.library
    limits = limits or ReadLimits(
        library.max_upload_mb * 1024 * 1024, library.cpu_seconds, library.read_seconds, library.read_memory_mb
    )
    players: dict[str, Player] = {}
    holdings: dict[str, list[Holding]] = {}
    ids: dict[str, Mapping[str, str]] = {}
    for kept in Spool(settings.upload_dir).kept_databases():  # the newest last: it counts
        try:
            file = read_galaxy(kept.path, limits)
        except GalaxyError as error:
            logger.warning("kept database %s: %s", kept.path.name, error)
            continue
        for each in file.libraries:
            user_id = str(each.user_id)
            name = kept.names.get(user_id, f"Player {each.user_id % 10_000:04d}")
            players[user_id] = Player(user_id, name, kept.filename, kept.modified)
            holdings[user_id] = [
                Holding(user_id, release.key, release.game, release.title, release.installed)
                for release in each.releases
                if not release.dlc and not release.hidden
            ]
            ids.update((game.key, game.ids) for game in each.games)
    if not players:
        raise LookupError(f"no readable database is kept in {Spool(settings.upload_dir).kept}")
    return assemble(players.values(), _all(holdings), Known(ids=ids), library, dt.datetime.now(dt.UTC))


def _all(holdings: Mapping[str, list[Holding]]) -> Iterator[Holding]:
    for each in holdings.values():
        yield from each


def _moment(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat()
