"""What is lost where a crawl is killed again and again: ours, and Scrapy's with its job directory, on the same site.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.crawl_kills [PAGES] [KILLS]

Every process is ended by SIGKILL once the crawl has come to a point drawn by chance, and the next one goes on; the last
is let end. Scrapy is also killed just once, half way; its pipeline commits every item, so that only what its own queue
loses is counted. A process that ends by itself takes the crawl to be done.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg

from game_pipeline_tests.peer_site.catalogues import Catalogues
from game_pipeline_tests.peer_site.kills import kill_at, run_module
from game_pipeline_tests.peer_site.server import serving

SEED = 20261126


def main(pages: int, kills: int) -> None:
    print(f"{pages} pages, {kills} kills (seed {SEED})")
    with Catalogues.running() as catalogues, serving(pages) as origin:
        _ours(catalogues.ours(), origin, pages, kills)
        for points in (random.Random(SEED).sample(range(pages), kills), [pages // 2]):
            with tempfile.TemporaryDirectory(prefix="job-", dir="/tmp") as job:
                _theirs(catalogues.theirs(), origin, pages, points, Path(job))


def _ours(url: str, origin: str, pages: int, kills: int) -> None:
    chance = random.Random(SEED)
    runs = iter(range(kills + 1))
    with psycopg.connect(url, autocommit=True) as connection:

        def progress() -> int:
            return _number(
                connection,
                "SELECT (SELECT count(*) FROM source_url_state) + (SELECT count(*) FROM page_snapshot) "
                "+ (SELECT count(*) FROM record_version)",
            )

        points = chance.sample(range(3 * pages), kills)
        reached = kill_at(points, lambda: run_module("ours", url, origin, f"run {next(runs)}"), progress, chance)
        run_module("ours", url, origin, "last").wait(600)
        stored = _number(connection, "SELECT count(DISTINCT page_id) FROM page_snapshot")
        twice = _number(connection, "SELECT count(*) FROM page_snapshot") - stored
        read = _number(connection, "SELECT count(DISTINCT record_id) FROM record_version")
        twice += _number(connection, "SELECT count(*) FROM record_version") - read
        _tell("ours", reached, pages, min(stored, read), twice)


def _theirs(url: str, origin: str, pages: int, points: Sequence[int], job: Path) -> None:
    chance = random.Random(SEED)
    with psycopg.connect(url, autocommit=True) as connection:

        def progress() -> int:
            return _number(connection, "SELECT count(*) FROM page")

        arguments = ("spider", url, origin, "--job", str(job), "--batch", "1")
        reached = kill_at(points, lambda: run_module(*arguments), progress, chance)
        run_module(*arguments).wait(600)
        twice = _number(connection, "SELECT coalesce(sum(stored - 1), 0)::int FROM page")
        _tell(f"Scrapy with JOBDIR, of {len(points)} to come", reached, pages, progress(), twice)


def _number(connection: psycopg.Connection, statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    return int(row[0]) if row else 0


def _tell(name: str, reached: Sequence[int], pages: int, stored: int, twice: int) -> None:
    print(f"{name}: killed {len(reached)} times, {stored} of {pages} pages, {pages - stored} lost, {twice} done twice")


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*given, *(2_000, 50)[len(given) :])
