"""How long Dagster's code server, and every worker of a run, takes to import the pipeline.

Run it with: .venv/bin/python -m game_pipeline_tests.benchmarks.startup
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 5


def main() -> None:
    """Import the code location in five fresh processes, after one that warms the disk's cache."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if key != "PYTHONDONTWRITEBYTECODE" and not key.startswith(("GAME_PIPELINE_", "DAGSTER_"))
    }
    with tempfile.TemporaryDirectory() as folder:
        seconds = [_once(folder, environment) for _ in range(RUNS + 1)][1:]
    print(
        f"import game_pipeline.definitions, {RUNS} processes: min {min(seconds):.2f} s, "
        f"median {statistics.median(seconds):.2f} s, max {max(seconds):.2f} s"
    )


def _once(folder: str, environment: dict[str, str]) -> float:
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", "import game_pipeline.definitions"], cwd=folder, env=environment, check=True)
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
