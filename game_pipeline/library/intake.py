"""Taking uploads in: read, compared with what is known, written as events. All of a player's library, or nothing."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from game_pipeline.changes import GivenPage, offer_pages
from game_pipeline.galaxy import GalaxyError, GalaxyFile, GalaxyLibrary, ReadLimits, read_galaxy
from game_pipeline.model import canonical_json
from game_pipeline.settings import Settings
from game_pipeline.sources import GogGalaxy
from game_pipeline.store import Event, Store, append

from .entries import Facts, LibraryChange, compare_library, name_for
from .spool import Kept, Received, Spool

__all__ = ["Intake", "PlayerReport", "UploadReport", "UploadState"]

logger = logging.getLogger(__name__)

UploadState = Literal["waiting", "accepted", "unchanged", "older", "refused"]
ENTRIES_AN_EVENT = 200
# However many are sent at once, so many are read at once by a process.
_READERS = threading.BoundedSemaphore(2)
_LOCK = "library"


@dataclass(frozen=True, slots=True)
class PlayerReport:
    """What became of one player of an upload. `user_id`: Galaxy's, as text: JavaScript cannot count so far."""

    user_id: str
    name: str
    state: Literal["accepted", "unchanged", "older"]
    total_games: int
    installed_games: int
    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class UploadReport:
    """What became of an upload. `code` and `message` say why it was refused, `message` else what was done."""

    upload_id: str
    filename: str
    state: UploadState
    message: str
    code: str | None = None
    players: tuple[PlayerReport, ...] = ()
    seconds: float = 0.0
    warnings: tuple[str, ...] = field(default=())


class Intake:
    """The way in. Safe to share between threads and to run in several processes at once: an upload is taken in once."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self.spool = Spool(settings.upload_dir)
        library = settings.library
        self.max_bytes = library.max_upload_mb * 1024 * 1024
        self.limits = ReadLimits(self.max_bytes, library.cpu_seconds, library.read_seconds, library.read_memory_mb)

    # Taking note ------------------------------------------------------------------------------------------------

    def announce(self, received: Received, sender: str, player: str | None = None) -> UploadReport:
        """Take note of a file that was sent, so that it can be followed while it waits."""
        values = {"path": f"incoming/{received.path.name}", "player": player, "sender": sender}
        self._note(received.upload_id, "sent", received.filename, str(received.upload_id), values)
        report = self.report(received.upload_id)
        assert report is not None
        return report

    def find(self) -> list[UUID]:
        """Every upload that waits, the oldest first: those announced, and files that nobody announced."""
        for received in self.spool.sent():
            known = self.report(received.upload_id)
            if known is not None and known.state != "waiting":  # whoever took it in was killed before the last step
                self.spool.discard(received.path)
                continue
            values = {"path": f"incoming/{received.path.name}", "player": None, "sender": "upload"}
            self._note(received.upload_id, "sent", received.filename, str(received.upload_id), values)
        for dropped in self.spool.dropped():
            values = {"path": dropped.path.name, "player": None, "sender": "upload directory"}
            self._note(uuid7(), "dropped", dropped.path.name, dropped.identity, values)
        rows = self._store.rows("SELECT upload_id FROM library_upload WHERE state = 'waiting' ORDER BY received_at")
        return [row["upload_id"] for row in rows]

    def report(self, upload_id: UUID) -> UploadReport | None:
        """How an upload stands; None for one that nobody knows."""
        row = self._store.row("SELECT * FROM library_upload WHERE upload_id = %s", (upload_id,))
        return _as_report(row) if row else None

    def _note(self, upload_id: UUID, origin: str, filename: str, identity: str, values: dict[str, Any]) -> None:
        self._store.execute(
            "INSERT INTO library_upload (upload_id, origin, filename, path, identity, player, sender) "
            "VALUES (%(id)s, %(origin)s, %(filename)s, %(path)s, %(identity)s, %(player)s, %(sender)s) "
            "ON CONFLICT DO NOTHING",
            {"id": upload_id, "origin": origin, "filename": filename, "identity": identity} | values,
        )

    # Taking in --------------------------------------------------------------------------------------------------

    def take_in(self, upload_id: UUID, run_id: str) -> UploadReport:
        """Read an upload that waits and take in what is new in it; what came of it, now or before.

        Raises `LookupError` for an upload that nobody knows.
        """
        begun = time.monotonic()
        with self._alone(upload_id):
            row = self._store.row("SELECT * FROM library_upload WHERE upload_id = %s", (upload_id,))
            if row is None:
                raise LookupError(f"no upload {upload_id}")
            if row["state"] != "waiting":
                return _as_report(row)
            path = self.spool.directory / row["path"]
            try:
                with self.spool.scratch() as scratch:
                    file = read_galaxy(path, self.limits, keep=scratch)
                    if file.name == path.name:  # else it came in an archive, under its own name
                        file = replace(file, name=row["filename"])
                    report = self._accept(row, file, scratch, run_id, begun)
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
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 8))", (_LOCK,))
            known = _Known.of(connection, user_id)
            if known.row is None or known.row["sha256"] != file.sha256:
                raise LookupError(f"the library of player {user_id} was changed meanwhile; try again")
            told = _Upload(uuid7(), "", file, known.row["db_modified"], "pipeline", run_id)
            return _apply(connection, told, library, row["name"], "accepted", known)

    def take_in_all(self, run_id: str) -> list[UploadReport]:
        """Whatever waits, one after the other."""
        return [self.take_in(upload_id, run_id) for upload_id in self.find()]

    @contextmanager
    def _alone(self, upload_id: UUID) -> Iterator[None]:
        """No other process takes the upload in meanwhile. On a connection of its own: the lock ends with its holder."""
        with (
            _READERS,
            psycopg.connect(self._store.url, autocommit=True, application_name="game_pipeline upload") as connection,
        ):
            connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 7))", (str(upload_id),))
            yield

    def _accept(self, row: dict[str, Any], file: GalaxyFile, scratch: Path, run_id: str, begun: float) -> UploadReport:
        now = dt.datetime.now(dt.UTC)
        modified = min(dt.datetime.fromisoformat(file.modified), now) if file.modified else now
        wanted = row["player"] if len(file.libraries) == 1 else None
        alone = len(file.libraries) == 1
        told = _Upload(row["upload_id"], row["filename"] if alone else "", file, modified, row["sender"], run_id)
        kept = False
        players = []
        for library in file.libraries:
            with self._store.transaction() as connection:
                connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 8))", (_LOCK,))
                known = _Known.of(connection, library.user_id)
                name = name_for(library.user_id, wanted, told.named_after, known.name, known.taken)
                state = known.state(file.sha256, modified)
                if state == "accepted" and not kept:
                    # In its place before anything says that it is there; a crash leaves a file too many, no more.
                    self.spool.keep(scratch, file.sha256, Kept(scratch, file.name, modified.isoformat(), {}))
                    kept = True
                players.append(_apply(connection, told, library, name, state, known))
        if kept:
            self._tell_names(file.sha256)
        message = _in_words(players, file)
        overall: UploadState = "older"
        if any(player.state != "older" for player in players):
            overall = "accepted" if any(player.state == "accepted" for player in players) else "unchanged"
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


def _as_report(row: dict[str, Any]) -> UploadReport:
    seconds = (row["finished_at"] - row["received_at"]).total_seconds() if row["finished_at"] else 0.0
    return UploadReport(
        upload_id=str(row["upload_id"]),
        filename=row["filename"],
        state=row["state"],
        message=row["message"] or "waits to be taken in",
        code=row["code"],
        players=tuple(PlayerReport(**player) for player in row["players"]),
        seconds=round(seconds, 3),
    )


def _in_words(players: list[PlayerReport], file: GalaxyFile) -> str:
    words = []
    for player in players:
        match player.state:
            case "accepted":
                words.append(
                    f"{player.name}: {player.total_games} games, {player.installed_games} installed "
                    f"({player.added} new, {player.changed} changed, {player.removed} gone)"
                )
            case "unchanged":
                words.append(f"{player.name}: this very database is known already; nothing was changed")
            case "older":
                words.append(f"{player.name}: a newer database is known already; nothing was changed")
    return "; ".join((*words, *file.warnings))


# One player -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Upload:
    upload_id: UUID
    named_after: str
    file: GalaxyFile
    modified: dt.datetime
    sender: str
    run_id: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a player before the upload. `taken`: everybody's names in lower case."""

    row: dict[str, Any] | None
    taken: dict[str, int]

    @classmethod
    def of(cls, connection: Connection[DictRow], user_id: int) -> _Known:
        rows = connection.execute(
            b"SELECT user_id, name, sha256, db_modified, total_games, installed_games FROM library_user"
        ).fetchall()
        own = next((row for row in rows if row["user_id"] == user_id), None)
        return cls(own, {row["name"].casefold(): row["user_id"] for row in rows})

    @property
    def name(self) -> str | None:
        return self.row["name"] if self.row else None

    def state(self, sha256: str, modified: dt.datetime) -> Literal["accepted", "unchanged", "older"]:
        """The newest database of a player counts, whichever came last."""
        if self.row is None:
            return "accepted"
        if self.row["sha256"] == sha256:
            return "unchanged"
        return "older" if self.row["db_modified"] > modified else "accepted"


def _apply(
    connection: Connection[DictRow],
    upload: _Upload,
    library: GalaxyLibrary,
    name: str,
    state: Literal["accepted", "unchanged", "older"],
    known: _Known,
) -> PlayerReport:
    user_id = library.user_id
    if state != "accepted":
        assert known.row is not None
        if state == "unchanged" and name != known.name:
            append(connection, [_named(user_id, name, upload.sender, upload.run_id)])
        return PlayerReport(str(user_id), name, state, known.row["total_games"], known.row["installed_games"])
    rows = connection.execute(b"SELECT * FROM library_entry WHERE user_id = %s", (user_id,)).fetchall()
    change = compare_library(library, {row["release_key"]: row for row in rows})
    changed = len(change.set) - change.added
    _save_facts(connection, change.facts)
    append(connection, list(_events(upload, user_id, name, change, changed)))
    _offer(connection, change.games, upload.run_id)
    _forget_facts(connection, {row["facts"] for row in rows if row["facts"] is not None})
    return PlayerReport(
        str(user_id), name, "accepted", change.total, change.installed, change.added, changed, len(change.removed)
    )


def _named(user_id: int, name: str, actor: str, run_id: str) -> Event:
    return Event(
        stream=f"library:{user_id}",
        event_type="library.player_named",
        payload={"user_id": user_id, "name": name},
        actor=actor,
        correlation_id=run_id,
    )


def _events(upload: _Upload, user_id: int, name: str, change: LibraryChange, changed: int) -> Iterator[Event]:
    file, upload_id = upload.file, str(upload.upload_id)

    def event(event_type: str, payload: dict[str, Any]) -> Event:
        return Event(
            stream=f"library:{user_id}",
            event_type=event_type,
            payload=payload,
            actor=upload.sender,
            correlation_id=upload.run_id,
        )

    yield event(
        "library.uploaded",
        {
            "user_id": user_id,
            "name": name,
            "upload_id": upload_id,
            "db_filename": file.name,
            "db_modified": upload.modified.isoformat(),
            "sha256": file.sha256,
            "schema_version": file.schema_version,
            "total_games": change.total,
            "installed_games": change.installed,
            "added": change.added,
            "changed": changed,
            "removed": len(change.removed),
        },
    )
    for start in range(0, max(len(change.set), len(change.removed)), ENTRIES_AN_EVENT):
        part = slice(start, start + ENTRIES_AN_EVENT)
        yield event(
            "library.entries_changed",
            {"user_id": user_id, "upload_id": upload_id, "set": change.set[part], "removed": change.removed[part]},
        )


# What Galaxy states about games -------------------------------------------------------------------------------------


_KNOWN_FACTS = b"SELECT facts_hash FROM library_facts WHERE facts_hash = ANY(%s)"
# One document: facts are JSON as they are, and need no quoting within an array.
_SAVE_FACTS = b"""
INSERT INTO library_facts (facts_hash, game_key, facts)
SELECT decode(hash, 'hex'), facts->>'key', facts FROM jsonb_each(%s::jsonb) AS stated (hash, facts)
ORDER BY hash ON CONFLICT DO NOTHING
"""
# A game's page is what most of the libraries with the game state; of several the first by its hash.
_CHOSEN = b"""
WITH stated AS (
    SELECT game_key, facts, count(DISTINCT user_id) AS libraries FROM library_entry
    WHERE game_key = ANY(%s) AND facts IS NOT NULL GROUP BY game_key, facts
), chosen AS (
    SELECT DISTINCT ON (game_key) game_key, facts FROM stated ORDER BY game_key, libraries DESC, facts
)
SELECT chosen.game_key, library_facts.facts FROM chosen JOIN library_facts ON facts_hash = chosen.facts
LEFT JOIN source_url_state AS page ON page.source = 'gog_galaxy' AND page.page_key = chosen.game_key
WHERE page.content_hash IS DISTINCT FROM chosen.facts
"""
_FORGET_FACTS = b"""
DELETE FROM library_facts WHERE facts_hash = ANY(%s)
AND NOT EXISTS (SELECT FROM library_entry WHERE game_key = library_facts.game_key AND facts = facts_hash)
"""


def _save_facts(connection: Connection[DictRow], facts: dict[bytes, Facts]) -> None:
    known = {row["facts_hash"] for row in connection.execute(_KNOWN_FACTS, (list(facts),))}
    new = ",".join(f'"{key.hex()}":{each.body}' for key, each in facts.items() if key not in known)
    if new:
        connection.execute(_SAVE_FACTS, (f"{{{new}}}",))


def _offer(connection: Connection[DictRow], games: frozenset[str], run_id: str) -> None:
    """Pages of the source `gog_galaxy` for the games concerned; a game that nobody owns any more keeps its own."""
    source = GogGalaxy()
    pages = [
        GivenPage(
            key=row["game_key"],
            url=source.address_of(row["game_key"], row["facts"]["ids"]),
            body=canonical_json(row["facts"]).encode(),
        )
        for row in connection.execute(_CHOSEN, (sorted(games),))
    ]
    offer_pages(connection, source, pages, run_id)


def _forget_facts(connection: Connection[DictRow], hashes: set[bytes]) -> None:
    connection.execute(_FORGET_FACTS, (list(hashes),))
