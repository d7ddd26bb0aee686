"""Deliveries: at least once, in order for each game, tried again with patience, and given up in the end."""

from __future__ import annotations

import datetime as dt
import threading
from uuid import UUID, uuid4

import psycopg
import pytest

from game_pipeline.store import Store
from game_pipeline.webhooks import (
    Delivered,
    WebhookError,
    begin,
    dead_letters,
    resume,
    retry,
    webhook_overview,
    work_is_due,
)
from game_pipeline_tests.http_server import Reply, ScriptedServer, Seen, Send

from .conftest import PATH, Receiver, happened, refuse_once


def test_a_webhook_begins_at_the_end_of_the_log(store: Store, server: ScriptedServer) -> None:
    receiver = Receiver(store, server)
    happened(store, 1)
    assert receiver.deliver().delivered == 0
    later = happened(store, 1)
    assert receiver.deliver().delivered == 1
    assert receiver.ids() == later


def test_or_at_its_start_where_that_is_asked_for_in_time(store: Store, server: ScriptedServer) -> None:
    receiver = Receiver(store, server)
    events = happened(store, 1, 2)
    receiver.begin()
    begin(store, "partner", from_start=True)
    begin(store, "partner", from_start=True)
    receiver.deliver()
    assert receiver.ids() == events
    with pytest.raises(WebhookError, match="come out of order"):
        begin(store, "partner", from_start=True)


def test_only_the_events_that_are_wanted_are_sent(receiver: Receiver, store: Store) -> None:
    happened(store, 1)
    outcome = receiver.deliver(receiver.make(events=["game.*", "review.opened"]))
    assert (outcome.taken, outcome.pending) == (0, 0)
    assert receiver.deliver().delivered == 0, "the place in the log moved on all the same"


def test_nothing_is_sent_twice_where_all_goes_well(receiver: Receiver, store: Store) -> None:
    events = happened(store, *range(250))
    assert receiver.deliver().delivered == 250
    assert receiver.deliver().delivered == 0
    assert receiver.ids() == events


def test_an_event_that_is_committed_late_is_not_missed(receiver: Receiver, store: Store) -> None:
    insert = (
        "INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, game_id, payload, "
        "correlation_id, actor) VALUES (gen_random_uuid(), %s, 1, 'source.paused', 1, 1, '{}', 'x', 'x')"
    )
    with psycopg.connect(store.url) as early, psycopg.connect(store.url) as slow:
        early.execute("SELECT pg_current_xact_id()")  # older than the slow one, and yet behind it in the log
        slow.execute(insert, ("slow:1",))
        early.execute(insert, ("early:1",))
        early.commit()
        happened(store, 1)
        assert receiver.deliver().delivered == 0
        slow.commit()
    assert receiver.deliver().delivered == 3
    assert store.rows("SELECT 1 FROM webhook_delivery WHERE state <> 'delivered'") == []
    assert [seen.body.count(b'"position":') for seen in receiver.seen] == [1, 1, 1]
    assert [b'"position":1,' in seen.body for seen in receiver.seen] == [True, False, False]


def test_a_savepoint_rolled_back_does_not_hide_what_comes_after_it(receiver: Receiver, store: Store) -> None:
    def undone() -> None:
        with connection.transaction():
            connection.execute(insert, ("undone:1",))
            raise ZeroDivisionError

    insert = (
        "INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, game_id, payload, "
        "correlation_id, actor) VALUES (gen_random_uuid(), %s, 1, 'source.paused', 1, 1, '{}', 'x', 'x')"
    )
    with psycopg.connect(store.url) as connection:
        connection.execute("SELECT 1")
        with pytest.raises(ZeroDivisionError):
            undone()
        connection.execute(insert, ("kept:1",))
        happened(store, 2)
        assert receiver.deliver().delivered == 0
        connection.commit()
    assert receiver.deliver().delivered == 2
    assert receiver.games() == [1, 2]


def test_a_failure_holds_up_only_what_comes_later_of_the_same_game(
    receiver: Receiver, server: ScriptedServer, store: Store
) -> None:
    happened(store, 1, 2, 1, 2, 3, 1)
    server.on(PATH, refuse_once(1))
    outcome = receiver.deliver()
    assert (outcome.delivered, outcome.failed, outcome.pending) == (3, 1, 3)
    assert receiver.games() == [1, 2, 2, 3]
    receiver.later(seconds=1)
    happened(store, 1, 2)
    assert receiver.deliver().delivered == 1, "the one of game 2; game 1 still waits"
    receiver.later(hours=1)
    assert receiver.deliver().delivered == 4
    assert receiver.games() == [1, 2, 2, 3, 2, 1, 1, 1, 1]
    assert receiver.row(1)["attempts"] == 2
    positions = [row["position"] for row in store.rows("SELECT position FROM webhook_delivery ORDER BY position")]
    assert positions == list(range(1, 9))


def test_events_without_a_game_keep_the_order_of_their_stream(
    receiver: Receiver, server: ScriptedServer, store: Store
) -> None:
    store.execute(
        "INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, payload, "
        "correlation_id, actor) SELECT gen_random_uuid(), s, v, 'source.paused', 1, '{}', 'x', 'x' "
        "FROM (VALUES ('source:a', 1), ('source:a', 2), ('source:b', 1)) AS given (s, v)"
    )
    server.on(PATH, Reply(500), Reply(204))
    outcome = receiver.deliver()
    assert (outcome.delivered, outcome.failed, outcome.pending) == (1, 1, 2)


def test_attempts_come_slower_and_slower_and_end_as_a_dead_letter(
    receiver: Receiver, server: ScriptedServer, store: Store
) -> None:
    (given_up, following) = happened(store, 1, 1)
    settings = receiver.make(max_attempts=4, backoff_base=10, backoff_cap=25)
    server.on(PATH, Reply(500, b"oh no"), Reply(400), Reply(502), Reply(500, b"for\never"), Reply(204))
    for longest in (10, 20, 25):
        assert receiver.deliver(settings).failed == 1
        pause = (receiver.row()["next_attempt_at"] - receiver.now).total_seconds()
        assert longest / 2 <= pause <= longest
        assert not work_is_due(store, {"partner": settings}, receiver.now)
        receiver.later(seconds=longest)
        assert work_is_due(store, {"partner": settings}, receiver.now)
    outcome = receiver.deliver(settings)
    assert (outcome.dead, outcome.delivered, outcome.pending) == (1, 1, 0), "a dead letter holds up nothing"
    (letter,) = dead_letters(store, "partner")
    assert (str(letter["event_id"]), letter["attempts"], letter["last_status"]) == (given_up, 4, 500)
    assert letter["last_error"] == "500: for ever"
    assert receiver.ids() == [given_up] * 4 + [following]


def test_dead_letters_are_tried_again_when_a_person_says_so(
    receiver: Receiver, server: ScriptedServer, store: Store
) -> None:
    ids = [UUID(each) for each in happened(store, 1, 2)]
    server.on(PATH, Reply(500))
    settings = receiver.make(max_attempts=1)
    assert receiver.deliver(settings).dead == 2
    server.on(PATH, Reply(204))
    assert receiver.deliver(settings).delivered == 0
    with pytest.raises(WebhookError, match="no dead letter"):
        retry(store, "partner", [ids[0], uuid4()], now=receiver.now)
    assert len(dead_letters(store, "partner")) == 2
    assert retry(store, "partner", [ids[1]], now=receiver.now) == 1
    assert receiver.deliver(settings).delivered == 1
    assert retry(store, "partner", now=receiver.now) == 1
    assert receiver.deliver(settings).delivered == 1
    assert receiver.ids()[2:] == [str(ids[1]), str(ids[0])]
    assert dead_letters(store, "partner") == []


def test_gone_stops_the_webhook_until_it_is_resumed(receiver: Receiver, server: ScriptedServer, store: Store) -> None:
    events = happened(store, 1, 2, 1)
    server.on(PATH, Reply(410), Reply(204))
    settings = receiver.make(max_attempts=1)
    outcome = receiver.deliver(settings)
    assert (outcome.delivered, outcome.dead, outcome.pending) == (0, 0, 3)
    assert "410 Gone" in str(outcome.note)
    receiver.later(days=2)
    assert receiver.deliver(settings).delivered == 0
    assert not work_is_due(store, {"partner": settings}, receiver.now)
    assert len(receiver.seen) == 1
    (status,) = webhook_overview(store, {"partner": settings})
    assert status.state == "stopped"
    assert "410 Gone" in str(status.reason)
    happened(store, 3)
    assert resume(store, "partner", receiver.now)
    assert not resume(store, "partner", receiver.now)
    assert receiver.deliver(settings).delivered == 4
    assert receiver.ids()[1:4] == events


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("as_date", [True, False])
def test_a_receiver_that_asks_for_a_pause_gets_it(
    receiver: Receiver, server: ScriptedServer, store: Store, status: int, as_date: bool
) -> None:
    happened(store, 1, 2)
    until = (receiver.now + dt.timedelta(minutes=30)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    server.on(PATH, Reply(status, headers={"Retry-After": until if as_date else "1800"}), Reply(204))
    assert receiver.deliver().failed == 1
    receiver.later(minutes=29)
    assert "pauses until" in str(receiver.deliver().note)
    assert not work_is_due(store, {"partner": receiver.settings}, receiver.now)
    assert len(receiver.seen) == 1
    receiver.later(minutes=2)
    assert receiver.deliver().delivered == 2


@pytest.mark.parametrize("header", ["-5", "soon", "", "99999999999999999999", "Fri, 99 Foo 2026 00:00:00 GMT"])
def test_a_pause_that_makes_no_sense_is_not_for_ever(
    receiver: Receiver, server: ScriptedServer, store: Store, header: str
) -> None:
    happened(store, 1)
    server.on(PATH, Reply(429, headers={"Retry-After": header}), Reply(204))
    assert receiver.deliver().failed == 1
    receiver.later(days=1, seconds=1)
    assert receiver.deliver().delivered == 1


def test_a_receiver_that_does_not_answer_is_left_alone_for_the_rest_of_a_pass(receiver: Receiver, store: Store) -> None:
    happened(store, *range(20))
    outcome = receiver.deliver(receiver.make(url="http://127.0.0.1:9/"))
    assert (outcome.failed, outcome.pending, outcome.note) == (5, 20, "the receiver does not answer")
    assert receiver.deliver().delivered == 15, "what was not tried is due at once"
    receiver.later(hours=1)
    outcome = receiver.deliver(receiver.make(url="http://127.0.0.1:9/", max_attempts=2))
    assert (outcome.dead, outcome.pending) == (5, 0)
    happened(store, *range(20))
    outcome = receiver.deliver(receiver.make(url="http://127.0.0.1:9/", max_attempts=1))
    assert (outcome.dead, outcome.pending) == (5, 15), "nor is it given up all at once"


def test_a_webhook_that_is_switched_off_loses_nothing(receiver: Receiver, store: Store) -> None:
    events = happened(store, 1)
    off = receiver.make(enabled=False)
    assert receiver.deliver(off).note == "switched off in the settings"
    assert webhook_overview(store, {"partner": off})[0].state == "off"
    receiver.deliver()
    assert receiver.ids() == events


def test_what_was_delivered_is_forgotten_in_time_and_not_sent_anew(receiver: Receiver, store: Store) -> None:
    happened(store, 1)
    receiver.deliver()
    receiver.later(days=29)
    receiver.deliver()
    assert len(store.rows("SELECT 1 FROM webhook_delivery")) == 1
    receiver.later(days=2)
    assert receiver.deliver().delivered == 0
    assert store.rows("SELECT 1 FROM webhook_delivery") == []


def test_the_overview_tells_lag_before_and_after_taking_over(
    receiver: Receiver, server: ScriptedServer, store: Store
) -> None:
    happened(store, 1, 2)
    later = receiver.now + dt.timedelta(hours=1)
    (status,) = webhook_overview(store, {"partner": receiver.settings}, later)
    assert (status.state, status.pending, status.lag_events) == ("active", 0, 2)
    assert status.lag_seconds >= 3600
    server.on(PATH, refuse_once(1, 2))
    receiver.deliver()
    (status, removed) = webhook_overview(store, {"other": receiver.settings}, later)
    assert (status.name, status.state, removed.name, removed.state) == ("other", "new", "partner", "removed")
    assert (removed.pending, removed.last_error) == (2, "500: not now")


def test_many_workers_send_nothing_twice_and_in_order(receiver: Receiver, server: ScriptedServer, store: Store) -> None:
    running = threading.Semaphore(1)
    overlaps: list[str] = []

    def alone(seen: Seen, send: Send) -> Reply:
        if not running.acquire(blocking=False):
            overlaps.append(seen.headers["webhook-id"])
            return Reply(500)
        threading.Event().wait(0.002)
        running.release()
        return Reply(204)

    server.on(PATH, alone)
    events = happened(store, *(number % 7 for number in range(100)))
    results: list[Delivered] = []

    def work() -> None:
        for _ in range(500):
            outcome = receiver.deliver()
            results.append(outcome)
            if outcome.note is None and not outcome.pending:
                return

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert overlaps == []
    assert receiver.ids() == events
    assert sum(result.delivered for result in results) == 100
    assert any(result.note == "another process is delivering" for result in results)


def test_a_pass_ends_when_its_time_is_over(receiver: Receiver, store: Store) -> None:
    happened(store, 1, 2)
    outcome = receiver.deliver(seconds=0)
    assert (outcome.delivered, outcome.pending, outcome.note) == (0, 2, "the time for one pass is over")
