"""When the revisions of ifwiki.ru were saved."""

import datetime as dt

from .days import date_of

__all__ = ["edited_at", "saved_at", "stamp"]


def edited_at(revid: int) -> str:
    return stamp(saved_at(revid))


def saved_at(revid: int) -> dt.datetime:
    """When a revision was saved. The higher the number the denser they come: 6000 is of 2009, 28000 of this summer,
    and what is above 34010 was saved on day 2."""
    first_day = dt.datetime.combine(date_of(1), dt.time(), dt.UTC)
    if revid > 34_010:
        return first_day + dt.timedelta(days=1, hours=9, minutes=revid - 34_010)
    return first_day - dt.timedelta(minutes=round(4e-7 * (34_010 - revid) ** 3))


def stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
