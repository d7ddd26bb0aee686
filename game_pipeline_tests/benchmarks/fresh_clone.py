"""How long a stranger waits: `make demo`, and with `--test` also `make test`, in a fresh clone of this checkout.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.fresh_clone [--test]

The clone holds what is committed. Packages come from the package installer's cache where it has them, so the figure
is that of a machine that has installed them once.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="fresh-clone-") as directory:
        clone = Path(directory) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        for target in ["demo", *(["test"] if "--test" in sys.argv[1:] else [])]:
            begun = time.monotonic()
            done = subprocess.run(["make", target], cwd=clone, capture_output=True, text=True, check=False)
            seconds = time.monotonic() - begun
            last = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1:]
            print(f"make {target}: {seconds:.0f} s, exit code {done.returncode}: {' '.join(last)}", flush=True)
        subprocess.run(["make", "clean"], cwd=clone, capture_output=True, check=False)


if __name__ == "__main__":
    main()
