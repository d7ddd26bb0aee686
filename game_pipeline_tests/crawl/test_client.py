"""The client against a site that behaves: what is sent, what comes back, what is tried again."""

from __future__ import annotations

import datetime as dt
import gzip
import logging
import subprocess
import sys
import zlib
from email.utils import format_datetime

import pytest

from game_pipeline.crawl.client import Validators
from game_pipeline.crawl.outcomes import Kind, Outcome
from game_pipeline.crawl.slots import take_slot
from game_pipeline.sources.base import Request
from game_pipeline_tests.crawl.conftest import Crawler
from game_pipeline_tests.http_server import Reply, ScriptedServer, Seen, Send

PAGE = b"<html>" + b"a page of some length. " * 500 + b"</html>"


def test_a_route_changes_where_a_request_goes_and_no_name(crawler: Crawler, server: ScriptedServer) -> None:
    server.on("/game?id=1", Reply(200, PAGE, {"Content-Type": "text/html"}))
    fetched = crawler.fetch("https://site.test/game?id=1#top")
    assert fetched.response.body == PAGE
    assert fetched.response.headers["content-type"] == "text/html"
    assert fetched.final_url == fetched.response.url == "https://site.test/game?id=1#top"
    assert (fetched.requests, fetched.not_modified, fetched.permanent_redirect) == (1, False, None)
    [seen] = server.requests("/game?id=1")
    assert seen.headers["host"] == "site.test"
    assert seen.headers["user-agent"] == "game-pipeline/1.2 (+https://crawler.example/about)"
    assert crawler.names.asked == []


def test_a_site_that_wants_another_name_first_is_told_ours_too(crawler: Crawler, server: ScriptedServer) -> None:
    server.on("/page", Reply(200, PAGE))
    crawler.client.fetch(
        Request("http://site.test/page"), min_delay=0, max_body=1_000_000, attempts=1, agent_prefix="curl/8"
    )
    names = {seen.headers["user-agent"] for path in ("/robots.txt", "/page") for seen in server.requests(path)}
    assert names == {"curl/8 game-pipeline/1.2 (+https://crawler.example/about)"}


def test_cookies_are_neither_kept_nor_stored(crawler: Crawler, server: ScriptedServer) -> None:
    server.on("/page", Reply(200, PAGE, {"Set-Cookie": "session=1"}))
    assert "set-cookie" not in crawler.fetch("http://site.test/page").response.headers
    crawler.fetch("http://site.test/page")
    assert all("cookie" not in seen.headers for seen in server.seen)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(PAGE)),
        ("x-gzip", gzip.compress(PAGE[:100]) + gzip.compress(PAGE[100:])),
        ("gzip", gzip.compress(PAGE) + b"\0" * 100),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compress(PAGE, wbits=-15)),
        ("identity", PAGE),
    ],
    ids=["gzip", "two gzip members", "padded gzip", "deflate", "bare deflate", "identity"],
)
def test_content_codings_are_undone(crawler: Crawler, server: ScriptedServer, coding: str, body: bytes) -> None:
    server.on("/page", Reply(200, body, {"Content-Encoding": coding}))
    assert crawler.fetch("http://site.test/page").response.body == PAGE


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "aes128gcm"])
def test_other_content_codings_are_refused_at_once(crawler: Crawler, server: ScriptedServer, coding: str) -> None:
    server.on("/page", Reply(200, gzip.compress(gzip.compress(PAGE)), {"Content-Encoding": coding}))
    error = crawler.refused("http://site.test/page")
    assert (error.outcome, error.kind) == (Outcome.HTTP_ERROR, Kind.PERMANENT)
    assert len(server.requests("/page")) == 1


def test_validators_come_back_and_a_304_keeps_them(crawler: Crawler, server: ScriptedServer) -> None:
    def conditional(seen: Seen, _: Send) -> Reply:
        if seen.headers.get("if-none-match") == 'W/"1"' and "if-modified-since" in seen.headers:
            return Reply(304)
        return Reply(200, PAGE, {"ETag": 'W/"1"', "Last-Modified": "Sat, 01 Aug 2026 10:00:00 GMT"})

    server.on("/page", conditional)
    first = crawler.fetch("http://site.test/page")
    assert first.validators == Validators('W/"1"', "Sat, 01 Aug 2026 10:00:00 GMT")
    second = crawler.fetch("http://site.test/page", validators=first.validators)
    assert second.not_modified
    assert (second.response.status, second.response.body) == (304, b"")
    assert second.validators == first.validators
    assert not crawler.fetch("http://site.test/page", validators=first.validators, conditional=False).not_modified


@pytest.mark.parametrize("validators", [None, Validators(), Validators(etag="bad\nvalue")])
def test_a_304_that_nobody_asked_for_is_an_error(
    crawler: Crawler, server: ScriptedServer, validators: Validators | None
) -> None:
    server.on("/page", Reply(304))
    error = crawler.refused("http://site.test/page", validators=validators)
    assert (error.outcome, error.kind, error.status) == (Outcome.HTTP_ERROR, Kind.PERMANENT, 304)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 524])
def test_a_passing_trouble_is_tried_again(crawler: Crawler, server: ScriptedServer, status: int) -> None:
    server.on("/page", Reply(status), Reply(200, PAGE))
    fetched = crawler.fetch("http://site.test/page")
    assert (fetched.response.body, fetched.requests) == (PAGE, 2)


def test_attempts_are_counted_in_all_and_pauses_grow_under_the_cap(crawler: Crawler, server: ScriptedServer) -> None:
    server.on("/page", Reply(500))
    error = crawler.refused("http://site.test/page", attempts=4)
    assert (error.outcome, error.kind, error.status) == (Outcome.HTTP_ERROR, Kind.TRANSIENT, 500)
    assert len(server.requests("/page")) == 4
    pauses = crawler.slept[-3:]
    assert all(0 <= pause <= longest for pause, longest in zip(pauses, (0.01, 0.02, 0.02), strict=True))


@pytest.mark.parametrize(
    ("status", "outcome", "kind"),
    [
        (404, Outcome.GONE, Kind.PERMANENT),
        (410, Outcome.GONE, Kind.PERMANENT),
        (401, Outcome.BLOCKED_BY_SITE, Kind.BLOCKED),
        (403, Outcome.BLOCKED_BY_SITE, Kind.BLOCKED),
        (451, Outcome.BLOCKED_BY_SITE, Kind.BLOCKED),
        (400, Outcome.HTTP_ERROR, Kind.PERMANENT),
        (206, Outcome.HTTP_ERROR, Kind.PERMANENT),
        (302, Outcome.HTTP_ERROR, Kind.PERMANENT),
        (501, Outcome.HTTP_ERROR, Kind.TRANSIENT),
    ],
)
def test_other_statuses_have_their_outcome(
    crawler: Crawler, server: ScriptedServer, status: int, outcome: Outcome, kind: Kind
) -> None:
    server.on("/page", Reply(status))
    error = crawler.refused("http://site.test/page", attempts=1)
    assert (error.outcome, error.kind, error.status) == (outcome, kind, status)
    assert len(server.requests("/page")) == 1


def in_a_moment(seconds: float) -> str:
    return format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("form", ["seconds", "date", "date by a clock that is an hour ahead"])
def test_retry_after_holds_back_every_process(crawler: Crawler, server: ScriptedServer, form: str) -> None:
    headers = {
        "seconds": {"Retry-After": "7"},
        "date": {"Retry-After": in_a_moment(7)},
        "date by a clock that is an hour ahead": {"Retry-After": in_a_moment(3607), "Date": in_a_moment(3600)},
    }[form]

    def limited(_: Seen, send: Send) -> None:
        lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
        send(f"HTTP/1.1 429 Slow down\r\n{lines}Content-Length: 0\r\n\r\n".encode())

    server.on("/page", limited, Reply(200, PAGE))
    assert crawler.fetch("http://site.test/page", min_delay=0.5).requests == 2
    assert max(crawler.slept) == pytest.approx(7, abs=1.1)
    # The clock of the test did not move: for anybody else the host is held back, and the retry's own delay is on top.
    assert take_slot(crawler.store, "site.test", 0.5) == pytest.approx(7.5, abs=1.1)


def test_a_retry_after_beyond_the_cap_ends_the_fetch_and_parks_the_host(
    crawler: Crawler, server: ScriptedServer
) -> None:
    server.on("/page", Reply(503, headers={"Retry-After": "1000"}))
    error = crawler.refused("http://site.test/page")
    assert (error.kind, error.status, error.retry_after) == (Kind.RATE_LIMITED, 503, 1000)
    assert len(server.requests("/page")) == 1
    for _ in range(3):
        parked = crawler.refused("http://site.test/elsewhere", min_delay=100)
        assert (parked.kind, parked.status) == (Kind.RATE_LIMITED, None)
        assert parked.retry_after == pytest.approx(1000, abs=10)  # asking in vain reserves nothing
    assert server.requests("/elsewhere") == []


@pytest.mark.parametrize("value", ["-5", "0", "soon", "Sat, 01 Aug 2020 10:00:00 GMT", "9" * 5000, "²"])
def test_a_retry_after_that_says_nothing_is_ignored(crawler: Crawler, server: ScriptedServer, value: str) -> None:
    server.on("/page", Reply(503, headers={"Retry-After": value}), Reply(200, PAGE))
    crawler.fetch("http://site.test/page")
    assert max(crawler.slept) <= 0.02


def test_a_moved_page_names_its_new_address(crawler: Crawler, server: ScriptedServer) -> None:
    server.on("/viewgame?id=OLD", Reply(301, headers={"Location": "viewgame?id=NEW"}))
    server.on("/viewgame?id=NEW", Reply(200, PAGE, {"ETag": '"new"'}))
    fetched = crawler.fetch("https://site.test/viewgame?id=OLD", validators=Validators(etag='"old"'))
    assert fetched.permanent_redirect == fetched.final_url == "https://site.test/viewgame?id=NEW"
    assert fetched.validators == Validators()
    assert fetched.requests == 2
    assert "if-none-match" in server.requests("/viewgame?id=OLD")[0].headers
    assert "if-none-match" not in server.requests("/viewgame?id=NEW")[0].headers


@pytest.mark.parametrize(
    ("first", "second", "moved_to"),
    [(301, 302, "http://site.test/b"), (308, 301, "http://other.test/c"), (302, 301, None), (307, 303, None)],
)
def test_only_an_unbroken_run_of_permanent_redirects_counts(
    crawler: Crawler, server: ScriptedServer, first: int, second: int, moved_to: str | None
) -> None:
    server.on("/a", Reply(first, headers={"Location": "/b"}))
    server.on("/b", Reply(second, headers={"Location": "//other.test/c"}))
    server.on("/c", Reply(200, PAGE))
    fetched = crawler.fetch("http://site.test/a")
    assert fetched.permanent_redirect == moved_to
    assert fetched.final_url == "http://other.test/c"
    assert server.requests("/c")[0].headers["host"] == "other.test"


def test_a_circle_of_redirects_ends_when_it_closes(crawler: Crawler, server: ScriptedServer) -> None:
    server.on("/a", Reply(302, headers={"Location": "/b"})).on("/b", Reply(302, headers={"Location": "/a"}))
    error = crawler.refused("http://site.test/a")
    assert (error.outcome, error.kind) == (Outcome.TOO_MANY_REDIRECTS, Kind.PERMANENT)
    assert len(server.requests("/a")) == len(server.requests("/b")) == 1


def test_five_redirects_are_followed_and_no_more(crawler: Crawler, server: ScriptedServer) -> None:
    for number in range(20):
        server.on(f"/{number}", Reply(302, headers={"Location": f"/{number + 1}"}))
    assert crawler.refused("http://site.test/0").outcome == Outcome.TOO_MANY_REDIRECTS
    assert len(server.seen) == 1 + 6  # robots.txt, and the page with five redirects
    server.on("/5", Reply(200, PAGE))
    assert crawler.fetch("http://site.test/0").final_url == "http://site.test/5"


def test_every_hop_waits_for_its_turn(crawler: Crawler, server: ScriptedServer) -> None:
    server.on("/a", Reply(302, headers={"Location": "/b"})).on("/b", Reply(500), Reply(200, PAGE))
    crawler.fetch("http://site.test/a", min_delay=50)
    turns = [pause for pause in crawler.slept if pause > 1]
    assert turns == pytest.approx([50, 100, 150], abs=5)  # robots.txt went first, without waiting


def test_secrets_in_an_address_are_in_no_error_and_no_log(
    crawler: Crawler, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    path = "/api?key=hushhush&id=7"
    server.on(path, Reply(302, headers={"Location": "/b?access_token=hushhush#x"}))
    server.on("/b?access_token=hushhush", Reply(403))
    with caplog.at_level(logging.DEBUG):
        error = crawler.refused(f"http://site.test{path}")
    assert "access_token=***" in str(error)
    assert "hushhush" not in str(error) + error.url + error.message
    # DEBUG of the HTTP library below may show headers; what is logged in operation may not show the secret.
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG and "hushhush" in record.message]


def test_the_client_is_light_to_import() -> None:
    code = "import sys, game_pipeline.crawl.client; print([m for m in ('dagster', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
