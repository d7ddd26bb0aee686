"""The database goes away in the midst of an import: for a moment, which costs nothing, or for long."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from game_pipeline.demo.replicas import IFDB, Replicas
from game_pipeline.orchestration.instance import open_instance
from game_pipeline.settings import load_settings
from game_pipeline.store import Store, opened_databases
from game_pipeline.store.embedded import EmbeddedPostgres

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

PAGES = 34


class Workplace:
    """A directory with settings, a database server that can be made to go away, and a site that answers slowly."""

    def __init__(self, base: Path, replicas: Replicas) -> None:
        self.server = EmbeddedPostgres(base / "postgres", state_root=base / "state")
        self.replicas = replicas
        self.path = base / "work"
        self.path.mkdir()
        info = self.server.start()
        self.server.ensure_database("catalogue")
        lines = [
            'data_dir = "data"',
            f"database_url = {json.dumps(info.url('catalogue'))}",
            "[crawl]",
            "[crawl.routes]",
            *(f"{json.dumps(host)} = {json.dumps(origin)}" for host, origin in replicas.routes.items()),
            f"[sources.{IFDB}]",
            "min_delay = 0.25",
        ]
        (self.path / "game_pipeline.toml").write_text("\n".join(lines), encoding="utf-8")

    def begin(self) -> subprocess.Popen[str]:
        """An import of the whole site in a process of its own."""
        program = "from game_pipeline.cli import main; main()"
        command = [sys.executable, "-c", program, "import", "--source", IFDB, "--full", "--json"]
        return subprocess.Popen(
            command, cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def fetched(self) -> Counter[str]:
        """Requests for pages by path."""
        return Counter(seen.path for seen in self.replicas.log if seen.site == IFDB and "viewgame" in seen.path)

    def wait_for(self, pages: int) -> None:
        deadline = time.monotonic() + 90
        while self.fetched().total() < pages:
            assert time.monotonic() < deadline, f"{self.fetched().total()} pages after 90 s"
            time.sleep(0.02)

    def assert_whole(self) -> dict[str, int]:
        """Every page and every record is there once; returns Dagster's runs by status."""
        settings = load_settings(self.path / "game_pipeline.toml")
        with opened_databases(settings) as databases, Store(databases.catalogue_url) as store:
            facts = store.row(
                "SELECT (SELECT count(*) FROM source_url_state WHERE outcome = 'changed') AS pages, "
                "(SELECT count(*) FROM page_snapshot) AS snapshots, "
                "(SELECT count(*) FROM import_task WHERE state <> 'done') AS open, "
                "(SELECT count(*) FROM record_version) AS versions, "
                "(SELECT count(DISTINCT record_id) FROM record_version) AS records, "
                "(SELECT count(*) FROM import_event WHERE event_type = 'record.changed') AS events, "
                "(SELECT count(*) FROM game) AS games"
            )
            with open_instance(settings, databases) as instance:
                statuses = Counter(run.status.value for run in instance.get_runs(dg.RunsFilter()))
        assert facts == dict.fromkeys(("pages", "snapshots", "versions", "records", "events", "games"), PAGES) | {
            "open": 0
        }
        return dict(statuses)


@pytest.fixture
def workplace() -> Iterator[Workplace]:
    base = Path(tempfile.mkdtemp(prefix="gp-", dir="/tmp"))
    base.chmod(0o755)
    with Replicas(day=1) as replicas:
        place = Workplace(base, replicas)
        try:
            yield place
        finally:
            place.server.stop()
            shutil.rmtree(base)


def _ended(process: subprocess.Popen[str]) -> tuple[int, Any, str]:
    try:
        out, err = process.communicate(timeout=200)
    finally:
        process.kill()
    return process.returncode, json.loads(out) if out.strip() else None, err


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
    code, told, err = _ended(process)
    assert (code, told and told["sources"][0]["status"]) == (0, "done"), err
    assert workplace.assert_whole() == {"SUCCESS": 2}
    assert sum(times - 1 for times in workplace.fetched().values()) <= 8, (
        "only what was not stored yet is asked for again"
    )


def test_an_import_whose_database_stays_away_fails_in_a_line_and_the_next_one_goes_on(workplace: Workplace) -> None:
    process = workplace.begin()
    workplace.wait_for(8)
    workplace.server.stop()
    code, _, err = _ended(process)
    assert code == 1
    assert "connection" in err.splitlines()[-1]
    before = workplace.fetched()
    workplace.server.start()
    code, _, err = _ended(workplace.begin())
    assert code == 0, err
    assert "the full import that was interrupted goes on" in err
    workplace.assert_whole()
    again = workplace.fetched() - before
    assert sum(again.values()) <= PAGES - before.total() + 8
