"""The asset `records/NAME`: reads a source's stored pages into records. Sends nothing."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from game_pipeline.changes import RecordsReport, forget_reading, refresh_records
from game_pipeline.crawl import (
    HoldLost,
    SourceBusy,
    finish_run,
    note_people,
    replan,
    run_status,
)
from game_pipeline.sources import Source
from game_pipeline.store import is_outage

from .expected_checks import expectation_results, expectation_specs
from .metadata import RECORD_KEYS, counts_metadata, in_words, table, whole_run, with_defaults
from .outages import through_outages
from .resources import Pipeline
from .source_pages import OWNERS

__all__ = ["ReadConfig", "records_asset"]


class ReadConfig(dg.Config):
    """Which stored pages a run reads. By default those that are new, or that an older parser has read."""

    again: bool = False
    """Every page of the segments, also where this parser has read it."""


def records_asset(source: Source, partitions: dg.StaticPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset that reads a source's pages, with its checks."""

    @dg.asset(
        key=["records", source.name],
        deps=[dg.AssetKey(["sources", source.name])],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        code_version=str(source.parser_version),
        pool=source.name,
        group_name="records",
        kinds={"python", "postgres"},
        owners=OWNERS,
        tags={"source": source.name},
        check_specs=[
            *expectation_specs(source),
            dg.AssetCheckSpec(
                "every_page_is_read",
                asset=["records", source.name],
                description="Every stored page parses. Yellow: the table names the page and what was not found in it.",
            ),
            dg.AssetCheckSpec(
                "the_format_is_the_known_one",
                asset=["records", source.name],
                description="The site states no field that it never stated before, one that is not read included. "
                "Yellow: look at the new field.",
            ),
        ],
        description=(
            f"What the stored pages of {source.title} say, as canonical records. Pure: reads pages, sends nothing. "
            f"A page is read anew when its body or the parser (version {source.parser_version}) changed, and with the "
            f"config `again` in any case. A page that "
            f"does not parse is recorded alone, with the selector that failed; its record keeps its last good version."
        ),
    )
    def records(
        context: dg.AssetExecutionContext, config: ReadConfig, pipeline: dg.ResourceParam[Pipeline]
    ) -> dg.MaterializeResult:
        begun = time.monotonic()
        reports: list[RecordsReport] = []
        again = config.again

        def read() -> None:
            nonlocal again
            with pipeline.hold(source, context.run.run_id) as hold:
                if again:
                    forget_reading(pipeline.store, source, context.partition_keys)
                    again = False
                for segment in context.partition_keys[len(reports) :]:
                    report = refresh_records(
                        pipeline.store, source, context.run.run_id, segment, pipeline.parser, go_on=hold.check
                    )
                    reports.append(report)
                    context.add_asset_metadata(_records_metadata(report), partition_key=segment)
                noted = note_people(pipeline.store, source)
                plan = replan(pipeline.store, source, pipeline.settings)
            if noted:
                context.log.info("pages about people that these games credit: %d new ones are due", noted)
            context.log.info(
                "next visits: %d pages share %.0f a day, %d turns moved", plan.pages, plan.budget, plan.moved
            )

        def conclude() -> dg.MaterializeResult:
            totals: Counter[str] = Counter()
            for report in reports:
                totals += report.counts
            if _imported_here(pipeline, context.run.run_id):
                status = finish_run(pipeline.store, context.run.run_id, source.name, failed=None, records=totals)
                context.log.info("%s: %s %s", source.name, status, in_words(totals))
            return dg.MaterializeResult(
                metadata=whole_run(totals, len(reports), time.monotonic() - begun),
                check_results=[*_check_results(pipeline, source, reports), *expectation_results(pipeline, source)],
            )

        try:
            through_outages(context, pipeline.store, read)
        except (SourceBusy, HoldLost) as other:
            raise dg.Failure(str(other), allow_retries=False) from None
        except BaseException as error:  # a defect, or the run was cancelled: its books are closed all the same
            if not is_outage(error) and _imported_here(pipeline, context.run.run_id):
                why = f"{source.title}: {type(error).__name__}: {error}"
                finish_run(pipeline.store, context.run.run_id, source.name, failed=why, records=Counter())
            raise
        return through_outages(context, pipeline.store, conclude)

    return records


def _imported_here(pipeline: Pipeline, run_id: str) -> bool:
    return run_status(pipeline.store, run_id) == "running"


def _records_metadata(report: RecordsReport) -> dict[str, dg.MetadataValue[Any]]:
    problems = table(
        ("page", "where", "problem"), [(item.page, item.where, item.problem) for item in report.problems[:20]]
    )
    return counts_metadata(with_defaults(report.counts, RECORD_KEYS)) | {
        "report": dg.MetadataValue.md(problems or "Every page was read."),
        "unread": dg.MetadataValue.md(
            table(("what no parser reads", "records"), report.unread.most_common(50)) or "Every field is read."
        ),
    }


def _check_results(
    pipeline: Pipeline, source: Source, reports: Sequence[RecordsReport]
) -> Iterable[dg.AssetCheckResult]:
    unread = pipeline.store.rows(
        "SELECT url, parse_error FROM source_url_state WHERE source = %s AND parse_error IS NOT NULL "
        "ORDER BY page_id LIMIT 20",
        (source.name,),
    )
    yield dg.AssetCheckResult(
        check_name="every_page_is_read",
        passed=not unread,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "pages_failed": len(unread),
            "report": dg.MetadataValue.md(
                table(("page", "where and why"), [(row["url"], row["parse_error"]) for row in unread])
                or "Every stored page was read."
            ),
        },
    )
    gained = {report.segment: report.gained_fields for report in reports if report.gained_fields}
    yield dg.AssetCheckResult(
        check_name="the_format_is_the_known_one",
        passed=not gained,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "gained_fields": sum(len(fields) for fields in gained.values()),
            "report": dg.MetadataValue.md(
                table(("segment", "fields seen for the first time"), [(k, ", ".join(v)) for k, v in gained.items()])
                or "No field was seen for the first time."
            ),
        },
    )
