"""Writers of the two text formats of an export: JSON lines, and CSV files that a spreadsheet may open."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from .spreadsheet import LIST_SEPARATOR, defuse
from .tables import TABLES, Cell, game_document

__all__ = ["CsvWriter", "JsonLinesWriter"]


class JsonLinesWriter:
    """games.jsonl: a document a line."""

    def __init__(self, directory: Path) -> None:
        self.rows = {"games.jsonl": 0}
        self._file = (directory / "games.jsonl").open("w", encoding="utf-8", newline="\n")

    def add(self, game: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(game_document(game), ensure_ascii=False, separators=(",", ":")) + "\n")
        self.rows["games.jsonl"] += 1

    def close(self) -> None:
        self._file.close()


class CsvWriter:
    """A file a table, as RFC 4180 has it: UTF-8 with a header, comma, CRLF."""

    def __init__(self, directory: Path) -> None:
        self.rows = {f"{table.name}.csv": 0 for table in TABLES}
        self._writers = {}
        with ExitStack() as stack:
            for table in TABLES:
                path = directory / f"{table.name}.csv"
                writer = csv.writer(stack.enter_context(path.open("w", encoding="utf-8", newline="")))
                writer.writerow(column.name for column in table.columns)
                self._writers[table.name] = writer
            self._stack = stack.pop_all()

    def add(self, game: Mapping[str, Any]) -> None:
        for table in TABLES:
            rows = [tuple(map(_cell, row)) for row in table.rows(game)]
            self._writers[table.name].writerows(rows)
            self.rows[f"{table.name}.csv"] += len(rows)

    def close(self) -> None:
        self._stack.close()


def _cell(value: Cell) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dt.datetime():
            return value.isoformat()
        case str():
            return defuse(value)
        case list():
            return defuse(LIST_SEPARATOR.join(value))
        case _:
            return str(value)
