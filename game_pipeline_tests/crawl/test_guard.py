"""A source's breaker on a real database and a real site: what is sent, what is not, and what is told."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from game_pipeline.crawl.client import Client, Fetched
from game_pipeline.crawl.guard import Guard, NotNow
from game_pipeline.crawl.health import (
    NotPaused,
    change,
    close_source,
    pause_source,
    read_health,
    read_standing,
    record_health,
    resume_source,
)
from game_pipeline.crawl.outcomes import FetchError, Kind, Outcome
from game_pipeline.settings import BreakerSettings, CrawlSettings
from game_pipeline.sources.base import Request
from game_pipeline.store import Store
from game_pipeline_tests.crawl.conftest import MAX_BODY, Crawler
from game_pipeline_tests.http_server import Reply, ScriptedServer, Seen, Send

PAGE = Reply(200, b"page")
QUICK = BreakerSettings(window=0.4, min_calls=4, rest=0.2, longest_rest=0.4, trials=2)


class Asking:
    """One process's way to one source."""

    def __init__(self, crawler: Crawler, source: str = "tiny", breaker: BreakerSettings | None = None, **crawl: Any):
        self.client: Client = crawler.make(**crawl) if crawl else crawler.client
        settings = CrawlSettings.model_validate(crawl)
        self.guard = Guard(
            crawler.store, source, breaker or BreakerSettings(), settings, min_delay=0.0, correlation_id="run"
        )

    def fetch(self, url: str = "http://site.test/page", *, min_delay: float = 0.0, attempts: int = 4) -> Fetched:
        return self.client.fetch(
            Request(url), min_delay=min_delay, max_body=MAX_BODY, attempts=attempts, door=self.guard
        )

    def refused(self, url: str = "http://site.test/page", **options: Any) -> FetchError:
        with pytest.raises(FetchError) as caught:
            self.fetch(url, **options)
        return caught.value


def told(store: Store, *names: str, source: str = "tiny") -> list[tuple[Any, ...]]:
    """The source's events in order: the type's last word, and these parts of each payload."""
    rows = store.rows("SELECT event_type, payload FROM import_event WHERE source = %s ORDER BY position", (source,))
    return [(row["event_type"].split(".")[1], *(row["payload"].get(name) for name in names)) for row in rows]


def test_the_events_of_a_whole_cycle_in_order(crawler: Crawler, server: ScriptedServer, store: Store) -> None:
    asking = Asking(crawler, breaker=QUICK)
    server.on("/page", *[PAGE] * 2, *[Reply(500)] * 2, PAGE).on("/other", Reply(500))
    for _ in range(2):
        asking.fetch()
    asking.refused(attempts=2)
    asking.refused("http://site.test/other")  # robots.txt and two pages were good, three tries failed
    while read_health(store, "tiny").state != "closed":
        try:
            asking.fetch()
        except NotNow as error:
            time.sleep(error.retry_after or 0)
        time.sleep(0.02)
    assert told(store, "before", "state", "rate") == [
        ("breaker_changed", "closed", "open", 0),
        ("breaker_changed", "open", "half_open", 0.1),
        ("breaker_changed", "half_open", "ramping", 0.1),
        ("breaker_changed", "ramping", "ramping", 0.3),
        ("breaker_changed", "ramping", "ramping", 0.6),
        ("breaker_changed", "ramping", "closed", 1),
    ]
    assert told(store, "reason")[0][1] == "the site answers 500 (3 of 6 calls failed)"


def test_a_site_that_always_fails_gets_eight_requests_however_often_it_is_asked(
    crawler: Crawler, server: ScriptedServer, store: Store
) -> None:
    for path in ("/robots.txt", "/page"):
        server.on(path, Reply(500))
    for _ in range(10):  # as many processes, each with a budget of its own
        asking = Asking(crawler, retry_base=0)
        asking.refused()
        asking.refused("http://other.test/page")
        store.execute("DELETE FROM robots_rules")  # else nothing is asked for ten minutes anyway
    assert len(server.seen) == 8
    health = read_health(store, "tiny")
    assert (health.state, health.waiting, health.rate) == ("open", True, 0)
    assert "resting, next trial" in health.in_words
    assert "(8 of 8 calls failed)" in health.in_words


def test_nothing_is_sent_while_it_rests_and_the_error_says_why_and_until_when(
    crawler: Crawler, server: ScriptedServer, store: Store
) -> None:
    server.on("/page", Reply(403))
    asking = Asking(crawler)
    for _ in range(3):
        assert asking.refused().outcome is Outcome.BLOCKED_BY_SITE
    before = len(server.seen)
    error = asking.refused()
    assert isinstance(error, NotNow)
    assert (error.outcome, error.kind) == (Outcome.PARKED, Kind.RATE_LIMITED)
    assert error.retry_after == pytest.approx(3600, abs=5)
    assert "the site refuses us: it answers 403; needs a person" in error.message
    assert len(server.seen) == before
    assert [name for name, *_ in told(store)] == ["breaker_changed", "needs_attention"]


def test_a_long_retry_after_parks_the_source_until_then(crawler: Crawler, server: ScriptedServer, store: Store) -> None:
    server.on("/page", Reply(429, headers={"Retry-After": "7200"}))
    asking = Asking(crawler)
    assert asking.refused().kind is Kind.RATE_LIMITED
    health = read_health(store, "tiny")
    assert (health.state, len(server.requests("/page"))) == ("open", 1)
    assert health.next_trial_at is not None
    assert (health.next_trial_at - dt.datetime.now(dt.UTC)).total_seconds() == pytest.approx(7200, abs=5)


def test_a_short_retry_after_is_waited_for(crawler: Crawler, server: ScriptedServer, store: Store) -> None:
    server.on("/page", Reply(429, headers={"Retry-After": "7"}), PAGE)
    assert Asking(crawler).fetch().requests == 2
    assert max(crawler.slept) == pytest.approx(7, abs=0.5)
    assert read_health(store, "tiny").state == "closed"


def test_timeouts_open_it(crawler: Crawler, server: ScriptedServer, store: Store) -> None:
    server.on("/page", lambda *_: time.sleep(0.5))
    asking = Asking(crawler, total_deadline=0.1, breaker=BreakerSettings(min_calls=3))
    server.on("/other", lambda *_: time.sleep(0.5))
    for path in itertools.cycle(("page", "other")):
        if isinstance(asking.refused(f"http://site.test/{path}"), NotNow):
            break
    assert len(server.seen) == 3  # robots.txt was good, and 2 of 3 are enough


def test_a_connection_that_is_refused_opens_it_and_a_404_never(
    crawler: Crawler, server: ScriptedServer, store: Store
) -> None:
    gone = Asking(crawler, "gone")
    for number in range(30):
        assert gone.refused(f"http://site.test/{number}").outcome is Outcome.GONE
    assert read_health(store, "gone").state == "closed"
    down = Asking(crawler, "down", routes={"site.test": "http://127.0.0.1:9"})
    for number in itertools.count():
        if isinstance(down.refused(f"http://site.test/{number}"), NotNow):
            break
        store.execute("DELETE FROM robots_rules")
        down.client = crawler.make(routes={"site.test": "http://127.0.0.1:9"})
    assert read_health(store, "down").state == "open"


def test_a_single_page_that_is_broken_opens_nothing(crawler: Crawler, server: ScriptedServer, store: Store) -> None:
    server.on("/page", Reply(500))
    for _ in range(10):
        assert not isinstance(Asking(crawler).refused(), NotNow)
    assert read_health(store, "tiny").state == "closed"
    server.on("/other", Reply(500))
    assert not isinstance(Asking(crawler).refused("http://site.test/other"), NotNow)
    assert read_health(store, "tiny").state == "open"


def test_retries_are_a_few_and_then_a_tenth(crawler: Crawler, server: ScriptedServer) -> None:
    asking = Asking(crawler, breaker=BreakerSettings(failure_share=1, min_calls=1000))
    for number in range(200):
        server.on(f"/{number}", Reply(500), PAGE)
    outcomes = []
    for number in range(200):
        try:
            outcomes.append(asking.fetch(f"http://site.test/{number}").requests)
        except FetchError:
            outcomes.append(0)
    assert outcomes[:5] == [2] * 5
    assert 20 <= outcomes.count(2) <= 24  # of some 220 requests


def test_the_rate_comes_back_as_a_longer_delay(crawler: Crawler, server: ScriptedServer, store: Store) -> None:
    server.on("/page", PAGE)
    asking = Asking(crawler)
    asking.fetch()
    seen = read_standing(store, "tiny")
    for state, step, delay in (("ramping", 0, 5), ("ramping", 1, 5 / 3), ("ramping", 2, 5 / 6), ("closed", 0, 0.5)):
        store.execute("UPDATE importer_health SET state = %s, ramp_step = %s", (state, step))
        store.execute("DELETE FROM host_slot")
        asking = Asking(crawler)
        asking.fetch(min_delay=0.5)
        asking.fetch(min_delay=0.5)
        assert crawler.slept[-1] == pytest.approx(delay, abs=0.2)
    assert seen.turn == read_standing(store, "tiny").turn


def test_while_one_source_rests_the_others_keep_their_rate(
    crawler: Crawler, server: ScriptedServer, store: Store
) -> None:
    server.on("/page", PAGE)
    server.on("/broken", Reply(500)).on("/broken/2", Reply(500))
    alone = gaps(crawler, server, lambda: None)
    broken = Asking(crawler, "broken", retry_base=0, retry_cap=0)
    paths = itertools.cycle(("broken", "broken/2"))
    beside = gaps(crawler, server, lambda: broken.refused(f"http://other.test/{next(paths)}"))
    assert read_health(store, "broken").state == "open"
    assert read_health(store, "well").state == "closed"
    assert beside == pytest.approx(alone, rel=0.2)


def gaps(crawler: Crawler, server: ScriptedServer, meanwhile: Callable[[], Any]) -> float:
    """The seconds between two requests of a source that is well."""
    well = Asking(crawler, "well")
    well.client = crawler.make(sleep=time.sleep)
    stop = threading.Event()

    def others() -> None:
        while not stop.is_set():
            meanwhile()
            time.sleep(0.01)

    beside = threading.Thread(target=others)
    beside.start()
    before = len(server.requests("/page"))
    try:
        for _ in range(12):
            well.fetch(min_delay=0.1)
    finally:
        stop.set()
        beside.join()
    times = [seen.at for seen in server.requests("/page")[before + 1 :]]
    return (times[-1] - times[0]) / (len(times) - 1)


# Several processes ---------------------------------------------------------------------------------------------------

WORKER = """
import sys, time
from game_pipeline.crawl.client import Client
from game_pipeline.crawl.guard import Guard, NotNow
from game_pipeline.crawl.outcomes import FetchError
from game_pipeline.settings import BreakerSettings, CrawlSettings
from game_pipeline.sources.base import Request
from game_pipeline.store.pool import Store
url, origin, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
crawl = CrawlSettings(routes={"site.test": origin}, retry_base=0, retry_cap=0)
with Store(url) as store, Client(store, crawl) as client:
    guard = Guard(store, "tiny", BreakerSettings(), crawl, min_delay=0, correlation_id=f"run {number}")
    print("ready", flush=True)
    sys.stdin.readline()
    for turn in range(int(sys.argv[4])):
        try:
            url = f"http://site.test/{'page' if (turn + number) % 2 else 'other'}"
            client.fetch(Request(url), min_delay=0, max_body=1000, attempts=4, door=guard)
        except FetchError as error:
            print(type(error).__name__, flush=True)
"""


def together(store: Store, server: ScriptedServer, each: int) -> list[str]:
    """Two processes that fetch as often as said, let go at the same moment; what they print."""
    command = [sys.executable, "-c", WORKER, store.url, server.origin]
    workers = [
        subprocess.Popen([*command, str(n), str(each)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(2)
    ]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    printed = [worker.communicate(timeout=60)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    return [line for text in printed for line in text.split()]


def test_two_processes_open_it_once_and_send_eight_calls_and_what_was_on_its_way(
    crawler: Crawler, server: ScriptedServer, store: Store
) -> None:
    server.on("/page", Reply(500)).on("/other", Reply(500))
    printed = together(store, server, 20)
    asked = len(server.requests("/page")) + len(server.requests("/other"))
    assert 7 <= asked <= 8  # robots.txt was good; one may have been on its way
    assert printed.count("NotNow") >= 30
    assert told(store, "before", "state") == [("breaker_changed", "closed", "open")]


def test_two_processes_have_one_trial_at_a_time(crawler: Crawler, server: ScriptedServer, store: Store) -> None:
    at_once: list[int] = []
    lock = threading.Lock()
    now_open = 0

    def slow(_: Seen, __: Send) -> Reply:
        nonlocal now_open
        with lock:
            now_open += 1
            at_once.append(now_open)
        time.sleep(0.2)
        with lock:
            now_open -= 1
        return PAGE

    server.on("/page", slow).on("/other", slow)
    crawler.refused("http://site.test/nothing")  # robots.txt is known
    store.execute(
        "INSERT INTO importer_health (source, state, next_trial_at, rest, failing_since) "
        "VALUES ('tiny', 'open', now(), 60, now())"
    )
    printed = together(store, server, 3)
    assert at_once[:3] == [1, 1, 1]
    assert "NotNow" in printed
    assert told(store, "state")[0] == ("breaker_changed", "half_open")
    assert ("breaker_changed", "ramping") in told(store, "state")


def test_the_trial_of_a_process_that_died_is_free_after_a_while(
    crawler: Crawler, server: ScriptedServer, store: Store
) -> None:
    server.on("/page", PAGE)
    crawler.refused("http://site.test/nothing")
    store.execute(
        "INSERT INTO importer_health (source, state, trial_until, rest, failing_since) "
        "VALUES ('tiny', 'half_open', now() + interval '0.2 s', 60, now())"
    )
    assert isinstance(Asking(crawler).refused(), NotNow)
    time.sleep(0.25)
    assert Asking(crawler).fetch().requests == 1


def test_a_trial_that_is_cancelled_is_free_at_once(crawler: Crawler, store: Store) -> None:
    store.execute(
        "INSERT INTO importer_health (source, state, next_trial_at, rest, failing_since) "
        "VALUES ('tiny', 'open', now(), 60, now())"
    )
    with pytest.raises(KeyboardInterrupt), Asking(crawler).guard.call("http://site.test/"):
        raise KeyboardInterrupt
    standing = read_standing(store, "tiny")
    assert (standing.breaker.state, standing.breaker.trial_until) == ("half_open", None)


def test_what_was_sent_before_a_change_is_no_evidence_after_it(crawler: Crawler, store: Store) -> None:
    asking = Asking(crawler, breaker=BreakerSettings(min_calls=2))
    timeout = FetchError(Outcome.NETWORK_ERROR, Kind.TRANSIENT, "timeout", "http://site.test/")
    with contextlib.suppress(FetchError), asking.guard.call("http://site.test/"):
        close_source(store, "tiny", reason="it is well", actor="anna")
        raise timeout
    assert store.row("SELECT failures_in_a_row AS n FROM importer_health") == {"n": 0}
    assert store.rows("SELECT * FROM source_call_count") == []


def test_of_two_that_change_it_at_the_same_turn_one_does(store: Store) -> None:
    seen = read_standing(store, "tiny")
    paused = [
        change(store, "tiny", seen, read_standing(store, "tiny").breaker, correlation_id=name) for name in ("a", "b")
    ]
    assert [each is None for each in paused] == [False, True]


# People --------------------------------------------------------------------------------------------------------------


def test_a_paused_source_is_not_asked_and_one_that_was_well_goes_on_at_once(
    crawler: Crawler, server: ScriptedServer, store: Store
) -> None:
    server.on("/page", PAGE)
    pause_source(store, "tiny", reason="they asked us to", actor="anna")
    error = Asking(crawler).refused()
    assert "paused: they asked us to" in error.message
    assert server.seen == []
    resume_source(store, "tiny", reason="they are done", actor="anna")
    Asking(crawler).fetch()
    assert told(store, "reason") == [("paused", "they asked us to"), ("resumed", "they are done")]
    assert store.row("SELECT actor FROM import_event LIMIT 1") == {"actor": "anna"}


def test_only_a_paused_source_can_be_resumed_and_any_be_closed(
    crawler: Crawler, server: ScriptedServer, store: Store
) -> None:
    server.on("/page", Reply(403))
    asking = Asking(crawler)
    for _ in range(3):
        asking.refused()
    with pytest.raises(NotPaused, match="tiny is not paused: resting, next trial"):
        resume_source(store, "tiny", reason=None, actor="anna")
    close_source(store, "tiny", reason="they let us in", actor="anna")
    health = read_health(store, "tiny")
    assert (health.state, health.waiting, health.attention_since) == ("closed", False, None)
    server.on("/page", PAGE)
    Asking(crawler).fetch()
    assert told(store, "state", "reason")[-1] == ("breaker_changed", "closed", "they let us in")


def test_a_source_that_was_paused_while_it_rested_goes_on_with_a_trial(
    crawler: Crawler, server: ScriptedServer, store: Store
) -> None:
    server.on("/page", *[Reply(403)] * 3, PAGE)
    asking = Asking(crawler)
    for _ in range(3):
        asking.refused()
    pause_source(store, "tiny", reason="being talked to", actor="anna")
    resume_source(store, "tiny", reason="talked to", actor="anna")
    asking.fetch()
    assert read_health(store, "tiny").state == "half_open"


def test_while_the_breaker_is_open_it_alone_says_when(crawler: Crawler, server: ScriptedServer, store: Store) -> None:
    server.on("/page", Reply(403))
    asking = Asking(crawler)
    for _ in range(3):
        asking.refused()
    before = read_health(store, "tiny").next_trial_at
    record_health(store, "tiny", "the site refuses us")
    assert read_health(store, "tiny").next_trial_at == before
    assert store.row("SELECT rest_until FROM importer_health") == {"rest_until": None}
