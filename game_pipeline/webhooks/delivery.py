"""One pass over a webhook: take over what the log gained, send what is due, and write down what became of it.

A delivery is sent first and written down afterwards: whoever is killed in between, it is sent again, never lost.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from game_pipeline.settings import WebhookSettings
from game_pipeline.store import Store

from .message import event_message, signed_headers
from .outbox import (
    Due,
    begin,
    count_pending,
    due,
    mark_delivered,
    mark_failed,
    pause,
    prune,
    read_state,
    stop,
    take_over,
)
from .schedule import asked_pause, next_attempt
from .sender import Answer, Sender

__all__ = ["Clock", "Delivered", "deliver"]

BATCH = 100
SILENT = 5
"""After so many deliveries in a row without any answer a pass ends: the rest would only wait in vain, too."""

log = logging.getLogger(__name__)

Clock = Callable[[], dt.datetime]


@dataclass(slots=True)
class Delivered:
    """What a pass came to. `pending`: what still waits. `note`: why the pass ended early, or was not made at all."""

    webhook: str
    taken: int = 0
    delivered: int = 0
    failed: int = 0
    dead: int = 0
    pending: int = 0
    note: str | None = None
    last_error: str | None = None


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def deliver(
    store: Store, name: str, settings: WebhookSettings, *, clock: Clock = _now, seconds: float | None = None
) -> Delivered:
    """Send what is due of one webhook; each delivery is tried once at most. What fails is in the result.

    One pass at a time: where another process is at it, this one leaves it alone. `seconds`: begin no delivery later
    than that.
    """
    outcome = Delivered(name)
    if not settings.enabled:
        outcome.note = "switched off in the settings"
        return outcome
    begin(store, name)
    outcome.taken = take_over(store, name, settings, clock())
    with _alone(store, name) as connection:
        if connection is None:
            outcome.note = "another process is delivering"
            return outcome
        with Sender() as sender:
            _Pass(connection, sender, settings, clock, outcome, seconds).run()
        prune(connection, name, clock() - dt.timedelta(days=settings.keep_days))
        outcome.pending = count_pending(connection, name)
    return outcome


@contextmanager
def _alone(store: Store, name: str) -> Iterator[Connection[DictRow] | None]:
    """A connection that holds the webhook's lock; None where somebody else holds it.

    All is written down over that very connection: whoever loses the lock with it cannot go on by mistake.
    """
    with psycopg.connect(
        store.url, autocommit=True, row_factory=dict_row, application_name=f"game_pipeline webhook {name}"
    ) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 3)) AS got", (name,)).fetchone()
        yield connection if row and row["got"] else None


class _Pass:
    """The sending part of a pass."""

    def __init__(
        self,
        connection: Connection[DictRow],
        sender: Sender,
        settings: WebhookSettings,
        clock: Clock,
        outcome: Delivered,
        seconds: float | None,
    ) -> None:
        self._connection = connection
        self._sender = sender
        self._settings = settings
        self._keys = settings.keys()
        self._clock = clock
        self._outcome = outcome
        self._name = outcome.webhook
        self._ends = None if seconds is None else time.monotonic() + seconds
        self._held: set[str] = set()
        self._silent = 0

    def run(self) -> None:
        state = read_state(self._connection, self._name)
        now = self._clock()
        if state["state"] == "stopped":
            self._outcome.note = f"stopped: {state['reason']}; go on with: game-pipeline webhook resume {self._name}"
        elif state["not_before"] is not None and state["not_before"] > now:
            self._outcome.note = f"pauses until {state['not_before'].astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
        else:
            self._send_due(now)

    def _send_due(self, now: dt.datetime) -> None:
        after = 0
        while self._outcome.note is None and (
            batch := due(self._connection, self._name, after=after, now=now, limit=BATCH)
        ):
            after = batch[-1].position
            for delivery in batch:
                if delivery.lane in self._held:
                    continue
                if self._ends is not None and time.monotonic() >= self._ends:
                    self._outcome.note = "the time for one pass is over"
                if self._outcome.note is not None:
                    return
                self._send(delivery)

    def _send(self, delivery: Due) -> None:
        message = event_message(delivery.event)
        headers = signed_headers(message, self._keys, self._clock())
        answer = self._sender.post(self._settings.url, headers, message.body, self._settings.timeout)
        now = self._clock()
        log.info("%s %s: %s", self._name, message.id, answer.error or answer.status)
        self._silent = self._silent + 1 if answer.status is None else 0
        if answer.delivered:
            mark_delivered(self._connection, self._name, delivery.position, answer.status, now)
            self._outcome.delivered += 1
        else:
            self._write_failure(delivery, answer, now)

    def _write_failure(self, delivery: Due, answer: Answer, now: dt.datetime) -> None:
        self._outcome.last_error = answer.error
        again_at: dt.datetime | None = next_attempt(self._settings, delivery.attempts + 1, now)
        asked = asked_pause(answer.retry_after, now) if answer.status in (429, 503) else None
        with self._connection.transaction():
            if answer.status == 410:  # nothing is wrong with this delivery: it waits with the rest for a person
                again_at = now
                reason = f"the receiver answered 410 Gone on {now.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
                stop(self._connection, self._name, reason)
                self._outcome.note = f"stopped: {reason}; go on with: game-pipeline webhook resume {self._name}"
            elif delivery.attempts + 1 >= self._settings.max_attempts:
                again_at = None
            if asked:
                again_at = again_at and max(again_at, now + asked)
                pause(self._connection, self._name, now + asked)
                self._outcome.note = f"the receiver asked for a pause of {asked.total_seconds():.0f} s"
            mark_failed(self._connection, self._name, delivery.position, answer, again_at=again_at, now=now)
        if self._silent >= SILENT and self._outcome.note is None:
            self._outcome.note = "the receiver does not answer"
        if again_at is None:
            self._outcome.dead += 1  # it no longer holds up what comes after it
            return
        self._outcome.failed += 1
        self._held.add(delivery.lane)
