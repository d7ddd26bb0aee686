"""One request and its reply, whole or not at all. Knows no retries, no redirects and no robots.

Built on httpx2's connection pool rather than on its client, which keeps cookies, decodes half bodies without a word,
waits without end on a slow drip, and writes whole addresses, secrets included, to the log.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

import httpcore2
import httpx2

from game_pipeline.settings import CrawlSettings

from .addresses import BlockedAddressError, Resolver
from .decoding import ACCEPTED, BodyDecoder, BodyTooBigError, DamagedBodyError, UnknownCodingError, content_coding
from .network import CertificateError, DeadlineError, open_pool, time_limit
from .outcomes import FetchError, Kind, Outcome
from .urls import Target

__all__ = ["Limits", "Message", "Reply", "Wire"]

READ_TIMEOUT = 30.0
"""Seconds of silence after which a connection is given up; the deadline of the whole request may come first."""

_PUBLIC_PORTS = (80, 443)
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
        self._public = open_pool(resolver, _tls(), public_only=True)
        self._routed = open_pool(resolver, _tls(), public_only=False)

    def close(self) -> None:
        self._public.close()
        self._routed.close()

    def send(self, target: Target, message: Message, limits: Limits) -> Reply:
        """Raises `FetchError` for everything but a whole reply, whatever that reply's status is."""
        scheme, host, port = target.parsed.raw_scheme, target.parsed.raw_host, target.parsed.port
        route = self._routes.get(target.host)
        path = target.parsed.raw_path if message.path is None else message.path
        if route is not None:  # TLS, where the route speaks it, is with the route's own name
            scheme, host, port = route.scheme.encode(), (route.hostname or "").encode("idna"), route.port
        elif target.port not in _PUBLIC_PORTS:
            why = f"port {target.port} is not one of the Web"
            raise FetchError(Outcome.BLOCKED_ADDRESS, Kind.BLOCKED, why, target.url)
        url = httpcore2.URL(scheme=scheme, host=host, port=port, target=path)
        headers = {
            "Host": target.parsed.netloc.decode("ascii"),
            "User-Agent": self._user_agent,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPTED,
            **message.headers,
        }
        if message.method == "POST":
            headers["Content-Length"] = str(len(message.body))
        timeouts = {
            "connect": self._connect_timeout,
            "read": READ_TIMEOUT,
            "write": READ_TIMEOUT,
            "pool": limits.deadline,
        }
        pool = self._public if route is None else self._routed
        started = time.monotonic()
        with time_limit(limits.deadline):
            with _explained(target, "asking", limits, broken=Outcome.NETWORK_ERROR):
                response = pool.handle_request(
                    httpcore2.Request(
                        message.method,
                        url,
                        headers=list(headers.items()),
                        content=message.body or None,
                        extensions={"timeout": timeouts},
                    )
                )
            try:
                with _explained(target, "reading the body", limits, broken=Outcome.TRUNCATED):
                    body = self._body(response, limits) if response.status in (200, 203) else b""
            finally:
                response.close()
        return Reply(response.status, _headers(response), body, time.monotonic() - started, _framed(response))

    @staticmethod
    def _body(response: httpcore2.Response, limits: Limits) -> bytes:
        coding = content_coding(_values(response, b"content-encoding"))
        decoder = BodyDecoder(coding, limits.max_body, cut=limits.cut)
        for chunk in response.iter_stream():
            decoder.feed(chunk)
            if decoder.full:
                break
        return decoder.finish()


def _framed(response: httpcore2.Response) -> bool:
    """By its length, by chunks, or by a coding with an end of its own."""
    names = {name.lower() for name, _ in response.headers}
    if b"content-length" in names or b"transfer-encoding" in names:
        return True
    return content_coding(_values(response, b"content-encoding")) != "identity"


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


def _values(response: httpcore2.Response, name: bytes) -> list[str]:
    return [value.decode("latin-1") for header, value in response.headers if header.lower() == name]


def _headers(response: httpcore2.Response) -> dict[str, str]:
    collected: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name not in _DROPPED:
            collected[name] = f"{collected[name]}, {value}" if name in collected else value
    return collected
