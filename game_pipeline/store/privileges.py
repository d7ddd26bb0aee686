"""Who may do what: the one place where the application's role gets its rights, and where they are looked at.

The owner makes the schema and archives the log. The application reads and writes every table, but of the log it may
only read and append: what it has written it cannot change, whatever its code does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import LiteralString

from psycopg import Connection, sql
from psycopg.rows import TupleRow

__all__ = ["APPLICATION", "log_is_guarded", "renew_grants"]

APPLICATION = "game_pipeline_app"
"""The application's role on the embedded server."""

_EVERYDAY: LiteralString = "DELETE, INSERT, SELECT, UPDATE"
# The tables that the application may not change at will.
_RESTRICTED: Mapping[str, LiteralString] = {
    "import_event": "INSERT, SELECT",
    "event_identity": "INSERT, SELECT",
    "event_stream": "INSERT, SELECT, UPDATE",
    "event_archive": "SELECT",
    "projected_event": "SELECT",
    "schema_migration": "SELECT",
}
_LOCK = 0x67616D66  # one fixed advisory lock: grants of two sessions at once fail ("tuple concurrently updated")

# What a role was given by name, whoever gave it. A partition is reached through its table, which alone is asked for
# rights: nobody needs any on the partition itself.
_TABLES = """
SELECT relname, relispartition,
       ARRAY(SELECT privilege_type FROM aclexplode(relacl) JOIN pg_roles ON pg_roles.oid = grantee
             WHERE rolname = %(role)s ORDER BY privilege_type) AS held
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
ORDER BY relname
"""
_OTHERS = """
SELECT has_schema_privilege(%(role)s, 'public', 'USAGE') AND NOT has_schema_privilege(%(role)s, 'public', 'CREATE'),
       has_database_privilege(%(role)s, current_database(), 'CREATE'),
       has_function_privilege(%(role)s, 'public.prepare_event_partitions()', 'EXECUTE'),
       (SELECT coalesce(bool_and(has_sequence_privilege(%(role)s, oid, 'USAGE')
                                 AND has_sequence_privilege(%(role)s, oid, 'SELECT')), true)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'),
       current_database()
"""
_GUARDED = """
SELECT NOT bool_or(
    pg_has_role(%(role)s, relowner, 'MEMBER')
    OR has_table_privilege(%(role)s, oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER'))
FROM pg_class
WHERE oid IN (to_regclass('public.import_event'), to_regclass('public.event_identity'))
   OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass('public.import_event'))
"""


def renew_grants(connection: Connection[TupleRow], role: str) -> bool:
    """Give the role the application's rights, and take what goes beyond them; whether anything had to be done.

    `connection` is the owner's, the schema is up to date. Cheap where all is well.
    """
    if not list(_wanting(connection, role)):
        return False
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        for statement in list(_wanting(connection, role)):
            connection.execute(statement)
    return True


def log_is_guarded(connection: Connection[TupleRow], role: str) -> bool:
    """Is the log kept from this role by rights, or (False) by triggers alone, which it could take away?"""
    row = connection.execute(_GUARDED, {"role": role}).fetchone()
    return bool(row and row[0])


def _wanting(connection: Connection[TupleRow], role: str) -> Iterator[sql.Composed]:
    """What is to be said until the role has exactly the application's rights."""
    name = sql.Identifier(role)
    for table, is_partition, held in connection.execute(_TABLES, {"role": role}).fetchall():
        at = sql.Identifier("public", table)
        allowed: LiteralString = "" if is_partition else _RESTRICTED.get(table, _EVERYDAY)
        if ", ".join(held) != allowed:
            yield sql.SQL("REVOKE ALL ON {} FROM {}").format(at, name)
            if allowed:
                yield sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(allowed), at, name)
    row = connection.execute(_OTHERS, {"role": role}).fetchone()
    assert row is not None
    schema, database, function, sequences, database_name = row
    if not schema:
        # Whoever may create there could put a function of his own in the way of the owner's statements.
        yield sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}").format(name)
        yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name)
    if not database:  # a replay builds its scratch schema
        yield sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(database_name), name)
    if not function:
        yield sql.SQL("GRANT EXECUTE ON FUNCTION public.prepare_event_partitions() TO {}").format(name)
    if not sequences:
        yield sql.SQL("GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {}").format(name)
