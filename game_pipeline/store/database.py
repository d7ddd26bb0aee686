"""Where the databases are: a PostgreSQL server named in the settings, else the embedded one, started when needed.

There are two databases on it: the catalogue, which `sql/` owns, and Dagster's own. The catalogue has two addresses: the
owner's, for its schema, and the application's, for all else.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from game_pipeline.settings import Settings

from .embedded import EmbeddedPostgres, EmbeddedPostgresError
from .migrations import MigrationError, migrate, migration_status
from .pool import Store
from .privileges import APPLICATION, renew_grants

__all__ = [
    "DatabaseError",
    "Databases",
    "find_databases",
    "open_store",
    "opened_databases",
    "owner_connection",
    "prepare_schema",
]

CATALOGUE = "catalogue"
DAGSTER = "dagster"
OLDEST = 15


class DatabaseError(RuntimeError):
    """The database cannot be reached or used; the message says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Databases:
    """Addresses of both databases. `dagster_url` names its driver, as Dagster needs it.

    `catalogue_url` is the application's, whose role is `role`; `owner_url` is that of the schema's owner, the same
    where one role does everything. `started` says whether this call started the embedded server (False: attached, or
    somebody else's server).
    """

    catalogue_url: str
    owner_url: str
    role: str
    dagster_url: str
    version: str
    embedded: EmbeddedPostgres | None
    started: bool


def find_databases(settings: Settings) -> Databases:
    """Reach the server (starting the embedded one where none is named) and see to it that both databases exist."""
    if settings.database_url is None:
        server = EmbeddedPostgres(settings.data_dir / "postgres", settings.postgres_bin)
        try:
            info = server.start()
            application = server.ensure_role(APPLICATION)
            for name in (CATALOGUE, DAGSTER):
                server.ensure_database(name)
        except EmbeddedPostgresError as error:
            raise DatabaseError(str(error)) from error
        return Databases(
            catalogue_url=application.url(CATALOGUE),
            owner_url=info.url(CATALOGUE),
            role=application.user,
            dagster_url=info.url(DAGSTER, "psycopg2"),
            version=info.version,
            embedded=server,
            started=info.started,
        )
    dagster_url = settings.dagster_database_url or _beside(settings.database_url)
    if settings.owner_database_url and _name(settings.owner_database_url) != _name(settings.database_url):
        raise DatabaseError(
            f"GAME_PIPELINE_OWNER_DATABASE_URL names database {_name(settings.owner_database_url)!r} and "
            f"GAME_PIPELINE_DATABASE_URL {_name(settings.database_url)!r}; both must name the catalogue"
        )
    _ensure_database(settings.database_url, dagster_url)
    version, role = _look(settings.database_url)
    return Databases(
        catalogue_url=settings.database_url,
        owner_url=settings.owner_database_url or settings.database_url,
        role=role,
        dagster_url=f"postgresql+psycopg2:{dagster_url.partition(':')[2]}",
        version=version,
        embedded=None,
        started=False,
    )


@contextmanager
def opened_databases(settings: Settings, *, adopt: bool = False) -> Iterator[Databases]:
    """The databases for the length of a command: an embedded server that we started stops again with us.

    It stays where others are connected to it. `adopt`: one that somebody else started (and, killed, left behind) stops
    with us, too.
    """
    databases = find_databases(settings)
    try:
        yield databases
    finally:
        ours = databases.started or adopt
        if databases.embedded is not None and ours and not _in_use(databases.owner_url):
            databases.embedded.stop()


@contextmanager
def open_store(settings: Settings, *, upgrade: bool = True) -> Iterator[Store]:
    """The catalogue, its schema up to date. Raises `DatabaseError`.

    `upgrade=False` refuses a schema that waits for migrations instead of applying them.
    """
    with opened_databases(settings) as databases:
        prepare_schema(databases, upgrade=upgrade)
        with Store(databases.catalogue_url, pool_size=settings.pool_size) as store:
            yield store


def prepare_schema(databases: Databases, *, upgrade: bool = True) -> tuple[str, ...]:
    """Bring the catalogue's schema up to date, with the application's rights and the log's coming partitions.

    Returns what was applied. Raises `DatabaseError`.
    """
    try:
        with owner_connection(databases.owner_url) as connection:
            if upgrade:
                applied = migrate(connection)
            else:
                applied = ()
                pending = migration_status(connection).pending
                if pending:
                    raise DatabaseError(f"the database waits for {', '.join(pending)}; run: game-pipeline db migrate")
            if databases.owner_url != databases.catalogue_url:
                renew_grants(connection, databases.role)
            connection.execute("SELECT prepare_event_partitions()")
            return applied
    except MigrationError as error:
        advice = _NOT_THE_OWNER if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege) else ""
        raise DatabaseError(f"{error}{advice}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(f"the catalogue's schema: {_plain(error)}{_NOT_THE_OWNER}") from error
    except psycopg.OperationalError as error:
        raise DatabaseError(f"the catalogue's database does not answer: {_plain(error)}") from error


_NOT_THE_OWNER = "; name the role that owns the schema in GAME_PIPELINE_OWNER_DATABASE_URL"


@contextmanager
def owner_connection(url: str) -> Iterator[psycopg.Connection[TupleRow]]:
    """A connection for the schema's owner, in autocommit mode.

    It looks for names in `public` alone: the application may create schemas, and one called like the owner would
    otherwise come first and could make the owner run the application's code.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET search_path = public")
        yield connection


def _beside(url: str) -> str:
    """The same server's address with `_dagster` after the database's name (`postgres` where none is named)."""
    parts = urlsplit(url)
    name = parts.path.lstrip("/") or "postgres"
    # Not urlunsplit: it drops the slashes of an address without a host, which is a socket's.
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{name}_dagster{query}"


def _name(url: str) -> str:
    return unquote(urlsplit(url).path.lstrip("/"))


def _ensure_database(server_url: str, wanted_url: str) -> None:
    name = _name(wanted_url)
    try:
        with psycopg.connect(server_url, autocommit=True) as connection:
            if urlsplit(server_url)._replace(path="", query="") != urlsplit(wanted_url)._replace(path="", query=""):
                return  # another server: whoever named it sees to it
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return  # somebody else made it meanwhile: before we asked, or in the same moment
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f"database {name!r} is missing and may not be created by this user; "
            f"create it, or name another in GAME_PIPELINE_DAGSTER_DATABASE_URL"
        ) from error
    except psycopg.OperationalError as error:
        raise DatabaseError(f"GAME_PIPELINE_DATABASE_URL: the server does not answer: {_plain(error)}") from error


def _look(url: str) -> tuple[str, str]:
    """The server's version, and the role that the address stands for."""
    with psycopg.connect(url) as connection:
        number = connection.info.server_version
        row = connection.execute("SELECT current_user").fetchone()
    if number < OLDEST * 10_000:
        raise DatabaseError(f"PostgreSQL {number // 10_000} is too old; {OLDEST} or later is needed")
    return f"{number // 10_000}.{number % 10_000}", str(row[0]) if row else ""


def _in_use(url: str) -> bool:
    """Is anybody else connected? A connection that was closed a moment ago may still be listed: it gets a second."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            for _ in range(10):
                row = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity "
                    "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                ).fetchone()
                if not row or not row[0]:
                    return False
                time.sleep(0.1)
            return True
    except psycopg.OperationalError:
        return False


def _plain(error: Exception) -> str:
    return " ".join(str(error).split())
