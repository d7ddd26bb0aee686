"""Reading the catalogue for people: find a game, show it, tell its history. Nothing is written here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from game_pipeline.store import Store

from .fields import as_edited, value_of
from .score import missing

__all__ = [
    "FoundGame",
    "find_games",
    "game_at",
    "game_history",
    "list_rollbacks",
    "living_game",
    "show_game",
]


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
       (SELECT coalesce(array_agg(DISTINCT source), '{}') FROM game_member
        WHERE game_member.game_id = game.game_id) AS sources
FROM hit JOIN game USING (game_id) WHERE game.status = 'active'
ORDER BY hit.rank DESC, game.title, game.game_id LIMIT %(limit)s
"""


def find_games(store: Store, text: str, limit: int = 20) -> list[FoundGame]:
    """Games whose title, or another name of theirs, holds or resembles the text; the best first."""
    pattern = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = store.rows(_FIND, {"text": text, "pattern": pattern, "limit": limit})
    return [FoundGame(**(row | {"authors": tuple(row["authors"]), "sources": tuple(row["sources"])})) for row in rows]


_LIVING = """
WITH RECURSIVE path AS (
    SELECT game_id, merged_into FROM game WHERE game_id = %s
    UNION ALL
    SELECT game.game_id, game.merged_into FROM game JOIN path ON game.game_id = path.merged_into
)
SELECT game_id FROM path WHERE merged_into IS NULL
"""


def living_game(store: Store, game_id: int) -> int | None:
    """The game that a number leads to: itself, or what it has become by merging; None where there never was one."""
    row = store.row(_LIVING, (game_id,))
    return row["game_id"] if row else None


def show_game(store: Store, game_id: int) -> dict[str, Any] | None:
    """A game with its provenance, the records behind it, the standing edits and what is open about it."""
    game = store.row(
        "SELECT game_id, revision, status, merged_into, state, provenance, quality_score, import_metadata, "
        "needs_human_review, last_ai_review, created_at, updated_at FROM game WHERE game_id = %s",
        (game_id,),
    )
    if game is None:
        return None
    game["missing"] = list(missing(game["state"]))
    game["import_state"] = store.row(
        "SELECT sources, human_edited_fields, conflict_count, last_imported_at FROM game_import_state "
        "WHERE game_id = %s",
        (game_id,),
    )
    game["records"] = store.rows(
        """
        SELECT state.record_id, state.source, state.identity, record.url, state.record_version AS version, state.live,
               state.heard, decision.band, decision.method, decision.evidence
        FROM game_member AS state JOIN source_record AS record USING (record_id)
        LEFT JOIN match_decision AS decision
             ON decision.record_id = state.record_id AND decision.ended_at IS NULL
        WHERE state.game_id = %s ORDER BY state.record_id
        """,
        (game_id,),
    )
    game["edits"] = store.rows(
        "SELECT field, value, author, reason, edited_at, agreed_at, agreed_sources FROM human_edit "
        "WHERE game_id = %s AND released_at IS NULL ORDER BY edit_id",
        (game_id,),
    )
    game["held"] = store.rows(
        """
        SELECT record_id, kind, parts, reason, actor, held_at, rollback_id
        FROM record_hold JOIN game_member AS member USING (record_id)
        WHERE member.game_id = %s AND ended_at IS NULL ORDER BY record_id
        """,
        (game_id,),
    )
    game["pinned"] = store.rows(
        "SELECT field, revision, rollback_id, pinned_at FROM game_pin WHERE game_id = %s AND ended_at IS NULL "
        "ORDER BY field",
        (game_id,),
    )
    game["conflicts"] = store.rows(
        "SELECT field, sides, state FROM data_conflict WHERE game_id = %s AND closed_at IS NULL ORDER BY field",
        (game_id,),
    )
    game["relations"] = store.rows(_RELATIONS, {"game": game_id})
    game["was"] = [
        row["game_id"]
        for row in store.rows("SELECT game_id FROM game WHERE merged_into = %s ORDER BY game_id", (game_id,))
    ]
    game["review"] = store.rows(
        "SELECT item_id, kind, summary FROM review_item WHERE game_id = %s AND state = 'open' ORDER BY item_id",
        (game_id,),
    )
    return game


_RELATIONS = """
SELECT relation_id, each.kind, inverse, other.game_id, game.title, judge, reason, stated_by, stated_at FROM (
    SELECT relation_id, kind, false AS inverse, record_id AS own, of_record AS theirs, judge, reason, stated_by,
           stated_at FROM game_relation WHERE ended_at IS NULL
    UNION ALL
    SELECT relation_id, kind, true, of_record, record_id, judge, reason, stated_by, stated_at
    FROM game_relation WHERE ended_at IS NULL) AS each
JOIN match_decision AS mine ON mine.record_id = own AND mine.ended_at IS NULL
JOIN match_decision AS other ON other.record_id = theirs AND other.ended_at IS NULL
JOIN game ON game.game_id = other.game_id
WHERE mine.game_id = %(game)s AND other.game_id <> mine.game_id ORDER BY relation_id
"""


def game_at(store: Store, game_id: int, moment: dt.datetime) -> dict[str, Any] | None:
    """A game as it stood at a moment: its newest revision until then; None where it was not there yet."""
    return store.row(
        "SELECT game_id, revision, status, state, provenance, cause, actor, recorded_at FROM game_revision "
        "WHERE game_id = %s AND recorded_at <= %s ORDER BY revision DESC LIMIT 1",
        (game_id, moment),
    )


def game_history(store: Store, game_id: int, field: str | None = None) -> list[dict[str, Any]]:
    """Every revision, oldest first: what changed from what to what, because of whom and why.

    `imports`: which versions of records a revision heard that the one before did not, and the run and parser that
    brought them. `edited`: edits that came to stand: field, author, at. `field`: only revisions that changed it.
    """
    rows = store.rows(
        """
        SELECT revision, recorded_at, status, cause, actor, reason, changed_fields, state, provenance, members,
               lag(state) OVER told AS before, lag(members) OVER told AS members_before,
               lag(provenance) OVER told AS provenance_before
        FROM game_revision WHERE game_id = %s WINDOW told AS (ORDER BY revision) ORDER BY revision
        """,
        (game_id,),
    )
    heard = [_news(row["members_before"] or {}, row["members"]) for row in rows]
    versions = _versions(store, {pair for pairs in heard for pair in pairs})
    history = []
    for row, pairs in zip(rows, heard, strict=True):
        before, state, provenance = row.pop("before"), row.pop("state"), row.pop("provenance")
        row["edited"] = _new_edits(row.pop("provenance_before") or {}, provenance)
        del row["members"], row["members_before"]
        if field is not None and field not in row["changed_fields"]:
            continue
        row["changes"] = [
            {
                "field": name,
                "old": as_edited(value_of(before, name)) if before else None,
                "new": as_edited(value_of(state, name)),
                "because": provenance.get(name),
            }
            for name in row["changed_fields"]
            if field in (None, name)
        ]
        row["imports"] = [versions[pair] for pair in sorted(pairs) if pair in versions]
        history.append(row)
    return history


def _new_edits(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """The edits that a revision's provenance names and the one before did not."""
    return [
        {"field": field, "author": entry["author"], "at": entry["at"]}
        for field, entry in sorted(after.items())
        if entry["rule"] == "human_edit" and before.get(field, {}).get("edit") != entry["edit"]
    ]


def _news(before: dict[str, dict[str, int]], after: dict[str, dict[str, int]]) -> set[tuple[int, int]]:
    """Which (record, version) are heard after and were not before."""
    return {
        (int(record), version)
        for record, parts in after.items()
        for version in set(parts.values()) - set(before.get(record, {}).values())
    }


def _versions(store: Store, pairs: set[tuple[int, int]]) -> dict[tuple[int, int], dict[str, Any]]:
    if not pairs:
        return {}
    records, numbers = zip(*sorted(pairs), strict=True)
    rows = store.rows(
        """
        SELECT heard.record_id, heard.version, source, identity, change, run_id, parser_version, recorded_at
        FROM unnest(%s::bigint[], %s::int[]) AS wanted (record_id, version)
        JOIN record_version AS heard USING (record_id, version)
        JOIN source_record ON source_record.record_id = heard.record_id
        """,
        (list(records), list(numbers)),
    )
    return {(row["record_id"], row["version"]): row for row in rows}


def list_rollbacks(store: Store, limit: int = 50) -> list[dict[str, Any]]:
    """What was taken back, the newest first."""
    return store.rows(
        "SELECT rollback_id, scope, reason, author, cardinality(games) AS games, made_at, undone_at, undone_by "
        "FROM rollback ORDER BY rollback_id DESC LIMIT %s",
        (limit,),
    )
