"""One request and its reply, whole or not at all. Knows no retries, no redirects and no robots.

Built on sockets of httpcore2 and not on the client over them, which keeps cookies, decodes half bodies without a word,
waits without end on a slow drip, and writes whole addresses, secrets included, to the log.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

import httpcore2
import httpx2

from game_pipeline.settings import CrawlSettings

from .addresses import BlockedAddressError, Resolver
from .connections import Connections, Origin
from .decoding import ACCEPTED, BodyDecoder, BodyTooBigError, DamagedBodyError, UnknownCodingError, content_coding
from .http1 import Connection, Head, request_bytes
from .network import CertificateError, DeadlineError, time_limit
from .outcomes import FetchError, Kind, Outcome
from .urls import Target

__all__ = ["Limits", "Message", "Reply", "Wire"]

_PUBLIC_PORTS = (80, 443)
_WANTED = (200, 203)
_DROPPED = frozenset({"set-cookie", "set-cookie2"})


@dataclass(frozen=True, slots=True)
class Limits:
    """`deadline`: seconds for connecting, headers and body together. `cut`: take the start of a body that is longer."""

    deadline: float
    max_body: int
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to an address. `path`: its path and query, where they hold more than the address shows."""

    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    path: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. The body is read for status 200 and 203 only; `headers` have lower-case names, no cookies.

    `framed`: the reply says by itself where its body ends, so that it is whole; else it ended with the connection.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float
    framed: bool = True


class Wire:
    """Sends single requests; keeps connections open between them. Safe to share between threads."""

    def __init__(self, settings: CrawlSettings, user_agent: str, resolver: Resolver) -> None:
        self._connect_timeout = settings.connect_timeout
        self._user_agent = user_agent
        self._routes = {host.lower().rstrip("."): _origin(route) for host, route in settings.routes.items()}
        self._public = Connections(resolver, _tls(), public_only=True)
        self._routed = Connections(resolver, _tls(), public_only=False)

    def close(self) -> None:
        self._public.close()
        self._routed.close()

    def send(self, target: Target, message: Message, limits: Limits) -> Reply:
        """Raises `FetchError` for everything but a whole reply, whatever that reply's status is."""
        path = target.parsed.raw_path if message.path is None else message.path
        route = self._routes.get(target.host)
        if route is None and target.port not in _PUBLIC_PORTS:
            why = f"port {target.port} is not one of the Web"
            raise FetchError(Outcome.BLOCKED_ADDRESS, Kind.BLOCKED, why, target.url)
        origin = route or Origin(target.parsed.scheme == "https", target.parsed.raw_host.decode("ascii"), target.port)
        headers = {
            "Host": target.parsed.netloc.decode("ascii"),
            "User-Agent": self._user_agent,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPTED,
            **message.headers,
        }
        if message.method == "POST":
            headers["Content-Length"] = str(len(message.body))
        connections = self._public if route is None else self._routed
        doing, broken = "asking", Outcome.NETWORK_ERROR
        started = time.monotonic()
        try:
            with time_limit(limits.deadline), connections.to(origin, self._connect_timeout) as connection:
                head = connection.ask(request_bytes(message.method, path, headers, message.body))
                doing, broken = "reading the body", Outcome.TRUNCATED
                body, framed = _body(connection, head, limits) if head.status in _WANTED else (b"", head.framed)
        except Exception as error:
            failure = _explained(error, target, doing, limits, broken)
            if failure is None:
                raise
            raise failure from error
        elapsed = time.monotonic() - started
        kept = {name: value for name, value in head.headers.items() if name not in _DROPPED}
        return Reply(head.status, kept, body, elapsed, framed)


def _body(connection: Connection, head: Head, limits: Limits) -> tuple[bytes, bool]:
    """The body with its coding undone, and whether it says where it ends: by a length, by chunks, or by its coding."""
    coding = content_coding([head.headers.get("content-encoding", "")])
    decoder = BodyDecoder(coding, limits.max_body, cut=limits.cut)
    for piece in connection.body(head):
        decoder.feed(piece)
        if decoder.full:
            break
    return decoder.finish(), head.framed or coding != "identity"


@cache
def _tls() -> ssl.SSLContext:
    """Certificates are always verified, and the environment is not asked whom to trust. Takes 20 ms to make."""
    return httpx2.create_ssl_context(trust_env=False)


def _origin(route: str) -> Origin:
    """Where a route leads. TLS, where it speaks it, is with the route's own name."""
    parts = urlsplit(route)
    secure = parts.scheme == "https"
    host = (parts.hostname or "").encode("idna").decode("ascii")
    return Origin(secure, host, parts.port or (443 if secure else 80))


def _explained(error: Exception, target: Target, doing: str, limits: Limits, broken: Outcome) -> FetchError | None:
    """Every way a request can fail, as a `FetchError`; None for a defect. `broken`: what a connection that breaks
    amounts to here."""
    kind, message = Kind.TRANSIENT, str(error)
    match error:
        case BlockedAddressError():
            outcome, kind = Outcome.BLOCKED_ADDRESS, Kind.BLOCKED
        case UnknownCodingError():
            outcome, kind = Outcome.HTTP_ERROR, Kind.PERMANENT
        case BodyTooBigError():
            outcome, kind = Outcome.TOO_BIG, Kind.PERMANENT
        case DamagedBodyError():
            outcome = Outcome.TRUNCATED
        case CertificateError():  # asking again does not make it better
            outcome, kind = Outcome.NETWORK_ERROR, Kind.PERMANENT
        case DeadlineError():
            outcome, message = Outcome.DEADLINE, f"not done within {limits.deadline:g} s; stopped while {doing}"
        case httpcore2.TimeoutException():
            outcome, message = Outcome.NETWORK_ERROR, f"no answer in time while {doing} ({type(error).__name__})"
        case httpcore2.NetworkError() | httpcore2.RemoteProtocolError():
            outcome, message = broken, f"the connection failed while {doing}: {error}"
        case httpcore2.LocalProtocolError():
            outcome, kind, message = Outcome.NETWORK_ERROR, Kind.OURS, f"a request that cannot be sent: {error}"
        case _:
            return None
    return FetchError(outcome, kind, message, target.url)
