"""A directory with settings, a database server of its own, a site that answers slowly, and imports as processes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg

from game_pipeline.demo.replicas import IFDB, Replicas
from game_pipeline.orchestration.instance import open_instance
from game_pipeline.settings import Settings, load_settings
from game_pipeline.store import Store, opened_databases
from game_pipeline.store.embedded import EmbeddedPostgres

__all__ = ["PAGES", "Workplace", "ended"]

PAGES = 34


class Workplace:
    """`disk` is where the database lies; assets try nothing again, so that nothing hides behind that."""

    def __init__(self, base: Path, disk: Path, replicas: Replicas) -> None:
        self.server = EmbeddedPostgres(disk / "postgres", state_root=disk / "state")
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
            "asset_retries = 0",
        ]
        (self.path / "game_pipeline.toml").write_text("\n".join(lines), encoding="utf-8")

    def settings(self) -> Settings:
        return load_settings(self.path / "game_pipeline.toml")

    def set_for_source(self, line: str) -> None:
        """Another setting of the site."""
        path = self.path / "game_pipeline.toml"
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")

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
        settings = self.settings()
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


def ended(process: subprocess.Popen[str]) -> tuple[int, Any, str]:
    try:
        out, err = process.communicate(timeout=200)
    finally:
        process.kill()
    return process.returncode, json.loads(out) if out.strip() else None, err
