"""How long an import with nothing to do takes through the whole installation, from the request to its end.

The UI's interface puts the run into the queue, the daemon launches a worker, the worker asks the (replica) site and
finds nothing changed. Runs one after another, so that none waits for another's place at the site.

Run it with: .venv/bin/python -m game_pipeline_tests.benchmarks.daemon_run
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from game_pipeline.store.embedded import EmbeddedPostgres
from game_pipeline_tests.orchestration.stack import SITE, Stack, running_stack

RUNS = 5
PATIENCE = 120.0


def main() -> None:
    """Start everything, launch the runs, print the seconds of each phase."""
    with tempfile.TemporaryDirectory(prefix="gp-bench-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            with running_stack(folder, automation=False) as stack:
                whole = [_one_run(stack, number) for number in range(1, RUNS + 1)]
            print(f"created to ended, {RUNS} runs: median {statistics.median(whole):.2f} s, max {max(whole):.2f} s")
        finally:
            EmbeddedPostgres(folder / "postgres").remove()


def _one_run(stack: Stack, number: int) -> float:
    run_id = stack.launch(f"import_{SITE}")
    run = stack.wait_for_run(run_id, PATIENCE)
    record = stack.instance.get_run_records(limit=1)[0]
    assert record.dagster_run.run_id == run_id
    created = record.create_timestamp.timestamp()
    started, ended = record.start_time or created, record.end_time or created
    print(
        f"run {number}: {run.status.value}, created to ended {ended - created:.2f} s "
        f"(queue and start of the worker {started - created:.2f} s, work {ended - started:.2f} s)"
    )
    return ended - created


if __name__ == "__main__":
    main()
