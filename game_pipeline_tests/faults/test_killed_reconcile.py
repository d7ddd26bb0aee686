"""Whenever reconciling is killed, and whoever else does it at once: every change is taken in exactly once."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from game_pipeline.catalog import Pending, pending
from game_pipeline.store import Store
from game_pipeline.store.replay import replayed
from game_pipeline_tests.catalog.curating import Catalogue

from .reconciling import started

KILLS = 20
CHANGED = 2_000
NEW = 200


@contextmanager
def _waiting(url: str, changed: int, new: int) -> Iterator[Catalogue]:
    """A catalogue to whose games so many changes are waiting, and so many games that it does not know."""
    with Store(url) as store:
        catalogue = Catalogue(store)
        site = catalogue.sites["alpha"]
        # Numbers that cannot be years: 1998 and 98 would be asked about.
        numbers = range(10_000, 10_000 + changed)
        games = [{"identity": str(n), "title": f"Game number {n}", "release_date": "1998"} for n in numbers]
        site.serve("games", games)
        assert site.read() == {"new": changed}
        catalogue.reconcile()
        more = [{"identity": f"new-{n}", "title": f"Another game {n}"} for n in range(new)]
        site.serve("games", [game | {"release_date": "1999"} for game in games] + more)
        assert site.read() == {"changed": changed, "new": new}
        assert pending(store) == Pending(changed + new, changed)
        yield catalogue


def _assert_each_change_once(store: Store, changed: int, new: int) -> None:
    assert pending(store) == Pending(0, 0)
    assert store.rows("SELECT revision, count(*) AS games FROM game GROUP BY revision ORDER BY revision") == [
        {"revision": 1, "games": new},
        {"revision": 2, "games": changed},
    ]
    assert store.rows(
        "SELECT event_type, count(*) AS n, count(DISTINCT game_id) AS games FROM import_event "
        "WHERE event_type LIKE 'game.%%' GROUP BY event_type ORDER BY event_type",
        (),
    ) == [
        {"event_type": "game.created", "n": changed + new, "games": changed + new},
        {"event_type": "game.revised", "n": changed, "games": changed},
    ]
    row = store.row(
        "SELECT count(*) AS revisions, count(*) FILTER (WHERE state->>'release_date' = '1999') AS dated "
        "FROM game_revision WHERE revision = 2"
    )
    assert row == {"revisions": changed, "dated": changed}
    decisions = store.row("SELECT count(*) AS n, count(DISTINCT record_id) AS records FROM match_decision")
    assert decisions == {"n": changed + new, "records": changed + new}
    with replayed(store) as result:
        assert result.first_difference() is None


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_killed_at_any_point_it_takes_in_every_change_exactly_once(database_url: str) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with _waiting(database_url, CHANGED, NEW) as catalogue:
        store = catalogue.store
        begun = _events(store)
        to_come = CHANGED + 2 * NEW
        for point in sorted(chance.sample(range(1, to_come), KILLS)):
            process = started(database_url)
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
            while _events(store) - begun < point and process.poll() is None:
                time.sleep(0.001)
            time.sleep(chance.random() * 0.01)  # anywhere within a transaction
            process.kill()
            process.communicate()
            assert _events(store) - begun < to_come, f"it was done before it was killed (seed {seed})"
        _, revised = catalogue.reconcile()
        assert revised.failed == []
        _assert_each_change_once(store, CHANGED, NEW)


def _events(store: Store) -> int:
    row = store.row("SELECT coalesce(max(position), 0) AS n FROM import_event")
    assert row is not None
    return int(row["n"])


def test_two_at_once_take_in_every_change_exactly_once(database_url: str) -> None:
    with _waiting(database_url, 120, 30) as catalogue:
        both = [started(database_url) for _ in range(2)]
        for process in both:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [_ended(process) for process in both] == [0, 0]
        _assert_each_change_once(catalogue.store, 120, 30)
        row = catalogue.store.row("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert row == {"deadlocks": 0}


def _ended(process: subprocess.Popen[str]) -> int:
    try:
        process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode
