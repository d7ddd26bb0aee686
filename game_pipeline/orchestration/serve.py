"""Keeping the Dagster UI, the daemon and the desk running, as child processes that stop with us."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from game_pipeline.settings import CONFIG_VARIABLE, Settings
from game_pipeline.store import Databases
from game_pipeline.store.assets import asset_path

from .instance import dagster_environment

__all__ = ["ServeError", "serving"]

READY_SECONDS = 90.0
STOP_SECONDS = 20.0


class ServeError(RuntimeError):
    """The UI or the daemon did not start, or ended; the message says which, and where its log is."""


class Serving:
    """The running processes. `wait` returns when one of them ends."""

    def __init__(
        self, url: str, desk_url: str | None, children: Mapping[str, subprocess.Popen[bytes]], logs: Path
    ) -> None:
        self.url = url
        self.desk_url = desk_url
        self._children = children
        self._logs = logs

    def ended(self) -> str | None:
        """What ended by itself, in words, or None while all run."""
        for name, child in self._children.items():
            code = child.poll()
            if code is not None:
                return f"{name} ended with exit code {code}; its log is {self._logs / f'{name}.log'}"
        return None

    def wait(self) -> None:
        """Block while all run. Raises `ServeError` when one ends."""
        while True:
            ended = self.ended()
            if ended:
                raise ServeError(ended)
            time.sleep(0.5)


@contextmanager
def serving(
    settings: Settings,
    databases: Databases,
    *,
    port: int,
    desk_port: int | None = None,
    config: Path | None = None,
) -> Iterator[Serving]:
    """Start the UI on 127.0.0.1, the daemon, and with a `desk_port` the desk; stop all at the end.

    Raises `ServeError`.
    """
    for wanted, option in ((port, "--port"), (desk_port, "--desk-port")):
        if wanted is not None and not _free(wanted):
            raise ServeError(
                f"port {wanted} of 127.0.0.1 is in use; stop what listens there, or choose another with {option}"
            )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= dagster_environment(settings, databases)
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
    # The children start elsewhere: what was found relative to our directory must reach them as it is.
    environment["GAME_PIPELINE_DATA_DIR"] = str(settings.data_dir)
    if config is not None:
        environment[CONFIG_VARIABLE] = str(config.absolute())
    workspace = ["-w", str(asset_path("workspace.yaml"))]
    commands = {
        "webserver": ["dagster-webserver", *workspace, "-h", "127.0.0.1", "-p", str(port)],
        "daemon": ["dagster-daemon", "run", *workspace],
    }
    if desk_port is not None:
        commands["desk"] = ["python", "-m", "game_pipeline.cli", "desk", "--port", str(desk_port)]
    logs = settings.data_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            with (logs / f"{name}.log").open("ab") as log:
                # A folder without modules of anybody's, lest one of them shadow a package; a session of their own,
                # so that Ctrl-C reaches us alone and we stop them in order.
                children[name] = subprocess.Popen(
                    [*_ending_with_us(), str(Path(sys.executable).parent / command[0]), *command[1:]],
                    cwd=settings.data_dir / "dagster",
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        desk_url = None if desk_port is None else f"http://127.0.0.1:{desk_port}"
        running = Serving(f"http://127.0.0.1:{port}", desk_url, children, logs)
        _await_ready(running)
        yield running
    finally:
        _stop(children)


def _ending_with_us() -> list[str]:
    """What to put before a command so that it ends when we do, even if we are killed; nothing where that cannot be."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _await_ready(running: Serving) -> None:
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + READY_SECONDS
    waited_for = [("the UI", f"{running.url}/server_info")]
    if running.desk_url is not None:
        waited_for.append(("the desk", f"{running.desk_url}/api/openapi.json"))
    while time.monotonic() < deadline:
        ended = running.ended()
        if ended:
            raise ServeError(ended)
        try:
            with opener.open(waited_for[0][1], timeout=5):
                waited_for.pop(0)
            if not waited_for:
                return
        except (URLError, OSError):
            time.sleep(0.2)
    what, address = waited_for[0]
    raise ServeError(f"{what} does not answer on {address} after {READY_SECONDS:.0f} s")


def _stop(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Ask each process to end, then make sure of its whole group (they start code servers of their own)."""
    for child in reversed(list(children.values())):
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
    deadline = time.monotonic() + STOP_SECONDS
    for child in children.values():
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.terminate()
    for child in children.values():
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        child.wait()
