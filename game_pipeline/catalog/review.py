"""The queue of questions for people: what is asked, when it is asked again, and what an answer does.

One open item a question. A question that was answered is not asked again while its proposal stays the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Decision, Evidence
from game_pipeline.merging import Merged
from game_pipeline.model import canonical_json
from game_pipeline.store import Event

from .fields import as_edited
from .holding import HeldChange, MassChange
from .ids import next_id
from .ledger.components import Refusal
from .records import StoredRecord, read_records
from .revise import Plan
from .standing import Standing

__all__ = [
    "as_evidence",
    "ask_again",
    "ask_conflicts",
    "ask_duplicate",
    "ask_held",
    "ask_mass",
    "ask_match",
    "ask_refused",
    "ask_vanished",
    "close_idle_questions",
    "close_item",
    "close_question",
    "match_question",
    "note_edits",
    "suggest",
    "suggestion_question",
]

PIPELINE = "pipeline"
PRIORITIES = {"mass": 10, "held": 20, "match": 40, "duplicate": 45, "suggestion": 60, "conflict": 50, "vanished": 30}


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
        events += ask(
            connection,
            kind="suggestion",
            question=question,
            game_id=standing.game_id,
            record_id=None,
            proposal={"field": edit.field, "edit_id": edit.edit_id, "value": said} | ({"aged": True} if aged else {}),
            summary=(
                f"{edit.author} set {edit.field} of “{merged.state['title']}” to {_short(edit.value)}"
                f"{f' on {edit.at:%Y-%m-%d}' if aged else ''} ({about.reason}); the sources now say {_short(said)}"
            ),
            correlation_id=correlation_id,
        )
    return events


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


def ask_held(
    connection: Connection[DictRow],
    standing: Standing,
    records: Sequence[StoredRecord],
    held: HeldChange | None,
    correlation_id: str,
) -> list[Event]:
    """May a change that goes beyond the limits be applied? Asked while any of it is held."""
    question = f"held:{standing.game_id}"
    if held is None:
        return close_idle_questions(connection, correlation_id, question)
    fields, asked = _with_earlier(connection, question, records, held)
    title = standing.state["title"] if standing.state else ""
    sources = ", ".join(sorted({record["source"] for record in asked}))
    return ask(
        connection,
        kind="held",
        question=question,
        game_id=standing.game_id,
        record_id=None,
        proposal={"fields": fields, "records": asked},
        summary=f"Held back from “{title}”: {'; '.join(field['why'] for field in fields)} ({sources})",
        correlation_id=correlation_id,
    )


def _with_earlier(
    connection: Connection[DictRow], question: str, records: Sequence[StoredRecord], held: HeldChange
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Fields and records of a held change, with what the question that stands asks about other words still held."""
    fields = {entry["field"]: entry for entry in held.fields}
    asked = {entry["record_id"]: entry for entry in held.records}
    row = connection.execute(
        b"SELECT proposal FROM review_item WHERE question = %s AND state = 'open'", (question,)
    ).fetchone()
    holds = {record.record_id: record.hold for record in records}
    earlier = row["proposal"] if row else {"fields": [], "records": []}
    # A record that has come to another game since left its question here.
    elsewhere = [entry["record_id"] for entry in earlier["records"] if entry["record_id"] not in holds]
    if elsewhere:
        holds |= {record.record_id: record.hold for record in read_records(connection, elsewhere)}
    for entry in earlier["records"]:
        hold = holds.get(entry["record_id"])
        parts = [part for part in entry["parts"] if hold is not None and part in hold.parts]
        if parts:
            known = asked.get(entry["record_id"], entry)
            asked[entry["record_id"]] = known | {"parts": sorted({*known["parts"], *parts})}
            fields = {
                each["field"]: each
                for each in earlier["fields"]
                if any(part == each["field"] or part.startswith(f"{each['field']}.") for part in parts)
            } | fields
    return [fields[name] for name in sorted(fields)], [asked[record_id] for record_id in sorted(asked)]


_MASS = b"""
WITH asked AS (
    SELECT unnest(%(records)s::bigint[]) AS record_id
    UNION
    SELECT record_hold.record_id
    FROM review_item CROSS JOIN LATERAL jsonb_array_elements_text(proposal->'records') AS earlier
    JOIN record_hold ON record_hold.record_id = earlier.value::bigint
    WHERE question = %(question)s AND state = 'open' AND record_hold.kind = 'limit' AND ended_at IS NULL
)
SELECT array_agg(record_id ORDER BY record_id) AS records, array_agg(version ORDER BY record_id) AS versions,
       (SELECT count(DISTINCT game_id) FROM game_member JOIN asked USING (record_id)) AS games
FROM asked JOIN source_record USING (record_id)
"""


def ask_mass(connection: Connection[DictRow], change: MassChange, correlation_id: str) -> list[Event]:
    """May a source change so many of its games at once? Asked with what of an earlier such change is held still."""
    question = f"mass:{change.source}"
    row = connection.execute(_MASS, {"question": question, "records": list(change.records)}).fetchone()
    assert row is not None
    return ask(
        connection,
        kind="mass",
        question=question,
        game_id=None,
        record_id=None,
        proposal={
            "source": change.source,
            "games": row["games"],
            "of": change.of,
            "records": row["records"],
            "versions": row["versions"],  # the same records another time are another question
        },
        summary=f"{change.source} would change {row['games']} of its {change.of} games at once; all of it is held back",
        correlation_id=correlation_id,
    )


# Wherever its records are now: a game that was merged or split leaves its questions behind.
_IDLE = b"""
SELECT item_id, game_id FROM review_item
WHERE kind IN ('held', 'mass') AND state = 'open' AND (%(question)s::text IS NULL OR question = %(question)s)
  AND NOT EXISTS (
    SELECT FROM jsonb_array_elements(proposal->'records') AS asked
    JOIN record_hold ON record_id = coalesce(asked->>'record_id', asked #>> '{}')::bigint
    WHERE record_hold.kind = 'limit' AND ended_at IS NULL)
ORDER BY item_id
"""


def close_idle_questions(
    connection: Connection[DictRow], correlation_id: str, question: str | None = None
) -> list[Event]:
    """Questions (or one) about changes of which nothing is held any more, since the pages have changed again."""
    rows = connection.execute(_IDLE, {"question": question}).fetchall()
    return [close_item(row["item_id"], row["game_id"], "stale", PIPELINE, correlation_id, None) for row in rows]


_NEWEST_ABOUT = b"""
SELECT DISTINCT item.* FROM unnest(%s::bigint[]) AS held CROSS JOIN LATERAL (
    SELECT item_id, kind, question, game_id, proposal, summary, state FROM review_item
    WHERE kind IN ('held', 'mass') AND EXISTS (
        SELECT FROM jsonb_array_elements(proposal->'records') AS asked
        WHERE coalesce(asked->>'record_id', asked #>> '{}')::bigint = held)
    ORDER BY item_id DESC LIMIT 1) AS item
WHERE item.state = 'stale' ORDER BY item.item_id
"""


def ask_again(connection: Connection[DictRow], record_ids: Sequence[int], correlation_id: str) -> list[Event]:
    """Questions that no longer arose while these records were held for another reason, and now do again."""
    asked: dict[str, dict[str, Any]] = {}
    for row in connection.execute(_NEWEST_ABOUT, (list(record_ids),)).fetchall():
        asked[row["question"]] = row
    events: list[Event] = []
    for question, row in asked.items():
        events += ask(
            connection,
            kind=row["kind"],
            question=question,
            game_id=row["game_id"],
            record_id=None,
            proposal=row["proposal"],
            summary=row["summary"],
            correlation_id=correlation_id,
        )
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
    """Open a question, unless it stands or was answered just so; one that changed replaces the older item.

    What was let through and is held back again is asked about again.
    """
    last = connection.execute(
        b"SELECT item_id, state, proposal FROM review_item WHERE question = %s AND state <> 'stale' "
        b"AND (state <> 'accepted' OR kind NOT IN ('held', 'mass')) ORDER BY item_id DESC LIMIT 1",
        (question,),
    ).fetchone()
    if last and canonical_json(last["proposal"]) == canonical_json(dict(proposal)):
        return []
    events = close_question(connection, question, "stale", PIPELINE, correlation_id)
    item_id = next_id(connection, "review_item")
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
