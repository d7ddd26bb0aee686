"""The data file on disk: written whole or not at all, its last versions kept beside it, found again when it is broken.

At every moment, a kill or a power cut included, the file of that name is readable, or its newest backup is.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .document import Compression, DocumentError, decode, encode, seal

__all__ = ["BackupInfo", "DataFile", "FileIdentity"]

FileIdentity = tuple[int, int, int, int]
"""Device, inode, size and time of change (ns): another file, or another content, has another one."""


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """A kept version. `problem`: why it cannot be read, None for a good one. `number` 0 is the file itself."""

    number: int
    path: Path
    size: int
    last_updated: str | None
    users: int
    games: int
    problem: str | None


class DataFile:
    """The data file at `path` and its backups, `.backup.1` the newest. Writers take turns, in whichever process."""

    def __init__(self, path: Path, *, max_backups: int = 3, compression: Compression = "none") -> None:
        self.path = path
        self.max_backups = max_backups
        self.compression = compression

    def backup_path(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.backup.{number}")

    def identity(self, path: Path | None = None) -> FileIdentity | None:
        """What tells one version of the file from another without reading it; None where there is none."""
        try:
            status = os.stat(path or self.path)  # noqa: PTH116  -- asked at every request
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns

    def read(self, path: Path | None = None) -> dict[str, Any]:
        """The document in the file (or in a backup). Raises `DocumentError`, for a file that is not there, too."""
        path = path or self.path
        try:
            return decode(path.read_bytes())
        except FileNotFoundError:
            raise DocumentError(f"{path} is missing") from None
        except OSError as error:
            raise DocumentError(f"{path} cannot be read: {error.strerror}") from None
        except DocumentError as error:
            raise DocumentError(f"{path} {error}") from None

    def write(self, document: dict[str, Any]) -> bool:
        """Make this the file's content and the one before the newest backup.

        False: the file says the same already, but for the time of its making, and was left alone.
        """
        return self.renew(lambda: document)

    def renew(self, make: Callable[[], dict[str, Any]]) -> bool:
        """As `write`, what `make` makes once it is our turn: a document that was made before another writer's may be
        older than what that one wrote."""
        with self._turn():
            document = make()
            now = self._good(self.path)
            if now is not None and _same(now, document):
                return False
            self._put(document, keep=now is not None)
            return True

    def back_up(self) -> Path:
        """Keep the file as it is as its newest backup. Raises `DocumentError` where it is not good."""
        with self._turn():
            data = encode(seal(self.read()), self.compression)
            # A file of its own: whatever happens to the one must not happen to the other.
            copy = self._written(data)
            self._rotate(link=False)
            copy.replace(self.backup_path(1))
            _sync_directory(self.path.parent)
            return self.backup_path(1)

    def restore(self, number: int | None = None) -> BackupInfo:
        """Make a backup the file again: the newest good one, or the one named. Raises `DocumentError`.

        The file as it is becomes a backup first, unless it is broken.
        """
        with self._turn():
            chosen = self._newest_good() if number is None else self._info(number)
            if chosen is None or chosen.problem is not None:
                why = f": {chosen.problem}" if chosen else f" beside {self.path}"
                raise DocumentError(f"no good backup{f' {number}' if number else ''}{why}")
            document = self.read(chosen.path)
            now = self._good(self.path)
            if now is None or not _same(now, document):
                self._put(document, keep=now is not None and number is not None)
            return chosen

    def versions(self) -> list[BackupInfo]:
        """The file itself (number 0) and every backup that is there, the newest first."""
        numbers = [0, *range(1, max(self.max_backups, self._highest()) + 1)]
        return [self._info(number) for number in numbers if number == 0 or self.backup_path(number).exists()]

    # Inside --------------------------------------------------------------------------------------------------------

    def _info(self, number: int) -> BackupInfo:
        path = self.backup_path(number) if number else self.path
        size = path.stat().st_size if path.exists() else 0
        try:
            document = self.read(path)
        except DocumentError as error:
            return BackupInfo(number, path, size, None, 0, 0, str(error))
        users, games = len(document["users"]), len(document["games"])
        return BackupInfo(number, path, size, document.get("last_updated"), users, games, None)

    def _newest_good(self) -> BackupInfo | None:
        found = (self._info(number) for number in range(1, self._highest() + 1))
        return next((each for each in found if each.problem is None), None)

    def _highest(self) -> int:
        ends = [path.name.rpartition(".")[2] for path in self.path.parent.glob(f"{self.path.name}.backup.*")]
        return max((int(end) for end in ends if end.isdecimal()), default=0)

    def _good(self, path: Path) -> dict[str, Any] | None:
        try:
            return self.read(path)
        except DocumentError:
            return None

    def _put(self, document: dict[str, Any], *, keep: bool) -> None:
        new = self._written(encode(seal(document), self.compression))
        if keep:
            self._rotate(link=True)
        new.replace(self.path)
        _sync_directory(self.path.parent)

    def _written(self, data: bytes) -> Path:
        """A temporary file of these bytes, on the disk."""
        for left in self.path.parent.glob(f".{self.path.name}.*.tmp"):  # of a writer that was killed: it is our turn
            left.unlink(missing_ok=True)
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        with new.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return new

    def _rotate(self, *, link: bool) -> None:
        """Make room for the newest backup. The file stays where it is: with `link` that backup is another name of it,
        until the file is replaced."""
        for number in range(max(self.max_backups, self._highest()), 0, -1):
            old = self.backup_path(number)
            if number >= self.max_backups:
                old.unlink(missing_ok=True)
            elif old.exists():
                old.replace(self.backup_path(number + 1))
        if self.max_backups and link:
            name = self.path.with_name(f".{self.path.name}.link.tmp")
            name.unlink(missing_ok=True)
            os.link(self.path, name)
            name.replace(self.backup_path(1))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f".{self.path.name}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    passing = {"last_updated", "checksum"}
    return {k: v for k, v in one.items() if k not in passing} == {k: v for k, v in other.items() if k not in passing}


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
