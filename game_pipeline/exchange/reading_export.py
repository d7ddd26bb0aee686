"""Our own export as CSV read back: several files, all ordered by game, joined as they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .existing import ExistingGame, Problem, RawGame, read_game
from .lines import ExistingFileError
from .reading_csv import CsvRow, CsvTable
from .tables import TABLES

__all__ = ["is_export", "read_csv_export"]

_PARTS = ("titles", "descriptions", "credits", "tags", "urls", "external_ids", "edits")


def is_export(table: CsvTable) -> bool:
    """Is it the games.csv of an export?"""
    return "game_id" in table.columns


class _Part:
    """A file beside games.csv, whose rows are taken game by game."""

    def __init__(self, path: Path) -> None:
        self.table = CsvTable(path)
        _check_columns(self.table, path.stem)
        self._rows = iter(self.table)
        self._next: tuple[int, CsvRow] | None = None
        self._done = False
        self.strays: list[Problem] = []

    def take(self, game_id: int | None) -> tuple[list[CsvRow], list[Problem]]:
        """The rows of the game, and what cannot be read on the way to its end, which may have been of it.

        None: passes over whatever is left. Rows of games that are not there wait in `strays`.
        """
        taken: list[CsvRow] = []
        problems: list[Problem] = []
        while True:
            if self._next is None and not self._done:
                problems += self._advance()
            if self._next is None:
                return taken, problems
            key, row = self._next
            if game_id is not None and key > game_id:
                return taken, problems
            if key == game_id:
                taken.append(row)
            else:
                told = f"game {key} is not in games.csv, or the rows are not ordered by game_id as there"
                self.strays.append(Problem(self.table.lines.name, row.line, "game_id", told))
            self._next = None

    def _advance(self) -> list[Problem]:
        problems: list[Problem] = []
        for row in self._rows:
            if isinstance(row, list):
                problems += row
                continue
            key = _game_id(row)
            if key is not None:
                self._next = (key, row)
                return problems
            problems.append(_no_id(self.table, row))
        self._done = True
        return problems


def read_csv_export(path: Path, table: CsvTable) -> Iterator[ExistingGame | list[Problem]]:
    """A game or its problems for each row of games.csv and what the files beside it say of the game."""
    _check_columns(table, "games")
    parts = {name: _Part(path.parent / f"{name}.csv") for name in _PARTS}
    before: int | None = None
    for row in table:
        if isinstance(row, list):
            yield row
            continue
        game_id = _game_id(row)
        if game_id is None:
            yield [_no_id(table, row)]
            continue
        if before is not None and game_id < before:
            raise table.lines.fatal("the rows are not ordered by game_id; sort all files by it", row.line, "game_id")
        before = game_id
        found = {name: part.take(game_id) for name, part in parts.items()}
        yield from _strays(parts.values())
        problems = [problem for _, troubles in found.values() for problem in troubles]
        if problems:
            yield problems
            continue
        yield _read(table.lines.name, row, {name: rows for name, (rows, _) in found.items()})
    left = [problem for part in parts.values() for problem in part.take(None)[1]]
    if left:
        yield left
    yield from _strays(parts.values())


def _strays(parts: Iterable[_Part]) -> Iterator[list[Problem]]:
    for part in parts:
        for problem in part.strays:
            yield [problem]
        part.strays.clear()


def _check_columns(table: CsvTable, name: str) -> None:
    wanted = next(each for each in TABLES if each.name == name).columns
    known = {column.name for column in wanted}
    problems = [
        Problem(table.lines.name, 1, column, f"unknown column; an export's are {', '.join(known)}")
        for column in table.columns
        if column not in known
    ]
    problems += [
        Problem(table.lines.name, 1, column, "the column is missing")
        for column in sorted(known - set(table.columns) - {"sources"})
    ]
    if problems:
        raise ExistingFileError(problems)


def _game_id(row: CsvRow) -> int | None:
    text = row.cells["game_id"].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _no_id(table: CsvTable, row: CsvRow) -> Problem:
    return Problem(table.lines.name, row.line, "game_id", "expected a whole number")


def _read(name: str, row: CsvRow, rows: dict[str, list[CsvRow]]) -> ExistingGame | list[Problem]:
    def items(part: str, *columns: str) -> list[dict[str, Any]]:
        return [{column: each.cells[column] or None for column in columns} for each in rows[part]]

    claims: dict[str, Any] = {column: row.cells[column] or None for column in ("title", "kind", "release_date")}
    claims |= {
        "alt_titles": [
            {"title": each.cells["title"], "lang": each.cells["lang"] or None}
            for each in rows["titles"]
            if each.cells["main"].lower() != "true"
        ],
        "descriptions": items("descriptions", "lang", "text"),
        "credits": items("credits", "name", "role", "url"),
        "tags": items("tags", "kind", "value"),
        "urls": items("urls", "url", "kind", "label"),
        "external_ids": items("external_ids", "scheme", "value"),
    }
    edited = {
        each.cells["field"]: {
            "at": each.cells["edited_at"],
            "by": each.cells["author"] or None,
            "reason": each.cells["reason"] or None,
        }
        for each in rows["edits"]
    }
    return read_game(RawGame(name, row.line, row.cells["game_id"].strip(), claims, edited, expected={}, names={}))
