"""Leases that end with their holder, however it ends: one import of a source at a time, and which runs are alive.

A lease is a row that its holder renews every few seconds, by the database's clock. Who dies, stalls or is cut off from
the database loses it; who has lost it cannot renew it (`fence`), and ends no task that another has taken over. Beside
it the holder keeps an advisory lock, which goes with its process: where that is free, one need not wait for the lease
to run out, only look for a moment whether its holder still renews it, as a database that restarts frees all locks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from game_pipeline.store import Store

__all__ = ["LEASE", "Hold", "HoldLost", "SourceBusy", "living_run", "run_is_alive", "source_lock"]

logger = logging.getLogger(__name__)

LEASE = 60.0
"""Seconds without a sign of life after which a lease is anybody's."""

BEAT = 1.0
"""Seconds between two signs of life, and about as long until a holder is back after the database was away."""

WATCH = 2.5 * BEAT

STALLED = 7200.0
"""Seconds without progress after which a holder that still breathes is stuck: no page takes that long, with all its
tries and the longest waits between them."""


class SourceBusy(RuntimeError):
    """Another import of the same source is under way."""


class HoldLost(RuntimeError):
    """What this process held was taken over: it had not been heard of for too long."""


_LOCK = b"SELECT pg_try_advisory_lock(hashtextextended(%(name)s, 1)) AS got"
_UNLOCK = b"SELECT pg_advisory_unlock(hashtextextended(%(name)s, 1))"
_LOOK = b"""
SELECT holder, fence, held_until::text AS until, held_until < clock_timestamp() AS over FROM lease WHERE name = %(name)s
"""
_TAKE = b"""
INSERT INTO lease (name, holder, held_until)
VALUES (%(name)s, %(holder)s, clock_timestamp() + %(lease)s * interval '1 second')
ON CONFLICT (name) DO UPDATE
    SET holder = excluded.holder, fence = lease.fence + 1, held_until = excluded.held_until
    WHERE lease.held_until < clock_timestamp() OR lease.fence = %(dead)s
          OR lease.holder = excluded.holder -- an earlier attempt of the same run
RETURNING fence
"""
_RENEW = b"""
UPDATE lease SET held_until = clock_timestamp() + %(lease)s * interval '1 second'
WHERE name = %(name)s AND fence = %(fence)s RETURNING name
"""
_FREE = b"UPDATE lease SET held_until = '-infinity' WHERE name = %(name)s AND fence = %(fence)s"


class Hold:
    """A lease that this process has, renewed by a thread of its own. `check` it between two pieces of work."""

    def __init__(self, store: Store, name: str, holder: str, lease: float, fence: int) -> None:
        self._url = store.url
        self._facts = {"name": name, "holder": holder, "lease": lease, "fence": fence}
        self._every = min(BEAT, lease / 4)
        self._done = threading.Event()
        self._lost = False
        self._progress = time.monotonic()
        self._thread = threading.Thread(target=self._keep, name=f"lease {name}", daemon=True)

    def check(self) -> None:
        """Say that the work goes on. Raises `HoldLost`."""
        self._progress = time.monotonic()
        if self._lost:
            raise HoldLost(
                f"{self._facts['name']}: taken over by another run, as this one was not heard of for "
                f"{self._facts['lease']:.0f} s; what it had stored is kept"
            )

    def keep(self, connection: psycopg.Connection[DictRow]) -> None:
        """Renew it from now on over a connection that becomes the thread's own."""
        self._connection: psycopg.Connection[DictRow] | None = connection
        self._thread.start()

    def end(self) -> None:
        """Give it back."""
        self._done.set()
        self._thread.join()
        connection = self._connection
        with suppress(psycopg.Error):  # where the database is away, it runs out
            if connection is not None and not self._lost:
                connection.execute(_FREE, self._facts)
        if connection is not None:
            connection.close()

    def _keep(self) -> None:
        while not self._done.wait(self._every):
            if time.monotonic() - self._progress > STALLED:
                logger.error("%s: no progress for %.0f s; given up", self._facts["name"], STALLED)
                self._lost = True
            if self._lost:
                return
            try:
                self._renew()
            except psycopg.Error as error:
                logger.warning("%s: the database is away: %s", self._facts["name"], " ".join(str(error).split()))
                self._close()

    def _renew(self) -> None:
        if self._connection is None:
            self._connection = _connect(self._url, str(self._facts["name"]))
            self._connection.execute(_LOCK, self._facts)
        if self._connection.execute(_RENEW, self._facts).fetchone() is None:
            self._lost = True

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


def _connect(url: str, name: str) -> psycopg.Connection[DictRow]:
    return psycopg.connect(
        url, autocommit=True, row_factory=dict_row, application_name=f"game_pipeline {name}"[:63], connect_timeout=5
    )


@contextmanager
def _held(store: Store, name: str, holder: str, lease: float) -> Iterator[Hold | dict[str, Any]]:
    """The lease, or who has it."""
    connection = _connect(store.url, name)
    try:
        facts = {"name": name, "holder": holder, "lease": lease}
        dead = _dead_holder(connection, name, holder, min(WATCH, lease))
        row = connection.execute(_TAKE, facts | {"dead": dead}).fetchone()
        if row is None:
            other = connection.execute(_LOOK, facts).fetchone()
            connection.close()
            yield other or {}
            return
        connection.execute(_LOCK, facts)
        hold = Hold(store, name, holder, lease, row["fence"])
    except BaseException:
        connection.close()
        raise
    hold.keep(connection)
    try:
        yield hold
    finally:
        hold.end()


def _dead_holder(connection: psycopg.Connection[DictRow], name: str, taker: str, watch: float) -> int | None:
    """The fence of a holder whose process is gone though its lease runs still; None: there is no such holder.

    Leaves the advisory lock taken where it was free and the holder is dead.
    """
    first = connection.execute(_LOOK, {"name": name}).fetchone()
    if first is None or first["over"] or first["holder"] == taker:
        return None
    got = connection.execute(_LOCK, {"name": name}).fetchone()
    if not got or not got["got"]:
        return None
    deadline = time.monotonic() + watch
    while time.monotonic() < deadline:
        time.sleep(watch / 20)
        now = connection.execute(_LOOK, {"name": name}).fetchone()
        if now is None or (now["fence"], now["until"]) != (first["fence"], first["until"]):
            connection.execute(_UNLOCK, {"name": name})  # alive: it lost its connection, and wants the lock back
            return None
    return int(first["fence"])


_SINCE = """
SELECT to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') AS since FROM import_run
WHERE run_id = %s AND status = 'running'
"""


@contextmanager
def source_lock(store: Store, source: str, run_id: str, lease: float = LEASE) -> Iterator[Hold]:
    """Hold a source for a run. Raises `SourceBusy` where somebody else does, naming their run: at once, or after a few
    seconds where it has to be seen first whether their process is alive."""
    with _held(store, f"source {source}", run_id, lease) as hold:
        if not isinstance(hold, Hold):
            holder = hold.get("holder", "another")
            running = store.row(_SINCE, (holder,))
            since = f" since {running['since']}" if running else ""
            raise SourceBusy(
                f"{source} is being imported{since} by run {holder}; wait for it or cancel it, then try again"
            )
        yield hold


@contextmanager
def living_run(store: Store, run_id: str, lease: float = LEASE) -> Iterator[None]:
    """Let everybody see that a run is alive, for as long as the body, or the process, lives."""
    name = f"run {run_id}"
    with _held(store, name, run_id, lease):
        yield
    store.execute("DELETE FROM lease WHERE name = %s", (name,))


def run_is_alive(store: Store, run_id: str) -> bool:
    """Does the process of a run still live, and is it heard of?"""
    name = f"run {run_id}"
    with _connect(store.url, "looks after runs") as connection:
        row = connection.execute(_LOOK, {"name": name}).fetchone()
        if row is None or row["over"]:
            return False
        return _dead_holder(connection, name, "", WATCH) is None
