"""Ending processes by SIGKILL, one after the other, at points of the work that they share."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence

__all__ = ["kill_at", "run_module"]


def run_module(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A module of this package as a process."""
    command = [sys.executable, "-m", f"{__package__}.{module}", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def kill_at(
    points: Iterable[int],
    start: Callable[[], subprocess.Popen[bytes]],
    progress: Callable[[], int],
    chance: random.Random,
) -> Sequence[int]:
    """Start a process for each point and kill it some milliseconds after `progress` has come to that point.

    Returns how far each had come. Ends early with a process that ends by itself: then the work is done, or believed to
    be.
    """
    reached = []
    for point in sorted(points):
        process = start()
        try:
            while progress() < point and process.poll() is None:
                time.sleep(0.002)
            time.sleep(chance.random() * 0.02)  # anywhere within a transaction
        finally:
            process.kill()
        if process.wait() >= 0:
            break
        reached.append(progress())
    return reached
