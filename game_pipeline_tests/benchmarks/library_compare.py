"""Comparisons over HTTP, twenty players with 5,000 games each, at a steady hundred requests a second.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.library_compare [SECONDS] [PLAYERS] [GAMES]

`game-pipeline desk` serves them in a process of its own. Requests leave on a fixed schedule, whatever became of those
before (an open loop), and a latency counts from the scheduled moment to the last byte: a server that falls behind
cannot hide it. Every request asks something else for a first page of 100 rows; each fifth asks again for what the
client has, under its ETag. The same run measures what the old way took: reading every database for every question.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from game_pipeline.galaxy import read_galaxy
from game_pipeline.library import data_file_of
from game_pipeline.library.assemble import Holding, Known, Player, assemble
from game_pipeline.settings import Settings
from game_pipeline_tests.benchmarks.library_rebuild import database
from game_pipeline_tests.library.worlds import NOW

RATE = 100
CONNECTIONS = 16
PATIENCE = 120.0
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the latencies, what a request cost the server, and how that compares with the old way."""
    seconds, players, games = [*map(int, sys.argv[1:]), *(60, 20, 5000)[len(sys.argv) - 1 :]]
    with tempfile.TemporaryDirectory(prefix="compare-", dir="/tmp", ignore_cleanup_errors=True) as directory:
        place = Path(directory)
        place.chmod(0o755)
        settings = Settings(data_dir=place / "data")
        settings.data_dir.mkdir()
        old = _made(settings, [database(place, number, games) for number in range(players)])
        print(f"a question by reading {players} databases: {old * 1000:,.0f} ms")
        with _served(settings) as (port, process):
            run = asyncio.run(_asked(port, seconds, [f"Player {number}" for number in range(players)], process.pid))
    _print(run, old * 1000)


def _made(settings: Settings, paths: list[Path]) -> float:
    """Write the data file; the seconds that reading the databases for it took."""
    begun = time.perf_counter()
    libraries = [library for path in paths for library in read_galaxy(path).libraries]
    took = time.perf_counter() - begun
    names = {library.user_id: f"Player {number}" for number, library in enumerate(libraries)}
    people = [Player(str(user_id), name, f"{name}.db", NOW.isoformat()) for user_id, name in names.items()]
    holdings = [
        Holding(str(library.user_id), release.key, release.game, release.title, release.installed)
        for library in libraries
        for release in library.releases
    ]
    ids = {game.key: game.ids for library in libraries for game in library.games}
    data_file_of(settings).write(assemble(people, holdings, Known(ids=ids), settings.library, NOW))
    return took


@contextmanager
def _served(settings: Settings) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {"GAME_PIPELINE_DATA_DIR": str(settings.data_dir)}
    command = [str(Path(sys.executable).with_name("game-pipeline")), "desk", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, cwd=settings.data_dir)
    try:
        yield port, process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


@dataclass(slots=True)
class _Run:
    """`latencies` in ms, by status."""

    latencies: dict[int, list[float]] = field(default_factory=dict)
    cpu_ms: float = 0.0
    bytes_read: int = 0


async def _asked(port: int, seconds: int, names: list[str], pid: int) -> _Run:
    await _answering(port)
    chance = random.Random(7)
    idle: asyncio.LifoQueue[_Connection] = asyncio.LifoQueue()
    for _ in range(CONNECTIONS):
        idle.put_nowait(await _Connection.opened(port))
    known: list[tuple[str, str]] = []
    run = _Run()
    for path in (_path(chance, names) for _ in range(2 * RATE)):  # the index is read, rows are made
        await _ask(idle, run, known, path, None, time.perf_counter())
    run.latencies.clear()
    run.bytes_read = 0
    cpu = _cpu_seconds(pid)
    start = time.perf_counter() + 0.1
    waiting = []
    for number in range(seconds * RATE):
        due = start + number / RATE
        path, tag = chance.choice(known) if number % 5 == 4 else (_path(chance, names), None)
        if (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        waiting.append(asyncio.create_task(_ask(idle, run, known, path, tag, due)))
    await asyncio.gather(*waiting)
    run.cpu_ms = (_cpu_seconds(pid) - cpu) * 1000
    return run


def _path(chance: random.Random, names: list[str]) -> str:
    asked = [("user", name) for name in chance.sample(names, chance.randint(2, len(names)))]
    asked += [("owned", chance.choice(("all", "any"))), ("installed", chance.choice(("ignore", "any", "none")))]
    asked += [("sort", chance.choice(("title", "owners", "installed", "players", "platforms"))), ("limit", "100")]
    optional = (("exclusive", "true"), ("reverse", "true"), ("platform", "steam"), ("without", "epic"))
    return f"/api/library/compare?{urlencode([*asked, *(each for each in optional if chance.random() < 0.2)])}"


async def _ask(
    idle: asyncio.LifoQueue[_Connection],
    run: _Run,
    known: list[tuple[str, str]],
    path: str,
    tag: str | None,
    due: float,
) -> None:
    connection = await idle.get()
    status, found, size = await connection.get(path, tag)
    run.latencies.setdefault(status, []).append((time.perf_counter() - due) * 1000)
    idle.put_nowait(connection)
    run.bytes_read += size
    if status == 200:
        known.append((path, found))


@dataclass(frozen=True, slots=True)
class _Connection:
    """Keeps open, as a browser's does."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def opened(cls, port: int) -> _Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 20))

    async def get(self, path: str, tag: str | None) -> tuple[int, str, int]:
        """Status, ETag, and bytes of the body."""
        condition = f"If-None-Match: {tag}\r\n" if tag else ""
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{condition}\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"(?im)^content-length: (\d+)", head)
        body = await self.reader.readexactly(int(length[1])) if length else b""
        found = re.search(r"(?im)^etag: (\S+)", head)
        return int(head.split(" ", 2)[1]), found[1] if found else "", len(body)


async def _answering(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection = await _Connection.opened(port)
            status, _, _ = await connection.get("/api/library/compare?limit=1", None)
            assert status == 200, f"the desk answers {status}"
            connection.writer.close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _print(run: _Run, old: float) -> None:
    everything = sorted(each for times in run.latencies.values() for each in times)
    counts = ", ".join(f"{len(times)} of status {status}" for status, times in sorted(run.latencies.items()))
    full = sorted(run.latencies[200])
    median = statistics.median(full)
    print(
        f"{len(everything)} requests at {RATE} a second: {counts}; {run.bytes_read / len(full) / 1024:.0f} KiB a page"
    )
    for what, times, wanted in (
        ("all", everything, " (wanted: under 5 and under 25)"),
        ("first pages of 100", full, ""),
        ("what the client has", sorted(run.latencies.get(304, [0.0])), ""),
    ):
        p99 = times[int(len(times) * 0.99)]
        print(f"{what}: median {statistics.median(times):.2f} ms, p99 {p99:.2f} ms, max {times[-1]:.2f} ms{wanted}")
    print(f"the server's CPU: {run.cpu_ms / len(everything):.2f} ms a request")
    print(f"reading the databases takes {old / median:,.0f} times as long (wanted: 100)")


if __name__ == "__main__":
    main()
