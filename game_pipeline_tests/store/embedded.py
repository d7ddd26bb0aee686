"""Embedded PostgreSQL servers in tests: handles, owners that can be killed, other accounts."""

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

import game_pipeline
from game_pipeline.store.embedded import EmbeddedPostgres, ServerInfo

IS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
only_root = pytest.mark.skipif(not IS_ROOT, reason="only root has other accounts at hand")
only_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="uses /proc or prctl of Linux")

ODD_NAME = "a 'b' \"c\" $HOME `id` \\n %41 Ж"
SOURCE_ROOT = Path(game_pipeline.__file__).parent.parent
# Prints who serves, then stays, so that the process that owns the server can be killed.
OWNER = """
import signal, sys, time
from pathlib import Path
from game_pipeline.store.embedded import EmbeddedPostgres
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background has it ignored
info = EmbeddedPostgres(Path(sys.argv[1])).start()
print(info.pid, info.started, flush=True)
time.sleep(float(sys.argv[2]))
"""

Make = Callable[..., EmbeddedPostgres]


def query(info: ServerInfo, statement: str, database: str = "postgres") -> str:
    with psycopg.connect(info.conninfo(database)) as connection:
        row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return str(row[0])


def execute(info: ServerInfo, statement: str, database: str = "postgres") -> None:
    with psycopg.connect(info.conninfo(database)) as connection:
        connection.execute(statement.encode())


def start_owner(data_dir: Path, stay: float = 600) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": python_path()}
    command = [sys.executable, "-c", OWNER, str(data_dir), str(stay)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)


def said(owner: subprocess.Popen[str]) -> tuple[int, bool]:
    assert owner.stdout is not None
    pid, started = owner.stdout.readline().split()
    return int(pid), started == "True"


def finish(owner: subprocess.Popen[str], signal_number: int) -> None:
    os.killpg(owner.pid, signal_number)
    owner.wait(timeout=30)
    assert owner.stdout is not None
    owner.stdout.close()


def as_server(*command: str) -> subprocess.Popen[bytes]:
    """A harmless process of the account the server runs as."""
    if IS_ROOT:
        return subprocess.Popen(command, user=NOBODY.pw_uid, group=NOBODY.pw_gid, extra_groups=[])
    return subprocess.Popen(command)


def has_ended(pid: int) -> bool:
    """Also as a zombie: how soon those are reaped is not ours to say."""
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def python_path() -> str:
    return os.pathsep.join([str(SOURCE_ROOT), str(Path(psycopg.__file__).parent.parent)])


def runs_for_nobody(python: str) -> bool:
    """Root's Python may be of root only; another one will do if it is of the same version."""
    check = f"import sys, psycopg; assert sys.version_info[:2] == {sys.version_info[:2]}"
    environment = {"PYTHONPATH": python_path(), "PATH": os.environ["PATH"]}
    try:
        result = subprocess.run(
            [python, "-c", check],
            user=NOBODY.pw_uid,
            group=NOBODY.pw_gid,
            extra_groups=[],
            cwd="/",
            env=environment,
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return result.returncode == 0
