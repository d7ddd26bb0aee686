"""The application's role: everything it needs, and no way to change the log."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from game_pipeline.settings import Settings
from game_pipeline.store import DatabaseError, Databases, Store, append, find_databases, open_store, owner_connection
from game_pipeline.store.embedded import ServerInfo
from game_pipeline.store.privileges import APPLICATION, log_is_guarded, renew_grants

from .test_events import note

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
LOG = ["import_event", "import_event_default", "event_identity", "{month}"]
ATTEMPTS = [
    *(f"{verb} {table}{rest}" for table in LOG for verb, rest in [
        ("UPDATE", " SET position = 7"),
        ("DELETE FROM", ""),
        ("TRUNCATE", ""),
        ("DROP TABLE", ""),
        ("ALTER TABLE", " DISABLE TRIGGER ALL"),
        ("ALTER TABLE", " OWNER TO CURRENT_USER"),
    ]),
    "DROP TRIGGER import_event_append_only ON import_event",
    "DROP TRIGGER import_event_append_only ON {month}",
    "ALTER TABLE import_event DETACH PARTITION {month}",
    "CREATE TABLE stray PARTITION OF import_event FOR VALUES FROM ('2001-01-01') TO ('2001-02-01')",
    "CREATE RULE lost AS ON INSERT TO import_event DO INSTEAD NOTHING",
    "SET session_replication_role = replica",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "ALTER ROLE game_pipeline_app SUPERUSER",
    "GRANT postgres TO game_pipeline_app",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "ALTER FUNCTION refuse_change() OWNER TO game_pipeline_app",
    "DROP FUNCTION refuse_change() CASCADE",
    "SELECT make_event_partition('2001-01-01')",
    "INSERT INTO event_archive VALUES ('import_event_2001_01', '2001-01-01', 1, 9, 9, '', '')",
    "DELETE FROM event_stream",
    "DELETE FROM schema_migration",
    "MERGE INTO import_event USING (VALUES (1)) AS v (n) ON true WHEN MATCHED THEN DELETE",
    "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'",
    "COPY import_event TO PROGRAM 'true'",
    "DROP SCHEMA public CASCADE",
]  # fmt: skip


def content(store: Store) -> list[dict[str, object]]:
    return store.rows("SELECT import_event.*, tableoid::regclass::text FROM import_event ORDER BY position")


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_application_cannot_change_the_log(store: Store, owner: Store, attempt: str) -> None:
    with store.transaction() as connection:
        append(connection, [note("note:1"), note("note:2")])
    before = content(store)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        store.execute(attempt.format(month=before[0]["tableoid"]))
    with store.transaction() as connection:
        append(connection, [note("note:1", expected_version=1)])
    assert content(store)[:2] == before
    assert content(owner) == content(store)


def test_the_application_can_give_itself_nothing(store: Store) -> None:
    store.execute(f"GRANT UPDATE ON import_event TO {APPLICATION}")  # PostgreSQL warns, and grants nothing
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        store.execute("UPDATE import_event SET position = 7")


def test_a_schema_of_the_owner_s_name_does_not_come_before_public_for_the_owner(store: Store, owner: Store) -> None:
    store.execute("CREATE SCHEMA postgres")
    store.execute("CREATE TABLE postgres.schema_migration (number integer, name text, checksum text)")
    try:
        with owner_connection(owner.url) as connection:
            row = connection.execute("SELECT count(*) FROM schema_migration").fetchone()
            assert row is not None
            assert row[0] >= 4
    finally:
        owner.execute("DROP SCHEMA postgres CASCADE")


def test_rights_are_renewed_exactly_and_cost_nothing_where_all_is_well(database_url: str) -> None:
    with owner_connection(database_url) as connection:
        assert log_is_guarded(connection, APPLICATION)
        assert not log_is_guarded(connection, "postgres")
        assert not renew_grants(connection, APPLICATION)
        month = connection.execute("SELECT format('import_event_%s', to_char(now(), 'YYYY_MM'))").fetchone()
        assert month is not None
        for given in ("UPDATE ON import_event", f"DELETE ON {month[0]}", "INSERT ON event_archive"):
            connection.execute(f"GRANT {given} TO {APPLICATION}".encode())
        assert not log_is_guarded(connection, APPLICATION)
        connection.execute("CREATE TABLE lamp (id bigint GENERATED ALWAYS AS IDENTITY)")
        assert renew_grants(connection, APPLICATION)
        assert log_is_guarded(connection, APPLICATION)
        assert not renew_grants(connection, APPLICATION)
        connection.execute(f"SET ROLE {APPLICATION}".encode())
        connection.execute("INSERT INTO lamp DEFAULT VALUES")


@pytest.fixture
def two_roles(postgres_server: ServerInfo) -> Iterator[tuple[str, str, str]]:
    """Addresses of an empty database on a server of somebody's own: its owner's, another role's; and that role."""
    owner, application, name = (f"{part} of {_WORKER}" for part in ("Owner", "App", "Catalogue"))
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        for role in (owner, application):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret'").format(sql.Identifier(role)))
        # Neither may make databases: Dagster's is there already.
        for made, whose in ((name, owner), (f"{name}_dagster", application)):
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(made), sql.Identifier(whose))
            )
        urls = [
            ServerInfo(
                postgres_server.socket_dir, postgres_server.port, role, "secret", postgres_server.pid, "", False
            ).url(name)
            for role in (owner, application)
        ]
        yield urls[0], urls[1], application
        for made in (name, f"{name}_dagster"):
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(made)))
        for role in (owner, application):
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def settings(**values: object) -> Settings:
    return Settings.model_validate(values)


def guarded(databases: Databases) -> bool:
    with owner_connection(databases.owner_url) as connection:
        return log_is_guarded(connection, databases.role)


def test_a_named_server_with_two_roles_guards_the_log_and_with_one_it_does_not(two_roles: tuple[str, str, str]) -> None:
    owner, application, role = two_roles
    alone = settings(database_url=owner)
    with open_store(alone):
        assert not guarded(find_databases(alone))
    both = settings(database_url=application, owner_database_url=owner)
    for _ in range(2):
        with open_store(both) as store, store.transaction() as connection:
            assert find_databases(both).role == role
            append(connection, [note("note:1")])
    assert guarded(find_databases(both))
    # A worker need not know the owner's address once the schema is there.
    with open_store(settings(database_url=application)) as store:
        assert store.row("SELECT count(*) AS n FROM import_event") == {"n": 2}


def test_a_role_that_owns_nothing_is_told_what_is_missing(two_roles: tuple[str, str, str]) -> None:
    _, application, _ = two_roles
    refused = pytest.raises(DatabaseError, match=r"permission denied.*GAME_PIPELINE_OWNER_DATABASE_URL")
    with refused, open_store(settings(database_url=application)):
        pass


def test_two_addresses_of_different_databases_are_refused(two_roles: tuple[str, str, str], database_url: str) -> None:
    with pytest.raises(DatabaseError, match="both must name the catalogue"):
        find_databases(settings(database_url=two_roles[1], owner_database_url=database_url))
