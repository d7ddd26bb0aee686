"""A curator as the settings want it: whose word weighs how much, and when two sentences are one."""

from __future__ import annotations

from collections.abc import Mapping

from game_pipeline.matching import name_key, title_key
from game_pipeline.merging import MergePolicy, Thresholds
from game_pipeline.settings import Settings
from game_pipeline.sources import SOURCES, Source
from game_pipeline.store import Store

from .reconcile import Curator

__all__ = ["curator_for"]


def curator_for(
    store: Store, settings: Settings, correlation_id: str, sources: Mapping[str, Source] = SOURCES
) -> Curator:
    """The curator of one run or command; `correlation_id` joins everything that it does."""
    priorities = {}
    for name, source in sources.items():
        own = settings.source(name).priority
        priorities[name] = source.policy.priority if own is None else own
    thresholds = Thresholds(duplicate=settings.merge.duplicate, near=settings.merge.near)
    policy = MergePolicy(title_key=title_key, person_key=name_key, thresholds=thresholds)
    return Curator(store, priorities, policy, correlation_id)
