"""Moments as people write them on the command line."""

from __future__ import annotations

import datetime as dt

from .context import WrongUse

__all__ = ["read_month", "read_time"]


def read_time(text: str) -> dt.datetime:
    """A moment as people write it: ISO 8601; without a zone it is local time. Raises `WrongUse`."""
    try:
        return dt.datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):  # the latter where the zone would lead out of the years that there are
        raise WrongUse(f"no time: {text!r}; write it like 2026-11-21 or 2026-11-21T14:30") from None


def read_month(text: str) -> dt.date:
    """The first day of a month written YYYY-MM. Raises `WrongUse`."""
    try:
        if len(text) == len("YYYY-MM"):
            return dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        pass
    raise WrongUse(f"no month: {text!r}; write it like 2026-11")
