"""The file of an archived month: the rows of the log as JSON lines, compressed with zstd. Written, checked, read back.

Knows nothing of the database. A file is there whole or not at all, and what was written is read again before it counts.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import zstandard

__all__ = ["ArchiveError", "Written", "check_file", "read_rows", "write_file"]

_LEVEL = 10
_IDS = ("event_id", "causation_id")


class ArchiveError(RuntimeError):
    """Events cannot be archived, or archived ones cannot be read; the message says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a file holds: so many lines, and the hash of the file as it lies on the disk."""

    lines: int
    sha256: str


def write_file(path: Path, lines: Iterable[str]) -> Written:
    """Write lines, put the file in its place when it is whole and on the disk, and read it back.

    Raises `ArchiveError` where it cannot be written (a full disk, say) or does not read back as written.
    """
    try:
        return _write_file(path, lines)
    except OSError as error:
        raise ArchiveError(
            f"{path} cannot be written: {error.strerror}; its events are still in the database"
        ) from error


def _write_file(path: Path, lines: Iterable[str]) -> Written:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    count, content = 0, sha256()
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
        compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
        with compressor.stream_writer(file, closefd=False) as compressed:
            for line in lines:
                data = f"{line}\n".encode()
                compressed.write(data)
                content.update(data)
                count += 1
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    _sync_directory(path.parent)
    read, reread = 0, sha256()
    for data in _lines(path):
        reread.update(data)
        read += 1
    if (read, reread.digest()) != (count, content.digest()):
        raise ArchiveError(f"{path} does not read back as it was written; look at the disk, then run the command again")
    return Written(count, _hash(path))


def check_file(path: Path, expected: str, what: str) -> None:
    """Raise `ArchiveError` unless the file is there and has this hash; `what` says what it holds."""
    try:
        found = _hash(path)
    except FileNotFoundError:
        raise ArchiveError(
            f"{path} is missing; it holds {what}. Put it back from a backup, or set archive_dir to where it is now"
        ) from None
    if found != expected:
        raise ArchiveError(
            f"{path} is damaged (its sha256 is {found}, not {expected}); it holds {what}. Put it back from a backup"
        )


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a checked file, with the types that a query for them gives."""
    for line in _lines(path):
        row = json.loads(line)
        for name in _IDS:
            row[name] = None if row[name] is None else UUID(row[name])
        row["recorded_at"] = dt.datetime.fromisoformat(row["recorded_at"])
        yield row


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as content:
            yield from io.BufferedReader(content)
    except zstandard.ZstdError as error:
        raise ArchiveError(f"{path} is damaged: {error}. Put it back from a backup") from error


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _sync_directory(directory: Path) -> None:
    """A new name is on the disk only when its directory is."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
