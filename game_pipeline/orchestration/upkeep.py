"""The daily upkeep: pages as sent are kept within the limits of their sources."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg

from game_pipeline.crawl import SourceBusy, drop_orphans, prune_raw, raw_stores
from game_pipeline.settings import Settings
from game_pipeline.sources import Source

from .automation import schedule_status
from .metadata import table
from .resources import Pipeline

if TYPE_CHECKING:  # no public name of dagster's stands for what define_asset_job returns
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

__all__ = ["RAW_STORE", "daily_upkeep", "raw_store_asset", "upkeep_job"]

RAW_STORE = dg.AssetKey(["monitoring", "raw_store"])
UPKEEP_JOB = "upkeep"
WITHIN_LIMITS = "every_source_is_within_its_limit"
MEGABYTE = 1024 * 1024


def raw_store_asset(sources: Mapping[str, Source]) -> dg.AssetsDefinition:
    @dg.asset(
        key=RAW_STORE,
        group_name="monitoring",
        kinds={"postgres"},
        owners=["team:operations"],
        description=(
            "Pages as sent, by source: how many, how large, how old. Each day those go that are beyond the limits of "
            "their source (versions of a page, days, megabytes; in the settings under sources.NAME.raw) and that "
            "nothing needs; what a page says now, and what a version of a record was read from, stays."
        ),
        check_specs=[
            dg.AssetCheckSpec(
                WITHIN_LIMITS,
                asset=RAW_STORE,
                description="No source keeps more megabytes than it may. Yellow: what is needed alone is more; raise "
                "`megabytes`, or see why its records change so often.",
            )
        ],
    )
    def raw_store(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        pruned: dict[str, int] = {}
        busy: list[str] = []
        for name, source in sources.items():
            try:
                with pipeline.hold(source, context.run.run_id):
                    pruned[name] = prune_raw(pipeline.store, name, pipeline.settings.source(name).raw)
            except SourceBusy:
                busy.append(name)  # tomorrow
        orphans = drop_orphans(pipeline.store)
        rows = raw_stores(pipeline.store, list(sources))
        over = [row for row in rows if row["bytes"] > pipeline.settings.source(row["source"]).raw.megabytes * MEGABYTE]
        if busy:
            context.log.info("being imported, so not looked at today: %s", ", ".join(busy))
        return dg.MaterializeResult(
            metadata={
                "snapshots": sum(row["snapshots"] for row in rows),
                "megabytes": round(sum(row["bytes"] for row in rows) / MEGABYTE, 3),
                "snapshots_pruned": sum(pruned.values()),
                "bodies_dropped": orphans.bodies,
                "megabytes_dropped": round(orphans.bytes / MEGABYTE, 3),
                "report": dg.MetadataValue.md(
                    table(
                        ("source", "snapshots", "needed", "MB", "oldest", "pruned"),
                        [
                            (
                                row["source"],
                                row["snapshots"],
                                row["needed"],
                                f"{row['bytes'] / MEGABYTE:.1f}",
                                f"{row['oldest']:%Y-%m-%d}" if row["oldest"] else "",
                                pruned.get(row["source"], "being imported"),
                            )
                            for row in rows
                        ],
                    )
                ),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name=WITHIN_LIMITS,
                    passed=not over,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"sources": ", ".join(row["source"] for row in over) or "none"},
                )
            ],
        )

    return raw_store


def upkeep_job() -> "UnresolvedAssetJobDefinition":
    return dg.define_asset_job(
        UPKEEP_JOB,
        selection=dg.AssetSelection.assets(RAW_STORE),
        description="Keep pages as sent within the limits of their sources.",
        executor_def=dg.in_process_executor,
    )


def daily_upkeep(settings: Settings, job: "UnresolvedAssetJobDefinition") -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="daily_upkeep",
        job=job,
        cron_schedule="30 4 * * *",
        execution_timezone="UTC",
        default_status=schedule_status(settings),
        description="Once a day: pages as sent that are beyond the limits of their source, and that nothing needs, go.",
    )
