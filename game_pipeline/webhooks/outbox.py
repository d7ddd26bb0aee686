"""The outbox's tables: how far each webhook has taken over the log, and what became of each delivery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.settings import WebhookSettings
from game_pipeline.store import Store
from game_pipeline.store.archive import hold_log
from game_pipeline.store.event_log import settled_position
from game_pipeline.store.event_types import EVENT_TYPES
from game_pipeline.store.pool import Rows

from .sender import Answer

__all__ = [
    "Due",
    "WebhookError",
    "begin",
    "count_pending",
    "dead_letters",
    "due",
    "event_types",
    "forget",
    "mark_delivered",
    "mark_failed",
    "pause",
    "prune",
    "read_state",
    "resume",
    "retry",
    "stop",
    "take_over",
    "work_is_due",
]

Conn = Connection[DictRow]


class WebhookError(RuntimeError):
    """What was asked of a webhook cannot be done; the message says why and what to do."""


def event_types(settings: WebhookSettings) -> list[str]:
    """The types of events that a webhook's patterns mean."""
    return [name for name in EVENT_TYPES if any(fnmatchcase(name, pattern) for pattern in settings.events)]


def begin(store: Store, name: str, *, from_start: bool = False) -> None:
    """See to it that a webhook has its place in the log: the log's present end, or its start.

    Raises `WebhookError` where it should begin at the start, and has begun already or the start is archived.
    """
    with store.transaction() as connection:
        if from_start:
            _check_start(connection, name)
        position = 0 if from_start else settled_position(connection)
        connection.execute(
            "INSERT INTO webhook (name, position) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING", (name, position)
        )
        if not from_start:
            return
        moved = connection.execute(
            "UPDATE webhook SET position = 0 WHERE name = %s "
            "AND (position = 0 OR NOT EXISTS (SELECT FROM webhook_delivery WHERE webhook = %s))",
            (name, name),
        )
        if not moved.rowcount:
            raise WebhookError(
                f"{name} has been sent events already, and earlier ones would come out of order; "
                "name a new webhook in the settings and start that one"
            )


def _check_start(connection: Conn, name: str) -> None:
    hold_log(connection)
    if connection.execute("SELECT 1 FROM event_archive LIMIT 1").fetchone():
        raise WebhookError(
            f"the log's first months are archived, and webhooks are sent what the database has: let {name} begin with "
            "what happens now (webhook deliver), and give its receiver what was before: game-pipeline events export"
        )


_TAKE_OVER = """
INSERT INTO webhook_delivery (webhook, position, event_id, event_type, lane, recorded_at, next_attempt_at)
SELECT %(name)s, position, event_id, event_type, coalesce('game:' || game_id, stream), recorded_at, %(now)s
FROM import_event
WHERE position > %(after)s AND position <= %(settled)s AND event_type = ANY(%(types)s)
ON CONFLICT DO NOTHING
"""


def take_over(store: Store, name: str, settings: WebhookSettings, now: dt.datetime) -> int:
    """Put into a webhook's outbox what the log has gained; returns how much. Nothing still being committed is passed.

    A webhook that has not begun, or is switched off or stopped, keeps its place.
    """
    with store.transaction() as connection:
        row = connection.execute(
            "SELECT position FROM webhook WHERE name = %s AND state = 'active' FOR UPDATE", (name,)
        ).fetchone()
        if row is None or not settings.enabled:
            return 0
        settled = settled_position(connection)
        if settled <= row["position"]:
            return 0
        asked = {"name": name, "after": row["position"], "settled": settled, "now": now, "types": event_types(settings)}
        taken = connection.execute(_TAKE_OVER, asked).rowcount
        connection.execute("UPDATE webhook SET position = %s WHERE name = %s", (settled, name))
        return taken


def read_state(connection: Conn, name: str) -> dict[str, Any]:
    """A webhook's row. It must have begun."""
    row = connection.execute("SELECT * FROM webhook WHERE name = %s", (name,)).fetchone()
    assert row is not None
    return row


# What waits behind an earlier event of its lane that is not due is not due either. What waits behind one that is due
# comes after it, and the caller leaves it out where that one failed.
_DUE = """
SELECT due.lane, due.attempts, event.*
FROM webhook_delivery AS due JOIN import_event AS event ON event.position = due.position
WHERE due.webhook = %(name)s AND due.state = 'pending' AND due.next_attempt_at <= %(now)s
  AND due.position > %(after)s
  AND NOT EXISTS (
    SELECT FROM webhook_delivery AS earlier
    WHERE earlier.webhook = due.webhook AND earlier.lane = due.lane AND earlier.state = 'pending'
      AND earlier.position < due.position AND earlier.next_attempt_at > %(now)s
  )
ORDER BY due.position LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery to be tried now. `attempts`: those before. `event`: the row of the log."""

    position: int
    lane: str
    attempts: int
    event: dict[str, Any]


def due(connection: Conn, name: str, *, after: int, now: dt.datetime, limit: int) -> list[Due]:
    """The next deliveries that are due, in the log's order."""
    rows = connection.execute(_DUE.encode(), {"name": name, "after": after, "now": now, "limit": limit}).fetchall()
    return [Due(row["position"], row.pop("lane"), row.pop("attempts"), row) for row in rows]


def mark_delivered(connection: Conn, name: str, position: int, status: int | None, now: dt.datetime) -> None:
    connection.execute(
        "UPDATE webhook_delivery SET state = 'delivered', attempts = attempts + 1, last_status = %s, "
        "last_error = NULL, ended_at = %s WHERE webhook = %s AND position = %s",
        (status, now, name, position),
    )


def mark_failed(
    connection: Conn, name: str, position: int, answer: Answer, *, again_at: dt.datetime | None, now: dt.datetime
) -> None:
    """`again_at`: when to try again; None: never, it is a dead letter."""
    connection.execute(
        "UPDATE webhook_delivery SET state = CASE WHEN %(again)s::timestamptz IS NULL THEN 'dead' ELSE 'pending' END, "
        "attempts = attempts + 1, next_attempt_at = coalesce(%(again)s, next_attempt_at), last_status = %(status)s, "
        "last_error = %(error)s, ended_at = CASE WHEN %(again)s::timestamptz IS NULL THEN %(now)s::timestamptz END "
        "WHERE webhook = %(name)s AND position = %(position)s",
        {
            "again": again_at,
            "status": answer.status,
            "error": answer.error,
            "now": now,
            "name": name,
            "position": position,
        },
    )


def pause(connection: Conn, name: str, until: dt.datetime) -> None:
    """Send nothing more until then: the receiver asked for it."""
    connection.execute("UPDATE webhook SET not_before = %s WHERE name = %s", (until, name))


def stop(connection: Conn, name: str, reason: str) -> None:
    """Send nothing more until a person resumes it."""
    connection.execute("UPDATE webhook SET state = 'stopped', reason = %s WHERE name = %s", (reason, name))


def count_pending(connection: Conn, name: str) -> int:
    row = connection.execute(
        "SELECT count(*) AS n FROM webhook_delivery WHERE webhook = %s AND state = 'pending'", (name,)
    ).fetchone()
    return int(row["n"]) if row else 0


def prune(connection: Conn, name: str, before: dt.datetime) -> int:
    """Forget what was delivered before then. The place in the log stays, so that nothing is sent anew."""
    return connection.execute(
        "DELETE FROM webhook_delivery WHERE webhook = %s AND state = 'delivered' AND ended_at < %s", (name, before)
    ).rowcount


def work_is_due(store: Store, webhooks: Mapping[str, WebhookSettings], now: dt.datetime) -> bool:
    """Is anything to be sent now? Webhooks that are switched off, stopped or pausing have nothing to send."""
    names = [name for name, settings in webhooks.items() if settings.enabled]
    row = store.row(
        "SELECT EXISTS (SELECT FROM webhook JOIN webhook_delivery AS delivery ON delivery.webhook = webhook.name "
        "WHERE webhook.name = ANY(%(names)s) AND webhook.state = 'active' "
        "AND (webhook.not_before IS NULL OR webhook.not_before <= %(now)s) "
        "AND delivery.state = 'pending' AND delivery.next_attempt_at <= %(now)s "
        "AND NOT EXISTS (SELECT FROM webhook_delivery AS earlier WHERE earlier.webhook = delivery.webhook "
        "AND earlier.lane = delivery.lane AND earlier.state = 'pending' AND earlier.position < delivery.position "
        "AND earlier.next_attempt_at > %(now)s)) AS due",
        {"names": names, "now": now},
    )
    return bool(row and row["due"])


def dead_letters(store: Store, name: str, limit: int = 1_000) -> Rows:
    """What was given up, oldest first."""
    return store.rows(
        "SELECT event_id, position, event_type, lane, recorded_at, attempts, last_status, last_error, ended_at "
        "FROM webhook_delivery WHERE webhook = %s AND state = 'dead' ORDER BY position LIMIT %s",
        (name, limit),
    )


def retry(store: Store, name: str, events: Sequence[UUID] = (), *, now: dt.datetime) -> int:
    """Let dead letters be tried again from now on, all or those of the events named; returns how many.

    Those whose event is archived cannot be: of all they are passed over. Raises `WebhookError`, changing nothing, where
    an event that is named is no dead letter, or archived.
    """
    with store.transaction() as connection:
        hold_log(connection)
        revived = connection.execute(
            "UPDATE webhook_delivery SET state = 'pending', attempts = 0, next_attempt_at = %s, ended_at = NULL "
            "WHERE webhook = %s AND state = 'dead' AND (event_id = ANY(%s) OR %s) "
            "AND EXISTS (SELECT FROM import_event WHERE import_event.position = webhook_delivery.position) "
            "RETURNING event_id",
            (now, name, list(events), not events),
        ).fetchall()
        missing = set(events) - {row["event_id"] for row in revived}
        if missing:
            raise WebhookError(
                f"{name} has no dead letter {', '.join(sorted(map(str, missing)))}, or its month is archived; "
                f"see: game-pipeline webhook dead {name}"
            )
        return len(revived)


def forget(store: Store, name: str) -> int | None:
    """Drop a webhook's place in the log and its deliveries, dead letters included.

    Returns how many it was still to be sent; None where there was nothing to forget.
    """
    with store.transaction() as connection:
        if connection.execute("SELECT 1 FROM webhook WHERE name = %s FOR UPDATE", (name,)).fetchone() is None:
            return None
        pending = count_pending(connection, name)
        connection.execute("DELETE FROM webhook_delivery WHERE webhook = %s", (name,))
        connection.execute("DELETE FROM webhook WHERE name = %s", (name,))
        return pending


def resume(store: Store, name: str, now: dt.datetime) -> bool:
    """Let a stopped or pausing webhook go on, what waits at once; returns whether it was stopped."""
    with store.transaction() as connection:
        row = connection.execute("SELECT state FROM webhook WHERE name = %s FOR UPDATE", (name,)).fetchone()
        connection.execute(
            "UPDATE webhook SET state = 'active', reason = NULL, not_before = NULL WHERE name = %s", (name,)
        )
        connection.execute(
            "UPDATE webhook_delivery SET next_attempt_at = least(next_attempt_at, %s) "
            "WHERE webhook = %s AND state = 'pending'",
            (now, name),
        )
        return bool(row and row["state"] == "stopped")
