"""Leases: one holder at a time, renewed while it lives, lost when it dies, stalls or is cut off from the database."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from game_pipeline.crawl import (
    HoldLost,
    SourceBusy,
    Visitor,
    abandon_run,
    begin_run,
    frontier,
    leases,
    living_run,
    run_is_alive,
)
from game_pipeline.crawl.leases import source_lock
from game_pipeline.settings import Settings, SourceSettings
from game_pipeline.store import Store
from game_pipeline_tests.changes.tiny_site import source_named
from game_pipeline_tests.conftest import ReusedCatalogue
from game_pipeline_tests.crawl.conftest import Crawler
from game_pipeline_tests.http_server import Reply, ScriptedServer

HOLDER = """
import sys, time
from game_pipeline.crawl import living_run, source_lock
from game_pipeline.store import Store
with Store(sys.argv[1]) as store, living_run(store, "other"), source_lock(store, "tiny", "other", float(sys.argv[2])):
    print("ready", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def other_process(store: Store, lease: float = 60) -> Iterator[subprocess.Popen[str]]:
    """A process that holds `tiny`, and a run, until it is told to end."""
    command = [sys.executable, "-c", HOLDER, store.url, str(lease)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def fence(store: Store, name: str = "source tiny") -> int:
    row = store.row("SELECT fence FROM lease WHERE name = %s", (name,))
    return row["fence"] if row else 0


def test_one_import_of_a_source_at_a_time_and_the_refused_one_names_the_other(store: Store) -> None:
    with source_lock(store, "tiny", "first"):
        begin_run(store, "first", "tiny", ["one"], full=False)
        with (
            pytest.raises(SourceBusy, match=r"tiny is being imported since .* by run first"),
            source_lock(store, "tiny", "second"),
        ):
            pass
        with source_lock(store, "other", "second"):
            pass
    with source_lock(store, "tiny", "second"):
        pass
    assert fence(store) == 2


def test_a_lease_is_renewed_for_as_long_as_its_holder_works(store: Store) -> None:
    with source_lock(store, "tiny", "first", lease=1) as hold:
        time.sleep(1.5)
        with pytest.raises(SourceBusy), source_lock(store, "tiny", "second", lease=1):
            pass
        hold.check()


def test_a_killed_holder_is_followed_within_seconds(store: Store) -> None:
    with other_process(store) as process:
        assert run_is_alive(store, "other")
        process.kill()
        process.wait()
        began = time.monotonic()
        with source_lock(store, "tiny", "next"):
            assert time.monotonic() - began < leases.WATCH + 2
        assert not run_is_alive(store, "other")
    assert fence(store) == 2


def test_a_holder_that_stands_still_loses_its_lease_and_learns_it(store: Store) -> None:
    with source_lock(store, "tiny", "first", lease=2) as hold:
        store.execute("UPDATE lease SET held_until = now() - interval '1 second' WHERE name = 'source tiny'")
        with source_lock(store, "tiny", "second", lease=2):
            time.sleep(1)
            with pytest.raises(HoldLost, match="source tiny: taken over by another run"):
                hold.check()


def test_a_stopped_process_is_no_living_run_once_its_lease_is_over(store: Store) -> None:
    with other_process(store) as process:
        os.kill(process.pid, signal.SIGSTOP)
        store.execute("UPDATE lease SET held_until = clock_timestamp() - interval '1 second'")
        assert not run_is_alive(store, "other")
        with source_lock(store, "tiny", "next"):
            pass
        os.kill(process.pid, signal.SIGCONT)


def test_a_holder_that_is_stuck_for_hours_gives_up_what_it_holds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "STALLED", 0.2)
    with source_lock(store, "tiny", "first", lease=1) as hold:
        time.sleep(1)
        with pytest.raises(HoldLost):
            hold.check()
        time.sleep(0.5)
        with source_lock(store, "tiny", "second", lease=1):
            pass


def test_a_connection_that_is_lost_costs_nothing(store: Store, reused_catalogue: ReusedCatalogue) -> None:
    with other_process(store), Store(reused_catalogue.owner_url) as owner:
        cut = owner.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() "
            "AND application_name LIKE 'game_pipeline %%' AND pid <> pg_backend_pid()",
            (),
        )
        assert len(cut) >= 2
        assert run_is_alive(store, "other")
        with pytest.raises(SourceBusy), source_lock(store, "tiny", "next"):
            pass
    assert fence(store) == 1


def test_another_attempt_of_a_run_takes_up_what_the_run_holds(store: Store) -> None:
    with source_lock(store, "tiny", "run"):
        pass
    store.execute("UPDATE lease SET held_until = now() + interval '1 hour'")  # it could not be given back
    with source_lock(store, "tiny", "run"):
        pass


def test_a_dead_run_that_is_written_off_holds_nothing(store: Store) -> None:
    with living_run(store, "dead"), source_lock(store, "tiny", "dead"):
        abandon_run(store, "dead")
        assert not run_is_alive(store, "dead")
        with source_lock(store, "tiny", "next"):
            pass


def test_a_run_that_has_ended_leaves_no_row(store: Store) -> None:
    with living_run(store, "run"):
        assert run_is_alive(store, "run")
    assert not run_is_alive(store, "run")
    assert store.rows("SELECT name FROM lease") == []


def test_a_machine_whose_clock_jumps_keeps_its_leases_turns_and_due_dates(
    crawler: Crawler, server: ScriptedServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, jumps = time.time, itertools.cycle((-3600.0, 0.0, 3600.0))
    monkeypatch.setattr(time, "time", lambda: real() + next(jumps))
    source = source_named()
    server.on("/a", Reply(200, b"[]")).on("/b", Reply(200, b"[]"))
    client = crawler.make(routes={"tiny.example": server.origin})
    settings = Settings(sources={"tiny": SourceSettings(min_delay=5)})
    with source_lock(store, "tiny", "run", lease=1) as hold:
        begin_run(store, "run", "tiny", ["one"], full=False)
        with store.transaction() as connection:
            frontier.observe(connection, source, [source.ref("a"), source.ref("b")], listed=True)
        Visitor(store, client, source, settings, "run", hold=hold).visit(["one"], full=False)
        time.sleep(1.2)
        hold.check()
    assert crawler.slept == pytest.approx([5, 10], abs=1)  # after robots.txt, in their turns; nobody really waits
    row = store.row(
        "SELECT count(*) AS pages, bool_and(last_checked_at BETWEEN now() - interval '1 minute' AND now()) AS checked, "
        "bool_and(next_check_at > now() + interval '1 day') AS later FROM source_url_state"
    )
    assert row == {"pages": 2, "checked": True, "later": True}
