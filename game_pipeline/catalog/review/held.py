"""May what is held back be applied? A change of one game beyond its limits, and one of too many games at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.holding import HeldChange
from game_pipeline.catalog.mass import MassChange
from game_pipeline.catalog.records import StoredRecord, read_records
from game_pipeline.catalog.standing import Standing
from game_pipeline.store import Event

from .asking import PIPELINE, ask, close_item

__all__ = ["ask_again", "ask_held", "ask_mass", "close_idle_questions"]


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
       ARRAY(SELECT jsonb_array_elements_text(proposal->'runs') FROM review_item
             WHERE question = %(question)s AND state = 'open'
             UNION SELECT unnest(%(runs)s::text[]) ORDER BY 1) AS runs,
       (SELECT count(DISTINCT game_id) FROM game_member JOIN asked USING (record_id)) AS games
FROM asked JOIN source_record USING (record_id)
"""


def ask_mass(connection: Connection[DictRow], change: MassChange, correlation_id: str) -> list[Event]:
    """May a source change so many of its games at once? Asked with what of an earlier such change is held still."""
    question = f"mass:{change.source}"
    asked = {"question": question, "records": list(change.records), "runs": list(change.runs)}
    row = connection.execute(_MASS, asked).fetchone()
    assert row is not None
    already = f"; {change.applied} of them it had changed before that was seen" if change.applied else ""
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
            "applied": change.applied,
            "runs": row["runs"],
            "records": row["records"],
            "versions": row["versions"],  # the same records another time are another question
        },
        summary=(
            f"{change.source} would change {row['games'] + change.applied} of its {change.of} games at once{already}; "
            f"{'the rest' if change.applied else 'all of it'} is held back"
        ),
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
