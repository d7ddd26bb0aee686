"""Ids for what is about to be told as an event; a number that is not used in the end leaves a gap, and that is all."""

from __future__ import annotations

from typing import Literal

from psycopg import Connection
from psycopg.rows import DictRow

__all__ = ["Numbered", "next_id"]

Numbered = Literal[
    "game",
    "match_decision",
    "match_edge",
    "game_relation",
    "human_edit",
    "data_conflict",
    "review_item",
    "record_hold",
    "game_pin",
    "rollback",
]


def next_id(connection: Connection[DictRow], of: Numbered) -> int:
    row = connection.execute(b"SELECT nextval(%s::regclass) AS id", (f"{of}_id_seq",)).fetchone()
    assert row is not None
    return int(row["id"])
