"""Where the databases are: a named server or the embedded one, and what is said when they are not there."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy
from psycopg import sql

from game_pipeline.settings import Settings
from game_pipeline.store import (
    DatabaseError,
    Databases,
    Store,
    find_databases,
    open_store,
    opened_databases,
    prepare_schema,
)
from game_pipeline.store.embedded import EmbeddedPostgres, ServerInfo

# Workers of pytest-xdist share the server.
NAME = f'odd "name" 100% {os.environ.get("PYTEST_XDIST_WORKER", "main")}'


def settings(**values: object) -> Settings:
    return Settings.model_validate({"data_dir": Path("/nowhere")} | values)


@pytest.fixture
def empty(postgres_server: ServerInfo) -> Iterator[str]:
    """The address of a database without tables; the name needs quoting."""
    name = NAME
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres_server.url(name)
        for made in (name, f"{name}_dagster"):
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(made)))


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A directory that the server's own account can enter."""
    path = Path(tempfile.mkdtemp(prefix="gp-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_dagster_s_database_is_made_beside_the_named_one_and_both_answer(empty: str) -> None:
    for _ in range(2):  # the second time it is there already
        databases = find_databases(settings(database_url=empty))
    assert (databases.catalogue_url, databases.embedded, databases.started) == (empty, None, False)
    engine = sqlalchemy.create_engine(databases.dagster_url)
    with engine.connect() as connection:
        assert engine.dialect.driver == "psycopg2"
        assert connection.execute(sqlalchemy.text("SELECT current_database()")).scalar() == f"{NAME}_dagster"
    engine.dispose()


def test_an_address_of_a_socket_keeps_its_form(postgres_server: ServerInfo, empty: str) -> None:
    parts = urlsplit(empty)
    url = f"postgresql:///{parts.path.lstrip('/')}?{parts.query}&user={postgres_server.user}"
    databases = find_databases(settings(database_url=f"{url}&password={postgres_server.password}"))
    assert databases.dagster_url.startswith("postgresql+psycopg2:///odd")


def test_a_named_dagster_database_of_the_same_server_is_made(postgres_server: ServerInfo, empty: str) -> None:
    wanted = postgres_server.url(f"{NAME}_dagster")
    find_databases(settings(database_url=empty, dagster_database_url=wanted))
    with psycopg.connect(wanted) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_opening_the_store_brings_the_schema_up_to_date(empty: str) -> None:
    with open_store(settings(database_url=empty)) as store:
        assert store.rows("SELECT * FROM game") == []
    with open_store(settings(database_url=empty), upgrade=False) as store:
        assert store.rows("SELECT * FROM game") == []


def test_a_schema_that_waits_is_refused_where_nobody_said_to_upgrade(empty: str) -> None:
    refused = pytest.raises(DatabaseError, match=r"waits for 0001_pages, .*; run: game-pipeline db migrate")
    with refused, open_store(settings(database_url=empty), upgrade=False):
        pass
    with psycopg.connect(empty) as connection:
        assert connection.execute("SELECT to_regclass('game')").fetchone() == (None,)


def test_a_schema_of_a_newer_version_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO schema_migration (number, name, checksum) VALUES (9999, '9999_later', '')")
    databases = find_databases(settings(database_url=database_url, dagster_database_url=database_url))
    for upgrade in (True, False):
        with pytest.raises(DatabaseError, match="9999_later, which this version does not know"):
            prepare_schema(databases, upgrade=upgrade)


def test_a_server_that_is_down_is_said_so() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"postgresql://ann@127.0.0.1:{unused.getsockname()[1]}/catalogue"
        with pytest.raises(DatabaseError, match=r"does not answer: .*refused"):
            find_databases(settings(database_url=url))
        gone = Databases(url, url, "ann", url, "18.0", None, False)
        with pytest.raises(DatabaseError, match=r"does not answer: .*refused"):
            prepare_schema(gone)


def test_a_database_that_is_not_there_is_named(postgres_server: ServerInfo) -> None:
    with pytest.raises(DatabaseError, match='database "absent" does not exist'):
        find_databases(settings(database_url=postgres_server.url("absent")))


def test_without_a_named_server_the_embedded_one_serves_as_long_as_it_is_needed(short_dir: Path) -> None:
    own = settings(data_dir=short_dir / "data")
    with opened_databases(own) as databases:
        assert databases.started
        assert int(databases.version.partition(".")[0]) >= 15
        with open_store(own) as store:  # attaches, and leaves the server to whoever started it
            assert store.rows("SELECT * FROM game") == []
        prepare_schema(databases, upgrade=False)
        engine = sqlalchemy.create_engine(databases.dagster_url)
        with engine.connect() as connection:
            assert connection.execute(sqlalchemy.text("SELECT current_database()")).scalar() == "dagster"
        engine.dispose()
    assert EmbeddedPostgres(short_dir / "data" / "postgres").status().state == "stopped"


def test_an_embedded_server_that_cannot_be_had_is_an_error_of_the_database(short_dir: Path) -> None:
    (short_dir / "postgres").write_text("no directory")
    with pytest.raises(DatabaseError):
        find_databases(settings(data_dir=short_dir))


def test_a_transaction_is_all_or_nothing_and_a_statement_alone_commits(store: Store) -> None:
    store.execute("INSERT INTO source_field VALUES ('ann', 'one', 'title')")

    def add_two() -> None:
        with store.transaction() as connection:
            connection.execute("INSERT INTO source_field VALUES ('bob', 'one', 'title')")
            connection.execute("INSERT INTO source_field VALUES ('ann', 'one', 'title')")

    with pytest.raises(psycopg.errors.UniqueViolation):
        add_two()
    assert store.rows("SELECT source FROM source_field") == [{"source": "ann"}]


def test_a_connection_that_the_server_ended_costs_no_error(store: Store) -> None:
    row = store.row("SELECT pg_backend_pid() AS pid")
    assert row is not None
    with psycopg.connect(store.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (row["pid"],))  # and wait until it has
    assert store.row("SELECT 1 AS one") == {"one": 1}
