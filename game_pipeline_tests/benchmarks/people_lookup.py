"""What it takes to look people up in a catalogue of 100,000 credits and 20,000 people.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.people_lookup
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from game_pipeline.people import find_people, show_person
from game_pipeline.settings import Settings
from game_pipeline.store import Store, opened_databases, prepare_schema
from game_pipeline_tests.people.crowd import fill

__all__ = ["main"]

GAMES, PEOPLE = 50_000, 20_000
ROUNDS = 7


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="people-", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        with opened_databases(Settings(data_dir=Path(directory) / "data")) as databases:
            prepare_schema(databases)
            fill(databases.owner_url, games=GAMES, people=PEOPLE)
            print(f"{2 * GAMES} credits, {PEOPLE} people, half of the credits somebody's by what a page says")
            with Store(databases.catalogue_url) as store:
                _time("everybody, the first 50", lambda: find_people(store, "", 50))
                _time("by name, 111 that match", lambda: find_people(store, "Author 77", 200))
                _time("one person", lambda: show_person(store, 10))


def _time(what: str, look: Callable[[], Any]) -> None:
    look()
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        look()
        times.append((time.perf_counter() - begun) * 1000)
    print(f"{what}: median {statistics.median(times):.0f} ms, max {max(times):.0f} ms")


if __name__ == "__main__":
    main()
