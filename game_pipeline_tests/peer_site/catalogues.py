"""An embedded PostgreSQL for one measurement, as the pipeline itself starts it, and empty databases on it."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from game_pipeline.store.embedded import EmbeddedPostgres
from game_pipeline.store.migrations import migrate

from .cpu import tree_cpu
from .spider import TABLE

__all__ = ["Catalogues"]


class Catalogues:
    """The running server. `ours` and `theirs` make a database each time."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._info = server.start()
        self._numbers = itertools.count(1)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Catalogues]:
        with tempfile.TemporaryDirectory(prefix="peers-", dir="/tmp") as directory:
            base = Path(directory)
            base.chmod(0o755)  # for root the server is another user
            server = EmbeddedPostgres(base / "data", state_root=base / "state")
            try:
                yield cls(server)
            finally:
                server.stop()

    def ours(self) -> str:
        """The address of a new catalogue."""
        url = self._new()
        with psycopg.connect(url, autocommit=True) as connection:
            migrate(connection)
            connection.execute("SELECT prepare_event_partitions()")
        return url

    def theirs(self) -> str:
        """The address of a new database with the spider's table."""
        url = self._new()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(TABLE)
        return url

    def cpu(self) -> float:
        """Seconds that the server has used so far, all its processes together."""
        return tree_cpu(self._info.pid)

    def _new(self) -> str:
        name = f"peers_{next(self._numbers)}"
        with psycopg.connect(self._info.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._info.url(name)
