"""When a source is sent nothing by our own will: a key that is missing, quiet hours, a day whose requests are spent."""

from __future__ import annotations

import datetime as dt

from game_pipeline.settings import QuietHours, Settings
from game_pipeline.sources import Source
from game_pipeline.store import Store

from .limits import Limits
from .slots import spent_until

__all__ = ["quiet_now", "quiet_until", "resting", "spent_words"]


def quiet_until(hours: QuietHours, now: dt.datetime) -> dt.datetime | None:
    """When the quiet hours that `now` (aware) lies in end, in UTC; None outside them. They may cross midnight.

    By the zone's own clock, so they move with its daylight saving; an hour that the clock skips or repeats counts as
    the clock shows it.
    """
    local = now.astimezone(hours.zone)
    crosses = hours.end < hours.start
    time = local.time().replace(tzinfo=None)
    inside = (time >= hours.start or time < hours.end) if crosses else hours.start <= time < hours.end
    if not inside:
        return None
    day = local.date() + dt.timedelta(days=1 if crosses and time >= hours.start else 0)
    end = dt.datetime.combine(day, hours.end, hours.zone).astimezone(dt.UTC)
    # Where clocks go back, the end may have been and come again: the second one counts.
    return end if end > now else dt.datetime.combine(day, hours.end.replace(fold=1), hours.zone).astimezone(dt.UTC)


def quiet_now(store: Store, hours: QuietHours | None) -> str | None:
    """Why nothing is sent now, for people; by the database's clock. None: it may be."""
    if hours is None:
        return None
    row = store.row("SELECT clock_timestamp() AS now")
    end = quiet_until(hours, row["now"]) if row else None
    return f"quiet hours ({hours}) until {end.astimezone(hours.zone):%Y-%m-%d %H:%M}" if end else None


def resting(store: Store, source: Source, settings: Settings) -> str | None:
    """Why a source is sent nothing now, for people; None: it may be."""
    limits = Limits.of(source, settings)
    if limits.without_keys:
        return limits.without_keys
    quiet = quiet_now(store, limits.quiet_hours)
    if quiet or limits.requests_per_day is None:
        return quiet
    seconds = spent_until(store, list(source.hosts), limits.requests_per_day)
    return None if seconds is None else spent_words(limits.requests_per_day, seconds)


def spent_words(per_day: int, seconds: float) -> str:
    return f"the day's {per_day} requests are sent; the next day (UTC) begins in {seconds / 3600:.1f} h"
