"""What was decided: which game a record is about, what people set, what is held back and what was taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.store.event import RecordedEvent

from .batch import BATCH, Family, as_batch, one_by_one

__all__ = ["EDITS", "EXCLUSIONS", "HOLDS", "MATCHES"]

# Which game ---------------------------------------------------------------------------------------------------------

_END_MATCHES = (
    BATCH
    + b""", first AS (
    SELECT DISTINCT ON ((p->>'record_id')::bigint) (p->>'record_id')::bigint AS id, at
    FROM batch ORDER BY (p->>'record_id')::bigint, n
)
UPDATE match_decision SET ended_at = first.at FROM first WHERE record_id = id AND ended_at IS NULL
"""
)
_MATCHES = (
    BATCH
    + b"""
INSERT INTO match_decision (decision_id, record_id, game_id, band, method, score, evidence, alternatives, decided_by,
                            decided_at, ended_at, position)
SELECT (p->>'decision_id')::bigint, (p->>'record_id')::bigint, (p->>'game_id')::bigint, p->>'band', p->>'method',
       (p->>'score')::real, p->'evidence', ARRAY(SELECT jsonb_array_elements_text(p->'alternatives')::bigint), actor,
       at, lead(at) OVER (PARTITION BY p->>'record_id' ORDER BY n), n
FROM batch
"""
)


def _matches(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    batch = as_batch(events)
    connection.execute(_END_MATCHES, batch)
    connection.execute(_MATCHES, batch)


_EXCLUDE = b"""
INSERT INTO match_exclusion (record_id, game_id, author, reason, decided_at)
VALUES (%(record_id)s, %(game_id)s, %(actor)s, %(reason)s, %(at)s) ON CONFLICT DO NOTHING
"""
_EXCLUDE_REJECTED = b"""
INSERT INTO match_exclusion (record_id, game_id, author, reason, decided_at)
SELECT record_id, game_id, %(actor)s, coalesce(%(note)s, ''), %(at)s
FROM review_item WHERE item_id = %(item_id)s AND kind = 'match' AND game_id IS NOT NULL ON CONFLICT DO NOTHING
"""
_INCLUDE = b"""
UPDATE match_exclusion SET ended_at = %(at)s
WHERE record_id = %(record_id)s AND game_id = %(game_id)s AND ended_at IS NULL
"""


def _exclusions(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    """A person's word on a record and a game stands until a person says otherwise."""
    statements: list[tuple[bytes, dict[str, Any]]] = []
    for event in events:
        match event.event_type:
            case "review.closed" if '"rejected"' in event.payload:
                statements.append((_EXCLUDE_REJECTED, _values(event)))
            case "record.separated":
                statements.append((_EXCLUDE, _values(event)))
            case "record.matched" if '"person"' in event.payload:
                statements.append((_INCLUDE, _values(event)))
    one_by_one(connection, statements)


# What people set ----------------------------------------------------------------------------------------------------

_RELEASE = b"""
UPDATE human_edit SET released_at = %(at)s, released_by = %(actor)s
WHERE game_id = %(game_id)s AND field = %(field)s AND released_at IS NULL
"""
_EDIT = b"""
INSERT INTO human_edit (edit_id, game_id, field, value, previous, author, reason, edited_at, carried_from)
VALUES (%(edit_id)s, %(game_id)s, %(field)s, %(value)s, %(previous)s, %(actor)s, %(reason)s,
        coalesce(%(edited_at)s::timestamptz, %(at)s), %(carried_from)s)
"""
_CONFIRM = b"UPDATE human_edit SET agreed_at = %(at)s, agreed_sources = %(sources)s WHERE edit_id = %(edit_id)s"
_AGE = b"UPDATE human_edit SET aged_at = %(at)s WHERE edit_id = %(edit_id)s"


def _edits(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    statements: list[tuple[bytes, dict[str, Any]]] = []
    for event in events:
        values = _values(event)
        match event.event_type:
            case "game.edited":
                values |= {"value": Jsonb(values["value"]), "previous": Jsonb(values["previous"])}
                statements += [(_RELEASE, values), (_EDIT, values)]
            case "game.edit_released":
                statements.append((_RELEASE, values))
            case "game.edit_confirmed":
                statements.append((_CONFIRM, values))
            case _:
                statements.append((_AGE, values))
    one_by_one(connection, statements)


# What is held back and what was taken back --------------------------------------------------------------------------

_END_THIS_HOLD = b"UPDATE record_hold SET ended_at = %(at)s WHERE hold_id = %(hold_id)s AND ended_at IS NULL"
_END_HOLD = b"""
UPDATE record_hold SET ended_at = %(at)s
WHERE record_id = %(record_id)s AND ended_at IS NULL AND (kind = %(kind)s OR %(alone)s)
"""
_HOLD = b"""
INSERT INTO record_hold (hold_id, record_id, game_id, kind, parts, upto, ends_on, rollback_id, reason, actor, held_at)
VALUES (%(hold_id)s, %(record_id)s, %(game_id)s, %(kind)s, %(parts)s, %(upto)s, %(ends_on)s, %(rollback_id)s,
        %(reason)s, %(actor)s, %(at)s)
"""
_UNPIN = b"""
UPDATE game_pin SET ended_at = %(at)s, ended_position = %(position)s WHERE pin_id = %(pin_id)s AND ended_at IS NULL
"""
_END_PIN = b"""
UPDATE game_pin SET ended_at = %(at)s, ended_position = %(position)s
WHERE game_id = %(game_id)s AND field = %(field)s AND ended_at IS NULL
"""
_PIN = b"""
INSERT INTO game_pin (pin_id, game_id, field, value, provenance, rejected, revision, rollback_id, pinned_at, position)
VALUES (%(pin_id)s, %(game_id)s, %(field)s, %(value)s, %(provenance)s, %(rejected)s, %(revision)s, %(rollback_id)s,
        %(at)s, %(position)s)
"""
_ROLLBACK = b"""
INSERT INTO rollback (rollback_id, scope, reason, author, games, also, made_at)
VALUES (%(rollback_id)s, %(scope)s, %(reason)s, %(actor)s, %(games)s, %(also)s, %(at)s)
"""
_UNDONE = b"UPDATE rollback SET undone_at = %(at)s, undone_by = %(actor)s WHERE rollback_id = %(rollback_id)s"


def _holds(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    statements: list[tuple[bytes, dict[str, Any]]] = []
    for event in events:
        values = _values(event)
        match event.event_type:
            case "record.held":
                values |= {"parts": Jsonb(values["parts"])}
                statements += [(_END_HOLD, values), (_HOLD, values)]
            case "record.released":
                statements.append((_END_THIS_HOLD, values))
            case "game.pinned":
                because = values["provenance"]
                values |= {"value": Jsonb(values["value"]), "provenance": None if because is None else Jsonb(because)}
                statements += [(_END_PIN, values), (_PIN, values)]
            case "game.unpinned":
                statements.append((_UNPIN, values))
            case "rollback.made":
                values |= {"scope": Jsonb(values["scope"]), "also": Jsonb(values["also"])}
                statements.append((_ROLLBACK, values))
            case _:
                statements.append((_UNDONE, values))
    one_by_one(connection, statements)


def _values(event: RecordedEvent) -> dict[str, Any]:
    head = {"game_id": event.game_id, "at": event.recorded_at, "actor": event.actor, "position": event.position}
    payload: dict[str, Any] = json.loads(event.payload)
    return head | payload


MATCHES = Family(frozenset({"record.matched"}), _matches, in_log=True)
EXCLUSIONS = Family(frozenset({"review.closed", "record.separated", "record.matched"}), _exclusions)
EDITS = Family(frozenset({"game.edited", "game.edit_released", "game.edit_confirmed", "game.edit_aged"}), _edits)
HOLDS = Family(
    frozenset({"record.held", "record.released", "game.pinned", "game.unpinned", "rollback.made", "rollback.undone"}),
    _holds,
)
