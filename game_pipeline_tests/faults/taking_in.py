"""A process that takes uploads in and is done: `python -m game_pipeline_tests.faults.taking_in URL DIRECTORY FILE...`.

It says `ready` and waits for a line, so that whoever started it decides when it begins.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from game_pipeline.library import Intake, renew_data_file
from game_pipeline.settings import Settings
from game_pipeline.store import Store

__all__ = ["started"]


def started(url: str, directory: Path, files: list[Path]) -> subprocess.Popen[str]:
    """Such a process, waiting to begin."""
    command = [sys.executable, "-m", __name__, url, str(directory), *map(str, files)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _main() -> None:
    settings = Settings(data_dir=Path(sys.argv[2]))
    with Store(sys.argv[1]) as store:
        intake = Intake(store, settings)
        print("ready", flush=True)
        sys.stdin.readline()
        for path in map(Path, sys.argv[3:]):
            intake.send(path, "tester", path.stem, run_id="run")
            intake.take_in_all("run")
            renew_data_file(store, settings)


if __name__ == "__main__":
    _main()
