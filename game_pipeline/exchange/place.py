"""The directory an export goes to: its files are made beside the old ones and take their place when all are complete.

The old manifest stays until the new one, written last, replaces it; whoever checks its sums never takes a mixture for
an export.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["MANIFEST", "ExportError", "Place", "export_place"]

MANIFEST = "manifest.json"
_PREFIX = ".export-"


class ExportError(RuntimeError):
    """The export cannot be made; the message says where, why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """`staging` is where files are made; `publish` moves them to `directory`."""

    directory: Path
    staging: Path

    def publish(self, names: list[str], facts: dict[str, Any], rows: dict[str, int]) -> dict[str, Any]:
        """Put the files in their place, the manifest last; returns the manifest."""
        files = []
        for name in names:
            path = self.staging / name
            _sync(path)
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            files.append({"name": name, "rows": rows[name], "bytes": path.stat().st_size, "sha256": sha256})
        manifest = facts | {"files": files}
        path = self.staging / MANIFEST
        path.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        _sync(path)
        for name in (*names, MANIFEST):
            (self.staging / name).replace(self.directory / name)
        _sync(self.directory)
        return manifest


@contextmanager
def export_place(directory: Path, form: str) -> Iterator[Place]:
    """The directory, made where it is missing and held against a second export, with an empty place to stage files in.

    Whatever happens, nothing stays behind in it but complete files. Raises `ExportError`, also for what the system
    refuses while the body runs.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(directory, form)
        held = os.open(directory, os.O_RDONLY)
        try:
            _hold(held, directory)
            for left in directory.glob(f"{_PREFIX}*"):  # by an export that was killed: nobody else holds the directory
                shutil.rmtree(left, ignore_errors=True)
            staging = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=directory))
            try:
                yield Place(directory, staging)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
        finally:
            os.close(held)
    except OSError as error:
        if error.filename and not Path(os.fsdecode(error.filename)).is_relative_to(directory):
            raise  # about something else
        reason = error.strerror or " ".join(str(error).split())
        raise ExportError(
            f"cannot export to {directory}: {reason}; an export that was there is untouched, "
            "give a directory that can be written and has room"
        ) from error


def _hold(descriptor: int, directory: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ExportError(f"another export to {directory} is running; wait for it or give another directory") from None


def _refuse_foreign(directory: Path, form: str) -> None:
    """A manifest speaks for all files beside it, so a directory holds one export of one format."""
    path = directory / MANIFEST
    if not path.exists():
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["format"]
    except (ValueError, TypeError, KeyError):
        raise ExportError(f"{path} is not an export's; give another directory") from None
    if found != form:
        raise ExportError(f"{directory} holds an export as {found}; give another directory for {form}, or remove it")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
