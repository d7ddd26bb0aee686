"""The books of an import: a row a run, counts taken from the tasks themselves.

Counts come from the tables, so that a second attempt, or a run that takes over, reports the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from game_pipeline.store import Event, Store, append

from .health import record_health
from .orders import retake_order, take_order
from .outcomes import WELL, Outcome

__all__ = [
    "abandon_run",
    "begin_run",
    "finish_run",
    "mark_done",
    "run_counts",
    "run_status",
]


def begin_run(
    store: Store,
    run_id: str,
    source: str,
    segments: Sequence[str],
    *,
    full: bool,
    anew: bool = False,
    retry_of: str | None = None,
) -> bool:
    """Open the books of a run; a second attempt goes on in the same row. Call under the source's lock.

    `full`: it works on the order to fetch everything that was interrupted, where there is one and it is not to begin
    `anew`, or on a new one. `retry_of`: a run that died; this one has the same order, even where another run has done
    it meanwhile and nothing is left to fetch. Returns whether such an order is continued.
    """
    goes_on = False
    with store.transaction() as connection:
        connection.execute(
            b"UPDATE import_run SET status = 'failed', finished_at = now() "
            b"WHERE source = %s AND status = 'running' AND run_id <> %s",
            (source, run_id),
        )
        row = connection.execute(
            b"INSERT INTO import_run (run_id, source, full_import, segments) VALUES (%s, %s, %s, %s) "
            b"ON CONFLICT (run_id) DO UPDATE SET status = 'running', finished_at = NULL RETURNING order_id",
            (run_id, source, full, list(segments)),
        ).fetchone()
        if full and row is not None and row["order_id"] is None:
            order_id = retake_order(connection, retry_of) if retry_of else None
            goes_on = order_id is not None
            if order_id is None:
                order_id, goes_on = take_order(connection, source, segments, anew=anew)
            connection.execute(b"UPDATE import_run SET order_id = %s WHERE run_id = %s", (order_id, run_id))
    return goes_on


def mark_done(store: Store, run_id: str, segments: Sequence[str]) -> list[str]:
    """Remember segments as reported; returns those that were not yet."""
    with store.transaction() as connection:
        row = connection.execute(b"SELECT done FROM import_run WHERE run_id = %s FOR UPDATE", (run_id,)).fetchone()
        known = set(row["done"]) if row else set()
        fresh = [segment for segment in segments if segment not in known]
        connection.execute(b"UPDATE import_run SET done = done || %s::text[] WHERE run_id = %s", (fresh, run_id))
    return fresh


def run_counts(store: Store, run_id: str) -> dict[str, Counter[str]]:
    """What a run did with its pages, by segment: checked, failed, left, and each outcome by its own name."""
    counts: dict[str, Counter[str]] = {}
    for row in store.rows(
        "SELECT segment, state, outcome, count(*) AS n FROM import_task WHERE run_id = %s GROUP BY 1, 2, 3", (run_id,)
    ):
        segment = counts.setdefault(row["segment"], Counter())
        segment["pages_checked"] += row["n"]
        if row["outcome"]:
            segment[f"pages_{row['outcome']}"] += row["n"]
        if row["state"] != "done" or row["outcome"] not in (*WELL, Outcome.GONE):  # done and gone: never promised
            segment["pages_failed"] += row["n"]
        if row["state"] in ("pending", "leased"):
            segment["pages_left"] += row["n"]
    return counts


def finish_run(store: Store, run_id: str, source: str, *, failed: str | None, records: Counter[str]) -> str:
    """Close the books: one event with the counts, the source's health. Returns done, partial or failed."""
    totals: Counter[str] = Counter()
    for counts in run_counts(store, run_id).values():
        totals += counts
    totals += Counter({name: n for name, n in records.items() if name.startswith("records_")})
    status = "failed" if failed else "partial" if totals["pages_failed"] else "done"
    payload: dict[str, Any] = {"run_id": run_id, "status": status, "counts": dict(sorted(totals.items()))}
    with store.transaction() as connection:
        row = connection.execute(
            b"UPDATE import_run SET status = %s, counts = %s, finished_at = now() WHERE run_id = %s RETURNING segments",
            (status, Jsonb(payload["counts"]), run_id),
        ).fetchone()
        payload["segments"] = row["segments"] if row else []
        append(
            connection,
            [
                Event(
                    stream=f"source:{source}",
                    event_type="import.finished",
                    payload=payload,
                    actor="pipeline",
                    correlation_id=run_id,
                    source=source,
                )
            ],
        )
    record_health(store, source, failed)
    return status


def abandon_run(store: Store, run_id: str) -> None:
    """Close the books of a run whose process died, where they stand open, and free what it held."""
    with store.transaction() as connection:
        connection.execute(
            b"UPDATE import_run SET status = 'failed', finished_at = now() WHERE run_id = %s AND status = 'running'",
            (run_id,),
        )
        connection.execute(b"DELETE FROM lease WHERE name = %s", (f"run {run_id}",))
        connection.execute(b"UPDATE lease SET held_until = '-infinity' WHERE holder = %s", (run_id,))


def run_status(store: Store, run_id: str) -> str | None:
    row = store.row("SELECT status FROM import_run WHERE run_id = %s", (run_id,))
    return str(row["status"]) if row else None
