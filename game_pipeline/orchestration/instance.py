"""The Dagster instance of a data directory: its home, its environment, and running a job in this process."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from game_pipeline.settings import Settings
from game_pipeline.store import Databases
from game_pipeline.store.assets import asset_path

__all__ = ["dagster_environment", "failure_of", "open_instance", "run_job", "stretches"]

# So that the UI shows a run from the command line under its job, like any other.
REPOSITORY_TAG = {".dagster/repository": "__repository__@game_pipeline"}
QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


def dagster_home(settings: Settings) -> Path:
    """The instance's folder, with the dagster.yaml of this version in it."""
    home = settings.data_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(asset_path("dagster.yaml"), home / "dagster.yaml")
    return home


def dagster_environment(settings: Settings, databases: Databases) -> dict[str, str]:
    """What every Dagster process of this instance needs in its environment."""
    return {
        "DAGSTER_HOME": str(dagster_home(settings)),
        "GAME_PIPELINE_DAGSTER_STORAGE_URL": databases.dagster_url,
        "DAGSTER_EVENT_BATCH_SIZE": "1000",  # a run over many segments writes its events three times faster
        "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": "120",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "GX_ANALYTICS_ENABLED": "false",
    }


@contextmanager
def open_instance(settings: Settings, databases: Databases) -> Iterator[dg.DagsterInstance]:
    """The persistent instance, for this process."""
    os.environ.update(dagster_environment(settings, databases))
    with dg.DagsterInstance.get() as instance:
        yield instance


def run_job(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    name: str,
    *,
    tags: Mapping[str, str] | None = None,
    ops: Mapping[str, Any] | None = None,
) -> dg.ExecuteInProcessResult:
    """Run a job here and now; it appears in the UI. What fails is in the result, never raised."""
    return defs.resolve_job_def(name).execute_in_process(
        instance=instance,
        tags=REPOSITORY_TAG | dict(tags or {}),
        run_config={"loggers": QUIET, "ops": {key: {"config": dict(value)} for key, value in (ops or {}).items()}},
        raise_on_error=False,
    )


def failure_of(result: dg.ExecuteInProcessResult) -> str | None:
    """Why a run failed, in one line; None where it did not."""
    if result.success:
        return None
    for event in reversed(result.all_events):
        if event.is_step_failure:
            data = event.step_failure_data
            failure = data.user_failure_data
            if failure and failure.description:
                return failure.description
            error = data.error
            while error is not None and error.cause is not None:
                error = error.cause
            return error.message.strip() if error else "a step failed"
    return "the run failed; see it in the UI"


def stretches(order: Sequence[str], wanted: Sequence[str]) -> list[list[str]]:
    """The wanted segments as stretches that one run each can cover, in the source's order."""
    found: list[list[str]] = []
    last = -2
    for place, key in enumerate(order):
        if key in wanted:
            if place == last + 1:
                found[-1].append(key)
            else:
                found.append([key])
            last = place
    return found
