"""What is new on IFDB, as its RSS tells it (`/allnew-rss`): the 25 newest items of all kinds, and how far they reach.

Format: the site's own code (allnew-rss, newitems.php). The dates are the moments at which its database stored things.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .base import ParseError
from .identities import site_id
from .rss import moment, rss_items
from .urls import query_of
from .xml import leaves

__all__ = ["REMEMBERED", "News", "NewsItem", "Place", "read_news"]

REMEMBERED = 10
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_TUID = re.compile(r"[0-9a-z]{15,16}")
_LISTING = "A new listing for "


@dataclass(frozen=True, slots=True)
class Place:
    """Down to where the site's news are known: the cursor of the feed.

    `since`: when the newest item of any kind was published, empty where that is not known; all that was listed up to
    then was seen. `seen`: the TUIDs listed last, newest first; several, lest one listing that is taken back, or one
    more of the same second, lose the place.
    """

    since: str = ""
    seen: tuple[str, ...] = ()

    @classmethod
    def of(cls, cursor: str | None) -> Place:
        """The place that a cursor names; older ones have TUIDs alone."""
        words = (cursor or "").split()
        since = max(filter(_MOMENT.fullmatch, words), default="")
        return cls(since, tuple(filter(_TUID.fullmatch, words)))

    @property
    def cursor(self) -> str | None:
        return " ".join(filter(None, (self.since, *self.seen))) or None

    def after(self, since: str, tuids: list[str]) -> Place:
        """The place once these listings, newest first, were seen too."""
        return Place(since, tuple(dict.fromkeys((*tuids, *self.seen)))[:REMEMBERED])

    def above(self, tuids: list[str]) -> tuple[list[str], bool]:
        """Of listings from the newest on: those that are newer than the last one known among them, all where none is
        known, and whether one is. Not down to the first known one only: the order within a second means nothing."""
        known = [place for place, tuid in enumerate(tuids) if tuid in self.seen]
        return [tuid for tuid in tuids[: known[-1] if known else None] if tuid not in self.seen], bool(known)


@dataclass(frozen=True, slots=True)
class NewsItem:
    """`published`: empty where the date is not understood. `tuid`: of the game that was listed; empty for an item of
    another kind. `pinned`: news of the site itself, which may stand above what is newer."""

    published: str
    tuid: str = ""
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """The items of the feed, in its order."""

    items: tuple[NewsItem, ...]

    @property
    def dates(self) -> tuple[str, ...]:
        """When the items were published, from the newest on; empty where their dates are not to be relied on: one is
        missing, or they are out of order."""
        found = tuple(item.published for item in self.items if not item.pinned)
        return found if all(found) and list(found) == sorted(found, reverse=True) else ()

    @property
    def listings(self) -> dict[str, str]:
        """The games listed, with the time of it, in the order of the feed."""
        found: dict[str, str] = {}
        for item in self.items:
            if item.tuid:
                found.setdefault(item.tuid, item.published)
        return found

    def since(self, place: Place) -> tuple[list[str], bool]:
        """The listings that are news at this place, and whether those are all: whether nothing that is as new as what
        was seen can have been cut off. The clock of the site is not to be relied on: where an item was dated ahead,
        what is listed after it seems older."""
        listings, dates = self.listings, self.dates
        newest = max([place.since, *(time for tuid, time in listings.items() if tuid in place.seen)])
        above, known = place.above(list(listings))
        late = above if known and dates else []
        # What was listed in the very second that was seen last may have come after the look.
        new = [
            tuid
            for tuid, time in listings.items()
            if tuid not in place.seen and (not newest or time >= newest or tuid in late)
        ]
        taken_back = bool(dates) and dates[0] < place.since
        behind = not known and any(tuid not in place.seen and tuid not in new for tuid in listings)
        # At the bottom of a feed, a second may be cut in two.
        return new, bool(dates) and dates[-1] < newest and not taken_back and not behind


def read_news(body: bytes) -> News:
    """The feed as sent. Raises `ParseError` for what is no RSS, and for a new listing that names no game."""
    return News(tuple(_item(leaves(item)) for item in rss_items(body)))


def _item(facts: dict[str, str]) -> NewsItem:
    link, title = facts.get("link", ""), facts.get("title", "")
    found = site_id(link)
    query = query_of(link)
    # The address of a review is that of its game and `review`; what it says is in no document of the game, and the
    # ratings, which are, never count as a change. So only listings name a page.
    tuid = found.value if found and found.scheme == "tuid" and "review" not in query else ""
    if title.startswith(_LISTING) and found is None:
        raise ParseError("rss channel item link", f"a new listing that names no game: {link[:120]!r}")
    return NewsItem(moment(facts.get("pubDate", "")), tuid, "item" in query and not tuid)
