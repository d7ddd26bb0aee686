"""Lists of games as CSV files: reading what is to be matched, and writing what came out.

Columns: id, title, subtitle, aliases, authors, publisher, year, platforms, languages, description; all but id and title
may be empty or missing, and lists in a cell are separated by ` | `.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from .sides import side_of
from .tables import Answer, Entry

__all__ = ["ANSWER_COLUMNS", "ListError", "read_list", "write_answers"]

ANSWER_COLUMNS = ("record_id", "catalogue_id", "band", "score", "evidence")
_NEEDED = ("id", "title")
_LARGEST_CELL = 10_000_000
_YEAR = re.compile(r"\b(1[89]\d\d|20\d\d)\b")


class ListError(ValueError):
    """The file cannot be read as a list of games; the message says where and why, in one line."""


def read_list(path: Path) -> list[Entry]:
    """The rows in the order of the file. Raises ListError."""
    csv.field_size_limit(_LARGEST_CELL)
    entries: list[Entry] = []
    lines: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
            if missing:
                raise ListError(f"{path}: no column {' and no column '.join(missing)} in its first line")
            for row in rows:
                entry = _entry(row, f"{path}, line {rows.line_num}")
                if entry.id in lines:
                    raise ListError(
                        f"{path}, line {rows.line_num}: the id {entry.id!r} is that of line {lines[entry.id]}"
                    )
                lines[entry.id] = rows.line_num
                entries.append(entry)
    except OSError as error:
        raise ListError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ListError(f"{path}: not in UTF-8 (byte {error.start}); save it so and try again") from None
    except csv.Error as error:
        raise ListError(f"{path}: not a CSV file: {error}") from None
    return entries


def write_answers(path: Path, answers: Iterable[Answer], seen: Callable[[Answer], None]) -> None:
    """Write the answers as CSV; the file is there in full or not at all. `seen` is told of each. Raises ListError."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(ANSWER_COLUMNS)
            for answer in answers:
                seen(answer)
                writer.writerow(
                    (answer.record_id, answer.catalogue_id or "", answer.band, f"{answer.score:.4f}", answer.evidence)
                )
        partial.replace(path)
    except OSError as error:
        raise ListError(f"{path}: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


def _entry(row: dict[str, str | None], where: str) -> Entry:
    if None in row:
        raise ListError(f"{where}: more cells than columns; put cells with commas in quotes")
    cells = {name: (value or "").strip() for name, value in row.items()}
    for name in _NEEDED:
        if not cells[name]:
            raise ListError(f"{where}: no {name}")
    title, subtitle = cells["title"], cells.get("subtitle", "")
    mains = (f"{title}: {subtitle}", title) if subtitle else (title,)
    titles = tuple(dict.fromkeys((*mains, *_split(cells.get("aliases", "")))))
    year = _YEAR.search(cells.get("year", ""))
    side = side_of(
        titles,
        years=(int(year[0]),) if year else (),
        names=(*_split(cells.get("authors", "")), *_split(cells.get("publisher", ""))),
        platforms=_split(cells.get("platforms", "")),
        mains=len(mains),
    )
    return Entry(cells["id"], titles, side)


def _split(cell: str) -> list[str]:
    return [part for each in cell.split("|") if (part := each.strip())]
