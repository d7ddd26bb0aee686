"""The catalogue's database as the rest of the program sees it: a small pool, rows as dicts, explicit transactions."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

__all__ = ["Rows", "Store", "is_outage"]

Rows = list[dict[str, Any]]


class Store:
    """A lazily opened pool of connections to the catalogue. Use as a context manager, or `close()` it.

    Statements outside `transaction()` commit one by one.
    """

    def __init__(self, url: str, *, pool_size: int = 4) -> None:
        self.url = url
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            url,
            connection_class=Connection[DictRow],
            kwargs={"autocommit": True, "row_factory": dict_row, "application_name": "game_pipeline"},
            min_size=0,
            max_size=pool_size,
            timeout=30,
            open=False,
            # A database restarted under us costs a new connection, not an error.
            check=_check,
        )

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection[DictRow]]:
        """A connection in autocommit mode."""
        self._pool.open()
        with self._pool.connection() as connection:
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection[DictRow]]:
        """A connection inside one transaction: all of it, or none."""
        with self.connection() as connection, connection.transaction():
            yield connection

    def rows(self, statement: str, parameters: dict[str, Any] | tuple[Any, ...] = ()) -> Rows:
        """All rows of one query."""
        with self.connection() as connection:
            return connection.execute(statement.encode(), parameters).fetchall()

    def row(self, statement: str, parameters: dict[str, Any] | tuple[Any, ...] = ()) -> dict[str, Any] | None:
        """The first row of one query, or None."""
        with self.connection() as connection:
            return connection.execute(statement.encode(), parameters).fetchone()

    def back_within(self, seconds: float) -> bool:
        """Is the database there, or back before so many seconds are over? Asked twice a second."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(0.5)
            else:
                return True

    def execute(self, statement: str, parameters: dict[str, Any] | tuple[Any, ...] = ()) -> int:
        """Run one statement and return how many rows it touched."""
        with self.connection() as connection:
            return connection.execute(statement.encode(), parameters).rowcount


def is_outage(error: BaseException) -> bool:
    """Was the connection lost, or could none be had, as while the server restarts? The statement is not to blame."""
    if isinstance(error, psycopg.InterfaceError):  # the connection is closed
        return True
    return isinstance(error, psycopg.OperationalError) and (
        error.sqlstate is None or error.sqlstate.startswith(("08", "57P0"))
    )


def _check(connection: Connection[DictRow]) -> None:
    """Raise where the server has gone since the connection was last used. A healthy one costs no statement.

    A server that goes closes its sockets, and there is something to read: only then it is asked.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        ConnectionPool.check_connection(connection)
