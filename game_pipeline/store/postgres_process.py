"""The account a PostgreSQL server runs as, running programs under it, and telling its process from any other."""

import contextlib
import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from game_pipeline.store.postgres_binaries import EmbeddedPostgresError

UNPRIVILEGED = "nobody"
# Becomes another account and then the program. A step of its own, because `subprocess` given a user must fork us as we
# are, with all handlers that libraries have hung on a fork; in a process that serves by gRPC they may wait for a thread
# that the copy does not have. The copy never gets to the program and keeps what we had locked.
_BECOME = """\
import os, signal, sys
uid, gid, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
try:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execvp(command[0], command)
except OSError as error:
    sys.stderr.write(f"cannot run it: {error.errno} {error.strerror}")
    sys.exit(125)
"""
_NOT_BECOME = re.compile(r"cannot run it: (\d+) (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Account:
    """Who the server runs as; `switch` when that is not who we are, because we are root."""

    uid: int
    gid: int
    switch: bool


@dataclass(frozen=True, slots=True)
class PidFile:
    """What postmaster.pid says; a server that is only just starting has not written all of it."""

    pid: int
    port: int | None
    socket_dir: Path | None

    @property
    def socket(self) -> Path | None:
        """The file clients connect to."""
        if self.socket_dir is None or self.port is None:
            return None
        return self.socket_dir / f".s.PGSQL.{self.port}"


def account_for_new_cluster() -> Account:
    """Ourselves, or `nobody` when we are root, as PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError as error:
        raise EmbeddedPostgresError(
            f"PostgreSQL refuses to run as root, and this machine has no account {UNPRIVILEGED} to run it as. "
            "Run as an ordinary user instead."
        ) from error
    return Account(entry.pw_uid, entry.pw_gid, switch=True)


def account_of(cluster: Path) -> Account:
    """The account that owns an existing cluster, which is the only one its server can run as."""
    owner = cluster.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, switch=True)
    if owner.st_uid == os.geteuid() != 0:
        return Account(owner.st_uid, owner.st_gid, switch=False)
    raise EmbeddedPostgresError(
        f"The database in {cluster} belongs to {user_name(owner.st_uid)}, and we are {user_name(os.geteuid())}. "
        + ("Give it to an ordinary user with chown -R" if owner.st_uid == 0 else "Run as that user")
        + ", or choose another data directory."
    )


def user_name(uid: int) -> str:
    """How people call the account."""
    try:
        return f"the user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"the user number {uid}"


def run_as(
    account: Account, command: Sequence[str | Path], *, cwd: Path = Path("/"), timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a program under the account, in a session of its own so that Ctrl-C at a terminal does not reach it.

    Raises `OSError` when the account may not be taken or the program not be run.
    """
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "TMPDIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"LC_ALL": "C", "TZ": "UTC"}  # and none of the PG* variables, which would redirect the tools
    become: list[str | Path] = []
    if account.switch:
        become = [sys.executable, "-I", "-S", "-c", _BECOME, str(account.uid), str(account.gid)]
    result = subprocess.run(
        [*become, *command],
        cwd=cwd,
        env=environment,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        start_new_session=True,
        umask=0o077,
    )
    refused = _NOT_BECOME.fullmatch(result.stderr) if account.switch and result.returncode == 125 else None
    if refused:
        raise OSError(int(refused[1]), refused[2], str(command[0]))
    return result


def can_enter(account: Account, directory: Path) -> bool:
    """Whether the account can reach the directory; asked by trying, as modes do not tell of ACLs and mounts."""
    try:
        return run_as(account, ["/bin/sh", "-c", 'test -x "$1"', "sh", directory]).returncode == 0
    except OSError as error:
        raise EmbeddedPostgresError(
            f"PostgreSQL refuses to run as root, and we may not run it as {user_name(account.uid)} here ({error}). "
            "Run as an ordinary user instead."
        ) from error


def can_run(account: Account, program: Path) -> bool:
    """Whether the account can run the program."""
    try:
        return run_as(account, [program, "--version"]).returncode == 0
    except OSError:
        return False


def read_pid_file(cluster: Path) -> PidFile | None:
    """What the cluster's postmaster.pid says, or nothing when there is none."""
    try:
        lines = (cluster / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
        pid = abs(int(lines[0]))
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None
    port = int(lines[3]) if len(lines) > 3 and lines[3].strip().isdigit() else None
    return PidFile(pid, port, Path(lines[4]) if len(lines) > 4 and lines[4] else None)


def process_exists(pid: int) -> bool:
    """Whether the pid is taken, be it by a zombie or by somebody else's process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_server_of(account: Account, pid: int, cluster: Path) -> bool:
    """Whether the pid is a live postgres process working in the cluster: pids are reused, and zombies keep theirs."""
    if not process_exists(pid):
        return False
    if not sys.platform.startswith("linux"):
        shown = subprocess.run(
            ["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.strip()
        return "postgres" in shown and not shown.startswith("Z")
    try:
        # pid (name) state ...; the name may hold brackets itself
        name, _, rest = Path(f"/proc/{pid}/stat").read_text(errors="replace").partition(" (")[2].rpartition(") ")
    except OSError:
        return False
    if name != "postgres" or rest.startswith(("Z", "X")):
        return False
    # A server works in its data directory.
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cwd").samefile(cluster)
    # Root in a container may not look, but the server's own account may.
    same = run_as(account, ["/bin/sh", "-c", 'test "$1" -ef "$2"', "sh", f"/proc/{pid}/cwd/.", cluster])
    return same.returncode == 0


def is_listening(path: Path | None) -> bool:
    """Whether some server answers at the socket."""
    if path is None:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
    return True


def end_server(account: Account, pid: int, cluster: Path, timeout: float) -> bool:
    """End the server of the cluster cleanly, with its open connections; False when it takes longer than the timeout."""
    deadline = time.monotonic() + timeout
    asked = False
    while is_server_of(account, pid, cluster):
        if not asked:
            # What `pg_ctl stop -m fast` sends, but without the need for any programs of PostgreSQL.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            asked = True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
