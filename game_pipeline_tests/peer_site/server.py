"""The site's web server, in a process of its own: `python -m game_pipeline_tests.peer_site.server GAMES`.

As cheap as it can be made, as it shares the machine with what is measured: it parses just enough of a request, and
answers it in one write. Prints its port; ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .pages import game_page, index_page

__all__ = ["serving"]

_REQUEST = re.compile(rb"GET (/[^ ?]*)[^ ]* HTTP/1\.1\r\n")
_ETAG = re.compile(rb"\r\nif-none-match: ([^\r]+)\r\n", re.IGNORECASE)


@contextmanager
def serving(games: int) -> Iterator[str]:
    """The address of a running site, such as `http://127.0.0.1:40001`."""
    command = [sys.executable, "-m", __name__, str(games)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            process.wait(10)


class _Connection(asyncio.Protocol):
    games = 0

    def __init__(self) -> None:
        self._waiting = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            request, self._waiting = self._waiting[: end + 2], self._waiting[end + 4 :]
            self._transport.write(_answer(request, self.games))


def _answer(request: bytes, games: int) -> bytes:
    line = _REQUEST.match(request)
    kind, _, number = line[1].decode()[1:].partition("/") if line else ("", "", "")
    body: bytes | None = None
    if kind == "index" and number.isdigit():
        body = index_page(int(number), games)
    elif kind == "game" and number.isdigit() and int(number) < games:
        etag = f'"game-{number}"'.encode()
        seen = _ETAG.search(request)
        if seen and seen[1] == etag:
            return b"HTTP/1.1 304 Not Modified\r\nETag: " + etag + b"\r\n\r\n"
        return _reply(b"200 OK", game_page(int(number), games), b"ETag: " + etag + b"\r\n")
    if body is None:
        return _reply(b"404 Not Found", b"there is no such page")
    return _reply(b"200 OK", body)


def _reply(status: bytes, body: bytes, more: bytes = b"") -> bytes:
    kind = b"Content-Type: text/html; charset=utf-8\r\n"
    return b"HTTP/1.1 %b\r\n%b%bContent-Length: %d\r\n\r\n%b" % (status, kind, more, len(body), body)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    _Connection.games = int(sys.argv[1])
    asyncio.run(_serve())
