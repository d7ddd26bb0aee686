"""Handing a batch of events to PostgreSQL as one document, so that one statement applies all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.model import canonical_json
from game_pipeline.store.event import RecordedEvent

__all__ = ["BATCH", "Family", "as_batch", "one_by_one"]

BATCH = b"""
WITH batch AS MATERIALIZED (
    SELECT n, e->>'type' AS type, (e->>'game')::bigint AS game_id, (e->>'at')::timestamptz AS at, e->>'actor' AS actor,
           (e->>'id')::uuid AS event_id, e->'payload' AS p
    FROM jsonb_array_elements(%(events)s::jsonb) WITH ORDINALITY AS each (e, n)
)
"""
"""The head of a statement: the events as rows `n, type, game_id, at, actor, event_id, p` (their payload)."""


@dataclass(frozen=True, slots=True)
class Family:
    """Tables that change together, and the events that change them."""

    event_types: frozenset[str]
    apply: Callable[[Connection[DictRow], Sequence[RecordedEvent]], None]


def as_batch(events: Sequence[RecordedEvent]) -> dict[str, str]:
    """The parameter of a statement that begins with `BATCH`. Payloads are JSON already and go in as they are."""
    return {"events": f"[{','.join(map(_document, events))}]"}


def _document(event: RecordedEvent) -> str:
    head = canonical_json(
        {
            "actor": event.actor,
            "at": event.recorded_at.isoformat(),
            "game": event.game_id,
            "id": str(event.event_id),
            "type": event.event_type,
        }
    )
    return f'{head[:-1]},"payload":{event.payload}}}'


def one_by_one(connection: Connection[DictRow], statements: Sequence[tuple[bytes, dict[str, Any]]]) -> None:
    """Statements in their order, without waiting for each answer where they are many."""
    with connection.pipeline() if len(statements) > 10 else nullcontext():
        for statement, parameters in statements:
            connection.execute(statement, parameters)
