"""A catalogue full of people: credits without a page, half of them somebody's by what a page says."""

from __future__ import annotations

import psycopg

__all__ = ["fill"]

_FILL = """
INSERT INTO game (game_id, revision, title, kind, state, provenance, created_at, updated_at)
SELECT g, 1, 't' || g, 'game', '{}', '{}', now(), now() FROM generate_series(1, %(games)s) AS g;
INSERT INTO game_credit
SELECT g, p, 'Author ' || (g * 7 + p * 13) %% %(people)s, 'author', NULL, 'ifdb'
FROM generate_series(1, %(games)s) AS g, generate_series(0, 1) AS p;
INSERT INTO game_member (record_id, game_id, source, identity, record_version, live, imported_at)
SELECT g, g, 'ifdb', 'id' || g, 1, true, now() FROM generate_series(1, %(games)s) AS g;
INSERT INTO person (person_id, name, created_at, changed_at)
SELECT i, 'Author ' || i, now(), now() FROM generate_series(0, %(people)s - 1) AS i;
INSERT INTO persona (key, person_id, first_person_id, source, name, claimed_at)
SELECT 'ifdb|author ' || i, i, i, 'ifdb', 'Author ' || i, now() FROM generate_series(0, %(people)s - 1) AS i;
INSERT INTO persona (key, person_id, first_person_id, source, name, url, claimed_at, record_id)
SELECT 'ifdb|page' || i, i, i, 'ifdb', 'Author ' || i, 'https://ifdb.org/showuser?id=' || i, now(), i
FROM generate_series(0, %(people)s - 1, 2) AS i;
INSERT INTO person_spelling (key, source, name, url) SELECT key, source, name, url FROM persona;
-- Half of the credits are somebody's by what a page says.
INSERT INTO persona_claim (key, source, identity, name, bare)
SELECT 'ifdb|page' || substr(name, 8), 'ifdb', 'id' || game_id, name, 'ifdb|' || lower(name)
FROM game_credit WHERE substr(name, 8)::int %% 2 = 0;
"""


def fill(url: str, *, games: int, people: int) -> None:
    """Write as many games, each with two credits, into an empty catalogue, and as many people behind them, as the owner
    of its tables."""
    with psycopg.connect(url, autocommit=True) as connection:
        with connection.transaction():
            for statement in _FILL.split(";"):
                if statement.strip():
                    connection.execute(statement.encode(), {"games": games, "people": people})
        connection.execute("ANALYZE")
