"""Events of one game that more than one part of the catalogue tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store import Event

from .ids import next_id
from .revise import Wording

__all__ = ["edit_again", "game_event", "pin_again"]


def game_event(game_id: int, event_type: str, payload: dict[str, Any], wording: Wording) -> Event:
    """An event of one game."""
    return Event(
        stream=f"game:{game_id}",
        event_type=event_type,
        payload=payload,
        actor=wording.actor,
        correlation_id=wording.correlation_id,
        game_id=game_id,
    )


def edit_again(
    connection: Connection[DictRow], game_id: int, old: Mapping[str, Any], wording: Wording, why: str
) -> Event:
    """An edit that a person made before, standing again; the reason it had is kept."""
    payload = {
        "edit_id": next_id(connection, "human_edit"),
        "field": old["field"],
        "value": old["value"],
        "previous": old["previous"],
        "reason": f"{why}: {old['author']}: {old['reason']}",
        "edited_at": None,
        "carried_from": old["edit_id"],
    }
    return game_event(game_id, "game.edited", payload, wording)


def pin_again(connection: Connection[DictRow], pin: Mapping[str, Any], wording: Wording) -> Event:
    """A value of an older revision that stands again, under a number of its own. `pin`: its row."""
    payload = {name: pin[name] for name in ("field", "value", "provenance", "rejected", "revision", "rollback_id")}
    payload["pin_id"] = next_id(connection, "game_pin")
    return game_event(pin["game_id"], "game.pinned", payload, wording)
