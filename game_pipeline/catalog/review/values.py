"""What is true of a field, or of a game? Conflicts of sources, improvements of what people set, games nobody lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.fields import as_edited
from game_pipeline.catalog.records import StoredRecord
from game_pipeline.catalog.revise import Plan
from game_pipeline.catalog.standing import Standing
from game_pipeline.merging import Merged
from game_pipeline.store import Event

from .asking import PIPELINE, ask, close_item, close_question, in_short

__all__ = ["ask_conflicts", "ask_vanished", "note_edits", "suggest", "suggestion_question"]


def suggestion_question(game_id: int, field: str) -> str:
    return f"suggestion:{game_id}:{field}"


def ask_conflicts(connection: Connection[DictRow], standing: Standing, plan: Plan, correlation_id: str) -> list[Event]:
    """A question for each new conflict; those that no longer stand go stale."""
    events: list[Event] = []
    detected = {news.payload["field"] for news in plan.events if news.event_type == "conflict.detected"}
    for news in plan.events:
        if news.event_type not in ("conflict.detected", "conflict.closed"):
            continue
        field = news.payload["field"]
        question = f"conflict:{standing.game_id}:{field}"
        if news.event_type == "conflict.closed":
            if field in detected:
                continue  # the new question replaces the old one
            events += close_question(connection, question, "stale", PIPELINE, correlation_id)
            continue
        sides = news.payload["sides"]
        said = "; ".join(
            f"{', '.join(by['source'] for by in side['sources'])}: {in_short(side['value'])}" for side in sides
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

    What the sources said when the person decided is no news, until the edit has aged; a suggestion that they withdrew
    goes stale, and so does one about an edit that stands no more.
    """
    edited = {suggestion_question(standing.game_id, edit.field) for edit in standing.edits}
    rows = connection.execute(
        b"SELECT item_id, question FROM review_item WHERE game_id = %s AND kind = 'suggestion' AND state = 'open' "
        b"ORDER BY item_id",
        (standing.game_id,),
    ).fetchall()
    events = [
        close_item(row["item_id"], standing.game_id, "stale", PIPELINE, correlation_id, None)
        for row in rows
        if row["question"] not in edited
    ]
    rejected = [
        (row["question"], row["proposal"])
        for row in connection.execute(
            b"SELECT question, proposal FROM review_item WHERE game_id = %s AND kind = 'suggestion' "
            b"AND state = 'rejected'",
            (standing.game_id,),
        )
    ]
    disagreeing = {item.field: item for item in merged.disagreements}
    for edit in standing.edits:
        question = suggestion_question(standing.game_id, edit.field)
        item = disagreeing.get(edit.field)
        # Of a description the text counts; which source gave which sentence is no news.
        said = as_edited(item.computed) if item else None
        about = standing.about[edit.edit_id]
        aged = about.aged_at is not None
        if item is None or (said == about.previous and not aged):
            events += close_question(connection, question, "stale", PIPELINE, correlation_id)
            continue
        proposal = {"field": edit.field, "edit_id": edit.edit_id, "value": said} | ({"aged": True} if aged else {})
        if (question, proposal) in rejected:  # whatever else was suggested since
            events += close_question(connection, question, "stale", PIPELINE, correlation_id)
            continue
        events += ask(
            connection,
            kind="suggestion",
            question=question,
            game_id=standing.game_id,
            record_id=None,
            proposal=proposal,
            summary=(
                f"{edit.author} {_done(edit.field, merged.state['title'], edit.value)}"
                f"{f' on {edit.at:%Y-%m-%d}' if aged else ''} ({about.reason}); the sources now say {in_short(said)}"
            ),
            correlation_id=correlation_id,
        )
    return events


def _done(field: str, title: str, value: Any) -> str:
    """What a person did to a field."""
    if value in (None, []):
        return f"deleted {field} of “{title}”"
    return f"set {field} of “{title}” to {in_short(value)}"


def note_edits(
    standing: Standing, merged: Merged, correlation_id: str, *, aged_before: dt.datetime | None
) -> list[Event]:
    """That sources have come to agree with an edit, and that an edit has grown old: each noted once."""
    agreed = {agreement.edit_id: agreement for agreement in merged.agreements}
    events: list[Event] = []
    for edit in standing.edits:
        about = standing.about[edit.edit_id]
        notes: list[tuple[str, dict[str, Any]]] = []
        # An edit that said what the sources said already only made sure of it.
        if about.agreed_at is None and edit.edit_id in agreed and about.previous != edit.value:
            sources = sorted({ref.source for ref in agreed[edit.edit_id].sources})
            notes.append(("game.edit_confirmed", {"sources": sources}))
        if about.aged_at is None and aged_before is not None and edit.at < aged_before:
            notes.append(("game.edit_aged", {}))
        events += [
            Event(
                stream=f"game:{standing.game_id}",
                event_type=event_type,
                payload={"edit_id": edit.edit_id, "field": edit.field} | more,
                actor=PIPELINE,
                correlation_id=correlation_id,
                game_id=standing.game_id,
            )
            for event_type, more in notes
        ]
    return events


def ask_vanished(
    connection: Connection[DictRow],
    standing: Standing,
    plan: Plan,
    records: Sequence[StoredRecord],
    correlation_id: str,
) -> list[Event]:
    """A game that no source lists any more stays in the catalogue, and a person is asked about it."""
    question = f"vanished:{standing.game_id}"
    if plan.status != "active" or any(record.live for record in records):
        return close_question(connection, question, "stale", PIPELINE, correlation_id)
    return ask(
        connection,
        kind="vanished",
        question=question,
        game_id=standing.game_id,
        record_id=None,
        proposal={"records": [record.record_id for record in records]},
        summary=f"No source lists “{plan.merged.state['title']}” any more; "
        f"it was on {', '.join(sorted({r.source for r in records}))}",
        correlation_id=correlation_id,
    )
