"""One import of the site as a run does it, in a process of its own: `python -m game_pipeline_tests.peer_site.ours URL
ORIGIN RUN`.

It walks the listing where that is due, visits what is due, reads it into records and plans the next visits. Prints a
line of JSON: pages, and CPU seconds with those of the parse workers; what is loaded and started before does not count.
"""

from __future__ import annotations

import json
import sys
from collections import Counter

from game_pipeline.changes import refresh_records
from game_pipeline.crawl import Client, Visitor, begin_run, finish_run, replan, source_lock
from game_pipeline.parsing import Parser, Workers, open_parser
from game_pipeline.settings import CrawlSettings, Settings
from game_pipeline.sources import Page
from game_pipeline.store import Store

from .cpu import own_cpu, peak_mb
from .pages import game_page
from .source import HOST, PeerSource

__all__ = ["main"]


def main(url: str, origin: str, run_id: str) -> None:
    settings = Settings(crawl=CrawlSettings(routes={HOST: origin}))
    source = PeerSource()
    with Store(url) as store, Client(store, settings.crawl) as client, open_parser(settings.parse) as parser:
        _start(store, parser, source)
        begun = _cpu(parser)
        with source_lock(store, source.name, run_id) as hold:
            begin_run(store, run_id, source.name, source.segment_keys(), full=False)
            visitor = Visitor(store, client, source, settings, run_id, parser=parser, hold=hold)
            counts = _import(store, visitor, parser, source, settings)
        print(json.dumps({"cpu": _cpu(parser) - begun, "peak_mb": peak_mb(), **counts}), flush=True)


def _start(store: Store, parser: Parser, source: PeerSource) -> None:
    """What every run pays once, however much it does."""
    store.row("SELECT 1")
    parser.parse(source, Page("http://peers.example/game/0", game_page(0, 1), key="0"))


def _import(store: Store, visitor: Visitor, parser: Parser, source: PeerSource, settings: Settings) -> Counter[str]:
    counts: Counter[str] = Counter()
    if visitor.listing_due(full=False):
        counts += visitor.walk_listing()
    failed = None
    for report in visitor.visit(source.segment_keys(), full=False):
        counts += report.counts
        failed = failed or report.failed
    for segment in source.segment_keys():
        counts += refresh_records(store, source, visitor.run_id, segment, parser).counts
    replan(store, source, settings)
    finish_run(store, visitor.run_id, source.name, failed=failed, records=counts)
    return counts


def _cpu(parser: Parser) -> float:
    return own_cpu(parser.pids() if isinstance(parser, Workers) else ())


if __name__ == "__main__":
    main(*sys.argv[1:4])
