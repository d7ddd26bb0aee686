"""The frontier: what is due, who works on it, and what is left when they die."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from game_pipeline.crawl import HoldLost, frontier
from game_pipeline.sources import PageRef
from game_pipeline.store import Store
from game_pipeline_tests.changes.tiny_site import source_named

SOURCE = source_named()
SEGMENTS = SOURCE.segment_keys()


class Desk:
    """The frontier of one source, a transaction a call, as a visit uses it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def observe(self, *keys: str, listed: bool = True, fingerprint: str | None = None) -> int:
        return self.observe_refs([SOURCE.ref(key, fingerprint) for key in keys], listed=listed)

    def observe_refs(self, pages: Sequence[PageRef], *, listed: bool = True) -> int:
        with self.store.transaction() as connection:
            return frontier.observe(connection, SOURCE, pages, listed=listed)

    def enqueue(self, *, full_since: dt.datetime | None = None) -> int:
        with self.store.transaction() as connection:
            return frontier.enqueue_due(connection, "tiny", SEGMENTS, full_since=full_since)

    def request(self, *keys: str) -> int:
        with self.store.transaction() as connection:
            return frontier.enqueue_pages(connection, "tiny", keys)

    def claim(
        self,
        run_id: str = "run",
        *,
        started: dt.datetime | None = None,
        segment: str = "one",
        only: Sequence[str] | None = None,
    ) -> frontier.Task | None:
        with self.store.transaction() as connection:
            tasks = frontier.claim(connection, "tiny", segment, run_id, started or self.now(), only)
            return tasks[0] if tasks else None

    def claim_several(self, most: int) -> list[str]:
        with self.store.transaction() as connection:
            tasks = frontier.claim(connection, "tiny", "one", "run", self.now(), most=most)
            return [task.page_key for task in tasks]

    def claimed(self, run_id: str = "run") -> frontier.Task:
        task = self.claim(run_id)
        assert task is not None
        return task

    def release_orphans(self) -> int:
        with self.store.transaction() as connection:
            return frontier.release_orphans(connection, "tiny")

    def finish(self, task: frontier.Task, state: str = "done", outcome: str = "same") -> None:
        """End a task as a visit does, with what it means for the page."""
        with self.store.transaction() as connection:
            frontier.finish(connection, task, state=state, outcome=outcome)
            connection.execute(
                b"UPDATE source_url_state SET outcome = %s, last_checked_at = now(), "
                b"fetched_fingerprint = listed_fingerprint, next_check_at = now() + interval '1 day' "
                b"WHERE page_id = %s",
                (outcome, task.page_id),
            )

    def postpone(self, task: frontier.Task) -> None:
        with self.store.transaction() as connection:
            frontier.postpone(connection, task, outcome="http_error", error="the site answers 503")

    def unlist(self, *keys: str, share: float = 0.2) -> tuple[int, int]:
        """A walk of the listing that named these: how many pages were unlisted, of how many that it lacks."""
        with self.store.transaction() as connection:
            connection.execute(b"INSERT INTO listing_walk (source, parser_version) VALUES ('tiny', 1)")
            frontier.note_listed(connection, SOURCE, keys)
            named, *told = frontier.unlist_missing(connection, SOURCE, share)
            connection.execute(b"DELETE FROM listing_walk")
        assert named == len(keys)
        return told[0], told[1]

    def due(self) -> list[str]:
        with self.store.connection() as connection:
            return frontier.due_segments(connection, "tiny")

    def left(self, only: Sequence[str] | None = None) -> dict[str, int]:
        with self.store.connection() as connection:
            return frontier.segments_left(connection, "tiny", SEGMENTS, only)

    def now(self) -> dt.datetime:
        row = self.store.row("SELECT clock_timestamp() AS now")
        assert row is not None
        now: dt.datetime = row["now"]
        return now

    def tasks(self) -> list[dict[str, Any]]:
        return self.store.rows("SELECT * FROM import_task ORDER BY task_id")

    def states(self) -> list[str]:
        return [task["state"] for task in self.tasks()]


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def test_a_page_is_remembered_once_and_news_is_counted(desk: Desk) -> None:
    assert desk.observe("a", "b", "a") == 2
    assert desk.observe("a", "b") == 0
    assert desk.observe("b", fingerprint="2") == 1


def test_no_pages_are_no_news(desk: Desk) -> None:
    assert desk.observe() == 0


def test_a_signal_stays_where_a_later_look_carries_none(desk: Desk) -> None:
    desk.observe("a", fingerprint="2")
    desk.observe("a")
    assert desk.store.rows("SELECT listed_fingerprint AS f FROM source_url_state") == [{"f": "2"}]


def test_a_page_that_only_a_feed_named_is_never_missing_from_the_listing(desk: Desk) -> None:
    desk.observe("a")
    desk.observe("b", listed=False)
    assert desk.unlist("a") == (0, 0)


def test_a_page_missing_from_the_listing_is_unlisted_and_due_once_more(desk: Desk) -> None:
    desk.observe("a", "b")
    desk.enqueue()
    desk.finish(desk.claimed())
    desk.finish(desk.claimed())
    assert desk.unlist("a") == (1, 1)
    assert desk.enqueue() == 1
    assert desk.claimed().page_key == "b"


def test_a_listing_that_lacks_too_much_is_held_as_broken(desk: Desk) -> None:
    desk.observe(*"abcdefghij")
    assert desk.unlist(*"abcdef") == (0, 4)
    assert desk.unlist(*"abcdef", share=0.4) == (4, 4)


def test_an_unlisted_page_that_is_listed_again_is_listed(desk: Desk) -> None:
    desk.observe("a", "b")
    desk.unlist("a")
    desk.observe("b")
    rows = desk.store.rows("SELECT 1 FROM source_url_state WHERE listed AND unlisted_at IS NULL")
    assert len(rows) == 2


def test_a_new_page_is_due_and_is_one_task_however_often_it_is_enqueued(desk: Desk) -> None:
    desk.observe("a", "two-b")
    assert (desk.due(), desk.enqueue(), desk.enqueue(), desk.request("a")) == (["one", "two"], 2, 0, 0)
    assert [(task["segment"], task["reason"]) for task in desk.tasks()] == [("one", "new"), ("two", "new")]
    assert desk.left() == {"one": 1, "two": 1}


def test_a_page_that_was_checked_is_due_when_its_signal_moves(desk: Desk) -> None:
    desk.observe("a", fingerprint="1")
    desk.enqueue()
    desk.finish(desk.claimed())
    assert (desk.due(), desk.enqueue()) == ([], 0)
    desk.observe("a", fingerprint="2")
    assert (desk.due(), desk.enqueue()) == (["one"], 1)
    assert desk.tasks()[-1]["reason"] == "signal"


def test_a_requested_page_is_fetched_due_or_not(desk: Desk) -> None:
    desk.observe("a", "b")
    desk.enqueue()
    desk.finish(desk.claimed())
    assert desk.request("a", "unheard-of") == 1


def test_a_page_that_is_gone_and_unlisted_is_left_alone(desk: Desk) -> None:
    desk.observe("a")
    desk.enqueue()
    desk.finish(desk.claimed(), "failed", "gone")
    desk.unlist("b")
    assert (desk.due(), desk.enqueue(), desk.enqueue(full_since=desk.now())) == ([], 0, 0)


def test_a_page_that_was_gone_is_fetched_again_once_where_a_feed_names_it_anew(desk: Desk) -> None:
    desk.observe("a", listed=False, fingerprint="1")
    desk.enqueue()
    desk.finish(desk.claimed(), "failed", "gone")
    assert desk.due() == []
    desk.observe("a", listed=False, fingerprint="2")
    assert (desk.due(), desk.enqueue()) == (["one"], 1)
    desk.finish(desk.claimed(), "failed", "gone")
    assert desk.due() == []


def test_the_first_listing_that_does_not_name_a_page_of_a_feed_is_remembered(desk: Desk) -> None:
    desk.observe("a")
    desk.observe("b", "c", listed=False)
    desk.unlist("a", "c")
    unlisted = desk.store.rows("SELECT page_key FROM source_url_state WHERE unlisted_at IS NOT NULL")
    assert unlisted == [{"page_key": "b"}]


def test_who_asks_for_one_page_gets_no_other_that_waits(desk: Desk) -> None:
    desk.observe("a", "b", "c")
    desk.enqueue()
    claimed = desk.claim(only=["b"])
    assert claimed is not None
    assert claimed.page_key == "b"
    assert desk.claim(only=["b"]) is None
    desk.finish(claimed)
    assert (desk.left(["b"]), desk.left()) == ({}, {"one": 2})


def test_a_full_import_takes_what_is_not_due_too(desk: Desk) -> None:
    desk.observe("a")
    desk.enqueue()
    desk.finish(desk.claimed())
    assert desk.enqueue(full_since=desk.now()) == 1


def test_a_full_import_does_not_redo_what_was_done_since_it_was_ordered(desk: Desk) -> None:
    desk.observe("a", "b", "c")
    ordered = desk.now()
    desk.enqueue(full_since=ordered)
    desk.finish(desk.claimed())
    desk.finish(desk.claimed(), "failed", "http_error")
    desk.postpone(desk.claimed())
    assert desk.enqueue(full_since=ordered) == 0
    assert desk.claimed().page_key == "c"
    assert desk.claim() is None


def test_tasks_come_in_order_and_only_of_the_segment(desk: Desk) -> None:
    desk.observe("a", "two-b", "c")
    desk.enqueue()
    assert [desk.claimed().page_key, desk.claimed().page_key, desk.claim()] == ["a", "c", None]
    task = desk.claim(segment="two")
    assert task is not None
    assert task.page_key == "two-b"


def test_a_postponed_task_waits_for_the_next_attempt(desk: Desk) -> None:
    desk.observe("a")
    desk.enqueue()
    started = desk.now()
    task = desk.claim(started=started)
    assert task is not None
    desk.postpone(task)
    assert desk.claim(started=started) is None
    assert desk.left() == {"one": 1}
    assert desk.claim() is not None
    assert desk.tasks()[0]["attempts"] == 2


def test_a_claimed_task_is_nobody_else_s(desk: Desk) -> None:
    desk.observe("a")
    desk.enqueue()
    desk.claimed("first")
    assert desk.claim("second") is None


@pytest.mark.parametrize("end", ["finish", "postpone", "give_back"])
def test_who_stalled_ends_no_task_that_was_taken_over(desk: Desk, end: str) -> None:
    desk.observe("a")
    desk.enqueue()
    stalled = desk.claimed("first")

    def end_it() -> None:
        with desk.store.transaction() as connection:
            connection.execute(b"UPDATE source_url_state SET outcome = 'changed'")
            if end == "finish":
                frontier.finish(connection, stalled, state="done", outcome="same")
            elif end == "postpone":
                frontier.postpone(connection, stalled, outcome="http_error", error="503")
            else:
                frontier.give_back(connection, [stalled])

    def wake() -> None:
        with pytest.raises(HoldLost, match="page a of one was taken over"):
            end_it()

    desk.release_orphans()
    wake()
    other = desk.claimed("second")
    wake()
    assert [(task["state"], task["run_id"]) for task in desk.tasks()] == [("leased", "second")]
    desk.finish(other)
    wake()
    assert desk.store.rows("SELECT outcome FROM source_url_state") == [{"outcome": "same"}]


def test_what_a_dead_run_held_is_taken_over_at_once(desk: Desk) -> None:
    desk.observe("a")
    desk.enqueue()
    desk.claimed("dead")
    assert desk.release_orphans() == 1
    assert desk.claimed("next").page_key == "a"
    assert desk.tasks()[0]["crashes"] == 1


def test_a_page_whose_holders_die_three_times_is_quarantined_and_not_fetched_again(desk: Desk) -> None:
    desk.observe("a", "b")
    for run in ("first", "second", "third"):
        desk.release_orphans()
        desk.enqueue()
        assert desk.claimed(run).page_key == "a"
    desk.release_orphans()
    assert desk.enqueue() == 0
    assert desk.enqueue(full_since=desk.now()) == 0
    assert desk.claimed("fourth").page_key == "b"
    quarantined = desk.tasks()[0]
    assert (quarantined["state"], quarantined["error"]) == ("quarantined", "its run died 3 times")


def test_several_are_claimed_in_order_and_never_more_than_asked_for(desk: Desk) -> None:
    desk.observe(*"abcde")
    desk.enqueue()
    assert [desk.claim_several(2), desk.claim_several(2), desk.claim_several(2)] == [["a", "b"], ["c", "d"], ["e"]]


def test_pages_that_were_held_by_who_died_are_claimed_one_by_one(desk: Desk) -> None:
    desk.observe(*"abcde")
    desk.enqueue()
    assert desk.claim_several(2) == ["a", "b"]
    desk.release_orphans()
    assert [desk.claim_several(9) for _ in range(4)] == [["a"], ["b"], ["c", "d", "e"], []]


def test_a_quarantined_page_alone_makes_no_segment_due(desk: Desk) -> None:
    desk.observe("a")
    quarantine(desk)
    assert desk.due() == []


def test_a_quarantined_page_that_a_person_asks_for_and_that_succeeds_is_free_again(desk: Desk) -> None:
    desk.observe("a")
    quarantine(desk)
    assert desk.request("a") == 1
    desk.finish(desk.claimed("on demand"))
    assert desk.enqueue(full_since=desk.now()) == 1


def quarantine(desk: Desk) -> None:
    desk.enqueue()
    for run in ("first", "second", "third"):
        desk.claimed(run)
        desk.release_orphans()
    assert desk.states() == ["quarantined"]


def test_two_who_claim_at_once_never_get_the_same_task(desk: Desk) -> None:
    desk.observe(*(f"p{number}" for number in range(60)))
    desk.enqueue()
    start = threading.Barrier(2)
    got: dict[str, list[int]] = {"first": [], "second": []}

    def work(run_id: str) -> None:
        start.wait(10)
        while task := desk.claim(run_id):
            got[run_id].append(task.task_id)
            desk.finish(task)

    threads = [threading.Thread(target=work, args=(run_id,)) for run_id in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(got["first"] + got["second"]) == [task["task_id"] for task in desk.tasks()]
    assert set(desk.states()) == {"done"}
