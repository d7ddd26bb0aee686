"""Ending runs whose process died: Dagster leaves them STARTED, holding their pools, for hours."""

import dagster as dg

from game_pipeline.crawl import abandon_run, run_is_alive
from game_pipeline.store import Store

__all__ = ["reap_dead_runs"]

GRACE_SECONDS = 10.0  # from a run's start until it must have shown that it is alive


def reap_dead_runs(instance: dg.DagsterInstance, store: Store, now: float) -> list[str]:
    """Fail every run that is STARTED and whose process is gone, stands still or is cut off; returns their ids.

    `now`: seconds since the epoch. A run shows that it is alive by a lease that it renews (`crawl.leases`).
    """
    dead = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        started = record.start_time or now
        run = record.dagster_run
        if now - started < GRACE_SECONDS or run_is_alive(store, run.run_id):
            continue
        instance.report_run_failed(run, "Its process died. What it had done is kept; the next run goes on from there.")
        abandon_run(store, run.run_id)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        dead.append(run.run_id)
    return dead
