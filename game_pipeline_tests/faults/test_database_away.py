"""The database goes away in the midst of an import: for a moment, which costs nothing, or for long."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from game_pipeline.demo.replicas import Replicas

from .workplace import PAGES, Workplace, ended

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.fixture
def workplace() -> Iterator[Workplace]:
    base = Path(tempfile.mkdtemp(prefix="gp-", dir="/tmp"))
    base.chmod(0o755)
    with Replicas(day=1) as replicas:
        place = Workplace(base, base, replicas)
        try:
            yield place
        finally:
            place.server.stop()
            shutil.rmtree(base)


@pytest.mark.parametrize("how", ["restarted", "killed"])
def test_an_import_goes_on_through_a_database_that_comes_back_within_seconds(workplace: Workplace, how: str) -> None:
    process = workplace.begin()
    workplace.wait_for(8)
    if how == "killed":
        pid = workplace.server.status().pid
        assert pid
        os.kill(pid, signal.SIGKILL)
    else:
        workplace.server.stop()
    time.sleep(5)
    workplace.server.start()
    code, told, err = ended(process)
    assert (code, told and told["sources"][0]["status"]) == (0, "done"), err
    assert workplace.assert_whole() == {"SUCCESS": 2}
    assert sum(times - 1 for times in workplace.fetched().values()) <= 8, (
        "only what was not stored yet is asked for again"
    )


def test_an_import_whose_database_stays_away_fails_in_a_line_and_the_next_one_goes_on(workplace: Workplace) -> None:
    process = workplace.begin()
    workplace.wait_for(8)
    workplace.server.stop()
    code, _, err = ended(process)
    assert code == 1
    assert "connection" in err.splitlines()[-1]
    before = workplace.fetched()
    workplace.server.start()
    code, _, err = ended(workplace.begin())
    assert code == 0, err
    assert "the full import that was interrupted goes on" in err
    workplace.assert_whole()
    again = workplace.fetched() - before
    assert sum(again.values()) <= PAGES - before.total() + 8
