"""Workers that read pages and may be killed: started when first needed, used again and again, replaced when lost."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from game_pipeline.model import RecordError
from game_pipeline.sources import ParseError, Source

from .parser import Failure, InProcess, ParseKilledError, Parser, ParserDefectError
from .reading import Job, Result
from .wire import NO_MEMORY, Frame, decode_result, encode_jobs, parted, receive, send

if TYPE_CHECKING:
    from game_pipeline.settings import ParseSettings

__all__ = ["Workers", "WorkersError", "open_parser"]

logger = logging.getLogger(__name__)

START_SECONDS = 60.0
# Pages are sent to a worker several at a time, as going to it and back costs more than reading a small one. Honest ones
# are done together in a fraction of these seconds; where they are not, or cost their worker, each is read alone.
TOGETHER_PAGES = 16
TOGETHER_BYTES = 512 * 1024
TOGETHER_SECONDS = 3.0
# All that a worker needs of the environment; passwords of databases are none of its business.
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "PYTHONHOME", "LD_LIBRARY_PATH")


class WorkersError(RuntimeError):
    """No worker can be had: nothing that a page did."""


class _LostError(Exception):
    """The worker is no more. `by_chance`: perhaps not the page's doing, so that another may try it."""

    def __init__(self, how: str, *, by_chance: bool) -> None:
        super().__init__(how)
        self.by_chance = by_chance


def open_parser(settings: ParseSettings) -> Parser:
    """The parser that the settings ask for. Whoever opens one has much to read: see `_leave_loaded_alone`."""
    _leave_loaded_alone()
    if settings.workers == 0:
        return InProcess()
    return Workers(
        workers=settings.workers,
        memory_mb=settings.memory_mb,
        seconds=settings.seconds,
        cpu_seconds=settings.cpu_seconds,
        pages_per_worker=settings.pages_per_worker,
    )


def _leave_loaded_alone() -> None:
    """Spare the garbage collector what this process has loaded: none of it goes before its end, and to look through it
    costs a twentieth of a crawl, more where Dagster is loaded. Once a process, so that nothing adds up."""
    if not gc.get_freeze_count():
        gc.freeze()


class Workers(Parser):
    """Reads in other processes, at most `workers` at once; safe to share between threads.

    A page may take `seconds`, `cpu_seconds` of the processor and `memory_mb` of address space. A worker ends after
    `pages_per_worker` pages, or once it holds a quarter of its memory: what pages leave behind is gone with it.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        memory_mb: int = 1024,
        seconds: float = 10.0,
        cpu_seconds: float = 8.0,
        pages_per_worker: int = 10_000,
    ) -> None:
        self._memory_mb = memory_mb
        self._seconds = seconds
        self._cpu_seconds = cpu_seconds
        self._pages_per_worker = pages_per_worker
        self._free = threading.BoundedSemaphore(workers)
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        # A worker dies with the *thread* that started it, so that has to be one which stays.
        self._starter = ThreadPoolExecutor(1, "parse worker starter")

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.stop()
        self._starter.shutdown()

    def pids(self) -> list[int]:
        """The workers that wait for a page."""
        with self._lock:
            return [worker.pid for worker in self._idle]

    def _run(self, source: Source, job: Job) -> Result:
        try:
            [answer] = self._ask(source, [job], self._seconds)
        except _LostError as lost:
            if not lost.by_chance:
                raise ParseKilledError("parser", str(lost)) from None
            # The machine may have run out of memory, or a person killed it; a page that does it twice is to blame.
            try:
                [answer] = self._ask(source, [job], self._seconds)
            except _LostError as again:
                raise ParseKilledError("parser", str(again)) from None
        result = _read_answer(job, answer)
        if isinstance(result, Exception):
            raise result
        return result

    def _run_all(self, source: Source, jobs: Sequence[Job]) -> Iterator[Result | Failure]:
        for some in _together(jobs):
            if len(some) == 1:
                yield from super()._run_all(source, some)
                continue
            try:
                answers = self._ask(source, some, min(self._seconds, TOGETHER_SECONDS))
            except _LostError:  # which of them is to blame shows when each is read alone
                yield from super()._run_all(source, some)
            else:
                yield from (_read_answer(job, answer) for job, answer in zip(some, answers, strict=True))

    def _ask(self, source: Source, jobs: Sequence[Job], seconds: float) -> list[Frame]:
        """What the jobs came to, done by one worker within so many seconds. Raises `_LostError`."""
        frame = encode_jobs(reference_of(source), jobs)
        with self._free:
            worker = self._take()
            worker.pages += len(jobs)
            try:
                answer = worker.ask(frame, seconds)
            except BaseException:  # an interrupt leaves the worker at a page that nobody waits for
                worker.kill()
                raise
            if worker.pages >= self._pages_per_worker or answer[0]["held_mb"] > self._memory_mb // 4:
                worker.stop()
            else:
                with self._lock:
                    self._idle.append(worker)
            return parted(answer)

    def _take(self) -> _Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        worker = self._starter.submit(_Worker, self._memory_mb, self._seconds, self._cpu_seconds).result()
        if not worker.limited:
            logger.warning("this system cannot limit the memory of a parse worker; its time is limited all the same")
        return worker


class _Worker:
    """One process, as its master sees it."""

    def __init__(self, memory_mb: int, seconds: float, cpu_seconds: float) -> None:
        self.pages = 0
        self._cpu_seconds = cpu_seconds
        ours, theirs = socket.socketpair()
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        limits = (os.getpid(), memory_mb, seconds, cpu_seconds)
        with theirs:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-P", "-m", f"{__package__}.child", *map(str, limits)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={**environment, "PYTHONPATH": path, "MALLOC_ARENA_MAX": "2"},
                cwd="/",
            )
        self._connection = ours
        try:
            hello = receive(ours, time.monotonic() + START_SECONDS)
        except (OSError, ValueError):
            hello = None
        if hello is None:
            self.kill()
            raise WorkersError(f"a parse worker did not start: it {_how_it_ended(self._process.returncode)}")
        self.limited = bool(hello[0]["limited"])

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, frame: Frame, seconds: float) -> Frame:
        """Raises `_LostError`."""
        deadline = time.monotonic() + seconds
        try:
            send(self._connection, frame, deadline)
            answer = receive(self._connection, deadline)
        except TimeoutError:
            raise _LostError(f"not done after {seconds:g} s, killed", by_chance=False) from None
        except ValueError as error:
            raise _LostError(f"its worker answered with {error}, killed", by_chance=False) from None
        except OSError:
            answer = None
        if answer is not None:
            return answer
        status = self._ended()
        if status == NO_MEMORY:
            raise _LostError("needs more memory than it may have", by_chance=False)
        if status == -signal.SIGXCPU:
            raise _LostError(f"needs more than {self._cpu_seconds:g} s of the processor, killed", by_chance=False)
        raise _LostError(f"the process that read it {_how_it_ended(status)}", by_chance=True)

    def stop(self) -> None:
        """Let it end by itself, which it does when nobody talks to it any more."""
        self._connection.close()
        self._ended()

    def kill(self) -> None:
        self._process.kill()
        self._connection.close()
        self._process.wait()

    def _ended(self) -> int:
        try:
            return self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _together(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Jobs as they are sent to a worker: few at a time, and a large page alone."""
    some: list[Job] = []
    size = 0
    for job in jobs:
        if some and (len(some) == TOGETHER_PAGES or size + len(job.body) > TOGETHER_BYTES):
            yield some
            some, size = [], 0
        some.append(job)
        size += len(job.body)
    if some:
        yield some


def _read_answer(job: Job, answer: Frame) -> Result | Failure:
    head, body = answer
    match head.get("error"):
        case None:
            return decode_result(job, body)
        case "parse":
            return ParseError(head["where"], head["problem"])
        case "record":
            return RecordError(head["problem"])
        case _:
            return ParserDefectError(head["problem"], head["trace"])


def reference_of(source: Source) -> str:
    """`module:Class`, by which a worker finds the source. Raises `WorkersError` where it could not."""
    kind = type(source)
    if getattr(sys.modules.get(kind.__module__), kind.__name__, None) is not kind:
        raise WorkersError(
            f"source {source.name}: {kind.__qualname__} is no class of the module {kind.__module__}, so no worker can "
            "load it; define it there, or set parse.workers = 0"
        )
    return f"{kind.__module__}:{kind.__name__}"


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
