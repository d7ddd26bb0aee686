"""How often pages are looked at: what the formulas promise, and that the database computes the same."""

from __future__ import annotations

import datetime as dt
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.crawl import frontier, replan
from game_pipeline.crawl.revisit import (
    Bounds,
    PageGroup,
    Pool,
    Prior,
    budget_of,
    change_rate,
    pooled_prior,
    price_of,
    visit_rate,
)
from game_pipeline.settings import Settings
from game_pipeline.store import Store
from game_pipeline_tests.changes.tiny_site import source_named

OPEN = Bounds(0.0, math.inf)
rates = st.floats(1e-6, 1e3)
importances = st.floats(0.01, 1e4)
prices = st.floats(1e-9, 1e9)
groups = st.lists(st.builds(PageGroup, rates, st.floats(0, 1e4), st.integers(1, 10_000)), min_size=1, max_size=30)
budgets = st.floats(0.01, 1e6)
intervals = st.tuples(st.floats(0.01, 10), st.floats(10, 100))


@given(rates, importances, prices)
def test_the_visits_solve_the_condition_of_the_optimum(rate: float, importance: float, price: float) -> None:
    p = visit_rate(rate, importance, price, OPEN)
    assert p == pytest.approx((-rate + math.sqrt(rate**2 + 4 * importance * rate / price)) / 2, rel=1e-3) or p < rate
    # d/dp of mu ln(1 + D / p) is -mu D / (p (p + D)): one more visit is worth the same on every page.
    assert importance * rate / (p * (p + rate)) == pytest.approx(price, rel=1e-6)


@given(rates, rates, importances, prices)
def test_a_page_that_changes_more_often_is_never_visited_less(a: float, b: float, mu: float, price: float) -> None:
    low, high = sorted((a, b))
    assert visit_rate(low, mu, price, OPEN) <= visit_rate(high, mu, price, OPEN) * (1 + 1e-9)


@given(importances, importances, rates, prices)
def test_a_page_that_matters_more_is_never_visited_less(a: float, b: float, rate: float, price: float) -> None:
    low, high = sorted((a, b))
    assert visit_rate(rate, low, price, OPEN) <= visit_rate(rate, high, price, OPEN) * (1 + 1e-9)


@given(groups, budgets, intervals)
def test_the_budget_is_kept_and_no_page_starves(
    groups: list[PageGroup], budget: float, interval: tuple[float, float]
) -> None:
    pages = sum(group.pages for group in groups)
    bounds = Bounds.of(*interval, pages, budget)
    price = price_of(groups, budget, bounds)
    given_out = [visit_rate(group.rate, group.importance, price, bounds) for group in groups]
    spent = sum(group.pages * p for group, p in zip(groups, given_out, strict=True))
    assert spent <= budget * (1 + 1e-6)
    assert min(given_out) >= min(1 / interval[1], budget / pages, bounds.highest) * (1 - 1e-9)
    assert max(given_out) <= 1 / interval[0]


@given(groups, budgets)
def test_a_budget_is_used_up_where_pages_may_take_it(groups: list[PageGroup], budget: float) -> None:
    worthy = [group for group in groups if group.importance >= 0.01] or [PageGroup(1, 1, 1)]
    price = price_of(worthy, budget, OPEN)
    spent = sum(group.pages * visit_rate(group.rate, group.importance, price, OPEN) for group in worthy)
    assert spent == pytest.approx(budget, rel=1e-3)


@given(st.floats(0.001, 0.5), st.integers(200, 400))
def test_many_polls_find_the_true_rate(rate: float, polls: int) -> None:
    rng = random.Random(polls)
    interval = min(7.0, 1 / rate)
    changes = sum(rng.random() < -math.expm1(-rate * interval) for _ in range(polls))
    estimate = change_rate(polls, changes, polls * interval, pooled_prior(Pool()))
    spread = 5 * math.sqrt(math.expm1(rate * interval) / polls) / interval
    assert estimate == pytest.approx(rate, abs=spread + 0.15 * rate)


@given(st.integers(1, 500), st.floats(1, 1000))
def test_more_changes_seen_are_a_higher_rate_and_more_quiet_days_a_lower_one(polls: int, days: float) -> None:
    prior = Prior(60, 0.005)
    seen = [change_rate(polls, changes, days, prior) for changes in range(polls + 1)]
    assert seen == sorted(seen)
    assert all(0 < rate < math.inf for rate in seen)
    assert change_rate(polls, 0, 2 * days, prior) < change_rate(polls, 0, days, prior)


def test_a_page_nobody_has_polled_is_thought_to_be_like_its_source() -> None:
    quick, slow = (pooled_prior(Pool.of([(10, x, 70)] * 100)) for x in (7, 0.1))
    assert change_rate(0, 0, 0, quick) > 10 * change_rate(0, 0, 0, slow)


def test_pages_that_differ_are_judged_by_themselves_and_pages_that_do_not_by_each_other() -> None:
    rng = random.Random(3)
    differ = pooled_prior(Pool.of((20, 18 if n % 10 == 0 else 0, 140) for n in range(500)))
    alike = pooled_prior(Pool.of((20, sum(rng.random() < 0.1 for _ in range(20)), 140) for _ in range(500)))
    assert differ.days < 2 * 7
    assert alike.days > 20 * 7


def test_the_budget_follows_the_pages_the_delay_and_the_daily_limit() -> None:
    assert budget_of(1_400, 14, 2, None) == 100
    assert budget_of(2, 14, 2, None) == 8
    assert budget_of(10_000_000, 14, 2, None) == 0.25 * 86_400 / 2
    assert budget_of(1_400, 14, 2, 50) == 40


# In the database -----------------------------------------------------------------------------------------------------

SOURCE = source_named()
SETTINGS = Settings()


def fill(store: Store, pages: int) -> None:
    """Pages with a history: every hundredth changes weekly, the others hardly ever."""
    store.execute(
        """
        INSERT INTO source_url_state (source, page_key, segment, url, request_url, last_good_at, last_checked_at,
            next_check_at, first_seen_at, outcome, poll_count, poll_changes, poll_days, weight)
        SELECT 'tiny', n::text, 'one', 'https://tiny.example/' || n, 'https://tiny.example/' || n, now(), now(),
            now() + interval '14 days', now() - interval '1 year', 'same', 20,
            CASE WHEN n %% 100 = 0 THEN 12 ELSE 0 END,
            20 * (5 + n %% 7), 1 + n %% 2
        FROM generate_series(1, %s) AS n
        """,
        (pages,),
    )


def test_the_database_shares_out_what_the_formulas_do(store: Store) -> None:
    fill(store, 700)
    plan = replan(store, SOURCE, SETTINGS)
    rows = store.rows(
        "SELECT poll_count, poll_changes, poll_days, change_rate, importance, "
        "86400 / extract(epoch FROM revisit_after)::float8 AS visits FROM source_url_state"
    )
    prior = pooled_prior(Pool.of((row["poll_count"], row["poll_changes"], row["poll_days"]) for row in rows))
    bounds = Bounds.of(0.25, 30, 700, plan.budget)
    for row in rows:
        rate = change_rate(row["poll_count"], row["poll_changes"], row["poll_days"], prior)
        assert row["change_rate"] == pytest.approx(rate, rel=0.06)  # rounded to tenths of the logarithm
        expected = visit_rate(row["change_rate"], row["importance"], plan.price, bounds)
        assert row["visits"] == pytest.approx(expected, rel=1e-6)
    assert sum(row["visits"] for row in rows) <= plan.budget * 1.001
    assert max(row["visits"] for row in rows if row["poll_changes"]) > 3 * min(row["visits"] for row in rows)


def test_a_plan_that_is_made_again_moves_nothing(store: Store) -> None:
    fill(store, 300)
    assert replan(store, SOURCE, SETTINGS).moved == 300
    before = store.rows("SELECT page_id, next_check_at FROM source_url_state ORDER BY page_id")
    assert replan(store, SOURCE, SETTINGS).moved == 0
    assert store.rows("SELECT page_id, next_check_at FROM source_url_state ORDER BY page_id") == before


def test_first_turns_are_spread_and_later_ones_stay_within_the_limits_with_their_jitter(store: Store) -> None:
    fill(store, 500)
    replan(store, SOURCE, SETTINGS)
    first = store.rows("SELECT extract(epoch FROM next_check_at - last_good_at) / 86400 AS days FROM source_url_state")
    assert sum(row["days"] < 7 for row in first) > 100
    store.execute("UPDATE source_url_state SET revisit_after = revisit_after * 3, next_check_at = now() + '1 day'")
    assert replan(store, SOURCE, SETTINGS).moved == 500
    later = store.rows(
        "SELECT extract(epoch FROM next_check_at - last_good_at)::float8 / 86400 AS days, "
        "extract(epoch FROM revisit_after)::float8 / 86400 AS planned FROM source_url_state"
    )
    assert all(0.25 <= row["days"] <= 30 for row in later)
    assert all(0.849 <= row["days"] / row["planned"] <= 1.151 for row in later)
    assert len({round(row["days"] / row["planned"], 2) for row in later}) > 10


def test_what_is_due_by_a_signal_or_by_a_failure_stays_so(store: Store) -> None:
    fill(store, 3)
    store.execute("UPDATE source_url_state SET next_check_at = now() - interval '1 hour' WHERE page_key = '1'")
    store.execute("UPDATE source_url_state SET failure_count = 2 WHERE page_key = '2'")
    turns = "SELECT next_check_at FROM source_url_state WHERE page_key <> '3' ORDER BY page_key"
    before = store.rows(turns)
    replan(store, SOURCE, SETTINGS)
    assert store.rows(turns) == before


def test_a_page_without_a_game_gets_the_least(store: Store) -> None:
    fill(store, 500)
    store.execute("UPDATE source_url_state SET weight = 0 WHERE page_key = '100'")
    replan(store, SOURCE, SETTINGS)
    row = store.row("SELECT revisit_after FROM source_url_state WHERE page_key = '100'")
    assert row is not None
    assert row["revisit_after"] == pytest.approx(dt.timedelta(days=30 / 1.15), abs=dt.timedelta(seconds=1))


def test_a_source_nobody_has_visited_is_planned_without_harm(store: Store) -> None:
    assert replan(store, SOURCE, SETTINGS).pages == 0
    with store.transaction() as connection:
        frontier.observe(connection, SOURCE, [SOURCE.ref("a")])
    assert replan(store, SOURCE, SETTINGS).moved == 0
