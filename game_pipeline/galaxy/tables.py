"""Rows of a database whose schema is not to be believed: real tables only, columns by their names. Reading process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from .problems import GalaxyError

__all__ = ["Tables"]

MAX_ROWS = 300_000
"""Of a table; `most` says otherwise."""
MAX_TABLES = 2_000


class Tables:
    """The tables of an opened database, by name. Names are compared as SQLite does, without regard to case."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._columns: dict[str, dict[str, str]] = {}
        self._kinds: dict[str, str] = {}
        for kind, name in connection.execute(f"SELECT type, name FROM sqlite_master LIMIT {MAX_TABLES}"):
            if kind in ("table", "view"):
                self._kinds[str(name).lower()] = kind

    def has(self, table: str, *columns: str) -> bool:
        """Is there a real table of that name with these columns? Raises `GalaxyError` where it is a view instead."""
        kind = self._kinds.get(table.lower())
        if kind == "view":
            raise GalaxyError("not_galaxy", f"{table} is a view where Galaxy has a table")
        return kind == "table" and all(column.lower() in self._known(table) for column in columns)

    def missing(self, table: str, *columns: str) -> str | None:
        """What of it is missing, in words."""
        if not self.has(table):
            return f"table {table}"
        lacking = [column for column in columns if column.lower() not in self._known(table)]
        return f"{table}.{lacking[0]}" if lacking else None

    def rows(
        self,
        table: str,
        *columns: str,
        where: str | None = None,
        values: tuple[int, ...] = (),
        most: int = MAX_ROWS,
    ) -> Iterator[tuple[Any, ...]]:
        """The columns of every row, NULL for those that the table does not have; nothing where there is no table.

        `where`: a column that must hold one of `values`. Raises `GalaxyError` for more rows than anybody has.
        """
        if not self.has(table):
            return
        known = self._known(table)
        chosen = ", ".join(_quoted(known[name.lower()]) if name.lower() in known else "NULL" for name in columns)
        condition = ""
        if where is not None:
            numbers = ", ".join(str(int(value)) for value in values)
            condition = f" WHERE {_quoted(known[where.lower()])} IN ({numbers})"
        # Not by an index: whether its entries are those of the table, nobody has checked.
        rows = self._connection.execute(f"SELECT {chosen} FROM {_quoted(table)} NOT INDEXED{condition}")
        for count, row in enumerate(rows):
            if count >= most:
                raise GalaxyError("too_much", f"has more than {most} rows of {table}; no Galaxy database does")
            yield row

    def _known(self, table: str) -> dict[str, str]:
        """Lower-case name -> name, of the columns that are stored as they are: no generated ones."""
        if table not in self._columns:
            found = self._connection.execute(f"PRAGMA table_xinfo({_quoted(table)})").fetchall()
            self._columns[table] = {str(row[1]).lower(): str(row[1]) for row in found if row[6] == 0}
        return self._columns[table]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
