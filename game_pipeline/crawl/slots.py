"""Politeness across processes: when the next request to a host may be sent, decided by the database's clock.

A slot is reserved, not waited for: the caller sleeps for as long as it is told and sends then. A process that dies
meanwhile wastes its slot and holds up nobody. The delay adapts to what all processes hear from the host: it is never
shorter than twice the mean time of a reply, doubles with every "too many requests", and comes back a tenth a success.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from game_pipeline.store.pool import Store

__all__ = [
    "LONGEST_ADAPTIVE",
    "LONGEST_DELAY",
    "AskedToWait",
    "DayIsSpent",
    "forgive",
    "push_back",
    "slow_down",
    "spent_until",
    "take_slot",
]

LONGEST_DELAY = 86_400.0
"""A day in seconds. Longer waits are cut to it: a slip in a header must not park a host for good."""

LONGEST_ADAPTIVE = 600.0
"""Seconds that the delay of a host may grow to by itself."""

_TODAY = "(clock_timestamp() AT TIME ZONE 'UTC')::date"
_TOMORROW = f"(({_TODAY} + 1)::timestamp AT TIME ZONE 'UTC')"

# A process that wakes late comes nearer to the one after it: the turns lie so much further apart (50 ms at most) that
# the requests themselves keep the delay.
_MARGIN = "least(0.05, 0.1 * %(delay)s)"

# A delay of zero is a site of one's own: nothing is adapted to.
_ADAPTED = f"""
    CASE WHEN %(delay)s > 0
         THEN greatest(%(stretched)s, least(%(slower)s * greatest(2 * {{latency}}, {{penalty}}), {LONGEST_ADAPTIVE}))
              + {_MARGIN}
         ELSE 0 END"""
_LATENCY = """
    CASE WHEN %(heard)s::float8 IS NULL THEN slot.latency WHEN slot.latency = 0 THEN %(heard)s
         ELSE 0.8 * slot.latency + 0.2 * %(heard)s END"""
_PENALTY = """
    CASE WHEN %(heard)s::float8 IS NULL THEN slot.penalty WHEN slot.penalty < 0.1 THEN 0
         ELSE 0.9 * slot.penalty END"""

_OWN_PACE = f"({_ADAPTED.format(latency='slot.latency', penalty='slot.penalty')})"

# `host_slot.next_at` is when the request after the last one may go, so the first never waits. clock_timestamp(), not
# now(): it is read after the row's lock is had, and another process may have held that for long.
_TAKE = f"""
INSERT INTO host_slot AS slot (host, next_at, latency, day, sent)
VALUES (%(host)s, clock_timestamp() + (%(stretched)s + {_MARGIN}) * interval '1 second', coalesce(%(heard)s, 0),
        {_TODAY}, %(requests)s)
ON CONFLICT (host) DO UPDATE
    SET latency = {_LATENCY}, penalty = {_PENALTY},
        next_at = greatest(slot.next_at, clock_timestamp())
                  + interval '1 second' * ({_ADAPTED.format(latency=_LATENCY, penalty=_PENALTY)}),
        day = {_TODAY}, sent = CASE WHEN slot.day = {_TODAY} THEN slot.sent ELSE 0 END + %(requests)s
    -- A pace of our own is waited for, whatever it has grown to: only what lies beyond it is the host's wish.
    WHERE slot.next_at <= clock_timestamp() + interval '1 second' * (%(longest)s + {_OWN_PACE})
      AND (%(per_day)s::int IS NULL OR slot.day IS DISTINCT FROM {_TODAY} OR slot.sent < %(per_day)s)
RETURNING extract(epoch FROM next_at - clock_timestamp())::float8
          - ({_ADAPTED.format(latency="latency", penalty="penalty")}) AS wait
"""

_WAIT = """
SELECT extract(epoch FROM next_at - clock_timestamp())::float8 AS wait FROM host_slot WHERE host = %(host)s
"""

_SPENT = f"""
SELECT extract(epoch FROM {_TOMORROW} - clock_timestamp())::float8 AS seconds FROM host_slot
WHERE host = ANY(%(hosts)s) AND day = {_TODAY} AND sent >= %(per_day)s LIMIT 1
"""

_PUSH_BACK = """
INSERT INTO host_slot AS slot (host, next_at)
VALUES (%(host)s, clock_timestamp() + %(seconds)s * interval '1 second')
ON CONFLICT (host) DO UPDATE SET next_at = greatest(slot.next_at, excluded.next_at)
"""

_SLOWER = f"least(2 * greatest(slot.penalty, 2 * slot.latency, %(delay)s), {LONGEST_ADAPTIVE})"
_SLOW_DOWN = f"""
UPDATE host_slot AS slot SET
    penalty = {_SLOWER}, next_at = greatest(next_at, clock_timestamp() + {_SLOWER} * interval '1 second')
WHERE host = %(host)s
"""


class AskedToWait(Exception):
    """The host asked us to stay away for longer than one waits; `seconds` until the next request may go."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"the next request may go in {seconds:.0f} s")


class DayIsSpent(Exception):
    """All requests that a host gets on a day are sent; `seconds` until the next day (UTC)."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"the next day begins in {seconds:.0f} s")


def take_slot(
    store: Store,
    host: str,
    delay: float,
    *,
    slower: float = 1.0,
    longest: float = math.inf,
    heard: float | None = None,
    per_day: int | None = None,
    requests: int = 1,
) -> float:
    """Reserve the next request to a host; at least `delay` seconds lie between it and the one after it.

    `slower`: the factor that the source's breaker stretches the delay by, be it the given one or what it has grown to.
    `heard`: the seconds that this process's last good reply of the host took, told once. `requests`: how many it is,
    with those before it that needed no turn. Returns the seconds to wait
    before sending. Nothing is reserved, and `AskedToWait` is raised, where the host has asked to be left alone for more
    than `longest`; a pace of our own, however slow it has grown, is waited for. Raises `DayIsSpent` where `per_day`
    requests were sent on this day (UTC), by whichever process.
    """
    parameters = {
        "host": host,
        "delay": _bounded(delay),
        "slower": slower,
        "stretched": _bounded(slower * delay),
        "longest": min(longest, 10 * LONGEST_DELAY),
        "heard": None if heard is None else _bounded(heard),
        "per_day": per_day,
        "requests": requests,
    }
    row = store.row(_TAKE, parameters)
    if row is not None:
        return max(0.0, float(row["wait"]))
    if per_day is not None and (seconds := spent_until(store, [host], per_day)) is not None:
        raise DayIsSpent(seconds)
    row = store.row(_WAIT, parameters)
    raise AskedToWait(max(0.0, float(row["wait"])) if row else 0.0)


def spent_until(store: Store, hosts: list[str], per_day: int) -> float | None:
    """The seconds until one of the hosts may be asked again, where it had all its requests of the day."""
    row = store.row(_SPENT, {"hosts": hosts, "per_day": per_day})
    return float(row["seconds"]) if row else None


def push_back(store: Store, host: str, seconds: float) -> None:
    """Let nobody ask a host for so many seconds from now. Never brings a slot forward."""
    store.execute(_PUSH_BACK, {"host": host, "seconds": _bounded(seconds)})


def slow_down(store: Store, host: str, delay: float) -> None:
    """Double the delay of a host that said 429 or 503, for everybody; `delay` is what it is when all is well."""
    if delay > 0:
        store.execute(_SLOW_DOWN, {"host": host, "delay": _bounded(delay)})


def forgive(store: Store, hosts: Sequence[str]) -> None:
    """Take back all that hosts were slowed down by."""
    store.execute("UPDATE host_slot SET penalty = 0 WHERE host = ANY(%s)", (list(hosts),))


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_DELAY)
