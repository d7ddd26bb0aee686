"""What it costs to read a page, source by source: CPU time of a page of 20 KB, scan and mending included.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.sources_parse

The pages are those that the replicas serve, made 20 KB long as real ones are: with a longer description of their first
game and, in HTML, as much in menus and comments around it. What is longer is scaled down; where a page has no
description it stays as it is. Wanted: at most 2 ms on average over all sources.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

from game_pipeline.demo.replicas.registry import REPLICAS
from game_pipeline.model import GameRecord
from game_pipeline.parsing.reading import Job, read
from game_pipeline.sources import SOURCES, Source
from game_pipeline_tests.sources.replica_walk import Walk

__all__ = ["main"]

WANTED_MS = 2.0
PAGE = 20_000
ROUNDS = 7
MOST_PAGES = 12
_SENTENCES = {
    True: "Дверь заперта, ключ лежит под камнем у колодца, а сторож спит до полудня. ",
    False: "The door is locked, the key lies under a stone by the well, and the guard sleeps until noon. ",
}
# How a page may write what its record says.
_WAYS: tuple[Callable[[str], bytes], ...] = (
    str.encode,
    lambda text: text.encode("cp1251", "ignore"),
    lambda text: json.dumps(text)[1:-1].encode(),
)
_CHROME = (
    '<div class="teaser"><a href="/games/view?id={0}&amp;from=menu" title="Game {0} of the library">Game {0}</a>'
    "<p>Read, rated and discussed by the players of this site since its early days.</p></div>\n"
)


def main() -> None:
    found = {}
    for name, source in SOURCES.items():
        if name in REPLICAS:
            found[name] = _cost(source, Walk(name))
    mean = statistics.mean(found.values())
    verdict = "met" if mean <= WANTED_MS else "MISSED"
    print(f"mean of {len(found)} sources: {mean:.2f} ms, wanted {WANTED_MS:g} ms: {verdict}")
    slow = [f"{name} ({cost:.2f} ms)" for name, cost in found.items() if cost > WANTED_MS]
    print(f"above it alone: {', '.join(slow) or 'none'}")


def _cost(source: Source, site: Walk) -> float:
    """Milliseconds of CPU for a page; prints them."""
    keys = list(site.pages)[:MOST_PAGES]
    jobs = []
    for key in keys:
        records = site.records[key]
        body = _grown(site.bodies[key], records[0]) if records else site.bodies[key]
        jobs.append(Job("parse", site.pages[key].url, body, key=key))
    for job in jobs:
        read(source, job)
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for job in jobs:
            read(source, job)
        times.append(time.process_time() - begun)
    length = sum(len(job.body) for job in jobs) / len(jobs)
    cost = min(times) * 1000 / len(jobs) * min(1.0, PAGE / length)
    a_page = sum(len(site.records[key]) for key in keys) / len(jobs)
    print(f"{source.name:16} {cost:6.2f} ms CPU ({len(jobs)} pages of {length:.0f} bytes, {a_page:.1f} records a page)")
    return cost


def _grown(body: bytes, record: GameRecord) -> bytes:
    """The page of a game, 20 KB long."""
    if b"</body>" in body:
        chrome = "".join(_CHROME.format(number) for number in range(PAGE))[: max(0, PAGE - len(body)) // 2]
        body = body.replace(b"</body>", chrome.encode() + b"</body>", 1)
    if not record.descriptions:
        return body
    said = record.descriptions[0].text
    filler = _SENTENCES[not said.isascii()]
    for start in range(0, 120, 20):
        for encode in _WAYS:
            if (place := body.find(encode(said[start : start + 12]))) > 0:
                sentence = encode(filler)
                return body[:place] + sentence * max(0, (PAGE - len(body)) // len(sentence)) + body[place:]
    return body


if __name__ == "__main__":
    main()
