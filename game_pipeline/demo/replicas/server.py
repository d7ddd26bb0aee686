"""The replicas as servers: one HTTP server a site on 127.0.0.1, a log of what was asked, and faults to switch on."""

import gzip
import socket
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from .days import World, world_on
from .events import SITES
from .registry import REPLICAS
from .reply import Reply, Target, broken

__all__ = ["Replicas", "Seen"]

_LOOPBACK = "127.0.0.1"
_WORTH_COMPRESSING = 500
_REMEMBERED = 20_000
_LONGEST_BODY = 1_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that was answered. `path` is as asked, with its query."""

    site: str
    path: str
    status: int
    method: str = "GET"


@dataclass(frozen=True, slots=True)
class _Fault:
    """`path_contains` None: every path."""

    status: int
    path_contains: str | None


class Replicas:
    """Replicas of sites (the three of the demo's story, or those named), from `start` (or `with`) to `stop`.

    A site is named as its source is. `ports` fixes the ports of some; the others get free ones. Every method may be
    called from any thread.
    """

    def __init__(self, ports: Mapping[str, int] | None = None, *, day: int = 1, sites: Iterable[str] = SITES) -> None:
        self._sites = tuple(sites)
        for site in (*self._sites, *(ports or ())):
            _check(site)
        self._ports = dict(ports or {})
        self._world = world_on(day)
        self._servers: dict[str, _Server] = {}
        self._faults: dict[str, list[_Fault]] = {}
        self._bodies: dict[tuple[str, str], bytes] = {}
        self._everything: dict[str, bytes] = {}
        self._switches: dict[str, frozenset[str]] = {}
        self._log: deque[Seen] = deque(maxlen=_REMEMBERED)
        self._lock = threading.Lock()

    def start(self) -> Self:
        """Listen. Raises OSError where a port is taken; nothing listens then."""
        if self._servers:
            raise RuntimeError("the replicas are running already")
        try:
            for site in self._sites:
                self._servers[site] = _Server(self._ports.get(site, 0), site, self)
        except OSError:
            self.stop()
            raise
        for site, server in self._servers.items():
            threading.Thread(target=server.serve_forever, args=(0.05,), name=f"replica-{site}", daemon=True).start()
            server.serving = True
        return self

    def stop(self) -> None:
        """Close every server and connection. Stopping twice does nothing."""
        servers, self._servers = self._servers, {}
        for server in servers.values():
            server.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def routes(self) -> dict[str, str]:
        """Host to origin, for the setting `routes`: `{"ifdb.org": "http://127.0.0.1:40001", ...}`."""
        return {host: self.origin(site) for site in self._servers for host in REPLICAS[site].hosts}

    def origin(self, site: str) -> str:
        """Where a site listens: `http://127.0.0.1:40001`."""
        _check(site)
        return f"http://{_LOOPBACK}:{self._servers[site].server_port}"

    @property
    def day(self) -> int:
        return self._world.day

    @property
    def world(self) -> World:
        return self._world

    def set_day(self, day: int) -> None:
        """Let it be another day on all sites. Faults and replaced bodies stay."""
        self._world = world_on(day)

    def fail(self, site: str, status: int = 500, path_contains: str | None = None) -> None:
        """Let a site answer with an error, to everything or where the path and query contain a text."""
        _check(site)
        with self._lock:
            self._faults.setdefault(site, []).append(_Fault(status, path_contains))

    def heal(self, site: str) -> None:
        """Take back every `fail` of a site. What is broken by the day stays broken."""
        _check(site)
        with self._lock:
            self._faults.pop(site, None)

    def replace_body(self, site: str, path: str, body: bytes | None) -> None:
        """Answer a path (with its query, as asked) with these bytes and status 200; None: with the site's own again."""
        _check(site)
        with self._lock:
            if body is None:
                self._bodies.pop((site, path), None)
            else:
                self._bodies[site, path] = body

    def replace_everything(self, site: str, body: bytes | None) -> None:
        """Answer every path but robots.txt with these bytes and status 200; None: with the site's own again."""
        _check(site)
        with self._lock:
            if body is None:
                self._everything.pop(site, None)
            else:
                self._everything[site] = body

    def switch(self, site: str, name: str, *, on: bool = True) -> None:
        """Switch something of a site on or off, by a name that its module knows: `layout` is a redesign."""
        _check(site)
        with self._lock:
            known = self._switches.get(site, frozenset())
            self._switches[site] = known | {name} if on else known - {name}

    @property
    def log(self) -> list[Seen]:
        """The requests so far, in the order of their answers; of very many, the latest."""
        with self._lock:
            return list(self._log)

    def clear_log(self) -> None:
        with self._lock:
            self._log.clear()

    def reply(
        self,
        site: str,
        path: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """What a site answers just now, without any network. `headers`: names in lower case."""
        _check(site)
        with self._lock:
            faults = list(self._faults.get(site, ()))
            instead = self._bodies.get((site, path))
            if instead is None and path != "/robots.txt":
                instead = self._everything.get(site)
            switches = self._switches.get(site, frozenset())
        for fault in faults:
            if fault.path_contains is None or fault.path_contains in path:
                return broken(fault.status)
        world = self._world
        if site in world.down:
            return broken(500)
        target = Target.parse(path, method=method, body=body, headers=headers, switches=switches)
        usual = REPLICAS[site].answer(world, target)
        return usual if instead is None else Reply(body=instead, content_type=usual.content_type)

    def note(self, site: str, path: str, status: int, method: str = "GET") -> None:
        """Add a request to the log."""
        with self._lock:
            self._log.append(Seen(site, path, status, method))


def _check(site: str) -> None:
    if site not in REPLICAS:
        raise ValueError(f"no replica of {site!r}; there are {', '.join(REPLICAS)}")


class _Server(ThreadingHTTPServer):
    """One site. Connections that are kept alive are closed together with it."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, site: str, replicas: Replicas) -> None:
        self.site = site
        self.replicas = replicas
        self.serving = False
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__((_LOOPBACK, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def close(self) -> None:
        if self.serving:
            self.shutdown()
        self.server_close()
        with self._guard:
            left = list(self._open)
        for connection in left:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """Answers GET, HEAD and POST of one connection."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "Replica"
    sys_version = ""
    timeout = 60
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_POST(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: requests are in `Replicas.log`."""

    def _answer(self, *, with_body: bool) -> None:
        replicas, site = self.server.replicas, self.server.site
        headers = {name.lower(): value for name, value in self.headers.items()}
        sent = self.rfile.read(min(int(headers.get("content-length") or 0), _LONGEST_BODY))
        try:
            reply = replicas.reply(site, self.path, method=self.command, body=sent, headers=headers)
        except Exception:
            # A request that a replica chokes on must not look like a dead site.
            reply = broken(500)
        if self.command != "POST" and reply.status == 200 and self._has(reply):
            reply = Reply(status=304, body=b"", headers=reply.headers)
        replicas.note(site, self.path, reply.status, self.command)
        try:
            self._send(reply, with_body=with_body)
        except OSError:
            self.close_connection = True

    def _has(self, reply: Reply) -> bool:
        """Do the request's validators match? An entity tag is asked before a date (RFC 9110)."""
        validators = dict(reply.headers)
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return "ETag" in validators and ("*" in known or validators["ETag"] in known)
        since, modified = self.headers.get("If-Modified-Since"), validators.get("Last-Modified")
        if not since or not modified:
            return False
        try:
            return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
        except (ValueError, TypeError):
            return False

    def _send(self, reply: Reply, *, with_body: bool) -> None:
        body, headers = reply.body, list(reply.headers)
        if reply.status != 304:
            headers.append(("Content-Type", reply.content_type))
            # Bodies with an entity tag stay as they are, for the tag names these very bytes.
            if self._takes_gzip() and len(body) >= _WORTH_COMPRESSING and "ETag" not in dict(headers):
                body = gzip.compress(body, mtime=0)
                headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
            headers.append(("Content-Length", str(len(body))))
        self.send_response(reply.status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if with_body and reply.status != 304:
            self.wfile.write(body)

    def _takes_gzip(self) -> bool:
        codings = self.headers.get("Accept-Encoding", "").lower().split(",")
        return any(coding.strip() in ("gzip", "gzip;q=1.0") for coding in codings)
