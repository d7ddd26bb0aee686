"""Reading the catalogue for people: find a game, show it, tell its history. Nothing is written here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from game_pipeline.store import Store

__all__ = ["FoundGame", "find_games", "game_at", "game_history", "list_review", "show_game", "show_review"]


@dataclass(frozen=True, slots=True)
class FoundGame:
    """One line of a search result."""

    game_id: int
    title: str
    release_date: str | None
    authors: tuple[str, ...]
    sources: tuple[str, ...]


_FIND = """
WITH hit AS (
    SELECT game_id, max(
        CASE WHEN lower(title) = lower(%(text)s) THEN 2.0
             WHEN lower(title) LIKE '%%' || lower(%(pattern)s) || '%%' THEN 1.0 + similarity(title, %(text)s)
             ELSE word_similarity(lower(%(text)s), lower(title)) END) AS rank
    FROM game_title
    WHERE lower(title) LIKE '%%' || lower(%(pattern)s) || '%%' OR lower(%(text)s) <%% lower(title)
          OR lower(title) %% lower(%(text)s)
    GROUP BY game_id
)
SELECT game.game_id, game.title, game.release_date,
       (SELECT coalesce(array_agg(name ORDER BY position), '{}') FROM game_credit
        WHERE game_credit.game_id = game.game_id AND role = 'author') AS authors,
       (SELECT coalesce(array_agg(DISTINCT source), '{}') FROM game_import_state
        WHERE game_import_state.game_id = game.game_id) AS sources
FROM hit JOIN game USING (game_id) WHERE game.status = 'active'
ORDER BY hit.rank DESC, game.title, game.game_id LIMIT %(limit)s
"""


def find_games(store: Store, text: str, limit: int = 20) -> list[FoundGame]:
    """Games whose title, or another name of theirs, holds or resembles the text; the best first."""
    pattern = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = store.rows(_FIND, {"text": text, "pattern": pattern, "limit": limit})
    return [FoundGame(**(row | {"authors": tuple(row["authors"]), "sources": tuple(row["sources"])})) for row in rows]


def show_game(store: Store, game_id: int) -> dict[str, Any] | None:
    """A game with its provenance, the records behind it, the standing edits and what is open about it."""
    game = store.row(
        "SELECT game_id, revision, status, state, provenance, needs_human_review, created_at, updated_at "
        "FROM game WHERE game_id = %s",
        (game_id,),
    )
    if game is None:
        return None
    game["records"] = store.rows(
        """
        SELECT state.record_id, state.source, state.identity, record.url, state.record_version AS version, state.live,
               decision.band, decision.method, decision.evidence
        FROM game_import_state AS state JOIN source_record AS record USING (record_id)
        LEFT JOIN match_decision AS decision
             ON decision.record_id = state.record_id AND decision.ended_at IS NULL
        WHERE state.game_id = %s ORDER BY state.record_id
        """,
        (game_id,),
    )
    game["edits"] = store.rows(
        "SELECT field, value, author, reason, edited_at FROM human_edit "
        "WHERE game_id = %s AND released_at IS NULL ORDER BY edit_id",
        (game_id,),
    )
    game["conflicts"] = store.rows(
        "SELECT field, sides, state FROM data_conflict WHERE game_id = %s AND closed_at IS NULL ORDER BY field",
        (game_id,),
    )
    game["review"] = store.rows(
        "SELECT item_id, kind, summary FROM review_item WHERE game_id = %s AND state = 'open' ORDER BY item_id",
        (game_id,),
    )
    return game


def game_at(store: Store, game_id: int, moment: dt.datetime) -> dict[str, Any] | None:
    """A game as it stood at a moment: its newest revision until then; None where it was not there yet."""
    return store.row(
        "SELECT game_id, revision, state, provenance, cause, actor, recorded_at FROM game_revision "
        "WHERE game_id = %s AND recorded_at <= %s ORDER BY revision DESC LIMIT 1",
        (game_id, moment),
    )


def game_history(store: Store, game_id: int) -> list[dict[str, Any]]:
    """Every revision, oldest first: what changed from what to what, because of whom and why."""
    rows = store.rows(
        """
        SELECT revision, recorded_at, cause, actor, reason, changed_fields, state, provenance,
               lag(state) OVER (ORDER BY revision) AS before
        FROM game_revision WHERE game_id = %s ORDER BY revision
        """,
        (game_id,),
    )
    history = []
    for row in rows:
        before, state, provenance = row.pop("before"), row.pop("state"), row.pop("provenance")
        row["changes"] = [
            {
                "field": field,
                "old": _value(before, field) if before else None,
                "new": _value(state, field),
                "because": provenance.get(field),
            }
            for field in row["changed_fields"]
        ]
        history.append(row)
    return history


def _value(state: dict[str, Any], field: str) -> Any:
    name, _, lang = field.partition(".")
    if name == "descriptions":
        return state["descriptions"].get(lang, {}).get("text")
    return state.get(name)


def list_review(store: Store, *, kind: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Open questions, the most important and oldest first."""
    return store.rows(
        "SELECT item_id, kind, game_id, record_id, summary, opened_at FROM review_item "
        "WHERE state = 'open' AND (%(kind)s::text IS NULL OR kind = %(kind)s) "
        "ORDER BY priority, item_id LIMIT %(limit)s",
        {"kind": kind, "limit": limit},
    )


def show_review(store: Store, item_id: int) -> dict[str, Any] | None:
    return store.row("SELECT * FROM review_item WHERE item_id = %s", (item_id,))
