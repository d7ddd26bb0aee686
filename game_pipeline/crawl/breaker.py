"""A source's circuit breaker as a pure state machine: values in, values out. Where they are kept is `health`'s.

    closed --failures--> open --time--> half_open --good trials--> ramping --windows of successes--> closed
                          ^                 |                         |
                          +---- a bad one --+------- failures --------+

A person pauses from any state, resumes, and closes by force. Each rest is twice as long as the one before, up to a
cap, until the source is closed again; the cap is a higher one where the site will not have us.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum

from game_pipeline.settings import BreakerSettings

from .treatment import Evidence

__all__ = ["RAMP", "Admission", "Breaker", "Counts", "State", "admit", "after_call", "close", "pause", "resume"]

RAMP = (0.1, 0.3, 0.6)
"""Shares of the normal rate on the way back; the first also goes for trials. After the last comes the whole."""

DAY = dt.timedelta(days=1)


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    RAMPING = "ramping"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Counts:
    """Calls that said something about the site since the breaker last changed; of the window, and in a row till now.

    `addresses`: how many the failures were at, as far as one after the other was at another one.
    """

    calls: int = 0
    failures: int = 0
    failures_in_a_row: int = 0
    addresses: int = 0
    refusals_in_a_row: int = 0


@dataclass(frozen=True, slots=True)
class Breaker:
    """`rest`: seconds of the last rest since it was closed. `next_trial_at`: while open, when the first trial may go.
    `trial_until`: while somebody has the trial.

    `openings`: of the last day, without those after a failed trial. `attention_since`: since when it needs a person.
    """

    state: State
    since: dt.datetime
    reason: str | None = None
    next_trial_at: dt.datetime | None = None
    rest: float = 0.0
    ramp_step: int = 0
    good_trials: int = 0
    trial_until: dt.datetime | None = None
    failing_since: dt.datetime | None = None
    openings: tuple[dt.datetime, ...] = ()
    attention_since: dt.datetime | None = None

    @property
    def rate(self) -> float:
        """The share of the source's normal rate that it is asked at."""
        if self.state is State.CLOSED:
            return 1.0
        if self.state is State.RAMPING:
            return RAMP[self.ramp_step]
        return RAMP[0] if self.state is State.HALF_OPEN else 0.0


@dataclass(frozen=True, slots=True)
class Admission:
    """May a call go? `after` is the breaker that must stand first: a trial is claimed by writing it.

    `until`: when asking again may help, where that is known.
    """

    go: bool
    after: Breaker
    until: dt.datetime | None = None


def admit(breaker: Breaker, now: dt.datetime, trial_lease: dt.timedelta) -> Admission:
    """`trial_lease`: how long a call may take at most; a trial whose process died is free after it."""
    if breaker.state in (State.CLOSED, State.RAMPING):
        return Admission(True, breaker)
    if breaker.state is State.PAUSED:
        return Admission(False, breaker)
    if breaker.state is State.OPEN:
        if breaker.next_trial_at is not None and now < breaker.next_trial_at:
            return Admission(False, breaker, breaker.next_trial_at)
        claimed = replace(breaker, state=State.HALF_OPEN, since=now, next_trial_at=None, good_trials=0)
        return Admission(True, replace(claimed, trial_until=now + trial_lease))
    if breaker.trial_until is not None and now < breaker.trial_until:
        return Admission(False, breaker, breaker.trial_until)
    return Admission(True, replace(breaker, trial_until=now + trial_lease))


def after_call(
    breaker: Breaker,
    evidence: Evidence | None,
    counts: Counts,
    now: dt.datetime,
    settings: BreakerSettings,
    *,
    why: str = "",
    wait: float = 0.0,
    parked: bool = False,
) -> Breaker:
    """The breaker after a call that it had admitted; the very same object where nothing changes.

    `counts` include the call. `wait`: the seconds that the site asks to be left alone; `parked`: so many that nobody is
    to wait for them within a request.
    """
    if breaker.state is State.HALF_OPEN:
        return _after_trial(breaker, evidence, now, settings, why, wait)
    if breaker.state not in (State.CLOSED, State.RAMPING) or evidence is None:
        return breaker
    if evidence is Evidence.BARRED or counts.refusals_in_a_row >= settings.refusals:
        return _opened(breaker, now, settings, why, wait, blocked=True)
    if parked:
        return _opened(breaker, now, settings, why, wait)
    if evidence is not Evidence.GOOD and _too_many(counts, settings):
        told = f"{why} ({counts.failures} of {counts.calls} calls failed)"
        return _opened(breaker, now, settings, told, wait)
    if breaker.state is State.RAMPING and evidence is Evidence.GOOD:
        lasted = (now - breaker.since).total_seconds() >= settings.window
        if lasted and counts.calls >= settings.min_calls and not _too_many(counts, settings):
            if breaker.ramp_step + 1 == len(RAMP):
                return _closed(breaker, now)
            return replace(breaker, ramp_step=breaker.ramp_step + 1, since=now)
    return breaker


def _too_many(counts: Counts, settings: BreakerSettings) -> bool:
    if counts.addresses < 2:  # a page that is broken, however often it was tried, is not the site
        return False
    if counts.failures_in_a_row >= settings.min_calls:  # however long they took: a site may time out for hours
        return True
    return counts.calls >= settings.min_calls and counts.failures >= settings.failure_share * counts.calls


def _after_trial(
    breaker: Breaker,
    evidence: Evidence | None,
    now: dt.datetime,
    settings: BreakerSettings,
    why: str,
    wait: float,
) -> Breaker:
    if evidence is None:  # nothing was learnt; the next one may try
        return replace(breaker, trial_until=None)
    if evidence is not Evidence.GOOD:
        blocked = evidence in (Evidence.BARRED, Evidence.REFUSED)
        return _opened(breaker, now, settings, why, wait, blocked=blocked)
    if breaker.good_trials + 1 < settings.trials:
        return replace(breaker, good_trials=breaker.good_trials + 1, trial_until=None)
    return replace(breaker, state=State.RAMPING, since=now, ramp_step=0, trial_until=None)


def _opened(
    breaker: Breaker, now: dt.datetime, settings: BreakerSettings, why: str, wait: float, *, blocked: bool = False
) -> Breaker:
    # A site that will not have us is asked as seldom as any from the first time on, and then ever more seldom.
    first, longest = (
        (settings.longest_rest, settings.blocked_rest) if blocked else (settings.rest, settings.longest_rest)
    )
    rest = max(breaker.rest, min(max(2 * breaker.rest, first), longest))
    openings = tuple(at for at in breaker.openings if now - at < DAY)
    if breaker.state is not State.HALF_OPEN:
        openings = (*openings, now)
    failing_since = breaker.failing_since or now
    chronic = (
        blocked
        or (now - failing_since).total_seconds() >= settings.chronic_after
        or len(openings) >= settings.chronic_openings
    )
    return replace(
        breaker,
        state=State.OPEN,
        since=now,
        reason=why,
        next_trial_at=now + dt.timedelta(seconds=max(rest, wait)),
        rest=rest,
        ramp_step=0,
        good_trials=0,
        trial_until=None,
        failing_since=failing_since,
        openings=openings,
        attention_since=breaker.attention_since or (now if chronic else None),
    )


def _closed(breaker: Breaker, now: dt.datetime) -> Breaker:
    """What happened that day stays known: a source that opens again and again is a person's, too."""
    return Breaker(State.CLOSED, now, openings=breaker.openings)


def pause(breaker: Breaker, now: dt.datetime, why: str) -> Breaker:
    """Nothing is asked until a person resumes or closes. What is known of the trouble stays."""
    return replace(breaker, state=State.PAUSED, since=now, reason=why, next_trial_at=None, trial_until=None)


def resume(breaker: Breaker, now: dt.datetime, why: str | None) -> Breaker:
    """Let a paused source go on: at its normal rate, or, where it was not well, with a trial at once."""
    if not breaker.rest:
        return replace(_closed(breaker, now), reason=why)
    return replace(breaker, state=State.OPEN, since=now, reason=why or "resumed", next_trial_at=now, trial_until=None)


def close(now: dt.datetime, why: str) -> Breaker:
    """A person says that the source is well: its normal rate at once, nothing held against it."""
    return Breaker(State.CLOSED, now, why)
