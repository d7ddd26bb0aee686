"""Turns at a host: across processes, by the database's clock."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

from game_pipeline.crawl.slots import AskedToWait, push_back, slow_down, take_slot
from game_pipeline.store.pool import Store

# Prints when each of its requests would have been sent; the monotonic clock is one for all processes.
WORKER = """
import sys, time
from game_pipeline.crawl.slots import take_slot
from game_pipeline.store.pool import Store
with Store(sys.argv[1]) as store:
    for _ in range(int(sys.argv[3])):
        time.sleep(take_slot(store, "site.test", float(sys.argv[2])))
        print(time.monotonic(), flush=True)
"""


def test_the_first_request_does_not_wait_and_the_next_ones_do(store: Store) -> None:
    waits = [take_slot(store, "site.test", 10) for _ in range(3)]
    assert waits[0] == 0
    assert waits[1:] == pytest.approx([10, 20], abs=0.5)
    assert take_slot(store, "other.test", 10) == 0


def test_a_host_left_alone_for_long_enough_is_free_again(store: Store) -> None:
    take_slot(store, "site.test", 10)
    store.execute("UPDATE host_slot SET next_at = clock_timestamp() - interval '1 hour'")
    assert take_slot(store, "site.test", 10) == 0
    assert take_slot(store, "site.test", 10) == pytest.approx(10, abs=0.5)  # the idle hour was not saved up


def test_four_processes_keep_the_gap(store: Store) -> None:
    delay, each = 0.1, 6
    command = [sys.executable, "-c", WORKER, store.url, str(delay), str(each)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [worker.communicate(timeout=60)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4
    sent = sorted(float(line) for output in outputs for line in output.split())
    assert len(sent) == 4 * each
    # A process that wakes late comes nearer to the next one; the turns themselves are exact.
    assert min(after - before for before, after in itertools.pairwise(sent)) > delay * 0.7
    assert sent[-1] - sent[0] > (len(sent) - 1) * delay * 0.97


def test_a_host_is_pushed_back_for_everybody_and_never_forward(store: Store) -> None:
    push_back(store, "site.test", 50)
    push_back(store, "site.test", 5)
    assert take_slot(store, "site.test", 1) == pytest.approx(50, abs=0.5)
    push_back(store, "site.test", 1e12)
    assert take_slot(store, "site.test", 1) <= 86_400


def test_a_turn_that_is_too_far_off_is_not_reserved(store: Store) -> None:
    push_back(store, "site.test", 500)
    for _ in range(5):
        with pytest.raises(AskedToWait) as asked:
            take_slot(store, "site.test", 100, longest=300)
        assert asked.value.seconds == pytest.approx(500, abs=1)
    assert take_slot(store, "site.test", 100, longest=600) == pytest.approx(500, abs=1)


def test_a_pace_that_has_grown_beyond_what_is_waited_for_a_host_is_waited_for_all_the_same(store: Store) -> None:
    take_slot(store, "site.test", 1)
    for _ in range(9):
        slow_down(store, "site.test", 1)
    for _ in range(3):
        assert take_slot(store, "site.test", 1, longest=300) == pytest.approx(512, abs=15)
        store.execute("UPDATE host_slot SET next_at = next_at - interval '512 seconds'")


def test_a_delay_of_none_never_waits(store: Store) -> None:
    assert [take_slot(store, "site.test", 0) for _ in range(5)] == [0] * 5
