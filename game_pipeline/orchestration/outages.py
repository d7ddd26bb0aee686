"""Restarts of the database, ridden out: work that is stored piece by piece goes on where it stopped."""

from collections.abc import Callable
from typing import TypeVar

import dagster as dg

from game_pipeline.store import Store, is_outage

__all__ = ["PATIENCE", "through_outages"]

PATIENCE = 30.0
"""Seconds that a run waits for the database to come back; Dagster itself waits about eleven."""

MOST = 10
"""Outages of one run, after which it fails all the same: what makes the database go away may be the work itself."""

T = TypeVar("T")


def through_outages(context: dg.AssetExecutionContext, store: Store, work: Callable[[], T]) -> T:
    """Do it, and do it again each time that the database has gone away and come back. Raises whatever the work raises
    but that, and that, too, where the database stays away.
    """
    for outage in range(MOST + 1):
        try:
            return work()
        except Exception as error:
            if not is_outage(error) or outage == MOST or not store.back_within(PATIENCE):
                raise
            context.log.warning("the database was away (%s); going on", " ".join(str(error).split()))
    raise AssertionError("the last outage is raised")
