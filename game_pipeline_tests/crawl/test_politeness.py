"""Politeness: delays that adapt, for all processes together; days that are spent; hours that are quiet; walls."""

from __future__ import annotations

import datetime as dt
import itertools
import subprocess
import sys
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.crawl.outcomes import Kind, Outcome
from game_pipeline.crawl.rest import quiet_until
from game_pipeline.crawl.slots import DayIsSpent, forgive, slow_down, take_slot
from game_pipeline.crawl.walls import wall_of
from game_pipeline.settings import QuietHours
from game_pipeline.sources import Request
from game_pipeline.store.pool import Store
from game_pipeline_tests.crawl.conftest import Crawler
from game_pipeline_tests.http_server import Reply, ScriptedServer

HOST = "site.test"

WORKER = """
import sys
from game_pipeline.crawl.client import Client
from game_pipeline.settings import CrawlSettings
from game_pipeline.sources.base import Request
from game_pipeline.store.pool import Store
url, origin, delay, each = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
with Store(url) as store, Client(store, CrawlSettings(routes={"site.test": origin})) as client:
    for _ in range(each):
        client.fetch(Request("http://site.test/page"), min_delay=delay, max_body=1000, attempts=1)
"""


def test_eight_processes_on_one_host_keep_the_delay(store: Store, server: ScriptedServer) -> None:
    delay, each = 0.25, 3
    server.on("/page", Reply(200, b"page"))
    command = [sys.executable, "-c", WORKER, store.url, server.origin, str(delay), str(each)]
    workers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    errors = [worker.communicate(timeout=120)[1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 8, errors
    arrived = sorted(seen.at for seen in server.seen)
    assert len(server.requests("/page")) == 8 * each
    assert len(server.requests("/robots.txt")) == 1
    gaps = [after - before for before, after in itertools.pairwise(arrived)]
    # Turns lie a tenth further apart than they must. A machine so busy that a process wakes later still is no fault.
    assert sorted(gaps)[len(gaps) // 10] >= delay, sorted(gaps)[:5]
    assert min(gaps) > delay * 0.5, sorted(gaps)[:5]
    assert arrived[-1] - arrived[0] > (len(arrived) - 1) * delay * 0.98


def wait(store: Store, heard: float | None = None, delay: float = 1.0) -> float:
    """What the delay of the host is now: the wait after a turn that was free."""
    store.execute("UPDATE host_slot SET next_at = clock_timestamp() - interval '1 hour'")
    take_slot(store, HOST, delay, heard=heard)
    return take_slot(store, HOST, delay)


def test_a_host_that_answers_slowly_is_asked_at_most_every_second_reply(store: Store) -> None:
    assert wait(store) == pytest.approx(1, abs=0.1)
    assert wait(store, heard=0.1) == pytest.approx(1, abs=0.1)
    for _ in range(30):
        slow = wait(store, heard=5.0)
    assert slow == pytest.approx(10, abs=0.2)
    for _ in range(40):
        quick = wait(store, heard=0.1)
    assert quick == pytest.approx(1, abs=0.1)


def test_the_delay_doubles_with_every_refusal_up_to_ten_minutes_and_comes_back_a_tenth_a_success(store: Store) -> None:
    take_slot(store, HOST, 1)
    seen = []
    for _ in range(12):
        slow_down(store, HOST, 1)
        seen.append(wait(store))
    assert seen[:4] == pytest.approx([2, 4, 8, 16], abs=0.2)
    assert max(seen) == pytest.approx(600, abs=1)
    assert wait(store, heard=0.1) == pytest.approx(540, abs=1)
    for _ in range(80):
        last = wait(store, heard=0.1)
    assert last == pytest.approx(1, abs=0.1)


def test_a_refusal_pushes_everybody_back_at_once(store: Store) -> None:
    take_slot(store, HOST, 20)
    slow_down(store, HOST, 20)
    assert take_slot(store, HOST, 20) == pytest.approx(40, abs=0.5)


def test_a_client_that_hears_429_slows_down_and_one_that_hears_200_speeds_up(
    crawler: Crawler, server: ScriptedServer
) -> None:
    server.on("/page", Reply(429), Reply(503), Reply(200, b"page"))
    crawler.fetch("http://site.test/page", min_delay=1)
    row = crawler.store.row("SELECT penalty FROM host_slot WHERE host = %s", (HOST,))
    assert row is not None
    assert 4 <= row["penalty"] < 5
    before = row["penalty"]
    crawler.fetch("http://site.test/page", min_delay=1)  # tells of the success before
    row = crawler.store.row("SELECT penalty FROM host_slot WHERE host = %s", (HOST,))
    assert row == {"penalty": pytest.approx(before * 0.9)}


def test_a_breaker_stretches_what_the_delay_has_grown_to(store: Store) -> None:
    def stretched(slower: float, heard: float | None = None) -> float:
        store.execute("UPDATE host_slot SET next_at = clock_timestamp() - interval '1 hour'")
        take_slot(store, HOST, 1, slower=slower, heard=heard)
        return take_slot(store, HOST, 1, slower=slower)

    assert stretched(10) == pytest.approx(10, abs=0.2)
    assert stretched(10, heard=3.0) == pytest.approx(60, abs=0.2)
    assert stretched(1) == pytest.approx(6, abs=0.2)
    assert stretched(1000) == pytest.approx(1000, abs=0.2)  # the given delay as asked; the grown one has its cap
    slow_down(store, HOST, 1)
    forgive(store, [HOST])
    store.execute("UPDATE host_slot SET latency = 0")
    assert stretched(1) == pytest.approx(1, abs=0.1)


def test_a_site_of_one_s_own_is_not_slowed_down(store: Store) -> None:
    take_slot(store, HOST, 0)
    slow_down(store, HOST, 0)
    assert [take_slot(store, HOST, 0, heard=9.0) for _ in range(3)] == [0, 0, 0]


def test_a_day_s_requests_are_counted_over_all_and_begin_anew_with_the_day(store: Store) -> None:
    for _ in range(3):
        take_slot(store, HOST, 0, per_day=3)
    with pytest.raises(DayIsSpent) as spent:
        take_slot(store, HOST, 0, per_day=3)
    assert 0 < spent.value.seconds <= 86_400
    take_slot(store, HOST, 0)  # whoever has no limit is not held, but counts
    store.execute("UPDATE host_slot SET day = day - 1")
    assert take_slot(store, HOST, 0, per_day=3) == 0
    assert store.row("SELECT sent FROM host_slot") == {"sent": 1}


def test_robots_txt_and_retries_count_for_the_day(crawler: Crawler, server: ScriptedServer) -> None:
    server.on("/page", Reply(500), Reply(200, b"page"))
    budget = {"min_delay": 0.0, "max_body": 1000, "attempts": 3, "requests_per_day": 3}
    crawler.client.fetch(Request("http://site.test/page"), **budget)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="the day's 3 requests are sent") as refused:
        crawler.client.fetch(Request("http://site.test/page"), **budget)  # type: ignore[arg-type]
    assert (refused.value.outcome, refused.value.kind) == (Outcome.POSTPONED, Kind.OURS)  # type: ignore[attr-defined]
    assert len(server.seen) == 3


# Quiet hours ---------------------------------------------------------------------------------------------------------

MOSCOW = zoneinfo.ZoneInfo("Europe/Moscow")
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def at(text: str, zone: dt.tzinfo = dt.UTC) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def test_quiet_hours_go_by_the_clock_of_their_zone_and_may_cross_midnight() -> None:
    hours = QuietHours.parse("23:00-07:00 Europe/Moscow")
    assert quiet_until(hours, at("2026-11-21 20:00")) == at("2026-11-22 07:00", MOSCOW)
    assert quiet_until(hours, at("2026-11-22 03:59")) == at("2026-11-22 07:00", MOSCOW)
    assert quiet_until(hours, at("2026-11-22 04:00")) is None
    assert quiet_until(hours, at("2026-11-21 19:59")) is None
    midday = QuietHours.parse("12:00-13:00 UTC")
    assert quiet_until(midday, at("2026-11-21 12:30")) == at("2026-11-21 13:00")
    assert quiet_until(midday, at("2026-11-21 13:00")) is None


@given(
    st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 1, 1), timezones=st.just(dt.UTC)), st.times(), st.times()
)
def test_quiet_hours_end_after_now_and_within_a_day_also_where_clocks_are_moved(
    now: dt.datetime, start: dt.time, end: dt.time
) -> None:
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    until = quiet_until(QuietHours(start, end, BERLIN), now)
    assert until is None or now < until <= now + dt.timedelta(hours=25)


@pytest.mark.parametrize(
    "text", ["", "23:00", "23-7 UTC", "25:00-07:00 UTC", "23:00-07:00 Europe/Atlantis", "7:00-8:00"]
)
def test_hours_that_nobody_understands_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|times of day|time zone"):
        QuietHours.parse(text)


# Walls ---------------------------------------------------------------------------------------------------------------

PAGE = "https://site.test/game?id=1"


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>",
        b"\xef\xbb\xbf<html><title>DDoS-Guard</title>",
        b'<html><form action="/login"><title>Log in - Site</title><input name=p type="password"></form>',
        "<html><title>Вход на сайт</title><input type=password>".encode(),
    ],
)
def test_captcha_and_login_pages_are_known(body: bytes) -> None:
    assert wall_of(PAGE, PAGE, body)


@pytest.mark.parametrize(
    "body",
    [
        b"<html><title>The Captcha Game</title><p>Solve the captcha, log in to the ship. Just a moment...</p>",
        b"<html><title>Zork</title><form>Sign in <input type=password></form><p>A real page with a form in its corner",
        b'{"title": "<title>Just a moment...</title>"}',
        b"",
    ],
)
def test_a_page_that_talks_of_captchas_is_a_page(body: bytes) -> None:
    assert wall_of(PAGE, PAGE, body) is None


def test_a_page_that_leads_to_the_login_is_a_wall_and_a_site_s_own_marker_counts_in_any_case() -> None:
    assert wall_of(PAGE, "https://site.test/user/login?next=1", b"<html>") == "sent on to /user/login"
    assert wall_of(PAGE, PAGE, b"Please WAIT for approval", ["please wait FOR approval"])
    assert wall_of(PAGE, PAGE, b"a page", ["", "please wait"]) is None
