"""When a delivery that failed is tried again: pure arithmetic."""

from __future__ import annotations

import datetime as dt
import random
from email.utils import parsedate_to_datetime

from game_pipeline.settings import WebhookSettings

__all__ = ["MOST_ASKED", "asked_pause", "next_attempt"]

MOST_ASKED = dt.timedelta(days=1)
"""The longest pause that a receiver is granted at once."""


def next_attempt(settings: WebhookSettings, attempts: int, now: dt.datetime) -> dt.datetime:
    """When to try again after so many attempts: twice as long each time, half of it left to chance.

    The chance spreads what failed together, so that a receiver that comes back is not met by all of it at once.
    """
    longest = min(settings.backoff_cap, settings.backoff_base * 2.0 ** min(attempts - 1, 60))
    return now + dt.timedelta(seconds=longest * random.uniform(0.5, 1.0))


def asked_pause(retry_after: str | None, now: dt.datetime) -> dt.timedelta | None:
    """What a Retry-After header asks for: seconds or an HTTP date. None where it says nothing that can be read."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(dt.timedelta(seconds=int(text[:9])), MOST_ASKED)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(dt.timedelta(0), min(moment - now, MOST_ASKED))
