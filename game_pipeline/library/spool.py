"""Where uploads lie: what was sent, what somebody dropped into the directory, and the databases that count now.

    DIRECTORY/*            dropped by hand (or by a program that keeps files in step); only ever read
    DIRECTORY/incoming/    sent, waiting to be taken in; deleted then
    DIRECTORY/kept/        the newest database of each player, from which all can be made anew

Galaxy's databases hold secrets of their owners' accounts: everything here is for the owner of the directory alone.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from uuid_utils.compat import uuid7

from game_pipeline.galaxy import GalaxyError

__all__ = ["Dropped", "Kept", "Received", "Spool", "clean_filename"]

STILL = 2.0
"""Seconds for which a dropped file must have been left alone: whoever copies it may not be done."""
_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was sent and lies in `incoming` now."""

    upload_id: UUID
    filename: str
    path: Path
    size: int
    age: float = 0.0
    """Seconds since it came."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file that somebody put into the directory. `identity` is another once it has another content."""

    path: Path
    identity: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A database that is kept, and what is to be known of it when PostgreSQL cannot be asked. `names`: by user id."""

    path: Path
    filename: str
    modified: str
    names: dict[str, str] = field(default_factory=dict)


class Spool:
    """The upload directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.incoming = directory / "incoming"
        self.kept = directory / "kept"

    def make(self) -> None:
        for place in (self.directory, self.incoming, self.kept):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)

    # What is sent -----------------------------------------------------------------------------------------------

    @contextmanager
    def receiving(self, filename: str, max_bytes: int, modified: dt.datetime | None = None) -> Iterator[Receiver]:
        """Write what comes into the receiver: it is there, whole, once the block ends without an error.

        Raises `GalaxyError` where more comes than `max_bytes`. `modified`: when its sender's file was changed last.
        """
        self.make()
        upload_id = uuid7()
        name = clean_filename(filename)
        part = self.incoming / f".{upload_id}.part"
        try:
            with open(part, "xb", opener=_private) as file:
                receiver = Receiver(file, upload_id, name, self.incoming / f"{upload_id}~{name}", max_bytes)
                yield receiver
                file.flush()
                os.fsync(file.fileno())
            if modified is not None:
                os.utime(part, (modified.timestamp(), modified.timestamp()))
            part.replace(receiver.path)
        finally:
            part.unlink(missing_ok=True)

    def receive_file(self, path: Path, max_bytes: int) -> Received:
        """Take over a copy of a file of this machine, its write-ahead log with it. Raises `GalaxyError`."""
        with path.open("rb") as source:
            status = os.fstat(source.fileno())
            _refuse_large(status.st_size, max_bytes)
            modified = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
            log = path.with_name(f"{path.name}-wal")
            with self.receiving(path.name, max_bytes, modified) as receiver:
                while block := source.read(1024 * 1024):
                    receiver.write(block)
                if log.is_file() and log.stat().st_size:  # there before the database is: they are one
                    _refuse_large(receiver.size + log.stat().st_size, max_bytes)
                    shutil.copyfile(log, receiver.path.with_name(f"{receiver.path.name}-wal"))
        return receiver.received

    def discard(self, path: Path) -> None:
        """Let go of a sent file that is taken in."""
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}-wal").unlink(missing_ok=True)

    def sent(self) -> list[Received]:
        """Whatever waits in `incoming`, the oldest first; what a broken connection left an hour ago is cleared away."""
        found = []
        for path in sorted(self.incoming.glob("*")) if self.incoming.is_dir() else ():
            upload_id, _, name = path.name.partition("~")
            if path.name.startswith("."):
                if _left_alone(path, 3600):
                    path.unlink(missing_ok=True)
            elif _is_uuid(upload_id) and name and not name.endswith(_BESIDE):
                try:
                    size, changed = _stamp(path)
                except FileNotFoundError:  # taken in meanwhile
                    continue
                found.append(Received(UUID(upload_id), name, path, size, time.time() - changed))
        return found

    # What is dropped --------------------------------------------------------------------------------------------

    def dropped(self) -> list[Dropped]:
        """The files in the directory that nobody is writing any more, by name."""
        found = []
        for path in sorted(self.directory.iterdir()) if self.directory.is_dir() else ():
            if path.name.startswith(".") or path.name.endswith(_BESIDE) or not path.is_file():
                continue
            try:
                stamps = [_stamp(each) for each in (path, path.with_name(f"{path.name}-wal")) if each.is_file()]
            except FileNotFoundError:  # somebody has taken it away again
                continue
            if all(changed < time.time() - STILL for _, changed in stamps):
                said = "|".join(f"{size}|{int(changed * 1000)}" for size, changed in stamps)
                found.append(Dropped(path, f"{path.name}|{said}"))
        return found

    # What is kept -----------------------------------------------------------------------------------------------

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A directory beside the kept databases, gone afterwards: what is made in it moves by a rename."""
        self.make()
        place = self.kept / f".{uuid7()}"
        place.mkdir(mode=0o700)
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def keep(self, scratch: Path, sha256: str, kept: Kept) -> Path:
        """Keep the database `galaxy.db` of a scratch directory under its hash."""
        target = self.kept / f"{sha256}.db"
        about = scratch / "about.json"
        about.write_text(json.dumps({**asdict(kept), "path": target.name}, ensure_ascii=False), encoding="utf-8")
        if (scratch / "galaxy.db-wal").exists():
            (scratch / "galaxy.db-wal").replace(target.with_name(f"{target.name}-wal"))
        (scratch / "galaxy.db").replace(target)
        about.replace(self._about(target))
        return target

    def name_players(self, sha256: str, names: dict[str, str]) -> None:
        """Write down how the players of a kept database are called."""
        about = self._about(self.kept / f"{sha256}.db")
        said = json.loads(about.read_text(encoding="utf-8"))
        new = about.with_name(f".{about.name}.{os.getpid()}")
        new.write_text(json.dumps({**said, "names": names}, ensure_ascii=False), encoding="utf-8")
        new.replace(about)

    def kept_databases(self) -> list[Kept]:
        """Every kept database that is known by what is written beside it, the newest last."""
        found = []
        for path in self.kept.glob("*.db") if self.kept.is_dir() else ():
            try:
                said = json.loads(self._about(path).read_text(encoding="utf-8"))
                found.append(Kept(path, str(said["filename"]), str(said["modified"]), dict(said["names"])))
            except (OSError, ValueError, KeyError, TypeError):
                continue
        return sorted(found, key=lambda kept: (kept.modified, kept.path.name))

    def forget_others(self, hashes: set[str]) -> None:
        """Let go of kept databases that no player's library is from any more, and of what killed readings left."""
        for path in self.kept.iterdir() if self.kept.is_dir() else ():
            if path.is_dir():
                if _left_alone(path, 3600):
                    shutil.rmtree(path, ignore_errors=True)
            elif path.name.partition(".")[0] not in hashes and _left_alone(path, 60):
                path.unlink(missing_ok=True)

    @staticmethod
    def _about(path: Path) -> Path:
        return path.with_name(f"{path.name.partition('.')[0]}.about.json")


class Receiver:
    """Takes what comes of one upload, counted. `received` holds once the block of `receiving` is over."""

    def __init__(self, file: BinaryIO, upload_id: UUID, filename: str, path: Path, max_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self.upload_id = upload_id
        self.filename = filename
        self.path = path
        self.size = 0

    def write(self, block: bytes) -> None:
        """Raises `GalaxyError` as soon as too much has come."""
        self.size += len(block)
        _refuse_large(self.size, self._max_bytes)
        self._file.write(block)

    @property
    def received(self) -> Received:
        return Received(self.upload_id, self.filename, self.path, self.size)


def clean_filename(filename: str) -> str:
    """The name of a file as it may stand in a directory and before people: its last part, nothing unusual in it."""
    name = re.split(r"[\\/]", filename)[-1]
    name = re.sub(r"[^\w.() -]", "_", name).strip(". ")
    return name[-100:].lstrip(". ") or "upload"


def _refuse_large(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise GalaxyError("too_large", f"is larger than {max_bytes / 1024 / 1024:.0f} MiB, the most that is taken")


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _left_alone(path: Path, seconds: float) -> bool:
    """Was it changed last so long ago? What another reading has cleared away meanwhile was not."""
    try:
        return path.stat().st_mtime < time.time() - seconds
    except FileNotFoundError:
        return False


def _stamp(path: Path) -> tuple[int, float]:
    status = path.stat()
    return status.st_size, max(status.st_mtime, status.st_ctime)
