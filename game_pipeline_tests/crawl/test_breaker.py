"""The state machine of a source's breaker: what never happens, and how it goes in full."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.crawl.breaker import (
    RAMP,
    Breaker,
    Counts,
    State,
    admit,
    after_call,
    close,
    pause,
    resume,
)
from game_pipeline.crawl.treatment import Evidence
from game_pipeline.settings import BreakerSettings

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LEASE = dt.timedelta(minutes=8)
SETTINGS = BreakerSettings()
GOOD, BAD, REFUSED, BARRED = Evidence.GOOD, Evidence.BAD, Evidence.REFUSED, Evidence.BARRED


@dataclass
class Source:
    """A breaker with a clock and the counting that the database does, call by call."""

    settings: BreakerSettings = field(default_factory=lambda: SETTINGS)
    now: dt.datetime = START
    breaker: Breaker = field(default_factory=lambda: Breaker(State.CLOSED, START))
    history: list[Breaker] = field(default_factory=list)
    sent: list[dt.datetime] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self.history.append(self.breaker)
        self._calls: list[tuple[dt.datetime, Evidence]] = []

    def wait(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def call(self, evidence: Evidence | None, *, wait: float = 0.0, parked: bool = False) -> bool:
        """One call that ends so, if the breaker lets it go."""
        admission = admit(self.breaker, self.now, LEASE)
        if not admission.go:
            self.refused += 1
            return False
        self.stand(admission.after)
        self.sent.append(self.now)
        if evidence is not None:
            self._calls.append((self.now, evidence))
        counts = self.counts()
        after = after_call(self.breaker, evidence, counts, self.now, self.settings, why="500", wait=wait, parked=parked)
        self.stand(after)
        return True

    def call_until(self, state: State, evidence: Evidence) -> None:
        """A call a minute until it stands so."""
        while self.breaker.state is not state:
            self.wait(60)
            self.call(evidence)

    def counts(self) -> Counts:
        window = dt.timedelta(seconds=self.settings.window)
        recent = [evidence for at, evidence in self._calls if self.now - at < window]
        return Counts(
            calls=len(recent),
            failures=sum(evidence is not GOOD for evidence in recent),
            addresses=2,
            failures_in_a_row=_in_a_row([each for _, each in self._calls], (BAD, REFUSED, BARRED)),
            refusals_in_a_row=_in_a_row([each for _, each in self._calls], (REFUSED, BARRED)),
        )

    def stand(self, after: Breaker) -> None:
        if after is not self.breaker:
            self._calls.clear()
            self.breaker = after
            self.history.append(after)

    def states(self) -> list[str]:
        """The states it went through, with the rate on the way back."""
        told = [
            f"{each.state} {each.rate:g}" if each.state == State.RAMPING else str(each.state) for each in self.history
        ]
        return [told[0], *(after for before, after in pairwise(told) if after != before)]


def _in_a_row(seen: Sequence[Evidence], kinds: tuple[Evidence, ...]) -> int:
    count = 0
    for each in reversed(seen):
        if each not in kinds:
            break
        count += 1
    return count


CALLS = st.tuples(
    st.sampled_from([0.0, 1.0, 20.0, 61.0, 700.0, 4000.0]),
    st.sampled_from([GOOD, GOOD, BAD, BAD, REFUSED, BARRED, None]),
)
ORDERS = st.tuples(st.sampled_from([0.0, 100.0]), st.sampled_from(["pause", "resume", "close"]))


def _play(steps: Sequence[tuple[float, Evidence | str | None]], settings: BreakerSettings) -> Source:
    source = Source(settings)
    for seconds, step in steps:
        source.wait(seconds)
        if step == "pause":
            source.stand(pause(source.breaker, source.now, "asked to"))
        elif step == "resume" and source.breaker.state is State.PAUSED:
            source.stand(resume(source.breaker, source.now, None))
        elif step == "close":
            source.stand(close(source.now, "it is well"))
        elif step is None or isinstance(step, Evidence):
            source.call(step)
    return source


FAST = BreakerSettings(window=30, min_calls=2, trials=2)

NEXT = {
    State.CLOSED: {State.OPEN},
    State.OPEN: {State.HALF_OPEN},
    State.HALF_OPEN: {State.HALF_OPEN, State.OPEN, State.RAMPING},
    State.RAMPING: {State.RAMPING, State.OPEN, State.CLOSED},
    State.PAUSED: set(),
}


@given(st.lists(CALLS, max_size=80), st.sampled_from([SETTINGS, FAST]))
def test_by_itself_it_goes_only_the_ways_of_the_picture(
    steps: list[tuple[float, Evidence | None]], how: BreakerSettings
) -> None:
    source = _play(steps, how)
    for before, after in pairwise(source.history):
        assert after.state in NEXT[before.state]


@given(st.lists(st.one_of(CALLS, ORDERS), max_size=80))
def test_whatever_people_order_its_facts_fit_its_state(steps: list[tuple[float, Evidence | str | None]]) -> None:
    for each in _play(steps, FAST).history:
        assert (each.next_trial_at is not None) == (each.state is State.OPEN)
        assert each.trial_until is None or each.state is State.HALF_OPEN
        assert 0 <= each.ramp_step < len(RAMP)
        assert 0 <= each.rate <= 1
        if each.state is State.CLOSED:
            assert (each.rest, each.failing_since, each.attention_since) == (0, None, None)
        if each.state in (State.OPEN, State.HALF_OPEN, State.RAMPING):
            assert each.rest > 0
            assert each.failing_since is not None


@given(st.lists(CALLS, max_size=80))
def test_rests_grow_until_it_is_closed_and_never_beyond_the_cap(steps: list[tuple[float, Evidence | None]]) -> None:
    longest = 0.0
    for before, after in pairwise(_play(steps, FAST).history):
        if after.state is State.CLOSED:
            longest = 0.0
        if after.state is State.OPEN and before.state is not State.OPEN:
            assert after.next_trial_at
            rest = (after.next_trial_at - after.since).total_seconds()
            assert longest <= rest <= FAST.blocked_rest
            longest = rest


@given(st.lists(CALLS, max_size=120))
def test_the_way_back_goes_up_a_step_at_a_time(steps: list[tuple[float, Evidence | None]]) -> None:
    for before, after in pairwise(_play(steps, FAST).history):
        if before.state is State.RAMPING and after.state is State.RAMPING:
            assert after.ramp_step == before.ramp_step + 1
        if before.state is State.HALF_OPEN and after.state is State.RAMPING:
            assert after.ramp_step == 0
        if before.state is State.RAMPING and after.state is State.CLOSED:
            assert before.ramp_step == len(RAMP) - 1


@given(st.lists(st.sampled_from([0.0, 1.0, 100.0, 479.0, 480.0]), min_size=1, max_size=20))
def test_one_trial_at_a_time_until_its_lease_is_over(pauses: list[float]) -> None:
    now = START + dt.timedelta(hours=1)
    breaker = Breaker(State.OPEN, START, next_trial_at=now, rest=60, failing_since=START)
    free_at = now
    for seconds in pauses:
        now += dt.timedelta(seconds=seconds)
        admission = admit(breaker, now, LEASE)
        assert admission.go == (now >= free_at)
        if admission.go:
            breaker, free_at = admission.after, now + LEASE
            assert breaker.trial_until == free_at
        else:
            assert admission.until == free_at


@given(st.lists(st.sampled_from([GOOD, None]), max_size=100), st.sampled_from([SETTINGS, FAST]))
def test_what_says_nothing_bad_never_opens_it(calls: list[Evidence | None], how: BreakerSettings) -> None:
    assert _play([(1.0, each) for each in calls], how).states() == ["closed"]


def test_a_whole_cycle() -> None:
    source = Source()
    for _ in range(8):
        source.call(BAD)
    assert (source.breaker.state, source.breaker.reason) == (State.OPEN, "500 (8 of 8 calls failed)")
    source.wait(59)
    assert not source.call(GOOD)
    source.wait(1)
    while source.breaker.state is not State.CLOSED:
        assert source.call(GOOD)
        source.wait(2 / source.breaker.rate)
    assert source.states() == ["closed", "open", "half_open", "ramping 0.1", "ramping 0.3", "ramping 0.6", "closed"]


def test_a_step_of_the_way_back_takes_a_window() -> None:
    source = Source(breaker=Breaker(State.RAMPING, START, rest=60, failing_since=START))
    for _ in range(29):
        source.wait(20)
        source.call(GOOD)
    assert source.breaker.ramp_step == 0
    source.wait(20)
    source.call(GOOD)
    assert source.breaker.ramp_step == 1


def test_failures_on_the_way_back_open_it_for_longer_than_before() -> None:
    source = Source(breaker=Breaker(State.RAMPING, START, rest=120, failing_since=START))
    for _ in range(8):
        source.call(BAD)
    assert source.breaker.next_trial_at == START + dt.timedelta(seconds=240)


def test_less_than_half_of_the_calls_may_fail() -> None:
    source = Source()
    for _ in range(200):
        for evidence in (GOOD, BAD, GOOD, GOOD, BAD):
            source.wait(1)
            source.call(evidence)
    assert source.states() == ["closed"]
    assert source.breaker.state is State.CLOSED


def test_a_site_that_only_times_out_opens_it_however_long_each_takes() -> None:
    source = Source()
    for _ in range(8):
        source.wait(3600)  # never two in one window
        source.call(BAD)
    assert source.breaker.state is State.OPEN


def test_one_page_that_fails_is_not_the_site_however_often_it_is_tried() -> None:
    breaker = Breaker(State.CLOSED, START)
    often = Counts(calls=100, failures=100, failures_in_a_row=100, addresses=1)
    assert after_call(breaker, BAD, often, START, SETTINGS) is breaker


def test_refusals_open_it_at_the_third_for_as_long_as_it_goes_and_call_a_person() -> None:
    source = Source()
    for evidence in (GOOD, REFUSED, REFUSED, GOOD, REFUSED, REFUSED):
        source.call(evidence)
    assert source.breaker.state is State.CLOSED
    source.call(REFUSED)
    assert source.breaker.next_trial_at == START + dt.timedelta(hours=1)
    assert source.breaker.attention_since == START


def test_a_captcha_opens_it_at_once_and_is_looked_at_ever_more_seldom() -> None:
    source = Source()
    source.call(BARRED)
    assert (source.breaker.state, source.breaker.attention_since) == (State.OPEN, START)
    while source.now - START < dt.timedelta(days=6):
        source.wait(60)
        source.call(BARRED)
    hours = [round((after - before).total_seconds() / 3600) for before, after in pairwise(source.sent)]
    assert hours == [1, 2, 4, 8, 16, 24, 24, 24, 24]


def test_a_site_that_asks_for_a_long_pause_gets_it() -> None:
    source = Source()
    source.call(BAD, wait=7200, parked=True)
    assert source.breaker.next_trial_at == START + dt.timedelta(hours=2)


def test_a_site_that_fails_for_a_day_is_asked_36_times_and_then_a_person_is() -> None:
    source = Source()
    while source.now - START < dt.timedelta(days=1):
        source.call(BAD)
        source.wait(1)
    # 8 until it opened; trials after 1, 3, 7, 15, 31 and 63 minutes, and each hour from then on
    assert len(source.sent) == 8 + 6 + 22
    assert source.breaker.attention_since is None
    source.wait(3600)
    source.call(BAD)
    assert source.breaker.attention_since == source.now


def test_a_source_that_opens_five_times_a_day_is_a_persons() -> None:
    source = Source()
    for opening in range(1, 6):
        source.call_until(State.OPEN, BAD)
        assert (source.breaker.attention_since is not None) == (opening == 5)
        source.call_until(State.CLOSED, GOOD)
    assert source.now - START < dt.timedelta(days=1)


@pytest.mark.parametrize(("rest", "state"), [(0, State.CLOSED), (240, State.OPEN)])
def test_a_paused_source_goes_on_as_it_was(rest: float, state: State) -> None:
    paused = pause(Breaker(State.CLOSED, START, rest=rest, failing_since=START), START, "they asked us to")
    assert not admit(paused, START + dt.timedelta(days=300), LEASE).go
    resumed = resume(paused, START, None)
    assert (resumed.state, resumed.rest) == (state, rest)
    assert admit(resumed, START, LEASE).go
