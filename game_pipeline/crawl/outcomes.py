"""What a visit to a page can come to, and the one error that a fetch raises. Decides nothing, fetches nothing."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import partial

__all__ = ["ALERTS", "WELL", "FetchError", "Kind", "Outcome", "redact"]


class Outcome(StrEnum):
    """How a check of a page ended. Only `changed` makes a new version.

    `parked` and `postponed` are no checks: nothing was sent.
    """

    NOT_MODIFIED = "not_modified"
    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"
    MOVED = "moved"
    FLAPPING = "flapping"
    SELECTOR_MISSING = "selector_missing"
    EMPTY = "empty"
    SUSPECT_SHRINK = "suspect_shrink"
    TRUNCATED = "truncated"
    BLOCKED_ROBOTS = "blocked_robots"
    BLOCKED_ADDRESS = "blocked_address"
    BLOCKED_BY_SITE = "blocked_by_site"
    TOO_BIG = "too_big"
    HTTP_ERROR = "http_error"
    NETWORK_ERROR = "network_error"
    PARSE_KILLED = "parse_killed"
    INVALID_URL = "invalid_url"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    DEADLINE = "deadline"
    PARKED = "parked"
    """Nothing was asked: the source rests, is paused, or wants us to wait."""
    POSTPONED = "postponed"
    """Nothing was asked, by our own limits: quiet hours, a day whose requests are spent."""


WELL = frozenset({"fetched", "not_modified", "same", "changed", "moved", "flapping"})
"""Outcomes of a check that had the page; `fetched` until the page is read. All others are failures."""

ALERTS: dict[Outcome, float] = {
    Outcome.GONE: 0.10,
    Outcome.MOVED: 0.05,
    Outcome.FLAPPING: 0.02,
    Outcome.SELECTOR_MISSING: 0.0,
    Outcome.EMPTY: 0.0,
    Outcome.SUSPECT_SHRINK: 0.0,
    Outcome.TRUNCATED: 0.02,
    Outcome.TOO_BIG: 0.0,
    Outcome.BLOCKED_ROBOTS: 0.05,
    Outcome.BLOCKED_ADDRESS: 0.0,
    Outcome.BLOCKED_BY_SITE: 0.0,
    Outcome.HTTP_ERROR: 0.05,
    Outcome.NETWORK_ERROR: 0.05,
    Outcome.PARSE_KILLED: 0.0,
    Outcome.INVALID_URL: 0.05,
    Outcome.TOO_MANY_REDIRECTS: 0.05,
    Outcome.DEADLINE: 0.05,
}
"""The share of a source's pages whose last check may end so before it is worth a person's look."""


class Kind(StrEnum):
    """What to do about an error.

    `permanent`: asking again soon gives the same. `transient`: later may be better. `rate_limited`: the site asks
    for fewer requests. `blocked`: we may not, or the site will not have us. `ours`: nothing the site did.
    """

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    RATE_LIMITED = "rate_limited"
    BLOCKED = "blocked"
    OURS = "ours"


class FetchError(Exception):
    """A page could not be had. `status`: the reply's, if there was one. `retry_after`: seconds the site asks for.
    `rule`: the line of robots.txt that refused it.

    `url` and the text are safe to log and to store: secrets in addresses are masked.
    """

    def __init__(
        self,
        outcome: Outcome,
        kind: Kind,
        message: str,
        url: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        rule: str | None = None,
    ) -> None:
        self.outcome = outcome
        self.kind = kind
        self.message = redact(message)
        self.url = redact(url)
        self.status = status
        self.retry_after = retry_after
        self.rule = rule
        super().__init__(f"{_short(self.url)}: {self.message}")

    def __reduce__(self) -> tuple[object, ...]:
        # Rebuilt from `args` by default, which hold the text only; this error crosses processes whole.
        rebuild = partial(FetchError, status=self.status, retry_after=self.retry_after, rule=self.rule)
        return rebuild, (self.outcome, self.kind, self.message, self.url)


_SECRET_VALUE = re.compile(
    r"(?i)([?&;][a-z0-9_.-]{0,40}(?:key|token|secret|password|passwd|signature|sig|auth)=)[^&#;\s'\"]*"
)
_USERINFO = re.compile(r"(//)[^/?#@\s]+@")


def redact(text: str) -> str:
    """A URL, or a text with URLs in it, with the values of secret query parameters and any user name masked."""
    return _USERINFO.sub(r"\1***@", _SECRET_VALUE.sub(r"\1***", text))


def _short(url: str, longest: int = 300) -> str:
    return url if len(url) <= longest else url[:longest] + "..."
