"""A curator as the settings want it: whose word weighs how much, and when two sentences are one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from game_pipeline.matching import name_key, title_key
from game_pipeline.merging import MergePolicy, Thresholds
from game_pipeline.settings import LimitSettings, Settings
from game_pipeline.sources import SOURCES, Source
from game_pipeline.store import Store

from .limits import Limits
from .reconcile import Curator

__all__ = ["curator_for"]


def curator_for(
    store: Store, settings: Settings, correlation_id: str, sources: Mapping[str, Source] = SOURCES
) -> Curator:
    """The curator of one run or command; `correlation_id` joins everything that it does."""
    priorities = {}
    limits = {}
    for name, source in sources.items():
        own = settings.source(name)
        priorities[name] = source.policy.priority if own.priority is None else own.priority
        limits[name] = Limits(**_given(settings.limits) | _given(own.limits))
    for row in store.rows("SELECT name, priority FROM existing_catalogue"):
        priorities.setdefault(row["name"], row["priority"])
    thresholds = Thresholds(duplicate=settings.merge.duplicate, near=settings.merge.near)
    policy = MergePolicy(title_key=title_key, person_key=name_key, thresholds=thresholds)
    age = dt.timedelta(days=settings.edits_age_days)
    return Curator(store, priorities, policy, correlation_id, limits=limits, edits_age=age, shadow=settings.shadow)


def _given(limits: LimitSettings) -> dict[str, Any]:
    return limits.model_dump(exclude_none=True)
