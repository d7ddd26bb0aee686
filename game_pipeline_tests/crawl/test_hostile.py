"""The client against servers that cut, drip, lie and flood: each ends in time, with the right outcome."""

from __future__ import annotations

import gzip
import itertools
import time
import tracemalloc
from collections.abc import Callable

import pytest

from game_pipeline.crawl.outcomes import Kind, Outcome
from game_pipeline_tests.crawl.conftest import MAX_BODY, Crawler
from game_pipeline_tests.http_server import Reply, ScriptedServer, Seen, Send

PAGE = b"".join(b"line %d of a page\n" % number for number in range(2000))
HALF = gzip.compress(PAGE)[: len(gzip.compress(PAGE)) // 2]
HEAD = b"HTTP/1.1 200 OK\r\n"


def raw(*parts: bytes) -> Callable[[Seen, Send], None]:
    """Sends the bytes as they are and hangs up."""

    def send_all(_: Seen, send: Send) -> None:
        for part in parts:
            send(part)

    return send_all


@pytest.mark.parametrize(
    "cut",
    [
        Reply(200, HALF, {"Content-Encoding": "gzip"}),
        Reply(200, gzip.compress(PAGE)[:-4], {"Content-Encoding": "gzip"}),
        raw(HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n", HALF),
        raw(HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 100),
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwo"),
        Reply(200, gzip.compress(PAGE)[:50] + b"\xff" * 500, {"Content-Encoding": "gzip"}),
    ],
    ids=["half gzip", "gzip without its end", "half gzip unframed", "content-length", "cut chunk", "damaged gzip"],
)
def test_half_a_body_is_tried_again_and_never_returned(
    crawler: Crawler, server: ScriptedServer, cut: Reply | Callable[[Seen, Send], None]
) -> None:
    server.on("/page", cut, Reply(200, PAGE))
    assert crawler.fetch("http://site.test/page").response.body == PAGE
    server.on("/page", cut)
    error = crawler.refused("http://site.test/page", attempts=2)
    assert (error.outcome, error.kind) == (Outcome.TRUNCATED, Kind.TRANSIENT)


@pytest.mark.parametrize(
    "broken",
    [
        raw(),
        raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
        raw(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
        raw(HEAD + b"".join(b"X-Header-%d: %s\r\n" % (number, b"y" * 100) for number in range(5000))),
    ],
    ids=["hangs up", "another protocol", "two lengths", "headers without end"],
)
def test_what_is_no_reply_is_a_network_error(
    crawler: Crawler, server: ScriptedServer, broken: Callable[[Seen, Send], None]
) -> None:
    server.on("/page", broken)
    error = crawler.refused("http://site.test/page", attempts=2)
    assert (error.outcome, error.kind) == (Outcome.NETWORK_ERROR, Kind.TRANSIENT)
    assert len(server.requests("/page")) == 2


def test_a_closed_port_is_a_network_error(crawler: Crawler) -> None:
    with ScriptedServer() as gone:
        origin = gone.origin
    error = crawler.refused("http://site.test/", client=crawler.make(routes={"site.test": origin}))
    # robots.txt is asked for first, and what cannot be asked may not be fetched
    assert (error.outcome, error.kind) == (Outcome.BLOCKED_ROBOTS, Kind.TRANSIENT)


def endless(*, chunked: bool, coded: bool = False) -> Callable[[Seen, Send], None]:
    def flood(_: Seen, send: Send) -> None:
        block = gzip.compress(b"") * 3000 if coded else b"x" * 60_000
        send(HEAD + (b"Content-Encoding: gzip\r\n" if coded else b""))
        send(b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: 300000000\r\n\r\n")
        while True:
            send(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)

    return flood


@pytest.mark.parametrize(
    "flood",
    [endless(chunked=True), endless(chunked=False), endless(chunked=True, coded=True)],
    ids=["endless", "300 MB", "empty gzip members without end"],
)
def test_a_body_without_end_stops_at_the_cap(
    crawler: Crawler, server: ScriptedServer, flood: Callable[[Seen, Send], None]
) -> None:
    server.on("/page", flood)
    started = time.monotonic()
    error = crawler.refused("http://site.test/page")
    assert (error.outcome, error.kind) == (Outcome.TOO_BIG, Kind.PERMANENT)
    assert time.monotonic() - started < 5
    assert len(server.requests("/page")) == 1


@pytest.mark.parametrize("coded", [False, True], ids=["endless", "empty gzip members without end"])
def test_a_robots_txt_without_end_is_read_to_its_cap(crawler: Crawler, server: ScriptedServer, coded: bool) -> None:
    server.on("/robots.txt", endless(chunked=True, coded=coded)).on("/page", Reply(200, PAGE))
    assert crawler.fetch("http://site.test/page", deadline=5).response.body == PAGE


def test_a_body_may_be_as_long_as_the_cap_and_no_longer(crawler: Crawler, server: ScriptedServer) -> None:
    for coding, pack in (("identity", bytes), ("gzip", gzip.compress)):
        server.on("/fits", Reply(200, pack(b"x" * MAX_BODY), {"Content-Encoding": coding}))
        server.on("/over", Reply(200, pack(b"x" * (MAX_BODY + 1)), {"Content-Encoding": coding}))
        assert len(crawler.fetch("http://site.test/fits").response.body) == MAX_BODY
        assert crawler.refused("http://site.test/over").outcome == Outcome.TOO_BIG


def test_a_gzip_bomb_never_unfolds(crawler: Crawler, server: ScriptedServer) -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    server.on("/page", Reply(200, bomb, {"Content-Encoding": "gzip"}))
    tracemalloc.start()
    try:
        error = crawler.refused("http://site.test/page")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.outcome == Outcome.TOO_BIG
    assert peak < 10 * MAX_BODY


def drip(*, after: bytes) -> Callable[[Seen, Send], None]:
    def slowly(_: Seen, send: Send) -> None:
        send(after)
        for number in itertools.count():
            send(b"x" if after.endswith(b"\r\n\r\n") else b"X-%d: y\r\n" % number)
            time.sleep(0.05)

    return slowly


@pytest.mark.parametrize(
    "start",
    [b"", HEAD, HEAD + b"Content-Length: 100000\r\n\r\n", HEAD + b"Connection: close\r\n\r\n"],
    ids=["silence", "headers", "body", "unframed body"],
)
def test_the_deadline_covers_a_drip_of_headers_and_body(crawler: Crawler, server: ScriptedServer, start: bytes) -> None:
    def silent(_: Seen, __: Send) -> None:
        time.sleep(3)

    server.on("/page", drip(after=start) if start else silent)
    started = time.monotonic()
    error = crawler.refused("http://site.test/page", deadline=0.5)
    assert 0.4 < time.monotonic() - started < 2
    assert (error.outcome, error.kind) == (Outcome.DEADLINE, Kind.TRANSIENT)
    assert len(server.requests("/page")) == 1


def test_a_slow_name_server_counts_against_the_time(crawler: Crawler) -> None:
    crawler.names.takes = 3
    client = crawler.make(connect_timeout=0.2)
    started = time.monotonic()
    error = crawler.refused("http://slow.example/", client=client, attempts=1)
    assert error.outcome == Outcome.BLOCKED_ROBOTS
    assert time.monotonic() - started < 2
