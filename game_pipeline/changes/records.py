"""Reading stored pages into records and writing what changed: the records stage.

A page is read when its body or its parser is newer than the last reading. A page that does not parse is recorded as
such, alone; its records keep their last good version.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import psycopg

from game_pipeline.model import GameRecord, RecordError
from game_pipeline.sources import Page, ParseError, Source
from game_pipeline.store import BodyError, Event, Store, append, load_body

from .versions import StoredPage, drop_records, write_records

__all__ = ["PageProblem", "RecordsReport", "refresh_records", "unread_segments"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PageProblem:
    """A page that could not be read: where it failed and what was found there."""

    page: str
    where: str
    problem: str


@dataclass(slots=True)
class RecordsReport:
    """What reading one segment came to. `gained_fields`: what its format states now and never did before."""

    segment: str
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[PageProblem] = field(default_factory=list)
    gained_fields: tuple[str, ...] = ()


_UNREAD = """
SELECT page.page_id, page.page_key, page.segment, page.url, page.snapshot_id, page.parsed_snapshot_id,
       page.parse_error IS NOT NULL AS failed, snapshot.body_hash,
       coalesce(snapshot.headers->>'content-type', '') AS content_type
FROM source_url_state AS page JOIN page_snapshot AS snapshot USING (snapshot_id)
WHERE page.source = %s AND page.segment = %s AND page.outcome IS DISTINCT FROM 'gone'
  AND (page.snapshot_id IS DISTINCT FROM page.parsed_snapshot_id OR page.parsed_version IS DISTINCT FROM %s)
ORDER BY page.page_id
"""


def refresh_records(store: Store, source: Source, run_id: str, segment: str) -> RecordsReport:
    """Read every page of a segment that is not read yet and record what changed. Call under the source's lock."""
    report = RecordsReport(segment)
    known = _known_fields(store, source.name, segment)
    stated: set[str] = set()
    for row in store.rows(_UNREAD, (source.name, segment, source.parser_version)):
        _read_page(store, source, StoredPage(**row), run_id, known, stated, report)
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
    gained = sorted(stated - known)
    if not gained:
        return
    with store.transaction() as connection:
        connection.execute(
            b"INSERT INTO source_field (source, segment, field) SELECT %s, %s, unnest(%s::text[]) "
            b"ON CONFLICT DO NOTHING",
            (source.name, segment, gained),
        )
        if known and report.counts["records_format"]:
            report.gained_fields = tuple(gained)
            append(
                connection,
                [
                    Event(
                        stream=f"source:{source.name}",
                        event_type="source.format_changed",
                        payload={"segment": segment, "fields": gained, "records": report.counts["records_format"]},
                        actor="pipeline",
                        correlation_id=run_id,
                        source=source.name,
                    )
                ],
            )


def _read_page(
    store: Store,
    source: Source,
    page: StoredPage,
    run_id: str,
    known: frozenset[str],
    stated: set[str],
    report: RecordsReport,
) -> None:
    report.counts["pages_read"] += 1
    records = _parse(store, source, page)
    if isinstance(records, PageProblem):
        _record_problem(store, source, page, records, report)
        return
    counts: Counter[str] = Counter()
    try:
        changed = _write(store, source, page, records, run_id, known, counts)
    except (psycopg.DataError, UnicodeError) as error:  # what the database cannot hold would stop every later run, too
        problem = PageProblem(page.url, "record", f"cannot be stored: {' '.join(str(error).split())}")
        _record_problem(store, source, page, problem, report)
        return
    if changed is None:
        shrunk = PageProblem(page.url, "records", "too many records are missing at once; held until a person looks")
        _record_problem(store, source, page, shrunk, report, outcome="suspect_shrink")
        return
    report.counts += counts
    report.counts["pages_changed" if changed else "pages_same"] += 1
    report.counts["records_read"] += len(records)
    for record in records:
        stated.update(record.facets())
        if record.warnings:
            report.counts["records_warned"] += 1


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
            outcome = "changed" if changed else "same"
            connection.execute(
                _READ,
                {"page_id": page.page_id, "snapshot": page.snapshot_id, "version": source.parser_version}
                | {"outcome": outcome, "changed": bool(changed), "shortest": source.policy.revisit_min}
                | {"idle": None if records else source.policy.revisit_max},
            )
            connection.execute(_TASK_OUTCOME, (outcome, page.page_id))
    return changed


def _parse(store: Store, source: Source, page: StoredPage) -> list[GameRecord] | PageProblem:
    """The records of a stored page, or what is wrong with it. Whatever a parser raises costs this page alone."""
    try:
        with store.connection() as connection:
            body = load_body(connection, page.body_hash)
    except BodyError as error:
        return PageProblem(page.url, "body", str(error))
    try:
        records = source.parse(Page(url=page.url, body=body, key=page.page_key, content_type=page.content_type))
        _refuse_twins(records)
    except ParseError as error:
        return PageProblem(page.url, error.where, error.problem)
    except RecordError as error:
        return PageProblem(page.url, "record", str(error))
    except Exception as error:
        logger.exception("%s %s: the parser failed", source.name, page.page_key)
        return PageProblem(page.url, "parser", f"{type(error).__name__}: {error}")
    return records


_READ = b"""
UPDATE source_url_state SET
    parsed_snapshot_id = %(snapshot)s, parsed_version = %(version)s, parse_error = NULL, outcome = %(outcome)s,
    last_imported_at = now(),
    last_changed_at = CASE WHEN %(changed)s THEN now() ELSE last_changed_at END,
    change_count = change_count + CASE WHEN %(changed)s THEN 1 ELSE 0 END,
    -- A page that changes is looked at more often; one that holds no game only when something points at it.
    revisit_after = CASE WHEN %(changed)s THEN greatest(revisit_after / 2, %(shortest)s) ELSE revisit_after END,
    next_check_at = CASE WHEN %(idle)s::interval IS NOT NULL THEN now() + %(idle)s::interval
                         WHEN %(changed)s THEN now() + greatest(revisit_after / 2, %(shortest)s)
                         ELSE next_check_at END
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
    outcome: str = "selector_missing",
) -> None:
    report.counts["pages_failed"] += 1
    problem = replace(problem, where=_storable(problem.where), problem=_storable(problem.problem))
    report.problems.append(problem)
    logger.warning("%s %s: %s: %s", source.name, page.page_key, problem.where, problem.problem)
    error = f"{problem.where}: {problem.problem}"
    with store.transaction() as connection:
        connection.execute(
            b"UPDATE source_url_state SET parsed_snapshot_id = snapshot_id, parsed_version = %s, parse_error = %s, "
            b"outcome = %s WHERE page_id = %s",
            (source.parser_version, error, outcome, page.page_id),
        )
        connection.execute(_TASK_OUTCOME, (outcome, page.page_id))


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
