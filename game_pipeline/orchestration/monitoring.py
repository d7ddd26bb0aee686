"""What an operator looks at first: how each source is doing, and what waits for a person."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import dagster as dg

from game_pipeline.crawl import ALERTS, Outcome, newest_change, outcome_shares, source_overview
from game_pipeline.settings import Settings

from .automation import is_active, sensor_status
from .catalog import GAMES
from .metadata import counts_metadata, table
from .resources import Pipeline

if TYPE_CHECKING:  # no public name of dagster's stands for what define_asset_job returns
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

__all__ = ["SOURCE_HEALTH", "health_job", "health_sensor", "monitoring_assets"]

GROUP = "monitoring"
OWNERS = ["team:operations"]
SOURCE_HEALTH = dg.AssetKey(["monitoring", "source_health"])
NO_PERSON_NEEDED = "no_source_needs_a_person"
HEALTH_JOB = "report_source_health"


def monitoring_assets(sources: list[str]) -> list[dg.AssetsDefinition]:
    @dg.asset(
        key=SOURCE_HEALTH,
        deps=[dg.AssetKey(["records", name]) for name in sources],
        group_name=GROUP,
        kinds={"postgres"},
        owners=OWNERS,
        description=(
            "Every source on one page: how it is, last run, pages known, failing and unreadable, records, people, and "
            "tasks waiting. Why one rests and when it is tried next is under `problems`; the source's own asset names "
            "pages."
        ),
        check_specs=[
            dg.AssetCheckSpec(
                NO_PERSON_NEEDED,
                asset=SOURCE_HEALTH,
                description=(
                    "No source refuses us, fails for a day or fails again and again. Red: look at the site; then pause "
                    "the source, or close its breaker, on the command line or with the job override_source."
                ),
            ),
            *(
                dg.AssetCheckSpec(
                    f"outcome_{outcome}",
                    asset=SOURCE_HEALTH,
                    description=f"Of no source more than {share:.0%} of the pages ended their last check `{outcome}`.",
                )
                for outcome, share in ALERTS.items()
            ),
        ],
    )
    def source_health(pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        rows = source_overview(pipeline.store, sources)
        needy = [row for row in rows if row["attention_since"]]
        report = table(
            (
                "source",
                "health",
                "rate",
                "last run",
                "pages",
                "failing",
                "unread",
                "records",
                "gone",
                "people",
                "waiting",
            ),
            [
                (
                    row["source"],
                    row["health"],
                    f"{row['rate']:.0%}",
                    row["last_run"] or "never",
                    row["pages"],
                    row["failing"],
                    row["unreadable"],
                    row["records"],
                    row["vanished"],
                    row["people"],
                    row["waiting"],
                )
                for row in rows
            ],
        )
        shares = outcome_shares(pipeline.store, sources)
        ended = Counter({row["outcome"]: 0 for row in shares})
        for row in shares:
            ended[row["outcome"]] += row["pages"]
        return dg.MaterializeResult(
            check_results=[
                _person_check(needy),
                *(_outcome_check(outcome, share, shares) for outcome, share in ALERTS.items()),
            ],
            metadata=counts_metadata({f"pages_{outcome}": n for outcome, n in sorted(ended.items())})
            | counts_metadata(
                {
                    "sources": len(rows),
                    "sources_failing": sum(row["failures"] > 0 for row in rows),
                    "sources_paused": sum(row["state"] == "paused" for row in rows),
                    "sources_resting": sum(row["state"] in ("open", "half_open") for row in rows),
                    "sources_for_a_person": len(needy),
                    "pages": sum(row["pages"] for row in rows),
                    "pages_failing": sum(row["failing"] for row in rows),
                    "pages_unreadable": sum(row["unreadable"] for row in rows),
                    "tasks_waiting": sum(row["waiting"] for row in rows),
                }
            )
            | {
                "report": dg.MetadataValue.md(report),
                "problems": dg.MetadataValue.md(
                    table(
                        ("source", "health", "failed imports", "last error"),
                        [
                            (row["source"], row["health"], row["failures"], row["last_error"] or "")
                            for row in rows
                            if row["failures"] or row["health"] != "well"
                        ],
                    )
                    or "Every source's last import went well."
                ),
            },
        )

    @dg.asset(
        key=["monitoring", "review_queue"],
        deps=[GAMES],
        group_name=GROUP,
        kinds={"postgres"},
        owners=OWNERS,
        description=(
            "Open questions for people, by kind, with the oldest. Answer them with: game-pipeline review list"
        ),
    )
    def review_queue(pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        kinds = pipeline.store.rows(
            "SELECT kind, count(*) AS n, extract(epoch FROM now() - min(opened_at)) / 3600 AS oldest_hours "
            "FROM review_item WHERE state = 'open' GROUP BY kind ORDER BY kind"
        )
        items = pipeline.store.rows(
            "SELECT item_id, kind, summary FROM review_item WHERE state = 'open' ORDER BY priority, item_id LIMIT 40"
        )
        return dg.MaterializeResult(
            metadata={
                "review_open": sum(row["n"] for row in kinds),
                "oldest_hours": round(max((float(row["oldest_hours"]) for row in kinds), default=0.0), 2),
                "kinds": dg.MetadataValue.md(
                    table(("kind", "open"), [(row["kind"], row["n"]) for row in kinds]) or "Nothing is asked."
                ),
                "report": dg.MetadataValue.md(
                    table(
                        ("item", "kind", "question"), [(row["item_id"], row["kind"], row["summary"]) for row in items]
                    )
                    or "Nothing is asked."
                ),
            }
        )

    return [source_health, review_queue]


def _person_check(needy: list[dict[str, Any]]) -> dg.AssetCheckResult:
    """Red where a source refuses us, fails for a day or fails again and again."""
    return dg.AssetCheckResult(
        check_name=NO_PERSON_NEEDED,
        passed=not needy,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "offenders": len(needy),
            "sample": dg.MetadataValue.md(
                table(
                    ("source", "since", "health"),
                    [(row["source"], row["attention_since"], row["health"]) for row in needy],
                )
                or "None."
            ),
        },
    )


def _outcome_check(outcome: Outcome, allowed: float, shares: list[dict[str, Any]]) -> dg.AssetCheckResult:
    """Yellow where a source has more pages of this outcome than is usual; names them."""
    rows = [row for row in shares if row["outcome"] == outcome]
    too_many = [row for row in rows if row["pages"] > allowed * row["of"]]
    return dg.AssetCheckResult(
        check_name=f"outcome_{outcome}",
        passed=not too_many,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "pages": sum(row["pages"] for row in rows),
            "report": dg.MetadataValue.md(
                table(
                    ("source", "pages", "of", "for instance"),
                    [(row["source"], row["pages"], row["of"], ", ".join(row["examples"])) for row in too_many],
                )
                or "No source has more of them than is usual."
            ),
        },
    )


def health_job() -> "UnresolvedAssetJobDefinition":
    return dg.define_asset_job(
        HEALTH_JOB,
        selection=dg.AssetSelection.assets(SOURCE_HEALTH),
        description="Say anew how every source is: which rests, why, and when it is tried next.",
        executor_def=dg.in_process_executor,
    )


def health_sensor(settings: Settings, job: "UnresolvedAssetJobDefinition") -> dg.SensorDefinition:
    @dg.sensor(
        name="report_when_a_source_changes",
        job=job,
        minimum_interval_seconds=30,
        default_status=sensor_status(settings),
        description="Renews monitoring/source_health when a source begins to rest, comes back, is paused or resumed.",
    )
    def report_when_a_source_changes(
        context: dg.SensorEvaluationContext, pipeline: dg.ResourceParam[Pipeline]
    ) -> dg.SensorResult | dg.SkipReason:
        newest = newest_change(pipeline.store)
        if newest is None or newest == context.cursor:
            return dg.SkipReason("no source has changed")
        if is_active(context.instance, HEALTH_JOB):
            return dg.SkipReason("reporting is under way")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"health-{newest}")], cursor=newest)

    return report_when_a_source_changes
