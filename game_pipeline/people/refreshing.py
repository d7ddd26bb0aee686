"""Bringing the people up to date with the records: whom games credit, what pages say of them, and what rules join."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store import Event, Store, append

from .linking import Link, links_of
from .personas import CreditLine, Persona, PersonPage, gather

__all__ = ["PeopleReport", "lock_people", "next_person", "refresh_people"]

ACTOR = "pipeline"

# A page that names one author and shows another name tells an alias: `credited_as` has "name = name shown".
_CREDITS = b"""
SELECT record.source, record.identity, member.game_id,
       credit->>'name' AS name, credit->>'role' AS role, credit->>'url' AS url,
       (SELECT split_part(pair, ' = ', 2) FROM jsonb_array_elements_text(
            CASE jsonb_typeof(newest.record->'extra'->'credited_as') WHEN 'array'
                 THEN newest.record->'extra'->'credited_as' ELSE '[]' END) AS pair
        WHERE split_part(pair, ' = ', 1) = credit->>'name' LIMIT 1) AS alias
FROM game_member AS member
JOIN source_record AS record USING (record_id)
JOIN record_version AS newest ON newest.record_id = record.record_id AND newest.version = record.version,
     jsonb_array_elements(newest.record->'credits') WITH ORDINALITY AS each (credit, place)
WHERE record.state = 'live' AND record.subject = 'game' ORDER BY record.record_id, place
"""
_PAGES = b"""
SELECT record.record_id, record.source, record.url, newest.record->>'name' AS name,
       ARRAY(SELECT alias->>'name' FROM jsonb_array_elements(newest.record->'aliases') AS alias) AS aliases,
       ARRAY(SELECT link->>'url' FROM jsonb_array_elements(newest.record->'urls') AS link
             WHERE link->>'kind' = 'redirect') AS redirects,
       ARRAY(SELECT link->>'url' FROM jsonb_array_elements(newest.record->'urls') AS link
             WHERE link->>'kind' = 'profile') AS profiles,
       ARRAY(SELECT work FROM jsonb_array_elements_text(newest.record->'works') AS work ORDER BY work COLLATE "C")
           AS works
FROM source_record AS record JOIN record_version AS newest USING (record_id, version)
WHERE record.subject = 'person' AND record.state = 'live' ORDER BY record.record_id
"""
_PERSONAS = b"SELECT key, person_id FROM persona"
_SPELLINGS = b"SELECT key, name, url FROM person_spelling WHERE origin = 'credit'"
_DESCRIBED = b"""
SELECT key, persona.source, persona.url, record_id, persona.name,
       array_remove(array_agg(spelling.name ORDER BY spelling.name COLLATE "C"), NULL) AS names,
       ARRAY(SELECT identity FROM persona_work AS work WHERE work.key = persona.key ORDER BY identity COLLATE "C")
           AS works
FROM persona LEFT JOIN person_spelling AS spelling USING (key)
WHERE record_id IS NOT NULL AND coalesce(origin, 'page') = 'page' GROUP BY key ORDER BY key
"""
_APART = b"SELECT key_a, key_b FROM person_apart"


@dataclass(slots=True)
class PeopleReport:
    """What a refresh came to. `examples`: some people that were joined, and why."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)


def lock_people(connection: Connection[DictRow]) -> None:
    """One at a time decides who is who, until the transaction ends."""
    connection.execute(b"SELECT pg_advisory_xact_lock(hashtext('people'))")


def next_person(connection: Connection[DictRow]) -> int:
    row = connection.execute(b"SELECT nextval('person_id_seq') AS id").fetchone()
    assert row is not None
    return int(row["id"])


def refresh_people(store: Store, correlation_id: str) -> PeopleReport:
    """Claim the personas that are new, and join those that a rule says are one. All of it or nothing is written."""
    report = PeopleReport()
    with store.transaction() as connection:
        lock_people(connection)
        credits = [CreditLine(**row) for row in connection.execute(_CREDITS)]
        personas = gather(credits, [PersonPage(**row) for row in connection.execute(_PAGES)])
        person_of = {row["key"]: int(row["person_id"]) for row in connection.execute(_PERSONAS)}
        spelled = {(row["key"], row["name"], row["url"]) for row in connection.execute(_SPELLINGS)}
        described = {row["key"]: row for row in connection.execute(_DESCRIBED)}
        apart = {(row["key_a"], row["key_b"]) for row in connection.execute(_APART)}
        events = list(_claims(connection, personas, person_of, spelled, correlation_id, report))
        events += _descriptions(personas, person_of, described, correlation_id, report)
        events += _joins(links_of(personas, apart), person_of, apart, correlation_id, report)
        append(connection, events)
        report.counts["people"] = len(set(person_of.values()))
        report.counts["personas"] = len(person_of)
    return report


def _claims(
    connection: Connection[DictRow],
    personas: Mapping[str, Persona],
    person_of: dict[str, int],
    spelled: set[tuple[str, str, str | None]],
    correlation_id: str,
    report: PeopleReport,
) -> Iterator[Event]:
    for key, persona in personas.items():
        new = sorted(
            ((name, url) for name, url in persona.spellings if (key, name, url) not in spelled),
            key=lambda pair: (pair[0], pair[1] or ""),
        )
        if not new and key in person_of:
            continue
        if key not in person_of:
            person_of[key] = next_person(connection)
            report.counts["personas_new"] += 1
        report.counts["spellings_new"] += len(new)
        yield _event(
            "person.claimed",
            person_of[key],
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
    personas: Mapping[str, Persona],
    person_of: Mapping[str, int],
    described: Mapping[str, Mapping[str, Any]],
    correlation_id: str,
    report: PeopleReport,
) -> Iterator[Event]:
    """What pages say that is not what was taken from them last; and the pages that are gone."""
    pages = {key: persona.page for key, persona in personas.items() if persona.page is not None}
    for key, page in pages.items():
        told = {"record_id": page.record_id, "name": page.name, "names": page.names, "works": list(page.works)}
        before = described.get(key)
        if before is None or any(before[part] != value for part, value in told.items()):
            report.counts["pages_taken_in"] += 1
            facts = {"key": key, "source": page.source, "url": personas[key].url, **told}
            yield _event("person.described", person_of[key], facts, correlation_id)
    for key, before in described.items():
        if key not in pages:
            report.counts["pages_gone"] += 1
            facts = {name: before[name] for name in ("key", "source", "url", "name")}
            facts |= {"record_id": None, "names": [], "works": []}
            yield _event("person.described", person_of[key], facts, correlation_id)


def _joins(
    links: list[Link],
    person_of: dict[str, int],
    apart: set[tuple[str, str]],
    correlation_id: str,
    report: PeopleReport,
) -> Iterator[Event]:
    members: dict[int, set[str]] = {}
    for key, person in person_of.items():
        members.setdefault(person, set()).add(key)
    for link in links:
        kept, gone = sorted((person_of[link.one], person_of[link.other]))
        if kept == gone or _told_apart(members[kept], members[gone], apart):
            continue
        moved = sorted(members.pop(gone))
        members[kept] |= set(moved)
        person_of.update(dict.fromkeys(moved, kept))
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
