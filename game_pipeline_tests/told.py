"""The demo as the command tells it: once for the whole run, as it takes minutes, for tests of several kinds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).parent / "game-pipeline"


@dataclass(frozen=True, slots=True)
class Told:
    """Where `game-pipeline demo` was run, with which environment, and what it reported."""

    folder: Path
    environment: dict[str, str]
    report: dict[str, Any]

    @property
    def demo(self) -> Path:
        """The demo's own folder."""
        return self.folder / ".game_pipeline" / "demo"


@contextmanager
def told_demo() -> Iterator[Told]:
    """`game-pipeline demo --json`, and in the end `game-pipeline demo --remove`."""
    with tempfile.TemporaryDirectory(prefix="gp-demo-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server is another user where root runs this
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GAME_PIPELINE_")}
        environment.pop("DAGSTER_HOME", None)
        made = subprocess.run(
            [COMMAND, "demo", "--json"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        assert made.returncode == 0, made.stdout + made.stderr
        told = Told(folder, environment, json.loads(made.stdout))
        try:
            yield told
        finally:
            subprocess.run([COMMAND, "demo", "--remove"], cwd=folder, env=environment, check=True, timeout=120)
            assert not told.demo.exists()
