"""The turns that one process takes at hosts, on top of `slots`: it remembers what the database is still to be told.

Where a delay keeps requests apart, each has its own turn. A host without any delay, a site or mirror of one's own, is
asked for in the database once a second, as only "come back later" could be learnt there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from game_pipeline.store.pool import Store

from . import slots

__all__ = ["Turns"]

GRANTED_SECONDS = 1.0


@dataclass(slots=True)
class _Grant:
    """A host without delay: nobody need be asked for a turn `until` then (monotonic clock). `requests`: untold yet."""

    until: float
    requests: int = 0


class Turns:
    """For one client; its threads may share it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._heard: dict[str, float] = {}  # host -> seconds of its last good reply
        self._granted: dict[str, _Grant] = {}

    def take(self, host: str, delay: float, *, slower: float, longest: float, per_day: int | None) -> float:
        """Seconds to wait before the next request to a host; see `slots.take_slot` for the rest."""
        grant = self._granted.get(host)
        if grant is not None and delay == 0 and per_day is None and time.monotonic() < grant.until:
            grant.requests += 1
            return 0.0
        self._granted.pop(host, None)
        wait = slots.take_slot(
            self._store,
            host,
            delay,
            slower=slower,
            longest=longest,
            heard=self._heard.pop(host, None),
            per_day=per_day,
            requests=1 + (grant.requests if grant else 0),
        )
        if delay == 0 and wait == 0:
            self._granted[host] = _Grant(time.monotonic() + GRANTED_SECONDS)
        return wait

    def heard(self, host: str, seconds: float) -> None:
        """A good reply took so long; told with the next turn."""
        self._heard[host] = seconds

    def push_back(self, host: str, seconds: float) -> None:
        self._granted.pop(host, None)
        slots.push_back(self._store, host, seconds)

    def slow_down(self, host: str, delay: float) -> None:
        self._granted.pop(host, None)
        slots.slow_down(self._store, host, delay)
