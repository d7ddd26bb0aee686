"""Visiting one source: walk its listing where that is due, then fetch the pages that are due, segment by segment.

Everything done is stored at once, a moment's work together. A failing page ends neither its segment nor the run; a
failing site ends its own run only, and what is left is taken up by the next attempt.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from game_pipeline.parsing import InProcess, Parser
from game_pipeline.settings import Settings
from game_pipeline.sources import Listing, PageRef, ParseError, Policy, Request, Source
from game_pipeline.store import Store

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
from .storing import Visited, store_failure, store_visits
from .treatment import TREATMENTS, RetryBudget

__all__ = ["PageError", "SegmentReport", "Visitor"]

logger = logging.getLogger(__name__)

MAX_LOOKUPS = 100  # listing replies that finding one game by its address may take
TELL_EVERY = 30.0  # seconds between two calls of `on_progress`
DOWN_AFTER = 5  # failures of the site in a row, after which the rest of the run is left for later
# Pages are claimed and stored by the batch, as many as half a second's work: one by one where the site has a delay, so
# that nothing is held while a turn is waited for.
BATCH_SECONDS = 0.5
BATCH_PAGES = 50
BATCH_BYTES = 2 * 1024 * 1024


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
                soft_status=self.source.soft_status,
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
        pace = math.inf  # seconds a page
        while self.waits is None:
            self._go_on()
            most = max(1, min(BATCH_PAGES, int(BATCH_SECONDS / pace)))
            with self.store.transaction() as connection:
                tasks = frontier.claim(
                    connection, self.source.name, report.segment, self.run_id, started, only, most=most
                )
            if not tasks:
                return
            begun = time.monotonic()
            self._visit_pages(tasks, report)
            pace = (time.monotonic() - begun) / len(tasks)

    def _visit_pages(self, tasks: Sequence[frontier.Task], report: SegmentReport) -> None:
        """Visit pages that were claimed together. What came is stored together, too, after a moment at the latest;
        those that the visit does not come to are given back."""
        left = deque(tasks)
        held = _Held()
        try:
            with self.guard.together(lambda: self._store(held, report)):
                while left and self.waits is None:
                    self._visit_page(left.popleft(), held, report)
                    if held.full:
                        self._store(held, report)
        finally:
            self._store(held, report)
            if left:
                with self.store.transaction() as connection:
                    frontier.give_back(connection, list(left))

    def _visit_page(self, task: frontier.Task, held: _Held, report: SegmentReport) -> None:
        self._go_on()
        validators = Validators(etag=task.etag, last_modified=task.last_modified)
        if task.not_modified_streak >= self.settings.crawl.full_fetch_every or task.content_hash is None:
            validators = Validators()
        try:
            fetched = self.fetch(task.request, validators)
        except NotNow as error:  # the page is as if nobody had taken it up
            with self.store.transaction() as connection:
                frontier.give_back(connection, [task])
            if error.outcome is not Outcome.POSTPONED:
                raise SiteDown(error.message) from None
            self.waits = error.message
            return
        except FetchError as error:
            report.counts["pages_checked"] += 1
            self._record_failure(task, error, report)
            return
        self._failures_in_a_row = 0
        report.counts["pages_checked"] += 1
        report.counts["requests"] += fetched.requests
        held.add(Visited(task, fetched, self.source.settled(fetched.response.body)))

    def _store(self, held: _Held, report: SegmentReport) -> None:
        visits = held.take()
        if not visits:
            return
        with self.store.transaction() as connection:
            outcomes = store_visits(connection, visits, self.limits, self.run_id)
            frontier.observe(connection, self.source, self._merged_into(visits))
        for visit in visits:
            outcome = outcomes[visit.task.task_id]
            report.counts[f"pages_{outcome}"] += 1
            logger.info("%s %s: %s", self.source.name, visit.task.page_key, outcome)

    def _merged_into(self, visits: Sequence[Visited]) -> list[PageRef]:
        """The pages of other games that pages have led to for good: they are due, too."""
        led_to = [
            visit.fetched.permanent_redirect or ""
            for visit in visits
            if self.source.leads_elsewhere(visit.task.url, visit.fetched.permanent_redirect)
        ]
        return [page for url in led_to for page in self.source.locate(url).pages]

    def _record_failure(self, task: frontier.Task, error: FetchError, report: SegmentReport) -> None:
        report.counts["requests"] += 1
        # A credit gives the address of somebody's page; whether they have one, or have it still, it does not say.
        absent = task.segment == self.source.people and error.outcome is Outcome.GONE
        with self.store.transaction() as connection:
            outcome, stays_due = store_failure(connection, task, error, self.limits, absent=absent)
        if absent:
            self._failures_in_a_row = 0
            report.counts["pages_gone"] += 1
            logger.info("%s %s: there is no such page", self.source.name, task.page_key)
            return
        report.counts["pages_failed"] += 1
        if stays_due:
            self._postponed.add(error.kind)
        report.errors.append(PageError(task.url, outcome, error.message))
        logger.warning("%s %s: %s", self.source.name, task.page_key, error)
        if error.kind is Kind.RATE_LIMITED:
            raise SiteDown(error.message)
        if error.kind is Kind.TRANSIENT:
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= DOWN_AFTER:
                raise SiteDown(f"{error.message} ({DOWN_AFTER} failures in a row)")


class _Held:
    """Good replies that are not stored yet: never more than what a moment brings."""

    def __init__(self) -> None:
        self._visits: list[Visited] = []
        self._bytes = 0
        self._since = 0.0

    def add(self, visit: Visited) -> None:
        if not self._visits:
            self._since = time.monotonic()
        self._visits.append(visit)
        self._bytes += len(visit.body)

    @property
    def full(self) -> bool:
        return self._bytes > BATCH_BYTES or (bool(self._visits) and time.monotonic() - self._since > BATCH_SECONDS)

    def take(self) -> list[Visited]:
        taken, self._visits, self._bytes = self._visits, [], 0
        return taken


def _why(error: PageError) -> str:
    return f"{error.message} ({error.page})"


_REFUSED = """
INSERT INTO robots_refusal AS refusal (source, url, rule) VALUES (%(source)s, %(url)s, %(rule)s)
ON CONFLICT (source, url) DO UPDATE SET rule = excluded.rule, last_at = now(), times = refusal.times + 1
"""
