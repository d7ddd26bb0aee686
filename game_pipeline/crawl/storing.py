"""What visits to pages are written as: bodies, snapshots, and what is known of each page since.

The effect of a visit and the end of its task are one transaction, be it for one page or for several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.store import save_bodies

from .client import Fetched
from .frontier import Task, check_held, finish, postpone
from .limits import Limits
from .outcomes import FetchError
from .revisit import JITTER
from .treatment import treatment_of

__all__ = ["Visited", "store_failure", "store_visits"]

PATIENCE = 6  # visits in a row that may fail before a page has to wait for its turn, lest it stand in others' way
KEPT_HEADERS = ("content-type", "etag", "last-modified", "date", "content-language")


@dataclass(frozen=True, slots=True)
class Visited:
    """A page that was asked for, the good reply that it got, and what of its body is to be kept."""

    task: Task
    fetched: Fetched
    body: bytes


def store_visits(
    connection: Connection[DictRow], visits: Sequence[Visited], limits: Limits, run_id: str
) -> dict[int, str]:
    """Store good replies and what they say about their pages, and end their tasks.

    Returns not_modified, same, moved or fetched by the task's id. Raises `HoldLost` where one of the tasks was taken
    over; what else the transaction did is undone then.
    """
    rows = [_seen(visit) for visit in visits]
    changed = _keep_bodies(connection, visits, rows)
    if changed:
        snapshots = [{"page_id": row["page_id"], **_snapshot(visit, row)} for visit, row in changed]
        kept = connection.execute(_SNAPSHOTS, {"rows": Jsonb(snapshots), "run_id": run_id}).fetchall()
        ids = {row["page_id"]: row["snapshot_id"] for row in kept}
        for _, row in changed:
            row["snapshot_id"] = ids[row["page_id"]]
    facts = {"rows": Jsonb(rows), "mean": limits.revisit_mean, "jitter": JITTER}
    ended = {row["task_id"]: str(row["outcome"]) for row in connection.execute(_VISITED, facts)}
    check_held([visit.task for visit in visits], ended)
    return ended


def _seen(visit: Visited) -> dict[str, Any]:
    task, fetched = visit.task, visit.fetched
    given = {"etag": fetched.validators.etag, "last_modified": fetched.validators.last_modified}
    return {
        "task_id": task.task_id,
        "fence": task.fence,
        "page_id": task.page_id,
        "outcome": "not_modified" if fetched.not_modified else "same",
        "status": fetched.response.status,
        "fingerprint": task.listed_fingerprint,
        "streak": task.not_modified_streak + 1 if fetched.not_modified else 0,
        "moved_to": fetched.permanent_redirect,
        **({} if fetched.not_modified else given),
    }


def _keep_bodies(
    connection: Connection[DictRow], visits: Sequence[Visited], rows: Sequence[dict[str, Any]]
) -> list[tuple[Visited, dict[str, Any]]]:
    """Keep what came, and say in the rows what it is. Returns those with a body that is not the last one's."""
    whole = [(visit, row) for visit, row in zip(visits, rows, strict=True) if not visit.fetched.not_modified]
    if not whole:
        return []
    hashes = save_bodies(connection, [visit.body for visit, _ in whole])
    changed = []
    for (visit, row), body_hash in zip(whole, hashes, strict=True):
        row["content_hash"] = body_hash.hex()
        if body_hash != visit.task.content_hash:
            row["outcome"] = "fetched"
            changed.append((visit, row))
    return changed


def _snapshot(visit: Visited, row: dict[str, Any]) -> dict[str, Any]:
    response = visit.fetched.response
    return {
        "body_hash": row["content_hash"],
        "final_url": visit.fetched.final_url,
        "http_status": response.status,
        "framed": visit.fetched.framed,
        "headers": {name: value for name, value in response.headers.items() if name in KEPT_HEADERS},
    }


_SNAPSHOTS = b"""
INSERT INTO page_snapshot (page_id, body_hash, final_url, http_status, framed, headers, run_id)
SELECT page_id, decode(body_hash, 'hex'), final_url, http_status, framed, headers, %(run_id)s
FROM jsonb_to_recordset(%(rows)s)
    AS new (page_id bigint, body_hash text, final_url text, http_status int, framed boolean, headers jsonb)
RETURNING page_id, snapshot_id
"""

# A check that a signal caused tells nothing of what polling would find: only the others count for the rate of change.
_IS_POLL = """
    (page.last_good_at IS NOT NULL AND (page.listed_fingerprint IS NULL
     OR page.listed_fingerprint IS NOT DISTINCT FROM page.fetched_fingerprint))"""
_WHOLE = "new.content_hash IS NOT NULL"

_VISITED = f"""
WITH new AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(rows)s) AS row (
        task_id bigint, fence bigint, page_id bigint, outcome text, status int, fingerprint text, streak int,
        moved_to text, etag text, last_modified text, content_hash text, snapshot_id bigint)
), ended AS (
    UPDATE source_url_state AS page SET
        -- Moved for good is what two checks in a row say; a page that also changed is news first. What could not be
        -- read, or is held, stays that while it is the same.
        outcome = CASE WHEN new.outcome = 'same' AND page.moved_to = new.moved_to AND page.moved_count >= 1
                       THEN 'moved' WHEN new.outcome = 'fetched' THEN new.outcome
                       ELSE coalesce(page.parse_outcome, new.outcome) END,
        moved_count = CASE WHEN NOT {_WHOLE} THEN page.moved_count WHEN new.moved_to IS NULL THEN 0
                           WHEN page.moved_to = new.moved_to THEN page.moved_count + 1 ELSE 1 END,
        moved_to = CASE WHEN {_WHOLE} THEN new.moved_to ELSE page.moved_to END,
        http_status = new.status, last_error = NULL, failure_count = 0,
        last_checked_at = now(), last_fetched_at = CASE WHEN {_WHOLE} THEN now() ELSE page.last_fetched_at END,
        check_count = page.check_count + 1, success_count = page.success_count + 1,
        not_modified_streak = new.streak, fetched_fingerprint = new.fingerprint,
        etag = CASE WHEN {_WHOLE} THEN new.etag ELSE page.etag END,
        last_modified = CASE WHEN {_WHOLE} THEN new.last_modified ELSE page.last_modified END,
        content_hash = coalesce(decode(new.content_hash, 'hex'), page.content_hash),
        snapshot_id = coalesce(new.snapshot_id, page.snapshot_id),
        polled = CASE WHEN new.snapshot_id IS NULL THEN page.polled ELSE {_IS_POLL} END,
        last_good_at = now(), gone_since = NULL,
        -- What a page says again for a day is what it says: it is read once more.
        parsed_snapshot_id = CASE WHEN page.flapping_since <= now() - interval '1 day' THEN NULL
                                  ELSE page.parsed_snapshot_id END,
        poll_count = page.poll_count + CASE WHEN {_IS_POLL} THEN 1 ELSE 0 END,
        poll_days = page.poll_days
                    + CASE WHEN {_IS_POLL} THEN extract(epoch FROM now() - page.last_good_at) / 86400 ELSE 0 END,
        next_check_at = now() + coalesce(page.revisit_after, %(mean)s * interval '1 day')
                              * (1 + %(jitter)s * (2 * random() - 1))
    FROM new WHERE page.page_id = new.page_id
    RETURNING new.task_id, new.fence, coalesce(nullif(page.outcome, page.parse_outcome), new.outcome) AS outcome
)
UPDATE import_task AS task SET state = 'done', outcome = ended.outcome, error = NULL, finished_at = now()
FROM ended WHERE task.task_id = ended.task_id AND task.fence = ended.fence AND task.state = 'leased'
RETURNING task.task_id, task.outcome
""".encode()


def store_failure(
    connection: Connection[DictRow], task: Task, error: FetchError, limits: Limits, *, absent: bool = False
) -> tuple[str, bool]:
    """Store that a page could not be had, and end its task or put it back. Returns the outcome, and whether the page
    stays due. `absent`: nobody said that there is such a page, and there is none; that is an answer. Raises `HoldLost`.
    """
    facts = {
        "page_id": task.page_id,
        "outcome": error.outcome,
        "status": error.status,
        "error": str(error),
        "stays_due": treatment_of(error).stays_due,
        "patience": PATIENCE,
        "fingerprint": task.listed_fingerprint,
        "shortest": limits.revisit_min,
        "longest": limits.revisit_max,
    }
    page = connection.execute(_FAILED, facts).fetchone()
    outcome = str(page["outcome"]) if page else error.outcome.value
    stays_due = bool(page and page["stays_due"])
    if absent:
        finish(connection, task, state="done", outcome=error.outcome.value)
    elif stays_due:
        postpone(connection, task, outcome=outcome, error=str(error))
    else:
        finish(connection, task, state="failed", outcome=outcome, error=str(error))
    return outcome, stays_due


# What is not the page's own trouble leaves it due (`treatment`), with patience; else it waits for its next turn, longer
# each time. A page is gone when two checks at least a day apart say so: sites lose pages for an hour when they are
# mended.
_FAILED = b"""
UPDATE source_url_state SET
    outcome = CASE WHEN %(outcome)s = 'gone' AND NOT coalesce(gone_since <= now() - interval '1 day', false)
                   THEN 'http_error' ELSE %(outcome)s END,
    gone_since = CASE WHEN %(outcome)s = 'gone' THEN coalesce(gone_since, now()) ELSE gone_since END,
    http_status = %(status)s, last_error = %(error)s, failure_count = failure_count + 1,
    last_checked_at = now(), check_count = check_count + 1,
    fetched_fingerprint = CASE WHEN %(stays_due)s AND failure_count + 1 < %(patience)s
        THEN fetched_fingerprint ELSE %(fingerprint)s END,
    next_check_at = CASE
        WHEN %(stays_due)s AND failure_count + 1 < %(patience)s THEN next_check_at
        WHEN %(outcome)s = 'gone' AND coalesce(gone_since, now()) > now() - interval '1 day'
        THEN coalesce(gone_since, now()) + interval '1 day'
        ELSE now() + interval '1 day' * least(%(longest)s, %(shortest)s * power(2, least(30, greatest(0,
            failure_count - CASE WHEN %(stays_due)s THEN %(patience)s - 1 ELSE 0 END)))) END
WHERE page_id = %(page_id)s
RETURNING outcome, %(stays_due)s AND failure_count < %(patience)s AS stays_due
"""
