"""Truths that reach across tables, each one SQL statement that returns the rows which break it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from game_pipeline.store import Store

__all__ = ["TABLE_RULES", "TableRule", "TableRuleResult", "check_tables"]


@dataclass(frozen=True, slots=True)
class TableRule:
    """`offenders` selects what breaks the rule, a row each."""

    name: str
    severity: Literal["WARN", "ERROR"]
    description: str
    offenders: str


@dataclass(frozen=True, slots=True)
class TableRuleResult:
    rule: TableRule
    passed: bool
    offenders: int
    sample: list[dict[str, Any]]


TABLE_RULES = (
    TableRule(
        "every_game_is_its_newest_revision",
        "ERROR",
        "The catalogue says what each game's newest revision says. Red: somebody wrote past the event store.",
        """
        SELECT game.game_id, game.revision FROM game
        LEFT JOIN game_revision AS newest ON newest.game_id = game.game_id AND newest.revision = game.revision
        WHERE newest.state IS DISTINCT FROM game.state
        """,
    ),
    TableRule(
        "every_value_has_a_provenance",
        "ERROR",
        "Each field of a game names the record or the edit that it comes from. Red: the merge lost it.",
        """
        SELECT game_id, field FROM game, jsonb_object_keys(state) AS field
        WHERE field <> 'descriptions' AND state->field NOT IN ('null', '[]', '{}') AND NOT provenance ? field
        UNION ALL
        SELECT game_id, 'descriptions.' || lang FROM game, jsonb_object_keys(state->'descriptions') AS lang
        WHERE NOT provenance ? ('descriptions.' || lang)
        """,
    ),
    TableRule(
        "every_human_edit_stands",
        "ERROR",
        "A field that a person set carries that edit as its provenance. Red: an import overrode a person.",
        """
        SELECT edit.game_id, edit.field FROM human_edit AS edit JOIN game USING (game_id)
        WHERE edit.released_at IS NULL AND (provenance->edit.field->>'rule') IS DISTINCT FROM 'human_edit'
        """,
    ),
    TableRule(
        "what_people_told_apart_is_apart",
        "ERROR",
        "No game holds two records of which a person said that they are different games. Red: something joined them "
        "past the ledger; `game-pipeline game why` shows what.",
        """
        SELECT ours.game_id, edge.a, edge.b, edge.judged_by FROM match_edge AS edge
        JOIN match_decision AS ours ON ours.record_id = edge.a AND ours.ended_at IS NULL
        JOIN match_decision AS theirs ON theirs.record_id = edge.b AND theirs.ended_at IS NULL
        WHERE edge.ended_at IS NULL AND edge.judge = 'person' AND edge.judgement = 'different'
          AND ours.game_id = theirs.game_id
        """,
    ),
    TableRule(
        "every_membership_has_a_judgement",
        "ERROR",
        "Each record of a game of several is joined to another of them by a standing judgement. Red: the game would "
        "come apart at the next look; `game-pipeline game why` shows what is missing.",
        """
        SELECT own.game_id, own.record_id FROM game_member AS own
        WHERE EXISTS (
            SELECT FROM game_member AS other WHERE other.game_id = own.game_id AND other.record_id <> own.record_id
        ) AND NOT EXISTS (
            SELECT FROM match_edge AS edge JOIN game_member AS other ON other.record_id = edge.b
            WHERE edge.a = own.record_id AND other.game_id = own.game_id
              AND edge.ended_at IS NULL AND edge.judgement = 'same'
        ) AND NOT EXISTS (
            SELECT FROM match_edge AS edge JOIN game_member AS other ON other.record_id = edge.a
            WHERE edge.b = own.record_id AND other.game_id = own.game_id
              AND edge.ended_at IS NULL AND edge.judgement = 'same'
        )
        """,
    ),
    TableRule(
        "every_record_has_a_game_or_a_question",
        "WARN",
        "Each record is about a game or is a question in review. Yellow: matching failed on "
        "it, as the run's log says, or has not caught up yet.",
        """
        SELECT record_id, source, identity FROM source_record AS record
        WHERE subject = 'game' AND state = 'live' AND NOT EXISTS (
            SELECT FROM match_decision AS decision WHERE decision.record_id = record.record_id AND ended_at IS NULL)
        """,
    ),
)


def check_tables(store: Store) -> Iterator[TableRuleResult]:
    """Run every rule; a sample of at most five offenders each."""
    for rule in TABLE_RULES:
        rows = store.rows(f"SELECT *, count(*) OVER () AS offenders_in_all FROM ({rule.offenders}) AS found LIMIT 5")
        offenders = rows[0]["offenders_in_all"] if rows else 0
        sample = [{k: v for k, v in row.items() if k != "offenders_in_all"} for row in rows]
        yield TableRuleResult(rule, passed=not rows, offenders=offenders, sample=sample)
