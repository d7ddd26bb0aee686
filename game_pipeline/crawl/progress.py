"""How far the import of a source is, how fast it goes and when it will be done: read from its tasks, by anybody."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from game_pipeline.store import Store

__all__ = ["Progress", "source_progress"]

WINDOW = dt.timedelta(minutes=10)
"""The rate is that of so long: a site that has become slow shows at once, a page that took long does not."""


@dataclass(frozen=True, slots=True)
class Progress:
    """An import that is under way. `done`, `left`: pages, of its segments. `per_minute`: pages, as far as it is known.
    `ends_at`: about, by the database's clock; None where nothing tells. `listing`: while the listing is walked, its
    requests that are made and those that are known to be left.
    """

    source: str
    run_id: str
    started_at: dt.datetime
    done: int
    left: int
    per_minute: float | None
    ends_at: dt.datetime | None
    listing: tuple[int, int] | None = None

    @property
    def in_words(self) -> str:
        if self.listing is not None:
            asked, left = self.listing
            return f"walking the listing: {asked} requests made, {left} or more left"
        told = f"{self.done} of {self.done + self.left} pages"
        if self.per_minute is None:
            return told
        told += f", {_figure(self.per_minute)} a minute"
        return f"{told}, done about {self.ends_at.astimezone(dt.UTC):%m-%d %H:%M} UTC" if self.ends_at else told


def _figure(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}"


# Of the window the time counts from its first page on: what went before, the listing say, was no fetching of pages.
_PROGRESS = """
SELECT run.source, run.run_id, run.started_at, finished.done, coalesce(open.left, 0)::int AS left, finished.per_minute,
       CASE WHEN finished.per_minute > 0
            THEN clock_timestamp() + coalesce(open.left, 0) / finished.per_minute * interval '1 minute' END AS ends_at,
       walk.asked, walk.to_ask
FROM import_run AS run
CROSS JOIN LATERAL (
    SELECT count(*)::int AS done,
           60 * ((count(*) FILTER (WHERE recent)) - 1)
               / nullif(extract(epoch FROM clock_timestamp() - min(finished_at) FILTER (WHERE recent)), 0)::float8
               AS per_minute
    FROM (SELECT finished_at, finished_at > clock_timestamp() - %(window)s::interval AS recent FROM import_task
          WHERE import_task.run_id = run.run_id AND state IN ('done', 'failed')) AS task
) AS finished
LEFT JOIN LATERAL (
    SELECT count(*) AS left FROM import_task
    WHERE import_task.source = run.source AND segment = ANY(run.segments) AND state IN ('pending', 'leased')
) AS open ON true
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE step.done)::int AS asked, count(*) FILTER (WHERE NOT step.done)::int AS to_ask
    FROM listing_step AS step WHERE step.source = run.source HAVING count(*) FILTER (WHERE NOT step.done) > 0
) AS walk ON finished.done = 0 -- one that an earlier run left is not this run's
WHERE run.status = 'running'
  AND EXISTS (SELECT FROM lease WHERE name = 'source ' || run.source AND holder = run.run_id -- else it died
                                  AND held_until > clock_timestamp())
  AND (%(source)s::text IS NULL OR run.source = %(source)s)
ORDER BY run.started_at
"""


def source_progress(store: Store, source: str | None = None) -> list[Progress]:
    """The imports that are under way: of one source, or of all."""
    return [
        Progress(
            row["source"],
            row["run_id"],
            row["started_at"],
            row["done"],
            row["left"],
            row["per_minute"] or None,
            row["ends_at"],
            None if row["asked"] is None else (row["asked"], row["to_ask"]),
        )
        for row in store.rows(_PROGRESS, {"window": WINDOW, "source": source})
    ]
