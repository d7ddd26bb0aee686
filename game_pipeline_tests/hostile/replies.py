"""Rows 32 to 46, and those of robots.txt and listings: replies that flood, drip, lie and end too soon."""

from __future__ import annotations

import gzip
import itertools
import time
import zlib
from collections.abc import Callable
from dataclasses import replace

from game_pipeline.changes import refresh_records
from game_pipeline.crawl import frontier
from game_pipeline.crawl.robots import MAX_ROBOTS
from game_pipeline.crawl.visit import Visitor
from game_pipeline.settings import Settings, SourceSettings
from game_pipeline.sources import SOURCES, Listing, ParseError, Request, Response
from game_pipeline_tests.changes.tiny_site import JsonSource
from game_pipeline_tests.crawl.conftest import MAX_BODY
from game_pipeline_tests.http_server import Reply, Script, ScriptedServer, Seen, Send

from .bench import Bench, Row, good_list

__all__ = ["ROWS"]

TEXT = b"".join(b"line %d of a page\n" % number for number in range(2000))
PACKED = gzip.compress(TEXT)
HEAD = b"HTTP/1.1 200 OK\r\n"
WHOLE = f"a page of {len(TEXT)} bytes"


def _raw(*parts: bytes) -> Callable[[Seen, Send], None]:
    """Sends the bytes as they are and hangs up."""

    def send_all(_: Seen, send: Send) -> None:
        for part in parts:
            send(part)

    return send_all


def _zeros(megabytes: int) -> bytes:
    """So many MB of zeros as gzip, made without ever holding them."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    block = bytes(1_000_000)
    return b"".join([*(packer.compress(block) for _ in range(megabytes)), packer.flush()])


def _coded(number: str, sent: str, coding: str, expected: str, make: Callable[[], bytes]) -> Row:
    return Row(
        number, sent, expected, lambda bench: bench.sent(Reply(200, make(), {"Content-Encoding": coding}), attempts=2)
    )


def _cut(number: str, sent: str, script: Script) -> Row:
    """Half a body is asked for again; where it stays half it is never handed out."""

    def act(bench: Bench) -> str:
        again = bench.sent(script, Reply(200, TEXT))
        return f"{again}; always so: {bench.sent(script, attempts=2)}"

    return Row(number, sent, f"{WHOLE}, 2 requests; always so: truncated, transient, 2 requests", act)


def _broken(number: str, sent: str, script: Script) -> Row:
    return Row(number, sent, "network_error, transient, 2 requests", lambda bench: bench.sent(script, attempts=2))


def _endless(*, chunked: bool, coded: bool = False) -> Callable[[Seen, Send], None]:
    def flood(_: Seen, send: Send) -> None:
        block = gzip.compress(b"") * 3000 if coded else b"x" * 60_000
        send(HEAD + (b"Content-Encoding: gzip\r\n" if coded else b""))
        send(b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: 300000000\r\n\r\n")
        while True:
            send(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)

    return flood


def _drip(after: bytes) -> Callable[[Seen, Send], None]:
    def slowly(_: Seen, send: Send) -> None:
        send(after)
        for number in itertools.count():
            send(b"x" if after.endswith(b"\r\n\r\n") else b"X-%d: y\r\n" % number)
            time.sleep(0.05)

    return slowly


def _silence(_: Seen, __: Send) -> None:
    time.sleep(3)


def _timed(number: str, sent: str, script: Script) -> Row:
    def act(bench: Bench) -> str:
        started = time.monotonic()
        got = bench.sent(script, deadline=1)
        return f"{got}, {'in time' if 0.8 < time.monotonic() - started < 3 else 'late'}"

    return Row(number, sent, "deadline, transient, 1 request, in time", act)


def _unframed(bench: Bench) -> str:
    body = good_list()
    half = body[: len(body) // 2]
    got = bench.sent(_raw(b"HTTP/1.0 200 OK\r\n\r\n", half))
    return f"{'the half' if f' {len(half)} ' in got else got}; its parser: {bench.read('instead_games', half)[:7]}"


def _cookies(bench: Bench) -> str:
    cookies = b"".join(b"Set-Cookie: c%d=%s\r\n" % (number, b"y" * 3000) for number in range(20))
    first = bench.sent(_raw(HEAD + cookies + b"Content-Length: 2\r\n\r\nok"))
    bench.serve(Reply(200, b"ok"))
    second = bench.fetch()
    kept = sum("cookie" in seen.headers for seen in bench.server.seen)
    return f"{first}; then {second}, {kept} cookies sent"


def _smuggled(bench: Bench) -> str:
    """Two replies in one: the second must not be taken for the answer to the next request."""
    hidden = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    head = HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    bench.serve(_raw(head + b"2\r\nok\r\n0\r\n\r\n" + hidden), Reply(200, b"next"))
    first = bench.fetch()
    body = bench.crawler.fetch("http://site.test/page").response.body
    return f"{'refused' if 'network_error' in first else 'read as chunked'}; the next page is {body.decode()}"


def _fits(bench: Bench) -> str:
    replies = (
        Reply(200, pack(b"x" * size), {"Content-Encoding": coding})
        for coding, pack in (("identity", bytes), ("gzip", gzip.compress))
        for size in (MAX_BODY, MAX_BODY + 1)
    )
    return ", ".join(bench.sent(reply).partition(",")[0] for reply in replies)


def _closed_port(bench: Bench) -> str:
    with ScriptedServer() as gone:
        origin, port = gone.origin, gone.port
    bench.guard.own.add(("127.0.0.1", port))
    return bench.fetch(client=bench.crawler.make(routes={"site.test": origin}))


def _slow_names(bench: Bench) -> str:
    bench.crawler.names.takes = 3
    started = time.monotonic()
    got = bench.fetch("http://slow.example/", client=bench.crawler.make(connect_timeout=0.2), attempts=1)
    bench.crawler.names.takes = 0
    return f"{got}, {'in time' if time.monotonic() - started < 2 else 'late'}"


def _robots(number: str, sent: str, expected: str, *scripts: Script, refused: bool) -> Row:
    def act(bench: Bench) -> str:
        bench.serve(*scripts, path="/robots.txt")
        bench.serve(Reply(200, b"User-agent: *\nDisallow: /"), path="/elsewhere")
        bench.serve(Reply(200, b"ok"))
        try:
            return bench.fetch(deadline=5)
        finally:
            bench.serve(Reply(404), path="/robots.txt")

    assert refused == expected.startswith("blocked_robots")
    return Row(number, sent, expected, act)


RULES = b"User-agent: *\nDisallow: /page\n"


def _shrunk(bench: Bench) -> str:
    """A list whose reply does not say where it ends: whole, then half of it."""
    store, source = bench.crawler.store, SOURCES["instead_games"]
    client = bench.crawler.make(routes={"instead-games.ru": bench.server.origin})
    settings = Settings(sources={source.name: SourceSettings(min_delay=0)})
    page = source.fixed_pages()[0]
    made = good_list(version="1", url="http://instead-games.ru/download/x.zip")
    game = made.partition(b"<game>")[2].partition(b"</game>")[0]
    whole = b"<game_list>" + b"".join(
        b"<game>" + game.replace(b"ID=1", b"ID=%d" % number) + b"</game>\n" for number in range(30)
    )
    told = []
    for body in (whole + b"</game_list>", whole[: len(whole) // 3]):
        bench.serve(_raw(b"HTTP/1.0 200 OK\r\n\r\n", body), path="/xml.php")
        with store.transaction() as connection:
            frontier.observe(connection, source, [page], listed=True)
        segment = source.segment_of(page.key)
        Visitor(store, client, source, settings, "run").visit([segment], full=False, only=[page.key])
        refresh_records(store, source, "run", segment, bench.workers)
        row = store.row(
            "SELECT outcome, (SELECT count(*) FROM source_record WHERE source = page.source AND state = 'live') AS n "
            "FROM source_url_state AS page WHERE source = %s",
            (source.name,),
        )
        assert row is not None
        told.append(f"{row['outcome']}, {row['n']} records live")
    return "; then ".join(told)


class Endless(JsonSource):
    """Its listing leads to another one, and that one back."""

    def listing(self) -> tuple[Request, ...]:
        return (Request("http://site.test/one"),)

    def parse_listing(self, response: Response) -> Listing:
        return Listing(next=(Request("http://site.test/two"), Request("http://site.test/one")))


class Growing(Endless):
    def parse_listing(self, response: Response) -> Listing:
        return Listing(next=(Request(f"{response.url}x"),))


def _listing_loop(bench: Bench) -> str:
    for path in ("/one", "/two"):
        bench.serve(Reply(200, b"listing"), path=path)
    visitor = Visitor(bench.crawler.store, bench.crawler.client, Endless(), Settings(), "run")
    visitor.limits = replace(visitor.limits, min_delay=0)
    return f"ends after {visitor.walk_listing()['requests']} requests"


def _listing_growing(bench: Bench) -> str:
    import game_pipeline.crawl.listing as module

    before, module.MAX_LISTING_REQUESTS = module.MAX_LISTING_REQUESTS, 20
    for length in range(30):
        bench.serve(Reply(200, b"listing"), path="/one" + "x" * length)
    try:
        visitor = Visitor(bench.crawler.store, bench.crawler.client, Growing(), Settings(), "run")
        visitor.limits = replace(visitor.limits, min_delay=0)
        visitor.walk_listing()
    except ParseError as error:
        return error.problem
    finally:
        module.MAX_LISTING_REQUESTS = before
    return "walked to the end"


TOO_BIG = "too_big, permanent, 1 request"
ROWS = [
    _coded("32", "gzip, 200 KB of 200 MB", "gzip", TOO_BIG, lambda: _zeros(200)),
    _coded("33", "br", "br", "http_error, permanent, 1 request", lambda: b"\xff" * 2000),
    _coded(
        "34", "gzip in gzip, of 1 GB", "gzip, gzip", "http_error, permanent, 1 request",
        lambda: gzip.compress(_zeros(100) * 10),
    ),
    _coded("35", "60 codings", ", ".join(["gzip"] * 60), "http_error, permanent, 1 request", lambda: PACKED),
    _cut("36a", "half a gzip, its length right", Reply(200, PACKED[: len(PACKED) // 2], {"Content-Encoding": "gzip"})),
    _cut("36b", "gzip without its last bytes", Reply(200, PACKED[:-4], {"Content-Encoding": "gzip"})),
    _cut(
        "36c", "half a gzip without a length",
        _raw(HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n", PACKED[: len(PACKED) // 2]),
    ),
    _cut("36d", "damaged gzip", Reply(200, PACKED[:50] + b"\xff" * 500, {"Content-Encoding": "gzip"})),
    _cut("37", "100 bytes of 1,000", _raw(HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 100)),
    _cut("38", "a chunk cut", _raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwo")),
    Row("39", "HTTP/1.0 without length, half a page", "the half; its parser: refused", _unframed),
    Row(
        "39b", "the same where the last version was whole",
        "changed, 30 records live; then suspect_shrink, 30 records live", _shrunk,
    ),
    Row("40", "a body without end", TOO_BIG, lambda bench: bench.sent(_endless(chunked=True))),
    Row("40b", "empty gzip members without end", TOO_BIG, lambda b: b.sent(_endless(chunked=True, coded=True))),
    Row("41", "a body of 300 MB", TOO_BIG, lambda bench: bench.sent(_endless(chunked=False))),
    Row(
        "41b", "a body as long as the cap, and a byte longer; plain, gzip",
        ", ".join([f"a page of {MAX_BODY} bytes", "too_big"] * 2), _fits,
    ),
    _timed("42", "a byte of body every 0.05 s", _drip(HEAD + b"Content-Length: 100000\r\n\r\n")),
    _timed("42b", "the same without a length", _drip(HEAD + b"Connection: close\r\n\r\n")),
    _timed("43", "a header every 0.05 s", _drip(HEAD)),
    _timed("43b", "silence", _silence),
    _broken(
        "44", "5,000 headers",
        _raw(HEAD + b"".join(b"X-Header-%d: %s\r\n" % (number, b"y" * 100) for number in range(5000))),
    ),
    Row(
        "45", "60 KB of Set-Cookie",
        "a page of 2 bytes, 1 request; then a page of 2 bytes, 1 request, 0 cookies sent", _cookies,
    ),
    _broken("46a", "two lengths", _raw(HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")),
    Row("46b", "a second reply smuggled behind the first", "read as chunked; the next page is next", _smuggled),
    _broken("46c", "the banner of SSH", _raw(b"SSH-2.0-OpenSSH_9.2\r\n")),
    _broken("46d", "hanging up", _raw()),
    Row("46e", "a closed port", "blocked_robots, transient, no packet", _closed_port),
    Row("46f", "a name server that answers late", "blocked_robots, transient, no packet, in time", _slow_names),
    _robots(
        "robots a", "robots.txt with a byte order mark", "blocked_robots, blocked, 0 requests",
        Reply(200, b"\xef\xbb\xbf" + RULES), refused=True,
    ),
    _robots(
        "robots b", "robots.txt that is HTML", "a page of 2 bytes, 1 request",
        Reply(200, b"<!doctype html><title>Not found</title> Disallow: /"), refused=False,
    ),
    _robots(
        "robots c", "robots.txt of 10 MB", "blocked_robots, blocked, 0 requests",
        Reply(200, RULES + b"Disallow: /x\n" * (20 * MAX_ROBOTS // 13)), refused=True,
    ),
    _robots(
        "robots d", "robots.txt without end", "a page of 2 bytes, 1 request", _endless(chunked=True), refused=False
    ),
    _robots(
        "robots e", "robots.txt without end, empty gzip members", "a page of 2 bytes, 1 request",
        _endless(chunked=True, coded=True), refused=False,
    ),
    _robots("robots f", "robots.txt answers 503", "blocked_robots, transient, 0 requests", Reply(503), refused=True),
    _robots(
        "robots g", "robots.txt redirects to another host", "blocked_robots, blocked, 1 request",
        Reply(301, headers={"Location": "http://other.test/elsewhere"}), refused=True,
    ),
    Row("listing a", "listings that lead to each other", "ends after 2 requests", _listing_loop),
    Row("listing b", "a listing that always names another", "does not end after 20 requests", _listing_growing),
]  # fmt: skip
