"""Running programs under the server's account: who they run as, and that we are not forked for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from game_pipeline.store.postgres_process import Account, account_for_new_cluster, run_as

from .embedded import IS_ROOT, NOBODY, SOURCE_ROOT, only_linux, only_root

# A library's handler of forks, which says that it was called; in a real one of gRPC's the copy of us hung for ever.
FORKED = """
import ctypes, sys
from pathlib import Path
from game_pipeline.store.postgres_process import account_for_new_cluster, run_as
handler = ctypes.CFUNCTYPE(None)(lambda: print("forked", flush=True))
ctypes.CDLL(None).__register_atfork(handler, None, None, None)
sys.stdout.write(run_as(account_for_new_cluster(), ["/bin/echo", "ran"]).stdout)
sys.stdout.flush()
import os
if "fork" in sys.argv and os.fork() == 0:
    os._exit(0)
"""


def _printed(*arguments: str) -> list[str]:
    environment = os.environ | {"PYTHONPATH": str(SOURCE_ROOT)}
    command = [sys.executable, "-c", FORKED, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()


@only_linux
def test_no_handler_of_forks_is_called() -> None:
    assert _printed() == ["ran"]
    assert _printed("fork") == ["ran", "forked"], "the handler is in place"


def test_a_program_runs_as_the_account_alone() -> None:
    account = account_for_new_cluster()
    shown = run_as(account, ["/bin/sh", "-c", "id -u; id -g; id -G; umask; pwd; echo out >&2; exit 7"])
    assert shown.returncode == 7
    assert shown.stderr == "out\n"
    uid, gid, groups, umask, directory = shown.stdout.splitlines()
    assert (int(uid), int(gid), int(umask, 8), directory) == (account.uid, account.gid, 0o077, "/")
    if IS_ROOT:
        assert groups == gid, "none of root's groups are left"


def test_what_cannot_be_run_is_an_error_of_the_system() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        run_as(account_for_new_cluster(), ["/no-such-program"])


@only_root
def test_an_account_that_may_not_be_taken_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="/usr/bin/id"):
        run_as(Account(2**32 - 1, NOBODY.pw_gid, switch=True), ["/usr/bin/id"])
