"""A killed import loses nothing: the next one takes over, and fetches nothing twice but what was in flight."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from game_pipeline.demo.replicas import IFDB, Replicas
from game_pipeline.orchestration.instance import open_instance
from game_pipeline.orchestration.reaper import reap_dead_runs
from game_pipeline.settings import load_settings
from game_pipeline.store import Store, opened_databases

from .conftest import Shell

pytestmark = pytest.mark.timeout(120)


def _fetched(replicas: Replicas) -> Counter[str]:
    return Counter(seen.path for seen in replicas.log if seen.site == IFDB and "viewgame" in seen.path)


def test_a_full_import_goes_on_where_a_killed_one_stopped(shell: Shell, workplace: Path, replicas: Replicas) -> None:
    settings = workplace / "game_pipeline.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[sources.ifdb]\nmin_delay = 0", "[sources.ifdb]\nmin_delay = 0.15"), "utf-8")
    command = [
        sys.executable,
        "-c",
        "from game_pipeline.cli import main; main()",
        "import",
        "--source",
        "ifdb",
        "--full",
    ]
    child = subprocess.Popen(command, cwd=workplace, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while sum(_fetched(replicas).values()) < 8 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    before = _fetched(replicas)
    assert 8 <= sum(before.values()) < 34

    settings.write_text(text, encoding="utf-8")
    outcome = shell("import", "--source", "ifdb", "--full", "--json")
    assert outcome.code == 0
    assert "the full import that was interrupted goes on" in outcome.err
    loaded = load_settings(settings)
    with opened_databases(loaded) as databases, Store(databases.catalogue_url) as store:
        with open_instance(loaded, databases) as instance:
            dead = reap_dead_runs(instance, store, time.time() + 60)
            ended = [instance.get_run_by_id(run_id) for run_id in dead]
            assert [run.status.value for run in ended if run] == ["FAILURE"]
            assert reap_dead_runs(instance, store, time.time() + 60) == []
        tasks = store.row(
            "SELECT count(*) AS n, count(DISTINCT page_id) AS pages FROM import_task WHERE state = 'done'"
        )
        runs = store.rows("SELECT status FROM import_run ORDER BY started_at")
    assert tasks == {"n": 34, "pages": 34}
    assert [run["status"] for run in runs] == ["failed", "done"]
    twice = [path for path, times in _fetched(replicas).items() if times > 1]
    assert len(_fetched(replicas)) == 34
    assert len(twice) <= 1, "only the page in flight may be asked for again"
