"""What goes along when games become one or come apart: edits, questions, conflicts, and the last word of a game."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.game_events import edit_again, game_event, pin_again
from game_pipeline.catalog.review import close_item
from game_pipeline.catalog.revise import Wording, revised
from game_pipeline.catalog.standing import Standing
from game_pipeline.merging import Merged
from game_pipeline.store import Event

__all__ = [
    "carry_edits",
    "close_everything",
    "edits_go_home",
    "farewell",
    "merge_position",
    "pins_come_back",
    "points_elsewhere",
]


def carry_edits(
    connection: Connection[DictRow], gone: Standing, into: int, taken: dict[str, Any], wording: Wording
) -> tuple[list[Event], list[str], list[dict[str, Any]]]:
    """Edits of a game that has become another go along, but for fields that a person has set there already.

    `taken`: field -> value of the edits that stand in the other, to which what goes along is added. Returns the events,
    the fields carried, and what is not kept: field, value, author.
    """
    events: list[Event] = []
    carried: list[str] = []
    lost: list[dict[str, Any]] = []
    for edit in gone.edits:
        if edit.field not in taken:
            old = {
                "edit_id": edit.edit_id,
                "field": edit.field,
                "value": edit.value,
                "previous": gone.about[edit.edit_id].previous,
                "author": edit.author,
                "reason": gone.about[edit.edit_id].reason,
            }
            events.append(edit_again(connection, into, old, wording, f"from game {gone.game_id}"))
            carried.append(edit.field)
            taken[edit.field] = edit.value
        elif taken[edit.field] != edit.value:
            lost.append({"field": edit.field, "value": edit.value, "author": edit.author})
    return events, carried, lost


_QUESTIONS = b"""
SELECT item_id, game_id FROM review_item
WHERE game_id = %(gone)s AND state = 'open' AND kind NOT IN ('match', 'held')
UNION
SELECT item_id, game_id FROM review_item
WHERE proposal->'games' @> to_jsonb(%(gone)s::bigint) AND state = 'open' AND kind = 'duplicate'
ORDER BY item_id
"""


def close_everything(connection: Connection[DictRow], gone: Standing, wording: Wording) -> list[Event]:
    """Conflicts of a game that is no more are over, and what was asked about it is asked no longer.

    Questions about its records stay: whether one is that game, and whether what is held back may be applied. The answer
    leads to the game that it became.
    """
    events = [
        game_event(gone.game_id, "conflict.closed", {"conflict_id": conflict_id, "field": field}, wording)
        for field, (conflict_id, _) in sorted(gone.conflicts.items())
    ]
    rows = connection.execute(_QUESTIONS, {"gone": gone.game_id}).fetchall()
    return events + [
        close_item(row["item_id"], row["game_id"], "stale", wording.actor, wording.correlation_id, wording.reason)
        for row in rows
    ]


def farewell(gone: Standing, kept: int, wording: Wording) -> Event:
    """The revision that makes a game refer to another."""
    merged = Merged(gone.state or {}, gone.provenance, (), ())
    edited = sorted(edit.field for edit in gone.edits)
    return revised(gone, merged, [], wording, status="merged", changed=(), edited=edited, merged_into=kept)


# A number leads where it led as long as anything is there that was of it; else where most of that is.
_ELSEWHERE = b"""
WITH former AS (
    SELECT DISTINCT old.game_id AS merged, now.record_id, now.game_id
    FROM game JOIN match_decision AS old ON old.game_id = game.game_id
    JOIN match_decision AS now ON now.record_id = old.record_id AND now.ended_at IS NULL
    WHERE game.status = 'merged' AND game.merged_into = ANY(%(games)s) AND now.game_id = ANY(%(games)s)
), counted AS (
    SELECT merged, game_id, count(*) AS n FROM former GROUP BY merged, game_id
), best AS (
    SELECT DISTINCT ON (merged) merged, counted.game_id FROM counted JOIN game ON game.game_id = merged
    ORDER BY merged, counted.game_id <> game.merged_into, n DESC, counted.game_id
)
SELECT merged, best.game_id FROM best JOIN game ON game.game_id = merged
WHERE game.merged_into <> best.game_id ORDER BY merged
"""


def points_elsewhere(connection: Connection[DictRow], games: Sequence[int]) -> dict[int, int]:
    """Merged games whose records have gone from the one of these games that they refer to to another of them."""
    rows = connection.execute(_ELSEWHERE, {"games": list(games)}).fetchall()
    return {row["merged"]: row["game_id"] for row in rows}


def edits_go_home(connection: Connection[DictRow], game_id: int, home: int, wording: Wording) -> list[Event]:
    """Edits that came along with a merge leave with it; in the game that is there again they never ceased to stand."""
    rows = connection.execute(
        b"SELECT edit.edit_id, edit.field FROM human_edit AS edit JOIN human_edit AS origin "
        b"ON origin.edit_id = edit.carried_from AND origin.game_id = %s "
        b"WHERE edit.game_id = %s AND edit.released_at IS NULL ORDER BY edit.edit_id",
        (home, game_id),
    ).fetchall()
    return [
        game_event(
            game_id,
            "game.edit_released",
            {"edit_id": row["edit_id"], "field": row["field"], "reason": wording.reason or "split"},
            wording,
        )
        for row in rows
    ]


def merge_position(connection: Connection[DictRow], game_id: int) -> int | None:
    """Where in the log a game that is merged became another; None: it has not."""
    row = connection.execute(
        b"SELECT min(position) AS place FROM game_revision JOIN event_identity USING (event_id) "
        b"WHERE game_id = %(merged)s AND revision > ("
        b"SELECT max(revision) FROM game_revision WHERE game_id = %(merged)s AND status <> 'merged')",
        {"merged": game_id},
    ).fetchone()
    return row["place"] if row else None


_PINS_BEFORE = b"""
SELECT pin.* FROM game_pin AS pin JOIN rollback USING (rollback_id)
WHERE game_id = %(game)s AND position < %(merged)s AND ended_position > %(merged)s AND undone_at IS NULL
  AND NOT EXISTS (SELECT FROM game_pin AS later
                  WHERE later.game_id = pin.game_id AND later.field = pin.field AND later.pin_id > pin.pin_id)
  AND NOT EXISTS (SELECT FROM rollback AS other
                  WHERE other.also->'unpinned' @> to_jsonb(pin.pin_id) AND other.undone_at IS NULL)
ORDER BY pin_id
"""


def pins_come_back(connection: Connection[DictRow], game_id: int, home: int, wording: Wording) -> list[Event]:
    """What a rollback had pinned in a game, and what came along with `home` had ended, stands again when that leaves.

    Where the game's own records say something new since, it ends by that again.
    """
    about = {"game": game_id, "merged": merge_position(connection, home)}
    return [pin_again(connection, pin, wording) for pin in connection.execute(_PINS_BEFORE, about).fetchall()]
