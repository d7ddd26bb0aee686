"""How much CPU time processes have used, and the most memory that this one held."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable
from pathlib import Path

__all__ = ["own_cpu", "peak_mb", "tree_cpu"]

_TICK = os.sysconf("SC_CLK_TCK")


def own_cpu(living: Iterable[int] = ()) -> float:
    """Seconds of this process, of its children that ended, and of the `living` ones named."""
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime + sum(map(_alone, living))


def tree_cpu(pid: int) -> float:
    """Seconds of a process, of its children that live, and of all that ended: a database server's."""
    fields = _stat(pid)
    ended = sum(map(int, fields[13:15])) / _TICK
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _alone(pid) + ended + sum(_alone(int(child)) for child in children)


def peak_mb() -> float:
    """MiB of memory that this process held at most."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _alone(pid: int) -> float:
    try:
        return sum(map(int, _stat(pid)[11:13])) / _TICK
    except FileNotFoundError:
        return 0.0


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
