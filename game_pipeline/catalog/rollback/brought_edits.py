"""Edits that an existing catalogue brought along: they go back with the import that brought them.

What people have set here is nobody's import, and stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.game_events import edit_again, game_event
from game_pipeline.catalog.review import close_question, suggestion_question
from game_pipeline.catalog.revise import Wording
from game_pipeline.store import Event

from .report import Scope
from .steps import CAUSE

__all__ = ["BroughtEdits", "take_edits_back"]

# An edit may have come to another game by a merge since, or stand again as a rollback was undone: it is the one it
# repeats. Only imports of catalogues name a source in their edits.
_BROUGHT = b"""
WITH RECURSIVE repeated AS (
    SELECT edit_id AS standing_as, edit_id, game_id, carried_from FROM human_edit WHERE game_id = ANY(%(games)s)
    UNION ALL
    SELECT standing_as, older.edit_id, older.game_id, older.carried_from
    FROM repeated JOIN human_edit AS older ON older.edit_id = repeated.carried_from
)
SELECT edit.*, event.recorded_at AS brought_at FROM repeated
JOIN human_edit AS edit ON edit.edit_id = standing_as
JOIN import_event AS event ON event.game_id = repeated.game_id AND event.event_type = 'game.edited'
    AND (event.payload->>'edit_id')::bigint = repeated.edit_id
WHERE repeated.carried_from IS NULL AND event.source IS NOT NULL
  AND (%(source)s::text IS NULL OR event.source = %(source)s)
  AND (%(run_id)s::text IS NULL OR event.correlation_id = %(run_id)s)
  AND (%(since)s::timestamptz IS NULL OR event.recorded_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR event.recorded_at < %(until)s)
ORDER BY edit.game_id, edit.edit_id
"""


@dataclass(frozen=True, slots=True)
class BroughtEdits:
    """The events that take edits back, and the ids of those released and of those that stand in their place again."""

    events: list[Event] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    reinstated: list[int] = field(default_factory=list)


def take_edits_back(
    connection: Connection[DictRow], games: Collection[int], scope: Scope, wording: Wording
) -> BroughtEdits:
    """Release the edits of these games that the scope brought; one that such an edit had replaced stands again.

    A version of a parser reads pages, and brings no edit.
    """
    back = BroughtEdits()
    if scope.parser_version is not None:
        return back
    wanted = {"source": scope.source, "run_id": scope.run_id, "since": scope.since, "until": scope.until}
    brought = connection.execute(_BROUGHT, {"games": list(games)} | wanted).fetchall()
    unwanted = {row["edit_id"]: row for row in brought}
    for row in brought:
        if row["released_at"] is not None:
            continue
        game_id, name = row["game_id"], row["field"]
        back.released.append(row["edit_id"])
        older = _replaced(connection, row, unwanted)
        if older is None:
            payload = {"edit_id": row["edit_id"], "field": name, "reason": wording.reason or CAUSE}
            back.events.append(game_event(game_id, "game.edit_released", payload, wording))
        else:
            again = edit_again(connection, game_id, older, wording, f"as before the edit of {_day(row['edited_at'])}")
            back.reinstated.append(again.payload["edit_id"])
            back.events.append(again)
        question = suggestion_question(game_id, name)
        back.events.extend(
            close_question(connection, question, "stale", wording.actor, wording.correlation_id, wording.reason)
        )
    return back


def _replaced(
    connection: Connection[DictRow], edit: dict[str, Any], unwanted: dict[int, dict[str, Any]]
) -> dict[str, Any] | None:
    """The edit that stood until the unwanted one, or the first of several such, took its place."""
    older: dict[str, Any] | None = edit
    while older is not None and older["edit_id"] in unwanted:
        older = connection.execute(
            b"SELECT * FROM human_edit WHERE game_id = %(game_id)s AND field = %(field)s AND edit_id < %(edit_id)s "
            b"AND released_at = %(brought_at)s ORDER BY edit_id DESC LIMIT 1",
            unwanted[older["edit_id"]],
        ).fetchone()
    return older


def _day(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%d}"
