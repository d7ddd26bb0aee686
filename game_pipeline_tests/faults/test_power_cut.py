"""Everything is killed at once in the midst of an import, and started again: what was lost is noticed and done."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import dagster as dg
import pytest

from game_pipeline.demo.replicas import IFDB, Replicas
from game_pipeline.orchestration.automation import range_tags
from game_pipeline.orchestration.instance import open_instance
from game_pipeline.orchestration.serve import serving
from game_pipeline.sources import SOURCES
from game_pipeline.store import Store, opened_databases, prepare_schema
from game_pipeline_tests.orchestration.stack import environment_kept, free_port

from .workplace import PAGES, Workplace

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

JOB = f"import_{IFDB}"
PATIENCE = 240.0
LAUNCH = """
mutation Launch($params: ExecutionParams!) {
    launchRun(executionParams: $params) {
        __typename
        ... on LaunchRunSuccess { run { runId } }
    }
}
"""


@pytest.fixture
def place() -> Iterator[Workplace]:
    with tempfile.TemporaryDirectory(prefix="gp-", dir="/tmp") as folder, Replicas(day=1) as replicas:
        base = Path(folder)
        base.chmod(0o755)
        made = Workplace(base, base, replicas)
        made.set_for_source("monitor_every = 5")
        try:
            yield made
        finally:
            made.server.stop()


def launch(url: str) -> str:
    """Put a full import into the queue, as the UI does."""
    params: dict[str, Any] = {
        "selector": {
            "repositoryLocationName": "game_pipeline",
            "repositoryName": "__repository__",
            "jobName": JOB,
        },
        "runConfigData": {"ops": {f"sources__{IFDB}": {"config": {"full": True}}}},
        "executionMetadata": {
            "tags": [{"key": key, "value": value} for key, value in range_tags(SOURCES[IFDB].segment_keys()).items()]
        },
    }
    body = json.dumps({"query": LAUNCH, "variables": {"params": params}}).encode()
    request = Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    with build_opener(ProxyHandler({})).open(request, timeout=60) as reply:
        answer = json.load(reply)["data"]["launchRun"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    return str(answer["run"]["runId"])


def test_after_a_power_cut_the_run_is_failed_within_a_minute_and_its_work_is_done_by_another(place: Workplace) -> None:
    settings = place.settings()
    with (
        environment_kept(),
        opened_databases(settings) as databases,
    ):
        prepare_schema(databases)
        with Store(databases.catalogue_url) as store, open_instance(settings, databases) as instance:
            with serving(settings, databases, port=free_port(), config=place.path / "game_pipeline.toml") as running:
                killed = launch(running.url)
                place.wait_for(10)
                for child in running._children.values():
                    os.killpg(child.pid, signal.SIGKILL)
            before = place.fetched()
            assert before.total() < PAGES
            assert status(instance, killed) == dg.DagsterRunStatus.STARTED
            with serving(settings, databases, port=free_port(), config=place.path / "game_pipeline.toml"):
                began = time.monotonic()
                wait_until(lambda: status(instance, killed) == dg.DagsterRunStatus.FAILURE)
                noticed = time.monotonic() - began
                wait_until(lambda: _live(store) == PAGES)
            others = [run for run in instance.get_runs(dg.RunsFilter(job_name=JOB)) if run.run_id != killed]
            assert others
            assert noticed < 75  # a tick a minute, on a machine that has just started
            again = place.fetched() - before
            assert sum(again.values()) <= PAGES - before.total() + 8
            assert store.rows("SELECT 1 FROM import_task WHERE state <> 'done'") == []


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus | None:
    run = instance.get_run_by_id(run_id)
    return run.status if run else None


def wait_until(met: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def _live(store: Store) -> int:
    row = store.row("SELECT count(*) AS n FROM source_record WHERE state = 'live'")
    return row["n"] if row else 0
