"""What is proposed and not done, and which existing catalogues were imported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.store.event import RecordedEvent

from .batch import BATCH, Family, as_batch, one_by_one

__all__ = ["EXISTING_CATALOGUES", "PROPOSALS"]

_OVER = b"DELETE FROM game_proposal WHERE game_id = ANY(%s)"
_PROPOSED = (
    BATCH
    + b"""
INSERT INTO game_proposal (game_id, state, provenance, changed_fields, event_id, proposed_at)
SELECT game_id, p->'state', p->'provenance', ARRAY(SELECT jsonb_array_elements_text(p->'changed_fields')), event_id, at
FROM batch
ON CONFLICT (game_id) DO UPDATE SET
    state = excluded.state, provenance = excluded.provenance, changed_fields = excluded.changed_fields,
    event_id = excluded.event_id, proposed_at = excluded.proposed_at
"""
)


def _proposals(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    """A proposal stands until another takes its place, the game is revised, or it is withdrawn."""
    last = {event.game_id: event for event in events}
    standing = [event for event in last.values() if event.event_type == "game.proposed"]
    over = [game_id for game_id, event in last.items() if event.event_type != "game.proposed"]
    if over:
        connection.execute(_OVER, (over,))
    if standing:
        connection.execute(_PROPOSED, as_batch(standing))


_IMPORTED = b"""
INSERT INTO existing_catalogue (name, sha256, priority, counts, imported_by, imported_at)
VALUES (%(name)s, %(sha256)s, %(priority)s, %(counts)s, %(actor)s, %(at)s)
ON CONFLICT (name) DO UPDATE SET
    sha256 = excluded.sha256, priority = excluded.priority, counts = excluded.counts,
    imported_by = excluded.imported_by, imported_at = excluded.imported_at
"""


def _existing_catalogues(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    statements = []
    for event in events:
        payload: dict[str, Any] = json.loads(event.payload)
        values = payload | {"counts": Jsonb(payload["counts"]), "actor": event.actor, "at": event.recorded_at}
        statements.append((_IMPORTED, values))
    one_by_one(connection, statements)


PROPOSALS = Family(
    frozenset({"game.proposed", "game.proposal_closed", "game.created", "game.revised"}),
    _proposals,
    in_log=True,
)
EXISTING_CATALOGUES = Family(frozenset({"catalogue.imported"}), _existing_catalogues)
