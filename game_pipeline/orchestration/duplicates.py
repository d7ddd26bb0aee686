"""The nightly look of the catalogue at itself: games that may be one, put to people."""

import time
from typing import TYPE_CHECKING

import dagster as dg

from game_pipeline.catalog import find_duplicates
from game_pipeline.settings import Settings

from .automation import schedule_status
from .metadata import counts_metadata, table, with_defaults
from .resources import Pipeline

if TYPE_CHECKING:  # no public name of dagster's stands for what define_asset_job returns
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

__all__ = ["DUPLICATES", "duplicates_asset", "duplicates_job", "nightly_duplicates"]

DUPLICATES = dg.AssetKey(["catalog", "duplicates"])
DUPLICATES_JOB = "find_duplicates"
MOST_SHOWN = 50


def duplicates_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=DUPLICATES,
        deps=[dg.AssetKey(["catalog", "games"])],
        group_name="catalog",
        kinds={"python", "postgres"},
        owners=["team:catalogue"],
        pool="catalogue",
        description=(
            "The catalogue beside itself: games that matching would join, or ask about, were they records. Each pair "
            "becomes a question in review, once; nothing is merged. What people told apart is not asked again. "
            "Many questions of one method: look at a few, then at what its source says of those games."
        ),
    )
    def duplicates(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        begun = time.monotonic()
        report = find_duplicates(pipeline.store, pipeline.curator(context.run.run_id), ask=True)
        counts = with_defaults(report.counts, ("auto", "review", "asked"))
        shown = [
            (f"{each.game_id} {each.title}", f"{each.other} {each.other_title}", each.score, "; ".join(each.why))
            for each in report.found[:MOST_SHOWN]
        ]
        return dg.MaterializeResult(
            metadata=counts_metadata(
                {
                    "games": report.games,
                    "pairs_likely": counts["auto"],
                    "pairs_doubtful": counts["review"],
                    "pairs_asked": counts["asked"],
                }
            )
            | {
                "seconds": dg.MetadataValue.float(round(time.monotonic() - begun, 3)),
                "report": dg.MetadataValue.md(
                    table(("game", "other", "score", "why"), shown) or "No game resembles another."
                ),
            }
        )

    return duplicates


def duplicates_job() -> "UnresolvedAssetJobDefinition":
    return dg.define_asset_job(
        DUPLICATES_JOB,
        selection=dg.AssetSelection.assets(DUPLICATES),
        description="Look for games that are in the catalogue twice, and put them to people.",
        executor_def=dg.in_process_executor,
    )


def nightly_duplicates(settings: Settings, job: "UnresolvedAssetJobDefinition") -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name="nightly_duplicates",
        job=job,
        cron_schedule="0 3 * * *",
        execution_timezone="UTC",
        default_status=schedule_status(settings),
        description="Every night, when little else runs: the catalogue beside itself.",
    )
