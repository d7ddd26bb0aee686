"""One request and its reply, whole or not at all. Knows no retries, no redirects and no robots.

Built on sockets of httpcore2 and not on the client over them, which keeps cookies, decodes half bodies without a word,
waits without end on a slow drip, and writes whole addresses, secrets included, to the log.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
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
        self._routes = {host.lower().rstrip("."): urlsplit(origin) for host, origin in settings.routes.items()}
        self._public = Connections(resolver, _tls(), public_only=True)
        self._routed = Connections(resolver, _tls(), public_only=False)

    def close(self) -> None:
        self._public.close()
        self._routed.close()

    def send(self, target: Target, message: Message, limits: Limits) -> Reply:
        """Raises `FetchError` for everything but a whole reply, whatever that reply's status is."""
        route = self._routes.get(target.host)
        path = target.parsed.raw_path if message.path is None else message.path
        origin = Origin(target.parsed.scheme == "https", target.parsed.raw_host.decode("ascii"), target.port)
        if route is not None:  # TLS, where the route speaks it, is with the route's own name
            secure, host = route.scheme == "https", (route.hostname or "").encode("idna").decode("ascii")
            origin = Origin(secure, host, route.port or (443 if secure else 80))
        elif target.port not in _PUBLIC_PORTS:
            why = f"port {target.port} is not one of the Web"
            raise FetchError(Outcome.BLOCKED_ADDRESS, Kind.BLOCKED, why, target.url)
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
        started = time.monotonic()
        with time_limit(limits.deadline), ExitStack() as stack:
            with _explained(target, "asking", limits, broken=Outcome.NETWORK_ERROR):
                request = request_bytes(message.method, path, headers, message.body)
                connection = stack.enter_context(connections.to(origin, self._connect_timeout))
                head = connection.ask(request)
            with _explained(target, "reading the body", limits, broken=Outcome.TRUNCATED):
                body, framed = _body(connection, head, limits) if head.status in _WANTED else (b"", head.framed)
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


@contextmanager
def _explained(target: Target, doing: str, limits: Limits, *, broken: Outcome) -> Iterator[None]:
    """Every way a request can fail, as a `FetchError`. `broken`: what a connection that breaks amounts to here."""

    def failed(outcome: Outcome, kind: Kind, message: object) -> FetchError:
        return FetchError(outcome, kind, str(message), target.url)

    try:
        yield
    except BlockedAddressError as error:
        raise failed(Outcome.BLOCKED_ADDRESS, Kind.BLOCKED, error) from error
    except UnknownCodingError as error:
        raise failed(Outcome.HTTP_ERROR, Kind.PERMANENT, error) from error
    except BodyTooBigError as error:
        raise failed(Outcome.TOO_BIG, Kind.PERMANENT, error) from error
    except DamagedBodyError as error:
        raise failed(Outcome.TRUNCATED, Kind.TRANSIENT, error) from error
    except CertificateError as error:  # asking again does not make it better
        raise failed(Outcome.NETWORK_ERROR, Kind.PERMANENT, error) from error
    except (DeadlineError, httpcore2.PoolTimeout) as error:
        message = f"not done within {limits.deadline:g} s; stopped while {doing}"
        raise failed(Outcome.DEADLINE, Kind.TRANSIENT, message) from error
    except httpcore2.TimeoutException as error:
        message = f"no answer in time while {doing} ({type(error).__name__})"
        raise failed(Outcome.NETWORK_ERROR, Kind.TRANSIENT, message) from error
    except (httpcore2.NetworkError, httpcore2.RemoteProtocolError) as error:
        message = f"the connection failed while {doing}: {error}"
        raise failed(broken, Kind.TRANSIENT, message) from error
    except (httpcore2.LocalProtocolError, httpcore2.UnsupportedProtocol) as error:
        raise failed(Outcome.NETWORK_ERROR, Kind.OURS, f"a request that cannot be sent: {error}") from error
