"""Replay: the catalogue built anew from its events alone, beside the living one, and compared with it row for row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import DictRow

from .event_log import events_after, recorded
from .event_types import EVENT_TYPES
from .pool import Store
from .projections import project

__all__ = ["PROJECTED", "Difference", "ReplayError", "Replayed", "replayed"]

SCRATCH = "replay"

PROJECTED = (
    "game",
    "game_title",
    "game_url",
    "game_credit",
    "game_tag",
    "game_external_id",
    "game_revision",
    "game_match_key",
    "game_import_state",
    "match_decision",
    "human_edit",
    "data_conflict",
    "conflict_resolution",
    "review_item",
)
"""The tables that events alone make."""


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
def replayed(store: Store, *, until: dt.datetime | None = None) -> Iterator[Replayed]:
    """Build the catalogue from its events (up to `until`) in a scratch schema that is gone afterwards.

    One snapshot sees both the events and the catalogue, so that work going on meanwhile is no difference. Raises
    `ReplayError`.
    """
    with store.connection() as connection, connection.transaction(force_rollback=True):
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCRATCH)))
        for table in PROJECTED:
            connection.execute(
                sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING INDEXES)").format(
                    sql.Identifier(SCRATCH, table), sql.Identifier("public", table)
                )
            )
        connection.execute(sql.SQL("SET LOCAL search_path = {}, public").format(sql.Identifier(SCRATCH)))
        count = 0
        for rows in events_after(connection, until=until, unsettled=True):
            for row in rows:
                _readable(row)
            project(connection, [recorded(row) for row in rows])
            count += len(rows)
        yield Replayed(connection, count)


def _readable(row: dict[str, Any]) -> None:
    known = EVENT_TYPES.get(row["event_type"])
    if known is None or row["schema_version"] > known.version:
        raise ReplayError(
            f"event {row['position']} is a {row['event_type']} of version {row['schema_version']}, which this version "
            "does not know; a newer one wrote it: replay with that one"
        )
