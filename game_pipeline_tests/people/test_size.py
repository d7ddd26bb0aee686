"""Looking up people in a catalogue of some size: what it takes grows with who is asked for, not with all the rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from game_pipeline.people import find_people, show_person
from game_pipeline.store import Store
from game_pipeline.store.embedded import ServerInfo

GAMES, PEOPLE = 20_000, 8_000
FILL = f"""
INSERT INTO game (game_id, revision, title, kind, state, provenance, created_at, updated_at)
SELECT g, 1, 't' || g, 'game', '{{}}', '{{}}', now(), now() FROM generate_series(1, {GAMES}) AS g;
INSERT INTO game_credit
SELECT g, p, 'Author ' || (g * 7 + p * 13) % {PEOPLE}, 'author', NULL, 'ifdb'
FROM generate_series(1, {GAMES}) AS g, generate_series(0, 1) AS p;
INSERT INTO game_member (record_id, game_id, source, identity, record_version, live, imported_at)
SELECT g, g, 'ifdb', 'id' || g, 1, true, now() FROM generate_series(1, {GAMES}) AS g;
INSERT INTO person (person_id, name, created_at, changed_at)
SELECT i, 'Author ' || i, now(), now() FROM generate_series(0, {PEOPLE} - 1) AS i;
INSERT INTO persona (key, person_id, first_person_id, source, name, claimed_at)
SELECT 'ifdb|author ' || i, i, i, 'ifdb', 'Author ' || i, now() FROM generate_series(0, {PEOPLE} - 1) AS i;
INSERT INTO persona (key, person_id, first_person_id, source, name, url, claimed_at, record_id)
SELECT 'ifdb|page' || i, i, i, 'ifdb', 'Author ' || i, 'https://ifdb.org/showuser?id=' || i, now(), i
FROM generate_series(0, {PEOPLE} - 1, 2) AS i;
INSERT INTO person_spelling (key, source, name, url) SELECT key, source, name, url FROM persona;
-- Half of the credits are somebody's by what a page says.
INSERT INTO persona_claim (key, source, identity, name, bare)
SELECT 'ifdb|page' || substr(name, 8), 'ifdb', 'id' || game_id, name, 'ifdb|' || lower(name)
FROM game_credit WHERE substr(name, 8)::int % 2 = 0;
"""


@pytest.fixture
def filled(store: Store, postgres_server: ServerInfo) -> Store:
    with store.transaction() as connection:
        connection.execute(FILL.encode())
    database = store.row("SELECT current_database() AS name")
    assert database is not None
    with psycopg.connect(postgres_server.url(database["name"]), autocommit=True) as connection:
        connection.execute("ANALYZE")
    return store


def seconds(work: Callable[[], Any]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def test_people_are_found_at_once_among_thousands_and_each_has_all_their_games(filled: Store) -> None:
    rows = filled.rows("SELECT name, count(DISTINCT game_id) AS games FROM game_credit GROUP BY name")
    told = {row["name"]: row["games"] for row in rows}
    everybody = find_people(filled, "", PEOPLE)
    assert {person["name"]: person["games"] for person in everybody} == told
    some = find_people(filled, "Author 77", PEOPLE)
    assert some == [person for person in everybody if person["name"].startswith("Author 77")]
    shown = show_person(filled, 10)
    assert shown is not None
    assert len(shown["games"]) == told["Author 10"]
    # Several times what it takes, and a third of what it took when each credit was looked up by itself.
    assert seconds(lambda: find_people(filled, "", 20)) < 2.5
    assert seconds(lambda: find_people(filled, "Author 77", 20)) < 0.6
    assert seconds(lambda: show_person(filled, 10)) < 0.3
