"""What may be asked for at all: addresses as text, and the hosts behind them."""

from __future__ import annotations

import contextlib
import pickle
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from game_pipeline.crawl.addresses import is_public
from game_pipeline.crawl.outcomes import FetchError, Kind, Outcome, redact
from game_pipeline.crawl.urls import check_url, join_url
from game_pipeline_tests.crawl.conftest import Crawler
from game_pipeline_tests.http_server import Reply, ScriptedServer

PUBLIC = "93.184.215.14"

# A key made for this test and used nowhere else; the certificate says `localhost` until 2126.
SELF_SIGNED = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtJ/tcIdq1aCbuBrf
2xso9B8wFJgc4pOo1jH2QnG78Z6hRANCAASTmoQn2jljRuur7UDWwv/P7gjwvlLy
sNJ5Pi3exC+vbFby8lH7JEtgv1hLgzJQpBhzD6O8TfE1N4orEvwDLYCf
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUam0hOh4FMDJXyK+05/HfSz1TXiIwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA1MzIxMloYDzIxMjYxMDI4
MDUzMjEyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASTmoQn2jljRuur7UDWwv/P7gjwvlLysNJ5Pi3exC+vbFby8lH7JEtg
v1hLgzJQpBhzD6O8TfE1N4orEvwDLYCfo2kwZzAdBgNVHQ4EFgQUo3pWbTrdm95a
5NmdJCH3uGmcwpQwHwYDVR0jBBgwFoAUo3pWbTrdm95a5NmdJCH3uGmcwpQwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgcUcaq09D0Xp8iWd221Wl8v8wYjUGFf8eFirw6kAROPkCIQD40u9VuOki
zZscew8g4zTtwb0J/KYvPbup9HZLY/eq2A==
-----END CERTIFICATE-----
"""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "site.test/page",
        "//site.test/page",
        "file:///etc/passwd",
        "gopher://site.test/",
        "javascript:alert(1)",
        "http://user:secret@site.test/",
        "http://user@site.test/",
        "http://@site.test/",
        "http://a\\@site.test/",
        "http://site.test/a b",
        "http://site.test/a\tb",
        "http://site.test/a\r\nHost: evil",
        "http://site.test/\u202egpj.exe",
        "http://site.test/\u00a0",
        "http:///page",
        "http://./",
        "http://a..b/",
        "http://site.test:99999/",
        "http://site.test:0/",
        "http://site.test:x/",
        "http://[::1/",
        "http://[zz]/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://1.2.3.4.5/",
        "http://site.test/" + "a" * 2048,
    ],
)
def test_what_is_no_plain_web_address_is_refused_unsent(crawler: Crawler, server: ScriptedServer, url: str) -> None:
    error = crawler.refused(url)
    assert (error.outcome, error.kind) == (Outcome.INVALID_URL, Kind.PERMANENT)
    assert (server.seen, crawler.names.asked) == ([], [])
    assert "secret" not in str(error)


def test_an_address_is_kept_as_it_is_written() -> None:
    target = check_url("https://Site.Test:8443/a%20b/?x=%C3%A9&y=[1]#part")
    assert target.url == "https://Site.Test:8443/a%20b/?x=%C3%A9&y=[1]"
    assert (target.host, target.port, target.site) == ("site.test", 8443, "site.test:8443")
    assert check_url("http://пример.испытание./стр").host == "xn--e1afmkfd.xn--80akhbyknj4f"
    assert join_url("https://site.test/a/b?c", "../d?e#f").url == "https://site.test/d?e"


BLOCKED = [
    *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "198.18.0.1"),
    *("192.88.99.1", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1"),
    *(
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
    ),
    *("2001:0:53aa:64c:0:fbff:80ff:fffe", "fd00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1"),
    *("3fff::1", "not an address"),
]


@pytest.mark.parametrize("address", BLOCKED)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("literal", ["127.0.0.1", "[::1]", "0.0.0.0", "10.0.0.1", "169.254.169.254", "１２７.0.0.1"])
def test_a_private_address_gets_no_packet(crawler: Crawler, server: ScriptedServer, literal: str) -> None:
    error = crawler.refused(f"http://{literal}/")
    # httpx2 reads full-width digits either as the address they show, or not at all.
    assert error.outcome in (Outcome.BLOCKED_ADDRESS, Outcome.INVALID_URL)
    assert error.kind in (Kind.BLOCKED, Kind.PERMANENT)
    assert server.seen == []


@pytest.mark.parametrize("answers", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::ffff:127.0.0.1"], ["100.64.0.1"]])
def test_a_name_with_any_private_address_gets_no_packet(crawler: Crawler, answers: list[str]) -> None:
    crawler.names.answers["inside.example"] = [answers]
    error = crawler.refused("https://inside.example/admin")
    assert (error.outcome, error.kind) == (Outcome.BLOCKED_ADDRESS, Kind.BLOCKED)
    assert crawler.names.asked == ["inside.example"]


def test_the_origin_of_a_route_is_no_open_door(crawler: Crawler, server: ScriptedServer) -> None:
    server.on("/page", Reply(200, b"page"))
    crawler.fetch("http://site.test/page")  # a connection to the origin is open now
    for url in (f"{server.origin}/page", f"http://localhost:{server.port}/page", "http://127.0.0.1/page"):
        crawler.names.answers["localhost"] = [["127.0.0.1"]]
        assert crawler.refused(url).outcome == Outcome.BLOCKED_ADDRESS
    assert len(server.requests("/page")) == 1


def test_ports_other_than_those_of_the_web_are_not_visited(crawler: Crawler) -> None:
    crawler.names.answers["outside.example"] = [[PUBLIC]]
    assert crawler.refused("http://outside.example:22/").outcome == Outcome.BLOCKED_ADDRESS
    assert crawler.names.asked == []


@pytest.mark.parametrize(
    ("location", "outcome"),
    [
        ("http://169.254.169.254/latest/meta-data/", Outcome.BLOCKED_ADDRESS),
        ("http://metadata.example/", Outcome.BLOCKED_ADDRESS),
        ("//site.test.example:22/", Outcome.BLOCKED_ADDRESS),
        ("file:///etc/passwd", Outcome.INVALID_URL),
        ("http://user:pass@site.test/", Outcome.INVALID_URL),
        ("/a b", Outcome.INVALID_URL),
        ("http://[", Outcome.INVALID_URL),
    ],
)
def test_a_redirect_passes_the_same_gates(
    crawler: Crawler, server: ScriptedServer, location: str, outcome: Outcome
) -> None:
    crawler.names.answers["metadata.example"] = [["169.254.169.254"]]
    server.on("/page", Reply(302, headers={"Location": location}))
    error = crawler.refused("http://site.test/page")
    assert error.outcome == outcome
    assert len(server.requests("/page")) == 1


def test_a_name_is_looked_up_once_a_connection_and_used_as_judged(
    crawler: Crawler, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[str] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> None:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", connect)
    crawler.names.answers["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
    crawler.refused("http://rebind.example/", attempts=1)
    assert (connected, crawler.names.asked) == ([PUBLIC], ["rebind.example"])


def test_a_public_host_is_reached_under_its_own_name(
    crawler: Crawler, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[object] = []
    really_connect = socket.create_connection

    def to_the_server(address: tuple[str, int], *rest: Any, **options: Any) -> socket.socket:
        connected.append(address)
        return really_connect(("127.0.0.1", server.port), *rest, **options)

    monkeypatch.setattr("socket.create_connection", to_the_server)
    server.on("/robots.txt", Reply(200, b""))
    server.on("/page", Reply(200, b"page"))
    crawler.names.answers["outside.example"] = [[PUBLIC]]
    assert crawler.fetch("http://outside.example/page").response.body == b"page"
    assert connected == [(PUBLIC, 80)]  # one connection for robots.txt and the page, to the address that was judged
    assert [seen.headers["host"] for seen in server.seen] == ["outside.example"] * 2


def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(crawler: Crawler, tmp_path: Path) -> None:
    pem = tmp_path / "self-signed.pem"
    pem.write_text(SELF_SIGNED)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    greeted: list[object] = []

    def greet(listener: socket.socket) -> None:
        while True:
            try:
                connection, peer = listener.accept()
            except OSError:  # closed: the test is over
                return
            greeted.append(peer)
            with connection, contextlib.suppress(OSError):
                context.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=greet, args=(listener,), daemon=True).start()
        client = crawler.make(routes={"site.test": f"https://localhost:{listener.getsockname()[1]}"})
        crawler.names.answers["localhost"] = [["127.0.0.1"]]
        error = crawler.refused("https://site.test/", client=client)
    assert error.outcome == Outcome.BLOCKED_ROBOTS
    assert "CERTIFICATE_VERIFY_FAILED" in error.message
    assert len(greeted) == 1


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("http://h/?key=abc&x=1", "http://h/?key=***&x=1"),
        ("http://h/?x=1&api_key=abc#f", "http://h/?x=1&api_key=***#f"),
        ("http://h/?client_secret=a%20b;TOKEN=c", "http://h/?client_secret=***;TOKEN=***"),
        ("see http://u:p@h/?access_token=abc for it", "see http://***@h/?access_token=*** for it"),
        ("http://h/?monkey=1&id=2", "http://h/?monkey=***&id=2"),  # rather one too many
        ("http://h/a@b?id=x@y", "http://h/a@b?id=x@y"),
    ],
)
def test_secrets_are_masked(text: str, safe: str) -> None:
    assert redact(text) == safe


def test_an_error_crosses_processes_whole() -> None:
    error = FetchError(Outcome.GONE, Kind.PERMANENT, "gone", "http://h/?key=abc", status=404, retry_after=3.0)
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) == "http://h/?key=***: gone"
    assert (copy.outcome, copy.kind, copy.status, copy.retry_after) == (Outcome.GONE, Kind.PERMANENT, 404, 3.0)
