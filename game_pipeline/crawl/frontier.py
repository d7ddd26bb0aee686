"""Which pages there are and which are to be fetched: the frontier, as rows that survive any crash.

A task is claimed by who holds the source (`leases`), and its effect and its end are written in one transaction;
whatever a dead run held is taken over by the next. Who claimed a task before cannot end it any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.sources import PageRef, Request, Source

from .leases import HoldLost

__all__ = [
    "Task",
    "check_held",
    "claim",
    "due_segments",
    "enqueue_due",
    "enqueue_pages",
    "finish",
    "give_back",
    "note_listed",
    "observe",
    "postpone",
    "release_orphans",
    "segments_left",
    "unlist_missing",
]

MAX_CRASHES = 3


@dataclass(frozen=True, slots=True)
class Task:
    """A page to fetch now, with what is known of its last good fetch."""

    task_id: int
    page_id: int
    page_key: str
    segment: str
    url: str
    request: Request
    etag: str | None
    last_modified: str | None
    content_hash: bytes | None
    listed_fingerprint: str | None
    not_modified_streak: int
    fence: int


_OBSERVE = b"""
INSERT INTO source_url_state AS page
       (source, listed, page_key, segment, url, request_url, request_more, listed_fingerprint)
SELECT %(source)s, %(listed)s, seen.* FROM unnest(
    %(keys)s::text[], %(segments)s::text[], %(urls)s::text[], %(requests)s::text[], %(more)s::jsonb[],
    %(fingerprints)s::text[]) AS seen
ON CONFLICT (source, page_key) DO UPDATE SET
    url = excluded.url, request_url = excluded.request_url, request_more = excluded.request_more,
    listed = page.listed OR excluded.listed,
    -- Merged into another page, and listed again: it is its own once more, or so it seems.
    next_check_at = CASE WHEN excluded.listed AND NOT page.listed AND page.next_check_at = 'infinity'
                         THEN now() ELSE page.next_check_at END,
    unlisted_at = CASE WHEN excluded.listed THEN NULL ELSE page.unlisted_at END,
    listed_fingerprint = coalesce(excluded.listed_fingerprint, page.listed_fingerprint)
WHERE (page.url, page.request_url, page.request_more, page.listed, page.listed_fingerprint) IS DISTINCT FROM
      (excluded.url, excluded.request_url, excluded.request_more, page.listed OR excluded.listed,
       coalesce(excluded.listed_fingerprint, page.listed_fingerprint))
RETURNING page_key
"""


def observe(connection: Connection[DictRow], source: Source, pages: Sequence[PageRef], *, listed: bool = False) -> int:
    """Remember pages that a feed, an address or (`listed`) a listing named.

    Returns how many are new or carry a new signal. Only a page that a listing named can be missing from the next one.
    """
    unique = list({page.key: page for page in pages}.values())
    return connection.execute(
        _OBSERVE,
        {
            "source": source.name,
            "listed": listed,
            "keys": [page.key for page in unique],
            "segments": [source.segment_of(page.key) for page in unique],
            "urls": [page.url for page in unique],
            "requests": [page.request.url for page in unique],
            "more": [None if (more := page.request.more()) is None else Jsonb(more) for page in unique],
            "fingerprints": [page.fingerprint for page in unique],
        },
    ).rowcount


def note_listed(connection: Connection[DictRow], source: Source, keys: Sequence[str]) -> None:
    """Remember that the walk of the listing that is under way named these pages."""
    connection.execute(
        b"INSERT INTO listing_seen (source, page_key) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING",
        (source.name, list(keys)),
    )


_NAMED = "EXISTS (SELECT FROM listing_seen AS seen WHERE seen.source = page.source AND seen.page_key = page.page_key)"

_COUNT_MISSING = f"""
SELECT (SELECT count(*) FROM listing_seen WHERE source = %(source)s)::int AS named, count(*)::int AS listed,
       count(*) FILTER (WHERE NOT {_NAMED})::int AS missing
FROM source_url_state AS page WHERE source = %(source)s AND listed
""".encode()

_UNLIST = f"""
UPDATE source_url_state AS page SET
    listed = false, unlisted_at = now(), next_check_at = CASE WHEN listed THEN now() ELSE next_check_at END
WHERE source = %(source)s AND (listed OR unlisted_at IS NULL) AND NOT credited AND NOT {_NAMED}
""".encode()


def unlist_missing(connection: Connection[DictRow], source: Source, max_share: float) -> tuple[int, int, int]:
    """After a complete listing: pages that it no longer names are due once more, and no longer listed. Of those that
    no listing ever named it is noted that this one did not, either: should one be gone, that is its second witness.
    What credits name is no matter of a listing (`people_pages`).

    Returns how many were named, were unlisted, and are missing. Where more than `max_share` of the pages are missing,
    nothing is unlisted: that is a broken listing until a person says otherwise.
    """
    facts = {"source": source.name}
    row = connection.execute(_COUNT_MISSING, facts).fetchone()
    assert row is not None
    missing = row["missing"]
    if missing > 3 and missing > max_share * row["listed"]:
        return row["named"], 0, missing
    connection.execute(_UNLIST, facts)
    return row["named"], missing, missing


_SIGNALLED = "(listed_fingerprint IS NOT NULL AND listed_fingerprint IS DISTINCT FROM fetched_fingerprint)"

# A page that is neither listed nor credited nor there any more is left alone until the site names it again; one in
# quarantine is, until somebody asks for it; one that was never visited and whose time never comes is brought by others,
# for good.
_OPEN = f"""
    (listed OR credited OR outcome IS DISTINCT FROM 'gone' OR {_SIGNALLED})
    AND (next_check_at < 'infinity' OR last_checked_at IS NOT NULL OR {_SIGNALLED})
    AND NOT EXISTS (SELECT FROM import_task AS task
                    WHERE task.page_id = source_url_state.page_id AND task.state = 'quarantined'
                      AND task.finished_at >= coalesce(source_url_state.last_checked_at, '-infinity'))
"""

# A page is due when its time has come, when its listing signals a change, or when it was never fetched.
_DUE = f"""
    {_OPEN}
    AND (next_check_at <= now() OR {_SIGNALLED})
"""

_ENQUEUE_DUE = f"""
INSERT INTO import_task (page_id, source, segment, reason)
SELECT page_id, source, segment,
       CASE WHEN last_checked_at IS NULL THEN 'new'
            WHEN listed_fingerprint IS DISTINCT FROM fetched_fingerprint THEN 'signal'
            WHEN next_check_at <= now() THEN 'due'
            ELSE 'full' END
FROM source_url_state
WHERE source = %(source)s AND segment = ANY(%(segments)s)
  AND ((%(full_since)s::timestamptz IS NOT NULL AND {_OPEN}
        -- what an earlier attempt, or an earlier run for the same order, has done stays done
        AND NOT EXISTS (SELECT FROM import_task AS task WHERE task.page_id = source_url_state.page_id
                        AND task.finished_at >= %(full_since)s AND task.state IN ('done', 'failed')))
       OR ({_DUE}))
ORDER BY page_id
ON CONFLICT (page_id) WHERE state IN ('pending', 'leased') DO NOTHING
""".encode()


def enqueue_due(
    connection: Connection[DictRow], source: str, segments: Sequence[str], *, full_since: dt.datetime | None = None
) -> int:
    """Make tasks of the pages that are due, and (`full_since`) of all that were not visited since then. Returns how
    many were added."""
    return connection.execute(
        _ENQUEUE_DUE, {"source": source, "segments": list(segments), "full_since": full_since}
    ).rowcount


def enqueue_pages(connection: Connection[DictRow], source: str, keys: Sequence[str]) -> int:
    """Make tasks of named pages, due or not (an import on demand)."""
    return connection.execute(
        b"""
        INSERT INTO import_task (page_id, source, segment, reason)
        SELECT page_id, source, segment, 'requested' FROM source_url_state
        WHERE source = %s AND page_key = ANY(%s)
        ON CONFLICT (page_id) WHERE state IN ('pending', 'leased') DO NOTHING
        """,
        (source, list(keys)),
    ).rowcount


def due_segments(connection: Connection[DictRow], source: str) -> list[str]:
    """Segments with a page that is due, a task left over, or a page that was fetched and not yet read."""
    rows = connection.execute(
        f"""
        SELECT segment FROM source_url_state
        WHERE source = %(source)s
          AND (({_DUE}) OR (snapshot_id IS DISTINCT FROM parsed_snapshot_id AND outcome IS DISTINCT FROM 'gone'))
        UNION
        SELECT segment FROM import_task WHERE source = %(source)s AND state IN ('pending', 'leased')
        """.encode(),
        {"source": source},
    )
    return sorted(row["segment"] for row in rows)


def release_orphans(connection: Connection[DictRow], source: str) -> int:
    """Take over what dead runs, or a dead attempt of this one, still hold. Call only under the source's lock.

    A page whose holder died three times is quarantined: it may be what kills them.
    """
    return connection.execute(
        b"""
        UPDATE import_task SET crashes = crashes + 1,
            state = CASE WHEN crashes + 1 >= %(max)s THEN 'quarantined' ELSE 'pending' END,
            error = CASE WHEN crashes + 1 >= %(max)s THEN 'its run died ' || crashes + 1 || ' times' ELSE error END,
            finished_at = CASE WHEN crashes + 1 >= %(max)s THEN now() END
        WHERE source = %(source)s AND state = 'leased'
        """,
        {"source": source, "max": MAX_CRASHES},
    ).rowcount


# A page whose holder died is claimed alone from then on: where it is what kills them, no other page dies with it.
_CLAIM = b"""
WITH next AS MATERIALIZED (
    SELECT task_id, crashes FROM import_task
    WHERE source = %(source)s AND segment = %(segment)s AND available_at <= %(attempt_started)s
      AND state = 'pending'
      AND (%(only)s::text[] IS NULL OR page_id IN (
           SELECT page_id FROM source_url_state WHERE source = %(source)s AND page_key = ANY(%(only)s)))
    ORDER BY task_id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), first AS (
    SELECT task_id, crashes FROM next ORDER BY task_id LIMIT 1
)
UPDATE import_task AS task
SET state = 'leased', run_id = %(run_id)s, attempts = attempts + 1, fence = fence + 1
FROM first, next, source_url_state AS page
WHERE task.task_id = next.task_id AND page.page_id = task.page_id
  AND (next.task_id = first.task_id OR (next.crashes = 0 AND first.crashes = 0))
RETURNING task.task_id, page.page_id, page.page_key, page.segment, page.url, page.request_url, page.request_more,
          page.etag, page.last_modified, page.content_hash, page.listed_fingerprint, page.not_modified_streak,
          task.fence
"""


def claim(
    connection: Connection[DictRow],
    source: str,
    segment: str,
    run_id: str,
    attempt_started: object,
    only: Sequence[str] | None = None,
    *,
    most: int = 1,
) -> list[Task]:
    """The next tasks of a segment (`only`: of these page keys), `most` of them, the run's from now on; none when
    nothing is left for this attempt."""
    rows = connection.execute(
        _CLAIM,
        {
            "source": source,
            "segment": segment,
            "run_id": run_id,
            "attempt_started": attempt_started,
            "only": None if only is None else list(only),
            "most": most,
        },
    ).fetchall()
    return [_task(row) for row in sorted(rows, key=lambda row: int(row["task_id"]))]


def _task(row: DictRow) -> Task:
    request = Request.of(row.pop("request_url"), row.pop("request_more"))
    return Task(**row, request=request)


_HELD = "WHERE task_id = %(task)s AND fence = %(fence)s AND state = 'leased'"

_FINISH = f"""
UPDATE import_task SET state = %(state)s, outcome = %(outcome)s, error = %(error)s, finished_at = now() {_HELD}
""".encode()
_POSTPONE = f"""
UPDATE import_task SET state = 'pending', outcome = %(outcome)s, error = %(error)s, available_at = clock_timestamp()
{_HELD}
""".encode()
_GIVE_BACK = b"""
UPDATE import_task AS task SET state = 'pending', run_id = NULL, attempts = attempts - 1
FROM unnest(%(tasks)s::bigint[], %(fences)s::bigint[]) AS held (task_id, fence)
WHERE task.task_id = held.task_id AND task.fence = held.fence AND state = 'leased'
RETURNING task.task_id
"""


def finish(connection: Connection[DictRow], task: Task, *, state: str, outcome: str, error: str | None = None) -> None:
    """End a task for good. Raises `HoldLost` where it was taken over; what else the transaction did is undone then."""
    _end(connection, _FINISH, task, state=state, outcome=outcome, error=error)


def postpone(connection: Connection[DictRow], task: Task, *, outcome: str, error: str) -> None:
    """Put a task back for the next attempt of this run, or for the next run. Raises `HoldLost`."""
    _end(connection, _POSTPONE, task, outcome=outcome, error=error)


def give_back(connection: Connection[DictRow], tasks: Sequence[Task]) -> None:
    """Put tasks back as if they had not been claimed: for them nothing was sent. Raises `HoldLost`."""
    facts = {"tasks": [task.task_id for task in tasks], "fences": [task.fence for task in tasks]}
    check_held(tasks, {row["task_id"] for row in connection.execute(_GIVE_BACK, facts)})


def check_held(tasks: Sequence[Task], ended: Collection[int]) -> None:
    """Raise `HoldLost` where one of the tasks is not among those that were ended."""
    for task in tasks:
        if task.task_id not in ended:
            raise HoldLost(f"page {task.page_key} of {task.segment} was taken over by another run")


def _end(connection: Connection[DictRow], statement: bytes, task: Task, **values: str | None) -> None:
    facts = {"task": task.task_id, "fence": task.fence, **values}
    check_held([task], [task.task_id] if connection.execute(statement, facts).rowcount else [])


def segments_left(
    connection: Connection[DictRow], source: str, segments: Sequence[str], only: Sequence[str] | None = None
) -> dict[str, int]:
    """Open tasks (`only`: of these page keys) by segment."""
    rows = connection.execute(
        b"SELECT task.segment, count(*) AS n FROM import_task AS task JOIN source_url_state AS page USING (page_id) "
        b"WHERE task.source = %(source)s AND task.segment = ANY(%(segments)s) AND state IN ('pending', 'leased') "
        b"AND (%(only)s::text[] IS NULL OR page.page_key = ANY(%(only)s)) GROUP BY task.segment",
        {"source": source, "segments": list(segments), "only": None if only is None else list(only)},
    )
    return {row["segment"]: row["n"] for row in rows}
