"""What tests of every part share: one real PostgreSQL for the whole run, a fresh catalogue for each test, one demo.

All workers of pytest-xdist attach to the same server; the first that needs it starts it, the main process stops it.
The demo is told in one worker, to which all tests of it go.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from game_pipeline.store.embedded import EmbeddedPostgres, ServerInfo
from game_pipeline.store.migrations import migrate
from game_pipeline.store.pool import Store
from game_pipeline.store.privileges import APPLICATION, renew_grants

from .told import Told, told_demo

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_BASE = pytest.StashKey[Path]()
_ON_THE_DEMO = ("demo/test_story.py", "browser/test_ui.py")
_numbers = itertools.count(1)

# No test judges by the clock: how long an example takes is told by whatever else the machine does.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {}).get("postgres_base")
    # Not pytest's own temporary directory: only its owner can enter that, and for root the server is somebody else.
    base = Path(given or tempfile.mkdtemp(prefix="gp-", dir="/tmp"))
    base.chmod(0o755)
    config.stash[_BASE] = base


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the server is, or will be."""
    node.workerinput["postgres_base"] = str(node.config.stash[_BASE])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file's tests stay together, as with `--dist loadfile`, and those of the demo with each other."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # it has no types
        def _split_scope(self, nodeid: str) -> str:
            scope = str(super()._split_scope(nodeid))
            return "the demo" if scope.endswith(_ON_THE_DEMO) else scope

    return Scheduling(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    base = config.stash.get(_BASE, None)
    if base is not None and not hasattr(config, "workerinput"):
        _embedded(base).stop()
        shutil.rmtree(base)


def _embedded(base: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(base / "data", state_root=base / "state")


@pytest.fixture(scope="session")
def told() -> Iterator[Told]:
    """The demo, told once; for tests that leave it as it is."""
    with told_demo() as demo:
        yield demo


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> ServerInfo:
    """The server that all tests of the run share."""
    info = _embedded(request.config.stash[_BASE]).start()
    with psycopg.connect(info.conninfo("postgres"), autocommit=True) as connection:
        # What a power cut would lose is of no interest here; making databases is much faster.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return info


@pytest.fixture(scope="session")
def application(request: pytest.FixtureRequest, postgres_server: ServerInfo) -> ServerInfo:
    """The same server, for the role that the pipeline works as."""
    return _embedded(request.config.stash[_BASE]).ensure_role(APPLICATION)


@pytest.fixture(scope="session")
def postgres_url(postgres_server: ServerInfo) -> str:
    """The address of the server's own database `postgres`, to make others from."""
    return postgres_server.url("postgres")


@pytest.fixture(scope="session")
def migrated_template(postgres_server: ServerInfo, postgres_url: str, application: ServerInfo) -> str:
    """The name of a database with every migration applied and no row of data. Nobody may stay connected to it."""
    name = f"template_{_WORKER}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with psycopg.connect(postgres_server.url(name), autocommit=True) as connection:
        migrate(connection)
        renew_grants(connection, application.user)
    return name


@contextmanager
def _new_database(server: ServerInfo, template: str) -> Iterator[str]:
    """The name of a new copy of the template."""
    name = f"test_{_WORKER}_{next(_numbers)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        renew_grants(connection, APPLICATION)  # a template's rights come along, but not those on the database itself
    yield name
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(postgres_server: ServerInfo, migrated_template: str) -> Iterator[str]:
    """The owner's address of a migrated, empty catalogue made for this test alone, for what `store` is too tame for."""
    with _new_database(postgres_server, migrated_template) as name:
        yield postgres_server.url(name)


# Everything that a test can change about the schema; a statement that empties a table changes none of it.
_SCHEMA = """
SELECT md5(concat(
    (SELECT string_agg(concat(oid, relname, relkind), ',' ORDER BY oid) FROM pg_class WHERE relnamespace = s.oid),
    (SELECT string_agg(concat(attrelid, attname, atttypid, attnotnull, atthasdef), ',' ORDER BY attrelid, attnum)
     FROM pg_attribute WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = s.oid)),
    (SELECT string_agg(concat(adrelid, adnum, pg_get_expr(adbin, adrelid)), ',' ORDER BY adrelid, adnum)
     FROM pg_attrdef WHERE adrelid IN (SELECT oid FROM pg_class WHERE relnamespace = s.oid)),
    (SELECT string_agg(concat(oid, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
    (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_constraint WHERE connamespace = s.oid),
    (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_proc WHERE pronamespace = s.oid)
)) FROM pg_namespace AS s WHERE nspname = 'public'
"""

# `replica` lets no trigger speak, neither the ones that guard the log of events nor foreign keys.
_EMPTY = """
SET LOCAL session_replication_role = replica;
DO $$
DECLARE
    found text;
BEGIN
    FOR found IN SELECT format('%I', tablename) FROM pg_tables
                 WHERE schemaname = 'public' AND tablename <> 'schema_migration' LOOP
        EXECUTE 'DELETE FROM ' || found;
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""


class ReusedCatalogue:
    """One catalogue that test after test gets emptied: ten times faster than making one each.

    A test that changed the schema, or that left a connection behind, costs a new one.
    """

    def __init__(self, server: ServerInfo, application: ServerInfo, template: str, stack: ExitStack) -> None:
        self._server = server
        self._application = application
        self._template = template
        self._stack = stack
        self._renew()

    def _renew(self) -> None:
        self._stack.close()
        name = self._stack.enter_context(_new_database(self._server, self._template))
        self.owner_url = self._server.url(name)
        self.url = self._application.url(name)
        self._schema = self._fingerprint()

    def _fingerprint(self) -> str:
        with psycopg.connect(self.owner_url) as connection:
            row = connection.execute(_SCHEMA).fetchone()
            return str(row[0]) if row else ""

    def empty(self) -> str:
        """Empty the catalogue, and return its address for the role that the pipeline works as."""
        with psycopg.connect(self.owner_url) as connection:
            left = connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'"
            ).fetchone()
            if not left:
                connection.execute(_EMPTY)
        if left or self._fingerprint() != self._schema:
            self._renew()
        return self.url


@pytest.fixture(scope="session")
def reused_catalogue(
    postgres_server: ServerInfo, application: ServerInfo, migrated_template: str
) -> Iterator[ReusedCatalogue]:
    with ExitStack() as stack:
        yield ReusedCatalogue(postgres_server, application, migrated_template, stack)


@pytest.fixture
def store(reused_catalogue: ReusedCatalogue) -> Iterator[Store]:
    """A migrated, empty catalogue, opened by the role that the pipeline works as; its address is `store.url`."""
    with Store(reused_catalogue.empty()) as opened:
        yield opened


@pytest.fixture
def owner(store: Store, reused_catalogue: ReusedCatalogue) -> Iterator[Store]:
    """The catalogue of `store`, opened by the owner of its schema."""
    with Store(reused_catalogue.owner_url) as opened:
        yield opened


@pytest.fixture
def set_back(owner: Store) -> Iterator[Callable[[str], None]]:
    """Set the clock that times the events of `store` back by so much, until the test is over."""
    column = "ALTER TABLE import_event ALTER COLUMN recorded_at SET DEFAULT clock_timestamp()"

    def do(interval: str) -> None:
        owner.execute(f"{column} - interval '{interval}'")

    yield do
    owner.execute(column)
