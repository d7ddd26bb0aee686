"""The smaller Russian sites, crawled over HTTP from their replicas and read: every game, and no change where there is
none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from game_pipeline.changes import refresh_records
from game_pipeline.crawl import Visitor, begin_run
from game_pipeline.demo.replicas import Replicas
from game_pipeline.demo.world.shelves import SHELVES
from game_pipeline.parsing import InProcess
from game_pipeline.settings import Settings, SourceSettings
from game_pipeline.sources import get
from game_pipeline.store import Store
from game_pipeline_tests.crawl.conftest import Crawler

SITES = tuple(SHELVES)


@pytest.fixture
def sites() -> Iterator[Replicas]:
    with Replicas(sites=SITES) as running:
        yield running


def _import(crawler: Crawler, sites: Replicas, name: str, run: int) -> tuple[Counter[str], Counter[str]]:
    """What an import of all games came to: pages by outcome, records by change."""
    store, source = crawler.store, get(name)
    segments = [key for key in source.segment_keys() if key != source.people]
    settings = Settings(sources={name: SourceSettings(min_delay=0)})
    run_id = f"{name} {run}"
    begin_run(store, run_id, name, segments, full=True)
    visitor = Visitor(store, crawler.make(routes=sites.routes), source, settings, run_id)
    visitor.walk_listing()
    pages: Counter[str] = Counter()
    records: Counter[str] = Counter()
    for report in visitor.visit(segments, full=True):
        assert report.failed is None, report
        pages += report.counts
        read = refresh_records(store, source, run_id, report.segment, InProcess())
        assert read.problems == []
        records += read.counts
    return pages, records


def _live(store: Store, name: str) -> int:
    row = store.row("SELECT count(*) AS n FROM source_record WHERE source = %s AND state = 'live'", (name,))
    return row["n"] if row else 0


@pytest.mark.parametrize("name", SITES)
def test_a_site_is_imported_in_full_and_its_noise_is_no_news(name: str, crawler: Crawler, sites: Replicas) -> None:
    if name == "plut":
        sites.switch(name, "agents")  # lets in whoever calls himself as curl does
    _, records = _import(crawler, sites, name, 1)
    assert records["records_new"] == _live(crawler.store, name) == len(SHELVES[name])
    sites.set_day(2)
    pages, records = _import(crawler, sites, name, 2)
    assert pages["pages_checked"] > 0
    assert pages["pages_failed"] == 0
    assert not {change for change in records if change in ("records_new", "records_changed", "records_vanished")}
    if name == "rilarhiv":  # static pages have validators
        assert pages["pages_not_modified"] == pages["pages_checked"]
