"""Replay: the catalogue built anew from its events alone, beside the living one, and compared with it row for row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import DictRow
from psycopg.types.string import TextLoader

from .archive import hold_log, whole_log
from .event import RecordedEvent
from .event_log import recorded
from .event_types import EVENT_TYPES
from .pool import Store
from .projections import HANDED, project
from .upcasting import UnknownEvent

__all__ = ["ONLY_SEARCHED", "PROJECTED", "Difference", "ReplayError", "Replayed", "replayed"]

SCRATCH = "replay"
BATCH = 4_000

PROJECTED = (
    "game",
    "game_title",
    "game_url",
    "game_credit",
    "game_tag",
    "game_external_id",
    "game_revision",
    "game_match_key",
    "game_member",
    "match_decision",
    "match_exclusion",
    "match_edge",
    "demoted_key",
    "game_relation",
    "human_edit",
    "record_hold",
    "game_pin",
    "rollback",
    "data_conflict",
    "conflict_resolution",
    "review_item",
    "game_proposal",
    "existing_catalogue",
    "library_user",
    "library_entry",
    "person",
    "persona",
    "person_spelling",
    "persona_claim",
    "person_decision",
    "person_apart",
)
"""The tables that events alone make."""

ONLY_SEARCHED = [
    "game_url_hash",
    "game_credit_name",
    "game_tag_value",
    "game_external_id_value",
    "game_match_key_key",
    "game_merged_into",
    "game_relation_record",
    "match_decision_game",
    "match_decision_record",
    "match_edge_a",
    "match_edge_b",
    "review_item_question",
    "library_entry_game",
    "person_spelling_credit",
    "person_spelling_name",
    "persona_claim_game",
    "person_decision_person",
]
"""Indexes of those tables that no event is applied by: nobody searches a replayed catalogue by them."""


class ReplayError(RuntimeError):
    """The log cannot be replayed by this version; the message says at which event and why."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that only one of the two catalogues has."""

    table: str
    side: str
    row: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A catalogue made from `events` events, standing in the scratch schema of `connection`'s search path."""

    connection: Connection[DictRow]
    events: int

    def first_difference(self) -> Difference | None:
        """The first row in which replay and the living catalogue differ; None where they are equal."""
        for table in PROJECTED:
            for side, left, right in (("replay", SCRATCH, "public"), ("catalogue", "public", SCRATCH)):
                statement = sql.SQL("SELECT * FROM {left} EXCEPT ALL SELECT * FROM {right} ORDER BY 1 LIMIT 1").format(
                    left=sql.Identifier(left, table), right=sql.Identifier(right, table)
                )
                row = self.connection.execute(statement).fetchone()
                if row is not None:
                    return Difference(table, side, row)
        return None

    def games(self) -> Iterator[dict[str, Any]]:
        """Every game as the replayed events leave it, by id."""
        statement = "SELECT game_id, revision, status, state, provenance FROM game ORDER BY game_id"
        yield from self.connection.execute(statement)


@contextmanager
def replayed(store: Store, archive: Path | None = None, *, until: dt.datetime | None = None) -> Iterator[Replayed]:
    """Build the catalogue from its events (up to `until`) in a scratch schema that is gone afterwards.

    `archive`: the directory of the months that have left the database, where any have. One snapshot sees both the
    events and the catalogue, so that work going on meanwhile is no difference. Raises `ReplayError`, `ArchiveError`.
    """
    with store.connection() as connection, connection.transaction(force_rollback=True):
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        hold_log(connection)
        _make_tables(connection)
        connection.execute(_MAKE_TRANSLATED)
        connection.execute("SET LOCAL work_mem = '64MB'")  # a batch of whole games does not fit into the usual few
        # Plans are made while the tables are all but empty, and kept: they must be such as suit full ones.
        connection.execute("SET LOCAL enable_seqscan = off")
        connection.execute(sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(SCRATCH)))
        count = 0
        with connection.cursor() as reader:
            reader.adapters.register_loader("jsonb", TextLoader)  # payloads go back to the database as they are
            log = whole_log(
                reader, archive or Path(), until=until, unsettled=True, batch=BATCH, without_payload=_LEFT_IN_LOG
            )
            for rows in log:
                events = [_read(row) for row in rows]
                _translate(connection, rows, events)
                project(connection, events)
                count += len(rows)
        connection.execute("SET LOCAL enable_seqscan = on")
        yield Replayed(connection, count)


# An older version of an event is brought here to be read as the newest.
_LEFT_IN_LOG = {name: known.version for name, known in EVENT_TYPES.items() if name not in HANDED}

_INDEXES = b"""
SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index
JOIN pg_class AS index ON index.oid = indexrelid JOIN pg_am ON pg_am.oid = index.relam
WHERE indrelid = %s::regclass AND amname = 'btree' AND index.relname <> ALL(%s)
"""
_DOCUMENTS = b"""
SELECT column_name AS name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = %s AND data_type = 'jsonb'
"""


# The log as projections read it: what `translated` has of an event counts before what the log has.
_MAKE_TRANSLATED = b"""
CREATE UNLOGGED TABLE replay.translated (LIKE public.projected_event);
CREATE INDEX ON replay.translated (position);
CREATE VIEW replay.projected_event AS
SELECT * FROM public.projected_event AS event
WHERE NOT EXISTS (SELECT FROM replay.translated WHERE translated.position = event.position)
UNION ALL SELECT * FROM replay.translated;
"""
_TRANSLATE = b"""
INSERT INTO replay.translated (position, event_id, event_type, game_id, actor, recorded_at, payload)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


def _translate(
    connection: Connection[DictRow], rows: Sequence[dict[str, Any]], events: Sequence[RecordedEvent]
) -> None:
    """Show the projections those events of a batch that the log has not, or has as an older version wrote them."""
    pairs = zip(rows, events, strict=True)
    other = [event for row, event in pairs if event.payload and event.payload is not row["payload"]]
    if not other:
        return
    connection.execute(b"TRUNCATE replay.translated")  # earlier batches are not asked for again
    with connection.cursor() as cursor:
        cursor.executemany(
            _TRANSLATE,
            [
                (
                    event.position,
                    event.event_id,
                    event.event_type,
                    event.game_id,
                    event.actor,
                    event.recorded_at,
                    event.payload,
                )
                for event in other
            ],
        )


def _make_tables(connection: Connection[DictRow]) -> None:
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCRATCH)))
    for table in PROJECTED:
        connection.execute(
            sql.SQL("CREATE UNLOGGED TABLE {} (LIKE {} INCLUDING DEFAULTS)").format(
                sql.Identifier(SCRATCH, table), sql.Identifier("public", table)
            )
        )
        # Nor is it worth compressing what is gone again in a moment.
        for row in connection.execute(_DOCUMENTS, (table,)).fetchall():
            connection.execute(
                sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STORAGE EXTERNAL").format(
                    sql.Identifier(SCRATCH, table), sql.Identifier(row["name"])
                )
            )
        for row in connection.execute(_INDEXES, (f"public.{table}", ONLY_SEARCHED)).fetchall():
            connection.execute(row["definition"].replace(" ON public.", f" ON {SCRATCH}.", 1).encode())


def _read(row: dict[str, Any]) -> RecordedEvent:
    try:
        return recorded(row)
    except UnknownEvent as error:
        raise ReplayError(f"event {row['position']} is {error}: replay with that one") from None
