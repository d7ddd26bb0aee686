"""May what is held back be applied? A change of one game beyond its limits, and one of too many games at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.hearing import ALL, is_of
from game_pipeline.catalog.held_change import HeldChange
from game_pipeline.catalog.mass import MassChange
from game_pipeline.catalog.records import StoredRecord, read_records
from game_pipeline.catalog.standing import Standing
from game_pipeline.store import Event

from .asking import PIPELINE, ask, close_item, close_question

__all__ = ["ask_again", "ask_held", "ask_mass", "close_idle_questions"]

Held = Mapping[int, Collection[str]]
"""Record -> its parts that are held back."""

# One game ------------------------------------------------------------------------------------------------------------


def ask_held(
    connection: Connection[DictRow],
    standing: Standing,
    records: Sequence[StoredRecord],
    held: HeldChange | None,
    correlation_id: str,
) -> list[Event]:
    """May a change that goes beyond the limits be applied? Asked while any of it is held, about what of it still is."""
    asked = _asked_now(connection, f"held:{standing.game_id}")
    if held is None and not asked:
        return []
    parts: dict[int, Collection[str]] = {record.record_id: record.limited for record in records}
    # A record that has come to another game since left its question here.
    parts |= _held_parts(connection, {entry["record_id"] for each in asked for entry in each["records"]} - parts.keys())
    new = [{"fields": held.fields, "records": held.records}] if held else []
    title = standing.state["title"] if standing.state else ""
    return _ask_held(connection, standing.game_id, title, [*asked, *new], parts, correlation_id)


def _ask_held(
    connection: Connection[DictRow],
    game_id: int,
    title: str,
    proposals: Iterable[Mapping[str, Any]],
    held: Held,
    correlation_id: str,
) -> list[Event]:
    """Ask what was proposed, oldest first, as far as it is held."""
    question = f"held:{game_id}"
    fields: dict[str, dict[str, Any]] = {}
    records: dict[int, dict[str, Any]] = {}
    for proposal in proposals:
        for entry in proposal["records"]:
            parts = [part for part in entry["parts"] if part in held.get(entry["record_id"], ())]
            if parts:
                earlier = records.get(entry["record_id"], {"parts": []})["parts"]
                records[entry["record_id"]] = {**entry, "parts": sorted({*earlier, *parts})}
                named = [each for each in proposal["fields"] if any(is_of(part, each["field"]) for part in parts)]
                fields |= {each["field"]: each for each in named}
    if not records:
        return close_question(connection, question, "stale", PIPELINE, correlation_id)
    shown = [fields[name] for name in sorted(fields)]
    sources = ", ".join(sorted({entry["source"] for entry in records.values()}))
    return ask(
        connection,
        kind="held",
        question=question,
        game_id=game_id,
        record_id=None,
        proposal={"fields": shown, "records": [records[record_id] for record_id in sorted(records)]},
        summary=f"Held back from “{title}”: {'; '.join(field['why'] for field in shown)} ({sources})",
        correlation_id=correlation_id,
    )


def _asked_now(connection: Connection[DictRow], question: str) -> list[dict[str, Any]]:
    """The proposal of the item that is open, if there is one."""
    row = connection.execute(
        b"SELECT proposal FROM review_item WHERE question = %s AND state = 'open'", (question,)
    ).fetchone()
    return [row["proposal"]] if row else []


def _held_parts(connection: Connection[DictRow], record_ids: Collection[int]) -> dict[int, Collection[str]]:
    if not record_ids:
        return {}
    return {record.record_id: record.limited for record in read_records(connection, sorted(record_ids))}


# Many games ----------------------------------------------------------------------------------------------------------

_MASS = b"""
WITH asked AS (
    SELECT unnest(%(records)s::bigint[]) AS record_id
    UNION
    SELECT record_hold.record_id
    FROM review_item CROSS JOIN LATERAL jsonb_array_elements_text(proposal->'records') AS earlier
    JOIN record_hold ON record_hold.record_id = earlier.value::bigint
    WHERE question = %(question)s AND state = 'open' AND record_hold.kind = 'limit' AND ended_at IS NULL
      AND record_hold.parts ? '*'
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


# Asked no more, and again --------------------------------------------------------------------------------------------

# Wherever its records are now: a game that was merged or split leaves its questions behind.
_IDLE = b"""
SELECT item_id, game_id FROM review_item
WHERE kind IN ('held', 'mass') AND state = 'open' AND NOT EXISTS (
    SELECT FROM jsonb_array_elements(proposal->'records') AS asked
    JOIN record_hold ON record_id = coalesce(asked->>'record_id', asked #>> '{}')::bigint
    WHERE record_hold.kind = 'limit' AND ended_at IS NULL
      AND record_hold.parts ?| ARRAY(SELECT jsonb_array_elements_text(coalesce(asked->'parts', '["*"]'))))
ORDER BY item_id
"""


def close_idle_questions(connection: Connection[DictRow], correlation_id: str) -> list[Event]:
    """Questions about changes of which nothing is held any more: the pages have changed again, or were taken back."""
    rows = connection.execute(_IDLE).fetchall()
    return [close_item(row["item_id"], row["game_id"], "stale", PIPELINE, correlation_id, None) for row in rows]


_ABOUT = b"""
SELECT item_id, kind, question, game_id, proposal, state FROM review_item
WHERE kind IN ('held', 'mass') AND EXISTS (
    SELECT FROM jsonb_array_elements(proposal->'records') AS asked
    WHERE coalesce(asked->>'record_id', asked #>> '{}')::bigint = ANY(%s))
ORDER BY item_id
"""
_SILENCED = ("stale", "accepted")


def ask_again(connection: Connection[DictRow], record_ids: Sequence[int], correlation_id: str) -> list[Event]:
    """Questions that no longer arose while these records were taken back, and now do again.

    One that was let through meanwhile is asked about what that did not reach. What such a question has come to ask
    about since, it goes on asking.
    """
    held = _held_parts(connection, record_ids)
    asked: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(_ABOUT, (list(held),)).fetchall():
        asked[row["question"]].append(row)
    events: list[Event] = []
    for rows in asked.values():
        again = _held_again if rows[0]["kind"] == "held" else _mass_again
        events += again(connection, rows, held, correlation_id)
    return events


def _held_again(
    connection: Connection[DictRow], rows: Sequence[dict[str, Any]], held: Held, correlation_id: str
) -> list[Event]:
    last = {
        (entry["record_id"], part): row["item_id"]
        for row in rows
        for entry in row["proposal"]["records"]
        for part in entry["parts"]
    }
    silenced: list[dict[str, Any]] = []
    for row in rows:
        records = []
        for entry in row["proposal"]["records"] if row["state"] in _SILENCED else ():
            own = held.get(entry["record_id"], ())
            parts = [p for p in entry["parts"] if p in own and last[entry["record_id"], p] == row["item_id"]]
            records += [{**entry, "parts": parts}] if parts else []
        silenced += [{"fields": row["proposal"]["fields"], "records": records}] if records else []
    if not silenced:
        return []
    now = _asked_now(connection, rows[0]["question"])
    parts_of = {**_held_parts(connection, {entry["record_id"] for each in now for entry in each["records"]}), **held}
    game_id = rows[0]["game_id"]
    game = connection.execute(b"SELECT title FROM game WHERE game_id = %s", (game_id,)).fetchone()
    title = game["title"] if game else ""
    return _ask_held(connection, game_id, title, [*silenced, *now], parts_of, correlation_id)


def _mass_again(
    connection: Connection[DictRow], rows: Sequence[dict[str, Any]], held: Held, correlation_id: str
) -> list[Event]:
    last = {record: row for row in rows for record in row["proposal"]["records"] if ALL in held.get(record, ())}
    silenced = {record: row["proposal"] for record, row in last.items() if row["state"] in _SILENCED}
    if not silenced:
        return []
    runs = {run for proposal in silenced.values() for run in proposal.get("runs", [])}  # older questions name none
    newest = rows[-1]["proposal"]
    applied = newest.get("applied", 0)
    return _ask_mass(connection, newest["source"], newest["of"], applied, silenced, runs, correlation_id)
