"""The sockets under every request: pinned to the addresses that were judged, and bound by one deadline.

Timeouts of single reads never fire on a server that sends a byte now and then. Here every read, write, connect and
name lookup gets only what is left of the whole request's time.
"""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore2

from .addresses import NameLookupError, Resolver, refuse_private, resolve

__all__ = ["CertificateError", "DeadlineError", "GuardedBackend", "time_limit"]


class DeadlineError(Exception):
    """The time for the whole request is over."""


class CertificateError(Exception):
    """The host cannot prove that it is the one that was asked for."""


# A context variable, as the pool hands nothing of a request down to its sockets; each thread has its own.
_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let everything on the network inside end within so many seconds, or raise `DeadlineError`."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def _left(timeout: float | None) -> float | None:
    """What may be spent: the timeout, or what is left until the deadline where that is less."""
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise DeadlineError
    if timeout is not None:
        return min(timeout, left)
    return None if math.isinf(left) else left


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose every operation ends at the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._stream.read(max_bytes, _left(timeout))
        except httpcore2.ReadTimeout:
            _left(None)  # says so where it was the deadline that ran out
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._stream.write(buffer, _left(timeout))
        except httpcore2.WriteTimeout:
            _left(None)
            raise

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        try:
            return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))
        except httpcore2.ConnectTimeout:
            _left(None)
            raise
        except httpcore2.ConnectError as error:
            # Told apart here, as the pool drops the cause of what it passes on.
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise CertificateError(str(error)) from error
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore2.NetworkBackend):
    """Connects by name, to an address that was judged in the same breath."""

    def __init__(self, resolver: Resolver, *, public_only: bool) -> None:
        self._resolver = resolver
        self._public_only = public_only
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            addresses = resolve(self._resolver, host, port, _left(timeout))
        except NameLookupError as error:
            _left(None)
            raise httpcore2.ConnectError(str(error)) from error
        if self._public_only:
            refuse_private(host, addresses)
        failure: Exception | None = None
        for address in addresses:
            try:
                stream = self._sockets.connect_tcp(address, port, _left(timeout), local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream)
        _left(None)
        assert failure is not None
        raise failure
