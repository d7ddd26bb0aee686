"""Sharing out the visits to a source among its pages: `revisit`, brought to all of them by statements of the database.

Once a run. Whatever the number of pages, only groups of pages with the same rate and importance (some hundreds) come
into this process; what a page gets is computed where it lies.
"""

from __future__ import annotations

from dataclasses import dataclass

from game_pipeline.settings import Settings
from game_pipeline.sources import Source
from game_pipeline.store import Store

from .limits import Limits
from .revisit import (
    JITTER,
    SHORTEST_INTERVAL,
    START_INTERVAL,
    Bounds,
    PageGroup,
    Pool,
    budget_of,
    pooled_prior,
    price_of,
)

__all__ = ["Plan", "replan"]

NEW_FOR = 60.0
"""Days during which a page counts as new: what has just come out is mended and looked for most."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How visits are shared out now. `budget`: visits a day; `price`: the lambda; `moved`: pages whose turn changed."""

    pages: int
    budget: float
    price: float
    moved: int


# A page that is gone, and that no listing names, waits for no visit, or (where credits name it) for one now and then,
# as its failures space them; one that was merged into another waits for none.
_ALIVE = "source = %(source)s AND (listed OR outcome IS DISTINCT FROM 'gone') AND next_check_at < 'infinity'"

_TOTALS = f"""
SELECT count(*) AS pages, coalesce(sum(poll_count), 0)::float8 AS polls,
       coalesce(sum(poll_changes), 0)::float8 AS changes, coalesce(sum(poll_days), 0)::float8 AS days,
       coalesce(sum(poll_count::bigint * poll_count), 0)::float8 AS polls_squared,
       coalesce(sum(poll_changes::bigint * poll_changes), 0)::float8 AS changes_squared,
       coalesce(sum(poll_count::bigint * poll_changes), 0)::float8 AS polls_times_changes
FROM source_url_state WHERE {_ALIVE}
"""

# revisit.change_rate in SQL. Rates are rounded to tenths of their logarithm: far finer than the estimate, and pages
# then fall into a few hundred groups, most of which keep their rate from one run to the next.
_ESTIMATE = f"""
WITH page AS (
    SELECT page_id, change_rate, importance,
           exp(round(ln(-ln((poll_count - poll_changes + borrowed * exp(-%(rate)s * every) + 0.5)
                            / (poll_count + borrowed + 0.5)) / every) * 10) / 10) AS rate,
           coalesce(weight, 1) * CASE WHEN first_seen_at > now() - %(new)s * interval '1 day' THEN 2 ELSE 1 END AS worth
    FROM source_url_state,
         LATERAL (SELECT coalesce(greatest(poll_days / nullif(poll_count, 0), %(least)s), %(start)s) AS every) AS mean,
         LATERAL (SELECT %(days)s / every AS borrowed) AS prior
    WHERE {_ALIVE}
), stored AS (
    UPDATE source_url_state AS old SET change_rate = page.rate, importance = page.worth
    FROM page WHERE old.page_id = page.page_id
      AND (page.change_rate, page.importance) IS DISTINCT FROM (page.rate, page.worth)
)
SELECT rate, worth AS importance, count(*) AS pages FROM page GROUP BY rate, worth
"""

# revisit.visit_rate in SQL. What a check, a signal or a failure has said of a page's next turn stands: only a page
# that waits for its ordinary turn is moved. The first turns lie anywhere in the interval, since what was imported at
# once would come back at once for years.
_PLAN = f"""
WITH page AS (
    SELECT page_id, revisit_after, last_good_at, next_check_at, failure_count,
           interval '1 day' / least(greatest(CASE WHEN importance <= 0 THEN 0 ELSE
               2 * importance / %(price)s / (1 + sqrt(1 + 4 * importance / %(price)s / change_rate)) END,
               %(lowest)s), %(highest)s) AS after
    FROM source_url_state WHERE {_ALIVE} AND last_good_at IS NOT NULL
)
UPDATE source_url_state AS old SET
    revisit_after = page.after,
    next_check_at = CASE
        WHEN page.next_check_at <= now() OR page.failure_count > 0 THEN page.next_check_at
        WHEN page.revisit_after IS NULL THEN page.last_good_at + page.after * random()
        ELSE page.last_good_at + page.after * (1 + %(jitter)s * (2 * random() - 1)) END
FROM page
WHERE old.page_id = page.page_id
  AND (page.revisit_after IS NULL OR page.after NOT BETWEEN page.revisit_after * 0.95 AND page.revisit_after * 1.05)
"""


def replan(store: Store, source: Source, settings: Settings) -> Plan:
    """Estimate anew how fast each page of a source changes, and share its visits out."""
    limits = Limits.of(source, settings)
    with store.transaction() as connection:
        totals = connection.execute(_TOTALS.encode(), {"source": source.name}).fetchone()
        assert totals is not None
        pages = totals.pop("pages")
        prior = pooled_prior(Pool(**totals))
        groups = [
            PageGroup(row["rate"], row["importance"], row["pages"])
            for row in connection.execute(
                _ESTIMATE.encode(),
                {
                    "source": source.name,
                    "rate": prior.rate,
                    "days": prior.days,
                    "start": START_INTERVAL,
                    "least": SHORTEST_INTERVAL,
                    "new": NEW_FOR,
                },
            )
        ]
        budget = budget_of(pages, limits.revisit_mean, limits.min_delay, limits.requests_per_day)
        bounds = Bounds.of(limits.revisit_min, limits.revisit_max, pages, budget)
        price = price_of(groups, budget, bounds)
        moved = connection.execute(
            _PLAN.encode(),
            {"source": source.name, "price": price, "lowest": bounds.lowest, "highest": bounds.highest}
            | {"jitter": JITTER},
        ).rowcount
    return Plan(pages, budget, price, moved)
