"""Rows 58 to 60: Galaxy databases and archives that are broken, or built to do harm; refused, nothing changed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from game_pipeline.galaxy import GalaxyError, read_galaxy
from game_pipeline_tests.galaxy.broken import BROKEN

from .bench import Bench, Row

__all__ = ["ROWS"]

_BY_NAME = {broken.name: broken for broken in BROKEN}


def _row(number: str, sent: str, *names: str) -> Row:
    """Every upload of these names; what came of each, in their order."""
    chosen = [_BY_NAME[name] for name in names]

    def act(bench: Bench) -> str:
        found = []
        for broken in chosen:
            with tempfile.TemporaryDirectory() as place:
                path = broken.make(Path(place))
                before = sorted((each.name, each.stat().st_mtime_ns) for each in Path(place).iterdir())
                try:
                    read_galaxy(path, broken.limits)
                    found.append("read")
                except GalaxyError as error:
                    found.append(error.code)
                if sorted((each.name, each.stat().st_mtime_ns) for each in Path(place).iterdir()) != before:
                    found.append("something was written beside it")
        return ", ".join(found)

    return Row(number, sent, ", ".join(broken.code for broken in chosen), act)


ROWS: list[Row] = [
    _row(
        "58",
        "SQLite upload: random bytes, header only, truncated, flipped bytes, a page overwritten by another",
        "random bytes",
        "the header alone",
        "cut off in the middle",
        "flipped bytes",
        "a page overwritten by another",
    ),
    _row(
        "59",
        "SQLite upload: views (endless, huge, load_extension), a virtual and a computed column, 2,000 columns, "
        "3 GiB sparse, a foreign -wal",
        "an endless view for users",
        "a view that fills the memory for pieces",
        "a view that loads code for purchases",
        "a virtual table",
        "values that are computed, and huge",
        "two thousand columns",
        "three sparse GiB",
        "the log of another database",
    ),
    _row(
        "60",
        "zip: bomb, nested zips, ../../x, absolute path, link, too many entries, a count that lies, encrypted, "
        "a size that lies",
        "a zip bomb",
        "zips within a zip",
        "a zip that climbs out",
        "a zip with an absolute path",
        "a zip with a link",
        "a zip of two thousand files",
        "a zip that counts wrong",
        "an encrypted zip",
        "a zip that lies about a size",
    ),
]
