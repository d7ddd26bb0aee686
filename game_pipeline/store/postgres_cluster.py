"""Runs the PostgreSQL tools on a cluster: initdb, our settings, a start that is repeated, and the end of the logs."""

import os
import shutil
import tempfile
import time
from pathlib import Path

from game_pipeline.store.postgres_binaries import EmbeddedPostgresError, binaries_version, major_of
from game_pipeline.store.postgres_home import PORT, Home, give_directory, prepare_socket_dir, write_file
from game_pipeline.store.postgres_process import (
    PidFile,
    is_listening,
    is_server_of,
    process_exists,
    read_pid_file,
    run_as,
)

SUPERUSER = "postgres"
READY_SECONDS = 60
# How long a start is repeated while what is left of a killed server is still going away.
_RETRY_SECONDS = 15.0
# What PostgreSQL says while a killed server's lock file, shared memory or socket is still there.
_TRANSIENT = ("already exists", "still in use", "could not create shared memory segment", "Is another postmaster")
# Text search in any language needs a UTF-8 character type, and sorting by bytes is the same everywhere.
# The second and the third are for macOS, which may lack C.UTF-8.
_LOCALES = (
    ("--locale=C.UTF-8",),
    ("--locale=C", "--lc-ctype=UTF-8"),
    ("--locale=C", "--lc-ctype=en_US.UTF-8"),
    ("--locale=C",),
)
_SETTINGS = """\
# Written by game-pipeline at each start: put settings of your own below the `include` in cluster/postgresql.conf.
listen_addresses = ''
port = {port}
unix_socket_directories = {socket_dir}
unix_socket_permissions = 0700
cluster_name = 'game_pipeline'
max_connections = 100
shared_buffers = 64MB
work_mem = 8MB
maintenance_work_mem = 64MB
max_wal_size = 512MB
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
# Statements here are many and short: compiling them costs more than it saves.
jit = off
# One file for each day of the week, emptied when its day comes round again.
logging_collector = on
log_directory = '../log'
log_filename = 'server-%u.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
"""


def running_server(home: Home) -> PidFile | None:
    """The server of the cluster, if one is alive; a pid file alone proves nothing."""
    found = read_pid_file(home.cluster)
    if found is None:
        return None
    # The socket first: it is quick, and a server in another container has a pid that says nothing here, but it answers.
    if is_listening(found.socket) or is_server_of(home.account, found.pid, home.cluster):
        return found
    return None


def make_cluster(home: Home, bin_dir: Path, password: str) -> None:
    """Run initdb beside the cluster's place and rename when complete, so that a killed one leaves nothing half-made."""
    for leftover in home.path.glob("initdb-*"):
        shutil.rmtree(leftover, ignore_errors=True)  # an orphaned initdb may still be writing to it
    work = Path(tempfile.mkdtemp(prefix="initdb-", dir=home.path))
    try:
        secret = work / "secret"
        write_file(secret, password, 0o600)
        if home.account.switch:
            os.chown(secret, home.account.uid, home.account.gid)
            os.chown(work, home.account.uid, home.account.gid)
        # Relative paths: the tools pass theirs through a shell, which would trip over some characters.
        command: list[str | Path] = [bin_dir / "initdb", "-D", "cluster", "-U", SUPERUSER, "-E", "UTF8"]
        command += ["--data-checksums", "-A", "scram-sha-256", "--pwfile=secret", "--no-instructions"]
        for locale in _LOCALES:
            result = run_as(home.account, [*command, *locale], cwd=work, timeout=600)
            if result.returncode == 0 or "invalid locale name" not in result.stderr:
                break
        if result.returncode == 0:
            # By the account of the server: root had better not write where others could have put a link.
            append = "printf '%s\\n' \"$1\" >> cluster/postgresql.conf"
            result = run_as(home.account, ["/bin/sh", "-c", append, "sh", "include '../server.conf'"], cwd=work)
        if result.returncode != 0:
            raise EmbeddedPostgresError(
                f"initdb could not make the cluster {home.cluster}: {_last_lines(result.stdout + result.stderr)}"
            )
        (work / "cluster").rename(home.cluster)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def cluster_major(home: Home) -> int | None:
    """The major version that made the cluster."""
    try:
        return major_of((home.cluster / "PG_VERSION").read_text().strip())
    except FileNotFoundError:
        return None


def check_major(home: Home, bin_dir: Path) -> None:
    """Refuse a cluster that the programs cannot read."""
    made_by, major = cluster_major(home), major_of(binaries_version(bin_dir))
    if made_by is None:
        raise EmbeddedPostgresError(
            f"The cluster {home.cluster} has lost its file PG_VERSION, so it cannot be started. "
            "Restore it from a backup, or choose another data directory."
        )
    if made_by != major:
        raise EmbeddedPostgresError(
            f"The cluster {home.cluster} was made by PostgreSQL {made_by}, but the programs in {bin_dir} are "
            f"PostgreSQL {major}, which cannot read it: set the directory of PostgreSQL {made_by} programs, or "
            f"dump the database with them (pg_dumpall) and restore it with {major} into a new data directory."
        )


def launch(data_dir: Path, home: Home, bin_dir: Path) -> bool:
    """Start the server; False when one turned out to be starting already, left by a start that was killed."""
    socket_dir = prepare_socket_dir(data_dir, home)
    # A list of names, each in double quotes, within a string in single quotes.
    quoted = '"' + str(socket_dir).replace('"', '""') + '"'
    quoted = "'" + quoted.replace("\\", "\\\\").replace("'", "''") + "'"
    write_file(home.path / "server.conf", _SETTINGS.format(port=PORT, socket_dir=quoted), 0o644)
    give_directory(home.log_dir, home.account)
    start_log = home.log_dir / "start.log"
    command: list[str | Path] = [bin_dir / "pg_ctl", "start", "-s", "-w", "-t", str(READY_SECONDS)]
    command += ["-D", "cluster", "-l", "log/start.log"]
    deadline = time.monotonic() + _RETRY_SECONDS
    while True:
        _clear_stale(home, socket_dir)
        start_log.unlink(missing_ok=True)
        result = run_as(home.account, command, cwd=home.path, timeout=2 * READY_SECONDS)
        if result.returncode == 0:
            return True
        if running_server(home) is not None:
            return False
        said = result.stderr + _tail(start_log)
        if time.monotonic() > deadline or not any(text in said for text in _TRANSIENT):
            raise EmbeddedPostgresError(
                f"The database server of {data_dir} did not start: {result.stderr.strip()}{log_tail(home)}"
            )
        time.sleep(0.25)


def log_tail(home: Home) -> str:
    """The end of the logs, to be appended to an error."""
    newest = sorted(home.log_dir.glob("server-*.log"), key=lambda path: path.stat().st_mtime)[-1:]
    shown = "\n".join(filter(None, (_tail(path) for path in (home.log_dir / "start.log", *newest))))
    return f"\nThe last lines of the log in {home.log_dir}:\n{shown}" if shown else ""


def _clear_stale(home: Home, socket_dir: Path) -> None:
    """Take away the lock files of a server known to be dead.

    PostgreSQL does this itself when the pid is free, but a zombie and any other process of the same account are
    taken for a server. It still refuses to start as long as a child of the dead server uses its shared memory.
    """
    left = read_pid_file(home.cluster)
    if left is not None and running_server(home) is not None:
        return
    if left is not None and process_exists(left.pid):
        (home.cluster / "postmaster.pid").unlink(missing_ok=True)
    (socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def _tail(path: Path) -> str:
    try:
        # The account of the server could have put a link there, which root must not follow.
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), errors="replace") as file:  # noqa: PTH123
            file.seek(max(0, path.stat().st_size - 4000))
            return _last_lines(file.read())
    except OSError:
        return ""


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-12:])
