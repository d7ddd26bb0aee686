"""The worker: a process that reads one page after another until its master goes away or a page is too much for it.

Imports the sources and nothing of Dagster, the database or the network. Started by `workers`, never by a person.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import math
import os
import resource
import signal
import socket
import sys
import time
import traceback
from functools import cache
from typing import Any

from game_pipeline.model import RecordError
from game_pipeline.sources import ParseError, Source

from .reading import Job, read
from .wire import NO_MEMORY, Frame, decode_jobs, encode_result, joined, receive, send

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1


def main() -> None:
    master, memory_mb = int(sys.argv[1]), int(sys.argv[2])
    seconds, limit = float(sys.argv[3]), _CpuLimit(float(sys.argv[4]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the master, which still wants this page
    _die_with(master)
    connection = socket.socket(fileno=0)
    send(connection, ({"limited": _limit_memory(memory_mb)}, b""))
    gc.freeze()  # what is loaded by now stays: no need to look through it again and again
    while frame := _next(connection):
        answer = _answer(frame, seconds, limit)
        signal.setitimer(signal.ITIMER_REAL, 0)
        send(connection, answer)


def _next(connection: socket.socket) -> Frame | None:
    """The next page; None where the master is gone, however it went."""
    try:
        return receive(connection)
    except ConnectionError:
        return None


def _answer(frame: Frame, seconds: float, limit: _CpuLimit) -> Frame:
    """What each of the pages that a frame asks for came to."""
    try:
        reference, jobs = decode_jobs(frame)
        answers = []
        for job in jobs:
            # The master kills what takes too long; this ends it where the master is no more. The default action of the
            # signal ends the process in the midst of C code, too.
            signal.setitimer(signal.ITIMER_REAL, seconds + 1)
            limit.begin_page()
            answers.append(_read(load(reference), job))
        return joined(answers, held_mb=_held_mb())
    except MemoryError:
        # Not told from here: whatever took the memory may hold it still.
        os._exit(NO_MEMORY)


def _read(source: Source, job: Job) -> Frame:
    try:
        return {}, encode_result(job, read(source, job))
    except ParseError as error:
        return {"error": "parse", "where": error.where, "problem": error.problem}, b""
    except RecordError as error:
        return {"error": "record", "problem": str(error)}, b""
    except MemoryError:
        raise
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        return {"error": "defect", "problem": problem[:2000], "trace": traceback.format_exc()[-8000:]}, b""


@cache
def load(reference: str) -> Source:
    """The source of a class named `module:Class`."""
    module, _, name = reference.partition(":")
    made: Source = getattr(importlib.import_module(module), name)()
    return made


def _limit_memory(memory_mb: int) -> bool:
    """Whether this system keeps to it: macOS does not know the limit, or does not enforce it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = memory_mb * 1024 * 1024
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ValueError, OSError):
        return False
    return sys.platform != "darwin"


class _CpuLimit:
    """How much of the processor a page may have, whatever the pages before it took. SIGXCPU ends the process then, in
    the midst of C code, too.

    The limit is of the whole process and in whole seconds, so that it moves on with the pages: not at each, since to
    set it costs as much as a tenth of a page, but before what is left of it is less than one may have.
    """

    _STEP = 0.5

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._moves_at = 0.0

    def begin_page(self) -> None:
        spent = time.process_time()
        if spent < self._moves_at:
            return
        self._moves_at = spent + self._STEP
        soft = math.ceil(self._moves_at + self._seconds)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        if hard == resource.RLIM_INFINITY or soft < hard:
            resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _die_with(master: int) -> None:
    """End when the master does, however that happens, even in the middle of a page (Linux).

    Elsewhere a worker that waits sees its socket closed, and one that reads is ended by its timer.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != master:  # it died while this process was starting
        sys.exit()


def _held_mb() -> int:
    """The memory that this process holds now, in MiB."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123  -- asked after every page
            return int(file.read(128).split()[1]) * resource.getpagesize() // (1024 * 1024)
    except OSError:
        # The most it ever held; not asked on Linux, where a process begins with the figure of the one that made it.
        peak: Any = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return int(peak) // (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
