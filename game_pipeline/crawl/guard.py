"""What every request for a source passes: its breaker says whether it may go and how fast, its outcome is noted, and a
retry is taken from the run's budget."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby

from game_pipeline.settings import BreakerSettings, CrawlSettings
from game_pipeline.store import Store

from .breaker import RAMP, Breaker, Counts, State, admit, after_call
from .health import Standing, change, note_call, prune_counts, read_health, read_standing
from .outcomes import FetchError, Kind, Outcome, redact
from .slots import LONGEST_ADAPTIVE
from .treatment import Evidence, RetryBudget, evidence_of

__all__ = ["Door", "Guard", "NotNow"]

TRUSTED_SECONDS = 1.0


class NotNow(FetchError):
    """Nothing was sent: the source rests, is paused, or somebody else has the trial (`parked`), or our own limits let
    nothing be sent (`postponed`). Its text says until when."""


class Door:
    """A door that stands open: for requests that belong to no source."""

    @contextmanager
    def call(self, url: str) -> Iterator[float]:
        """Around one request. Yields the factor that the delay of the host is to be stretched by."""
        yield 1.0

    def may_retry(self) -> bool:
        return True

    def before_wait(self) -> None:
        """Called before a turn, or another try, is waited for."""


class Guard(Door):
    """The door of one source, for one run or one look at it."""

    def __init__(
        self,
        store: Store,
        source: str,
        breaker: BreakerSettings,
        crawl: CrawlSettings,
        *,
        min_delay: float,
        correlation_id: str,
        budget: RetryBudget | None = None,
    ) -> None:
        self._store = store
        self._source = source
        self._settings = breaker
        self._longest_wait = crawl.retry_after_cap
        self._correlation_id = correlation_id
        self._budget = budget or RetryBudget()
        # The longest wait for a turn, the request, and something on top.
        turn = crawl.retry_after_cap + 2 * min_delay / RAMP[0] + LONGEST_ADAPTIVE
        longest = turn + crawl.total_deadline + 60
        self._trial_lease = dt.timedelta(seconds=longest)
        self._known: Standing | None = None
        self._known_at = 0.0
        self._together = False
        self._before_wait: Callable[[], None] = lambda: None
        self._good: list[Standing] = []  # of calls that went well and are not noted yet, as they were admitted
        self._good_since = 0.0

    @property
    def lets_through(self) -> bool:
        """Would a request go now, as far as is known without asking?"""
        return self._known is None or self._known.breaker.state not in (State.OPEN, State.PAUSED)

    def may_retry(self) -> bool:
        return self.lets_through and self._budget.take()

    def before_wait(self) -> None:
        self._tell()
        self._before_wait()

    @contextmanager
    def together(self, before_wait: Callable[[], None]) -> Iterator[None]:
        """Within, calls that went well are noted together: after a second, before one that did not, before anything is
        waited for (when `before_wait` is called, too) and at the end."""
        self._together, self._before_wait = True, before_wait
        try:
            yield
        finally:
            self._together, self._before_wait = False, lambda: None
            self._tell()

    @contextmanager
    def call(self, url: str) -> Iterator[float]:
        """Raises `NotNow` before anything is sent. What the body raises, or that it raises nothing, is noted."""
        admitted = self._admit(url)
        error: FetchError | None = None
        finished = False
        try:
            yield 1.0 / admitted.breaker.rate
            finished = True
        except FetchError as raised:
            error, finished = raised, True
            raise
        finally:
            if finished:
                self._note(admitted, url, error)
            else:  # cancelled, called off or a defect of ours: no evidence, but a trial is free again
                self._release(admitted)

    def _admit(self, url: str) -> Standing:
        while True:
            standing = self._standing()
            admission = admit(standing.breaker, standing.now, self._trial_lease)
            if not admission.go:
                wait = (admission.until - standing.now).total_seconds() if admission.until else None
                told = read_health(self._store, self._source).in_words
                raise NotNow(
                    Outcome.PARKED,
                    Kind.RATE_LIMITED,
                    f"nothing is asked of {self._source}: {told}",
                    url,
                    retry_after=wait,
                )
            if admission.after is standing.breaker:
                break
            claimed = change(self._store, self._source, standing, admission.after, correlation_id=self._correlation_id)
            if claimed is not None:
                self._know(claimed)
                standing = claimed
                break
            self._known = None  # somebody was faster
        self._budget.sent()
        return standing

    def _standing(self) -> Standing:
        known = self._known
        if known is None:
            prune_counts(self._store, self._source, self._settings)
        elif known.breaker.state in (State.CLOSED, State.RAMPING):
            # A breaker that lets pass is taken to do so for a moment: a busy crawl need not ask each time.
            age = time.monotonic() - self._known_at
            if age < TRUSTED_SECONDS:
                return known
        return self._know(read_standing(self._store, self._source))

    def _know(self, standing: Standing) -> Standing:
        self._known, self._known_at = standing, time.monotonic()
        return standing

    def _note(self, admitted: Standing, url: str, error: FetchError | None) -> None:
        evidence = evidence_of(error)
        if evidence is None:
            self._release(admitted)
        elif evidence is Evidence.GOOD and self._together and admitted.breaker.state is State.CLOSED:
            if not self._good:
                self._good_since = time.monotonic()
            self._good.append(admitted)
            if time.monotonic() - self._good_since > TRUSTED_SECONDS:
                self._tell()
        else:
            self._tell()
            self._count(admitted, evidence, url, error)

    def _tell(self) -> None:
        good, self._good = self._good, []
        for _, calls in groupby(good, key=lambda admitted: admitted.turn):
            same = list(calls)
            self._count(same[0], Evidence.GOOD, "", None, len(same))

    def _count(
        self, admitted: Standing, evidence: Evidence, url: str, error: FetchError | None, calls: int = 1
    ) -> None:
        noted = note_call(self._store, self._source, admitted.turn, evidence, self._settings, redact(url), calls=calls)
        if noted is None:
            self._known = None
            return
        standing, counts = noted
        wait = (error.retry_after if error else None) or 0.0
        after = after_call(
            standing.breaker,
            evidence,
            counts,
            standing.now,
            self._settings,
            why=error.message if error else "",
            wait=wait,
            parked=wait > self._longest_wait,
        )
        if after is standing.breaker:
            self._know(standing)
        else:
            self._change(standing, after)

    def _release(self, admitted: Standing) -> None:
        after = after_call(admitted.breaker, None, Counts(), admitted.now, self._settings)
        if after is not admitted.breaker:
            self._change(admitted, after)

    def _change(self, seen: Standing, after: Breaker) -> None:
        changed = change(self._store, self._source, seen, after, correlation_id=self._correlation_id)
        if changed is None:
            self._known = None
        else:
            self._know(changed)
