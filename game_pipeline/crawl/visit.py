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

from game_pipeline.parsing import InProcess, Parser
from game_pipeline.settings import Settings
from game_pipeline.sources import Listing, PageRef, ParseError, Policy, Request, Source
from game_pipeline.store import Store, save_body

from . import frontier
from .client import Client, Fetched, Validators
from .guard import Guard, NotNow
from .keyring import Keyring
from .leases import Hold
from .limits import Limits
from .listing import listing_due, owe_listing, walk_listing
from .orders import full_since, segment_done
from .outcomes import FetchError, Kind, Outcome
from .rest import quiet_now
from .revisit import JITTER
from .treatment import TREATMENTS, RetryBudget, treatment_of

__all__ = ["PageError", "SegmentReport", "Visitor"]

logger = logging.getLogger(__name__)

MAX_LOOKUPS = 100  # listing replies that finding one game by its address may take
PATIENCE = 6  # visits in a row that may fail before a page has to wait for its turn, lest it stand in others' way
TELL_EVERY = 30.0  # seconds between two calls of `on_progress`
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

    def __init__(
        self,
        store: Store,
        client: Client,
        source: Source,
        settings: Settings,
        run_id: str,
        budget: RetryBudget | None = None,
        parser: Parser | None = None,
        hold: Hold | None = None,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        """`budget`: the run's, where it has one already; each visitor has its own else. `hold`: of the source, where
        more is done than a single look; it is checked between any two requests. `on_progress` is called now and then
        while the work goes on."""
        self.store = store
        self.client = client
        self.source = source
        self.policy: Policy = source.policy
        self.settings = settings
        self.run_id = run_id
        self.parser = parser or InProcess()
        self.hold = hold
        self._on_progress = on_progress
        self._told_at = time.monotonic()
        self.limits = Limits.of(source, settings)
        self.keys = Keyring.of(source, settings)
        self.guard = Guard(
            store,
            source.name,
            settings.source(source.name).breaker,
            settings.crawl,
            min_delay=self.limits.min_delay,
            correlation_id=run_id,
            budget=budget,
        )
        self.waits: str | None = None
        """Why the rest of the work waits by our own will, where it does: quiet hours, the daily budget."""
        self._failures_in_a_row = 0
        self._postponed: set[Kind] = set()

    def _go_on(self) -> None:
        """Raises `HoldLost` where the source was taken over."""
        if self.hold is not None:
            self.hold.check()
        if time.monotonic() - self._told_at >= TELL_EVERY:
            self._told_at = time.monotonic()
            self._on_progress()

    def another_attempt_helps(self, *others: Kind) -> bool:
        """May what was postponed, or what failed in these other ways, go well in another attempt of this run?"""
        return self.guard.lets_through and any(TREATMENTS[kind].asset for kind in (*self._postponed, *others))

    def fetch(self, request: Request, validators: Validators | None = None) -> Fetched:
        """One polite request under the source's policy. Raises `FetchError`, and `NotNow` where nothing was sent."""
        if waits := self.limits.without_keys or quiet_now(self.store, self.limits.quiet_hours):
            raise NotNow(Outcome.POSTPONED, Kind.OURS, waits, request.url)
        try:
            fetched = self.client.fetch(
                request,
                min_delay=self.limits.min_delay,
                max_body=self.policy.max_body,
                attempts=self.policy.request_attempts,
                validators=validators if request.conditional else None,
                door=self.guard,
                requests_per_day=self.limits.requests_per_day,
                wall_markers=self.limits.wall_markers,
                keys=self.keys,
                agent_prefix=self.policy.agent_prefix,
            )
        except FetchError as error:
            if error.rule is not None:
                self.store.execute(_REFUSED, {"source": self.source.name, "url": error.url, "rule": error.rule})
            raise
        if not fetched.not_modified and not fetched.response.body.strip():
            why = f"the site answers {fetched.response.status} with nothing in it"
            raise FetchError(Outcome.EMPTY, Kind.PERMANENT, why, request.url, status=fetched.response.status)
        return fetched

    # The listing ---------------------------------------------------------------------------------------------------

    def listing_due(self, *, full: bool) -> bool:
        """Was the source never listed to its end, is a listing owed, or was none since this full import was ordered?"""
        return listing_due(self.store, self.source, full_since(self.store, self.run_id) if full else None)

    def owe_listing(self) -> None:
        """The listing was to be walked and had to wait: the next run does it."""
        owe_listing(self.store, self.source)

    def walk_listing(self) -> Counter[str]:
        """Enumerate the source's pages to the end, from where an earlier walk was interrupted. Raises `FetchError` or
        `ParseError`; what was seen is kept."""
        since = full_since(self.store, self.run_id)
        return walk_listing(self.store, self.source, self.fetch, self.parser, since=since, go_on=self._go_on)

    def locate(self, urls: Sequence[str]) -> list[PageRef]:
        """The pages behind the addresses of games. Raises ValueError, `FetchError` or `ParseError`."""
        pages: dict[str, PageRef] = {}
        for url in urls:
            found = self.source.locate(url)
            refs = list(found.pages)
            for listing in self._look_up(found.next):
                refs += listing.pages
            if not refs:
                raise ParseError("listing", f"{self.source.title} names no page for {url}")
            pages |= {page.key: page for page in refs}
        with self.store.transaction() as connection:
            frontier.observe(connection, self.source, list(pages.values()))
        return list(pages.values())

    def _look_up(self, requests: Iterable[Request]) -> Iterable[Listing]:
        queue = list(requests)
        seen: set[str] = set()
        while queue:
            request = queue.pop(0)
            if request.identity in seen:  # a listing that leads back into itself ends there
                continue
            seen.add(request.identity)
            if len(seen) > MAX_LOOKUPS:
                raise ParseError("listing", f"does not end after {MAX_LOOKUPS} requests")
            self._go_on()
            listing = self.parser.parse_listing(self.source, self.fetch(request).response)
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

        Calls `on_segment` as each segment ends. Never raises for what a site does; raises `HoldLost` where another run
        has taken over.
        """
        self._go_on()
        since = full_since(self.store, self.run_id) if full else None
        with self.store.transaction() as connection:
            frontier.release_orphans(connection, self.source.name)
            if only is None:
                frontier.enqueue_due(connection, self.source.name, segments, full_since=since)
            else:
                frontier.enqueue_pages(connection, self.source.name, only)
            row = connection.execute(b"SELECT clock_timestamp() AS now").fetchone()
        started = row["now"] if row else dt.datetime.now(dt.UTC)
        down: str | None = None
        reports = []
        for segment in segments:
            report = SegmentReport(segment)
            begun = time.monotonic()
            if down is None and self.waits is None:
                try:
                    self._visit_segment(report, started, only)
                except SiteDown as error:
                    down = str(error)
            self._judge(report, down, only)
            if full and not report.failed and not report.counts["pages_left"]:
                segment_done(self.store, self.run_id, segment)
            report.seconds = time.monotonic() - begun
            reports.append(report)
            on_segment(report)
        return reports

    def _judge(self, report: SegmentReport, down: str | None, only: Sequence[str] | None) -> None:
        """A segment is done when nothing of it that this run is about waits for another attempt."""
        with self.store.connection() as connection:
            left = frontier.segments_left(connection, self.source.name, [report.segment], only).get(report.segment, 0)
        if left and self.waits and down is None:
            report.counts["pages_left"] = left
        elif left:
            why = down or (_why(report.errors[-1]) if report.errors else "not reached")
            report.failed = f"{left} page{'s' if left > 1 else ''} left: {why}"
            report.counts["pages_left"] = left

    def _visit_segment(self, report: SegmentReport, started: dt.datetime, only: Sequence[str] | None) -> None:
        while True:
            self._go_on()
            with self.store.transaction() as connection:
                task = frontier.claim(connection, self.source.name, report.segment, self.run_id, started, only)
            if task is None:
                return
            self._visit_page(task, report)
            if self.waits is not None:
                return

    def _visit_page(self, task: frontier.Task, report: SegmentReport) -> None:
        validators = Validators(etag=task.etag, last_modified=task.last_modified)
        if task.not_modified_streak >= self.settings.crawl.full_fetch_every or task.content_hash is None:
            validators = Validators()
        report.counts["pages_checked"] += 1
        try:
            fetched = self.fetch(task.request, validators)
        except NotNow as error:
            self._put_back(task, report)
            if error.outcome is not Outcome.POSTPONED:
                raise SiteDown(error.message) from None
            self.waits = error.message
            return
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

    def _put_back(self, task: frontier.Task, report: SegmentReport) -> None:
        """Nothing was sent: the page is as if nobody had taken it up."""
        report.counts["pages_checked"] -= 1
        with self.store.transaction() as connection:
            frontier.give_back(connection, task)

    def _store(self, connection: Connection[DictRow], task: frontier.Task, fetched: Fetched) -> str:
        """Store a good reply and what it says about the page. Returns not_modified, same, moved or fetched."""
        if fetched.not_modified:
            connection.execute(
                _CHECKED,
                self._checked(task, "not_modified", 304) | {"streak": task.not_modified_streak + 1},
            )
            return "not_modified"
        body_hash = save_body(connection, self.source.settled(fetched.response.body))
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
        page = connection.execute(
            _FETCHED,
            self._checked(task, outcome, fetched.response.status)
            | {
                "etag": fetched.validators.etag,
                "last_modified": fetched.validators.last_modified,
                "content_hash": body_hash,
                "snapshot_id": snapshot,
                "moved_to": fetched.permanent_redirect,
            },
        ).fetchone()
        return str(page["outcome"]) if page else outcome

    def _checked(self, task: frontier.Task, outcome: str, status: int | None) -> dict[str, object]:
        return {
            "page_id": task.page_id,
            "outcome": outcome,
            "status": status,
            "fingerprint": task.listed_fingerprint,
            "mean": self.limits.revisit_mean,
            "jitter": JITTER,
        }

    def _record_failure(self, task: frontier.Task, error: FetchError, report: SegmentReport) -> None:
        message = str(error)
        report.counts["pages_failed"] += 1
        report.counts["requests"] += 1
        with self.store.transaction() as connection:
            page = connection.execute(
                _FAILED,
                {"page_id": task.page_id, "outcome": error.outcome, "status": error.status, "error": message}
                | {"stays_due": treatment_of(error).stays_due, "patience": PATIENCE}
                | {"fingerprint": task.listed_fingerprint}
                | {"shortest": self.limits.revisit_min, "longest": self.limits.revisit_max},
            ).fetchone()
            outcome = str(page["outcome"]) if page else error.outcome
            if page and page["stays_due"]:
                self._postponed.add(error.kind)
                frontier.postpone(connection, task, outcome=outcome, error=message)
            else:
                frontier.finish(connection, task, state="failed", outcome=outcome, error=message)
        report.errors.append(PageError(task.url, outcome, error.message))
        logger.warning("%s %s: %s", self.source.name, task.page_key, message)
        if error.kind is Kind.RATE_LIMITED:
            raise SiteDown(error.message)
        if error.kind is Kind.TRANSIENT:
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= DOWN_AFTER:
                raise SiteDown(f"{error.message} ({DOWN_AFTER} failures in a row)")


def _why(error: PageError) -> str:
    return f"{error.message} ({error.page})"


_REFUSED = """
INSERT INTO robots_refusal AS refusal (source, url, rule) VALUES (%(source)s, %(url)s, %(rule)s)
ON CONFLICT (source, url) DO UPDATE SET rule = excluded.rule, last_at = now(), times = refusal.times + 1
"""

# A check that a signal caused tells nothing of what polling would find: only the others count for the rate of change.
_IS_POLL = """
    (last_good_at IS NOT NULL AND (listed_fingerprint IS NULL
                                   OR listed_fingerprint IS NOT DISTINCT FROM fetched_fingerprint))"""
_POLLED = f"""
    last_good_at = now(), gone_since = NULL,
    -- What a page says again for a day is what it says: it is read once more.
    parsed_snapshot_id = CASE WHEN flapping_since <= now() - interval '1 day' THEN NULL ELSE parsed_snapshot_id END,
    poll_count = poll_count + CASE WHEN {_IS_POLL} THEN 1 ELSE 0 END,
    poll_days = poll_days + CASE WHEN {_IS_POLL} THEN extract(epoch FROM now() - last_good_at) / 86400 ELSE 0 END,
    next_check_at = now() + coalesce(revisit_after, %(mean)s * interval '1 day')
                          * (1 + %(jitter)s * (2 * random() - 1))"""

_CHECKED = f"""
UPDATE source_url_state SET
    outcome = %(outcome)s, http_status = %(status)s, last_error = NULL, failure_count = 0,
    last_checked_at = now(), check_count = check_count + 1, success_count = success_count + 1,
    not_modified_streak = %(streak)s, fetched_fingerprint = %(fingerprint)s,
    {_POLLED}
WHERE page_id = %(page_id)s
""".encode()

_FETCHED = f"""
UPDATE source_url_state SET
    -- Moved for good is what two checks in a row say; a page that also changed is news first.
    outcome = CASE WHEN %(outcome)s = 'same' AND moved_to = %(moved_to)s AND moved_count >= 1 THEN 'moved'
                   ELSE %(outcome)s END,
    moved_count = CASE WHEN %(moved_to)s::text IS NULL THEN 0 WHEN moved_to = %(moved_to)s THEN moved_count + 1
                       ELSE 1 END,
    moved_to = %(moved_to)s,
    http_status = %(status)s, last_error = NULL, failure_count = 0,
    last_checked_at = now(), last_fetched_at = now(),
    check_count = check_count + 1, success_count = success_count + 1, not_modified_streak = 0,
    fetched_fingerprint = %(fingerprint)s, etag = %(etag)s, last_modified = %(last_modified)s,
    content_hash = %(content_hash)s, snapshot_id = coalesce(%(snapshot_id)s, snapshot_id),
    polled = CASE WHEN %(snapshot_id)s::bigint IS NULL THEN polled ELSE {_IS_POLL} END,
    {_POLLED}
WHERE page_id = %(page_id)s
RETURNING outcome
""".encode()

# What is not the page's own trouble leaves it due (`treatment`), with patience; else it waits for its next turn, longer
# each time. A page is gone when two checks at least a day apart say so: sites lose pages for an hour when they are
# mended.
_FAILED = b"""
UPDATE source_url_state SET
    outcome = CASE WHEN %(outcome)s = 'gone' AND NOT coalesce(gone_since <= now() - interval '1 day', false)
                   THEN 'http_error' ELSE %(outcome)s END,
    gone_since = CASE WHEN %(outcome)s = 'gone' THEN coalesce(gone_since, now()) ELSE gone_since END,
    http_status = %(status)s, last_error = %(error)s, failure_count = failure_count + 1,
    last_checked_at = now(), check_count = check_count + 1,
    fetched_fingerprint = CASE WHEN %(stays_due)s AND failure_count + 1 < %(patience)s
        THEN fetched_fingerprint ELSE %(fingerprint)s END,
    next_check_at = CASE
        WHEN %(stays_due)s AND failure_count + 1 < %(patience)s THEN next_check_at
        WHEN %(outcome)s = 'gone' AND coalesce(gone_since, now()) > now() - interval '1 day'
        THEN coalesce(gone_since, now()) + interval '1 day'
        ELSE now() + interval '1 day' * least(%(longest)s, %(shortest)s * power(2, least(30, greatest(0,
            failure_count - CASE WHEN %(stays_due)s THEN %(patience)s - 1 ELSE 0 END)))) END
WHERE page_id = %(page_id)s
RETURNING outcome, %(stays_due)s AND failure_count < %(patience)s AS stays_due
"""
