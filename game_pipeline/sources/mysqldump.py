"""What `mysqldump` and `mariadb-dump` write, read as rows: the columns from CREATE TABLE, the values from INSERT.

Nothing is executed. Only the tables that are asked for are taken apart. The text is read line by line, as those
programs write a statement's rows on one line or on lines of their own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from .base import ParseError

__all__ = ["Row", "Values", "read_rows"]

MAX_STATEMENT = 64 * 1024 * 1024
MAX_COLUMNS = 500

_CREATE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?`(?P<table>[^`]+)` \(\s*$")
_COLUMN = re.compile(r"\s*`(?P<name>[^`]+)` ")
_INSERT = re.compile(
    r"(?:INSERT|REPLACE)(?: IGNORE)? INTO `(?P<table>[^`]+)`\s*(?:\((?P<columns>[^)]*)\))?\s*VALUES\s*"
)
_NAME = re.compile(r"`([^`]+)`")
_VALUE = re.compile(
    r"\s*(?:(?P<null>NULL)|(?:_[a-z0-9]+ )?'(?P<text>[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+)'|0x(?P<hex>[0-9A-Fa-f]*)"
    r"|(?P<number>-?[0-9][0-9.eE+-]*))\s*",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPED = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}


Values = dict[str, str | None]
"""The values of a row by the names of their columns, None for NULL."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table."""

    table: str
    values: Values


def read_rows(lines: Iterable[str], tables: Collection[str]) -> Iterator[Row]:
    """The rows of some tables in the order of the dump. Raises `ParseError` where the text is no dump of them."""
    columns: dict[str, tuple[str, ...]] = {}
    reading = iter(lines)
    seen = False
    for line in reading:
        if match := _CREATE.match(line):
            seen = True
            names = _columns(reading)
            if match["table"] in tables:
                columns[match["table"]] = names
        elif (match := _INSERT.match(line)) and match["table"] in tables:
            table = match["table"]
            named = tuple(_NAME.findall(match["columns"])) if match["columns"] else columns.get(table)
            if not named:
                raise ParseError(f"INSERT INTO `{table}`", "the dump has no CREATE TABLE before it")
            yield from _rows(table, named, _statement(line[match.end() :], reading))
    if not seen:
        raise ParseError("CREATE TABLE", "not in the file: no dump of a MySQL or MariaDB database")


def _columns(lines: Iterator[str]) -> tuple[str, ...]:
    """The columns up to the end of the statement; keys and constraints come after them."""
    names: list[str] = []
    for line in lines:
        if match := _COLUMN.match(line):
            names.append(match["name"])
        elif line.lstrip().startswith(")"):
            break
        if len(names) > MAX_COLUMNS:
            raise ParseError("CREATE TABLE", f"more than {MAX_COLUMNS} columns")
    return tuple(names)


def _statement(start: str, lines: Iterator[str]) -> str:
    """The rest of an INSERT. A line feed in a value is written as an escape, so a line that ends with `;` ends it."""
    pieces = [start]
    size = len(start)
    while not pieces[-1].rstrip().endswith(";"):
        line = next(lines, None)
        if line is None:
            raise ParseError("INSERT", "the file ends in the middle of a statement")
        pieces.append(line)
        size += len(line)
        if size > MAX_STATEMENT:
            raise ParseError("INSERT", f"a statement of more than {MAX_STATEMENT} characters")
    return "".join(pieces)


def _rows(table: str, columns: tuple[str, ...], text: str) -> Iterator[Row]:
    position = 0
    while True:
        position = _after(text, position, "(", table)
        values: list[str | None] = []
        while True:
            match = _VALUE.match(text, position)
            if match is None:
                raise ParseError(f"INSERT INTO `{table}`", f"no value: {text[position : position + 40]!r}")
            values.append(_value(match))
            position = match.end()
            if text[position : position + 1] != ",":
                break
            position += 1
        position = _after(text, position, ")", table)
        if len(values) != len(columns):
            raise ParseError(f"INSERT INTO `{table}`", f"{len(values)} values for {len(columns)} columns")
        yield Row(table, dict(zip(columns, values, strict=True)))
        rest = text[position : position + 80].lstrip()
        if not rest.startswith(","):
            return
        position = text.index(",", position) + 1


def _after(text: str, position: int, sign: str, table: str) -> int:
    while text[position : position + 1].isspace():
        position += 1
    if text[position : position + 1] != sign:
        raise ParseError(f"INSERT INTO `{table}`", f"no {sign!r}: {text[position : position + 40]!r}")
    return position + 1


def _value(match: re.Match[str]) -> str | None:
    if match["null"]:
        return None
    if match["hex"] is not None:
        return bytes.fromhex(match["hex"]).decode("utf-8", "replace") if len(match["hex"]) % 2 == 0 else match["hex"]
    if match["number"]:
        return match["number"]
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]) if found[1] else "'", match["text"])
