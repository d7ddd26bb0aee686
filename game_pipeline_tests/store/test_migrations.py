"""The migrations: each once and whole, or a clear refusal."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import TupleRow, dict_row

from game_pipeline.store.embedded import ServerInfo
from game_pipeline.store.event_log import recorded
from game_pipeline.store.migrations import MigrationError, migrate, migration_status, read_migrations
from game_pipeline.store.projections import project

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


def test_a_log_from_before_the_event_store_keeps_every_row(connection: psycopg.Connection[TupleRow]) -> None:
    migrations = read_migrations()
    migrate(connection, migrations[:3])
    # Two months, one of them long past, the border at midnight in UTC; a payload with digits that a float would lose.
    connection.execute(
        """
        INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, game_id, source,
                                  source_url, payload, correlation_id, causation_id, actor, recorded_at)
        SELECT gen_random_uuid(), 'game:' || n % 7, n / 7, 'game.revised', 1, nullif(n % 7, 0), 'ifdb',
               'https://x/' || n, jsonb_build_object('n', 1.10 * n, 'text', 'Ж'), 'run', gen_random_uuid(), 'pipeline',
               timestamptz '2024-01-31 23:59:00+00' + n * interval '10 seconds'
        FROM generate_series(1, 100) AS n
        """
    )
    connection.execute("SELECT nextval('import_event_position_seq')")  # of a transaction that was rolled back
    everything = (
        "SELECT md5(string_agg((to_jsonb(e) - 'xid')::text, '|' ORDER BY position)), count(*) FROM import_event AS e"
    )
    before = connection.execute(everything).fetchone()
    assert migrate(connection, migrations)[0] == "0004_event_store"
    assert connection.execute(everything).fetchone() == before
    months = connection.execute(
        "SELECT tableoid::regclass::text, count(*) FROM import_event GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert months == [("import_event_2024_01", 5), ("import_event_2024_02", 95)]
    assert connection.execute(
        "SELECT count(*) FROM event_identity JOIN import_event USING (event_id, position)"
    ).fetchone() == (100,)
    assert connection.execute(
        "SELECT bool_and(version = (SELECT max(stream_version) FROM import_event AS e WHERE e.stream = s.stream)), "
        "count(*) FROM event_stream AS s"
    ).fetchone() == (True, 7)
    assert connection.execute("SELECT nextval('import_event_position_seq')").fetchone() == (102,)
    assert "import_event_whole" not in tables(connection)
    with pytest.raises(psycopg.errors.RaiseException, match="import_event_2024_01 is append-only"):
        connection.execute("DELETE FROM import_event_2024_01")


def test_what_was_decided_before_the_ledger_is_told_as_judgements(
    connection: psycopg.Connection[TupleRow], url: str
) -> None:
    migrations = read_migrations()
    before = next(n for n, migration in enumerate(migrations) if migration.name.endswith("_ledger"))
    migrate(connection, migrations[:before])
    connection.execute(
        """
        INSERT INTO match_decision (decision_id, record_id, game_id, band, method, score, evidence, decided_by,
                                    decided_at, ended_at)
        VALUES (1, 7, 1, 'new', 'no_candidate', 0, '[]', 'pipeline', now(), NULL),
               (2, 5, 1, 'auto', 'strong_key', 0.99, '[{"feature": "key", "detail": "both carry ifid:X", "ours": "",
                "theirs": ""}]', 'pipeline', now(), NULL),
               (3, 9, 2, 'new', 'no_candidate', 0, '[]', 'pipeline', now(), now()),
               (4, 9, 1, 'auto', 'person', 1, '[]', 'ann', now(), NULL),
               (5, 11, 3, 'new', 'no_candidate', 0, '[]', 'pipeline', now(), NULL),
               (6, 12, NULL, 'review', 'title_unsure', 0.6, '[]', 'pipeline', now(), NULL)
        """
    )
    migrate(connection, migrations)
    edges = connection.execute("SELECT a, b, judgement, judge, method, judged_by FROM match_edge ORDER BY b, a")
    assert edges.fetchall() == [
        (5, 7, "same", "rule", "strong_key", "pipeline"),
        (7, 9, "same", "person", "person", "ann"),
    ]
    events = connection.execute(
        "SELECT substr(event_id::text, 15, 1), stream_version, version FROM import_event "
        "JOIN event_identity USING (event_id, position) JOIN event_stream USING (stream)"
    )
    assert events.fetchall() == [("7", 1, 1), ("7", 1, 1)]
    table = sql.SQL("CREATE TEMPORARY TABLE match_edge (LIKE public.match_edge)")
    with psycopg.connect(url, row_factory=dict_row) as other:
        rows = other.execute("SELECT * FROM import_event ORDER BY position").fetchall()
        other.execute(table)
        project(other, [recorded(row) for row in rows])
        left = other.execute("SELECT * FROM match_edge EXCEPT ALL SELECT * FROM public.match_edge").fetchall()
        assert (left, len(rows)) == ([], 2)
