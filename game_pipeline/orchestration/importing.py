"""An import from beginning to end, in this process: fetch and read one source, then take it into the catalogue."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import dagster as dg

from game_pipeline.changes import unread_segments
from game_pipeline.crawl import due_people, run_counts, run_status
from game_pipeline.sources import Source
from game_pipeline.store import Store

from .automation import RECONCILE_JOB, range_tags
from .instance import failure_of, run_job, stretches
from .reaper import reap_dead_runs

__all__ = ["ImportOutcome", "ReconcileOutcome", "import_source", "reconcile", "reread_source"]


@dataclass(slots=True)
class ImportOutcome:
    """What an import came to: counts of pages and records over its runs, and why it failed where it did."""

    source: str
    run_ids: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        if self.failed:
            return "failed"
        return "partial" if self.counts["pages_failed"] else "done"


@dataclass(frozen=True, slots=True)
class ReconcileOutcome:
    """What the catalogue took in; `games_updated` counts games that were there before."""

    run_id: str
    games_new: int
    games_updated: int
    games_untouched: int
    failed: str | None


def import_source(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    store: Store,
    source: Source,
    *,
    segments: Sequence[str] | None = None,
    full: bool = False,
    anew: bool = False,
    urls: Sequence[str] = (),
) -> ImportOutcome:
    """Import what is due of a source (`full`: all of it, where that was interrupted from there on unless `anew`;
    `urls`: just these games). Never raises for what fails."""
    outcome = ImportOutcome(source.name)
    reap_dead_runs(instance, store, time.time())
    order = source.segment_keys()
    for stretch, addresses in _parts(source, segments or order, urls):
        result = run_job(
            defs,
            instance,
            f"import_{source.name}",
            tags=range_tags(stretch),
            ops={f"sources__{source.name}": {"full": full, "anew": anew, "urls": addresses}},
        )
        _note(outcome, result)
    if unread_segments(store, source) or (outcome.failed and run_status(store, outcome.run_ids[-1])):
        # An import that failed half-way stopped before reading, and Dagster holds its records for failed, too.
        result = run_job(defs, instance, f"read_{source.name}", tags=range_tags(order))
        _note(outcome, result)
    if source.people and not segments and not urls and not outcome.failed and due_people(store, source):
        # Only what was read now said whom its games credit.
        result = run_job(defs, instance, f"import_{source.name}", tags=range_tags([source.people]))
        _note(outcome, result)
    outcome.counts = _counts(store, outcome.run_ids)
    return outcome


def reread_source(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    store: Store,
    source: Source,
    *,
    segments: Sequence[str] | None = None,
    again: bool = True,
) -> ImportOutcome:
    """Read the stored pages of a source again, or only those that are not read yet; sends nothing.

    Never raises for what fails.
    """
    outcome = ImportOutcome(source.name)
    reap_dead_runs(instance, store, time.time())
    for stretch in stretches(source.segment_keys(), segments or source.segment_keys()):
        result = run_job(
            defs,
            instance,
            f"read_{source.name}",
            tags=range_tags(stretch),
            ops={f"records__{source.name}": {"again": again}},
        )
        _note(outcome, result)
    outcome.counts = _counts(store, outcome.run_ids)
    return outcome


def _parts(source: Source, segments: Sequence[str], urls: Sequence[str]) -> Iterable[tuple[Sequence[str], list[str]]]:
    """The runs to make: neighbouring segments each, with the addresses to import there (none: whatever is due)."""
    if not urls:
        return [(stretch, []) for stretch in stretches(source.segment_keys(), segments)]
    parts: dict[Sequence[str], list[str]] = {}
    for url in urls:
        parts.setdefault(_segments_of(source, url), []).append(url)
    return parts.items()


def _segments_of(source: Source, url: str) -> Sequence[str]:
    """The segments that the pages of an address lie in; all of them where the site has to be asked for its pages."""
    order = source.segment_keys()
    try:
        found = source.locate(url)
    except ValueError:  # the run will say so
        return order
    places = [order.index(source.segment_of(page.key)) for page in found.pages]
    return order if found.next or not places else order[min(places) : max(places) + 1]


def _note(outcome: ImportOutcome, result: dg.ExecuteInProcessResult) -> None:
    outcome.run_ids.append(result.run_id)
    failure = failure_of(result)
    if failure:
        outcome.failed.append(failure)


def _counts(store: Store, run_ids: Sequence[str]) -> Counter[str]:
    """What became of the pages and records of some runs."""
    totals: Counter[str] = Counter()
    for run_id in run_ids:
        for counts in run_counts(store, run_id).values():
            totals += counts
    rows = store.rows(
        "SELECT change, count(*) AS n FROM record_version WHERE run_id = ANY(%s) GROUP BY change", (list(run_ids),)
    )
    return totals + Counter({f"records_{row['change']}": row["n"] for row in rows})


def reconcile(defs: dg.Definitions, instance: dg.DagsterInstance, store: Store) -> ReconcileOutcome:
    """Take into the catalogue whatever waits."""
    before = store.row("SELECT coalesce(max(position), 0) AS position FROM import_event")
    result = run_job(defs, instance, RECONCILE_JOB)
    counts = store.row(
        "SELECT count(*) FILTER (WHERE event_type = 'game.created') AS created, "
        "count(DISTINCT game_id) FILTER (WHERE event_type = 'game.revised' AND NOT EXISTS ("
        "    SELECT FROM import_event AS first WHERE first.game_id = event.game_id "
        "    AND first.event_type = 'game.created' AND first.position > %(before)s)) AS revised, "
        "(SELECT count(*) FROM game WHERE status = 'active') AS games "
        "FROM import_event AS event WHERE position > %(before)s AND correlation_id = %(run_id)s",
        {"before": before["position"] if before else 0, "run_id": result.run_id},
    )
    return ReconcileOutcome(
        run_id=result.run_id,
        games_new=counts["created"] if counts else 0,
        games_updated=counts["revised"] if counts else 0,
        games_untouched=counts["games"] - counts["created"] - counts["revised"] if counts else 0,
        failed=failure_of(result),
    )
