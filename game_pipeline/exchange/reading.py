"""Reading an existing catalogue from a file, JSON lines or CSV, or from our own export: the way in.

Nothing of it is imported here. A file is read as it streams, twice where nothing may come of a file with a bad line.
docs/import-catalogue.md describes the formats.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .existing import ExistingEdit, ExistingGame, Problem
from .lines import ExistingFileError
from .reading_csv import CsvTable, read_csv
from .reading_export import is_export, read_csv_export
from .reading_json import read_json_lines

__all__ = [
    "ExistingEdit",
    "ExistingFileError",
    "ExistingGame",
    "FileReport",
    "Problem",
    "check_existing",
    "read_existing",
]

MOST_PROBLEMS = 50
_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True, slots=True)
class FileReport:
    """What a file holds: good games, bad lines, and the first problems of those."""

    games: int
    bad_lines: int
    problems: tuple[Problem, ...]


def check_existing(path: Path) -> FileReport:
    """Read all of it and tell what is wrong. Raises `ExistingFileError` where it is no catalogue at all."""
    games = bad = 0
    problems: list[Problem] = []
    try:
        for found in _no_id_twice(path):
            if isinstance(found, ExistingGame):
                games += 1
            else:
                bad += 1
                problems += found[: MOST_PROBLEMS - len(problems)]
    except ExistingFileError as error:
        raise ExistingFileError([*problems, *error.problems], bad + error.bad_lines) from None
    return FileReport(games, bad, tuple(problems))


def read_existing(path: Path, *, skip: Callable[[list[Problem]], None] | None = None) -> Iterator[ExistingGame]:
    """The games of a JSON lines or CSV file, or of a directory that holds an export of ours.

    Raises `ExistingFileError` with the first 50 problems before any game is given, when any line is bad. With `skip`
    bad lines are left out, and it is told what is wrong with each; only a file that is no catalogue at all raises then.
    """
    if skip is None:
        report = check_existing(path)
        if report.problems:
            raise ExistingFileError(list(report.problems), report.bad_lines)
        return _good(_read(path), _refuse)
    return _good(_no_id_twice(path), skip)


def _refuse(problems: list[Problem]) -> None:
    raise ExistingFileError(problems)  # the file changed since it was checked


def _good(
    found: Iterator[ExistingGame | list[Problem]], skip: Callable[[list[Problem]], None]
) -> Iterator[ExistingGame]:
    for each in found:
        if isinstance(each, ExistingGame):
            yield each
        else:
            skip(each)


def _read(path: Path) -> Iterator[ExistingGame | list[Problem]]:
    path = _file(path)
    if _is_json(path):
        yield from read_json_lines(path)
        return
    table = CsvTable(path)
    yield from (read_csv_export if is_export(table) else read_csv)(path, table)


def _file(path: Path) -> Path:
    """The file itself, where a directory with an export is named."""
    if not path.is_dir():
        return path
    names = [name for name in ("games.jsonl", "games.csv") if (path / name).is_file()]
    if not names:
        told = "holds no export as jsonl or csv (games.jsonl, games.csv); name a file"
        raise ExistingFileError([Problem(str(path), 0, "", told)])
    return path / names[0]


def _is_json(path: Path) -> bool:
    """By its name, else by how it begins."""
    ending = path.suffix.lower()
    if ending in _JSON_ENDINGS:
        return True
    if ending in (".csv", ".tsv") or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(1_000).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _no_id_twice(path: Path) -> Iterator[ExistingGame | list[Problem]]:
    """What is read, a game whose id came before replaced by a problem. Ids lie in a file: memory stays flat."""
    with closing(sqlite3.connect("", isolation_level=None)) as seen:
        seen.execute("PRAGMA journal_mode = OFF")
        seen.execute("PRAGMA synchronous = OFF")
        seen.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID")
        seen.execute("BEGIN")
        for each in _read(path):
            if isinstance(each, ExistingGame):
                entry = (each.id, each.line)
                if not seen.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", entry).rowcount:
                    (line,) = seen.execute("SELECT line FROM seen WHERE id = ?", (each.id,)).fetchone()
                    told = f"{each.id[:80]!r} is the id of line {line} already; an id is one game's"
                    yield [Problem(_file(path).name, each.line, "id", told)]
                    continue
            yield each
