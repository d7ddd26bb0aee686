"""A game as it stands before its next revision, read in one place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.merging import HumanEdit

__all__ = ["Pin", "Standing", "StandingEdit", "nothing_yet", "read_standing"]


@dataclass(frozen=True, slots=True)
class Pin:
    """A value of an older revision that stands while the sources say no more than what was taken back."""

    pin_id: int
    value: Any
    provenance: dict[str, Any] | None
    rejected: str
    revision: int


@dataclass(frozen=True, slots=True)
class StandingEdit:
    """What else is known of an edit. `previous`: what the sources said when it was made."""

    previous: Any
    reason: str
    agreed_at: dt.datetime | None
    aged_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Revision 0, status None: the game does not exist yet."""

    game_id: int
    revision: int
    status: str | None
    state: dict[str, Any] | None
    provenance: dict[str, Any]
    edits: tuple[HumanEdit, ...]
    about: Mapping[int, StandingEdit]
    """By edit id."""
    conflicts: Mapping[str, tuple[int, str]]
    """Field -> (id, hash of the sides) of each open conflict."""
    members: Mapping[int, tuple[int, bool, dict[str, int] | None]]
    """Record id -> (version, live, parts heard) that the game's last revision was computed from."""
    pins: Mapping[str, Pin]


def nothing_yet(game_id: int) -> Standing:
    """A game that is about to be made."""
    return Standing(game_id, 0, None, None, {}, (), {}, {}, {}, {})


def read_standing(connection: Connection[DictRow], game_id: int) -> Standing:
    """The game as it stands; edits, open conflicts, members and pins included."""
    game = connection.execute(
        b"SELECT revision, status, state, provenance FROM game WHERE game_id = %s", (game_id,)
    ).fetchone()
    edits = connection.execute(
        b"SELECT edit_id, field, value, previous, author, reason, edited_at, agreed_at, aged_at FROM human_edit "
        b"WHERE game_id = %s AND released_at IS NULL ORDER BY edit_id",
        (game_id,),
    ).fetchall()
    conflicts = connection.execute(
        b"SELECT conflict_id, field, sides_hash FROM data_conflict WHERE game_id = %s AND closed_at IS NULL", (game_id,)
    ).fetchall()
    members = connection.execute(
        b"SELECT record_id, record_version, live, heard FROM game_member WHERE game_id = %s", (game_id,)
    ).fetchall()
    pins = connection.execute(
        b"SELECT pin_id, field, value, provenance, rejected, revision FROM game_pin "
        b"WHERE game_id = %s AND ended_at IS NULL",
        (game_id,),
    ).fetchall()
    return Standing(
        game_id=game_id,
        revision=game["revision"] if game else 0,
        status=game["status"] if game else None,
        state=game["state"] if game else None,
        provenance=game["provenance"] if game else {},
        edits=tuple(
            HumanEdit(
                edit_id=row["edit_id"],
                field=row["field"],
                value=row["value"],
                author=row["author"],
                at=row["edited_at"],
            )
            for row in edits
        ),
        about={
            row["edit_id"]: StandingEdit(row["previous"], row["reason"], row["agreed_at"], row["aged_at"])
            for row in edits
        },
        conflicts={row["field"]: (row["conflict_id"], row["sides_hash"]) for row in conflicts},
        members={row["record_id"]: (row["record_version"], row["live"], row["heard"]) for row in members},
        pins={row.pop("field"): Pin(**row) for row in pins},
    )
