"""Replicas of the sources' sites on loopback: the true formats, a made-up world, three days.

`server` runs them, `days` says what the sites hold on which day, `events` what happened in between; each site has a
module (`*_site`) of pure functions from a world and a request to a reply, and a line in `registry`.
"""

from .days import MERGED, World, date_of, world_on
from .events import (
    CHANGED,
    EDITED_TUID,
    EVENTS_OF_DAY_2,
    FAILING_TUID,
    IFDB,
    IFWIKI,
    INSTEAD,
    MALFORMED_TUID,
    NEW_INSTEAD_ID,
    NEW_TUID,
    SITES,
    TRUE_RELEASE_DATE,
    VANISHED_INSTEAD_ID,
    WRONG_RELEASE_DATE,
    Event,
    EventKind,
)
from .registry import REPLICAS
from .server import Replicas, Seen
from .troubles import TROUBLES, Trouble

__all__ = [
    "CHANGED",
    "EDITED_TUID",
    "EVENTS_OF_DAY_2",
    "FAILING_TUID",
    "IFDB",
    "IFWIKI",
    "INSTEAD",
    "MALFORMED_TUID",
    "MERGED",
    "NEW_INSTEAD_ID",
    "NEW_TUID",
    "REPLICAS",
    "SITES",
    "TROUBLES",
    "TRUE_RELEASE_DATE",
    "VANISHED_INSTEAD_ID",
    "WRONG_RELEASE_DATE",
    "Event",
    "EventKind",
    "Replicas",
    "Seen",
    "Trouble",
    "World",
    "date_of",
    "world_on",
]
