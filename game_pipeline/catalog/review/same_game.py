"""Is it the same game? Questions about a record, and about two games of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.ledger.components import Refusal
from game_pipeline.catalog.records import StoredRecord
from game_pipeline.matching import Decision, Evidence
from game_pipeline.store import Event

from .asking import ask

__all__ = ["as_evidence", "ask_duplicate", "ask_match", "ask_refused", "match_question"]


def match_question(record_id: int) -> str:
    return f"match:{record_id}"


def ask_match(
    connection: Connection[DictRow], record: StoredRecord, decision: Decision, correlation_id: str
) -> list[Event]:
    """Is this record about the proposed game?"""
    games = [game for game in (decision.game_id, *decision.alternatives) if game is not None]
    titles = {
        row["game_id"]: row["title"]
        for row in connection.execute(b"SELECT game_id, title FROM game WHERE game_id = ANY(%s)", (games,))
    }
    named = f"game {games[0]} “{titles.get(games[0], '')}”" if games else "a game of the catalogue"
    return ask(
        connection,
        kind="match",
        question=match_question(record.record_id),
        game_id=decision.game_id,
        record_id=record.record_id,
        proposal={
            "method": decision.method,
            "candidates": games,
            "evidence": [asdict(evidence) for evidence in decision.evidence],
        },
        summary=f"Is {record.source} {record.identity} “{record.record.title}” the same as {named}?",
        correlation_id=correlation_id,
    )


def ask_refused(
    connection: Connection[DictRow],
    record: StoredRecord,
    game_id: int,
    own: int | None,
    refusal: Refusal,
    correlation_id: str,
) -> list[Event]:
    """A judgement joins the record, or the game `own` that it is of, to a game, and another stands against it."""
    edge, against = refusal.edge, refusal.against
    evidence = tuple(as_evidence(item) for item in edge.reason)
    words = "; ".join(str(item["detail"]) for item in against.reason) or against.method
    said = f"against it stands: records {against.a} and {against.b} are different ({against.judged_by}: {words})"
    conflict = Evidence("conflict", said, "", "")
    decision = Decision("review", game_id, edge.method, edge.score, (*evidence, conflict))
    if own is None:
        return ask_match(connection, record, decision, correlation_id)
    return ask_duplicate(connection, own, decision, correlation_id)


def ask_duplicate(
    connection: Connection[DictRow], game_id: int, decision: Decision, correlation_id: str
) -> list[Event]:
    """Are two games of the catalogue one? `decision`: what matching says of the one beside the other."""
    assert decision.game_id is not None
    one, other = sorted((game_id, decision.game_id))
    titles = {
        row["game_id"]: f"{row['title']} ({row['release_date'] or 'no date'})"
        for row in connection.execute(
            b"SELECT game_id, title, release_date FROM game WHERE game_id = ANY(%s)", ([one, other],)
        )
    }
    return ask(
        connection,
        kind="duplicate",
        question=f"duplicate:{one}:{other}",
        game_id=one,
        record_id=None,
        proposal={
            "games": [one, other],
            "method": decision.method,
            "evidence": [asdict(evidence) for evidence in decision.evidence],
        },
        summary=f"Are game {one} “{titles[one]}” and game {other} “{titles[other]}” one game?",
        correlation_id=correlation_id,
    )


def as_evidence(item: Mapping[str, Any]) -> Evidence:
    """As a judgement keeps it; in what is older than the ledger `feature` is called `kind`."""
    return Evidence(str(item.get("feature", item.get("kind", ""))), item["detail"], item["ours"], item["theirs"])
