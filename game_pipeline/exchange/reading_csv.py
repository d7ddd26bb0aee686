"""An existing catalogue as one CSV file, a row a game; and the rows of any CSV file, each with its line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from game_pipeline.model import Language

from .existing import ExistingGame, Problem, RawGame, did_you_mean, read_game
from .lines import ExistingFileError, Lines
from .spreadsheet import LIST_SEPARATOR, restore

__all__ = ["CsvRow", "CsvTable", "read_csv"]

MAX_CELL = 2_000_000  # characters

COLUMNS = (
    "id", "title", "alt_titles", "kind", "release_date", "authors", "description", "urls", "tags", "external_ids",
    "edited",
)  # fmt: skip
_DESCRIPTION = "description"
_EXPECTED = {
    "alt_titles": "titles separated by ' | '",
    "credits": "names separated by ' | '",
    "descriptions": "a text",
    "urls": "addresses separated by ' | ', each https://... or KIND=https://...",
    "tags": "KIND:VALUE, separated by ' | '",
    "external_ids": "SCHEME:VALUE, separated by ' | '",
    "edited": "FIELD@2021-03-01 or FIELD@2021-03-01@AUTHOR, separated by ' | '",
}
_NAMES = {"credits": "authors", "descriptions": "description"}
_LANGUAGE: TypeAdapter[str] = TypeAdapter(Language)


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row's cells by column, as they were before a spreadsheet's formulas were defused."""

    line: int
    cells: dict[str, str]


class CsvTable:
    """A CSV file with a header: comma, semicolon or tab, whichever its header has.

    Iterating gives rows or the problems of one. Making it reads the header; raises `ExistingFileError` where there is
    none.
    """

    def __init__(self, path: Path) -> None:
        self.lines = Lines(path)
        self._source = iter(self.lines)
        csv.field_size_limit(MAX_CELL)
        header = next(self._source, None)
        if header is None:
            raise self.lines.fatal("the file is empty; expected a header", 1)
        if self.lines.problems:
            raise ExistingFileError(list(self.lines.problems))
        delimiter = max(",;\t", key=header.count)
        self._reader = csv.reader(self._fed(header), delimiter=delimiter, strict=True)
        try:
            self.columns = tuple(cell.strip() for cell in next(self._reader))
        except csv.Error as error:
            raise self.lines.fatal(f"no header: {_plain(error)}", 1) from None
        twice = [name for name in self.columns if self.columns.count(name) > 1]
        if twice:
            raise self.lines.fatal("the column is there twice", 1, twice[0])

    def _fed(self, header: str) -> Iterator[str]:
        yield header
        yield from self._source

    def __iter__(self) -> Iterator[CsvRow | list[Problem]]:
        lines = self.lines
        while True:
            lines.begin_row()
            begun = lines.number + 1
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                yield [Problem(lines.name, begun, "", _plain(error)), *lines.problems]
                continue
            if cells is None:
                return
            if lines.problems:
                yield list(lines.problems)
            elif any(cells):
                yield self._row(begun, cells)

    def _row(self, line: int, cells: Sequence[str]) -> CsvRow | list[Problem]:
        if len(cells) == len(self.columns):
            return CsvRow(line, dict(zip(self.columns, map(restore, cells), strict=True)))
        hint = "; a cell that holds the separator or a quote needs quotes" if len(cells) > len(self.columns) else ""
        told = f"{len(cells)} cells where the header has {len(self.columns)}{hint}"
        return [Problem(self.lines.name, line, "", told)]


def _plain(error: csv.Error) -> str:
    """The csv module's words are for programmers."""
    text = str(error)
    if "field limit" in text:
        return f"a cell is longer than {MAX_CELL} characters; is a quote not closed?"
    if "unexpected end" in text:
        return "the file ends within quotes; is a quote not closed, or the file cut off?"
    if "expected after" in text:
        return 'text after a closing quote; a quote within a cell is written twice: ""'
    if "new-line" in text:
        return "a lone carriage return; end lines with LF or CRLF"
    return text


def read_csv(path: Path, table: CsvTable) -> Iterator[ExistingGame | list[Problem]]:
    """A game or its problems for each row. Raises `ExistingFileError` where the columns are not the known ones."""
    _check_columns(table)
    for row in table:
        yield row if isinstance(row, list) else _read_row(table.lines.name, row)


def _check_columns(table: CsvTable) -> None:
    name = table.lines.name
    problems = []
    for column in table.columns:
        base, _, lang = column.partition(".")
        if base == _DESCRIPTION and lang:
            try:
                _LANGUAGE.validate_python(lang)
            except ValidationError:
                problems.append(Problem(name, 1, column, "LANG must be a BCP 47 language tag such as ru or pt-BR"))
        elif column not in COLUMNS:
            hint = did_you_mean(column, (*COLUMNS, "description.LANG"))
            problems.append(Problem(name, 1, column, f"unknown column{hint}"))
    problems += [
        Problem(name, 1, wanted, "the column is missing") for wanted in ("id", "title") if wanted not in table.columns
    ]
    if problems:
        raise ExistingFileError(problems)


def _read_row(name: str, row: CsvRow) -> ExistingGame | list[Problem]:
    cells = {column: text for column, text in row.cells.items() if text.strip()}
    problems: list[Problem] = []

    def pairs(column: str, first: str) -> list[dict[str, str]]:
        found = []
        for item in _items(cells.get(column, "")):
            key, colon, value = item.partition(":")
            if not colon:
                problems.append(
                    Problem(name, row.line, column, f"{item[:80]!r} has no colon; expected {_EXPECTED[column]}")
                )
                continue
            found.append({first: key.strip(), "value": value.strip()})
        return found

    claims: dict[str, Any] = {column: cells.get(column) for column in ("title", "kind", "release_date")}
    claims = {column: text.strip() for column, text in claims.items() if text}
    claims |= {
        "alt_titles": [{"title": title} for title in _items(cells.get("alt_titles", ""))],
        "descriptions": [
            {"lang": column.partition(".")[2] or None, "text": text}
            for column, text in cells.items()
            if column.partition(".")[0] == _DESCRIPTION
        ],
        "credits": [{"name": author} for author in _items(cells.get("authors", ""))],
        "urls": [_link(item) for item in _items(cells.get("urls", ""))],
        "tags": pairs("tags", "kind"),
        "external_ids": pairs("external_ids", "scheme"),
    }
    edited: dict[str, Any] = {}
    for item in _items(cells.get("edited", "")):
        field, _, rest = item.partition("@")
        date, _, author = rest.partition("@")
        if _field(field) in edited:
            problems.append(Problem(name, row.line, "edited", f"{field[:80]!r} is there twice"))
        edited[_field(field)] = {"at": date, "by": author or None}
    found = read_game(
        RawGame(name, row.line, cells.get("id", "").strip(), claims, edited, expected=_EXPECTED, names=_NAMES)
    )
    if problems:
        return problems if isinstance(found, ExistingGame) else [*problems, *found]
    return found


def _items(cell: str) -> list[str]:
    return [item.strip() for item in cell.split(LIST_SEPARATOR) if item.strip()]


def _link(item: str) -> dict[str, str]:
    kind, equals, url = item.partition("=")
    return {"url": url.strip(), "kind": kind.strip()} if equals and ":" not in kind else {"url": item}


def _field(name: str) -> str:
    """A field by the column's name or by its own."""
    name = name.strip()
    if name == "authors":
        return "credits"
    base, _, lang = name.partition(".")
    if base == _DESCRIPTION:
        return f"descriptions.{lang or 'und'}"
    return name
