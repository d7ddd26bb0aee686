"""A web server on a free port of 127.0.0.1 that does what a test's script says, the hostile things too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

__all__ = ["Reply", "Script", "ScriptedServer", "Seen"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived. Header names are lower case; `at` is by the monotonic clock."""

    path: str
    headers: Mapping[str, str]
    at: float
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """A well-formed reply; Content-Length is added."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Send = Callable[[bytes], None]
Script = Reply | Callable[[Seen, Send], Reply | None]
"""A reply, or a function that makes one, or that sends the bytes itself: then the connection is closed after it."""


class ScriptedServer:
    """`on` says what a path answers; every other path answers 404. Use as a context manager."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._scripts: dict[str, list[Script]] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.scripted = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self, path: str, *scripts: Script) -> Self:
        """Answer a path (query included) with the scripts, one request each; the last one answers from then on."""
        with self._lock:
            self._scripts[path] = list(scripts)
        return self

    def requests(self, path: str) -> list[Seen]:
        """The requests for a path that arrived so far."""
        with self._lock:
            return [seen for seen in self.seen if seen.path == path]

    def next_script(self, seen: Seen) -> Script:
        """Note a request and say what answers it."""
        with self._lock:
            self.seen.append(seen)
            scripts = self._scripts.get(seen.path)
            if not scripts:
                return Reply(404, b"not found")
            return scripts.pop(0) if len(scripts) > 1 else scripts[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a script that drips must not hold up the end of the test
    scripted: ScriptedServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        seen = Seen(self.path, headers, time.monotonic(), self.command, body)
        script = self.server.scripted.next_script(seen)
        if not isinstance(script, Reply):
            made = script(seen, self._send)
            if made is None:
                self.close_connection = True
                return
            script = made
        self.send_response(script.status)
        for name, value in script.headers.items():
            self.send_header(name, value)
        if script.status != 304:
            self.send_header("Content-Length", str(len(script.body)))
        self.end_headers()
        if script.status != 304:
            self.wfile.write(script.body)

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
