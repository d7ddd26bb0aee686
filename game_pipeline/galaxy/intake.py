"""Getting the database out of what was sent: a private, bounded copy, with its write-ahead log; out of a zip, too.

Runs in the reading process only. Nothing is written but two files in its own scratch directory.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import stat
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from .opening import MAGIC
from .problems import GalaxyError

__all__ = ["Copied", "copy_in"]

BLOCK = 1024 * 1024
MAX_ENTRIES = 1_000
MAX_DIRECTORY = 512 * 1024
MAX_RATIO = 200
_END = struct.Struct("<4s4H2LH")
_END_64 = b"PK\x06\x06"
_ARCHIVES = {
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}


@dataclass(frozen=True, slots=True)
class Copied:
    """The copy. `modified`: seconds since 1970, or None where nobody says."""

    path: Path
    name: str
    size: int
    sha256: str
    modified: float | None
    has_log: bool


def copy_in(path: Path, scratch: Path, max_bytes: int) -> Copied:
    """Copy the database at `path`, or the one in the zip there, into `scratch`. Raises `GalaxyError`."""
    with _open_regular(path) as file:
        status = os.fstat(file.fileno())
        if status.st_size > max_bytes:
            raise GalaxyError("too_large", f"is {_mb(status.st_size)}; {_mb(max_bytes)} at most")
        if status.st_size == 0:
            raise GalaxyError("not_sqlite", "is empty; send Galaxy's galaxy-2.0.db")
        magic = file.read(16)
        file.seek(0)
        if magic.startswith(b"PK"):
            return _from_zip(file, status.st_size, scratch, max_bytes)
        for start, name in _ARCHIVES.items():
            if magic.startswith(start):
                raise GalaxyError("not_sqlite", f"is packed with {name}; send the database itself, or a zip with it")
        if not magic.startswith(MAGIC):
            raise GalaxyError("not_sqlite", "is no SQLite database; send Galaxy's galaxy-2.0.db, or a zip with it")
        digest = hashlib.sha256()
        target = scratch / "galaxy.db"
        size = _copy(file, target, digest, max_bytes)
        log = path.with_name(f"{path.name}-wal")
        has_log = False
        if log.is_file() and log.stat().st_size:
            with _open_regular(log) as beside:
                size += _copy(beside, scratch / "galaxy.db-wal", digest, max_bytes - size)
            has_log = True
    return Copied(target, path.name, size, digest.hexdigest(), status.st_mtime, has_log)


def _open_regular(path: Path) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise GalaxyError("no_file", f"cannot be opened: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise GalaxyError("no_file", "is no regular file")
    return os.fdopen(descriptor, "rb")


def _copy(source: BinaryIO, target: Path, digest: hashlib._Hash, limit: int, packed: int | None = None) -> int:
    """Counted as it comes, whatever was said about the size. `packed`: how many bytes it is packed in."""
    done = 0
    with target.open("xb") as file:
        while block := source.read(BLOCK):
            done += len(block)
            if done > limit:
                raise GalaxyError("too_large", f"is more than {_mb(limit)}; no more is read")
            if packed is not None and done > max(packed, 1) * MAX_RATIO + BLOCK:
                raise GalaxyError("bad_archive", f"the zip unpacks to more than {MAX_RATIO} times its size")
            digest.update(block)
            file.write(block)
    return done


# Zip ----------------------------------------------------------------------------------------------------------------


def _from_zip(file: BinaryIO, size: int, scratch: Path, max_bytes: int) -> Copied:
    _check_directory(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            database, log = _choose(archive)
            digest = hashlib.sha256()
            target = scratch / "galaxy.db"
            copied = 0
            for member, at in ((database, target), (log, scratch / "galaxy.db-wal")):
                if member is not None:
                    with archive.open(member) as packed:
                        copied += _copy(packed, at, digest, max_bytes - copied, member.compress_size)  # type: ignore[arg-type]
    except GalaxyError:
        raise
    except NotImplementedError:
        raise GalaxyError("bad_archive", "the zip is packed in a way that is not read; pack it anew") from None
    except Exception as error:  # zipfile raises whatever the bytes make it stumble over
        problem = " ".join(str(error).split())[:120] or type(error).__name__
        raise GalaxyError("bad_archive", f"the zip is damaged ({problem}); pack it anew") from None
    if not target.stat().st_size:
        raise GalaxyError("not_sqlite", f"{_base(database)} in the zip is empty")
    name = _base(database)
    return Copied(target, name, copied, digest.hexdigest(), _zip_time(database), log is not None and log.file_size > 0)


def _check_directory(file: BinaryIO, size: int) -> None:
    """Before `zipfile` reads the directory of an archive into memory: is it as small as an honest one's?"""
    tail = min(size, 65_536 + _END.size)
    file.seek(size - tail)
    data = file.read(tail)
    at = data.rfind(b"PK\x05\x06")
    if at < 0 or len(data) - at < _END.size:
        raise GalaxyError("bad_archive", "the zip is cut off or damaged; pack it anew")
    _, _, _, _, entries, directory, _, _ = _END.unpack_from(data, at)
    if entries > MAX_ENTRIES or directory > MAX_DIRECTORY or _END_64 in data[max(0, at - 76) : at]:
        raise GalaxyError("bad_archive", f"the zip has more than {MAX_ENTRIES} entries; pack the database alone")
    file.seek(0)


def _choose(archive: zipfile.ZipFile) -> tuple[zipfile.ZipInfo, zipfile.ZipInfo | None]:
    members = archive.infolist()
    if len(members) > MAX_ENTRIES:
        raise GalaxyError("bad_archive", f"the zip has more than {MAX_ENTRIES} entries; pack the database alone")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in member.filename:
            raise GalaxyError("bad_archive", f"the zip names {member.filename[:60]!r}, a place outside of it")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise GalaxyError("bad_archive", f"the zip holds a link, {member.filename[:60]!r}; pack the file itself")
    databases = [member for member in members if member.filename.lower().endswith(".db") and not member.is_dir()]
    if not databases:
        raise GalaxyError("bad_archive", "the zip holds no .db file; pack Galaxy's galaxy-2.0.db")
    if len(databases) > 1:
        raise GalaxyError("bad_archive", f"the zip holds {len(databases)} databases; send them one by one")
    database = databases[0]
    if database.flag_bits & 1:
        raise GalaxyError("bad_archive", "the zip is encrypted; pack it without a password")
    log = next((member for member in members if member.filename == f"{database.filename}-wal"), None)
    return database, log if log is not None and log.file_size else None


def _base(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename.replace("\\", "/")).name


def _zip_time(member: zipfile.ZipInfo) -> float | None:
    try:
        return dt.datetime(*member.date_time, tzinfo=dt.UTC).timestamp()
    except ValueError:
        return None


def _mb(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MiB"
