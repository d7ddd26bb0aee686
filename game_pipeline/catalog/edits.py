"""What people do to a game's fields: set one, give one back to the sources.

An edit stands over every source until a person releases it; all other fields keep updating.
"""

from __future__ import annotations

import json
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import TypeAdapter, ValidationError

from game_pipeline.model import (
    AltTitle,
    Block,
    Credit,
    ExternalId,
    Kind,
    Language,
    Line,
    Link,
    PartialDate,
    Tag,
    describe_errors,
)
from game_pipeline.store import Event, append

from .fields import as_edited, value_of
from .ids import next_id
from .reconcile import Curator
from .records import lock_catalogue
from .review import close_question, suggestion_question

__all__ = ["EDITABLE", "EditError", "current_value", "edit_field", "read_value", "release_field"]


class EditError(ValueError):
    """The edit cannot be made; the message says what is wrong and what is expected."""


_TEXTS: dict[str, TypeAdapter[Any]] = {
    "title": TypeAdapter(Line),
    "kind": TypeAdapter(Kind),
    "release_date": TypeAdapter(PartialDate),
    "descriptions": TypeAdapter(Block),
}
_LANGUAGE: TypeAdapter[str] = TypeAdapter(Language)
_LISTS: dict[str, tuple[TypeAdapter[Any], str]] = {
    "alt_titles": (TypeAdapter(list[AltTitle]), '[{"title": "...", "lang": "en"}]'),
    "credits": (TypeAdapter(list[Credit]), '[{"name": "...", "role": "author"}]'),
    "tags": (TypeAdapter(list[Tag]), '[{"kind": "genre", "value": "..."}]'),
    "urls": (TypeAdapter(list[Link]), '[{"url": "https://...", "kind": "play_online"}]'),
    "external_ids": (TypeAdapter(list[ExternalId]), '[{"scheme": "ifid", "value": "..."}]'),
}
EDITABLE = ("title", "kind", "release_date", "descriptions.LANG", *_LISTS)
_NEVER_EMPTY = ("title", "kind")


def read_value(field: str, text: str) -> Any:
    """A field's value from what a person typed: plain text, or JSON for the fields that are lists.

    An empty text deletes the value (a title or kind cannot be deleted). Raises `EditError`.
    """
    name, _, lang = field.partition(".")
    if bool(lang) != (name == "descriptions") or not (name in _TEXTS or name in _LISTS):
        raise EditError(f"no field {field!r}; editable are {', '.join(EDITABLE)} (LANG as in descriptions.ru)")
    try:
        if lang:
            _LANGUAGE.validate_python(lang)
        if name in _LISTS:
            adapter, example = _LISTS[name]
            try:
                values = adapter.validate_python(json.loads(text)) if text.strip() else []
            except json.JSONDecodeError as error:
                raise EditError(f"{field} takes a JSON list such as {example}: {error}") from None
            return [value.model_dump(mode="json") for value in values]
        if not text.strip():
            if name in _NEVER_EMPTY:
                raise EditError(f"{field} cannot be empty")
            return None
        return _TEXTS[name].validate_python(text.strip())
    except ValidationError as error:
        raise EditError(f"{field}: {describe_errors(error)}") from None


def edit_field(
    connection: Connection[DictRow],
    curator: Curator,
    game_id: int,
    field: str,
    value: Any,
    *,
    author: str,
    reason: str,
) -> int:
    """Set a field for good, inside the caller's transaction; returns the game's new revision.

    Raises `EditError` where there is no such game, no reason, or nothing would change.
    """
    if not reason.strip():
        raise EditError("an edit needs a reason: what it mends, for those who come after")
    lock_catalogue(connection)
    curator.catch_up(connection, [game_id])
    game = _game(connection, game_id)
    standing = connection.execute(
        b"SELECT value FROM human_edit WHERE game_id = %s AND field = %s AND released_at IS NULL", (game_id, field)
    ).fetchone()
    if standing and standing["value"] == value:
        raise EditError(f"{field} of game {game_id} already stands so by an earlier edit")
    if standing is None and current_value(game["state"], field) == value:
        what = "has no value to delete" if value in (None, []) else "says so already"
        raise EditError(f"{field} of game {game_id} {what}")
    previous = current_value(curator.sources_say(connection, game_id, field), field)
    append(
        connection,
        [
            Event(
                stream=f"game:{game_id}",
                event_type="game.edited",
                payload={
                    "edit_id": next_id(connection, "human_edit"),
                    "field": field,
                    "value": value,
                    "previous": previous,
                    "reason": reason.strip(),
                    "edited_at": None,
                    "carried_from": None,
                },
                actor=author,
                correlation_id=curator.correlation_id,
                game_id=game_id,
            )
        ],
    )
    curator.bring_up_to_date(connection, game_id, curator.wording(author, "edit", reason.strip()))
    return int(_game(connection, game_id)["revision"])


def release_field(
    connection: Connection[DictRow], curator: Curator, game_id: int, field: str, *, author: str, reason: str
) -> int:
    """Give a field back to the sources; returns the game's revision. Raises `EditError` where no edit stands."""
    lock_catalogue(connection)
    _game(connection, game_id)
    curator.catch_up(connection, [game_id])
    row = connection.execute(
        b"SELECT edit_id FROM human_edit WHERE game_id = %s AND field = %s AND released_at IS NULL", (game_id, field)
    ).fetchone()
    if row is None:
        raise EditError(f"nobody edited {field} of game {game_id}; there is nothing to release")
    released = Event(
        stream=f"game:{game_id}",
        event_type="game.edit_released",
        payload={"edit_id": row["edit_id"], "field": field, "reason": reason},
        actor=author,
        correlation_id=curator.correlation_id,
        game_id=game_id,
    )
    question = suggestion_question(game_id, field)
    asked = close_question(connection, question, "stale", author, curator.correlation_id, reason)
    append(connection, [released, *asked])
    curator.bring_up_to_date(connection, game_id, curator.wording(author, "release", reason), about=field)
    return int(_game(connection, game_id)["revision"])


def _game(connection: Connection[DictRow], game_id: int) -> dict[str, Any]:
    row = connection.execute(
        b"SELECT game_id, revision, state, merged_into FROM game WHERE game_id = %s FOR UPDATE", (game_id,)
    ).fetchone()
    if row is None:
        raise EditError(f"no game {game_id}; look it up with: game-pipeline game find TEXT")
    if row["merged_into"] is not None:
        raise EditError(f"game {game_id} was merged into game {row['merged_into']}; edit that one")
    return row


def current_value(state: dict[str, Any], field: str) -> Any:
    """A field of a state in the form that an edit gives it: of a description, its text."""
    return as_edited(value_of(state, field))
