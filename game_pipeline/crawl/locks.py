"""Locks that end with their holder, however it ends: one import of a source at a time, and which runs are alive.

Advisory locks on a connection of their own: they live exactly as long as the process, even one that is killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from game_pipeline.store import Store

__all__ = ["SourceBusy", "living_run", "run_is_alive", "source_lock"]


class SourceBusy(RuntimeError):
    """Another import of the same source is under way."""


_RUNNING = """
SELECT run_id, to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') AS since FROM import_run
WHERE source = %s AND status = 'running' ORDER BY started_at DESC LIMIT 1
"""


@contextmanager
def source_lock(store: Store, source: str) -> Iterator[None]:
    """Hold the lock of a source. Raises `SourceBusy` at once where somebody else holds it, naming their run."""
    with psycopg.connect(store.url, autocommit=True, application_name=f"game_pipeline lock {source}") as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 1))", (source,)).fetchone()
        if not row or not row[0]:
            running = store.row(_RUNNING, (source,))
            since = f" since {running['since']} by run {running['run_id']}" if running else ""
            raise SourceBusy(f"{source} is being imported{since}; wait for it or cancel it, then try again")
        yield


@contextmanager
def living_run(store: Store, run_id: str) -> Iterator[None]:
    """Let everybody see that a run is alive, for as long as the body, or the process, lives."""
    with psycopg.connect(store.url, autocommit=True, application_name=f"game_pipeline run {run_id[:8]}") as connection:
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 2))", (run_id,))
        yield


def run_is_alive(store: Store, run_id: str) -> bool:
    """Does the process of a run still live?"""
    with psycopg.connect(store.url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 2))", (run_id,)).fetchone()
        return not (row and row[0])
