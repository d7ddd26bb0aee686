"""The reading process: copies one upload, checks it, reads it, says on stdout what is in it as lines of JSON, and ends.

It has no database of ours, no network and no environment at hand. Started by `reader`, never by a person.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import json
import os
import resource
import signal
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from .contents import GalaxyGame, GalaxyRelease
from .extract import extract
from .intake import copy_in
from .opening import open_checked
from .problems import GalaxyError

__all__ = ["NO_MEMORY", "main"]

NO_MEMORY = 86
"""The exit status of a process that met its limit of memory."""

AT_ONCE = 500
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """argv: its master's process id, MiB of memory, seconds of CPU, most bytes of a database, the upload, scratch."""
    master, memory_mb, cpu_seconds, max_bytes = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the master, who ends this process
    _limit(memory_mb, cpu_seconds, max_bytes)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != master:
        sys.exit()
    try:
        _read(Path(sys.argv[5]), Path(sys.argv[6]), max_bytes, cpu_seconds)
    except GalaxyError as error:
        _say({"refused": error.code, "message": str(error)})
    except MemoryError:
        os._exit(NO_MEMORY)
    except Exception as error:  # whatever a damaged file makes of the reading
        problem = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        _say({"refused": "crashed", "message": f"cannot be read ({problem}); close Galaxy and copy it again"})
    sys.stdout.flush()


def _read(upload: Path, scratch: Path, max_bytes: int, cpu_seconds: float) -> None:
    copied = copy_in(upload, scratch, max_bytes)
    connection = open_checked(copied.path, has_log=copied.has_log, cpu_seconds=cpu_seconds)
    version, libraries, warnings = extract(connection)
    connection.close()
    modified = copied.modified
    _say(
        {
            "name": copied.name,
            "sha256": copied.sha256,
            "size": copied.size,
            "schema_version": version,
            "modified": dt.datetime.fromtimestamp(modified, dt.UTC).isoformat() if modified is not None else None,
            "warnings": warnings,
        }
    )
    for library in libraries:
        _say({"user_id": library.user_id})
        for start in range(0, len(library.releases), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            _say({"releases": [_plain(each) for each in library.releases[part]]})
            _say({"games": [_plain(each) for each in library.games[part]]})
    _say({"done": True})


def _plain(value: GalaxyRelease | GalaxyGame) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")  # ASCII: it may quote half a surrogate pair


def _limit(memory_mb: int, cpu_seconds: float, max_bytes: int) -> None:
    """What the system enforces on top of what is counted here; some systems do not know a limit of memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    memory = memory_mb * 1024 * 1024
    seconds = int(cpu_seconds) + 2  # SQLite is stopped before, by its own clock
    for kind, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, max_bytes + 1024 * 1024),
        (resource.RLIMIT_NOFILE, 64),
    ):
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            continue


if __name__ == "__main__":
    main()
