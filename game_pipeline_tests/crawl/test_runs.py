"""The books of an import, the health of a source, and the lock that keeps imports apart."""

from __future__ import annotations

from collections import Counter

from game_pipeline.crawl import (
    abandon_run,
    begin_run,
    finish_run,
    frontier,
    mark_done,
    read_health,
    run_counts,
    run_status,
)
from game_pipeline.crawl.health import record_health
from game_pipeline.store import Store
from game_pipeline_tests.changes.tiny_site import source_named

SOURCE = source_named()


def test_a_run_that_was_left_open_is_failed_by_the_next(store: Store) -> None:
    begin_run(store, "first", "tiny", ["one"], full=False)
    begin_run(store, "second", "tiny", ["one"], full=False)
    assert (run_status(store, "first"), run_status(store, "second")) == ("failed", "running")


def test_the_books_of_a_run_that_died_are_closed_and_those_of_a_finished_one_stay(store: Store) -> None:
    begin_run(store, "dead", "tiny", ["one"], full=False)
    begin_run(store, "done", "other", ["one"], full=False)
    finish_run(store, "done", "other", failed=None, records=Counter())
    for run_id in ("dead", "done"):
        abandon_run(store, run_id)
    assert (run_status(store, "dead"), run_status(store, "done")) == ("failed", "done")


def test_a_segment_is_reported_once_a_run(store: Store) -> None:
    begin_run(store, "run", "tiny", ["one", "two"], full=False)
    assert mark_done(store, "run", ["one"]) == ["one"]
    assert mark_done(store, "run", ["one", "two"]) == ["two"]


def test_the_counts_of_a_run_come_from_its_tasks(store: Store) -> None:
    with store.transaction() as connection:
        frontier.observe(connection, SOURCE, [SOURCE.ref(key) for key in "abc"], listed=True)
        frontier.enqueue_due(connection, "tiny", ["one"])
    with store.transaction() as connection:
        done, failed, later = frontier.claim(connection, "tiny", "one", "run", "infinity", most=9)
        frontier.finish(connection, done, state="done", outcome="same")
        frontier.finish(connection, failed, state="failed", outcome="gone")
        frontier.postpone(connection, later, outcome="http_error", error="503")
    assert run_counts(store, "run") == {
        "one": {
            "pages_checked": 3,
            "pages_same": 1,
            "pages_gone": 1,
            "pages_http_error": 1,
            "pages_failed": 2,
            "pages_left": 1,
        }
    }


def test_the_end_of_a_run_is_one_event_with_its_counts(store: Store) -> None:
    begin_run(store, "run", "tiny", ["one"], full=False)
    status = finish_run(store, "run", "tiny", failed=None, records=Counter({"records_new": 2, "pages_read": 1}))
    assert (status, run_status(store, "run")) == ("done", "done")
    assert [row["payload"] for row in store.rows("SELECT payload FROM import_event")] == [
        {"run_id": "run", "status": "done", "segments": ["one"], "counts": {"records_new": 2}}
    ]


def test_a_failed_run_makes_its_source_rest_and_a_good_one_ends_it(store: Store) -> None:
    record_health(store, "tiny", "the site is down")
    resting = read_health(store, "tiny")
    assert (resting.consecutive_failures, resting.waiting) == (1, True)
    record_health(store, "tiny", None)
    well = read_health(store, "tiny")
    assert (well.consecutive_failures, well.waiting) == (0, False)


def test_a_source_that_fails_for_weeks_is_tried_every_hour(store: Store) -> None:
    for _ in range(50):
        record_health(store, "tiny", "the site is down")
    row = store.row("SELECT rest_until - now() BETWEEN '59 minutes' AND '1 hour' AS hourly FROM importer_health")
    assert row == {"hourly": True}


def test_a_source_never_imported_is_well(store: Store) -> None:
    health = read_health(store, "tiny")
    assert (health.state, health.waiting, health.listed) == ("closed", False, False)
