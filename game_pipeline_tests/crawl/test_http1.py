"""Replies read off the wire: whole or refused, and the same in whatever pieces they arrive."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any

import httpcore2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from game_pipeline.crawl.http1 import MAX_HEAD, Connection, request_bytes


class Sent(httpcore2.NetworkStream):
    """A connection over which this arrives, piece by piece, before the host hangs up."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]
        self.written = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.written += buffer

    def close(self) -> None:
        self._pieces = []

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        raise NotImplementedError

    def get_extra_info(self, info: str) -> Any:
        return bool(self._pieces)


def read(*pieces: bytes) -> tuple[int, dict[str, str], bytes, bool]:
    """Status, headers, body, and whether the connection may serve another request."""
    connection = Connection(Sent(pieces), 1.0)
    head = connection.ask(b"")
    body = b"".join(connection.body(head))
    return head.status, dict(head.headers), body, connection.reusable


OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = {"content-length": "2"}


@pytest.mark.parametrize(
    ("sent", "headers", "body", "reusable"),
    [
        (OK + b"Content-Length: 2\r\n\r\nok", LENGTH, b"ok", True),
        (OK + b"content-LENGTH:2 , 2\r\n\r\nok", {"content-length": "2 , 2"}, b"ok", True),
        (b"HTTP/1.1 200\nContent-Length: 2\n\nok", LENGTH, b"ok", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", LENGTH, b"ok", False),
        (OK + b"Content-Length: 2\r\nConnection: Close\r\n\r\nok", LENGTH | {"connection": "Close"}, b"ok", False),
        (OK + b"Content-Length: 2\r\n\r\nokHTTP/1.1", LENGTH, b"ok", False),
        (OK + b"X: a\r\n b\r\n\r\nto the end", {"x": "a b"}, b"to the end", False),
        (OK + b"X: a\r\nX: \xe9\r\n\r\n", {"x": "a, \xe9"}, b"", False),
        (
            OK + b"Transfer-Encoding: Chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX: y\r\n\r\n",
            {"transfer-encoding": "Chunked"}, b"ok", True,
        ),
        (b"HTTP/1.1 103 Early\r\nX: y\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n", {"content-length": "0"}, b"", True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", {"content-length": "9"}, b"", True),
    ],
)  # fmt: skip
def test_a_reply_is_read_as_the_protocol_has_it(
    sent: bytes, headers: dict[str, str], body: bytes, reusable: bool
) -> None:
    assert read(sent)[1:] == (headers, body, reusable)
    assert read(*(sent[at : at + 1] for at in range(len(sent))))[1:3] == (headers, body)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + OK + b"\r\n",
        OK + b"Content-Length: 3\r\n\r\nok",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        OK + b"Content-Length: 5, 6\r\n\r\nhello!",
        OK + b"Content-Length: +5\r\n\r\nhello",
        OK + b"Content-Length: \r\n\r\n",
        OK + b"Content-Length: 9999999999999999999\r\n\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x" * 9000 + b"\r\nok\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        OK + b"no colon\r\n\r\n",
        OK + b"Name : value\r\n\r\n",
        OK + b"X: a\0b\r\n\r\n",
        OK + b"X: a\rb\r\n\r\n",
        OK + b": nameless\r\n\r\n",
        OK + b"X: y\r\n" * (MAX_HEAD // 6 + 1) + b"\r\n",
    ],
)
def test_what_is_no_whole_reply_or_could_be_read_in_two_ways_is_refused(sent: bytes) -> None:
    with pytest.raises(httpcore2.RemoteProtocolError):
        read(sent)


def test_a_reply_with_both_a_length_and_chunks_is_the_last_of_its_connection() -> None:
    both = OK + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    assert read(both)[2:] == (b"ok", False)


def outcome(*pieces: bytes) -> object:
    try:
        return read(*pieces)[:3]
    except httpcore2.RemoteProtocolError:
        return "refused"


_PARTS = [
    OK, b"HTTP/1.1 304 X\r\n", b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n", b"\n", b"ok",
    b"2\r\n", b"0\r\n", b" folded\r\n", b"X: y\r\n", b":", b"\r", b"\0", b";x",
    b"HTTP/1.0 200\r\n", b"HTTP/1.1 100 C\r\n\r\n",
]  # fmt: skip


@given(st.lists(st.sampled_from(_PARTS), max_size=12).map(b"".join) | st.binary(max_size=60), st.data())
@example(OK + b"\r\n", None)
def test_whatever_arrives_means_the_same_in_whatever_pieces(sent: bytes, data: st.DataObject | None) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=6))) if data else [len(OK)]
    pieces = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    assert outcome(sent) == outcome(*pieces)


def test_a_request_is_written_as_it_was_meant() -> None:
    assert (
        request_bytes("GET", b"/a?b=c", {"Host": "a.example", "X": "y z"}, b"")
        == b"GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nX: y z\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (b"/a b", {}),
        (b"/a\r\nX: y", {}),
        (b"/", {"X": "a\r\nY: b"}),
        (b"/", {"X": "a\nb"}),
        (b"/", {"X": "caf\xe9"}),
        (b"/", {"X y": "a"}),
        (b"/", {"X:": "a"}),
    ],
)
def test_a_request_that_would_be_another_on_the_way_is_not_sent(target: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(httpcore2.LocalProtocolError):
        request_bytes("GET", target, headers, b"")
