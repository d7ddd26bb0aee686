"""Connections kept open between requests, each to one host, over sockets that `network` guards."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from .addresses import Resolver
from .http1 import Connection
from .network import GuardedBackend

__all__ = ["Connections", "Origin"]

READ_TIMEOUT = 30.0
"""Seconds of silence after which a connection is given up; the deadline of the whole request may come first."""

KEPT = 10
KEPT_SECONDS = 15.0


class Origin(NamedTuple):
    """Whom a connection leads to."""

    secure: bool
    host: str
    port: int


class Connections:
    """Connections that are kept open between requests: to public hosts (`public_only`), or to whatever the operator
    routes to. Safe to share between threads.

    Two of these, never one: a connection that a route opened must not serve an address that a page named.
    """

    def __init__(self, resolver: Resolver, ssl_context: ssl.SSLContext, *, public_only: bool) -> None:
        self._backend = GuardedBackend(resolver, public_only=public_only)
        ssl_context.set_alpn_protocols(["http/1.1"])
        self._ssl_context = ssl_context
        self._idle: list[tuple[Origin, float, Connection]] = []  # the one used last comes last
        self._lock = threading.Lock()

    @contextmanager
    def to(self, origin: Origin, connect_timeout: float) -> Iterator[Connection]:
        """A connection for one request. It is kept if it may serve another, and closed else."""
        connection = self._take(origin) or self._open(origin, connect_timeout)
        try:
            yield connection
        finally:
            if connection.reusable:
                self._keep(origin, connection)
            else:
                connection.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for _, _, connection in idle:
            connection.close()

    def _take(self, origin: Origin) -> Connection | None:
        with self._lock:
            for position in range(len(self._idle) - 1, -1, -1):
                at, since, connection = self._idle[position]
                if at == origin:
                    del self._idle[position]
                    if time.monotonic() - since < KEPT_SECONDS and not connection.stale:
                        return connection
                    connection.close()
        return None

    def _keep(self, origin: Origin, connection: Connection) -> None:
        with self._lock:
            self._idle.append((origin, time.monotonic(), connection))
            dropped = [self._idle.pop(0)] if len(self._idle) > KEPT else []
        for _, _, old in dropped:
            old.close()

    def _open(self, origin: Origin, connect_timeout: float) -> Connection:
        stream = self._backend.connect_tcp(origin.host, origin.port, connect_timeout)
        if origin.secure:
            try:
                stream = stream.start_tls(self._ssl_context, origin.host, connect_timeout)
            except BaseException:
                stream.close()
                raise
        return Connection(stream, READ_TIMEOUT)
