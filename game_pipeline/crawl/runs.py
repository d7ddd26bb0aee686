"""The books of an import: a row a run, counts taken from the tasks themselves, and each source's health.

Counts come from the tables, so that a second attempt, or a run that takes over, reports the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from game_pipeline.store import Event, Store, append

__all__ = [
    "Health",
    "abandon_run",
    "begin_run",
    "finish_run",
    "mark_done",
    "read_health",
    "record_health",
    "run_counts",
    "run_status",
    "set_state",
]


@dataclass(frozen=True, slots=True)
class Health:
    """How a source is doing, as its monitor and its operator see it."""

    state: str
    reason: str | None
    consecutive_failures: int
    waiting: bool
    """True while the next trial after failures is not due."""
    listed: bool
    """True once its listing was read to the end."""


def begin_run(store: Store, run_id: str, source: str, segments: Sequence[str], *, full: bool) -> None:
    """Open the books of a run; a second attempt goes on in the same row. Call under the source's lock."""
    with store.transaction() as connection:
        connection.execute(
            b"UPDATE import_run SET status = 'failed', finished_at = now() "
            b"WHERE source = %s AND status = 'running' AND run_id <> %s",
            (source, run_id),
        )
        connection.execute(
            b"INSERT INTO import_run (run_id, source, full_import, segments) VALUES (%s, %s, %s, %s) "
            b"ON CONFLICT (run_id) DO UPDATE SET status = 'running', finished_at = NULL",
            (run_id, source, full, list(segments)),
        )


def mark_done(store: Store, run_id: str, segments: Sequence[str]) -> list[str]:
    """Remember segments as reported; returns those that were not yet."""
    with store.transaction() as connection:
        row = connection.execute(b"SELECT done FROM import_run WHERE run_id = %s FOR UPDATE", (run_id,)).fetchone()
        known = set(row["done"]) if row else set()
        fresh = [segment for segment in segments if segment not in known]
        connection.execute(b"UPDATE import_run SET done = done || %s::text[] WHERE run_id = %s", (fresh, run_id))
    return fresh


def run_counts(store: Store, run_id: str) -> dict[str, Counter[str]]:
    """What a run did with its pages, by segment: checked, not_modified, same, fetched, changed, failed, left."""
    counts: dict[str, Counter[str]] = {}
    for row in store.rows(
        "SELECT segment, state, outcome, count(*) AS n FROM import_task WHERE run_id = %s GROUP BY 1, 2, 3", (run_id,)
    ):
        segment = counts.setdefault(row["segment"], Counter())
        segment["pages_checked"] += row["n"]
        outcome = row["outcome"] or "left"
        if row["state"] == "done" and outcome in ("not_modified", "same", "fetched", "changed"):
            segment[f"pages_{outcome}"] += row["n"]
        else:
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
    """Close the books of a run whose process died, where they stand open."""
    store.execute(
        "UPDATE import_run SET status = 'failed', finished_at = now() WHERE run_id = %s AND status = 'running'",
        (run_id,),
    )


def run_status(store: Store, run_id: str) -> str | None:
    row = store.row("SELECT status FROM import_run WHERE run_id = %s", (run_id,))
    return str(row["status"]) if row else None


# After failures the monitor waits: one minute, two, four... an hour at most.
_HEALTH = """
INSERT INTO importer_health AS health (source, consecutive_failures, last_success_at, last_failure_at, last_error,
                                       next_trial_at)
VALUES (%(source)s, %(failed)s::int, CASE WHEN %(failed)s THEN NULL ELSE now() END,
        CASE WHEN %(failed)s THEN now() END, %(error)s, CASE WHEN %(failed)s THEN now() + interval '1 minute' END)
ON CONFLICT (source) DO UPDATE SET
    consecutive_failures = CASE WHEN %(failed)s THEN health.consecutive_failures + 1 ELSE 0 END,
    last_success_at = coalesce(excluded.last_success_at, health.last_success_at),
    last_failure_at = coalesce(excluded.last_failure_at, health.last_failure_at),
    last_error = CASE WHEN %(failed)s THEN excluded.last_error ELSE health.last_error END,
    next_trial_at = CASE WHEN %(failed)s
        THEN now() + least(interval '1 minute' * power(2, least(health.consecutive_failures, 6)), interval '1 hour') END
"""


def record_health(store: Store, source: str, failed: str | None) -> None:
    """Note how a run ended; `failed` is why, None where it did not fail."""
    store.execute(_HEALTH, {"source": source, "failed": failed is not None, "error": failed})


def read_health(store: Store, source: str) -> Health:
    row = store.row(
        "SELECT state, reason, consecutive_failures, coalesce(next_trial_at > now(), false) AS waiting, "
        "listed_at IS NOT NULL AS listed FROM importer_health WHERE source = %s",
        (source,),
    )
    return Health(**row) if row else Health("closed", None, 0, waiting=False, listed=False)


def set_state(store: Store, source: str, state: str, *, reason: str | None, actor: str) -> None:
    """Pause a source (`paused`) or let it run again (`closed`), with who and why; written as an event, too."""
    with store.transaction() as connection:
        connection.execute(
            b"INSERT INTO importer_health (source, state, reason, changed_by) VALUES (%(source)s, %(state)s, "
            b"%(reason)s, %(actor)s) ON CONFLICT (source) DO UPDATE SET state = %(state)s, reason = %(reason)s, "
            b"changed_by = %(actor)s, state_since = now(), "
            b"next_trial_at = CASE WHEN %(state)s = 'closed' THEN NULL ELSE importer_health.next_trial_at END",
            {"source": source, "state": state, "reason": reason, "actor": actor},
        )
        append(
            connection,
            [
                Event(
                    stream=f"source:{source}",
                    event_type="source.paused" if state == "paused" else "source.resumed",
                    payload={"reason": reason},
                    actor=actor,
                    correlation_id=f"command:{uuid7()}",
                    source=source,
                )
            ],
        )
