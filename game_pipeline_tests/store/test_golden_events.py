"""What was ever written to a log stays readable: one event of every type and version, and a whole log of old.

`golden/old_log.json` was written by the code of version 1 events, and `golden/old_tables.json` is what that code made
of it. Neither is ever written anew; a new version of an event adds to `golden/events.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from game_pipeline.store import Store
from game_pipeline.store.event_types import EVENT_TYPES
from game_pipeline.store.replay import PROJECTED, replayed
from game_pipeline.store.upcasting import UnknownEvent, upcast

_GOLDEN = Path(__file__).parent / "golden"


def _read(name: str) -> Any:
    return json.loads((_GOLDEN / name).read_text(encoding="utf-8"))


_EVENTS: list[dict[str, Any]] = _read("events.json")
_NEWEST_COLUMNS = {
    "match_decision": "ended_at IS NOT NULL AS ended",
    "human_edit": "released_at IS NOT NULL AS released",
    "data_conflict": "closed_at IS NOT NULL AS closed",
}


@pytest.mark.parametrize("event", _EVENTS, ids=lambda event: f"{event['event_type']} {event['version']}")
def test_every_event_ever_written_can_be_read_as_the_newest(event: dict[str, Any]) -> None:
    EVENT_TYPES[event["event_type"]].check(upcast(event["event_type"], event["version"], event["payload"]))


def test_there_is_one_of_every_type_and_version() -> None:
    ever = {(name, version) for name, known in EVENT_TYPES.items() for version in range(1, known.version + 1)}
    assert {(event["event_type"], event["version"]) for event in _EVENTS} == ever


@pytest.mark.parametrize("event", _EVENTS, ids=lambda event: f"{event['event_type']} {event['version']}")
def test_reading_an_old_event_leaves_it_as_it_was(event: dict[str, Any]) -> None:
    before = json.dumps(event["payload"])
    upcast(event["event_type"], event["version"], event["payload"])
    assert json.dumps(event["payload"]) == before


@pytest.mark.parametrize(("name", "version"), [("game.created", 3), ("game.created", 0), ("game.deleted", 1)])
def test_an_event_that_nobody_knows_is_refused(name: str, version: int) -> None:
    with pytest.raises(UnknownEvent, match=rf"{name} of version {version}"):
        upcast(name, version, {})


@pytest.mark.parametrize("event", _EVENTS, ids=lambda event: f"{event['event_type']} {event['version']}")
def test_a_payload_with_a_key_too_many_or_too_few_is_refused(event: dict[str, Any]) -> None:
    known = EVENT_TYPES[event["event_type"]]
    newest = upcast(event["event_type"], event["version"], event["payload"])
    with pytest.raises(ValueError, match="surprise"):
        known.check(newest | {"surprise": 1})
    missing = next(iter(newest))
    with pytest.raises(ValueError, match=missing):
        known.check({key: value for key, value in newest.items() if key != missing})


def _write_old_log(store: Store) -> None:
    columns = list(_read("old_log.json")[0].keys() - {"position"})
    statement = sql.SQL("INSERT INTO import_event ({}) VALUES ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join([sql.Placeholder()] * len(columns))
    )
    with store.transaction() as connection:
        for event in _read("old_log.json"):
            values = event | {"payload": Jsonb(event["payload"])}
            connection.execute(statement, [values[column] for column in columns])


def test_a_log_of_old_replays_into_the_tables_that_it_made_then(store: Store) -> None:
    _write_old_log(store)
    with replayed(store) as result:
        for table, expected in _read("old_tables.json").items():
            columns = [_column(table, name) for name in expected[0]]
            rows = result.connection.execute(
                f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2, 3".encode()
            ).fetchall()
            assert rows == expected, table


def _column(table: str, name: str) -> str:
    ending = _NEWEST_COLUMNS.get(table, "")
    return ending if ending.endswith(f" AS {name}") else name


def test_a_log_of_old_knows_nothing_of_what_came_later(store: Store) -> None:
    _write_old_log(store)
    with replayed(store) as result:
        games = list(result.games())
        assert {game["status"] for game in games} == {"active"}
        for table in ("record_hold", "game_pin", "rollback"):
            assert table in PROJECTED
            assert result.connection.execute(f"SELECT * FROM {table}".encode()).fetchall() == []
        told = result.connection.execute(
            b"SELECT members FROM game_revision ORDER BY game_id, revision LIMIT 1"
        ).fetchall()
        assert told == [{"members": {"1": {"*": 1}}}]


def test_who_was_told_apart_in_a_log_of_old_stays_apart(store: Store) -> None:
    _write_old_log(store)
    with replayed(store) as result:
        rows = result.connection.execute(b"SELECT record_id, game_id, author, reason FROM match_exclusion").fetchall()
    (rejected,) = (item for item in _read("old_tables.json")["review_item"] if item["state"] == "rejected")
    assert rows == [
        {"record_id": rejected["record_id"], "game_id": rejected["game_id"], "author": "bob", "reason": "checked"}
    ]
