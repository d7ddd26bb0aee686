"""Taking uploads in: read, compared with what is known, written as events. All of a player's library, or nothing."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from game_pipeline.galaxy import GalaxyError, GalaxyFile, ReadLimits, read_galaxy
from game_pipeline.settings import Settings
from game_pipeline.store import Event, Store, append

from .applying import KnownPlayer, Upload, apply_library, lock_libraries
from .entries import name_for
from .reports import PlayerReport, UploadReport, UploadState, as_report, in_words
from .spool import Kept, Received, Spool

__all__ = ["Intake"]

logger = logging.getLogger(__name__)

UNANNOUNCED = 60.0
"""Seconds after which a file that was sent is taken in though nobody announced it."""
# However many are sent at once, so many are read at once by a process.
READERS = 2
_READERS = threading.BoundedSemaphore(READERS)


class Intake:
    """The way in. Safe to share between threads and to run in several processes at once: an upload is taken in once."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self.spool = Spool(settings.upload_dir)
        library = settings.library
        self.max_bytes = library.max_upload_mb * 1024 * 1024
        self.limits = ReadLimits(self.max_bytes, library.cpu_seconds, library.read_seconds, library.read_memory_mb)

    # Taking note ------------------------------------------------------------------------------------------------

    def send(self, path: Path, sender: str, player: str | None = None, *, run_id: str) -> UploadReport:
        """Receive a copy of a file of this machine; what is too large is refused before it is copied."""
        try:
            received = self.spool.receive_file(path, self.max_bytes)
        except GalaxyError as error:
            return self.refuse(path.name, error, sender, run_id)
        return self.announce(received, sender, player)

    def refuse(self, filename: str, error: GalaxyError, sender: str, run_id: str) -> UploadReport:
        """Refuse what did not come whole, or was too large to be received: it is noted and told as any other."""
        upload_id = uuid7()
        self._note(upload_id, "sent", filename, str(upload_id), {"path": "", "player": None, "sender": sender})
        return self._refuse(
            {"upload_id": upload_id, "filename": filename, "sender": sender}, error, run_id, time.monotonic()
        )

    def announce(self, received: Received, sender: str, player: str | None = None) -> UploadReport:
        """Take note of a file that was sent, so that it can be followed while it waits."""
        values = {"path": f"incoming/{received.path.name}", "player": player, "sender": sender}
        self._note(received.upload_id, "sent", received.filename, str(received.upload_id), values)
        report = self.report(received.upload_id)
        assert report is not None
        return report

    def find(self) -> list[UUID]:
        """Every upload that waits, the oldest first: those announced, and files that nobody announced."""
        for received in self.spool.sent():  # their senders announce them, unless they were killed
            known = self.report(received.upload_id)
            if known is not None and known.state != "waiting":  # whoever took it in was killed before the last step
                self.spool.discard(received.path)
                continue
            if known is None and received.age < UNANNOUNCED:
                continue
            values = {"path": f"incoming/{received.path.name}", "player": None, "sender": "upload"}
            self._note(received.upload_id, "sent", received.filename, str(received.upload_id), values)
        for dropped in self.spool.dropped():
            values = {"path": dropped.path.name, "player": None, "sender": "upload directory"}
            self._note(uuid7(), "dropped", dropped.path.name, dropped.identity, values)
        rows = self._store.rows("SELECT upload_id FROM library_upload WHERE state = 'waiting' ORDER BY received_at")
        return [row["upload_id"] for row in rows]

    def waiting_for(self, user_ids: Sequence[int]) -> list[UUID]:
        """Uploads that wait and were looked into, with libraries of any of these players."""
        rows = self._store.rows(
            "SELECT upload_id FROM library_upload WHERE state = 'waiting' AND user_ids && %s::bigint[] "
            "ORDER BY received_at",
            (list(user_ids),),
        )
        return [row["upload_id"] for row in rows]

    def report(self, upload_id: UUID) -> UploadReport | None:
        """How an upload stands; None for one that nobody knows."""
        row = self._store.row("SELECT * FROM library_upload WHERE upload_id = %s", (upload_id,))
        return as_report(row) if row else None

    def _note(self, upload_id: UUID, origin: str, filename: str, identity: str, values: dict[str, Any]) -> None:
        self._store.execute(
            "INSERT INTO library_upload (upload_id, origin, filename, path, identity, player, sender) "
            "VALUES (%(id)s, %(origin)s, %(filename)s, %(path)s, %(identity)s, %(player)s, %(sender)s) "
            "ON CONFLICT DO NOTHING",
            {"id": upload_id, "origin": origin, "filename": filename, "identity": identity} | values,
        )

    # Taking in --------------------------------------------------------------------------------------------------

    def take_in(self, upload_id: UUID, run_id: str, publish: Callable[[], object] | None = None) -> UploadReport:
        """Read an upload that waits and take in what is new in it; what came of it, now or before.

        `publish` is called once the library is written and before the upload is said to be accepted: whoever reads that
        it is will find it in comparisons. Raises `LookupError` for an upload that nobody knows.
        """
        begun = time.monotonic()
        with self._alone(upload_id):
            row = self._store.row("SELECT * FROM library_upload WHERE upload_id = %s", (upload_id,))
            if row is None:
                raise LookupError(f"no upload {upload_id}")
            if row["state"] != "waiting":
                return as_report(row)
            path = self.spool.directory / row["path"]
            try:
                with self.spool.scratch() as scratch:
                    file = read_galaxy(path, self.limits, keep=scratch)
                    if file.name == path.name:  # else it came in an archive, under its own name
                        file = replace(file, name=row["filename"])
                    report = self._accept(row, file, scratch, run_id, begun, publish)
            except GalaxyError as error:
                report = self._refuse(row, error, run_id, begun)
            if row["origin"] == "sent":
                self.spool.discard(path)
        self.spool.forget_others({each["sha256"] for each in self._store.rows("SELECT sha256 FROM library_user")})
        return report

    def look(self, upload_id: UUID, run_id: str) -> tuple[int, ...]:
        """Whose libraries are in an upload that waits; one that cannot be read is refused, and holds nobody's."""
        row = self._store.row("SELECT * FROM library_upload WHERE upload_id = %s", (upload_id,))
        if row is None or row["state"] != "waiting":
            return ()
        if row["user_ids"]:
            return tuple(row["user_ids"])
        try:
            file = read_galaxy(self.spool.directory / row["path"], self.limits)
        except GalaxyError:
            self.take_in(upload_id, run_id)  # refuses it, unless it has become readable meanwhile
            return ()
        user_ids = [library.user_id for library in file.libraries]
        self._store.execute("UPDATE library_upload SET user_ids = %s WHERE upload_id = %s", (user_ids, upload_id))
        return tuple(user_ids)

    def read_again(self, user_id: int, run_id: str) -> PlayerReport:
        """Take in anew the database that is kept of a player: a newer version may see more in it.

        Raises `LookupError` where none is kept, `GalaxyError` where it cannot be read any more.
        """
        row = self._store.row("SELECT name, sha256, db_filename FROM library_user WHERE user_id = %s", (user_id,))
        path = self.spool.kept / f"{row['sha256']}.db" if row else None
        if row is None or path is None or not path.exists():
            raise LookupError(f"no database of player {user_id} is kept; upload it anew")
        file = replace(read_galaxy(path, self.limits), name=row["db_filename"])
        library = next((each for each in file.libraries if each.user_id == user_id), None)
        if library is None:
            raise LookupError(f"the database that is kept of player {user_id} does not hold the player any more")
        with self._store.transaction() as connection:
            lock_libraries(connection)
            known = KnownPlayer.of(connection, user_id)
            if known.row is None or known.row["sha256"] != file.sha256:
                raise LookupError(f"the library of player {user_id} was changed meanwhile; try again")
            told = Upload(uuid7(), "", file, known.row["db_modified"], "pipeline", run_id)
            return apply_library(connection, told, library, row["name"], "accepted", known)

    def take_in_all(self, run_id: str) -> list[UploadReport]:
        """Whatever waits."""
        return self.take_in_many(self.find(), run_id)

    def take_in_many(self, upload_ids: Sequence[UUID], run_id: str) -> list[UploadReport]:
        """Several uploads: while one is written, the next is read. Of two of a player the newer counts in any order."""
        with ThreadPoolExecutor(READERS, "uploads") as readers:
            return list(readers.map(lambda upload_id: self.take_in(upload_id, run_id), upload_ids))

    @contextmanager
    def _alone(self, upload_id: UUID) -> Iterator[None]:
        """No other process takes the upload in meanwhile. On a connection of its own: the lock ends with its holder."""
        with (
            _READERS,
            psycopg.connect(self._store.url, autocommit=True, application_name="game_pipeline upload") as connection,
        ):
            connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 7))", (str(upload_id),))
            yield

    def _accept(
        self,
        row: dict[str, Any],
        file: GalaxyFile,
        scratch: Path,
        run_id: str,
        begun: float,
        publish: Callable[[], object] | None,
    ) -> UploadReport:
        now = dt.datetime.now(dt.UTC)
        modified = min(dt.datetime.fromisoformat(file.modified), now) if file.modified else now
        wanted = row["player"] if len(file.libraries) == 1 else None
        alone = len(file.libraries) == 1
        told = Upload(row["upload_id"], row["filename"] if alone else "", file, modified, row["sender"], run_id)
        kept = False
        players = []
        for library in file.libraries:
            with self._store.transaction() as connection:
                lock_libraries(connection)
                known = KnownPlayer.of(connection, library.user_id)
                name = name_for(library.user_id, wanted, told.named_after, known.name, known.taken)
                state = known.state(file.sha256, modified)
                if state == "accepted" and not kept:
                    # In its place before anything says that it is there; a crash leaves a file too many, no more.
                    self.spool.keep(scratch, file.sha256, Kept(scratch, file.name, modified.isoformat(), {}))
                    kept = True
                players.append(apply_library(connection, told, library, name, state, known))
        if kept:
            self._tell_names(file.sha256)
        message = in_words(players, file)
        overall: UploadState = "older"
        if any(player.state != "older" for player in players):
            overall = "accepted" if any(player.state == "accepted" for player in players) else "unchanged"
        if publish is not None and overall != "older":
            publish()
        values = {"size": file.size, "sha256": file.sha256, "players": Jsonb([asdict(player) for player in players])}
        self._finish(row, overall, None, message, values)
        seconds = round(time.monotonic() - begun, 3)
        return UploadReport(
            str(row["upload_id"]), row["filename"], overall, message, None, tuple(players), seconds, file.warnings
        )

    def _refuse(self, row: dict[str, Any], error: GalaxyError, run_id: str, begun: float) -> UploadReport:
        message = f"{row['filename']}: {error}"
        logger.warning("upload %s refused (%s): %s", row["upload_id"], error.code, message)
        with self._store.transaction() as connection:
            append(
                connection,
                [
                    Event(
                        stream=f"library_upload:{row['upload_id']}",
                        event_type="library.upload_refused",
                        payload={
                            "upload_id": str(row["upload_id"]),
                            "filename": row["filename"],
                            "code": error.code,
                            "message": message,
                        },
                        actor=row["sender"],
                        correlation_id=run_id,
                    )
                ],
            )
            connection.execute(_FINISHED, _values(row, "refused", error.code, message, {}))
        seconds = round(time.monotonic() - begun, 3)
        return UploadReport(str(row["upload_id"]), row["filename"], "refused", message, error.code, (), seconds)

    def _finish(self, row: dict[str, Any], state: str, code: str | None, message: str, values: dict[str, Any]) -> None:
        self._store.execute(_FINISHED.decode(), _values(row, state, code, message, values))

    def _tell_names(self, sha256: str) -> None:
        """Beside a kept database stands how its players are called, for the day that PostgreSQL is away."""
        rows = self._store.rows("SELECT user_id, name FROM library_user WHERE sha256 = %s", (sha256,))
        self.spool.name_players(sha256, {str(row["user_id"]): row["name"] for row in rows})


_FINISHED = b"""
UPDATE library_upload SET state = %(state)s, code = %(code)s, message = %(message)s, size = %(size)s,
    sha256 = %(sha256)s, players = %(players)s, finished_at = now()
WHERE upload_id = %(upload_id)s
"""


def _values(row: dict[str, Any], state: str, code: str | None, message: str, values: dict[str, Any]) -> dict[str, Any]:
    nothing = {"size": None, "sha256": None, "players": Jsonb([])}
    return nothing | {"upload_id": row["upload_id"], "state": state, "code": code, "message": message} | values
