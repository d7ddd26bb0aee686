"""The months of the log: there in time, found by their names, and never a reason to lose an event."""

from __future__ import annotations

import threading

import psycopg

from game_pipeline.store import Store, append

from .test_events import note

PARTITIONS = """
SELECT child.relname AS name, pg_get_expr(child.relpartbound, child.oid) AS bound
FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid WHERE inhparent = 'import_event'::regclass ORDER BY 1
"""
COMING = """
SELECT 'import_event_' || to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month', 'YYYY_MM')
    AS name FROM generate_series(0, 3) AS n
"""
INSERT = """
INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, payload, correlation_id, actor,
                          recorded_at)
VALUES (gen_random_uuid(), 'note:1', 1, 'import.finished', 1, '{}', 'run', 'ann', %s)
"""


def names(store: Store) -> list[str]:
    return [row["name"] for row in store.rows(PARTITIONS)]


def test_this_month_and_the_three_to_come_are_there(store: Store) -> None:
    coming = [row["name"] for row in store.rows(COMING)]
    assert names(store) == [*coming, "import_event_default"]
    assert store.row("SELECT prepare_event_partitions() AS made") == {"made": 0}


def test_the_application_makes_the_months_that_are_missing_many_at_once(store: Store, owner: Store) -> None:
    coming = [row["name"] for row in store.rows(COMING)]
    for name in coming[1:]:
        owner.execute(f"DROP TABLE {name}")
    made: list[int] = []

    def work() -> None:
        row = store.row("SELECT prepare_event_partitions() AS made")
        made.append(row["made"] if row else -1)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(made) == [0, 0, 3]
    assert names(store) == [*coming, "import_event_default"]


def test_a_month_begins_at_midnight_in_utc_wherever_the_session_is(owner: Store) -> None:
    with owner.transaction() as connection:
        connection.execute("SET LOCAL timezone = 'Asia/Vladivostok'")
        connection.execute("SELECT make_event_partition('2001-02-17')")
    bounds = {row["name"]: row["bound"] for row in owner.rows(PARTITIONS)}
    assert bounds["import_event_2001_02"] == (
        "FOR VALUES FROM ('2001-02-01 00:00:00+00') TO ('2001-03-01 00:00:00+00')"
    )


def test_an_event_without_a_month_of_its_own_is_kept_and_its_month_stays_there(store: Store, owner: Store) -> None:
    store.execute(INSERT, ("2001-02-28T23:59:59+00:00",))
    assert store.row("SELECT tableoid::regclass::text AS at FROM import_event") == {"at": "import_event_default"}
    assert owner.row("SELECT make_event_partition('2001-02-01') AS made") == {"made": False}
    assert owner.row("SELECT make_event_partition('2001-03-01') AS made") == {"made": True}


def test_months_are_made_later_where_a_reader_is_in_the_way(store: Store, owner: Store) -> None:
    coming = [row["name"] for row in store.rows(COMING)]
    owner.execute(f"DROP TABLE {coming[0]}")
    with psycopg.connect(store.url) as reader:
        reader.execute("SELECT count(*) FROM import_event")
        assert store.row("SELECT prepare_event_partitions() AS made") == {"made": 0}
        with store.transaction() as connection:  # and what is written meanwhile is kept
            (recorded,) = append(connection, [note("note:1")])
    assert store.row("SELECT prepare_event_partitions() AS made") == {"made": 0}
    assert store.row("SELECT tableoid::regclass::text AS at, position FROM import_event") == {
        "at": "import_event_default",
        "position": recorded.position,
    }
