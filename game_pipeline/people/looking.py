"""Reading the people: by name, one with everything about them, and the other names of a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store import Store

__all__ = ["aliases_of", "find_people", "show_person"]

_CALLED = b"""
SELECT person_id FROM person_spelling AS spelling JOIN persona USING (key)
WHERE strpos(lower(spelling.name), lower(%(text)s)) > 0
UNION SELECT person_id FROM person WHERE status = 'active' AND strpos(lower(name), lower(%(text)s)) > 0
"""
_FIRST = b"""
SELECT person_id, coalesce(credited.games, 0) AS games
FROM person
LEFT JOIN (SELECT person_id, count(DISTINCT game_id) AS games FROM credit_person
           WHERE %(all)s OR person_id = ANY(%(people)s) GROUP BY person_id) AS credited USING (person_id)
WHERE status = 'active' AND (%(all)s OR person_id = ANY(%(people)s))
ORDER BY games DESC, person_id LIMIT %(limit)s
"""
_SHOWN = b"""
SELECT person.person_id, person.name,
       ARRAY(SELECT DISTINCT spelling.name FROM persona JOIN person_spelling AS spelling USING (key)
             WHERE persona.person_id = person.person_id AND spelling.name <> person.name ORDER BY 1) AS aliases,
       ARRAY(SELECT DISTINCT source FROM persona WHERE persona.person_id = person.person_id ORDER BY 1) AS sources
FROM person WHERE person_id = ANY(%s)
"""
_MANY = 1_000
_PERSONAS = """
SELECT persona.key, persona.source, persona.name, persona.url,
       ARRAY(SELECT DISTINCT name FROM person_spelling AS spelling WHERE spelling.key = persona.key ORDER BY name)
           AS spellings,
       heard.record AS page,
       ARRAY(SELECT jsonb_build_object('game_id', game.game_id, 'title', game.title)
             FROM jsonb_array_elements_text(heard.record->'works') AS work
             JOIN game_member AS member ON member.source = persona.source AND member.identity = work
             JOIN game ON game.game_id = member.game_id AND game.status = 'active' ORDER BY game.title) AS works
FROM persona
LEFT JOIN person_page AS heard USING (record_id)
WHERE persona.person_id = %s ORDER BY persona.key
"""
_OF_PAGE = ("url", "name", "aliases", "about", "urls", "attribution")
_GAMES = """
SELECT credit.game_id, game.title, array_agg(DISTINCT credit.role ORDER BY credit.role) AS roles
FROM credit_person AS credit JOIN game USING (game_id)
WHERE credit.person_id = %s AND game.status = 'active' GROUP BY credit.game_id, game.title
ORDER BY game.title, credit.game_id
"""
_DECISIONS = """
SELECT kind, rule, other_id, personas, evidence, reason, actor, decided_at FROM person_decision
WHERE person_id = %(id)s OR other_id = %(id)s ORDER BY decided_at
"""
_ALIASES = b"""
SELECT DISTINCT asked.name AS asked, other.name
FROM unnest(%s::text[]) AS asked(name)
JOIN person_spelling AS spelling ON lower(spelling.name) = lower(asked.name)
JOIN persona AS ours ON ours.key = spelling.key
JOIN persona AS theirs ON theirs.person_id = ours.person_id
JOIN person_spelling AS other ON other.key = theirs.key
WHERE lower(other.name) <> lower(asked.name)
"""


def find_people(store: Store, text: str, limit: int) -> list[dict[str, Any]]:
    """People one of whose names holds the text (all where it is empty), those of the most games first."""
    with store.transaction() as connection:
        people = [row["person_id"] for row in connection.execute(_CALLED, {"text": text})] if text else []
        if not text or len(people) > _MANY:
            # Every credit is looked at. PostgreSQL thinks that a few match, and would look for each of them.
            connection.execute(b"SET LOCAL enable_nestloop = off")
        wanted = {"all": not text, "people": people, "limit": limit}
        games = {row["person_id"]: row["games"] for row in connection.execute(_FIRST, wanted)}
        connection.execute(b"SET LOCAL enable_nestloop = on")
        shown = {row["person_id"]: row for row in connection.execute(_SHOWN, (list(games),))}
    return [shown[person] | {"games": count} for person, count in games.items()]


def show_person(store: Store, person_id: int) -> dict[str, Any] | None:
    """One person: their names and pages by source with what the pages say, their games, and why all that is one; None:
    no such person."""
    person = store.row("SELECT person_id, name, status, merged_into FROM person WHERE person_id = %s", (person_id,))
    if person is None:
        return None
    return person | {
        "personas": [_persona(row) for row in store.rows(_PERSONAS, (person_id,))],
        "games": store.rows(_GAMES, (person_id,)),
        "decisions": store.rows(_DECISIONS, {"id": person_id}),
    }


def _persona(row: dict[str, Any]) -> dict[str, Any]:
    """A persona with what their page says: None where there is none."""
    page, works = row.pop("page"), row.pop("works")
    return row | {"page": page and {name: page[name] for name in _OF_PAGE} | {"works": works}}


def aliases_of(connection: Connection[DictRow], names: Collection[str]) -> dict[str, frozenset[str]]:
    """The other names of whoever bears each name, for comparing credits; names without any are left out."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in connection.execute(_ALIASES, (list(names),)):
        found[row["asked"]].add(row["name"])
    return {name: frozenset(others) for name, others in found.items()}
