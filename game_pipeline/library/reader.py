"""Reading the data file at every request: from memory while it is the same, found again by all means when it is broken.

The file, then its newest good backup, then PostgreSQL, then the uploaded databases. What had to be done is logged, and
kept beside the file for whoever looks at `monitoring/library`.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from game_pipeline.settings import Settings
from game_pipeline.store import Store

from .build import document_from_database, document_from_uploads
from .compare import LibraryError
from .data_file import DataFile, FileIdentity
from .document import DocumentError
from .index import LibraryIndex

__all__ = [
    "LibraryReader",
    "RecoveryStep",
    "data_file_of",
    "open_reader",
    "rebuild_from_uploads",
    "recent_steps",
    "renew_data_file",
]

logger = logging.getLogger(__name__)

MOST_STEPS = 200
RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RecoveryStep:
    """One thing that was tried. `step`: file, backup, database or uploads; `problem` None: it helped."""

    at: str
    step: str
    problem: str | None
    note: str


def data_file_of(settings: Settings) -> DataFile:
    library = settings.library
    return DataFile(settings.data_store_path, max_backups=library.max_backups, compression=library.compression)


def renew_data_file(store: Store, settings: Settings) -> bool:
    """Write what PostgreSQL knows; False: the file says so already."""
    return data_file_of(settings).renew(lambda: document_from_database(store, settings.library))


def rebuild_from_uploads(settings: Settings) -> bool:
    """Write what the kept databases say, where PostgreSQL is away. Raises `LookupError` where none is kept."""
    return data_file_of(settings).renew(lambda: document_from_uploads(settings))


def open_reader(settings: Settings, store: Callable[[], Store] | None = None) -> LibraryReader:
    """A reader of the data file of the settings. `store`: how to reach PostgreSQL, asked only when it is needed."""
    means: list[tuple[str, Callable[[], dict[str, Any]]]] = []
    if store is not None:
        reach = store
        means.append(("database", lambda: document_from_database(reach(), settings.library)))
    means.append(("uploads", lambda: document_from_uploads(settings)))
    return LibraryReader(data_file_of(settings), means)


class LibraryReader:
    """Gives the index of the data file as it is now. Safe to share between threads.

    While one thread reads a new version, the others are given the one before. `means`: what to make the document from
    where neither the file nor a backup is good, in this order.
    """

    def __init__(self, file: DataFile, means: list[tuple[str, Callable[[], dict[str, Any]]]]) -> None:
        self.file = file
        self._means = means
        self._turn = threading.Lock()
        self._held: tuple[FileIdentity | None, LibraryIndex] | None = None
        self._failed: tuple[float, LibraryError] | None = None

    def current(self) -> LibraryIndex:
        """Raises `LibraryError` where nothing helps; the message says what was tried."""
        if (library := self.at_hand()) is not None:
            return library
        held = self._held
        if not self._turn.acquire(blocking=held is None):
            assert held is not None
            return held[1]
        try:
            return self._renewed()
        finally:
            self._turn.release()

    def at_hand(self) -> LibraryIndex | None:
        """The index, where nothing has to be read for it; for those who must not wait."""
        held = self._held
        return held[1] if held is not None and held[0] is not None and held[0] == self.file.identity() else None

    def _renewed(self) -> LibraryIndex:
        if (library := self.at_hand()) is not None:  # while we waited for our turn
            return library
        identity = self.file.identity()
        if self._failed is not None and time.monotonic() - self._failed[0] < RETRY_SECONDS:
            raise self._failed[1]
        try:
            document = self.file.read()
        except DocumentError as error:
            try:
                document = self._recovered(str(error))
            except LibraryError as failure:
                self._failed = time.monotonic(), failure
                raise
            identity = self.file.identity()
        index = LibraryIndex(document)
        self._held, self._failed = (identity, index), None
        return index

    def _recovered(self, problem: str) -> dict[str, Any]:
        """By the first means that helps; the file is put right with it."""
        self._note("file", problem, "")
        tried = [problem]
        try:
            chosen = self.file.restore()
            self._note("backup", None, f"restored from {chosen.path.name}, written {chosen.last_updated}")
            return self.file.read()
        except (DocumentError, OSError) as error:
            self._note("backup", str(error), "")
            tried.append(str(error))
        for step, make in self._means:
            try:
                document = make()
                self.file.write(document)
            except Exception as error:  # whatever is wrong there, the next means may help
                why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
                self._note(step, why, "")
                tried.append(why)
                continue
            self._note(step, None, f"made anew: {len(document['users'])} players, {len(document['games'])} releases")
            return document
        raise LibraryError(f"there is no library to compare: {'; '.join(tried)}")

    def _note(self, step: str, problem: str | None, note: str) -> None:
        moment = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        if problem is None:
            logger.warning("data file %s: %s: %s", self.file.path, step, note)
        else:
            logger.error("data file %s: %s: %s", self.file.path, step, problem)
        path = _log_of(self.file.path)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()[-MOST_STEPS + 1 :] if path.exists() else []
            lines.append(json.dumps(asdict(RecoveryStep(moment, step, problem, note)), ensure_ascii=False))
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        except OSError as error:
            logger.error("%s cannot be written: %s", path, error.strerror)


def recent_steps(file: DataFile, limit: int = MOST_STEPS) -> list[RecoveryStep]:
    """What readers had to do to find the library again, the newest first."""
    try:
        lines = _log_of(file.path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in reversed(lines[-limit:]):
        try:
            found.append(RecoveryStep(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.log")
