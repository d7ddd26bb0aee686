"""What it costs to read a page in a process that can be killed: each source's page read here, and by a worker.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.parse_workers

The pages are those of the demo's sites on day 1; each is read ten times either way.
"""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from game_pipeline.demo.replicas import SITES, Replicas
from game_pipeline.parsing import InProcess, Parser, Workers
from game_pipeline.sources import SOURCES, Page, ParseError, Response, Source

ROUNDS = 10


def main() -> None:
    with Replicas(day=1) as replicas:
        pages = [(source, page) for source, page in _pages(replicas) if _is_read(source, page)]
    with Workers() as workers:
        begun = time.perf_counter()
        workers.parse(*pages[0])
        print(f"first page, with the start of a worker: {(time.perf_counter() - begun) * 1000:.0f} ms")
        for source, page in pages:
            assert workers.parse(source, page) == InProcess().parse(source, page)
    added = []
    for name, group in groupby(pages, lambda each: each[0].name):
        own = list(group)
        here, here_cpu = _measure(InProcess(), own)
        there, there_cpu = _measure(Workers(), own)
        added += [one - other for one, other in zip(there, here, strict=True)]
        print(
            f"{name}: {len(own)} pages of {statistics.median(len(page.body) for _, page in own):.0f} bytes: "
            f"here {statistics.median(here):.2f} ms (CPU {here_cpu:.2f} ms), "
            f"in a worker {statistics.median(there):.2f} ms (CPU {there_cpu:.2f} ms)"
        )
    print(f"added a page: median {statistics.median(added):.2f} ms")


def _measure(parser: Parser, pages: list[tuple[Source, Page]]) -> tuple[list[float], float]:
    """The best time for each page, and the CPU time a page of this process and its worker, in milliseconds.

    The best, as it is the work that is measured and not who else is at the machine.
    """
    for page in pages:
        parser.parse(*page)
    best = [math.inf] * len(pages)
    with parser:
        before = _cpu(parser)
        for _ in range(ROUNDS):
            for number, page in enumerate(pages):
                begun = time.perf_counter()
                parser.parse(*page)
                best[number] = min(best[number], (time.perf_counter() - begun) * 1000)
        used = _cpu(parser) - before
    return best, used * 1000 / (ROUNDS * len(pages))


def _cpu(parser: Parser) -> float:
    """Seconds of CPU that this process and its workers have used."""
    ticks = 0
    for pid in parser.pids() if isinstance(parser, Workers) else ():
        ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _is_read(source: Source, page: Page) -> bool:
    try:
        return bool(InProcess().parse(source, page))
    except ParseError:  # one page of the demo is malformed
        return False


def _pages(replicas: Replicas) -> Iterator[tuple[Source, Page]]:
    """Whatever pages the listings name, as the sites send them."""
    for name in SITES:
        source = SOURCES[name]
        found = list(source.fixed_pages())
        queue = list(source.listing())
        while queue:
            request = queue.pop()
            listing = source.parse_listing(Response(request.url, 200, _get(replicas, name, request.url)))
            found += listing.pages
            queue += listing.next
        for ref in found:
            if body := _get(replicas, name, ref.request.url):
                yield source, Page(url=ref.url, body=body, key=ref.key)


def _get(replicas: Replicas, site: str, url: str) -> bytes:
    parts = urlsplit(url)
    reply = replicas.reply(site, f"{parts.path}?{parts.query}" if parts.query else parts.path)
    return reply.body if reply.status == 200 else b""


if __name__ == "__main__":
    main()
