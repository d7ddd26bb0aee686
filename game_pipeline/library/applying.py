"""One player's library as an upload has it: compared with what is stored, written as events, games offered as pages.

Everything here happens inside the caller's transaction, which holds the lock of all libraries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.changes import GivenPage, offer_pages
from game_pipeline.galaxy import GalaxyFile, GalaxyLibrary
from game_pipeline.model import canonical_json
from game_pipeline.sources import GogGalaxy
from game_pipeline.store import Event, append

from .entries import Facts, LibraryChange, compare_library
from .reports import PlayerReport

__all__ = ["KnownPlayer", "State", "Upload", "apply_library", "lock_libraries"]

State = Literal["accepted", "unchanged", "older"]
ENTRIES_AN_EVENT = 200


def lock_libraries(connection: Connection[DictRow]) -> None:
    """One library is written at a time; held until the transaction ends."""
    connection.execute(b"SELECT pg_advisory_xact_lock(hashtextextended('library', 8))")


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that was read. `named_after`: the file whose name may be a player's, or an empty string."""

    upload_id: UUID
    named_after: str
    file: GalaxyFile
    modified: dt.datetime
    sender: str
    run_id: str


@dataclass(frozen=True, slots=True)
class KnownPlayer:
    """What is known of a player before the upload. `taken`: everybody's names in lower case."""

    row: dict[str, Any] | None
    taken: dict[str, int]

    @classmethod
    def of(cls, connection: Connection[DictRow], user_id: int) -> KnownPlayer:
        rows = connection.execute(
            b"SELECT user_id, name, sha256, db_modified, total_games, installed_games FROM library_user"
        ).fetchall()
        own = next((row for row in rows if row["user_id"] == user_id), None)
        return cls(own, {row["name"].casefold(): row["user_id"] for row in rows})

    @property
    def name(self) -> str | None:
        return self.row["name"] if self.row else None

    def state(self, sha256: str, modified: dt.datetime) -> State:
        """The newest database of a player counts, whichever came last."""
        if self.row is None:
            return "accepted"
        if self.row["sha256"] == sha256:
            return "unchanged"
        return "older" if self.row["db_modified"] > modified else "accepted"


def apply_library(
    connection: Connection[DictRow],
    upload: Upload,
    library: GalaxyLibrary,
    name: str,
    state: State,
    known: KnownPlayer,
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


def _events(upload: Upload, user_id: int, name: str, change: LibraryChange, changed: int) -> Iterator[Event]:
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
