"""HTTP/1.1 as far as fetching needs it: a request written and its reply read, over a connection of its own.

Replies are read as RFC 9112 has it; what two readers could take for different replies is refused. Written for pages: a
parser of events that serves clients and servers alike costs as much CPU time as all else that is done to a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpcore2

__all__ = ["Connection", "Head", "request_bytes"]

MAX_HEAD = 100 * 1024
"""Bytes of a reply's head, and of what follows its last chunk."""

MAX_LINE = 4 * 1024  # of a chunk's size and what is said beside it
MAX_INTERIM = 10  # replies that announce another one
READ_SIZE = 64 * 1024

_TOKEN = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_TARGET = re.compile(rb"[\x21-\x7e]+")
_NAME = re.compile(_TOKEN)
_SENT_VALUE = re.compile(rb"[\t\x20-\x7e]*")
_STATUS_LINE = re.compile(rb"HTTP/1\.(?P<minor>[0-9]) (?P<status>[1-9][0-9]{2})(?: [^\0\r\n]*)?")
_FIELD = re.compile(rb"(?P<name>" + _TOKEN + rb"):(?P<value>[^\0\r\n\v\f]*)")
_HEAD_END = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"(?P<size>[0-9A-Fa-f]{1,16})[ \t]*(?:;[^\0\r\n]*)?")
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Head:
    """The first part of a reply. Names of headers are in lower case; one that came several times has its values joined
    by commas. `length`: bytes of the body, None where they are not told; `chunked`: it comes in pieces that tell."""

    status: int
    headers: Mapping[str, str]
    length: int | None
    chunked: bool
    persistent: bool

    @property
    def framed(self) -> bool:
        """Does the reply say where its body ends? Else it ends with the connection."""
        return self.chunked or self.length is not None

    @property
    def bodiless(self) -> bool:
        return self.status in _BODILESS


def request_bytes(method: str, target: bytes, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request as it is sent. Raises `httpcore2.LocalProtocolError` for one that would be another on the way."""
    if not _TARGET.fullmatch(target):
        raise httpcore2.LocalProtocolError(f"{target[:100]!r} cannot be asked for")
    lines = [b"%b %b HTTP/1.1\r\n" % (method.encode("ascii"), target)]
    for name, text in headers.items():
        try:
            field, value = name.encode("ascii"), text.encode("ascii")
        except UnicodeEncodeError:
            raise httpcore2.LocalProtocolError(f"header {name!r} has more than ASCII in it") from None
        if not _NAME.fullmatch(field) or not _SENT_VALUE.fullmatch(value):
            raise httpcore2.LocalProtocolError(f"header {name!r} holds what no header may")
        lines.append(b"%b: %b\r\n" % (field, value))
    return b"".join((*lines, b"\r\n", body))


class Connection:
    """One connection to one host. `reusable` once a reply was read to its end and another may follow."""

    def __init__(self, stream: httpcore2.NetworkStream, read_timeout: float) -> None:
        self._stream = stream
        self._timeout = read_timeout
        self._buffer = bytearray()
        self.reusable = True

    @property
    def stale(self) -> bool:
        """Has the host closed it, or said something that nobody asked for?"""
        return bool(self._buffer) or bool(self._stream.get_extra_info("is_readable"))

    def close(self) -> None:
        self._stream.close()

    def ask(self, request: bytes) -> Head:
        """Send a request and read the head of its reply. Raises errors of `httpcore2`."""
        self.reusable = False
        with suppress(httpcore2.WriteError):  # a host may answer before it has all; else reading says what is wrong
            self._stream.write(request, self._timeout)
        for _ in range(MAX_INTERIM):
            head = _read_head(self._take_head())
            if head.status >= 200:
                self.reusable = head.bodiless and head.persistent and not self._buffer
                return head
            if head.status == 101:
                break
        raise _refused("the reply does not come to the point")

    def body(self, head: Head) -> Iterator[bytes]:
        """The body of the reply, piece by piece; each of them may raise errors of `httpcore2`."""
        if head.bodiless:
            return
        if head.chunked:
            yield from self._chunks()
        elif head.length is not None:
            yield from self._exactly(head.length)
        else:
            yield from self._until_closed()
        self.reusable = head.framed and head.persistent and not self._buffer

    def _take_head(self) -> bytes:
        searched = 0
        while not (end := _HEAD_END.search(self._buffer, searched)):
            if not self._buffer.startswith(b"HTTP/1."[: len(self._buffer)]):
                raise _refused(f"{bytes(self._buffer[:40])!r} is no reply of HTTP")
            if len(self._buffer) > MAX_HEAD:
                raise _refused(f"the head of the reply has more than {MAX_HEAD} bytes")
            searched = max(0, len(self._buffer) - 2)
            self._fill("the host hung up before it answered")
        if end.end() > MAX_HEAD:
            raise _refused(f"the head of the reply has more than {MAX_HEAD} bytes")
        head = bytes(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        return head

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = _CHUNK_SIZE.fullmatch(self._line(MAX_LINE))
            if size is None:
                raise _refused("a piece of the body does not tell its size")
            length = int(size["size"], 16)
            if length == 0:
                break
            yield from self._exactly(length)
            if self._line(2):
                raise _refused("a piece of the body is longer than it says")
        left = MAX_HEAD
        while line := self._line(max(left, 0)):
            left -= len(line) + 2

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length:
            if not self._buffer:
                self._fill("the host hung up in the middle of the body")
            piece = bytes(self._buffer[:length])
            del self._buffer[:length]
            length -= len(piece)
            yield piece

    def _until_closed(self) -> Iterator[bytes]:
        piece = bytes(self._buffer)
        self._buffer.clear()
        while piece or (piece := self._stream.read(READ_SIZE, self._timeout)):
            yield piece
            piece = b""

    def _line(self, longest: int) -> bytes:
        """The next line without its end."""
        while (end := self._buffer.find(b"\r\n", 0, longest + 2)) < 0:
            if len(self._buffer) >= longest + 2:
                raise _refused("a line of the body's framing does not end")
            self._fill("the host hung up in the middle of the body")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _fill(self, otherwise: str) -> None:
        data = self._stream.read(READ_SIZE, self._timeout)
        if not data:
            raise _refused(otherwise)
        self._buffer += data


def _read_head(data: bytes) -> Head:
    first, *rest = (line.removesuffix(b"\r") for line in data.split(b"\n"))
    status_line = _STATUS_LINE.fullmatch(first)
    if status_line is None:
        raise _refused(f"{first[:40]!r} is no reply of HTTP")
    headers: dict[str, str] = {}
    for line in _unfolded(rest):
        match = _FIELD.fullmatch(line)
        if match is None:
            raise _refused(f"{line[:40]!r} is no header")
        name, value = match["name"].decode("ascii").lower(), match["value"].strip(b" \t").decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    coding = headers.get("transfer-encoding")
    if coding is not None and coding.lower() != "chunked":
        raise _refused(f"the transfer coding {coding[:40]!r} is not known")
    length = _length(headers.get("content-length"))
    options = {option.strip() for option in headers.get("connection", "").lower().split(",")}
    # Who says both may be understood in two ways: the rest of such a connection is not trusted.
    unequivocal = coding is None or length is None
    return Head(
        status=int(status_line["status"]),
        headers=headers,
        length=None if coding else length,
        chunked=coding is not None,
        persistent=status_line["minor"] != b"0" and "close" not in options and unequivocal,
    )


def _unfolded(lines: list[bytes]) -> Iterator[bytes]:
    """Header lines; one that begins with white space continues the one before, as old servers have it."""
    last = bytearray()
    for line in lines:
        if line.startswith((b" ", b"\t")) and last:
            last += b" " + line.strip(b" \t")
            continue
        if last:
            yield bytes(last)
        last = bytearray(line)
    if last:
        yield bytes(last)


def _length(told: str | None) -> int | None:
    if told is None:
        return None
    lengths = {length.strip() for length in told.split(",")}
    if len(lengths) != 1 or not _LENGTH.fullmatch(length := lengths.pop()):
        raise _refused(f"{told[:40]!r} is no length")
    return int(length)


def _refused(why: str) -> httpcore2.RemoteProtocolError:
    return httpcore2.RemoteProtocolError(why)
