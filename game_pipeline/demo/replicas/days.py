"""The world on a day: what each site lists, and what is broken. Day 1 is the data of `demo.world` as it is."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

from game_pipeline.demo.world import GAMES, IfdbEntry, InsteadEntry, WikiEntry

from .events import EVENTS_OF_DAY_2, FIRST_DAY, IFDB, IFWIKI, INSTEAD, Event, EventKind
from .noise import roll

_Entry = TypeVar("_Entry", bound=InsteadEntry | IfdbEntry | WikiEntry)

# A listing that IFDB merged into another one as a duplicate: a placeholder id, and Curses.
MERGED: Mapping[str, str] = MappingProxyType({"c0py0fcurs3szz9k": "plvzam05bmz3enh8"})


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the sites hold on one day.

    `listed` says when a TUID was listed on IFDB. `down` names sites that answer nothing but errors,
    `malformed` and `failing` the TUIDs whose pages are cut short or cannot be had. `edited` says since which day an
    IFDB page has its present version, for pages edited since day 1.
    """

    day: int
    today: dt.date
    instead: tuple[InsteadEntry, ...]
    ifdb: tuple[IfdbEntry, ...]
    wiki: tuple[WikiEntry, ...]
    listed: Mapping[str, dt.date]
    merged: Mapping[str, str] = field(default_factory=lambda: MERGED)
    down: frozenset[str] = frozenset()
    malformed: frozenset[str] = frozenset()
    failing: frozenset[str] = frozenset()
    edited: Mapping[str, dt.date] = field(default_factory=dict)


@lru_cache(maxsize=32)
def world_on(day: int) -> World:
    """The world on a day, from 1. From the third day ifwiki.ru is back and IFDB's failing page works again."""
    if day < 1:
        raise ValueError(f"there is no day {day}: the first one is 1")
    today = date_of(day)
    happened = EVENTS_OF_DAY_2 if day >= 2 else ()
    only_today = happened if day == 2 else ()
    ifdb = _after(IfdbEntry, (game.ifdb for game in GAMES), IFDB, happened, lambda entry: entry.tuid)
    silent = _silent_edits(ifdb, day, told=_keys(happened, IFDB, "changed"))
    return World(
        day=day,
        today=today,
        instead=_after(InsteadEntry, (game.instead for game in GAMES), INSTEAD, happened, lambda entry: str(entry.id)),
        ifdb=tuple(replace(entry, pageversion=entry.pageversion + len(silent.get(entry.tuid, ()))) for entry in ifdb),
        wiki=_after(WikiEntry, (game.wiki for game in GAMES), IFWIKI, happened, lambda entry: str(entry.pageid)),
        listed=_listing_days(ifdb, _keys(happened, IFDB, "appeared")),
        down=frozenset(event.site for event in only_today if event.kind == "down"),
        malformed=_keys(happened, IFDB, "malformed"),
        failing=_keys(only_today, IFDB, "failing"),
        edited={
            **dict.fromkeys(_keys(happened, IFDB, "changed") | _keys(happened, IFDB, "appeared"), date_of(2)),
            **{tuid: date_of(days[-1]) for tuid, days in silent.items()},
        },
    )


def date_of(day: int) -> dt.date:
    """The calendar date of a day of the demo."""
    return dt.date.fromisoformat(FIRST_DAY) + dt.timedelta(days=day - 1)


def _keys(events: Iterable[Event], site: str, kind: EventKind) -> frozenset[str]:
    return frozenset(event.key for event in events if event.site == site and event.kind == kind)


def _listing_days(entries: Iterable[IfdbEntry], new: frozenset[str]) -> dict[str, dt.date]:
    """When each game was listed: one every few months since 2007, the last three in the weeks before day 1."""
    old = [entry.tuid for entry in entries if entry.tuid not in new]
    days = {tuid: dt.date(2007, 10, 1) + dt.timedelta(days=position * 150) for position, tuid in enumerate(old)}
    days.update({tuid: date_of(1) - dt.timedelta(days=6 * back) for back, tuid in enumerate(reversed(old[-3:]), 1)})
    return {**days, **dict.fromkeys(new, date_of(2))}


def _silent_edits(entries: Iterable[IfdbEntry], day: int, told: frozenset[str]) -> dict[str, list[int]]:
    """The days on which a page got a new version without any change that its document shows (as of review counts,
    or a cover's picture): noise."""
    days = {
        entry.tuid: [when for when in range(2, day + 1) if roll(6, "edit", when, entry.tuid) == 0]
        for entry in entries
        if entry.tuid not in told
    }
    return {tuid: when for tuid, when in days.items() if when}


def _after(
    kind: type[_Entry],
    entries: Iterable[_Entry | None],
    site: str,
    events: Iterable[Event],
    key: Callable[[_Entry], str],
) -> tuple[_Entry, ...]:
    """The entries of a site after the events: vanished ones gone, changed ones changed, new ones at the end."""
    mine = {event.key: event for event in events if event.site == site and event.key}
    found: list[_Entry] = []
    for entry in entries:
        event = mine.get(key(entry)) if entry else None
        if entry and (event is None or event.kind in ("malformed", "failing")):
            found.append(entry)
        elif entry and event and event.kind == "changed":
            found.append(replace(entry, **event.changes))
    new = [event.entry for event in mine.values() if isinstance(event.entry, kind)]
    return (*found, *new)
