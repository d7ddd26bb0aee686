"""How often each page is worth a look: the mathematics alone. `replan` brings it to the pages of a source.

Two ideas. A page's changes are taken for a Poisson process whose rate is estimated from what polls found (Cho and
Garcia-Molina, "Estimating Frequency of Change", ACM TOIT 2003). The host's requests are then shared out so that as few
changes as possible are missed, weighed by importance (Kolobov, Peres, Lu, Horvitz, "Staying up to Date with Online
Content Changes Using Reinforcement Learning for Scheduling", NeurIPS 2019): with changes at rate D and polls at rate p
the number of changes missed is geometric, the harmonic penalty of a page is mu * ln(1 + D / p), and the sum of them is
least where

    p = (-D + sqrt(D^2 + 4 mu D / lambda)) / 2

with one lambda for all pages of the host. Unlike binary freshness this starves nobody: p grows with D. Times are in
days, rates are per day.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "JITTER",
    "Bounds",
    "PageGroup",
    "Pool",
    "Prior",
    "budget_of",
    "change_rate",
    "pooled_prior",
    "price_of",
    "visit_rate",
]

JITTER = 0.15
"""A page comes up to this share of its interval earlier or later, so that what was imported at once drifts apart."""

START_CHECKS = 4.0
START_INTERVAL = 30.0
START_RATE = 1 / 90
"""What is thought of a source that nobody has polled: four checks a month apart, a change in three months a page."""

WEAKEST, STRONGEST = 1.0, 50.0
"""Checks that the other pages' word may count for beside a page's own."""

SHORTEST_INTERVAL = 0.001
"""Days; looks nearer to each other than a minute and a half tell no more, and would divide by nothing."""

FEWEST = 8.0


@dataclass(frozen=True, slots=True)
class Pool:
    """The polls of all pages of a source: sums over the pages, of their squares and products, too."""

    polls: float = 0.0
    changes: float = 0.0
    days: float = 0.0
    polls_squared: float = 0.0
    changes_squared: float = 0.0
    polls_times_changes: float = 0.0

    @classmethod
    def of(cls, pages: Iterable[tuple[float, float, float]]) -> Pool:
        """From (polls, changes, days) of each page."""
        rows = [(n, x, t, n * n, x * x, n * x) for n, x, t in pages]
        return cls(*(sum(column) for column in zip(*rows, strict=True))) if rows else cls()


@dataclass(frozen=True, slots=True)
class Prior:
    """What a page's own polls are mixed with: so many days of watching a page that changes at `rate`."""

    days: float
    rate: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lowest and the highest rate of visits, a day, that a page may get."""

    lowest: float
    highest: float

    @classmethod
    def of(cls, shortest: float, longest: float, pages: int, budget: float) -> Bounds:
        """From the intervals a source allows, which hold with the jitter, too.

        The floor is what keeps a page that never changes under observation. A budget that does not pay for it is
        shared equally: the promise to the site goes over the promise to look.
        """
        highest = 1 / (shortest / (1 - JITTER))
        fair = budget / pages if pages else math.inf
        return cls(min((1 + JITTER) / longest, fair, highest), highest)


@dataclass(frozen=True, slots=True)
class PageGroup:
    """So many pages of the same estimated rate and importance."""

    rate: float
    importance: float
    pages: int


def change_rate(polls: float, changes: float, days: float, prior: Prior) -> float:
    """Changes a day of a page that `polls` looks, `days` apart in sum, found changed `changes` times.

    Cho and Garcia-Molina's estimator for checks at equal intervals, `-ln((unchanged + 0.5) / (n + 0.5)) / I`, over the
    page's own checks, at their mean interval, and as many as the prior's days hold. Several changes between two looks
    count once, which the logarithm makes good.
    """
    interval = max(days / polls, SHORTEST_INTERVAL) if polls else START_INTERVAL
    borrowed = prior.days / interval
    unchanged = polls - changes + borrowed * math.exp(-prior.rate * interval)
    return -math.log((unchanged + 0.5) / (polls + borrowed + 0.5)) / interval


def pooled_prior(pool: Pool) -> Prior:
    """What the polls of all pages of a source say of a page of its own (empirical Bayes).

    How much they say follows from how much the pages differ: each page's chance of having changed at a check is taken
    from one beta distribution, and the method of moments for the beta-binomial gives the checks that it is worth. Pages
    that all change alike, or too few changes to tell, make it strong, so that chance hits do not pass for habits.
    """
    polls = pool.polls + START_CHECKS
    chance = (pool.changes - START_CHECKS * math.expm1(-START_RATE * START_INTERVAL)) / polls
    interval = (pool.days + START_CHECKS * START_INTERVAL) / polls
    pairs = pool.polls_squared - pool.polls
    excess = (
        pool.changes_squared
        - 2 * chance * pool.polls_times_changes
        + chance**2 * pool.polls_squared
        - pool.polls * chance * (1 - chance)
    )
    checks = min(STRONGEST, START_CHECKS + pool.polls / 20)
    if excess > 0 and pairs > 0:
        checks = min(max(chance * (1 - chance) * pairs / excess - 1, WEAKEST), checks)
    return Prior(checks * interval, -math.log1p(-chance * polls / (polls + 0.5)) / interval)


def visit_rate(rate: float, importance: float, price: float, bounds: Bounds) -> float:
    """Visits a day of a page, `price` being lambda: what one more visit must be worth to be made."""
    if rate <= 0 or importance <= 0:
        return bounds.lowest
    worth = importance / price
    # The closed form, free of the cancellation that (-D + sqrt(...)) suffers where D is large.
    best = 2 * worth / (1 + math.sqrt(1 + 4 * worth / rate))
    return min(max(best, bounds.lowest), bounds.highest)


def price_of(groups: Sequence[PageGroup], budget: float, bounds: Bounds) -> float:
    """The lambda at which the pages together get `budget` visits a day, or as near below it as the bounds let them.

    By bisection on its logarithm: the sum of visits falls as the price rises.
    """
    low, high = -60.0, 60.0
    for _ in range(80):
        middle = (low + high) / 2
        total = sum(
            group.pages * visit_rate(group.rate, group.importance, math.exp(middle), bounds) for group in groups
        )
        low, high = (middle, high) if total > budget else (low, middle)
    return math.exp(high)


def budget_of(pages: int, mean: float, min_delay: float, requests_per_day: int | None) -> float:
    """The visits a day that a source's pages may have together: each every `mean` days on average.

    A source of a few lists gets eight a day all the same. Never more than a quarter of what the delay between
    requests leaves room for, nor more than four fifths of the daily budget: feeds, listings and new pages need theirs.
    """
    most = 0.25 * 86_400 / min_delay if min_delay > 0 else math.inf
    if requests_per_day is not None:
        most = min(most, 0.8 * requests_per_day)
    return min(max(pages / mean, FEWEST), most)
