"""Rows 1 to 31: where an address, a name or a redirect leads."""

from __future__ import annotations

from game_pipeline_tests.http_server import Reply, Seen, Send

from .bench import PUBLIC, Bench, Row

__all__ = ["ROWS"]

BLOCKED = "blocked_address, blocked, no packet"
INVALID = "invalid_url, permanent, no packet"


def _url(number: str, url: str, expected: str, *answers: list[str]) -> Row:
    def act(bench: Bench) -> str:
        for host in ("localhost", "name.example"):
            bench.names(host, *(answers or [["127.0.0.1"]]))
        return bench.fetch(url)

    named = f" -> {', '.join(answers[0])}" if answers else ""
    return Row(number, f"{url}{named}", expected, act)


def _name(number: str, *addresses: str) -> Row:
    return _url(number, "http://name.example/", BLOCKED, list(addresses))


def _rebinding(bench: Bench) -> str:
    bench.names("name.example", [PUBLIC], ["127.0.0.1"])
    bench.fetch("http://name.example/", attempts=1)
    tried, asked = list(bench.guard.foreign), list(bench.crawler.names.asked)
    bench.guard.foreign.clear()  # that one was meant, and refused by the guard
    return f"tried {', '.join(tried)}; {len(asked)} lookup"


def _redirect(number: str, location: str, expected: str) -> Row:
    def act(bench: Bench) -> str:
        bench.names("metadata.example", ["169.254.169.254"])
        bench.names("outside.example", [PUBLIC])
        return bench.sent(Reply(302, headers={"Location": location}))

    return Row(number, f"302 to {location}", expected, act)


def _growing(bench: Bench) -> str:
    def further(seen: Seen, _: Send) -> Reply:
        return Reply(302, headers={"Location": f"{seen.path}x"})

    for length in range(9):
        bench.serve(further, path="/page" + "x" * length)
    return bench.fetch()


def _cookie_loop(bench: Bench) -> str:
    got = bench.sent(Reply(302, headers={"Location": "/page", "Set-Cookie": "seen=1"}))
    cookies = sum("cookie" in seen.headers for seen in bench.server.seen)
    return f"{got}, {cookies} cookies sent"


ROWS = [
    _url("1", "http://127.0.0.1/", BLOCKED),
    _url("2", "http://[::1]/", BLOCKED),
    _url("3", "http://0.0.0.0/", BLOCKED),
    _url("4", "http://localhost/", BLOCKED),
    _url("5", "http://10.0.0.1/", BLOCKED),
    _name("6", "169.254.169.254"),
    _url("7", "http://2130706433/", INVALID),
    _url("8", "http://0177.0.0.1/", INVALID),
    _url("9", "http://0x7f.1/", INVALID),
    _url("10", "http://127.1/", INVALID),
    _url("11a", "http://１２７.0.0.1/", INVALID),
    _url("11b", "http://①②⑦.⓪.⓪.①/", INVALID),
    _name("12", "::ffff:127.0.0.1"),
    _name("13", "2002:7f00:1::"),
    _name("14", "2001:0:53aa:64c:0:fbff:80ff:fffe"),
    _name("15", "64:ff9b::7f00:1"),
    _name("16", "100.64.0.1"),
    _name("17", "fd00::1"),
    _name("18", "224.0.0.1"),
    _name("19", PUBLIC, "10.0.0.1"),
    Row("20", f"name -> {PUBLIC}, then 127.0.0.1", f"tried {PUBLIC}:80; 1 lookup", _rebinding),
    _url("21", "file:///etc/passwd", INVALID),
    _url("22", "gopher://site.test/", INVALID),
    _url("23", "javascript:alert(1)", INVALID),
    _url("24", "http://u:p@site.test/", INVALID),
    _url("25", "http://a\\@site.test/", INVALID),
    _redirect("26", "file:///etc/passwd", "invalid_url, permanent, 1 request"),
    _redirect("27", "http://metadata.example/latest", "blocked_address, blocked, 1 request"),
    _redirect("28", "http://outside.example:22/", "blocked_address, blocked, 1 request"),
    _redirect("29", "/page", "too_many_redirects, permanent, 1 request"),
    Row("30", "302 to an address one longer, for ever", "too_many_redirects, permanent, 6 requests", _growing),
    Row(
        "31",
        "302 to itself with a cookie",
        "too_many_redirects, permanent, 1 request, 0 cookies sent",
        _cookie_loop,
    ),
]
