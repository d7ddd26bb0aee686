"""A process that reconciles a catalogue and is done: `python -m game_pipeline_tests.faults.reconciling URL`.

It says `ready` and waits for a line, so that whoever started it decides when it begins.
"""

from __future__ import annotations

import subprocess
import sys

from game_pipeline.store import Store
from game_pipeline_tests.catalog.curating import Catalogue

__all__ = ["started"]


def started(url: str) -> subprocess.Popen[str]:
    """Such a process, waiting to begin."""
    command = [sys.executable, "-m", __name__, url]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _main() -> None:
    with Store(sys.argv[1]) as store:
        catalogue = Catalogue(store)
        print("ready", flush=True)
        sys.stdin.readline()
        matched, revised = catalogue.reconcile()
    sys.exit("; ".join(matched.failed + revised.failed) or 0)


if __name__ == "__main__":
    _main()
