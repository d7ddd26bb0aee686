"""What the replicas of stores and databases share: their entries on a day, and when each was last touched."""

import datetime as dt
import json
from functools import cache
from typing import Any

from game_pipeline.demo.world.stores import STORE_ENTRIES, StoreEntry

from .days import World, date_of
from .noise import roll
from .reply import Reply

__all__ = ["by_slug", "changed_at", "entries_with", "json_reply", "price_of"]

_BASE = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


def entries_with(world: World, number: str) -> list[StoreEntry]:
    """What a site lists on a day, by that number of its own (`steam`, `igdb`...)."""
    entries = [e for e in STORE_ENTRIES if e.since <= world.day and getattr(e, number) is not None]
    return sorted(entries, key=lambda entry: str(getattr(entry, number)).zfill(12))


def changed_at(world: World, entry: StoreEntry) -> dt.datetime:
    """When the entry was last touched. Every day a few are, though nothing that they say changes; and before the
    first day all were at the same second, as when a script goes over a database."""
    for day in range(world.day, 1, -1):
        if day == entry.since or (day > entry.since and roll(4, "touched", day, entry.game) == 0):
            return dt.datetime.combine(date_of(day), dt.time(4, roll(60, "minute", day, entry.game)), dt.UTC)
    return _BASE


def price_of(world: World, entry: StoreEntry) -> int:
    """In cents; there is a sale somewhere every day."""
    usual = 499 + 500 * roll(3, "price", entry.game)
    return usual // 2 if roll(4, "sale", world.day, entry.game) == 0 else usual


def json_reply(
    document: Any, *, status: int = 200, headers: tuple[tuple[str, str], ...] = (), pretty: bool = False
) -> Reply:
    text = json.dumps(document, ensure_ascii=False, indent=2 if pretty else None)
    return Reply(status=status, body=text.encode(), content_type="application/json", headers=headers)


@cache
def by_slug() -> dict[str, StoreEntry]:
    return {entry.game: entry for entry in STORE_ENTRIES}
