"""A replay that keeps pace: after each step only the step's own events are applied, and the tables compared.

Building the catalogue anew after every step would cost more than the steps. That the whole log, replayed in one go,
comes to the same is left to the end of each example.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import DictRow, dict_row
from psycopg.types.string import TextLoader

from game_pipeline.store.event_log import events_after, recorded
from game_pipeline.store.projections import project
from game_pipeline.store.replay import PROJECTED
from game_pipeline_tests.conftest import ReusedCatalogue

__all__ = ["Shadow"]

SCHEMA = "shadow"


class Shadow:
    """The projected tables once more, in a schema of their own, fed by events alone."""

    def __init__(self, reused: ReusedCatalogue) -> None:
        self._reused = reused
        self._url = ""
        self._connection: Connection[DictRow] | None = None
        self._position = 0

    def __enter__(self) -> Shadow:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE".encode())
            self._connection.close()

    @property
    def connection(self) -> Connection[DictRow]:
        """For looking at the living catalogue, too: the tables of `public` by their full names."""
        assert self._connection is not None
        return self._connection

    def restart(self) -> str:
        """Empty both catalogues; returns the address of the living one."""
        url = self._reused.empty()
        self._position = 0
        if url == self._url:
            for table in PROJECTED:
                self.connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(SCHEMA, table)))
            return url
        if self._connection is not None:
            self._connection.close()
        self._url = url
        self._connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        self._connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())
        for table in PROJECTED:
            self._connection.execute(
                sql.SQL("CREATE UNLOGGED TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING INDEXES)").format(
                    sql.Identifier(SCHEMA, table), sql.Identifier("public", table)
                )
            )
        self._connection.execute(f"SET search_path = {SCHEMA}, public".encode())
        self._compare = sql.SQL(" UNION ALL ").join(
            sql.SQL(
                "SELECT {name} AS table_name WHERE (SELECT ({hashes}) FROM {ours} AS t) <> "
                "(SELECT ({hashes}) FROM {theirs} AS t)"
            ).format(
                name=sql.Literal(table),
                hashes=sql.SQL("coalesce(sum(hashtextextended(t::text, 0)), 0)"),
                ours=sql.Identifier(SCHEMA, table),
                theirs=sql.Identifier("public", table),
            )
            for table in PROJECTED
        )
        return url

    def catch_up(self) -> None:
        """Apply the events that have come since."""
        with self.connection.cursor() as reader:
            reader.adapters.register_loader("jsonb", TextLoader)
            for rows in events_after(reader, self._position, unsettled=True):
                with self.connection.transaction():
                    project(self.connection, [recorded(row) for row in rows])
                self._position = rows[-1]["position"]

    def differing(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """Table -> side -> the rows that only this side has; empty where the catalogues are equal."""
        found = {}
        for row in self.connection.execute(self._compare).fetchall():
            table = row["table_name"]
            found[table] = {
                side: self.connection.execute(
                    sql.SQL("SELECT * FROM {} EXCEPT ALL SELECT * FROM {}").format(
                        sql.Identifier(left, table), sql.Identifier(right, table)
                    )
                ).fetchall()
                for side, left, right in (("replay", SCHEMA, "public"), ("catalogue", "public", SCHEMA))
            }
        return found
