"""Login roles of the embedded server, whose passwords are random and long."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

__all__ = ["keep_plain", "set_password", "verifier_of"]

_SINCE = 160_000  # older servers cannot be told how often they stretch a password


def verifier_of(connection: Connection[Any], name: str) -> str | None:
    """What the server knows a role's password by; None where there is no such role. Superusers alone may ask."""
    row = connection.execute("SELECT coalesce(rolpassword, '') FROM pg_authid WHERE rolname = %s", (name,)).fetchone()
    return None if row is None else str(row[0])


def set_password(connection: Connection[Any], name: str, password: str, *, make: bool) -> None:
    """Make a login role, or give it another password. But for the superuser they inherit nothing.

    SCRAM stretches passwords against guessing, which nobody can do with 256 random bits. It would cost each connection
    5 ms of processor time, and Dagster opens one for every event.
    """
    if connection.info.server_version >= _SINCE:
        connection.execute("SET scram_iterations = 1")
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    statement = sql.SQL("{} ROLE {} LOGIN {} PASSWORD {}").format(
        sql.SQL("CREATE" if make else "ALTER"),
        sql.Identifier(name),
        sql.SQL("NOINHERIT" if name != connection.info.user else ""),
        sql.Literal(verifier.decode()),
    )
    connection.execute(statement)


def keep_plain(connection: Connection[Any], name: str, password: str) -> None:
    """Stretch the password of a role no longer that initdb, or an older version, has stretched."""
    verifier = verifier_of(connection, name)
    stretched = verifier is not None and not verifier.startswith("SCRAM-SHA-256$1:")
    if stretched and connection.info.server_version >= _SINCE:
        set_password(connection, name, password, make=False)
