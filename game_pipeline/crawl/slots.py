"""Politeness across processes: when the next request to a host may be sent, decided by the database's clock.

A slot is reserved, not waited for: the caller sleeps for as long as it is told and sends then. A process that dies
meanwhile wastes its slot and holds up nobody.
"""

from __future__ import annotations

import math

from game_pipeline.store.pool import Store

__all__ = ["push_back", "take_slot"]

LONGEST_DELAY = 86_400.0
"""A day in seconds. Longer waits are cut to it: a slip in a header must not park a host for good."""

# `host_slot.next_at` is when the request after the last one may go, so the first never waits. clock_timestamp(), not
# now(): it is read after the row's lock is had, and another process may have held that for long.
_TAKE = """
INSERT INTO host_slot AS slot (host, next_at)
VALUES (%(host)s, clock_timestamp() + %(delay)s * interval '1 second')
ON CONFLICT (host) DO UPDATE
    SET next_at = greatest(slot.next_at, clock_timestamp()) + %(delay)s * interval '1 second'
    WHERE slot.next_at <= clock_timestamp() + %(longest)s * interval '1 second'
RETURNING extract(epoch FROM next_at - clock_timestamp())::float8 - %(delay)s AS wait
"""

_WAIT = """
SELECT extract(epoch FROM next_at - clock_timestamp())::float8 AS wait FROM host_slot WHERE host = %(host)s
"""

_PUSH_BACK = """
INSERT INTO host_slot AS slot (host, next_at)
VALUES (%(host)s, clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (host) DO UPDATE SET next_at = greatest(slot.next_at, excluded.next_at)
"""


def take_slot(store: Store, host: str, delay: float, *, longest: float = math.inf) -> float:
    """Reserve the next request to a host; at least `delay` seconds lie between it and the one after it.

    Returns the seconds to wait before sending. More than `longest`: nothing was reserved, come back that much later.
    """
    parameters = {"host": host, "delay": _bounded(delay), "longest": min(longest, 10 * LONGEST_DELAY)}
    row = store.row(_TAKE, parameters)
    if row is not None:
        return max(0.0, float(row["wait"]))
    row = store.row(_WAIT, parameters)
    # Always above `longest`, even where the host became free between the two statements.
    return max(math.nextafter(longest, math.inf), float(row["wait"]) if row else 0.0)


def push_back(store: Store, host: str, seconds: float) -> None:
    """Let nobody ask a host for so many seconds from now. Never brings a slot forward."""
    store.execute(_PUSH_BACK, {"host": host, "seconds": _bounded(seconds)})


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_DELAY)
