"""What starts runs by itself: a monitor, a reader and a full import for each source, reconciling, and upkeep."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from game_pipeline.catalog import pending
from game_pipeline.changes import unread_segments
from game_pipeline.crawl import (
    FetchError,
    probe,
    read_health,
    resting,
    unfinished_full,
    without_keys,
)
from game_pipeline.settings import Settings
from game_pipeline.sources import ParseError, Source

from .reaper import reap_dead_runs
from .resources import Pipeline
from .source_pages import ImportConfig

if TYPE_CHECKING:  # no public name of dagster's stands for what define_asset_job returns
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

__all__ = [
    "RECONCILE_JOB",
    "daily_report",
    "full_import_schedule",
    "monitor_sensor",
    "range_tags",
    "reader_sensor",
    "reaper_sensor",
    "reconcile_sensor",
]

RECONCILE_JOB = "reconcile"


def sensor_status(settings: Settings) -> dg.DefaultSensorStatus:
    return dg.DefaultSensorStatus.RUNNING if settings.automation else dg.DefaultSensorStatus.STOPPED


def schedule_status(settings: Settings) -> dg.DefaultScheduleStatus:
    return dg.DefaultScheduleStatus.RUNNING if settings.automation else dg.DefaultScheduleStatus.STOPPED


ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def range_tags(segments: Sequence[str]) -> dict[str, str]:
    """The tags that make one run cover the segments from the first to the last."""
    return {
        "dagster/asset_partition_range_start": segments[0],
        "dagster/asset_partition_range_end": segments[-1],
    }


def monitor_sensor(source: Source, settings: Settings, job: "UnresolvedAssetJobDefinition") -> dg.SensorDefinition:
    own = settings.source(source.name).monitor_every
    seconds = int(source.policy.monitor_every.total_seconds() if own is None else own)

    @dg.sensor(
        name=f"monitor_{source.name}",
        job=job,
        minimum_interval_seconds=seconds,
        default_status=sensor_status(settings),
        description=(
            f"Looks at {source.title}'s change feed and at what is due, and starts one import of the segments "
            "concerned, or goes on with a full import that was interrupted. Skips while the source lacks a key, is "
            "paused, being imported, resting after failures, held "
            "back by its quiet hours or daily budget, or was never imported (start that by hand)."
        ),
    )
    def monitor(
        context: dg.SensorEvaluationContext, pipeline: dg.ResourceParam[Pipeline]
    ) -> dg.SensorResult | dg.SkipReason:
        if missing := without_keys(source, pipeline.settings):
            return dg.SkipReason(missing)
        health = read_health(pipeline.store, source.name)
        if health.state == "paused":
            return dg.SkipReason(health.in_words)
        unfinished = unfinished_full(pipeline.store, source.name)
        if not health.listed and not unfinished:
            return dg.SkipReason(f"never imported; start with: game-pipeline import --source {source.name} --full")
        if health.waiting:
            return dg.SkipReason(health.in_words)
        if is_active(context.instance, job.name):
            return dg.SkipReason("an import is under way")
        if rests := resting(pipeline.store, source, settings):
            return dg.SkipReason(rests)
        tick = int(context.cursor or 0) + 1  # a content that comes back is news again, so no content in the key
        run_key = f"{source.name}-{tick}"
        if unfinished:
            segments = [key for key in source.segment_keys() if key in unfinished]
            return dg.SensorResult(run_requests=[_full_run(source, run_key, segments)], cursor=str(tick))
        try:
            found = probe(pipeline.store, pipeline.visitor(source, f"monitor {source.name}"), source)
        except (FetchError, ParseError) as error:
            return dg.SkipReason(f"the look at the feed failed: {error}")
        if not found.segments:
            return dg.SkipReason(f"nothing new ({found.requests} requests)")
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=run_key, tags=range_tags(found.segments))], cursor=str(tick)
        )

    return monitor


def _full_run(source: Source, run_key: str, segments: Sequence[str]) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=run_key,
        run_config=dg.RunConfig(ops={f"sources__{source.name}": ImportConfig(full=True)}),
        tags=range_tags(segments),
    )


def is_active(instance: dg.DagsterInstance, job_name: str) -> bool:
    return bool(instance.get_runs_count(dg.RunsFilter(job_name=job_name, statuses=ACTIVE)))


def reader_sensor(source: Source, settings: Settings, job: "UnresolvedAssetJobDefinition") -> dg.SensorDefinition:
    @dg.sensor(
        name=f"read_{source.name}_pages",
        job=job,
        minimum_interval_seconds=30,
        default_status=sensor_status(settings),
        description=(
            f"Starts reading stored pages of {source.title} that no run has read: after an import that ended early, "
            f"or failed (Dagster holds the records of a failed import for failed, too), or after the parser changed."
        ),
    )
    def reader(
        context: dg.SensorEvaluationContext, pipeline: dg.ResourceParam[Pipeline]
    ) -> dg.SensorResult | dg.SkipReason:
        unread = {*unread_segments(pipeline.store, source), *_failed_with_import(context.instance, source)}
        segments = [key for key in source.segment_keys() if key in unread]
        if not segments:
            return dg.SkipReason("every stored page is read")
        if is_active(context.instance, job.name) or is_active(context.instance, f"import_{source.name}"):
            return dg.SkipReason("a run is under way")
        key = f"read-{source.name}-{_state_of_work(pipeline)}"
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, tags=range_tags(segments))])

    return reader


def _failed_with_import(instance: dg.DagsterInstance, source: Source) -> Sequence[str]:
    """The segments of the source's newest run where that is an import that failed: their records were not refreshed."""
    newest = instance.get_runs(dg.RunsFilter(tags={"source": source.name}), limit=1)
    if not newest or newest[0].job_name != f"import_{source.name}" or newest[0].status != dg.DagsterRunStatus.FAILURE:
        return ()
    tags, keys = newest[0].tags, source.segment_keys()
    alone = tags.get("dagster/partition", "")
    first, last = (tags.get(f"dagster/asset_partition_range_{end}", alone) for end in ("start", "end"))
    return keys[keys.index(first) : keys.index(last) + 1] if first in keys and last in keys else ()


def full_import_schedule(
    source: Source, settings: Settings, job: "UnresolvedAssetJobDefinition"
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"full_import_{source.name}",
        job=job,
        cron_schedule=settings.source(source.name).reimport_cron or source.policy.reimport_cron,
        execution_timezone="UTC",
        default_status=schedule_status(settings),
        description=f"Walks the whole listing of {source.title} and fetches every page, whatever the feeds said.",
    )
    def full_import(
        context: dg.ScheduleEvaluationContext, pipeline: dg.ResourceParam[Pipeline]
    ) -> dg.RunRequest | dg.SkipReason:
        if missing := without_keys(source, pipeline.settings):
            return dg.SkipReason(missing)
        health = read_health(pipeline.store, source.name)
        if health.state == "paused":
            return dg.SkipReason(health.in_words)
        if not health.listed:
            return dg.SkipReason(f"never imported; start with: game-pipeline import --source {source.name} --full")
        if is_active(context.instance, job.name):
            return dg.SkipReason("an import is under way")
        return _full_run(source, f"full-{context.scheduled_execution_time.isoformat()}", source.segment_keys())

    return full_import


def reconcile_sensor(settings: Settings, job: "UnresolvedAssetJobDefinition") -> dg.SensorDefinition:
    @dg.sensor(
        name="reconcile_when_records_wait",
        job=job,
        minimum_interval_seconds=10,
        default_status=sensor_status(settings),
        description="Starts the reconcile job as soon as any record waits, of a game or a person, whatever its source.",
    )
    def reconcile_when_records_wait(
        context: dg.SensorEvaluationContext, pipeline: dg.ResourceParam[Pipeline]
    ) -> dg.SensorResult | dg.SkipReason:
        if not _anything_pending(pipeline):
            return dg.SkipReason("the catalogue is up to date")
        if context.instance.get_runs_count(dg.RunsFilter(job_name=RECONCILE_JOB, statuses=ACTIVE)):
            return dg.SkipReason("reconciling is under way")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"reconcile-{_state_of_work(pipeline)}")])

    return reconcile_when_records_wait


def reaper_sensor(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name="end_dead_runs",
        minimum_interval_seconds=60,
        default_status=sensor_status(settings),
        description=(
            "Fails runs whose process died (a crash, a power cut, a kill): they would stay STARTED and hold their "
            "pools. What they had done is kept, and the next run takes over the rest."
        ),
    )
    def end_dead_runs(context: dg.SensorEvaluationContext, pipeline: dg.ResourceParam[Pipeline]) -> dg.SkipReason:
        dead = reap_dead_runs(context.instance, pipeline.store, time.time())
        return dg.SkipReason(f"ended {', '.join(dead)}" if dead else "every started run is alive")

    return end_dead_runs


def daily_report(settings: Settings, job: "UnresolvedAssetJobDefinition") -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="daily_report",
        job=job,
        cron_schedule="0 5 * * *",
        execution_timezone="UTC",
        default_status=schedule_status(settings),
        description="Once a day, changes or not: the catalogue's reports and checks, so that silence is seen, too.",
    )


def _state_of_work(pipeline: Pipeline) -> str:
    """The part of a run's key that lets the same work be tried again, but not at every tick.

    While it waits after a run and nothing else has happened, that run failed on it.
    """
    newest = pipeline.store.row("SELECT coalesce(max(position), 0) AS position FROM import_event")
    return f"{newest['position'] if newest else 0}-{int(time.time()) // 600}"


def _anything_pending(pipeline: Pipeline) -> bool:
    """Does the catalogue have work?"""
    waiting = pending(pipeline.store, shadow=pipeline.settings.shadow)
    return bool(waiting.records_to_match or waiting.games_to_revise or waiting.people_to_take_in)
