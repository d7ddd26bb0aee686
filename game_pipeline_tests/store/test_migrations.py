"""The migrations: each once and whole, or a clear refusal."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import TupleRow

from game_pipeline.store.embedded import ServerInfo
from game_pipeline.store.migrations import MigrationError, migrate, migration_status, read_migrations

# Workers of pytest-xdist share the server.
NAME = f"bare_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


@pytest.fixture
def url(postgres_server: ServerInfo) -> Iterator[str]:
    """A database without any table."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME))
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
        yield postgres_server.url(NAME)
        connection.execute(drop)


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection[TupleRow]]:
    with psycopg.connect(url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small migrations."""
    (tmp_path / "0001_lamp.sql").write_text("CREATE TABLE lamp (lit boolean); INSERT INTO lamp VALUES (true);")
    (tmp_path / "0002_door.sql").write_text("CREATE TABLE door (open boolean);")
    return tmp_path


def tables(connection: psycopg.Connection[TupleRow]) -> list[str]:
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [row[0] for row in rows]


def test_the_product_s_own_migrations_make_the_schema(connection: psycopg.Connection[TupleRow]) -> None:
    assert migrate(connection) == tuple(migration.name for migration in read_migrations())
    assert {"import_event", "game", "review_item", "source_record"} <= set(tables(connection))


def test_each_migration_is_applied_once(connection: psycopg.Connection[TupleRow], folder: Path) -> None:
    migrations = read_migrations(folder)
    assert migrate(connection, migrations) == ("0001_lamp", "0002_door")
    assert migrate(connection, migrations) == ()
    assert connection.execute("SELECT count(*) FROM lamp").fetchone() == (1,)


def test_the_status_says_what_waits_and_changes_nothing(connection: psycopg.Connection[TupleRow], folder: Path) -> None:
    migrations = read_migrations(folder)
    status = migration_status(connection, migrations)
    assert (status.applied, status.pending, tables(connection)) == ((), ("0001_lamp", "0002_door"), [])
    migrate(connection, migrations[:1])
    status = migration_status(connection, migrations)
    assert (status.applied, status.pending) == (("0001_lamp",), ("0002_door",))


def test_an_applied_migration_that_was_edited_is_refused(
    connection: psycopg.Connection[TupleRow], folder: Path
) -> None:
    migrate(connection, read_migrations(folder)[:1])
    (folder / "0001_lamp.sql").write_text("CREATE TABLE lamp (lit boolean, colour text);")
    with pytest.raises(MigrationError, match="0001_lamp was edited after it was applied"):
        migrate(connection, read_migrations(folder))
    with pytest.raises(MigrationError, match="0001_lamp was edited"):
        migration_status(connection, read_migrations(folder))
    assert tables(connection) == ["lamp", "schema_migration"]


def test_a_database_of_a_newer_version_is_refused(connection: psycopg.Connection[TupleRow], folder: Path) -> None:
    migrations = read_migrations(folder)
    migrate(connection, migrations)
    with pytest.raises(MigrationError, match=r"0002_door, which this version does not know.*newer version"):
        migrate(connection, migrations[:1])


def test_a_migration_that_fails_leaves_nothing_and_those_before_it_stay(
    connection: psycopg.Connection[TupleRow], folder: Path
) -> None:
    (folder / "0003_key.sql").write_text("CREATE TABLE key (id integer); INSERT INTO key VALUES ('brass');")
    with pytest.raises(MigrationError, match=r"0003_key failed and was rolled back: .*brass"):
        migrate(connection, read_migrations(folder))
    assert tables(connection) == ["door", "lamp", "schema_migration"]
    (folder / "0003_key.sql").write_text("CREATE TABLE key (id text);")
    assert migrate(connection, read_migrations(folder)) == ("0003_key",)


def test_a_failure_leaves_the_door_open_for_the_next_migrator(
    connection: psycopg.Connection[TupleRow], url: str, folder: Path
) -> None:
    (folder / "0003_key.sql").write_text("broken")
    with pytest.raises(MigrationError):
        migrate(connection, read_migrations(folder))
    with psycopg.connect(url, autocommit=True, options="-c lock_timeout=5s") as other:
        assert migrate(other, read_migrations(folder)[:2]) == ()


def test_two_at_once_apply_each_migration_once(url: str, folder: Path) -> None:
    (folder / "0001_lamp.sql").write_text("SELECT pg_sleep(0.2); CREATE TABLE lamp (lit boolean);")
    migrations = read_migrations(folder)
    start = threading.Barrier(2)
    applied: list[tuple[str, ...]] = []

    def work() -> None:
        with psycopg.connect(url, autocommit=True) as own:
            start.wait(10)
            applied.append(migrate(own, migrations))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(applied) == [(), ("0001_lamp", "0002_door")]


@pytest.mark.parametrize("name", ["3_key.sql", "0003-key.sql", "0003_Key.sql", "key.sql"])
def test_a_name_that_says_no_number_and_words_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match=r"a migration is named NNNN_words\.sql"):
        read_migrations(folder)


@pytest.mark.parametrize("name", ["0002_key.sql", "0004_key.sql"])
def test_a_number_used_twice_or_left_out_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match=r"numbered 1, 2, 3... once each; found"):
        read_migrations(folder)


def test_line_endings_of_another_system_are_no_edit(connection: psycopg.Connection[TupleRow], folder: Path) -> None:
    (folder / "0001_lamp.sql").write_bytes(b"CREATE TABLE lamp\n(lit boolean);\n")
    migrate(connection, read_migrations(folder))
    (folder / "0001_lamp.sql").write_bytes(b"CREATE TABLE lamp\r\n(lit boolean);\r\n")
    assert migrate(connection, read_migrations(folder)) == ()
