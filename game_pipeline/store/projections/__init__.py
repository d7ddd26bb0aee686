"""What events do to the catalogue's tables. A pure function of the events: replaying them gives the same rows.

Nothing here looks at the clock or at code that may change its mind: keys that matching computes travel in the event.
A batch is applied table by table, not event by event: each family of tables takes its own events in their order, and
no family's result depends on when another takes its turn, but for the order of the list below.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store.event import RecordedEvent

from .asking import CONFLICTS, REVIEWS
from .batch import Family
from .deciding import EDITS, EXCLUSIONS, HOLDS, MATCHES
from .games import GAMES, MEMBERS
from .ledger import DEMOTED_KEYS, EDGES, RELATIONS
from .libraries import LIBRARIES, PLAYERS
from .people import PEOPLE
from .proposing import EXISTING_CATALOGUES, PROPOSALS

__all__ = ["HANDED", "project"]

# Games first, to which other rows refer, as entries to players; reviews before what their verdicts exclude.
_FAMILIES: tuple[Family, ...] = (
    GAMES,
    MEMBERS,
    MATCHES,
    EDGES,
    DEMOTED_KEYS,
    RELATIONS,
    EDITS,
    HOLDS,
    CONFLICTS,
    REVIEWS,
    EXCLUSIONS,
    PROPOSALS,
    EXISTING_CATALOGUES,
    PLAYERS,
    LIBRARIES,
    PEOPLE,
)

HANDED = frozenset().union(*(family.event_types for family in _FAMILIES if not family.in_log))
"""The types of those events whose payloads `project` must be handed; it reads the others' in the log itself."""


def project(connection: Connection[DictRow], events: Sequence[RecordedEvent]) -> None:
    """Apply events, given in the order of the log, inside the caller's transaction."""
    for family in _FAMILIES:
        own = [event for event in events if event.event_type in family.event_types]
        if own:
            family.apply(connection, own)
