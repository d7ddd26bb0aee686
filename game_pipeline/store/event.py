"""An event before and after it is stored: plain values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from .event_types import EVENT_TYPES

__all__ = ["Event", "RecordedEvent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. `stream` is what it happened to (`game:42`, `record:7`, `source:ifdb`).

    `expected_version`: the stream's version that the decision was based on; None where it does not matter.
    Raises ValueError where the payload is not as `event_types` describes it.
    """

    stream: str
    event_type: str
    payload: dict[str, Any]
    actor: str
    correlation_id: str
    game_id: int | None = None
    source: str | None = None
    source_url: str | None = None
    causation_id: UUID | None = None
    expected_version: int | None = None
    event_id: UUID = field(default_factory=uuid7)

    def __post_init__(self) -> None:
        known = EVENT_TYPES.get(self.event_type)
        if known is None:
            raise ValueError(f"unknown event type {self.event_type!r}; describe it in store/event_types.py")
        try:
            known.check(self.payload)
        except ValueError as error:
            raise ValueError(f"{self.event_type}: {error}") from None


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as stored, with its place in the log and the database's time.

    `payload`: as JSON, of the newest version of its type; empty where a reader left it out.
    """

    position: int
    event_id: UUID
    event_type: str
    game_id: int | None
    actor: str
    payload: str
    recorded_at: dt.datetime
