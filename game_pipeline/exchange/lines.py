"""The bytes of an existing catalogue as lines of text. What cannot be text is told, never guessed."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from .existing import Problem

__all__ = ["ExistingFileError", "Lines"]

MAX_LINE = 16_000_000  # bytes; a game with a dozen of the longest descriptions fits
MAX_ROW = 64_000_000  # bytes; a row of a CSV file may be of several lines
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


class ExistingFileError(ValueError):
    """The file cannot be read as a catalogue.

    `problems` are the first of them, `bad_lines` the number of lines that have any. The text has a line a problem.
    """

    def __init__(self, problems: list[Problem], bad_lines: int = 1) -> None:
        self.problems = tuple(problems)
        self.bad_lines = bad_lines
        super().__init__("\n".join(map(str, problems)))


class Lines:
    """Iterates over a file's lines, line breaks kept.

    A line that is no text is given as far as it is one, and its problem waits in `problems` for the reader of the row.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.number = 0
        self.problems: list[Problem] = []
        self._path = path
        self._row = 0

    def begin_row(self) -> None:
        """The next line begins a new row."""
        self._row = 0
        self.problems.clear()

    def fatal(self, message: str, line: int | None = None, field: str = "") -> ExistingFileError:
        return ExistingFileError([Problem(self.name, self.number if line is None else line, field, message)])

    def __iter__(self) -> Iterator[str]:
        if not self._path.is_file():
            raise ExistingFileError([Problem(str(self._path), 0, "", "is no file that can be read twice")])
        try:
            with self._path.open("rb") as file:
                while line := file.readline(MAX_LINE + 1):
                    self.number += 1
                    yield self._text(line)
        except OSError as error:
            raise ExistingFileError([Problem(str(self._path), 0, "", error.strerror or str(error))]) from None

    def _text(self, line: bytes) -> str:
        if self.number == 1:
            if line.startswith(_WIDE):
                raise self.fatal("the file is UTF-16 or UTF-32; save it as UTF-8")
            line = line.removeprefix(codecs.BOM_UTF8)
        self._row += len(line)
        if len(line) > MAX_LINE:
            raise self.fatal(f"longer than {MAX_LINE} bytes; is it one game a line?")
        if self._row > MAX_ROW:
            raise self.fatal(f"its row is longer than {MAX_ROW} bytes; is a quote not closed?")
        if b"\x00" in line:
            self._tell(f"a NUL byte at byte {line.index(0) + 1}; the file is damaged or not UTF-8")
            line = line.replace(b"\x00", b"")
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            byte = line[error.start]
            self._tell(f"not UTF-8 (byte 0x{byte:02X} at byte {error.start + 1}); save the file as UTF-8")
            return line.decode(errors="replace")

    def _tell(self, message: str) -> None:
        self.problems.append(Problem(self.name, self.number, "", message))
