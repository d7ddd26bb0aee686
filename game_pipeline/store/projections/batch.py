"""Naming a batch of events to PostgreSQL, so that one statement applies all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store.event import RecordedEvent

__all__ = ["BATCH", "Family", "as_batch", "one_by_one"]

# Read from the log, where they stand already: to hand them over once more, a family each, costs more than all the rest.
# The times let PostgreSQL pass over the other months' partitions. "|| '{}'" unpacks a payload once, not at each look.
BATCH = b"""
WITH batch AS MATERIALIZED (
    SELECT position AS n, event_type AS type, game_id, recorded_at AS at, actor, event_id, payload || '{}' AS p
    FROM projected_event
    WHERE position = ANY(%(positions)s) AND recorded_at BETWEEN %(first)s AND %(last)s
)
"""
"""The head of a statement: the events as rows `n, type, game_id, at, actor, event_id, p` (their payload)."""


@dataclass(frozen=True, slots=True)
class Family:
    """Tables that change together, and the events that change them.

    `in_log`: its statements read payloads where they stand in the log; it needs none of those it is handed.
    """

    event_types: frozenset[str]
    apply: Callable[[Connection[DictRow], Sequence[RecordedEvent]], None]
    in_log: bool = False


def as_batch(events: Sequence[RecordedEvent]) -> dict[str, Any]:
    """The parameters of a statement that begins with `BATCH`: one event at least, each stored in the log."""
    times = [event.recorded_at for event in events]
    return {"positions": [event.position for event in events], "first": min(times), "last": max(times)}


def one_by_one(connection: Connection[DictRow], statements: Sequence[tuple[bytes, dict[str, Any]]]) -> None:
    """Statements in their order, without waiting for each answer where they are many."""
    with connection.pipeline() if len(statements) > 10 else nullcontext():
        for statement, parameters in statements:
            connection.execute(statement, parameters)
