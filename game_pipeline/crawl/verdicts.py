"""What the status and headers of a reply mean for us: go on, try again later, or leave it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from .exchange import Reply
from .outcomes import FetchError, Kind, Outcome
from .slots import LONGEST_DELAY
from .urls import Target

__all__ = ["PERMANENT_REDIRECTS", "REDIRECTS", "check_status", "retry_after"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT_REDIRECTS = frozenset({301, 308})

_GOOD = frozenset({200, 203})
_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 525)})
_REFUSALS = frozenset({401, 403, 451})
_GONE = frozenset({404, 410})


def check_status(target: Target, reply: Reply, *, conditional: bool, longest_wait: float) -> None:
    """Let pass a page, a redirect that says where to, and a 304 that was asked for; raise `FetchError` for the rest.

    `longest_wait`: the seconds that a Retry-After may ask for before waiting here makes no sense.
    """
    status = reply.status
    if status in _GOOD or (status in REDIRECTS and reply.headers.get("location")):
        return
    if status == 304 and conditional:
        return
    wait: float | None = None
    if status in _GONE:
        outcome, kind, message = Outcome.GONE, Kind.PERMANENT, f"the site answers {status}: there is no such page"
    elif status in _REFUSALS:
        outcome, kind, message = Outcome.BLOCKED_BY_SITE, Kind.BLOCKED, f"the site refuses us: it answers {status}"
    elif status in _RETRYABLE:
        wait = retry_after(reply.headers)
        limited = status == 429 or (wait is not None and wait > longest_wait)
        outcome, kind = Outcome.HTTP_ERROR, Kind.RATE_LIMITED if limited else Kind.TRANSIENT
        message = f"the site answers {status}" + (f" and asks to wait {wait:.0f} s" if wait else "")
    elif status == 304:
        outcome, kind = Outcome.HTTP_ERROR, Kind.PERMANENT
        message = "the site answers 304, not modified, though it was asked for the whole page"
    elif status in REDIRECTS:
        outcome, kind, message = Outcome.HTTP_ERROR, Kind.PERMANENT, f"the site answers {status} and names no address"
    else:
        kind = Kind.TRANSIENT if status >= 500 else Kind.PERMANENT
        outcome, message = Outcome.HTTP_ERROR, f"the site answers {status}, which is no page"
    raise FetchError(outcome, kind, message, target.url, status=status, retry_after=wait)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that Retry-After asks for (a number or a date), a day at most; None where it says nothing
    that can be used.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,12}", value, re.ASCII):
        return min(float(value), LONGEST_DELAY) or None
    date = _http_date(value)
    if date is None:
        return None
    # Measured by the clock that wrote it where it is told: ours may stand elsewhere.
    now = _http_date(headers.get("date", "")) or dt.datetime.now(dt.UTC)
    seconds = (date - now).total_seconds()
    return min(seconds, LONGEST_DELAY) if seconds > 0 else None


def _http_date(value: str) -> dt.datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=dt.UTC)
