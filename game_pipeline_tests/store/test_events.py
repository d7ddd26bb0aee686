"""The event log: with the tables or not at all, in order, and for ever."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

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
    return event(stream, "import.finished", payload={}, **more)


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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE import_event SET actor = 'eve'",
        "DELETE FROM import_event",
        "TRUNCATE import_event",
        "UPDATE import_event SET actor = 'eve' WHERE false",
    ],
)
def test_the_log_refuses_every_change(store: Store, statement: str) -> None:
    write(store, note("note:1"))
    with pytest.raises(psycopg.errors.RaiseException, match="import_event is append-only"):
        store.execute(statement)
    assert store.row("SELECT actor FROM import_event") == {"actor": "ann"}


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
