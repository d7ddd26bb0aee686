"""What an operator looks at first: how each source is doing, and what waits for a person."""

import dagster as dg

from game_pipeline.crawl import source_overview

from .catalog import GAMES
from .metadata import counts_metadata, table
from .resources import Pipeline

__all__ = ["monitoring_assets"]

GROUP = "monitoring"
OWNERS = ["team:operations"]


def monitoring_assets(sources: list[str]) -> list[dg.AssetsDefinition]:
    @dg.asset(
        key=["monitoring", "source_health"],
        deps=[dg.AssetKey(["records", name]) for name in sources],
        group_name=GROUP,
        kinds={"postgres"},
        owners=OWNERS,
        description=(
            "Every source on one page: last run, pages known, failing and unreadable, records, and tasks waiting. "
            "What failed is under `problems`; the source's own asset names the pages and the reasons."
        ),
    )
    def source_health(pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        rows = source_overview(pipeline.store, sources)
        report = table(
            ("source", "last run", "pages", "failing", "unread", "records", "gone", "waiting"),
            [
                (
                    row["source"],
                    row["last_run"] or "never",
                    row["pages"],
                    row["failing"],
                    row["unreadable"],
                    row["records"],
                    row["vanished"],
                    row["waiting"],
                )
                for row in rows
            ],
        )
        return dg.MaterializeResult(
            metadata=counts_metadata(
                {
                    "sources": len(rows),
                    "sources_failing": sum(row["failures"] > 0 for row in rows),
                    "sources_paused": sum(row["state"] == "paused" for row in rows),
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
                        ("source", "failures", "last error"),
                        [(row["source"], row["failures"], row["last_error"] or "") for row in rows if row["failures"]],
                    )
                    or "Every source's last import went well."
                ),
            }
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
