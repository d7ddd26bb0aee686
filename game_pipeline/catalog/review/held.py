"""May what is held back be applied? A change of one game beyond its limits, and one of too many games at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.hearing import Hold
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
    return _ask_held(connection, standing.game_id, title, fields, asked, correlation_id)


def _ask_held(
    connection: Connection[DictRow],
    game_id: int,
    title: str,
    fields: list[dict[str, Any]],
    records: list[dict[str, Any]],
    correlation_id: str,
) -> list[Event]:
    sources = ", ".join(sorted({record["source"] for record in records}))
    return ask(
        connection,
        kind="held",
        question=f"held:{game_id}",
        game_id=game_id,
        record_id=None,
        proposal={"fields": fields, "records": records},
        summary=f"Held back from “{title}”: {'; '.join(field['why'] for field in fields)} ({sources})",
        correlation_id=correlation_id,
    )


def _with_earlier(
    connection: Connection[DictRow], question: str, records: Sequence[StoredRecord], held: HeldChange
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Fields and records of a held change, with what the question that stands asks about other words still held."""
    earlier = _asked_now(connection, question)
    holds = {record.record_id: record.hold for record in records}
    # A record that has come to another game since left its question here.
    elsewhere = {entry["record_id"] for proposal in earlier for entry in proposal["records"]} - holds.keys()
    if elsewhere:
        holds |= {record.record_id: record.hold for record in read_records(connection, sorted(elsewhere))}
    fields, asked = _still_held(earlier, holds)
    for entry in held.records:
        asked[entry["record_id"]] = _joined(entry, asked.get(entry["record_id"]))
    fields |= {entry["field"]: entry for entry in held.fields}
    return _in_order(fields, asked)


def _asked_now(connection: Connection[DictRow], question: str) -> list[dict[str, Any]]:
    """The proposal of the item that is open, if there is one."""
    row = connection.execute(
        b"SELECT proposal FROM review_item WHERE question = %s AND state = 'open'", (question,)
    ).fetchone()
    return [row["proposal"]] if row else []


def _still_held(
    proposals: Sequence[dict[str, Any]], holds: Mapping[int, Hold | None]
) -> tuple[dict[str, dict[str, Any]], dict[int, dict[str, Any]]]:
    """Fields and records that were asked about, oldest first, as far as their words are held still."""
    fields: dict[str, dict[str, Any]] = {}
    asked: dict[int, dict[str, Any]] = {}
    for proposal in proposals:
        for entry in proposal["records"]:
            hold = holds.get(entry["record_id"])
            held = hold.parts if hold is not None and hold.kind == "limit" else {}
            parts = [part for part in entry["parts"] if part in held]
            if parts:
                asked[entry["record_id"]] = _joined(entry | {"parts": parts}, asked.get(entry["record_id"]))
                fields |= {
                    each["field"]: each
                    for each in proposal["fields"]
                    if any(part == each["field"] or part.startswith(f"{each['field']}.") for part in parts)
                }
    return fields, asked


def _joined(entry: dict[str, Any], earlier: dict[str, Any] | None) -> dict[str, Any]:
    """A record that is asked about, with the parts of it that were asked about before."""
    return entry | {"parts": sorted({*entry["parts"], *earlier["parts"]})} if earlier else entry


def _in_order(
    fields: Mapping[str, dict[str, Any]], records: Mapping[int, dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return [fields[name] for name in sorted(fields)], [records[record_id] for record_id in sorted(records)]


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
    return _ask_mass(connection, change.source, change.of, change.applied, change.records, change.runs, correlation_id)


def _ask_mass(
    connection: Connection[DictRow],
    source: str,
    of: int,
    applied: int,
    records: Iterable[int],
    runs: Iterable[str],
    correlation_id: str,
) -> list[Event]:
    question = f"mass:{source}"
    asked = {"question": question, "records": list(records), "runs": list(runs)}
    row = connection.execute(_MASS, asked).fetchone()
    assert row is not None
    already = f"; {applied} of them it had changed before that was seen" if applied else ""
    return ask(
        connection,
        kind="mass",
        question=question,
        game_id=None,
        record_id=None,
        proposal={
            "source": source,
            "games": row["games"],
            "of": of,
            "applied": applied,
            "runs": row["runs"],
            "records": row["records"],
            "versions": row["versions"],  # the same records another time are another question
        },
        summary=(
            f"{source} would change {row['games'] + applied} of its {of} games at once{already}; "
            f"{'the rest' if applied else 'all of it'} is held back"
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
WHERE item.state IN ('stale', 'accepted') ORDER BY item.item_id
"""


def ask_again(connection: Connection[DictRow], record_ids: Sequence[int], correlation_id: str) -> list[Event]:
    """Questions that no longer arose while these records were held for another reason, and now do again.

    One that was let through meanwhile is asked about what that did not reach. What such a question has come to ask
    about since, it goes on asking.
    """
    asked: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(_NEWEST_ABOUT, (list(record_ids),)).fetchall():
        asked[row["question"]].append(row)
    events: list[Event] = []
    for rows in asked.values():
        again = _held_again if rows[0]["kind"] == "held" else _mass_again
        events += again(connection, rows, correlation_id)
    return events


def _held_again(connection: Connection[DictRow], rows: Sequence[dict[str, Any]], correlation_id: str) -> list[Event]:
    proposals = [row["proposal"] for row in rows] + _asked_now(connection, rows[0]["question"])
    records = sorted({entry["record_id"] for proposal in proposals for entry in proposal["records"]})
    holds = {record.record_id: record.hold for record in read_records(connection, records)}
    fields, asked = _in_order(*_still_held(proposals, holds))
    if not asked:
        return []
    game_id = rows[0]["game_id"]
    game = connection.execute(b"SELECT title FROM game WHERE game_id = %s", (game_id,)).fetchone()
    return _ask_held(connection, game_id, game["title"] if game else "", fields, asked, correlation_id)


def _mass_again(connection: Connection[DictRow], rows: Sequence[dict[str, Any]], correlation_id: str) -> list[Event]:
    proposals = [row["proposal"] for row in rows]
    wanted = {record for proposal in proposals for record in proposal["records"]}
    records = [
        record.record_id
        for record in read_records(connection, sorted(wanted))
        if record.hold is not None and record.hold.kind == "limit"
    ]
    if not records:
        return []
    last = proposals[-1]
    runs = {run for proposal in proposals for run in proposal.get("runs", [])}  # older questions name none
    return _ask_mass(connection, last["source"], last["of"], last.get("applied", 0), records, runs, correlation_id)
