"""Whenever a crawl that follows links is killed: no page is lost, and none has its effect twice."""

from __future__ import annotations

import random
import subprocess

import pytest

from game_pipeline.store import Store
from game_pipeline_tests.peer_site.kills import kill_at, run_module
from game_pipeline_tests.peer_site.server import serving

PAGES = 2_000
KILLS = 50

_PROGRESS = """
SELECT (SELECT count(*) FROM source_url_state) + (SELECT count(*) FROM page_snapshot)
       + (SELECT count(*) FROM record_version) AS n
"""


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_crawl_killed_at_fifty_points_loses_no_page_and_does_none_twice(database_url: str) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with Store(database_url) as store, serving(PAGES) as origin:
        runs = iter(range(KILLS + 1))

        def progress() -> int:
            row = store.row(_PROGRESS)
            return int(row["n"]) if row else 0

        points = chance.sample(range(3 * PAGES), KILLS)  # found, fetched, read

        def start() -> subprocess.Popen[bytes]:
            return run_module("ours", database_url, origin, f"run {next(runs)}")

        reached = kill_at(points, start, progress, chance)
        assert len(reached) == KILLS, f"it was done before it was killed (seed {seed})"
        assert run_module("ours", database_url, origin, "last").wait(300) == 0
        _assert_each_page_once(store)


def _assert_each_page_once(store: Store) -> None:
    once = {"pages": PAGES, "different": PAGES}
    for table, key in (
        ("source_url_state", "page_key"),
        ("page_snapshot", "page_id"),
        ("source_record", "identity"),
        ("record_version", "record_id"),
        ("import_task", "page_id"),
    ):
        assert store.row(f"SELECT count(*) AS pages, count(DISTINCT {key}) AS different FROM {table}") == once, table
    assert store.rows("SELECT state, outcome, count(*) AS n FROM import_task GROUP BY state, outcome") == [
        {"state": "done", "outcome": "changed", "n": PAGES}
    ]
    assert (
        store.row(
            "SELECT count(*) AS pages, count(DISTINCT stream) AS different FROM import_event "
            "WHERE event_type = 'record.changed'"
        )
        == once
    )
    assert store.row("SELECT sum(check_count)::int AS n FROM source_url_state") == {"n": PAGES}
