"""What a page costs in CPU time, beside Scrapy; what a re-check by 304 costs; what memory many known pages take.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.crawl_cpu [PAGES] [ROUNDS]

Both crawl the same site on loopback (a listing to follow, pages of 20 KB, no delay), read title, description and ten
links, tell whether they changed, and store pages and fields in PostgreSQL. Counted is the CPU time of the crawling
process and its children, and beside it the database's; not that of the site's server. Rounds are interleaved, medians.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections import defaultdict

import psycopg

from game_pipeline_tests.peer_site.catalogues import Catalogues
from game_pipeline_tests.peer_site.pages import game_page
from game_pipeline_tests.peer_site.server import serving

KNOWN = (1_000, 100_000)
DUE = 1_000

_ALL_DUE = "UPDATE source_url_state SET next_check_at = now()"
_KNOW = """
INSERT INTO source_url_state (source, page_key, segment, url, request_url, next_check_at)
SELECT 'peers', n, 'all', 'http://peers.example/game/' || n, 'http://peers.example/game/' || n,
       CASE WHEN n < %(due)s THEN now() ELSE now() + interval '10 days' END
FROM generate_series(0, %(known)s - 1) AS n
"""
_LISTED = "INSERT INTO importer_health (source, listed_at) VALUES ('peers', now())"


def main(pages: int, rounds: int) -> None:
    with Catalogues.running() as catalogues:
        with serving(pages) as origin:
            print(f"{pages} pages of {len(game_page(1, pages))} bytes, {rounds} rounds, CPU seconds per 1,000 pages")
            _compare(catalogues, origin, pages, rounds)
        with serving(max(KNOWN)) as origin:
            _memory(catalogues, origin)


def _compare(catalogues: Catalogues, origin: str, pages: int, rounds: int) -> None:
    client: dict[str, list[float]] = defaultdict(list)
    database: dict[str, list[float]] = defaultdict(list)

    def measure(name: str, module: str, url: str, *arguments: str) -> None:
        before = catalogues.cpu()
        said = _run(module, url, origin, *arguments)
        client[name].append(said["cpu"] * 1000 / pages)
        database[name].append((catalogues.cpu() - before) * 1000 / pages)

    for _ in range(rounds):
        measure("Scrapy, first fetch", "spider", catalogues.theirs())
        url = catalogues.ours()
        measure("ours, first fetch", "ours", url, "first")
        with psycopg.connect(url) as connection:
            _assert_stored(connection, pages)
            connection.execute(_ALL_DUE)
        measure("ours, re-check by 304", "ours", url, "again")
    for name, measured in client.items():
        told = " ".join(f"{seconds:.3f}" for seconds in measured)
        print(
            f"{name}: median {statistics.median(measured):.3f} ({told}); "
            f"the database {statistics.median(database[name]):.3f}"
        )
    theirs, ours, again = map(statistics.median, client.values())
    print(f"ours / Scrapy: {ours / theirs:.2f} (wanted: at most 0.50)")
    print(f"re-check by 304 / our first fetch: {again / ours:.2f} (wanted: at most 0.15)")
    print(f"re-check by 304 / Scrapy's first fetch: {again / theirs:.2f}")


def _assert_stored(connection: psycopg.Connection, pages: int) -> None:
    row = connection.execute("SELECT count(*), (SELECT count(*) FROM record_version) FROM page_snapshot").fetchone()
    assert row == (pages, pages), row


def _memory(catalogues: Catalogues, origin: str) -> None:
    peaks = []
    for known in KNOWN:
        url = catalogues.ours()
        with psycopg.connect(url) as connection:
            connection.execute(_KNOW, {"known": known, "due": DUE})
            connection.execute(_LISTED)
        said = _run("ours", url, origin, "memory")
        peaks.append(said["peak_mb"])
        print(f"{known} known pages, {said['pages_checked']} of them visited: peak memory {said['peak_mb']:.1f} MiB")
    print(f"growth: {peaks[1] - peaks[0]:+.1f} MiB (wanted: flat)")


def _run(module: str, *arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", f"game_pipeline_tests.peer_site.{module}", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return said


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*given, *(2_000, 5)[len(given) :])
