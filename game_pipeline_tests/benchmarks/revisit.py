"""Freshness per request: our revisit plan beside uniform visits and Nutch's AdaptiveFetchSchedule.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.revisit

Pages change at simulated moments; a schedule sees only what its own visits find. Nutch's rule runs first and decides
how many requests there are; uniform and ours get that budget. Three measures, the less the better: `stale`, the share
of time in which our copy is not the site's; `age`, mean days since the oldest change we lack; `penalty`, the mean over
time of H(n) for n changes lacked (what the plan minimises). Our plan knows no rate: it estimates, and is renewed daily.

The real series are the captures of instead-games.ru (each game taken for a page that changed at some moment between two
captures); the synthetic ones are Poisson processes. The first lines are the cost of a plan in PostgreSQL.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
import resource
import tempfile
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg

from game_pipeline.crawl import replan
from game_pipeline.crawl.revisit import (
    JITTER,
    Bounds,
    PageGroup,
    Pool,
    change_rate,
    pooled_prior,
    price_of,
    visit_rate,
)
from game_pipeline.settings import Settings
from game_pipeline.sources import SOURCES, Page
from game_pipeline.store import Store
from game_pipeline.store.embedded import EmbeddedPostgres
from game_pipeline.store.migrations import migrate
from game_pipeline_tests.shared import SAMPLES

SHORTEST, LONGEST = 0.25, 365.0  # the same limits for all
SEEDS = 5

World = list[list[float]]
"""Of each page the days on which it changes."""


@dataclass(slots=True)
class Seen:
    """What a schedule knows of a page."""

    last: float
    changed_at: float
    interval: float
    polls: int = 0
    changes: int = 0
    days: float = 0.0


@dataclass(slots=True)
class Result:
    requests: int = 0
    stale: float = 0.0
    age: float = 0.0
    penalty: float = 0.0
    visits: Counter[int] = field(default_factory=Counter)


Next = Callable[[int, Seen, float, bool], float]


def simulate(
    world: World, days: float, first: Sequence[float], plan: Next, renew: Callable[[list[Seen]], None]
) -> Result:
    """Visit pages from day 0, when all are fresh. `plan` gives the day of a page's next visit."""
    result = Result()
    seen = [Seen(0.0, 0.0, interval) for interval in first]
    rng = random.Random(7)
    queue = [(interval * rng.random(), page) for page, interval in enumerate(first)]
    heapq.heapify(queue)
    renewed = 0.0
    while queue and queue[0][0] < days:
        now, page = heapq.heappop(queue)
        if now - renewed >= 1:
            renew(seen)
            renewed = now
        state = seen[page]
        lacked = between(world[page], state.last, now)
        charge(result, lacked, now)
        state.polls, state.changes, state.days = (
            state.polls + 1,
            state.changes + bool(lacked),
            state.days + now - state.last,
        )
        state.last = now
        result.requests += 1
        heapq.heappush(queue, (plan(page, state, now, bool(lacked)), page))
    for page, state in enumerate(seen):
        charge(result, between(world[page], state.last, days), days)
    time_of_all = len(world) * days
    result.stale, result.age, result.penalty = (
        value / time_of_all for value in (result.stale, result.age, result.penalty)
    )
    return result


def between(changes: Sequence[float], start: float, end: float) -> Sequence[float]:
    return changes[bisect_right(changes, start) : bisect_right(changes, end)]


def charge(result: Result, lacked: Sequence[float], now: float) -> None:
    """Add up what the visit at `now` ends: `lacked` are the days of the changes it finds."""
    if not lacked:
        return
    result.stale += now - lacked[0]
    result.age += (now - lacked[0]) ** 2 / 2
    result.penalty += sum((now - at) / place for place, at in enumerate(lacked, start=1))


def nothing(seen: list[Seen]) -> None:
    """A schedule that needs no renewal."""


def nutch(world: World, days: float, *, sync: bool) -> Result:
    """Nutch's AdaptiveFetchSchedule with the values of nutch-default.xml: inc_rate 0.4, dec_rate 0.2, first interval 30
    days, longest 365, sync_delta with 0.3 (`sync`: without it the rule is the two factors alone)."""

    def plan(page: int, state: Seen, now: float, changed: bool) -> float:
        state.interval *= 0.8 if changed else 1.4
        shift = 0.0
        if changed:
            state.changed_at = now
        if sync:
            delta = now - state.changed_at
            state.interval = max(state.interval, delta)
            shift = 0.3 * delta
        state.interval = min(max(state.interval, SHORTEST), LONGEST)
        return max(now - shift + state.interval, now + SHORTEST)

    return simulate(world, days, [30.0] * len(world), plan, nothing)


def uniform(world: World, days: float, budget: float) -> Result:
    interval = min(max(len(world) / budget, SHORTEST), LONGEST)
    return simulate(world, days, [interval] * len(world), lambda page, state, now, changed: now + interval, nothing)


def ours(world: World, days: float, budget: float) -> Result:
    rng = random.Random(11)
    bounds = Bounds.of(SHORTEST, LONGEST, len(world), budget)
    first = len(world) / budget
    planned = [first] * len(world)

    def renew(seen: list[Seen]) -> None:
        prior = pooled_prior(Pool.of((state.polls, state.changes, state.days) for state in seen))
        rates = [round(math.log(change_rate(s.polls, s.changes, s.days, prior)), 1) for s in seen]
        groups = [PageGroup(math.exp(rate), 1, n) for rate, n in Counter(rates).items()]
        price = price_of(groups, budget, bounds)
        of_rate = {rate: 1 / visit_rate(math.exp(rate), 1, price, bounds) for rate in set(rates)}
        planned[:] = [of_rate[rate] for rate in rates]

    def plan(page: int, state: Seen, now: float, changed: bool) -> float:
        return now + planned[page] * (1 + rng.uniform(-JITTER, JITTER))

    return simulate(world, days, planned, plan, renew)


# The worlds ---------------------------------------------------------------------------------------------------------


def poisson(rates: Sequence[float], days: float, seed: int) -> World:
    rng = random.Random(seed)
    world: World = []
    for rate in rates:
        moments, now = [], rng.expovariate(rate)
        while now < days:
            moments.append(now)
            now += rng.expovariate(rate)
        world.append(moments)
    return world


def instead_series(seed: int) -> tuple[World, float]:
    """The games of the list as pages; a change lies at a random moment between the two captures that differ."""
    files = sorted((SAMPLES / "instead_games").glob("xml.php-*.xml"))
    source = SOURCES["instead_games"]
    rng = random.Random(seed)
    days = [date.fromisoformat(file.stem.removeprefix("xml.php-")).toordinal() for file in files]
    captures = []
    for file in files:
        records = source.parse(Page(url="https://instead-games.ru/xml.php", body=file.read_bytes(), key="approved"))
        captures.append({record.identity: record.field_hashes(source.volatile) for record in records})
    changes: dict[str, list[float]] = {identity: [] for identity in captures[0]}
    for (start, old), (end, new) in itertools.pairwise(zip(days, captures, strict=True)):
        for identity, fields in new.items():
            known = old.get(identity)
            # Fields that one of the captures does not have at all are the format's growth, not the game's.
            if known and any(known[name] != fields[name] for name in known.keys() & fields.keys()):
                changes.setdefault(identity, []).append(rng.uniform(start, end) - days[0])
            changes.setdefault(identity, [])
    return [sorted(moments) for moments in changes.values()], float(days[-1] - days[0])


def compare(name: str, worlds: Sequence[tuple[World, float]]) -> None:
    pages = len(worlds[0][0])
    changes = sum(len(page) for world, _ in worlds for page in world) / len(worlds)
    print(f"{name}: {pages} pages, {changes:.0f} changes in {worlds[0][1]:.0f} days")
    for sync in (True, False):
        theirs = [nutch(world, days, sync=sync) for world, days in worlds]
        budgets = [result.requests / days for result, (_, days) in zip(theirs, worlds, strict=True)]
        show("nutch" if sync else "nutch, no sync_delta", theirs)
        for label, schedule in (("  uniform", uniform), ("  ours", ours)):
            show(label, [schedule(*world, budget) for world, budget in zip(worlds, budgets, strict=True)])


def show(label: str, runs: Sequence[Result]) -> None:
    n = len(runs)
    print(
        f"  {label:20} {sum(run.requests for run in runs) / n:7.0f} requests  "
        f"stale {sum(run.stale for run in runs) / n:.4f}  age {sum(run.age for run in runs) / n:.3f} d  "
        f"penalty {sum(run.penalty for run in runs) / n:.4f}"
    )


def cost(pages: int) -> None:
    """The time of a plan for so many pages, and what it adds to this process's memory."""
    with tempfile.TemporaryDirectory(prefix="revisit-", dir="/tmp") as directory:
        base = Path(directory)
        base.chmod(0o755)
        server = EmbeddedPostgres(base / "data", state_root=base / "state")
        url = server.start().url("postgres")
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                migrate(connection)
            with Store(url) as store:
                store.execute(_FILL, (pages,))
                source = SOURCES["ifdb"]
                for which in ("first", "second"):
                    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                    begun = time.monotonic()
                    plan = replan(store, source, Settings())
                    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
                    print(
                        f"{which} plan of {pages} pages: {time.monotonic() - begun:.2f} s, {plan.moved} turns moved, "
                        f"memory of the process +{grown / 1024:.1f} MB"
                    )
        finally:
            server.stop()


_FILL = """
INSERT INTO source_url_state (source, page_key, segment, url, request_url, last_good_at, next_check_at, first_seen_at,
                              poll_count, poll_changes, poll_days, weight)
SELECT 'ifdb', n::text, 'a', '', '', now(), now() + interval '14 days', now() - interval '1 year',
       n %% 40, (n %% 40) * (n %% 7) / 9, (n %% 40) * (3 + n %% 20), 1 + n %% 3
FROM generate_series(1, %s) AS n
"""


def main() -> None:
    for pages in (1_000, 100_000):  # first: the peak of this process's memory must be theirs
        cost(pages)
    rng = random.Random(1)
    mixed = [10 ** rng.uniform(-3.5, 0) for _ in range(500)]
    compare("Poisson, rates from 1/3000 to 1 a day", [(poisson(mixed, 730, seed), 730.0) for seed in range(SEEDS)])
    few = [0.5 if page % 20 == 0 else 0.002 for page in range(500)]
    compare("Poisson, every 20th page 250 times as quick", [(poisson(few, 730, s), 730.0) for s in range(SEEDS)])
    equal = [0.02] * 500
    compare("Poisson, all rates equal", [(poisson(equal, 730, seed), 730.0) for seed in range(SEEDS)])
    if SAMPLES.is_dir():
        compare("instead-games.ru 2015 to 2018", [instead_series(seed) for seed in range(SEEDS)])
    else:
        print(f"instead-games.ru: skipped, the captures are not at {SAMPLES}")


if __name__ == "__main__":
    main()
