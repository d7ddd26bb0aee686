"""What shadow mode found: how the catalogue and its sources differ, told in numbers and examples; and letting it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.model import digest
from game_pipeline.store import Store

from .fields import as_edited, value_of
from .reconcile import ACTOR, Curator
from .records import lock_catalogue, members_of
from .standing import read_standing

__all__ = ["ProposalError", "ShadowReport", "apply_proposal", "proposed_games", "shadow_report"]


class ProposalError(ValueError):
    """Nothing is proposed for the game."""


@dataclass(slots=True)
class ShadowReport:
    """`counts`: games that say the same as their sources (same), would change (changed), are known to sources alone
    (new), or of existing catalogues alone (unknown_to_sources), and open questions.

    `fields`: field -> games in which it would be filled, changed or emptied. `questions`: open ones by kind. Examples
    are lists of games.
    """

    counts: dict[str, int]
    fields: dict[str, dict[str, int]]
    questions: dict[str, int]
    changed: list[dict[str, Any]] = field(default_factory=list)
    new: list[dict[str, Any]] = field(default_factory=list)
    unknown_to_sources: list[dict[str, Any]] = field(default_factory=list)


_ONLY_EXISTING = """
status = 'active' AND EXISTS (SELECT FROM game_member AS member JOIN existing_catalogue ON name = member.source
                              WHERE member.game_id = game.game_id)
AND NOT EXISTS (SELECT FROM game_member AS member WHERE member.game_id = game.game_id
                AND member.source NOT IN (SELECT name FROM existing_catalogue))
"""
_COUNTS = f"""
SELECT count(*) FILTER (WHERE status = 'active' AND proposal.game_id IS NULL AND NOT ({_ONLY_EXISTING})) AS same,
       count(*) FILTER (WHERE proposal.game_id IS NOT NULL) AS changed,
       count(*) FILTER (WHERE status = 'proposed') AS new,
       count(*) FILTER (WHERE {_ONLY_EXISTING}) AS unknown_to_sources
FROM game LEFT JOIN game_proposal AS proposal USING (game_id)
"""
_FIELDS = """
WITH each AS (
    SELECT field, string_to_array(field, '.') AS path, game.state AS now, proposal.state AS proposed
    FROM game_proposal AS proposal JOIN game USING (game_id), unnest(proposal.changed_fields) AS field
), told AS (
    SELECT field, coalesce(now #> path, 'null') IN ('null', '[]', '{}', '""') AS empty,
           coalesce(proposed #> path, 'null') IN ('null', '[]', '{}', '""') AS emptied FROM each
)
SELECT field, count(*) FILTER (WHERE empty) AS filled, count(*) FILTER (WHERE NOT empty AND NOT emptied) AS changed,
       count(*) FILTER (WHERE emptied AND NOT empty) AS emptied
FROM told GROUP BY field ORDER BY count(*) DESC, field
"""
_SOURCES = """
(SELECT coalesce(array_agg(DISTINCT source ORDER BY source), '{}') FROM game_member
 WHERE game_member.game_id = game.game_id) AS sources
"""


def shadow_report(store: Store, limit: int = 20) -> ShadowReport:
    """How the catalogue and what its sources say differ; `limit` examples of each kind."""
    counts = store.row(_COUNTS) or {}
    questions = store.rows(
        "SELECT kind, count(*) AS open FROM review_item WHERE state = 'open' GROUP BY kind ORDER BY kind"
    )
    asked = {row["kind"]: row["open"] for row in questions}
    return ShadowReport(
        counts=counts | {"questions": sum(asked.values())},
        fields={row.pop("field"): row for row in store.rows(_FIELDS)},
        questions=asked,
        changed=[
            _difference(row)
            for row in store.rows(
                "SELECT game_id, game.title, game.state AS now, proposal.state AS proposed, proposal.provenance, "
                "proposal.changed_fields, proposal.proposed_at "
                "FROM game_proposal AS proposal JOIN game USING (game_id) ORDER BY game_id LIMIT %s",
                (limit,),
            )
        ],
        new=store.rows(
            f"SELECT game_id, title, {_SOURCES} FROM game WHERE status = 'proposed' ORDER BY game_id LIMIT %s", (limit,)
        ),
        unknown_to_sources=store.rows(
            f"SELECT game_id, title, {_SOURCES} FROM game WHERE {_ONLY_EXISTING} ORDER BY game_id LIMIT %s", (limit,)
        ),
    )


def _difference(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "game_id": row["game_id"],
        "title": row["title"],
        "proposed_at": row["proposed_at"],
        "changes": [
            {
                "field": name,
                "old": as_edited(value_of(row["now"], name)),
                "new": as_edited(value_of(row["proposed"], name)),
                "sources": _who(row["provenance"].get(name)),
            }
            for name in row["changed_fields"]
        ],
    }


def _who(entry: Mapping[str, Any] | None) -> list[str]:
    if entry is None:
        return []
    if entry["rule"] == "human_edit":
        return [entry["author"]]
    return list(dict.fromkeys(each["source"] for each in entry.get("sources", [])))


def proposed_games(store: Store) -> list[int]:
    """Every game for which something is proposed: a change, or that it be one of the catalogue."""
    rows = store.rows(
        "SELECT game_id FROM game_proposal UNION SELECT game_id FROM game WHERE status = 'proposed' ORDER BY game_id"
    )
    return [row["game_id"] for row in rows]


def apply_proposal(
    connection: Connection[DictRow], curator: Curator, game_id: int, *, author: str, reason: str
) -> Literal["applied", "moved_on"]:
    """Let a game say what is proposed, inside the caller's transaction.

    Where the sources have said something else since, that is proposed instead, for a person to see first (moved_on).
    Raises `ProposalError`.
    """
    lock_catalogue(connection)
    row = connection.execute(
        b"SELECT coalesce(proposal.state, game.state) AS proposed, status, proposal.game_id IS NULL AS none "
        b"FROM game LEFT JOIN game_proposal AS proposal USING (game_id) WHERE game_id = %s",
        (game_id,),
    ).fetchone()
    if row is None:
        raise ProposalError(f"no game {game_id}; see: game-pipeline shadow report")
    if row["none"] and row["status"] != "proposed":
        raise ProposalError(f"nothing is proposed for game {game_id}; see: game-pipeline shadow report")
    outright = curator.outright()
    wording = curator.wording(author, "review", reason)
    standing = read_standing(connection, game_id)
    planned = outright.planned(connection, standing, members_of(connection, [game_id])[game_id], wording)
    if digest(planned.merged.state) != digest(row["proposed"]):
        if curator.shadow:
            curator.bring_up_to_date(connection, game_id, curator.wording(ACTOR, "import"))
        return "moved_on"
    outright.bring_up_to_date(connection, game_id, wording)
    return "applied"
