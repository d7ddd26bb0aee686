"""The event log: with the tables or not at all, in order, and for ever."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import integers, lists, tuples

from game_pipeline.store import Event, Store, StreamConflict, append


def event(stream: str = "review:1", event_type: str = "review.opened", **more: Any) -> Event:
    payload = {
        "item_id": int(stream.partition(":")[2]),
        "kind": "match",
        "question": f"match:{stream}",
        "record_id": 1,
        "proposal": {"candidates": [7]},
        "summary": "Is it?",
        "priority": 40,
    }
    return Event(
        **{"stream": stream, "event_type": event_type, "payload": payload, "actor": "ann", "correlation_id": "run"}
        | more
    )


def note(stream: str, **more: Any) -> Event:
    """An event that no table is made from."""
    return event(stream, "source.paused", payload={"reason": "closed"}, **more)


def write(store: Store, *events: Event) -> None:
    with store.transaction() as connection:
        append(connection, events)


def versions(store: Store, stream: str) -> list[int]:
    rows = store.rows("SELECT stream_version FROM import_event WHERE stream = %s ORDER BY position", (stream,))
    return [row["stream_version"] for row in rows]


def test_an_event_and_what_it_does_to_the_tables_come_together(store: Store) -> None:
    write(store, event())
    (logged,) = store.rows("SELECT * FROM import_event")
    (item,) = store.rows("SELECT * FROM review_item")
    assert (logged["event_type"], logged["actor"], logged["correlation_id"]) == ("review.opened", "ann", "run")
    assert (item["summary"], item["opened_at"]) == ("Is it?", logged["recorded_at"])


def test_a_rollback_leaves_neither(store: Store) -> None:
    def stopped() -> None:
        with store.transaction() as connection:
            append(connection, [event()])
            raise RuntimeError("the power is gone")

    with pytest.raises(RuntimeError, match="power"):
        stopped()
    assert store.rows("SELECT 1 FROM import_event") == store.rows("SELECT 1 FROM review_item") == []


def test_an_event_that_the_tables_refuse_is_not_logged(store: Store) -> None:
    write(store, event())
    with pytest.raises(psycopg.errors.UniqueViolation):
        write(store, note("note:1"), event())
    assert len(store.rows("SELECT 1 FROM import_event")) == 1


@pytest.mark.parametrize("table", ["import_event", "import_event_default", "event_identity", "a month"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET position = 7", "DELETE FROM {} WHERE false", "TRUNCATE {}"])
def test_the_log_refuses_every_change_even_to_its_owner(store: Store, owner: Store, statement: str, table: str) -> None:
    written = note("note:1")
    write(store, written)
    if table == "a month":
        row = store.row("SELECT tableoid::regclass::text AS partition FROM import_event")
        assert row is not None
        table = row["partition"]
    with pytest.raises(psycopg.errors.RaiseException, match=f"{table} is append-only"):
        owner.execute(statement.format(table))
    assert store.rows("SELECT event_id FROM import_event") == [{"event_id": written.event_id}]


def test_versions_count_up_within_each_stream(store: Store) -> None:
    write(store, note("note:1"), note("note:2"), note("note:1"))
    write(store, note("note:1"))
    assert (versions(store, "note:1"), versions(store, "note:2")) == ([1, 2, 3], [1])


def test_a_batch_is_logged_in_its_order(store: Store) -> None:
    batch = [note(f"note:{number}") for number in (3, 1, 2, 1, 3)]
    with store.transaction() as connection:
        recorded = append(connection, batch)
    rows = store.rows("SELECT event_id FROM import_event ORDER BY position")
    assert [row["event_id"] for row in rows] == [each.event_id for each in batch]
    assert [each.position for each in recorded] == sorted(each.position for each in recorded)


def test_no_events_are_nothing(store: Store) -> None:
    with store.transaction() as connection:
        assert append(connection, []) == []


def test_a_decision_on_a_stream_that_moved_on_is_refused(store: Store) -> None:
    write(store, note("note:1", expected_version=0))
    with pytest.raises(StreamConflict, match="note:1 is at version 1, not 0"):
        write(store, note("note:2"), note("note:1", expected_version=0))
    assert versions(store, "note:2") == []
    write(store, note("note:1", expected_version=1), note("note:1", expected_version=2))


def test_an_event_is_stored_once_however_often_it_is_appended(store: Store) -> None:
    asked, other = event(), note("note:1", expected_version=0)
    with store.transaction() as connection:
        assert [each.event_id for each in append(connection, [asked, other, asked])] == [
            asked.event_id,
            other.event_id,
        ]
        assert append(connection, [asked]) == []
    with store.transaction() as connection:
        later = note("note:1", expected_version=1)
        assert [each.event_id for each in append(connection, [other, later, asked])] == [later.event_id]
    assert (versions(store, "review:1"), versions(store, "note:1")) == ([1], [1, 2])
    assert len(store.rows("SELECT 1 FROM review_item")) == 1


def test_a_conflict_that_is_caught_leaves_nothing_behind(store: Store) -> None:
    write(store, note("note:1"))
    refused = note("note:2")
    with store.transaction() as connection:
        with pytest.raises(StreamConflict):
            append(connection, [refused, note("note:1", expected_version=0)])
        append(connection, [note("note:1"), refused])
    assert (versions(store, "note:1"), versions(store, "note:2")) == ([1, 2], [1])


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=lists(lists(tuples(integers(0, 9), integers(0, 2)), max_size=8), max_size=6))
def test_whatever_is_repeated_each_event_is_there_once_and_streams_have_no_gap(
    store: Store, batches: list[list[tuple[int, int]]]
) -> None:
    salt = str(uuid4())
    made = {(number, stream): note(f"{salt}{stream}:1") for number in range(10) for stream in range(3)}
    expected: list[UUID] = []
    for batch in batches:
        events = [made[key] for key in batch]
        new = list(dict.fromkeys(each.event_id for each in events if each.event_id not in expected))
        with store.transaction() as connection:
            assert [each.event_id for each in append(connection, events)] == new
        expected += new
    rows = store.rows("SELECT * FROM import_event WHERE stream LIKE %s ORDER BY position", (f"{salt}%",))
    assert [row["event_id"] for row in rows] == expected
    counted = Counter(row["stream"] for row in rows)
    for stream, count in counted.items():
        assert versions(store, stream) == list(range(1, count + 1))
    kept = store.rows("SELECT stream, version FROM event_stream WHERE stream LIKE %s AND version > 0", (f"{salt}%",))
    assert {row["stream"]: row["version"] for row in kept} == counted


def test_of_two_that_append_the_same_event_at_once_one_wins_and_the_other_s_is_nothing(store: Store) -> None:
    same, own = note("note:1", expected_version=0), note("note:1")
    entered, results = threading.Event(), []

    def second() -> None:
        with store.transaction() as connection:
            entered.set()
            results.append(append(connection, [same, own]))

    other = threading.Thread(target=second)
    with store.transaction() as connection:
        append(connection, [same])
        other.start()
        assert entered.wait(10)
        other.join(0.2)
        assert other.is_alive(), "it waits for the first to end"
    other.join(10)
    assert [[each.event_id for each in result] for result in results] == [[own.event_id]]
    assert versions(store, "note:1") == [1, 2]


def test_a_thousand_streams_at_once_are_no_special_case(store: Store) -> None:
    batches = [[note(f"{kind}:{n}") for n in order] for kind in "ab" for order in (range(600), range(599, -1, -1))]
    shared = [note(f"shared:{n}") for n in range(400)]
    failures: list[BaseException] = []

    def work(batch: list[Event], repeated: list[Event]) -> None:
        try:
            write(store, *batch, *repeated)
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=(batch, shared[:: 1 if number % 2 else -1]))
        for number, batch in enumerate(batches)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert store.row("SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM import_event") == {
        "n": 2800,
        "ids": 2800,
    }
    assert versions(store, "a:7") == [1, 2]
    assert versions(store, "shared:7") == [1]


def test_an_unknown_type_is_refused_where_it_is_made() -> None:
    with pytest.raises(ValueError, match=r"unknown event type 'game\.exploded'"):
        event(event_type="game.exploded")


def test_appends_of_many_at_once_to_one_stream_are_numbered_without_a_gap(store: Store) -> None:
    start = threading.Barrier(4)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            start.wait(10)
            for _ in range(10):
                write(store, note("note:1"), note("note:2"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert versions(store, "note:1") == versions(store, "note:2") == list(range(1, 41))


def test_a_game_that_is_asked_about_is_marked_until_it_is_answered(store: Store) -> None:
    state: dict[str, Any] = {"title": "Lamp", "kind": "game", "release_date": None, "descriptions": {}}
    index: dict[str, list[Any]] = {name: [] for name in ("titles", "urls", "credits", "tags", "external_ids")}
    payload = {
        "revision": 1,
        "status": "active",
        "merged_into": None,
        "quality_score": None,
        "import_metadata": {},
        "state": state,
        "provenance": {},
        "changed_fields": ["title"],
        "cause": "import",
        "reason": None,
        "index": index,
        "members": [],
        "edited": [],
    }
    created = event("game:7", "game.created", payload=payload, game_id=7)
    asked = "SELECT needs_human_review AS asked FROM game"
    write(store, created, event(game_id=7))
    assert store.row(asked) == {"asked": True}
    answer = {"item_id": 1, "state": "rejected", "note": "no"}
    write(store, event("review:1", "review.closed", payload=answer, game_id=7))
    assert store.row(asked) == {"asked": False}
    assert store.row("SELECT state, closed_by, note FROM review_item") == {
        "state": "rejected",
        "closed_by": "ann",
        "note": "no",
    }
