"""`up` with nothing but defaults: one database, found by every process it starts, and all of it ends with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from game_pipeline.store.embedded import EmbeddedPostgres


@pytest.fixture
def directory() -> Iterator[Path]:
    # Not pytest's own temporary directory: for root the database server is another user, who cannot enter that.
    path = Path(tempfile.mkdtemp(prefix="gp-up-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    EmbeddedPostgres(path / ".game_pipeline" / "postgres").remove()
    shutil.rmtree(path)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(directory: Path) -> subprocess.Popen[bytes]:
    """`up`, once a sensor ticked: then it has loaded the code location and reached the database."""
    ours = ("GAME_PIPELINE_", "DAGSTER_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    command = [sys.executable, "-c", "from game_pipeline.cli import main; main()", "up", "--port", str(_free_port())]
    command += ["--desk-port", str(_free_port())]
    log = directory / "up.log"
    with log.open("wb") as out:
        up = subprocess.Popen(command, cwd=directory, env=environment, stdout=out, stderr=out, start_new_session=True)
    daemon_log = directory / ".game_pipeline" / "logs" / "daemon.log"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and up.poll() is None:
        if daemon_log.exists() and "reconcile_when_records_wait skipped: the catalogue" in daemon_log.read_text():
            return up
        time.sleep(0.3)
    up.kill()
    up.wait()
    raise AssertionError(log.read_text())


def _serving(directory: Path) -> dict[int, str]:
    """The UI, the daemon and the desk of the directory: process id and program."""
    home = directory / ".game_pipeline" / "dagster"
    found: dict[int, str] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == home:
                command = (process / "cmdline").read_bytes().decode()
                programs = ("dagster-webserver", "dagster-daemon", "game_pipeline.cli")
                found |= {int(process.name): name for name in programs if name in command}
        except OSError:
            continue
    return found


@pytest.mark.timeout(180)
def test_all_processes_of_up_share_one_database_and_end_together(directory: Path) -> None:
    up = _start(directory)
    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 0, (directory / "up.log").read_text()
    assert [path.parent.name for path in directory.rglob("PG_VERSION") if path.parent.name == "cluster"] == ["cluster"]
    assert not (directory / ".game_pipeline" / "dagster" / ".game_pipeline").exists()
    assert EmbeddedPostgres(directory / ".game_pipeline" / "postgres").status().state == "stopped"


@pytest.mark.timeout(180)
@pytest.mark.skipif(
    shutil.which("setpriv") is None, reason="setpriv, which ends children with their parent, is missing"
)
def test_a_killed_up_takes_the_ui_the_daemon_and_the_desk_along(directory: Path) -> None:
    up = _start(directory)
    serving = _serving(directory)
    assert sorted(serving.values()) == ["dagster-daemon", "dagster-webserver", "game_pipeline.cli"]
    up.kill()
    up.wait()
    deadline = time.monotonic() + 60
    while _serving(directory) and time.monotonic() < deadline:
        time.sleep(0.3)
    left = _serving(directory)
    for group in serving:  # their code servers end by themselves after a while; a test does not wait for that
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    assert left == {}
