"""Every source on one page: what an operator looks at first, in the UI and on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from game_pipeline.store import Store

from .health import read_health

__all__ = ["newest_change", "outcome_shares", "source_overview"]

# An address that nothing but a credit or a feed gave, and that never led anywhere, is no sign of trouble.
_NEVER_THERE = "(NOT listed AND snapshot_id IS NULL AND coalesce(http_status IN (404, 410), false))"

_OVERVIEW = f"""
SELECT source.name AS source, coalesce(health.state, 'closed') AS state, coalesce(health.reason, '') AS reason,
       coalesce(health.consecutive_failures, 0) AS failures, health.last_success_at, health.last_failure_at,
       health.last_error, health.attention_since, run.status AS last_run, run.started_at AS last_run_at,
       page.last_checked_at, coalesce(page.pages, 0) AS pages, coalesce(page.due, 0) AS due,
       coalesce(page.failing, 0) AS failing, coalesce(page.unreadable, 0) AS unreadable,
       coalesce(record.live, 0) AS records, coalesce(record.vanished, 0) AS vanished,
       coalesce(record.people, 0) AS people,
       coalesce(task.waiting, 0) AS waiting
FROM unnest(%s::text[]) AS source(name)
LEFT JOIN importer_health AS health ON health.source = source.name
LEFT JOIN LATERAL (SELECT status, started_at FROM import_run WHERE import_run.source = source.name
                   ORDER BY started_at DESC LIMIT 1) AS run ON true
LEFT JOIN LATERAL (SELECT count(*) AS pages, max(last_checked_at) AS last_checked_at,
                          count(*) FILTER (WHERE next_check_at <= now()) AS due,
                          count(*) FILTER (WHERE failure_count > 0 AND NOT {_NEVER_THERE}) AS failing,
                          count(*) FILTER (WHERE parse_error IS NOT NULL) AS unreadable
                   FROM source_url_state WHERE source_url_state.source = source.name) AS page ON true
LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE subject = 'game' AND source_record.state = 'live') AS live,
                          count(*) FILTER (WHERE subject = 'game' AND source_record.state = 'vanished') AS vanished,
                          count(*) FILTER (WHERE subject = 'person' AND source_record.state = 'live') AS people
                   FROM source_record WHERE source_record.source = source.name) AS record ON true
LEFT JOIN LATERAL (SELECT count(*) AS waiting FROM import_task
                   WHERE import_task.source = source.name
                     AND import_task.state IN ('pending', 'leased')) AS task ON true
ORDER BY source.name
"""


_SHARES = f"""
SELECT source, outcome, count(*) AS pages, sum(count(*)) OVER (PARTITION BY source)::bigint AS of,
       (array_agg(url ORDER BY last_checked_at DESC))[1:5] AS examples
FROM source_url_state
WHERE source = ANY(%s) AND outcome IS NOT NULL
  AND NOT {_NEVER_THERE}
GROUP BY source, outcome ORDER BY source, outcome
"""


def outcome_shares(store: Store, names: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each source and outcome of a page's last check: pages, of how many, and up to five addresses."""
    return store.rows(_SHARES, (list(names),))


def source_overview(store: Store, names: Sequence[str]) -> list[dict[str, Any]]:
    """A row a source, by name: health, also in words, last run and check, pages known, due, failing, unreadable,
    records of games and of people, and tasks waiting."""
    rows = store.rows(_OVERVIEW, (list(names),))
    for row in rows:
        health = read_health(store, row["source"])
        row |= {"health": health.in_words, "rate": health.rate, "next_trial_at": health.next_trial_at}
    return rows


def newest_change(store: Store) -> str | None:
    """Something that is another thing after each change of a source's state, rate or need of a person."""
    row = store.row("SELECT sum(turn)::text AS turns FROM importer_health WHERE turn > 0")
    return row["turns"] if row else None
