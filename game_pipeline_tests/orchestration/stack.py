"""A catalogue on a replica site with the real Dagster UI and daemon over it, for a test or a benchmark."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import dagster as dg

from game_pipeline.demo.replicas import Replicas
from game_pipeline.orchestration.automation import range_tags
from game_pipeline.orchestration.build import build_defs
from game_pipeline.orchestration.importing import import_source, reconcile
from game_pipeline.orchestration.instance import open_instance
from game_pipeline.orchestration.serve import Serving, serving
from game_pipeline.settings import DEFAULT_CONFIG, Settings, load_settings
from game_pipeline.sources import SOURCES
from game_pipeline.store import Store, opened_databases, prepare_schema

__all__ = ["SITE", "Stack", "environment_kept", "free_port", "running_stack"]

SITE = "instead_games"

_LAUNCH = """
mutation Launch($params: ExecutionParams!) {
    launchRun(executionParams: $params) {
        __typename
        ... on LaunchRunSuccess { run { runId } }
        ... on PythonError { message }
    }
}
"""


@dataclass(frozen=True, slots=True)
class Stack:
    """What runs: the site, the catalogue, Dagster's instance, the UI and the daemon."""

    replicas: Replicas
    store: Store
    instance: dg.DagsterInstance
    settings: Settings
    running: Serving

    def runs(self, job: str) -> list[dg.DagsterRun]:
        """The runs of a job, newest first."""
        return list(self.instance.get_runs(dg.RunsFilter(job_name=job)))

    def launch(self, job: str) -> str:
        """Put a run over all segments of the site into the queue, as the UI does. Returns its id."""
        tags = [{"key": key, "value": value} for key, value in range_tags(SOURCES[SITE].segment_keys()).items()]
        params = {
            "selector": {
                "repositoryLocationName": "game_pipeline",
                "repositoryName": "__repository__",
                "jobName": job,
            },
            "runConfigData": {},
            "executionMetadata": {"tags": tags},
        }
        answer = self._ask(_LAUNCH, {"params": params})["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise RuntimeError(f"{job} was not launched: {answer}")
        return str(answer["run"]["runId"])

    def _ask(self, query: str, variables: Mapping[str, Any]) -> Any:
        request = Request(
            f"{self.running.url}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with build_opener(ProxyHandler({})).open(request, timeout=60) as reply:
            return json.load(reply)["data"]

    def wait_until(self, met: Callable[[], bool], seconds: float, what: str) -> None:
        """Poll until it is so. Raises TimeoutError with what the daemon said last."""
        deadline = time.monotonic() + seconds
        while not met():
            ended = self.running.ended()
            if ended or time.monotonic() > deadline:
                said = (self.settings.data_dir / "logs" / "daemon.log").read_text(errors="replace")[-3000:]
                raise TimeoutError(f"{what}: not after {seconds:.0f} s ({ended or 'everything runs'})\n{said}")
            time.sleep(0.5)

    def wait_for_run(self, run_id: str, seconds: float) -> dg.DagsterRun:
        """The run once it has ended."""

        def ended() -> bool:
            run = self.instance.get_run_by_id(run_id)
            return run is not None and run.is_finished

        self.wait_until(ended, seconds, f"run {run_id} ends")
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run


@contextmanager
def running_stack(folder: Path, *, automation: bool, addresses: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Day 1 of the site imported and taken in, then the UI and the daemon started.

    `addresses` are settings that name databases; without them a server of its own is embedded in `folder`.
    """
    with environment_kept(), Replicas(day=1) as replicas:
        config = _write_config(folder, replicas.routes, automation, addresses or {})
        settings = load_settings(config)
        with opened_databases(settings) as databases:
            prepare_schema(databases)
            with Store(databases.catalogue_url) as store, open_instance(settings, databases) as instance:
                _live_through_day_1(settings, instance, store)
                with serving(settings, databases, port=free_port(), config=config) as running:
                    yield Stack(replicas, store, instance, settings, running)


def _write_config(folder: Path, routes: Mapping[str, str], automation: bool, addresses: Mapping[str, str]) -> Path:
    others = [name for name in SOURCES if name != SITE]
    lines = [
        'data_dir = "."',
        f"automation = {json.dumps(automation)}",
        *(f"{key} = {json.dumps(value)}" for key, value in addresses.items()),
        "[crawl]",
        "retry_base = 0.05",
        "retry_cap = 0.2",
        "[crawl.routes]",
        *(f"{json.dumps(host)} = {json.dumps(origin)}" for host, origin in sorted(routes.items())),
        *(f"[sources.{name}]\nenabled = false" for name in others),
        f"[sources.{SITE}]",
        "min_delay = 0",
        "monitor_every = 5",
    ]
    path = folder / DEFAULT_CONFIG
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _live_through_day_1(settings: Settings, instance: dg.DagsterInstance, store: Store) -> None:
    defs = build_defs(settings)
    imported = import_source(defs, instance, store, SOURCES[SITE], full=True)
    taken = reconcile(defs, instance, store)
    if imported.failed or taken.failed:
        raise RuntimeError(f"day 1 failed: {imported.failed} {taken.failed}")


@contextmanager
def environment_kept() -> Iterator[None]:
    """The variables of this process are as before afterwards, whatever was set."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def free_port() -> int:
    """A port of 127.0.0.1 where nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
