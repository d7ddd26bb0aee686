"""Conflicts and the review queue."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store.event import RecordedEvent

from .batch import BATCH, Family, as_batch

__all__ = ["CONFLICTS", "REVIEWS"]

# What a batch both opens and closes goes in closed: two open rows for one question are never there at once.

_CONFLICTS_CLOSED = (
    BATCH
    + b"""
UPDATE data_conflict SET state = 'gone', closed_at = batch.at FROM batch
WHERE type = 'conflict.closed' AND conflict_id = (p->>'conflict_id')::bigint
"""
)
_CONFLICTS_DETECTED = (
    BATCH
    + b""", closed AS (SELECT (p->>'conflict_id')::bigint AS id, at FROM batch WHERE type = 'conflict.closed')
INSERT INTO data_conflict (conflict_id, game_id, field, sides, sides_hash, state, detected_at, closed_at)
SELECT (p->>'conflict_id')::bigint, game_id, p->>'field', p->'sides', p->>'sides_hash',
       CASE WHEN closed.at IS NULL THEN 'pending' ELSE 'gone' END, batch.at, closed.at
FROM batch LEFT JOIN closed ON closed.id = (p->>'conflict_id')::bigint WHERE type = 'conflict.detected'
"""
)
_CONFLICTS_RESOLVED = (
    BATCH
    + b""", newest AS MATERIALIZED (
    SELECT DISTINCT ON ((p->>'conflict_id')::bigint) (p->>'conflict_id')::bigint AS id, p, actor, at
    FROM batch WHERE type = 'conflict.resolved' ORDER BY (p->>'conflict_id')::bigint, n DESC
), resolved AS (
    UPDATE data_conflict SET state = 'resolved' FROM newest WHERE conflict_id = id AND closed_at IS NULL
)
INSERT INTO conflict_resolution (conflict_id, method, chosen, confidence, resolved_by, reasoning, resolved_at)
SELECT id, p->>'method', p->'chosen', (p->>'confidence')::real, actor, p->>'reasoning', at FROM newest
ON CONFLICT (conflict_id) DO UPDATE SET
    method = excluded.method, chosen = excluded.chosen, confidence = excluded.confidence,
    resolved_by = excluded.resolved_by, reasoning = excluded.reasoning, resolved_at = excluded.resolved_at
"""
)

# Old logs close an item twice at times: the last word counts.
_CLOSED = (
    BATCH
    + b""", closed AS (
    SELECT DISTINCT ON ((p->>'item_id')::bigint)
           (p->>'item_id')::bigint AS id, p->>'state' AS state, at, actor, p->>'note' AS note
    FROM batch WHERE type = 'review.closed' ORDER BY (p->>'item_id')::bigint, n DESC
)
"""
)
_REVIEWS_CLOSED = (
    _CLOSED
    + b"""
UPDATE review_item SET state = closed.state, closed_at = closed.at, closed_by = closed.actor, note = closed.note
FROM closed WHERE item_id = closed.id
"""
)
_REVIEWS_OPENED = (
    _CLOSED
    + b"""
INSERT INTO review_item (item_id, kind, question, game_id, record_id, proposal, summary, priority, state, opened_at,
                         closed_at, closed_by, note)
SELECT (p->>'item_id')::bigint, p->>'kind', p->>'question', game_id, (p->>'record_id')::bigint, p->'proposal',
       p->>'summary', (p->>'priority')::int, coalesce(closed.state, 'open'), batch.at, closed.at, closed.actor,
       closed.note
FROM batch LEFT JOIN closed ON closed.id = (p->>'item_id')::bigint WHERE type = 'review.opened'
"""
)
_NEEDS_REVIEW = b"""
UPDATE game SET needs_human_review = NOT needs_human_review
WHERE game_id = ANY(%s) AND needs_human_review <>
      EXISTS (SELECT FROM review_item WHERE review_item.game_id = game.game_id AND state = 'open')
"""


def _conflicts(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    batch, types = as_batch(events), {event.event_type for event in events}
    if "conflict.closed" in types:
        connection.execute(_CONFLICTS_CLOSED, batch)
    if "conflict.detected" in types:
        connection.execute(_CONFLICTS_DETECTED, batch)
    if "conflict.resolved" in types:
        connection.execute(_CONFLICTS_RESOLVED, batch)


def _reviews(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    batch, types = as_batch(events), {event.event_type for event in events}
    if "review.closed" in types:
        connection.execute(_REVIEWS_CLOSED, batch)
    if "review.opened" in types:
        connection.execute(_REVIEWS_OPENED, batch)
    connection.execute(_NEEDS_REVIEW, ([event.game_id for event in events if event.game_id is not None],))


CONFLICTS = Family(frozenset({"conflict.detected", "conflict.closed", "conflict.resolved"}), _conflicts, in_log=True)
REVIEWS = Family(frozenset({"review.opened", "review.closed"}), _reviews, in_log=True)
