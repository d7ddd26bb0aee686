"""Bringing the people up to date with the records: whom games credit, what pages say of them, and what rules join.

Who is one follows from what the records say now and what people said, in whatever order that came: a join that no rule
makes any more is taken back, unless a person confirmed it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store import Event, Store, append

from .grouping import Groups
from .linking import Link, links_of
from .personas import Persona, gather
from .reading import (
    Decided,
    lock_people,
    next_person,
    read_credits,
    read_decided,
    read_over,
    read_pages,
    read_waiting,
    take_note,
)

__all__ = ["PeopleReport", "decide", "refresh_people", "refresh_within"]

ACTOR = "pipeline"


@dataclass(slots=True)
class PeopleReport:
    """What a refresh came to. `examples`: some people that were joined, and why."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)


def refresh_people(store: Store, correlation_id: str) -> PeopleReport:
    """Claim the personas that are new, join those that a rule says are one, and part those of which no rule says so any
    more. All of it or nothing is written."""
    with store.transaction() as connection:
        return refresh_within(connection, correlation_id)


def refresh_within(connection: Connection[DictRow], correlation_id: str) -> PeopleReport:
    """The same inside the caller's transaction."""
    report = PeopleReport()
    lock_people(connection)
    waiting = read_waiting(connection)
    append(connection, [_released(hold, correlation_id) for hold in read_over(connection)])
    decided = read_decided(connection)
    personas = gather(read_credits(connection), read_pages(connection), decided.apart)
    append(connection, decide(personas, decided, lambda: next_person(connection), correlation_id, report))
    take_note(connection, waiting)
    report.counts["people"] = len(set(decided.person_of.values()))
    report.counts["personas"] = len(decided.person_of)
    return report


def _released(hold: Mapping[str, Any], correlation_id: str) -> Event:
    return Event(
        stream=f"record:{hold['record_id']}",
        event_type="record.released",
        payload={"hold_id": hold["hold_id"], "record_id": hold["record_id"], "reason": "its page changed"},
        actor=ACTOR,
        correlation_id=correlation_id,
        source=hold["source"],
        source_url=hold["url"],
    )


def decide(
    personas: Mapping[str, Persona],
    decided: Decided,
    next_id: Callable[[], int],
    correlation_id: str,
    report: PeopleReport,
) -> list[Event]:
    """What is new about who is who, as events; `decided` is brought up to date with them. Pure but for `next_id`, which
    numbers people."""
    events = list(_claims(personas, decided, next_id, correlation_id, report))
    events += _descriptions(personas, decided, correlation_id, report)
    links = links_of(personas, decided.apart, decided.together)
    events += _partings(personas, links, decided, next_id, correlation_id, report)
    events += _joins(links, decided, correlation_id, report)
    return events


def _claims(
    personas: Mapping[str, Persona],
    decided: Decided,
    next_id: Callable[[], int],
    correlation_id: str,
    report: PeopleReport,
) -> Iterator[Event]:
    for key, persona in personas.items():
        new = sorted(
            ((name, url) for name, url in persona.spellings if (key, name, url) not in decided.spelled),
            key=lambda pair: (pair[0], pair[1] or ""),
        )
        if not new and key in decided.person_of:
            continue
        if key not in decided.person_of:
            decided.person_of[key] = decided.first_of[key] = next_id()
            report.counts["personas_new"] += 1
        report.counts["spellings_new"] += len(new)
        yield _event(
            "person.claimed",
            decided.person_of[key],
            {
                "key": key,
                "source": persona.source,
                "name": persona.name,
                "url": persona.url,
                "spellings": [{"name": name, "url": url} for name, url in new],
            },
            correlation_id,
        )


def _descriptions(
    personas: Mapping[str, Persona], decided: Decided, correlation_id: str, report: PeopleReport
) -> Iterator[Event]:
    """What pages say that is not what was taken from them last; and the pages that are gone."""
    pages = {key: persona.page for key, persona in personas.items() if persona.page is not None}
    for key, page in pages.items():
        claims = sorted(personas[key].claims)
        told = {"record_id": page.record_id, "name": page.name, "names": page.names}
        told |= {"claims": [{"identity": identity, "name": name, "bare": bare} for identity, name, bare in claims]}
        before = decided.described.get(key)
        if before is None or any(before[part] != value for part, value in told.items()):
            report.counts["pages_taken_in"] += 1
            facts = {"key": key, "source": page.source, "url": personas[key].url, **told}
            yield _event("person.described", decided.person_of[key], facts, correlation_id)
    for key, before in decided.described.items():
        if key not in pages:
            report.counts["pages_gone"] += 1
            facts = {name: before[name] for name in ("key", "source", "url")}
            facts |= {"name": _credited_name(key, personas, decided) or before["name"]}
            facts |= {"record_id": None, "names": [], "claims": []}
            yield _event("person.described", decided.person_of[key], facts, correlation_id)


def _credited_name(key: str, personas: Mapping[str, Persona], decided: Decided) -> str | None:
    """What games call somebody, now or once."""
    if key in personas:
        return personas[key].name
    return min((name for spelled, name, _ in decided.spelled if spelled == key), default=None)


def _partings(
    personas: Collection[str],
    links: list[Link],
    decided: Decided,
    next_id: Callable[[], int],
    correlation_id: str,
    report: PeopleReport,
) -> Iterator[Event]:
    """Groups that are one person, and of which neither a rule nor a person says so any more. Who was somebody before is
    that person again. Of whom no record speaks now goes on as they were: nothing is known against it."""
    people: defaultdict[int, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    groups = _groups(links, decided)
    for key, person in decided.person_of.items():
        people[person][groups[key]].add(key)
    for person, parts in sorted(people.items()):
        known = [part for part in parts.values() if not part.isdisjoint(personas)]
        known.sort(key=lambda part: min((decided.first_of[key] != person, decided.first_of[key]) for key in part))
        for part in known[1:]:
            free = {decided.first_of[key] for key in part}.difference(decided.person_of.values())
            into = min(free) if free else next_id()
            decided.person_of.update(dict.fromkeys(part, into))
            report.counts["parted"] += 1
            evidence = [{"kind": "no_rule", "detail": "no rule says any more that they are one"}]
            payload = {"into": into, "personas": sorted(part), "evidence": evidence}
            yield _event("person.parted", person, payload, correlation_id)


def _groups(links: Collection[Link], decided: Decided) -> Groups:
    """Which personas are one by what people said, and by the rules."""
    groups = Groups(decided.person_of, decided.apart)
    for one, other in (pair for said in decided.together for pair in pairwise(said)):
        groups.join(one, other)
    for link in links:
        groups.join(link.one, link.other)
    return groups


def _joins(links: list[Link], decided: Decided, correlation_id: str, report: PeopleReport) -> Iterator[Event]:
    members: defaultdict[int, set[str]] = defaultdict(set)
    for key, person in decided.person_of.items():
        members[person].add(key)
    for link in links:
        kept, gone = sorted((decided.person_of[link.one], decided.person_of[link.other]))
        if kept == gone or _told_apart(members[kept], members[gone], decided.apart):
            continue
        moved = sorted(members.pop(gone))
        members[kept] |= set(moved)
        decided.person_of.update(dict.fromkeys(moved, kept))
        report.counts[f"joined_{link.rule}"] += 1
        if len(report.examples) < 20:
            report.examples.append({"one": link.one, "other": link.other, "rule": link.rule})
        yield _event(
            "person.merged",
            kept,
            {"merged": gone, "personas": moved, "rule": link.rule, "evidence": list(link.evidence), "reason": None},
            correlation_id,
        )


def _told_apart(ours: set[str], theirs: set[str], apart: set[tuple[str, str]]) -> bool:
    """Did a person say of any two of them that they are two? Through a third one, too."""
    return any((a in ours and b in theirs) or (a in theirs and b in ours) for a, b in apart)


def _event(event_type: str, person_id: int, payload: dict[str, Any], correlation_id: str) -> Event:
    return Event(
        stream=f"person:{person_id}",
        event_type=event_type,
        payload={"person_id": person_id, **payload},
        actor=ACTOR,
        correlation_id=correlation_id,
    )
