"""Where the embedded cluster of a data directory lives: in it, or below /var/lib when the server could not reach it.

data_dir/lock         serialises starting and stopping between processes
data_dir/password     of the superuser, 0600; its presence says that the directory is ours
data_dir/application-password    of the role that the pipeline works as, 0600
data_dir/LOCATION     only when the home is elsewhere: its path
home/cluster          what initdb makes; the home is data_dir itself, if it can be
home/server.conf      our settings, included by the cluster's postgresql.conf and written anew at each start
home/log, home/socket
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from game_pipeline.store.postgres_binaries import EmbeddedPostgresError
from game_pipeline.store.postgres_process import (
    Account,
    account_for_new_cluster,
    account_of,
    can_enter,
    end_server,
    read_pid_file,
    user_name,
)

STATE_ROOT = Path("/var/lib/game-pipeline")
PORT = 5432  # names the socket file only: nothing listens on the network
# Names that may stand in a directory in which no password has been written yet.
_BEFORE_PASSWORD = {"lock", "password.new"}
# The kernels allow 104 or 108 bytes for the path of a socket.
_LONGEST_SOCKET = 99
_LOCK_TIMEOUT = 180.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Home:
    """One cluster: where it is and whose it is."""

    path: Path
    account: Account

    @property
    def cluster(self) -> Path:
        """The data directory of PostgreSQL itself."""
        return self.path / "cluster"

    @property
    def log_dir(self) -> Path:
        """Where the server and its start write their logs."""
        return self.path / "log"


def existing_home(data_dir: Path, state_root: Path) -> Home | None:
    """The home of a cluster that was made before, or nothing when there is none yet."""
    check_access(data_dir)
    check_ours(data_dir)
    location = _read_location(data_dir, state_root)
    home = location or data_dir
    if (home / "cluster").is_dir():
        return Home(home, account_of(home / "cluster"))
    if location is not None:
        raise EmbeddedPostgresError(
            f"The database of {data_dir} is gone: {data_dir / 'LOCATION'} names {location}, and there is no cluster. "
            f"Restore {location}, or delete {data_dir} to begin with an empty database."
        )
    return None


def new_home(data_dir: Path, state_root: Path) -> Home:
    """Decide where a new cluster will live, and make that directory and the password ready."""
    account = account_for_new_cluster()
    fresh = not (data_dir / "password").exists()
    path = data_dir
    if account.switch and not can_enter(account, data_dir):
        path = state_root / hash_of(data_dir)
        prepare_state_root(state_root, account)
        if fresh and path.exists():
            _set_aside(data_dir, path)
        make_directory(path, 0o755)
    if fresh:
        # First of all files: from now on the directory is known as ours, even if we are killed.
        write_file(data_dir / "password", new_password(), 0o600)
    return Home(path, account)


def record_location(data_dir: Path, home: Home) -> None:
    """Leave in the data directory where its cluster is; only once it is complete."""
    if home.path != data_dir and not (data_dir / "LOCATION").exists():
        write_file(data_dir / "LOCATION", f"{home.path}\n", 0o644)


def read_password(data_dir: Path) -> str:
    """The superuser's password."""
    return (data_dir / "password").read_text().strip()


def read_application_password(data_dir: Path) -> str | None:
    """The password of the application's role, or nothing when it has none yet."""
    try:
        return (data_dir / "application-password").read_text().strip()
    except FileNotFoundError:
        return None


def new_password() -> str:
    """A password that nobody has to type."""
    return secrets.token_urlsafe(32)


def write_application_password(data_dir: Path, password: str) -> None:
    """Keep the password of the application's role, for us alone."""
    write_file(data_dir / "application-password", password, 0o600)


def make_data_dir(data_dir: Path) -> None:
    """Make the data directory, for us alone; root's must be passable for the account of the server."""
    if any(ord(character) < 32 for character in str(data_dir)):
        raise EmbeddedPostgresError(
            f"The path {str(data_dir)!r} has control characters, which PostgreSQL cannot keep in its files. "
            "Choose another data directory."
        )
    make_directory(data_dir, 0o755 if os.geteuid() == 0 else 0o700)


def check_access(data_dir: Path) -> None:
    """Refuse a directory we may not work in, naming whose it is."""
    if data_dir.exists() and not data_dir.is_dir():
        raise EmbeddedPostgresError(f"{data_dir} is not a directory. Choose another data directory for the database.")
    if data_dir.is_dir() and not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        raise EmbeddedPostgresError(
            f"The data directory {data_dir} belongs to {user_name(data_dir.stat().st_uid)}, and "
            f"{user_name(os.geteuid())} may not work in it. Run as its owner, or choose another data directory."
        )


def check_ours(data_dir: Path) -> None:
    """Refuse a directory with files that are not ours, so that nothing of somebody's is ever mixed or overwritten."""
    if not data_dir.is_dir():
        return
    names = {entry.name for entry in data_dir.iterdir()}
    if "password" in names or names <= _BEFORE_PASSWORD:
        return
    if "PG_VERSION" in names:
        what = "is a PostgreSQL cluster that game-pipeline did not make"
    elif "cluster" in names:
        what = "holds a cluster, but not its file `password`"
    else:
        what = f"is not empty and not a database of game-pipeline (it holds {', '.join(sorted(names)[:3])})"
    raise EmbeddedPostgresError(
        f"The data directory {data_dir} {what}; nothing in it was changed. Choose an empty or new directory."
    )


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Only one process at a time makes, starts or stops the cluster."""
    path = data_dir / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"{path} belongs to {user_name(path.stat().st_uid)}, and we are {user_name(os.geteuid())}. "
            "Run as its owner, or choose another data directory."
        ) from error
    try:
        deadline = time.monotonic() + _LOCK_TIMEOUT
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(
                        f"Another process has held {path} for {_LOCK_TIMEOUT:.0f} s while starting or stopping the "
                        "database. Look for a hanging game-pipeline process, end it and try again."
                    ) from error
                time.sleep(0.02)
        yield
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def prepare_socket_dir(data_dir: Path, home: Home) -> Path:
    """The private directory of the socket: in the home, or in the temporary directory if that path will not do."""
    account = home.account
    # Each new cluster has its own name for it: when the data directory is deleted under a running server and made
    # anew, the old server removes its socket only a minute later, and that must not be the socket of the new one.
    cluster_id = hashlib.sha256(read_password(data_dir).encode()).hexdigest()[:8]
    inside = home.path / f"socket-{cluster_id}"
    if _fits(inside):
        _make_private(inside, account)
        return inside
    name = f"game-pipeline-{account.uid}-{hash_of(data_dir)}-{cluster_id}"
    for temporary in dict.fromkeys((Path(tempfile.gettempdir()), Path("/tmp"))):
        if _fits(temporary / name) and (not account.switch or can_enter(account, temporary)):
            _make_private(temporary / name, account)
            return temporary / name
    raise EmbeddedPostgresError(
        f"The socket of the server can be neither in {home.path} nor in {tempfile.gettempdir()}: its path must be "
        f"at most {_LONGEST_SOCKET} bytes long and without commas. Set TMPDIR so, or choose another data directory."
    )


def prepare_state_root(state_root: Path, account: Account) -> None:
    """Make the directory for what the account of the server could not reach elsewhere."""
    try:
        make_directory(state_root, 0o755)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"The server runs as {user_name(account.uid)} and needs {state_root}, which cannot be made: {error}. "
            "Run as an ordinary user, or put the data directory where every account can enter."
        ) from error
    found = state_root.stat()
    if found.st_uid != 0 or found.st_mode & 0o022 or not can_enter(account, state_root):
        raise EmbeddedPostgresError(
            f"{state_root} must belong to root, be writable for root only and be passable for "
            f"{user_name(account.uid)}. Put its owner and mode (0755) right."
        )


def make_directory(path: Path, mode: int) -> None:
    """Make a directory with exactly this mode; one that is there already is left as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir()
    except FileExistsError:
        return
    path.chmod(mode)


def give_directory(path: Path, account: Account) -> None:
    """Make a directory, if need be, that only the account of the server can enter."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    if account.switch:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def write_file(path: Path, text: str, mode: int) -> None:
    """Write a file so that it is there either in full or not at all."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:  # noqa: PTH123
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def hash_of(data_dir: Path) -> str:
    """A short name for the data directory, the same in every process."""
    return hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]


def _fits(socket_dir: Path) -> bool:
    # The client library takes a comma in a host for the end of one of several hosts, and knows no way to quote it.
    path = os.fsencode(socket_dir / f".s.PGSQL.{PORT}")
    return len(path) <= _LONGEST_SOCKET and b"," not in path


def _make_private(path: Path, account: Account) -> None:
    """A directory of mode 0700 of the account. Others can write in the temporary directory: take nothing of theirs."""
    give = False
    try:
        path.mkdir(mode=0o700)
        give = account.switch
    except FileExistsError:
        found = path.lstat()
        if path.is_symlink() or not path.is_dir() or found.st_uid not in {account.uid, os.geteuid()}:
            raise EmbeddedPostgresError(
                f"The directory for the socket, {path}, exists already and belongs to {user_name(found.st_uid)}. "
                "Delete it if you know what it is, or choose another data directory."
            ) from None
        give = account.switch and found.st_uid != account.uid
        path.chmod(0o700)
    if give:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _read_location(data_dir: Path, state_root: Path) -> Path | None:
    pointer = data_dir / "LOCATION"
    try:
        location = Path(pointer.read_text().strip())
    except FileNotFoundError:
        return None
    # Root follows this pointer, so it may not lead just anywhere.
    if location.parent != state_root:
        raise EmbeddedPostgresError(
            f"{pointer} names {location}, which is not in {state_root}. Put it right, or choose another data directory."
        )
    return location


def _set_aside(data_dir: Path, path: Path) -> None:
    """Keep, but out of the way, the cluster of a data directory of this path that somebody deleted since."""
    if (path / "cluster").is_dir():
        server, account = read_pid_file(path / "cluster"), account_of(path / "cluster")
        if server is not None:
            end_server(account, server.pid, path / "cluster", timeout=60)
    kept = path.with_name(f"{path.name}.set-aside-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    path.rename(kept)
    _log.warning("%s is new, but %s held a cluster of that path; it is now %s", data_dir, path, kept)
