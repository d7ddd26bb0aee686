"""The whole table, and the crawl process that tries it: `python -m game_pipeline_tests.hostile.table DATABASE_URL`.

Prints a line of JSON a row as it is done, and the most memory it ever held at the end. A process of its own, so that
its memory and its sockets are the crawler's.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from . import addresses, pages, replies, uploads
from .bench import Bench, Row, open_bench, peak_mb

__all__ = ["ROWS", "attempt"]

ROWS: list[Row] = [*addresses.ROWS, *replies.ROWS, *pages.ROWS, *uploads.ROWS]


def attempt(row: Row, bench: Bench) -> dict[str, Any]:
    """What came of a row: `got`, `seconds`, and whom it tried to reach beyond the test's own addresses."""
    assert row.act is not None
    bench.renew()
    started = time.monotonic()
    try:
        got = row.act(bench)
    except Exception as error:
        got = f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - started
    return {"got": got, "seconds": seconds, "foreign": [*bench.guard.foreign, *bench.guard.looked_up]}


def main() -> None:
    with open_bench(sys.argv[1]) as bench:
        for row in ROWS:
            if row.act is not None and not row.outside:
                print(json.dumps({"number": row.number, **attempt(row, bench)}), flush=True)
    print(json.dumps({"peak_mb": peak_mb()}), flush=True)


if __name__ == "__main__":
    main()
