"""The runner of the numbered plain-SQL migrations in `sql/`: each once, in order, in its own transaction.

What was applied is remembered with its checksum; an edited or unknown migration is refused, never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from .assets import asset_path

__all__ = ["Migration", "MigrationError", "MigrationStatus", "migrate", "migration_status", "read_migrations"]

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_LOCK = 0x67616D65  # one fixed advisory lock for every migrator of this product

_TABLE = """
CREATE TABLE schema_migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationError(RuntimeError):
    """The database and the migrations at hand do not fit, or one failed; nothing of it was applied."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    checksum: str
    statements: str


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """Names of the migrations that are applied and of those that wait."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]


def read_migrations(directory: Path | None = None) -> tuple[Migration, ...]:
    """The migrations of a directory (default: the product's own), in order.

    Raises `MigrationError` for a name that is not NNNN_words.sql and for a number used twice or left out.
    """
    directory = directory or asset_path("sql")
    found: list[Migration] = []
    for path in sorted(directory.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if not match:
            raise MigrationError(f"{path}: a migration is named NNNN_words.sql")
        text = path.read_text(encoding="utf-8")
        found.append(Migration(int(match[1]), path.stem, sha256(text.encode()).hexdigest(), text))
    numbers = [migration.number for migration in found]
    if numbers != list(range(1, len(found) + 1)):
        raise MigrationError(f"{directory}: migrations must be numbered 1, 2, 3... once each; found {numbers}")
    return tuple(found)


def migrate(connection: psycopg.Connection[TupleRow], migrations: Sequence[Migration] | None = None) -> tuple[str, ...]:
    """Apply what is missing and return the names applied. Safe to call from many processes at once.

    `connection` must be in autocommit mode. Raises `MigrationError`; whatever failed left nothing behind.
    """
    migrations = read_migrations() if migrations is None else migrations
    done: list[str] = []
    connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        if not _begun(connection):  # asked first: IF NOT EXISTS would want the right to create either way
            connection.execute(_TABLE)
        for migration in _pending(connection, migrations):
            try:
                with connection.transaction():
                    connection.execute(migration.statements.encode())
                    connection.execute(
                        "INSERT INTO schema_migration (number, name, checksum) VALUES (%s, %s, %s)",
                        (migration.number, migration.name, migration.checksum),
                    )
            except psycopg.Error as error:
                raise MigrationError(f"migration {migration.name} failed and was rolled back: {error}") from error
            done.append(migration.name)
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
    return tuple(done)


def migration_status(
    connection: psycopg.Connection[TupleRow], migrations: Sequence[Migration] | None = None
) -> MigrationStatus:
    """What is applied and what waits, changing nothing. Raises `MigrationError` as `migrate` does."""
    migrations = read_migrations() if migrations is None else migrations
    if not _begun(connection):
        return MigrationStatus((), tuple(migration.name for migration in migrations))
    pending = {migration.name for migration in _pending(connection, migrations)}
    return MigrationStatus(
        tuple(migration.name for migration in migrations if migration.name not in pending),
        tuple(migration.name for migration in migrations if migration.name in pending),
    )


def _begun(connection: psycopg.Connection[TupleRow]) -> bool:
    row = connection.execute("SELECT to_regclass('schema_migration') IS NOT NULL").fetchone()
    return bool(row and row[0])


def _pending(connection: psycopg.Connection[TupleRow], migrations: Sequence[Migration]) -> list[Migration]:
    known = {migration.number: migration for migration in migrations}
    rows = connection.execute("SELECT number, name, checksum FROM schema_migration ORDER BY number").fetchall()
    for number, name, checksum in rows:
        migration = known.get(number)
        if migration is None or migration.name != name:
            raise MigrationError(
                f"the database holds migration {name}, which this version does not know; "
                "it was written by a newer version: install that one, or restore a backup"
            )
        if migration.checksum != checksum:
            raise MigrationError(
                f"migration {name} was edited after it was applied; put its text back and add a new migration instead"
            )
    applied = {number for number, _, _ in rows}
    return [migration for migration in migrations if migration.number not in applied]
