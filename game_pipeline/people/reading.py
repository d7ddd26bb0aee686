"""What people are made of, read from the database: what records say, what was decided, and which records wait."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store import Store

from .personas import CreditLine, PersonPage

__all__ = [
    "Decided",
    "lock_people",
    "next_person",
    "people_waiting",
    "read_credits",
    "read_decided",
    "read_over",
    "read_pages",
    "read_waiting",
    "take_note",
]

# Those that the game shows, of the versions that it hears of its records (`heard`: part -> version; null: the newest).
# A record that vanished falls silent, unless none of the game's is left. A page that names one author and shows another
# name tells an alias: `credited_as` has "name = name shown". Nobody's name is longer than 300 letters, and an index
# holds no longer one (credit_person cuts them, too).
_CREDITS = b"""
SELECT record.source, record.identity, member.game_id,
       left(credit->>'name', 300) AS name, credit->>'role' AS role, credit->>'url' AS url,
       (SELECT left(split_part(pair, ' = ', 2), 300) FROM jsonb_array_elements_text(
            CASE jsonb_typeof(said.record->'extra'->'credited_as') WHEN 'array'
                 THEN said.record->'extra'->'credited_as' ELSE '[]' END) AS pair
        WHERE split_part(pair, ' = ', 1) = credit->>'name' LIMIT 1) AS alias
FROM game_member AS member
JOIN source_record AS record USING (record_id)
CROSS JOIN LATERAL (
    SELECT record.version WHERE member.heard IS NULL
    UNION SELECT part.value::int FROM jsonb_each_text(member.heard) AS part) AS heard
JOIN record_version AS said ON said.record_id = record.record_id AND said.version = heard.version,
     jsonb_array_elements(said.record->'credits') WITH ORDINALITY AS each (credit, place)
WHERE said.version = coalesce((member.heard->>('credits.' || (credit->>'role')))::int,
                              (member.heard->>'credits')::int, (member.heard->>'*')::int, record.version)
  AND record.subject = 'game' AND (record.state = 'live' OR NOT EXISTS (
    SELECT FROM game_member AS other WHERE other.game_id = member.game_id AND other.live))
ORDER BY record.record_id, place
"""
_PAGES = b"""
SELECT record_id, source, url, left(record->>'name', 300) AS name,
       ARRAY(SELECT left(alias->>'name', 300) FROM jsonb_array_elements(record->'aliases') AS alias) AS aliases,
       ARRAY(SELECT link->>'url' FROM jsonb_array_elements(record->'urls') AS link
             WHERE link->>'kind' = 'redirect') AS redirects,
       ARRAY(SELECT link->>'url' FROM jsonb_array_elements(record->'urls') AS link
             WHERE link->>'kind' = 'profile') AS profiles,
       ARRAY(SELECT jsonb_array_elements_text(record->'works')) AS works
FROM person_page WHERE live ORDER BY record_id
"""
_PERSONAS = b"SELECT key, person_id, first_person_id, confirmed_at FROM persona"
_SPELLINGS = b"SELECT key, name, url FROM person_spelling WHERE origin = 'credit'"
_DESCRIBED = b"""
SELECT key, source, url, record_id, name,
       ARRAY(SELECT name FROM person_spelling AS spelling WHERE spelling.key = persona.key AND origin = 'page'
             ORDER BY name COLLATE "C") AS names,
       ARRAY(SELECT jsonb_build_object('identity', identity, 'name', name, 'bare', bare)
             FROM persona_claim AS claim WHERE claim.key = persona.key
             ORDER BY identity COLLATE "C", name COLLATE "C", bare COLLATE "C") AS claims
FROM persona WHERE record_id IS NOT NULL ORDER BY key
"""
_APART = b"SELECT key_a, key_b FROM person_apart"
_WAITING = """
SELECT record.record_id, record.version
FROM source_record AS record LEFT JOIN person_record_taken AS taken USING (record_id)
WHERE record.subject = 'person' AND taken.version IS DISTINCT FROM record.version
"""
_OVER = b"""
SELECT hold.hold_id, hold.record_id, record.source, record.url
FROM record_hold AS hold JOIN source_record AS record USING (record_id)
WHERE record.subject = 'person' AND hold.ended_at IS NULL AND hold_is_over(hold) ORDER BY hold.record_id
"""
_TAKEN = b"""
INSERT INTO person_record_taken (record_id, version) VALUES (%s, %s)
ON CONFLICT (record_id) DO UPDATE SET version = excluded.version
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """Who is who so far. By persona: `person_of`, `first_of` (before any merge), and `described` (what was taken from
    its page); `spelled`: (persona, name, page) as credited; `apart`: pairs that a person told apart, each sorted;
    `together`: those that a person said are one."""

    person_of: dict[str, int]
    first_of: dict[str, int]
    spelled: set[tuple[str, str, str | None]]
    described: dict[str, dict[str, Any]]
    apart: set[tuple[str, str]]
    together: list[list[str]]


def lock_people(connection: Connection[DictRow]) -> None:
    """One at a time decides who is who, until the transaction ends."""
    connection.execute(b"SELECT pg_advisory_xact_lock(hashtext('people'))")


def next_person(connection: Connection[DictRow]) -> int:
    row = connection.execute(b"SELECT nextval('person_id_seq') AS id").fetchone()
    assert row is not None
    return int(row["id"])


def read_credits(connection: Connection[DictRow]) -> list[CreditLine]:
    return [CreditLine(**row) for row in connection.execute(_CREDITS)]


def read_pages(connection: Connection[DictRow]) -> list[PersonPage]:
    return [PersonPage(**row) for row in connection.execute(_PAGES)]


def read_decided(connection: Connection[DictRow]) -> Decided:
    personas = connection.execute(_PERSONAS).fetchall()
    together: defaultdict[Any, list[str]] = defaultdict(list)
    for row in personas:
        if row["confirmed_at"] is not None:
            together[row["confirmed_at"]].append(row["key"])
    apart = {(min(row.values()), max(row.values())) for row in connection.execute(_APART)}
    return Decided(
        {row["key"]: int(row["person_id"]) for row in personas},
        {row["key"]: int(row["first_person_id"]) for row in personas},
        {(row["key"], row["name"], row["url"]) for row in connection.execute(_SPELLINGS)},
        {row["key"]: row for row in connection.execute(_DESCRIBED)},
        apart,
        list(together.values()),
    )


def read_over(connection: Connection[DictRow]) -> list[dict[str, Any]]:
    """Holds of pages about people that the pages have ended by bringing something new."""
    return connection.execute(_OVER).fetchall()


def read_waiting(connection: Connection[DictRow]) -> dict[int, int]:
    """Records of people that changed since they were taken in: record -> its version."""
    return {row["record_id"]: row["version"] for row in connection.execute(_WAITING.encode())}


def take_note(connection: Connection[DictRow], taken: Mapping[int, int]) -> None:
    """These versions of records of people are taken in, and wait no more."""
    with connection.cursor() as cursor:
        cursor.executemany(_TAKEN, sorted(taken.items()))


def people_waiting(store: Store) -> int:
    """How many records of people changed since they were taken in."""
    row = store.row(f"SELECT count(*) AS n FROM ({_WAITING}) AS waiting")
    return int(row["n"]) if row else 0
