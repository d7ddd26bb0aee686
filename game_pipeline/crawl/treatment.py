"""What is done about each kind of failure, at every level that could try again: the one table of it.

The levels do not multiply each other, since each lower one takes away what an upper one could repeat. A request is
tried again within a budget of the whole run; the asset's RetryPolicy asks only for the pages that are left, and only
after failures that may pass; a run is never started again for a failure at all (dagster.yaml: only where its process
died). Over all of them stands the source's breaker: whatever asks, a site that always fails gets `min_calls` requests,
and then one at each trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from .outcomes import FetchError, Kind, Outcome

__all__ = ["TREATMENTS", "Evidence", "RetryBudget", "Treatment", "evidence_of", "treatment_of"]

REFUSALS = frozenset({401, 403, 451})


class Evidence(StrEnum):
    """What a call says about the site. One that says nothing has no evidence (None)."""

    GOOD = "good"
    BAD = "bad"
    REFUSED = "refused"
    """This address is refused; a site that refuses several in a row will not have us."""
    BARRED = "barred"
    """A captcha or a login stands where the page should be: it will not have us, for certain."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """`attempts`: tries of one request in all, waits between them with full jitter or as long as the site asks.

    `asset`: whether the asset's RetryPolicy tries the pages that are left again. `stays_due`: whether the next run
    takes the page up at once; else it waits for its turn.
    """

    attempts: int
    asset: bool
    stays_due: bool


TREATMENTS: dict[Kind, Treatment] = {
    # Asking again gives the same: no such page, too big, a wrong address.
    Kind.PERMANENT: Treatment(attempts=1, asset=False, stays_due=False),
    # 5xx, timeouts, connections that break, bodies cut short.
    Kind.TRANSIENT: Treatment(attempts=4, asset=True, stays_due=True),
    # 429, or a long Retry-After: within the request it is waited for up to a cap; beyond, the source is parked.
    Kind.RATE_LIMITED: Treatment(attempts=4, asset=False, stays_due=True),
    # 401, 403, 451, captchas, robots.txt, addresses that we may not visit.
    Kind.BLOCKED: Treatment(attempts=1, asset=False, stays_due=False),
    # Our defect: nothing changes by asking, and the page is not to blame.
    Kind.OURS: Treatment(attempts=1, asset=False, stays_due=True),
}


def treatment_of(error: FetchError) -> Treatment:
    return TREATMENTS[error.kind]


def evidence_of(error: FetchError | None) -> Evidence | None:
    """What a call that was sent says about the site; `error` is None for a good reply.

    A 404 says that the site answers. What is our own doing, or never left this machine, says nothing.
    """
    if error is None:
        return Evidence.GOOD
    if error.outcome is Outcome.BLOCKED_BY_SITE:
        return Evidence.REFUSED if error.status in REFUSALS else Evidence.BARRED
    if error.kind is Kind.TRANSIENT or (error.kind is Kind.RATE_LIMITED and error.status is not None):
        return Evidence.BAD
    if error.kind is Kind.PERMANENT:
        if error.outcome is Outcome.NETWORK_ERROR:  # a certificate that is wrong is so for every page
            return Evidence.BAD
        return Evidence.GOOD if error.status is not None else None
    return None


class RetryBudget:
    """How many requests of a run may be second and later tries: a tenth of all, and a few in any case.

    One a run, shared by its attempts and threads.
    """

    def __init__(self, share: float = 0.1, at_least: int = 5) -> None:
        self.share = share
        self.at_least = at_least
        self.requests = 0
        self.retries = 0
        self._lock = Lock()

    def sent(self) -> None:
        with self._lock:
            self.requests += 1

    def take(self) -> bool:
        """Is there a retry left? Then it is taken."""
        with self._lock:
            left = self.retries < max(self.at_least, self.share * self.requests)
            self.retries += left
            return left
