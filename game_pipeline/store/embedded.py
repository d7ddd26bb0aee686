"""The embedded PostgreSQL: makes a cluster in a data directory, starts it or attaches to it, and stops it.

Only the programs of PostgreSQL are needed. The server outlives the process that started it, and every process that
knows the data directory can find it, connect to it and stop it.
"""

import contextlib
import logging
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from game_pipeline.store.postgres_binaries import EmbeddedPostgresError, find_binaries, stage_binaries
from game_pipeline.store.postgres_cluster import (
    READY_SECONDS,
    SUPERUSER,
    check_major,
    cluster_major,
    launch,
    log_tail,
    make_cluster,
    running_server,
)
from game_pipeline.store.postgres_home import (
    STATE_ROOT,
    Home,
    check_access,
    check_ours,
    existing_home,
    locked,
    make_data_dir,
    new_home,
    new_password,
    prepare_state_root,
    read_application_password,
    read_password,
    record_location,
    write_application_password,
)
from game_pipeline.store.postgres_process import PidFile, can_run, end_server, is_server_of, user_name
from game_pipeline.store.postgres_roles import keep_plain, set_password, verifier_of

__all__ = ["ClusterStatus", "EmbeddedPostgres", "EmbeddedPostgresError", "ServerInfo", "find_binaries"]

_STOP_SECONDS = 60

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A running server and how to connect to it; `started` says whether this call started it or attached to it."""

    socket_dir: Path
    port: int
    user: str
    password: str = field(repr=False)
    pid: int
    version: str
    started: bool

    def conninfo(self, database: str) -> str:
        """What `psycopg.connect` takes."""
        return make_conninfo(
            host=str(self.socket_dir), port=self.port, user=self.user, password=self.password, dbname=database
        )

    def url(self, database: str, driver: Literal["psycopg", "psycopg2"] | None = None) -> str:
        """A `postgresql://` URL; SQLAlchemy must be told the driver, as its default is not the one Dagster needs."""
        scheme = "postgresql" if driver is None else f"postgresql+{driver}"
        # The slashes of the path stay: a % would be taken for an interpolation by the files of alembic.
        query = urlencode({"host": str(self.socket_dir), "port": self.port}, safe="/", quote_via=quote)
        user, password, name = (quote(part, safe="") for part in (self.user, self.password, database))
        return f"{scheme}://{user}:{password}@/{name}?{query}"


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """What there is of a cluster, found out without changing anything."""

    state: Literal["absent", "stopped", "running"]
    data_dir: Path
    cluster: Path | None
    major: int | None
    pid: int | None
    log_dir: Path | None


class EmbeddedPostgres:
    """The PostgreSQL cluster of one data directory."""

    def __init__(self, data_dir: Path, bin_dir: Path | None = None, *, state_root: Path = STATE_ROOT) -> None:
        """`state_root` is used by root alone, for what the account of the server cannot reach elsewhere."""
        self.data_dir = data_dir.expanduser().resolve()
        self._bin_dir = bin_dir
        self._state_root = state_root

    def start(self) -> ServerInfo:
        """Make the cluster if there is none, start the server if it is not running, and say how to connect."""
        with self._explained("started"):
            check_access(self.data_dir)
            check_ours(self.data_dir)
            make_data_dir(self.data_dir)
            with locked(self.data_dir):
                home = existing_home(self.data_dir, self._state_root)
                running = running_server(home) if home is not None else None
                if home is not None and running is not None:
                    if running.socket is None or running.socket.exists():
                        attached = self._connect(home, started=False)
                        if attached is not None:
                            return attached
                    else:
                        _log.warning("The socket %s of the running server was deleted: restarting it", running.socket)
                        self._stop_server(home, running)
                bin_dir = find_binaries(self._bin_dir)
                if home is None:
                    home = new_home(self.data_dir, self._state_root)
                bin_dir = self._runnable(home, bin_dir)
                if home.cluster.is_dir():
                    check_major(home, bin_dir)
                else:
                    make_cluster(home, bin_dir, read_password(self.data_dir))
                record_location(self.data_dir, home)
                started = launch(self.data_dir, home, bin_dir)
                info = self._connect(home, started=started)
                if info is None:
                    raise EmbeddedPostgresError(
                        f"The database server of {self.data_dir} ended right after its start.{log_tail(home)}"
                    )
                return info

    def stop(self) -> bool:
        """Stop the server cleanly, ending open connections; whether one was running."""
        with self._explained("stopped"):
            if not self.data_dir.is_dir() or existing_home(self.data_dir, self._state_root) is None:
                return False
            with locked(self.data_dir):
                home = existing_home(self.data_dir, self._state_root)
                running = running_server(home) if home is not None else None
                if home is None or running is None:
                    return False
                self._stop_server(home, running)
                return True

    def remove(self) -> None:
        """Stop the server and delete the cluster for good, wherever it lives; its data are lost."""
        self.stop()
        home = existing_home(self.data_dir, self._state_root) if self.data_dir.is_dir() else None
        if home is not None and home.path != self.data_dir:
            shutil.rmtree(home.path)
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def status(self) -> ClusterStatus:
        """What there is, without starting or changing anything."""
        with self._explained("looked at"):
            home = existing_home(self.data_dir, self._state_root) if self.data_dir.is_dir() else None
            if home is None:
                return ClusterStatus("absent", self.data_dir, None, None, None, None)
            running = running_server(home)
            return ClusterStatus(
                state="stopped" if running is None else "running",
                data_dir=self.data_dir,
                cluster=home.cluster,
                major=cluster_major(home),
                pid=None if running is None else running.pid,
                log_dir=home.log_dir,
            )

    def server(self) -> ServerInfo | None:
        """How to connect to the server if it is running; for processes that must not start one."""
        with self._explained("connected to"):
            home = existing_home(self.data_dir, self._state_root) if self.data_dir.is_dir() else None
            if home is None or running_server(home) is None:
                return None
            return self._connect(home, started=False)

    def ensure_database(self, name: str) -> bool:
        """Make the database, encoded in UTF-8, unless it exists; whether it was made now."""
        if not name or len(name.encode()) > 63 or "\0" in name:
            raise EmbeddedPostgresError(f"{name!r} is not a name for a database: give it 1 to 63 bytes.")
        server = self.server()
        if server is None:
            raise EmbeddedPostgresError(f"The database server of {self.data_dir} is not running; call start() first.")
        with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
            # CREATE DATABASE of two sessions at once fails in several ways; the lock goes with the connection.
            connection.execute("SELECT pg_advisory_lock(hashtextextended('ensure_database', 0))")
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None:
                return False
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            return True

    def ensure_role(self, name: str) -> ServerInfo:
        """Make the login role that the pipeline works as, unless it is there; how to connect as it.

        It has no rights of its own; its password is kept beside the superuser's.
        """
        with self._explained("prepared"), locked(self.data_dir):
            server = self.server()
            if server is None:
                raise EmbeddedPostgresError(
                    f"The database server of {self.data_dir} is not running; call start() first."
                )
            password = read_application_password(self.data_dir)
            with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
                exists = verifier_of(connection, name) is not None
                if password is None or not exists:
                    # The role first: killed in between, the next start gives it another password.
                    password = password or new_password()
                    set_password(connection, name, password, make=not exists)
                    write_application_password(self.data_dir, password)
                keep_plain(connection, name, password)
            return replace(server, user=name, password=password)

    def _connect(self, home: Home, *, started: bool) -> ServerInfo | None:
        """Wait until the server takes connections, as it may have to recover first; nothing if it ends meanwhile."""
        deadline = time.monotonic() + READY_SECONDS
        password = read_password(self.data_dir)
        problem = "it does not say where its socket is"
        while True:
            running = running_server(home)
            if running is None:
                return None
            if running.socket_dir is not None and running.port is not None:
                info = ServerInfo(running.socket_dir, running.port, SUPERUSER, password, running.pid, "", started)
                try:
                    with psycopg.connect(info.conninfo("postgres"), connect_timeout=5) as connection:
                        version = str(connection.info.parameter_status("server_version"))
                        if started:
                            keep_plain(connection, SUPERUSER, password)
                    return replace(info, version=version)
                except psycopg.OperationalError as error:
                    problem = str(error)
            if time.monotonic() > deadline or "authentication failed" in problem:
                raise EmbeddedPostgresError(
                    f"The database server of {self.data_dir} runs as process {running.pid}, but takes no connection: "
                    f"{problem}.{log_tail(home)}"
                )
            time.sleep(0.05)

    def _runnable(self, home: Home, bin_dir: Path) -> Path:
        """The programs, or for root a copy of them that the account of the server can reach."""
        if can_run(home.account, bin_dir / "postgres"):
            return bin_dir
        if home.account.switch:
            prepare_state_root(self._state_root, home.account)
            staged = stage_binaries(bin_dir, self._state_root)
            if can_run(home.account, staged / "postgres"):
                return staged
            bin_dir = staged
        raise EmbeddedPostgresError(
            f"The PostgreSQL programs in {bin_dir} cannot be run as the account of the server, "
            f"{user_name(home.account.uid)}. Set the directory of other programs, or run as an ordinary user."
        )

    def _stop_server(self, home: Home, running: PidFile) -> None:
        if not is_server_of(home.account, running.pid, home.cluster):
            raise EmbeddedPostgresError(
                f"The database server of {self.data_dir} answers, but its process {running.pid} is not on this machine "
                "or not in this container. Stop it where it was started."
            )
        if not end_server(home.account, running.pid, home.cluster, _STOP_SECONDS):
            raise EmbeddedPostgresError(
                f"The database server of {self.data_dir}, process {running.pid}, was told to stop and still runs "
                f"after {_STOP_SECONDS} s. Wait, or look at its log.{log_tail(home)}"
            )
        if running.socket_dir is not None and not running.socket_dir.is_relative_to(home.path):
            with contextlib.suppress(OSError):  # leave nothing in the temporary directory
                running.socket_dir.rmdir()

    @contextlib.contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Say which database it was when the system refuses something, such as a full disk."""
        try:
            yield
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedPostgresError(
                f"The database server of {self.data_dir} could not be {what}: {error}"
            ) from error
