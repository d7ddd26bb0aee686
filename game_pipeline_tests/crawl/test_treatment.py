"""The table of failures: which kind each is, what it says about the site, and how often anything is tried again."""

from __future__ import annotations

import pytest

from game_pipeline.crawl.guard import NotNow
from game_pipeline.crawl.outcomes import FetchError, Kind, Outcome
from game_pipeline.crawl.treatment import TREATMENTS, Evidence, RetryBudget, evidence_of


def test_every_kind_has_its_treatment() -> None:
    assert set(TREATMENTS) == set(Kind)
    assert max(treatment.attempts for treatment in TREATMENTS.values()) == 4


@pytest.mark.parametrize(
    ("outcome", "kind", "status", "evidence"),
    [
        (Outcome.HTTP_ERROR, Kind.TRANSIENT, 503, Evidence.BAD),
        (Outcome.HTTP_ERROR, Kind.RATE_LIMITED, 429, Evidence.BAD),
        (Outcome.NETWORK_ERROR, Kind.TRANSIENT, None, Evidence.BAD),
        (Outcome.DEADLINE, Kind.TRANSIENT, None, Evidence.BAD),
        (Outcome.TRUNCATED, Kind.TRANSIENT, None, Evidence.BAD),
        (Outcome.NETWORK_ERROR, Kind.PERMANENT, None, Evidence.BAD),  # a wrong certificate
        (Outcome.BLOCKED_BY_SITE, Kind.BLOCKED, 403, Evidence.REFUSED),
        (Outcome.BLOCKED_BY_SITE, Kind.BLOCKED, 200, Evidence.BARRED),  # a captcha
        (Outcome.GONE, Kind.PERMANENT, 404, Evidence.GOOD),
        (Outcome.HTTP_ERROR, Kind.PERMANENT, 400, Evidence.GOOD),
        (Outcome.TOO_BIG, Kind.PERMANENT, None, None),
        (Outcome.BLOCKED_ADDRESS, Kind.BLOCKED, None, None),
        (Outcome.NETWORK_ERROR, Kind.OURS, None, None),
    ],
)
def test_what_a_failure_says_about_the_site(
    outcome: Outcome, kind: Kind, status: int | None, evidence: Evidence | None
) -> None:
    assert evidence_of(FetchError(outcome, kind, "", "http://site.test/", status=status)) == evidence


def test_what_was_never_sent_says_nothing() -> None:
    assert evidence_of(NotNow(Outcome.PARKED, Kind.RATE_LIMITED, "", "http://site.test/", retry_after=60)) is None


@pytest.mark.parametrize(("requests", "retries"), [(0, 5), (50, 5), (100, 10), (1000, 100)])
def test_a_tenth_of_the_requests_may_be_retries_and_five_always(requests: int, retries: int) -> None:
    budget = RetryBudget()
    for _ in range(requests):
        budget.sent()
    assert [budget.take() for _ in range(retries + 2)] == [True] * retries + [False] * 2
