"""Who has a library here, what they are called, and the uploads of late."""

from __future__ import annotations

from typing import Any

from game_pipeline.store import Event, Store, append

from .compare import LibraryError

__all__ = ["list_players", "list_uploads", "name_player"]


def list_players(store: Store) -> list[dict[str, Any]]:
    """Every player: user_id, name, total_games, installed_games, db_filename, db_modified, uploaded_at."""
    return store.rows(
        "SELECT user_id::text, name, total_games, installed_games, db_filename, db_modified, schema_version, "
        "first_seen_at, uploaded_at FROM library_user ORDER BY lower(name), user_id"
    )


def list_uploads(store: Store, *, limit: int = 50) -> list[dict[str, Any]]:
    """The newest uploads and what became of them."""
    return store.rows(
        "SELECT upload_id, origin, filename, sender, state, code, message, size, received_at, finished_at "
        "FROM library_upload ORDER BY received_at DESC, upload_id DESC LIMIT %s",
        (limit,),
    )


def name_player(store: Store, named: str, name: str, actor: str, correlation_id: str) -> dict[str, Any]:
    """Call a player (by id or name) otherwise. Raises `LibraryError`."""
    name = " ".join(name.split())[:60]
    if not name:
        raise LibraryError("a player needs a name")
    players = list_players(store)
    player = next((each for each in players if named == each["user_id"]), None) or next(
        (each for each in players if named.casefold().strip() == each["name"].casefold()), None
    )
    if player is None:
        known = ", ".join(each["name"] for each in players[:20]) or "nobody yet; upload a Galaxy database"
        raise LibraryError(f"nobody here is called {named[:60]!r}; there are: {known}")
    if any(each["name"].casefold() == name.casefold() and each is not player for each in players):
        raise LibraryError(f"somebody else is called {name!r} already")
    user_id = int(player["user_id"])
    event = Event(
        stream=f"library:{user_id}",
        event_type="library.player_named",
        payload={"user_id": user_id, "name": name},
        actor=actor,
        correlation_id=correlation_id,
    )
    with store.transaction() as connection:
        append(connection, [event])
    return player | {"name": name}
