"""Visiting one source: walk its listing where that is due, then fetch the pages that are due, segment by segment.

Everything done is stored page by page. A failing page ends neither its segment nor the run; a failing site ends its
own run only, and what is left is taken up by the next attempt.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from game_pipeline.settings import Settings
from game_pipeline.sources import Listing, PageRef, ParseError, Policy, Request, Source
from game_pipeline.store import Store, save_body

from . import frontier
from .client import Client, Fetched, Validators
from .outcomes import FetchError

__all__ = ["PageError", "SegmentReport", "Visitor"]

logger = logging.getLogger(__name__)

MAX_LISTING_REQUESTS = 2_000
DOWN_AFTER = 5  # failures of the site in a row, after which the rest of the run is left for later
KEPT_HEADERS = ("content-type", "etag", "last-modified", "date", "content-language")


@dataclass(frozen=True, slots=True)
class PageError:
    """What went wrong with one page, for people."""

    page: str
    outcome: str
    message: str


@dataclass(slots=True)
class SegmentReport:
    """What a visit to one segment came to. `failed` names why its work is not done; None: it is."""

    segment: str
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[PageError] = field(default_factory=list)
    failed: str | None = None
    seconds: float = 0.0


class SiteDown(Exception):
    """The site failed too often in a row; carries the last message."""


class Visitor:
    """Visits one source for one run. Create one per attempt of the run."""

    def __init__(self, store: Store, client: Client, source: Source, settings: Settings, run_id: str) -> None:
        self.store = store
        self.client = client
        self.source = source
        self.policy: Policy = source.policy
        self.settings = settings
        self.run_id = run_id
        own = settings.source(source.name)
        self.min_delay = self.policy.min_delay if own.min_delay is None else own.min_delay
        self._failures_in_a_row = 0

    def fetch(self, request: Request, validators: Validators | None = None) -> Fetched:
        """One polite request under the source's policy. Raises `FetchError`."""
        return self.client.fetch(
            request,
            min_delay=self.min_delay,
            max_body=self.policy.max_body,
            attempts=self.policy.request_attempts,
            validators=validators if request.conditional else None,
        )

    # The listing ---------------------------------------------------------------------------------------------------

    def listing_due(self, *, full: bool) -> bool:
        """Was the source never listed to its end, or (`full`) not since this run began?"""
        row = self.store.row(
            "SELECT listed_at IS NOT NULL AS ever, listed_at >= (SELECT started_at FROM import_run WHERE run_id = %s) "
            "AS in_this_run FROM importer_health WHERE source = %s",
            (self.run_id, self.source.name),
        )
        if row is None or not row["ever"]:
            return True
        return full and not row["in_this_run"]

    def walk_listing(self) -> Counter[str]:
        """Enumerate the source's pages to the end. Raises `FetchError` or `ParseError`; what was seen is kept."""
        counts: Counter[str] = Counter()
        pages = list(self.source.fixed_pages())
        for listing in self._walk(self.source.listing(), counts):
            pages += listing.pages
            with self.store.transaction() as connection:
                frontier.observe(connection, self.source, listing.pages, listed=True)
        with self.store.transaction() as connection:
            frontier.observe(connection, self.source, pages, listed=True)
            unlisted, missing = frontier.unlist_missing(
                connection, self.source, {page.key for page in pages}, self.policy.max_vanished_share
            )
            if unlisted == missing:  # a listing held as broken is no listing
                connection.execute(
                    b"INSERT INTO importer_health (source, listed_at) VALUES (%s, now()) "
                    b"ON CONFLICT (source) DO UPDATE SET listed_at = now()",
                    (self.source.name,),
                )
        counts["pages_listed"] = len({page.key for page in pages})
        counts["pages_unlisted"] = unlisted
        counts["pages_missing_held"] = missing - unlisted
        return counts

    def locate(self, urls: Sequence[str]) -> list[PageRef]:
        """The pages behind the addresses of games. Raises ValueError, `FetchError` or `ParseError`."""
        pages: dict[str, PageRef] = {}
        for url in urls:
            found = self.source.locate(url)
            refs = list(found.pages)
            for listing in self._walk(found.next, Counter()):
                refs += listing.pages
            if not refs:
                raise ParseError("listing", f"{self.source.title} names no page for {url}")
            pages |= {page.key: page for page in refs}
        with self.store.transaction() as connection:
            frontier.observe(connection, self.source, list(pages.values()))
        return list(pages.values())

    def _walk(self, requests: Iterable[Request], counts: Counter[str]) -> Iterable[Listing]:
        queue = list(requests)
        seen: set[str] = set()
        while queue:
            request = queue.pop(0)
            if request.url in seen:  # a listing that leads back into itself ends there
                continue
            seen.add(request.url)
            if len(seen) > MAX_LISTING_REQUESTS:
                raise ParseError("listing", f"does not end after {MAX_LISTING_REQUESTS} requests")
            fetched = self.fetch(request)
            counts["requests"] += fetched.requests
            listing = self.source.parse_listing(fetched.response)
            queue += listing.next
            yield listing

    # The pages -----------------------------------------------------------------------------------------------------

    def visit(
        self,
        segments: Sequence[str],
        *,
        full: bool,
        only: Sequence[str] | None = None,
        on_segment: Callable[[SegmentReport], None] = lambda _: None,
    ) -> list[SegmentReport]:
        """Fetch what is due in the segments (`full`: everything; `only`: just these page keys).

        Calls `on_segment` as each segment ends. Never raises for what a site does.
        """
        with self.store.transaction() as connection:
            frontier.release_orphans(connection, self.source.name)
            if only is None:
                frontier.enqueue_due(connection, self.source.name, segments, full=full, run_id=self.run_id)
            else:
                frontier.enqueue_pages(connection, self.source.name, only)
            row = connection.execute(b"SELECT clock_timestamp() AS now").fetchone()
        started = row["now"] if row else dt.datetime.now(dt.UTC)
        down: str | None = None
        reports = []
        for segment in segments:
            report = SegmentReport(segment)
            begun = time.monotonic()
            if down is None:
                try:
                    self._visit_segment(report, started, only)
                except SiteDown as error:
                    down = str(error)
            self._judge(report, down, only)
            report.seconds = time.monotonic() - begun
            reports.append(report)
            on_segment(report)
        return reports

    def _judge(self, report: SegmentReport, down: str | None, only: Sequence[str] | None) -> None:
        """A segment is done when nothing of it that this run is about waits for another attempt."""
        with self.store.connection() as connection:
            left = frontier.segments_left(connection, self.source.name, [report.segment], only).get(report.segment, 0)
        if left:
            why = down or (_why(report.errors[-1]) if report.errors else "not reached")
            report.failed = f"{left} page{'s' if left > 1 else ''} left: {why}"
            report.counts["pages_left"] = left

    def _visit_segment(self, report: SegmentReport, started: dt.datetime, only: Sequence[str] | None) -> None:
        while True:
            with self.store.transaction() as connection:
                task = frontier.claim(
                    connection,
                    self.source.name,
                    report.segment,
                    self.run_id,
                    started,
                    self.settings.crawl.lease,
                    only,
                )
            if task is None:
                return
            self._visit_page(task, report)

    def _visit_page(self, task: frontier.Task, report: SegmentReport) -> None:
        validators = Validators(etag=task.etag, last_modified=task.last_modified)
        if task.not_modified_streak >= self.settings.crawl.full_fetch_every or task.content_hash is None:
            validators = Validators()
        report.counts["pages_checked"] += 1
        try:
            fetched = self.fetch(Request(task.request_url), validators)
        except FetchError as error:
            self._record_failure(task, error, report)
            return
        self._failures_in_a_row = 0
        report.counts["requests"] += fetched.requests
        with self.store.transaction() as connection:
            outcome = self._store(connection, task, fetched)
            frontier.finish(connection, task, state="done", outcome=outcome)
        report.counts[f"pages_{outcome}"] += 1
        logger.info("%s %s: %s", self.source.name, task.page_key, outcome)

    def _store(self, connection: Connection[DictRow], task: frontier.Task, fetched: Fetched) -> str:
        """Store a good reply and what it says about the page. Returns not_modified, same or fetched."""
        if fetched.not_modified:
            connection.execute(
                _CHECKED,
                self._checked(task, "not_modified", 304) | {"streak": task.not_modified_streak + 1},
            )
            return "not_modified"
        body_hash = save_body(connection, fetched.response.body)
        outcome = "same" if body_hash == task.content_hash else "fetched"
        snapshot = None
        if outcome == "fetched":
            row = connection.execute(
                b"INSERT INTO page_snapshot (page_id, body_hash, final_url, http_status, headers, run_id) "
                b"VALUES (%s, %s, %s, %s, %s, %s) RETURNING snapshot_id",
                (
                    task.page_id,
                    body_hash,
                    fetched.final_url,
                    fetched.response.status,
                    Jsonb({k: v for k, v in fetched.response.headers.items() if k in KEPT_HEADERS}),
                    self.run_id,
                ),
            ).fetchone()
            snapshot = row["snapshot_id"] if row else None
        connection.execute(
            _FETCHED,
            self._checked(task, outcome, fetched.response.status)
            | {
                "etag": fetched.validators.etag,
                "last_modified": fetched.validators.last_modified,
                "content_hash": body_hash,
                "snapshot_id": snapshot,
            },
        )
        return outcome

    def _checked(self, task: frontier.Task, outcome: str, status: int | None) -> dict[str, object]:
        return {
            "page_id": task.page_id,
            "outcome": outcome,
            "status": status,
            "fingerprint": task.listed_fingerprint,
            "shortest": self.policy.revisit_min,
            "longest": self.policy.revisit_max,
        }

    def _record_failure(self, task: frontier.Task, error: FetchError, report: SegmentReport) -> None:
        message = str(error)
        transient = error.kind in ("transient", "rate_limited", "ours")
        report.counts["pages_failed"] += 1
        report.counts["requests"] += 1
        report.errors.append(PageError(task.url, error.outcome, error.message))
        with self.store.transaction() as connection:
            connection.execute(
                _FAILED,
                {"page_id": task.page_id, "outcome": error.outcome, "status": error.status, "error": message}
                | {"transient": transient, "revisit": self.policy.revisit_min, "fingerprint": task.listed_fingerprint},
            )
            if transient:
                frontier.postpone(connection, task, outcome=error.outcome, error=message)
            else:
                frontier.finish(connection, task, state="failed", outcome=error.outcome, error=message)
        logger.warning("%s %s: %s", self.source.name, task.page_key, message)
        if error.kind == "rate_limited" or error.outcome == "blocked_by_site":
            raise SiteDown(error.message)
        if transient:
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= DOWN_AFTER:
                raise SiteDown(f"{error.message} ({DOWN_AFTER} failures in a row)")


def _why(error: PageError) -> str:
    return f"{error.message} ({error.page})"


_CHECKED = b"""
UPDATE source_url_state SET
    outcome = %(outcome)s, http_status = %(status)s, last_error = NULL, failure_count = 0,
    last_checked_at = now(), check_count = check_count + 1, success_count = success_count + 1,
    not_modified_streak = %(streak)s, fetched_fingerprint = %(fingerprint)s,
    revisit_after = least(coalesce(revisit_after, %(shortest)s) * 1.5, %(longest)s),
    next_check_at = now() + least(coalesce(revisit_after, %(shortest)s) * 1.5, %(longest)s)
WHERE page_id = %(page_id)s
"""

_FETCHED = b"""
UPDATE source_url_state SET
    outcome = %(outcome)s, http_status = %(status)s, last_error = NULL, failure_count = 0,
    last_checked_at = now(), last_fetched_at = now(),
    check_count = check_count + 1, success_count = success_count + 1, not_modified_streak = 0,
    fetched_fingerprint = %(fingerprint)s, etag = %(etag)s, last_modified = %(last_modified)s,
    content_hash = %(content_hash)s, snapshot_id = coalesce(%(snapshot_id)s, snapshot_id),
    revisit_after = least(coalesce(revisit_after, %(shortest)s) * 1.5, %(longest)s),
    next_check_at = now() + least(coalesce(revisit_after, %(shortest)s) * 1.5, %(longest)s)
WHERE page_id = %(page_id)s
"""

# A transient failure leaves the page due; any other waits for its next turn.
_FAILED = b"""
UPDATE source_url_state SET
    outcome = %(outcome)s, http_status = %(status)s, last_error = %(error)s, failure_count = failure_count + 1,
    last_checked_at = now(), check_count = check_count + 1,
    fetched_fingerprint = CASE WHEN %(transient)s THEN fetched_fingerprint ELSE %(fingerprint)s END,
    next_check_at = CASE WHEN %(transient)s THEN next_check_at ELSE now() + %(revisit)s END
WHERE page_id = %(page_id)s
"""
