"""The asset `sources/NAME`: visits a site and stores its pages, segment by segment."""

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg
import psycopg

from game_pipeline.crawl import (
    FetchError,
    Hold,
    HoldLost,
    Kind,
    Outcome,
    SegmentReport,
    SourceBusy,
    Visitor,
    begin_run,
    finish_run,
    mark_done,
    read_health,
    run_counts,
    source_progress,
    without_keys,
)
from game_pipeline.settings import Settings
from game_pipeline.sources import ParseError, Source
from game_pipeline.store import is_outage

from .metadata import PAGE_KEYS, counts_metadata, in_words, table, whole_run, with_defaults
from .outages import through_outages
from .resources import Pipeline

__all__ = ["OWNERS", "ImportConfig", "pages_asset"]

OWNERS = ["team:imports"]
PROGRESS_TAG = "progress"
LOG_EVERY = 300.0  # seconds: each line is a row in Dagster's log


class ImportConfig(dg.Config):
    """What a run fetches. By default whatever is due."""

    full: bool = False
    """Walk the listing and fetch every page of the segments, due or not. Where such an import was interrupted, go on
    with it."""
    anew: bool = False
    """With `full`: fetch also what an import that was interrupted has fetched already."""
    urls: list[str] = []  # noqa: RUF012  -- pydantic copies a default
    """Only these games, by their addresses on the site."""


def pages_asset(source: Source, settings: Settings, partitions: dg.StaticPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset that fetches a source's pages."""
    policy, own = source.policy, settings.source(source.name)
    retries = policy.asset_retries if own.asset_retries is None else own.asset_retries
    delay = policy.asset_retry_delay if own.asset_retry_delay is None else own.asset_retry_delay
    fresh = policy.fresh_for

    @dg.asset(
        key=["sources", source.name],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=dg.RetryPolicy(
            max_retries=retries, delay=delay, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
        ),
        pool=source.name,
        group_name="sources",
        kinds={"python", "postgres", "http"},
        owners=OWNERS,
        tags={"source": source.name, "verified": "yes" if source.verified else "no"}
        | ({"needs_key": "yes"} if source.needs else {}),
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=fresh, warn_window=fresh * 0.75),
        metadata={"site": dg.MetadataValue.url(source.home), "licence": source.attribution.licence},
        description=_describe(source),
    )
    def pages(
        context: dg.AssetExecutionContext, config: ImportConfig, pipeline: dg.ResourceParam[Pipeline]
    ) -> dg.MaterializeResult:
        segments = list(context.partition_keys)
        if missing := without_keys(source, pipeline.settings, addresses=bool(config.urls)):
            raise dg.Failure(f"{source.title} {missing}", allow_retries=False)
        last = context.retry_number >= retries

        def attempt() -> dg.MaterializeResult:
            with (
                pipeline.hold(source, context.run.run_id) as hold,
                _books(context, pipeline, source, config, last=last),
            ):
                return _fetch(context, config, pipeline, source, hold, segments, last=last)

        try:
            return through_outages(context, pipeline.store, attempt)
        except (SourceBusy, HoldLost) as other:
            raise dg.Failure(str(other), allow_retries=False) from None

    return pages


@dataclass(frozen=True, slots=True)
class _Problem:
    """What is wrong with the listing."""

    text: str
    kind: Kind


@contextmanager
def _books(
    context: dg.AssetExecutionContext, pipeline: Pipeline, source: Source, config: ImportConfig, *, last: bool
) -> Iterator[None]:
    """The run's books around one attempt. They stay open for the attempt or the asset that comes after, if any."""
    run = context.run
    # Dagster starts a run whose process died again, as does the monitor: one of them may have been done when the other
    # comes. Where a person has it executed again, all is fetched again.
    retry_of = run.tags.get("dagster/parent_run_id") if "dagster/retry_number" in run.tags else None
    if begin_run(
        pipeline.store,
        run.run_id,
        source.name,
        list(context.partition_keys),
        full=config.full,
        anew=config.anew,
        retry_of=retry_of,
    ):
        context.log.info("the full import that was interrupted goes on; what it has fetched is not fetched again")
    try:
        yield
    except (dg.Failure, HoldLost):  # its raiser, or who took over, has closed them, or another attempt comes
        raise
    except BaseException as error:  # a defect, or the run was cancelled: the monitor rests after either
        if is_outage(error):  # the books cannot be closed now; who comes after does it
            raise
        passing = isinstance(error, psycopg.OperationalError)  # its disk is full, say; all else stays as it is
        if passing and not last:
            raise
        why = f"{source.title}: {type(error).__name__}: {error}"
        finish_run(pipeline.store, run.run_id, source.name, failed=why, records=Counter())
        if passing or not isinstance(error, Exception):
            raise
        raise dg.Failure(why, allow_retries=False) from error
    # Launched for the pages alone, as the UI does from the asset's page, the run has no second asset to close them.
    if run.step_keys_to_execute and f"records__{source.name}" not in run.step_keys_to_execute:
        finish_run(pipeline.store, run.run_id, source.name, failed=None, records=Counter())


def _describe(source: Source) -> str:
    notes = "" if source.verified else "\n\n**Not verified**: no real capture of this format has been seen yet."
    for secret in source.needs:
        notes += (
            f"\n\n**Needs key: {secret.name}**, {secret.what}; from {secret.where}. Set it as "
            f"`GAME_PIPELINE_KEYS__{secret.name}`. Without it nothing is asked of this site."
        )
    return (
        f"Pages of {source.title}, stored as sent. Partitioned by segment; one run covers any number of them and "
        f"fetches what is due: what the site's listing or feed signals, and what was not looked at for a while "
        f"(at least every {_human(source.policy.revisit_max)}).\n\n"
        f"**When a segment is red:** its observation and the run's failure name the pages and what the site answered. "
        f"What was fetched is kept; launch the failed segments again when the site is well. Nothing else stops."
        f"{notes}"
    )


def _human(span: dt.timedelta) -> str:
    return f"{span.days} days" if span.days else f"{span.seconds // 3600} hours"


def _fetch(
    context: dg.AssetExecutionContext,
    config: ImportConfig,
    pipeline: Pipeline,
    source: Source,
    hold: Hold,
    segments: list[str],
    *,
    last: bool,
) -> dg.MaterializeResult:
    begun = time.monotonic()
    teller = _Teller(context, pipeline, source)
    visitor = pipeline.visitor(source, context.run.run_id, hold, teller)
    only, problems = _find_pages(context, config, pipeline, source, visitor)
    reports = visitor.visit(segments, full=config.full, only=only, on_segment=lambda report: _log(context, report))
    teller.conclude()
    failed = [report for report in reports if report.failed]
    last = last or not visitor.another_attempt_helps(*(problem.kind for problem in problems))
    counts = run_counts(pipeline.store, context.run.run_id)
    metadata = {
        report.segment: counts_metadata(with_defaults(counts.get(report.segment, {}), PAGE_KEYS))
        | {"seconds": dg.MetadataValue.float(round(report.seconds, 3)), "report": _report(report)}
        | _rate(report)
        for report in reports
    }
    run = whole_run(sum(counts.values(), Counter()), len(segments), time.monotonic() - begun)
    if visitor.waits:  # by our own will: no failure, and nothing to try again before the time comes
        left = sum(report.counts["pages_left"] for report in reports)
        waits = f"pages that wait: {left}; {visitor.waits}"
        run["waits"] = dg.MetadataValue.text(waits)
        context.log.warning("%s: %s", source.title, waits)
    if only is not None:  # the segments are the run's reach: of none of them was anything else looked at
        run["only"] = dg.MetadataValue.md(table(("only these addresses",), [(url,) for url in config.urls]))
    if not failed and not problems:
        for segment, values in metadata.items():
            context.add_asset_metadata(values, partition_key=segment)
        return dg.MaterializeResult(metadata=run)
    # Some are done and some are not: say so segment by segment, then fail for the rest.
    listing_failed = bool(problems) and not failed
    done = [report.segment for report in reports if not report.failed and not listing_failed]
    for segment in mark_done(pipeline.store, context.run.run_id, done):
        context.log_event(
            dg.AssetMaterialization(context.asset_key, partition=segment, metadata=run | metadata[segment])
        )
    summary = _summary(source, reports, problems)
    health = read_health(pipeline.store, source.name)
    if health.state != "closed" and health.in_words not in summary:
        summary += f"; {health.in_words}"
    if last:
        for report in failed:
            why = {"not_done": dg.MetadataValue.text(report.failed or ""), "report": _report(report)}
            context.log_event(dg.AssetObservation(context.asset_key, partition=report.segment, metadata=why))
        finish_run(pipeline.store, context.run.run_id, source.name, failed=summary, records=Counter())
    raise dg.Failure(
        summary,
        allow_retries=not last,  # else the run would say that its retries are used up, before it says what is wrong
        metadata={
            "failed_segments": [report.segment for report in failed],
            "done_segments": len(done),
            "report": dg.MetadataValue.md(
                table(("segment", "why"), [(report.segment, report.failed or "") for report in failed][:50])
                or "\n".join(problem.text for problem in problems)
            ),
        },
    )


def _find_pages(
    context: dg.AssetExecutionContext, config: ImportConfig, pipeline: Pipeline, source: Source, visitor: Visitor
) -> tuple[list[str] | None, list["_Problem"]]:
    """Which pages alone to fetch (None: whatever is due), and what is wrong with the listing.

    A listing that fails stops nothing: known pages are fetched, and the run fails for it in the end. An address that
    leads nowhere ends the run.
    """
    if config.urls:
        try:
            only = [page.key for page in visitor.locate(config.urls)]
            outside = sorted({source.segment_of(key) for key in only} - set(context.partition_keys))
            if outside:
                raise ValueError(f"the addresses lie in segments that this run does not cover: {', '.join(outside)}")
        except (FetchError, ParseError, ValueError) as error:
            finish_run(pipeline.store, context.run.run_id, source.name, failed=str(error), records=Counter())
            raise dg.Failure(str(error), allow_retries=False) from None
        return only, []
    if not visitor.listing_due(full=config.full):
        return None, []
    try:
        listing = visitor.walk_listing()
    except FetchError as error:
        if error.outcome is Outcome.POSTPONED:
            visitor.waits = error.message
            visitor.owe_listing()
            return None, []
        return None, [_Problem(f"listing: {error.message}", error.kind)]
    except (ParseError, ValueError) as error:
        return None, [_Problem(f"listing: {error}", Kind.PERMANENT)]
    context.log.info("listing: %s", in_words(listing))
    missing = listing["pages_missing_held"]
    if not missing:
        return None, []
    return None, [_Problem(f"the listing lacks {missing} pages at once; held as broken", Kind.PERMANENT)]


class _Teller:
    """Says how far a run is: as a tag of the run, which the list of runs shows, and in its log."""

    def __init__(self, context: dg.AssetExecutionContext, pipeline: Pipeline, source: Source) -> None:
        self._context = context
        self._pipeline = pipeline
        self._source = source
        self._logged_at = time.monotonic()
        self._told = False

    def conclude(self) -> None:
        """Where anything was told of how far it is: say where it has come to."""
        if self._told:
            self()

    def __call__(self) -> None:
        for progress in source_progress(self._pipeline.store, self._source.name):
            run_id = self._context.run.run_id
            if progress.run_id != run_id:
                continue
            self._context.instance.add_run_tags(run_id, {PROGRESS_TAG: progress.in_words})
            self._told = True
            if time.monotonic() - self._logged_at >= LOG_EVERY:
                self._logged_at = time.monotonic()
                self._context.log.info("%s: %s", self._source.title, progress.in_words)


def _log(context: dg.AssetExecutionContext, report: SegmentReport) -> None:
    if report.failed:
        context.log.warning("%s: %s", report.segment, report.failed)
    elif report.counts:
        context.log.info("%s: %s", report.segment, in_words(report.counts))


def _rate(report: SegmentReport) -> dict[str, dg.FloatMetadataValue]:
    """Pages a minute of this attempt, where it did anything."""
    if not report.counts["pages_checked"] or not report.seconds:
        return {}
    return {"pages_per_minute": dg.MetadataValue.float(round(60 * report.counts["pages_checked"] / report.seconds, 1))}


def _report(report: SegmentReport) -> dg.MarkdownMetadataValue:
    errors = table(
        ("page", "outcome", "what happened"),
        [(error.page, error.outcome, error.message) for error in report.errors[:20]],
    )
    return dg.MetadataValue.md(errors or "Nothing went wrong.")


def _summary(source: Source, reports: Iterable[SegmentReport], problems: list["_Problem"]) -> str:
    failed = [report for report in reports if report.failed]
    lines = [problem.text for problem in problems]
    if failed:
        names = ", ".join(report.segment for report in failed[:12]) + (" ..." if len(failed) > 12 else "")
        noun = "segment" if len(failed) == 1 else "segments"
        lines.append(f"{len(failed)} {noun} not done ({names}): {failed[0].failed}")
    return f"{source.title}: " + "; ".join(lines)
