"""How far an import is: pages done and left, their rate, when it will end; and the listing before them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

import pytest

from game_pipeline.crawl import begin_run, finish_run, frontier, source_lock, source_progress
from game_pipeline.store import Store
from game_pipeline_tests.changes.tiny_site import source_named

SOURCE = source_named()


@pytest.fixture
def running(store: Store) -> Iterator[Store]:
    """A run with 40 of 100 pages done, one each three seconds till now."""
    with source_lock(store, "tiny", "run"):
        _fill(store)
        yield store


def _fill(store: Store) -> None:
    begin_run(store, "run", "tiny", ["one"], full=False)
    with store.transaction() as connection:
        frontier.observe(connection, SOURCE, [SOURCE.ref(f"p{number}") for number in range(100)], listed=True)
        frontier.observe(connection, SOURCE, [SOURCE.ref("two-x")], listed=True)
        frontier.enqueue_due(connection, "tiny", ["one", "two"])
    store.execute(
        "UPDATE import_task SET state = 'done', run_id = 'run', finished_at = clock_timestamp() - "
        "(40 - task_id) * interval '3 seconds' WHERE task_id <= 40 AND segment = 'one'"
    )


def test_rate_and_end_are_those_of_the_last_minutes(running: Store) -> None:
    [progress] = source_progress(running, "tiny")
    assert (progress.run_id, progress.done, progress.left) == ("run", 40, 60)
    assert progress.per_minute == pytest.approx(20, rel=0.02)
    assert progress.ends_at is not None
    assert (progress.ends_at - dt.datetime.now(dt.UTC)).total_seconds() == pytest.approx(180, abs=10)
    assert progress.in_words.startswith("40 of 100 pages, 20 a minute, done about ")


def test_what_was_fetched_an_hour_ago_says_nothing_of_the_rate(running: Store) -> None:
    running.execute("UPDATE import_task SET finished_at = finished_at - interval '1 hour'")
    [progress] = source_progress(running)
    assert (progress.per_minute, progress.ends_at, progress.in_words) == (None, None, "40 of 100 pages")


def test_while_the_listing_is_walked_that_is_told(running: Store) -> None:
    running.execute("UPDATE import_task SET state = 'pending', run_id = NULL, finished_at = NULL")
    running.execute("INSERT INTO listing_walk (source, parser_version) VALUES ('tiny', 1)")
    running.execute(
        "INSERT INTO listing_step (source, request, url, conditional, done) "
        "SELECT 'tiny', decode(lpad(n::text, 2, '0'), 'hex'), 'https://tiny.example/', false, n <= 5 "
        "FROM generate_series(1, 7) AS n"
    )
    [progress] = source_progress(running, "tiny")
    assert progress.in_words == "walking the listing: 5 requests made, 2 or more left"


def test_of_an_import_that_has_ended_nothing_is_told(running: Store) -> None:
    finish_run(running, "run", "tiny", failed=None, records=Counter())
    assert source_progress(running) == []


def test_of_an_import_whose_process_died_nothing_is_told(running: Store) -> None:
    running.execute("UPDATE lease SET held_until = clock_timestamp() - interval '1 second'")
    assert source_progress(running) == []
