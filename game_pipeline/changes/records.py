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

from game_pipeline.model import GameRecord, RecordError
from game_pipeline.parsing import ParseKilledError, Parser, ParserDefectError
from game_pipeline.sources import UNREAD, Page, ParseError, Source
from game_pipeline.store import BodyError, Event, Store, append, load_body

from .expected import Watch, watch_over
from .versions import StoredPage, drop_records, write_records

__all__ = ["PageProblem", "RecordsReport", "refresh_records", "unread_segments"]

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


_UNREAD = """
SELECT page.page_id, page.page_key, page.segment, page.url, page.snapshot_id, page.parsed_snapshot_id,
       page.parse_error IS NOT NULL AS failed, snapshot.body_hash,
       coalesce(page.released_snapshot = page.snapshot_id, false) AS believed,
       coalesce(page.flapping_since <= now() - interval '1 day', false) AS settled,
       coalesce(snapshot.headers->>'content-type', '') AS content_type
FROM source_url_state AS page JOIN page_snapshot AS snapshot USING (snapshot_id)
WHERE page.source = %s AND page.segment = %s AND page.outcome IS DISTINCT FROM 'gone'
  AND (page.snapshot_id IS DISTINCT FROM page.parsed_snapshot_id OR page.parsed_version IS DISTINCT FROM %s)
ORDER BY page.page_id
"""


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
    for row in store.rows(_UNREAD, (source.name, segment, source.parser_version)):
        go_on()
        _read_page(store, source, parser, StoredPage(**row), run_id, known, stated, watch, report)
    _drop_gone_pages(store, source, segment, run_id, report)
    _remember_fields(store, source, segment, run_id, known, stated, report)
    return report


def unread_segments(store: Store, source: Source) -> list[str]:
    """Segments with a stored page that this version of the parser has not read."""
    rows = store.rows(
        "SELECT DISTINCT segment FROM source_url_state WHERE source = %s AND snapshot_id IS NOT NULL "
        "AND outcome IS DISTINCT FROM 'gone' "
        "AND (snapshot_id IS DISTINCT FROM parsed_snapshot_id OR parsed_version IS DISTINCT FROM %s)",
        (source.name, source.parser_version),
    )
    return sorted(row["segment"] for row in rows)


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


def _read_page(
    store: Store,
    source: Source,
    parser: Parser,
    page: StoredPage,
    run_id: str,
    known: frozenset[str],
    stated: set[str],
    watch: Watch,
    report: RecordsReport,
) -> None:
    report.counts["pages_read"] += 1
    records = _parse(store, source, parser, page)
    if isinstance(records, PageProblem):
        _record_problem(store, source, page, records, report)
        return
    wrong = watch.judge(records)
    if wrong is not None and not page.believed:
        _record_problem(store, source, page, PageProblem(page.url, *wrong), report)
        return
    counts: Counter[str] = Counter()
    try:
        changed = _write(store, source, page, records, run_id, known, counts)
    except (psycopg.DataError, UnicodeError) as error:  # what the database cannot hold would stop every later run, too
        problem = PageProblem(page.url, "record", f"cannot be stored: {' '.join(str(error).split())}")
        _record_problem(store, source, page, problem, report)
        return
    if changed is None:
        held = "too many records are missing at once; held until a person looks"
        _record_problem(store, source, page, PageProblem(page.url, "records", held, "suspect_shrink"), report)
        return
    report.counts += counts
    report.counts["pages_changed" if changed else "pages_same"] += 1
    report.counts["records_read"] += len(records)
    for record in records:
        stated.update(record.facets())
        if record.warnings:
            report.counts["records_warned"] += 1
        report.unread.update(warning for warning in record.warnings if warning.startswith(UNREAD))


def _write(
    store: Store,
    source: Source,
    page: StoredPage,
    records: Sequence[GameRecord],
    run_id: str,
    known: frozenset[str],
    counts: Counter[str],
) -> int | None:
    """Write what a page says, and that it was read. Returns how many records changed, or None: not to be believed."""
    with store.transaction() as connection:
        changed = write_records(connection, source, page, records, run_id, known, counts)
        if changed is not None:
            # What a newer parser or a grown format brought is no news of the site.
            news = any(counts[f"records_{kind}"] for kind in ("new", "changed", "vanished", "returned"))
            flaps = counts["records_flapping"] > 0
            outcome = "changed" if news else "flapping" if flaps else "same"
            connection.execute(
                _READ,
                {"page_id": page.page_id, "snapshot": page.snapshot_id, "version": source.parser_version}
                | {"outcome": outcome, "changed": news, "flaps": flaps, "weight": weight_of(records)},
            )
            connection.execute(_TASK_OUTCOME, (outcome, page.page_id))
    return changed


def _parse(store: Store, source: Source, parser: Parser, page: StoredPage) -> list[GameRecord] | PageProblem:
    """The records of a stored page, or what is wrong with it. Whatever a parser raises costs this page alone."""
    try:
        with store.connection() as connection:
            body = load_body(connection, page.body_hash)
    except BodyError as error:
        return PageProblem(page.url, "body", str(error))
    try:
        records = parser.parse(source, Page(url=page.url, body=body, key=page.page_key, content_type=page.content_type))
        _refuse_twins(records)
    except ParseKilledError as error:
        return PageProblem(page.url, error.where, error.problem, "parse_killed")
    except ParseError as error:
        return PageProblem(page.url, error.where, error.problem)
    except RecordError as error:
        return PageProblem(page.url, "record", str(error))
    except ParserDefectError as error:
        logger.error("%s %s: the parser failed\n%s", source.name, page.page_key, error.trace)
        return PageProblem(page.url, "parser", str(error))
    return records


def weight_of(records: Sequence[GameRecord]) -> int:
    """How much a change missed on a page of these records weighs: more where there is something to play or to read.

    A page without a game weighs nothing, and is looked at as seldom as the source allows.
    """
    return sum(
        1
        + any(link.kind in ("download_direct", "download_landing", "play_online") for link in record.urls)
        + any(link.kind == "review" for link in record.urls)
        for record in records
    )


_READ = b"""
UPDATE source_url_state SET
    parsed_snapshot_id = %(snapshot)s, parsed_version = %(version)s, parse_error = NULL, outcome = %(outcome)s,
    last_imported_at = now(),
    last_changed_at = CASE WHEN %(changed)s THEN now() ELSE last_changed_at END,
    change_count = change_count + CASE WHEN %(changed)s THEN 1 ELSE 0 END,
    poll_changes = poll_changes + CASE WHEN %(changed)s AND polled THEN 1 ELSE 0 END, polled = false,
    weight = %(weight)s,
    flapping_since = CASE WHEN %(flaps)s THEN coalesce(flapping_since, now()) END,
    next_check_at = CASE WHEN %(flaps)s THEN least(next_check_at, now() + interval '1 day') ELSE next_check_at END
WHERE page_id = %(page_id)s
"""


# The task that fetched the page learns what its new bytes came to.
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
            b"outcome = %s WHERE page_id = %s",
            (source.parser_version, error, problem.outcome, page.page_id),
        )
        connection.execute(_TASK_OUTCOME, (problem.outcome, page.page_id))


def _storable(text: str) -> str:
    """A problem quotes its page, and not all that a page says can be stored as text."""
    return text.replace("\0", "").encode(errors="replace").decode()


def _refuse_twins(records: Sequence[GameRecord]) -> None:
    twins = [identity for identity, n in Counter(record.identity for record in records).items() if n > 1]
    if twins:
        raise ParseError("identity", f"{twins[0]!r} stands for two records of one page")


_GONE = """
SELECT page.page_id, page.page_key, page.segment, page.url, page.snapshot_id, page.parsed_snapshot_id,
       page.parse_error IS NOT NULL AS failed, snapshot.body_hash, '' AS content_type
FROM source_url_state AS page JOIN page_snapshot AS snapshot USING (snapshot_id)
WHERE page.source = %s AND page.segment = %s AND page.unlisted_at IS NOT NULL AND page.outcome = 'gone'
  AND EXISTS (SELECT FROM source_record AS record WHERE record.page_id = page.page_id AND record.state = 'live')
"""


def _drop_gone_pages(store: Store, source: Source, segment: str, run_id: str, report: RecordsReport) -> None:
    """Two witnesses that a page is gone: the listing no longer names it, and its address answers 404 or 410."""
    for row in store.rows(_GONE, (source.name, segment)):
        page = StoredPage(**row)
        with store.transaction() as connection:
            drop_records(connection, source, page, run_id, report.counts)
            # Should the page come back, be it as it was, it is read again.
            connection.execute(
                b"UPDATE source_url_state SET parsed_snapshot_id = NULL WHERE page_id = %s", (page.page_id,)
            )
