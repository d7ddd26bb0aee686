"""The queue of questions for people: what is asked, when it is asked again, and what an answer does.

One open item a question. A question that was answered is not asked again while its proposal stays the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Decision
from game_pipeline.merging import Merged
from game_pipeline.model import canonical_json
from game_pipeline.store import Event

from .records import StoredRecord
from .revise import Plan, Standing

__all__ = [
    "ask_conflicts",
    "ask_match",
    "ask_vanished",
    "close_item",
    "close_question",
    "match_question",
    "suggest",
    "suggestion_question",
]

PIPELINE = "pipeline"
PRIORITIES = {"match": 40, "suggestion": 60, "conflict": 50, "vanished": 30}


def match_question(record_id: int) -> str:
    return f"match:{record_id}"


def suggestion_question(game_id: int, field: str) -> str:
    return f"suggestion:{game_id}:{field}"


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


def ask_conflicts(connection: Connection[DictRow], standing: Standing, plan: Plan, correlation_id: str) -> list[Event]:
    """A question for each new conflict; those that no longer stand go stale."""
    events: list[Event] = []
    for news in plan.events:
        if news.event_type not in ("conflict.detected", "conflict.closed"):
            continue
        field = news.payload["field"]
        question = f"conflict:{standing.game_id}:{field}"
        if news.event_type == "conflict.closed":
            events += close_question(connection, question, "stale", PIPELINE, correlation_id)
            continue
        sides = news.payload["sides"]
        said = "; ".join(
            f"{', '.join(by['source'] for by in side['sources'])}: {_short(side['value'])}" for side in sides
        )
        events += ask(
            connection,
            kind="conflict",
            question=question,
            game_id=standing.game_id,
            record_id=None,
            proposal={"conflict_id": news.payload["conflict_id"], "field": field, "sides": sides},
            summary=f"Sources disagree about {field} of “{plan.merged.state['title']}”: {said}",
            correlation_id=correlation_id,
        )
    return events


def suggest(connection: Connection[DictRow], standing: Standing, merged: Merged, correlation_id: str) -> list[Event]:
    """Where the sources now say something new about a field that a person set: a suggested improvement, no more.

    What the sources said when the person decided is no news; a suggestion that they withdrew goes stale.
    """
    events: list[Event] = []
    disagreeing = {item.field: item for item in merged.disagreements}
    for edit in standing.edits:
        question = suggestion_question(standing.game_id, edit.field)
        item = disagreeing.get(edit.field)
        # Of a description the text counts; which source gave which sentence is no news.
        said = item.computed["text"] if item and isinstance(item.computed, dict) else item and item.computed
        if item is None or said == standing.previous.get(edit.edit_id):
            events += close_question(connection, question, "stale", PIPELINE, correlation_id)
            continue
        events += ask(
            connection,
            kind="suggestion",
            question=question,
            game_id=standing.game_id,
            record_id=None,
            proposal={"field": edit.field, "edit_id": edit.edit_id, "value": said},
            summary=(
                f"{edit.author} set {edit.field} of “{merged.state['title']}” to {_short(edit.value)}; "
                f"the sources now say {_short(said)}"
            ),
            correlation_id=correlation_id,
        )
    return events


def ask_vanished(
    connection: Connection[DictRow],
    game_id: int,
    standing: Standing,
    records: Sequence[StoredRecord],
    correlation_id: str,
) -> list[Event]:
    """A game that no source lists any more stays in the catalogue, and a person is asked about it."""
    question = f"vanished:{game_id}"
    if any(record.live for record in records):
        return close_question(connection, question, "stale", PIPELINE, correlation_id)
    title = standing.state["title"] if standing.state else ""
    return ask(
        connection,
        kind="vanished",
        question=question,
        game_id=game_id,
        record_id=None,
        proposal={"records": [record.record_id for record in records]},
        summary=f"No source lists “{title}” any more; it was on {', '.join(sorted({r.source for r in records}))}",
        correlation_id=correlation_id,
    )


def ask(
    connection: Connection[DictRow],
    *,
    kind: str,
    question: str,
    game_id: int | None,
    record_id: int | None,
    proposal: Mapping[str, Any],
    summary: str,
    correlation_id: str,
) -> list[Event]:
    """Open a question, unless it stands or was answered just so; one that changed replaces the older item."""
    last = connection.execute(
        b"SELECT item_id, state, proposal FROM review_item WHERE question = %s AND state <> 'stale' "
        b"ORDER BY item_id DESC LIMIT 1",
        (question,),
    ).fetchone()
    if last and canonical_json(last["proposal"]) == canonical_json(dict(proposal)):
        return []
    events = close_question(connection, question, "stale", PIPELINE, correlation_id)
    row = connection.execute(b"SELECT nextval('review_item_id_seq') AS id").fetchone()
    item_id = row["id"] if row else 0
    events.append(
        Event(
            stream=f"review:{item_id}",
            event_type="review.opened",
            payload={
                "item_id": item_id,
                "kind": kind,
                "question": question,
                "record_id": record_id,
                "proposal": dict(proposal),
                "summary": summary,
                "priority": PRIORITIES[kind],
            },
            actor=PIPELINE,
            correlation_id=correlation_id,
            game_id=game_id,
        )
    )
    return events


def close_question(
    connection: Connection[DictRow], question: str, state: str, actor: str, correlation_id: str, note: str | None = None
) -> list[Event]:
    """Close the open item of a question, if there is one."""
    row = connection.execute(
        b"SELECT item_id, game_id FROM review_item WHERE question = %s AND state = 'open'", (question,)
    ).fetchone()
    return [close_item(row["item_id"], row["game_id"], state, actor, correlation_id, note)] if row else []


def close_item(
    item_id: int, game_id: int | None, state: str, actor: str, correlation_id: str, note: str | None
) -> Event:
    return Event(
        stream=f"review:{item_id}",
        event_type="review.closed",
        payload={"item_id": item_id, "state": state, "note": note},
        actor=actor,
        correlation_id=correlation_id,
        game_id=game_id,
    )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else canonical_json(value)
    return f"“{text[:77]}…”" if len(text) > 78 else f"“{text}”"
