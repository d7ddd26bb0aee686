"""Reading stored pages into records and writing what changed: the records stage.

A page is read when its body or its parser is newer than the last reading. A page that does not parse is recorded as
such, alone; its records keep their last good version.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import psycopg
from psycopg.types.json import Jsonb

from game_pipeline.model import AnyRecord, RecordError
from game_pipeline.parsing import Failure, ParseKilledError, Parser
from game_pipeline.sources import UNREAD, Page, ParseError, Source
from game_pipeline.store import BodyError, Event, Store, append, packed_bodies

from .expected import Watch, watch_over
from .gone import drop_gone_pages
from .moved import retire_moved_pages
from .shrink import SHARE, is_cut
from .unread import batches
from .versions import Reading, StoredPage, Written, write_pages

__all__ = ["PageProblem", "RecordsReport", "refresh_records"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PageProblem:
    """A page that could not be read: where it failed and what was found there, and the outcome it is filed under."""

    page: str
    where: str
    problem: str
    outcome: str = "selector_missing"


@dataclass(slots=True)
class RecordsReport:
    """What reading one segment came to. `gained_fields`: what its format states now and never did before, read or
    unread. `unread`: what the pages state and the parser does not read, in how many records."""

    segment: str
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[PageProblem] = field(default_factory=list)
    gained_fields: tuple[str, ...] = ()
    unread: Counter[str] = field(default_factory=Counter)


def refresh_records(
    store: Store,
    source: Source,
    run_id: str,
    segment: str,
    parser: Parser,
    go_on: Callable[[], None] = lambda: None,
) -> RecordsReport:
    """Read every page of a segment that is not read yet and record what changed. Call under the source's lock.

    `go_on` is called before each page, and may raise.
    """
    report = RecordsReport(segment)
    known = _known_fields(store, source.name, segment)
    stated: set[str] = set()
    watch = watch_over(store, source)
    for pages in batches(store, source, segment):
        readings = _read_pages(store, source, parser, pages, watch, report, go_on)
        _write_readings(store, source, readings, run_id, known, stated, report)
    _drop_gone_pages(store, source, segment, run_id, report)
    retire_moved_pages(store, source, segment, run_id, report.counts)
    _remember_fields(store, source, segment, run_id, known, stated, report)
    return report


def _known_fields(store: Store, source: str, segment: str) -> frozenset[str]:
    rows = store.rows("SELECT field FROM source_field WHERE source = %s AND segment = %s", (source, segment))
    return frozenset(row["field"] for row in rows)


def _remember_fields(
    store: Store,
    source: Source,
    segment: str,
    run_id: str,
    known: frozenset[str],
    stated: set[str],
    report: RecordsReport,
) -> None:
    report.counts += Counter(fields_unread=len(report.unread))
    gained = sorted({*stated, *report.unread} - known)
    if not gained:
        return
    with store.transaction() as connection:
        connection.execute(
            b"INSERT INTO source_field (source, segment, field) SELECT %s, %s, unnest(%s::text[]) "
            b"ON CONFLICT DO NOTHING",
            (source.name, segment, gained),
        )
        # A new facet is news of the format only where records state it that were known without it.
        news = [name for name in gained if name.startswith(UNREAD) or report.counts["records_format"]] if known else []
        if news:
            report.gained_fields = tuple(news)
            append(
                connection,
                [
                    Event(
                        stream=f"source:{source.name}",
                        event_type="source.format_changed",
                        payload={"segment": segment, "fields": news, "records": report.counts["records_format"]},
                        actor="pipeline",
                        correlation_id=run_id,
                        source=source.name,
                    )
                ],
            )


def _read_pages(
    store: Store,
    source: Source,
    parser: Parser,
    pages: Sequence[StoredPage],
    watch: Watch,
    report: RecordsReport,
    go_on: Callable[[], None],
) -> list[Reading]:
    """Read pages; what is wrong with one is recorded at once, and costs this page alone."""
    with store.connection() as connection:
        earlier = [page.earlier_hash for page in pages if page.earlier_hash is not None]
        body_of = packed_bodies(connection, [*(page.body_hash for page in pages), *earlier])
    bodies = {page.page_id: _body(page, body_of) for page in pages}
    whole = [
        Page(url=page.url, body=body, key=page.page_key, content_type=page.content_type)
        for page in pages
        if isinstance(body := bodies[page.page_id], bytes)
    ]
    answers = parser.parse_pages(source, whole)
    readings = []
    for page in pages:
        go_on()
        report.counts["pages_read"] += 1
        body = bodies[page.page_id]
        records = body if isinstance(body, PageProblem) else _judged(source, page, next(answers))
        if not isinstance(records, PageProblem):
            wrong = watch.judge(records)
            if wrong is None or page.believed:
                readings.append(Reading(page, records))
                continue
            records = PageProblem(page.url, *wrong)
        _record_problem(store, source, page, records, report)
    return readings


def _write_readings(
    store: Store,
    source: Source,
    readings: Sequence[Reading],
    run_id: str,
    known: frozenset[str],
    stated: set[str],
    report: RecordsReport,
) -> None:
    """Write what pages say, in one transaction; where one of them cannot be stored, each in its own."""
    if not readings:
        return
    try:
        written = _write(store, source, readings, run_id, known)
    except (psycopg.DataError, UnicodeError) as error:  # what the database cannot hold would stop every later run, too
        if len(readings) > 1:
            for reading in readings:
                _write_readings(store, source, [reading], run_id, known, stated, report)
            return
        page = readings[0].page
        problem = PageProblem(page.url, "record", f"cannot be stored: {' '.join(str(error).split())}")
        _record_problem(store, source, page, problem, report)
        return
    for reading, result in zip(readings, written, strict=True):
        _count(store, source, reading, result, stated, report)


def _count(
    store: Store, source: Source, reading: Reading, written: Written, stated: set[str], report: RecordsReport
) -> None:
    if written.changed is None:
        held = "too many records are missing at once; held until a person looks"
        problem = PageProblem(reading.page.url, "records", held, "suspect_shrink")
        _record_problem(store, source, reading.page, problem, report)
        return
    report.counts += written.counts
    report.counts["pages_changed" if written.changed else "pages_same"] += 1
    report.counts["records_read"] += len(reading.records)
    for record in reading.records:
        stated.update(record.facets())
        if record.warnings:
            report.counts["records_warned"] += 1
        report.unread.update(warning for warning in record.warnings if warning.startswith(UNREAD))


def _write(
    store: Store, source: Source, readings: Sequence[Reading], run_id: str, known: frozenset[str]
) -> list[Written]:
    """Write what pages say, and that they were read."""
    with store.transaction() as connection:
        written = write_pages(connection, source, readings, run_id, known)
        rows = [
            _page_row(reading, result)
            for reading, result in zip(readings, written, strict=True)
            if result.changed is not None
        ]
        if rows:
            connection.execute(_READ, {"rows": Jsonb(rows), "version": source.parser_version})
    return written


def _page_row(reading: Reading, written: Written) -> dict[str, object]:
    # What a newer parser or a grown format brought is no news of the site.
    news = any(written.counts[f"records_{kind}"] for kind in ("new", "changed", "vanished", "returned"))
    flaps = written.counts["records_flapping"] > 0
    return {
        "page_id": reading.page.page_id,
        "snapshot": reading.page.snapshot_id,
        "outcome": "changed" if news else "flapping" if flaps else "same",
        "changed": news,
        "flaps": flaps,
        "weight": weight_of(reading.records),
    }


def _body(page: StoredPage, body_of: Callable[[bytes], bytes]) -> bytes | PageProblem:
    """What a stored page is to be read from."""
    try:
        body = body_of(page.body_hash)
        cut = page.earlier_hash is not None and not page.believed and is_cut(body, body_of(page.earlier_hash))
    except BodyError as error:
        return PageProblem(page.url, "body", str(error))
    if cut:
        held = f"no end is to be seen, and less than {SHARE:.0%} of the text is left; held until a person looks"
        return PageProblem(page.url, "page", held, "suspect_shrink")
    return body


def _judged(source: Source, page: StoredPage, answer: list[AnyRecord] | Failure) -> list[AnyRecord] | PageProblem:
    """The records of a page, or what is wrong with it."""
    if isinstance(answer, list):
        twin = _twin(answer)
        problem = f"{twin!r} stands for two records of one page"
        return answer if twin is None else PageProblem(page.url, "identity", problem)
    if isinstance(answer, ParseError):
        outcome = "parse_killed" if isinstance(answer, ParseKilledError) else "selector_missing"
        return PageProblem(page.url, answer.where, answer.problem, outcome)
    if isinstance(answer, RecordError):
        return PageProblem(page.url, "record", str(answer))
    logger.error("%s %s: the parser failed\n%s", source.name, page.page_key, answer.trace)
    return PageProblem(page.url, "parser", str(answer))


def weight_of(records: Sequence[AnyRecord]) -> int:
    """How much a change missed on a page of these records weighs: more where there is something to play or to read.

    A page without a game weighs nothing, and is looked at as seldom as the source allows.
    """
    return sum(
        1
        + any(link.kind in ("download_direct", "download_landing", "play_online") for link in record.urls)
        + any(link.kind == "review" for link in record.urls)
        for record in records
    )


# The task that fetched a page learns what its new bytes came to.
_READ = b"""
WITH read AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(rows)s)
        AS row (page_id bigint, snapshot bigint, outcome text, changed boolean, flaps boolean, weight float8)
), told AS (
    UPDATE import_task AS task SET outcome = read.outcome FROM read
    WHERE task.page_id = read.page_id AND task.outcome = 'fetched'
)
UPDATE source_url_state AS page SET
    parsed_snapshot_id = read.snapshot, parsed_version = %(version)s, parse_error = NULL, parse_outcome = NULL,
    read_snapshot_id = read.snapshot, outcome = read.outcome,
    last_imported_at = now(),
    last_changed_at = CASE WHEN read.changed THEN now() ELSE page.last_changed_at END,
    change_count = page.change_count + CASE WHEN read.changed THEN 1 ELSE 0 END,
    poll_changes = page.poll_changes + CASE WHEN read.changed AND page.polled THEN 1 ELSE 0 END, polled = false,
    weight = read.weight,
    flapping_since = CASE WHEN read.flaps THEN coalesce(page.flapping_since, now()) END,
    next_check_at = CASE WHEN read.flaps THEN least(page.next_check_at, now() + interval '1 day')
                         ELSE page.next_check_at END
FROM read WHERE page.page_id = read.page_id
"""
_TASK_OUTCOME = b"UPDATE import_task SET outcome = %s WHERE page_id = %s AND outcome = 'fetched'"


def _record_problem(
    store: Store,
    source: Source,
    page: StoredPage,
    problem: PageProblem,
    report: RecordsReport,
) -> None:
    report.counts["pages_failed"] += 1
    if problem.outcome != "selector_missing":
        report.counts[f"pages_{problem.outcome}"] += 1
    problem = replace(problem, where=_storable(problem.where), problem=_storable(problem.problem))
    report.problems.append(problem)
    logger.warning("%s %s: %s: %s", source.name, page.page_key, problem.where, problem.problem)
    error = f"{problem.where}: {problem.problem}"
    with store.transaction() as connection:
        connection.execute(
            b"UPDATE source_url_state SET parsed_snapshot_id = snapshot_id, parsed_version = %s, parse_error = %s, "
            b"parse_outcome = %s, outcome = %s WHERE page_id = %s",
            (source.parser_version, error, problem.outcome, problem.outcome, page.page_id),
        )
        connection.execute(_TASK_OUTCOME, (problem.outcome, page.page_id))


def _storable(text: str) -> str:
    """A problem quotes its page, and not all that a page says can be stored as text."""
    return text.replace("\0", "").encode(errors="replace").decode()


def _twin(records: Sequence[AnyRecord]) -> str | None:
    """An identity that two of the records have."""
    if len(records) == 1:
        return None
    found = Counter((record.subject, record.identity) for record in records)
    return next((identity for (_, identity), n in found.items() if n > 1), None)


def _drop_gone_pages(store: Store, source: Source, segment: str, run_id: str, report: RecordsReport) -> None:
    where, why = "page", "too many pages about people are missing at once; held until a person looks"
    held = drop_gone_pages(store, source, segment, run_id, report.counts, held_because=f"{where}: {why}")
    report.counts += Counter(pages_failed=len(held), pages_suspect_shrink=len(held))
    report.problems += [PageProblem(page.url, where, why, "suspect_shrink") for page in held]
