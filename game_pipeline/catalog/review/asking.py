"""Opening and closing the item of a question, whatever it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.ids import next_id
from game_pipeline.model import canonical_json
from game_pipeline.store import Event

__all__ = ["PIPELINE", "ask", "close_item", "close_question", "in_short"]

PIPELINE = "pipeline"
PRIORITIES = {"mass": 10, "held": 20, "match": 40, "duplicate": 45, "suggestion": 60, "conflict": 50, "vanished": 30}


def ask(
    connection: Connection[DictRow],
    *,
    kind: str,
    question: str,
    game_id: int | None,
    record_id: int | None,
    proposal: Mapping[str, Any],
    summary: str,
    correlation_id: str,
) -> list[Event]:
    """Open a question, unless it stands or was answered just so; one that changed replaces the older item.

    What was let through and is held back again is asked about again.
    """
    last = connection.execute(
        b"SELECT item_id, state, proposal FROM review_item WHERE question = %s AND state <> 'stale' "
        b"AND (state <> 'accepted' OR kind NOT IN ('held', 'mass')) ORDER BY item_id DESC LIMIT 1",
        (question,),
    ).fetchone()
    if last and canonical_json(last["proposal"]) == canonical_json(dict(proposal)):
        return []
    events = close_question(connection, question, "stale", PIPELINE, correlation_id)
    item_id = next_id(connection, "review_item")
    events.append(
        Event(
            stream=f"review:{item_id}",
            event_type="review.opened",
            payload={
                "item_id": item_id,
                "kind": kind,
                "question": question,
                "record_id": record_id,
                "proposal": dict(proposal),
                "summary": summary,
                "priority": PRIORITIES[kind],
            },
            actor=PIPELINE,
            correlation_id=correlation_id,
            game_id=game_id,
        )
    )
    return events


def close_question(
    connection: Connection[DictRow], question: str, state: str, actor: str, correlation_id: str, note: str | None = None
) -> list[Event]:
    """Close the open item of a question, if there is one."""
    row = connection.execute(
        b"SELECT item_id, game_id FROM review_item WHERE question = %s AND state = 'open'", (question,)
    ).fetchone()
    return [close_item(row["item_id"], row["game_id"], state, actor, correlation_id, note)] if row else []


def close_item(
    item_id: int, game_id: int | None, state: str, actor: str, correlation_id: str, note: str | None
) -> Event:
    return Event(
        stream=f"review:{item_id}",
        event_type="review.closed",
        payload={"item_id": item_id, "state": state, "note": note},
        actor=actor,
        correlation_id=correlation_id,
        game_id=game_id,
    )


def in_short(value: Any) -> str:
    """A value as a summary quotes it."""
    text = value if isinstance(value, str) else canonical_json(value)
    return f"“{text[:77]}…”" if len(text) > 78 else f"“{text}”"
