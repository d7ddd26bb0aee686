"""Reading old events: each step takes a payload of one version to the next. Pure, and kept for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .event_types import EVENT_TYPES

__all__ = ["UnknownEvent", "upcast"]

Payload = dict[str, Any]


class UnknownEvent(ValueError):
    """An event that this version of the program does not know; a newer one wrote it."""


def upcast(event_type: str, version: int, payload: Payload) -> Payload:
    """The payload as the newest version of its type has it. Raises `UnknownEvent`."""
    known = EVENT_TYPES.get(event_type)
    if known is None or not 1 <= version <= known.version:
        raise UnknownEvent(
            f"a {event_type} of version {version}, which this version does not know; a newer one wrote it"
        )
    for step in range(version, known.version):
        payload = _STEPS[event_type, step](payload)
    return payload


def _revised_1(payload: Payload) -> Payload:
    """Version 1 knew active games alone, and heard all of each record."""
    return payload | {
        "status": "active",
        "merged_into": None,
        "members": _members_1(payload)["members"],
        "quality_score": None,
        "import_metadata": {},
    }


def _members_1(payload: Payload) -> Payload:
    return payload | {"members": [member | {"heard": None} for member in payload["members"]]}


def _edited_1(payload: Payload) -> Payload:
    return payload | {"edited_at": None, "carried_from": None}


def _changed_1(payload: Payload) -> Payload:
    """Version 1 knew records of games alone."""
    return payload | {"subject": "game"}


def _held_1(payload: Payload) -> Payload:
    """In version 1 a record had one hold."""
    return payload | {"alone": True}


_STEPS: dict[tuple[str, int], Callable[[Payload], Payload]] = {
    ("game.created", 1): _revised_1,
    ("game.revised", 1): _revised_1,
    ("game.sources_updated", 1): _members_1,
    ("game.edited", 1): _edited_1,
    ("record.changed", 1): _changed_1,
    ("record.held", 1): _held_1,
}
