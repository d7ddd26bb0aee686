"""Having an upload read by a process of its own, and not believing a word of its answer that is not well-formed."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .child import NO_MEMORY
from .contents import GalaxyFile, GalaxyGame, GalaxyLibrary, GalaxyRelease
from .keys import clean_key
from .problems import CODES, GalaxyError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["ReadLimits", "read_galaxy"]

MAX_ANSWER = 96 * 1024 * 1024
_KEPT_VARIABLES = ("PATH", "PYTHONHOME", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What reading one upload may take. `seconds` are those of the clock, a machine that is busy with other work
    included; `cpu_seconds` what the reading itself may need. `memory_mb` is address space."""

    max_bytes: int = 1024 * 1024 * 1024
    cpu_seconds: float = 3.0
    seconds: float = 60.0
    memory_mb: int = 256


@dataclass(frozen=True, slots=True)
class _Head:
    name: str
    sha256: str
    size: int
    schema_version: int
    modified: str | None
    warnings: tuple[str, ...]


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    # Not at the top: the reading process imports this package, too, and has no memory to spare.
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def read_galaxy(upload: Path, limits: ReadLimits | None = None, *, keep: Path | None = None) -> GalaxyFile:
    """The libraries in an uploaded Galaxy database, or in a zip with one. Raises `GalaxyError`.

    The upload itself is only read: what is looked into is a copy. `keep`: a directory that gets this copy, as
    `galaxy.db` and, where there is a write-ahead log, `galaxy.db-wal`, where all went well.
    """
    limits = limits or ReadLimits()
    scratch = Path(tempfile.mkdtemp(prefix="galaxy-", dir=keep))
    try:
        answer = _ask(upload, scratch, limits)
        if keep is not None:
            for each in sorted(scratch.glob("galaxy.db*")):
                if not each.name.endswith("-shm"):
                    each.replace(keep / each.name)
        return answer
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _ask(upload: Path, scratch: Path, limits: ReadLimits) -> GalaxyFile:
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    process = subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            f"{__package__}.child",
            *map(str, (os.getpid(), limits.memory_mb, limits.cpu_seconds, limits.max_bytes)),
            str(upload.absolute()),
            str(scratch),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, "PYTHONPATH": path, "MALLOC_ARENA_MAX": "2", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
        cwd=scratch,
    )
    try:
        answer = _listen(process, time.monotonic() + limits.seconds)
        status = process.wait(5)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
    if status:
        _explain(status)
    try:
        return _understand(answer.splitlines())
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        if isinstance(error, GalaxyError):
            raise
        raise GalaxyError("crashed", "cannot be read: the process that read it gave no sensible answer") from None


def _listen(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    answer = bytearray()
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise GalaxyError("too_slow", "takes too long to read; no Galaxy database of a person does")
        block = os.read(descriptor, 1024 * 1024)
        if not block:
            return bytes(answer)
        answer += block
        if len(answer) > MAX_ANSWER:
            raise GalaxyError("too_much", "says more about its games than any Galaxy database of a person does")


def _explain(status: int) -> NoReturn:
    if status == NO_MEMORY:
        raise GalaxyError("no_memory", "needs more memory to read than any Galaxy database does")
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        raise GalaxyError("too_slow", "takes too long to read; no Galaxy database of a person does")
    raise GalaxyError("crashed", f"cannot be read: the process that read it ended with {status}")


def _understand(lines: list[bytes]) -> GalaxyFile:
    """Raises `GalaxyError` for an upload that was refused, ValueError and the like for what is no answer."""
    said = map(json.loads, lines)
    first = next(said)
    if "refused" in first:
        if first["refused"] not in CODES:
            raise ValueError("an unknown reason")
        raise GalaxyError(first["refused"], str(first["message"])[:500])
    head: _Head = _adapter(_Head).validate_python(first)
    found: dict[int, tuple[list[GalaxyRelease], list[GalaxyGame]]] = {}
    releases: list[GalaxyRelease] = []
    games: list[GalaxyGame] = []
    done = False
    for each in said:
        match each:
            case {"user_id": int(user_id)}:
                releases, games = found.setdefault(user_id, ([], []))
            case {"releases": stated}:
                releases += _adapter(list[GalaxyRelease]).validate_python(stated)
            case {"games": stated}:
                games += _adapter(list[GalaxyGame]).validate_python(stated)
            case {"done": True}:
                done = True
    if not done or not all(clean_key(each.key) == each.key for releases, _ in found.values() for each in releases):
        raise ValueError("an answer that was cut off")
    libraries = [GalaxyLibrary(user_id, tuple(releases), tuple(games)) for user_id, (releases, games) in found.items()]
    return GalaxyFile(
        name=head.name,
        sha256=head.sha256,
        size=head.size,
        schema_version=head.schema_version,
        modified=head.modified,
        libraries=tuple(libraries),
        warnings=head.warnings,
    )
