"""Sites with pages about their authors, imported and taken in without the jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from game_pipeline.catalog import Curator
from game_pipeline.changes import RecordsReport, refresh_records
from game_pipeline.crawl import Visitor, begin_run, note_people
from game_pipeline.demo.replicas import Replicas
from game_pipeline.matching import name_key, title_key
from game_pipeline.merging import MergePolicy
from game_pipeline.parsing import InProcess
from game_pipeline.people import refresh_people
from game_pipeline.settings import Settings, SourceSettings
from game_pipeline.sources import get
from game_pipeline_tests.crawl.conftest import Crawler

__all__ = ["SITES", "Pipeline"]

SITES = ("ifwiki_ru", "apero")


class Pipeline:
    """Imports from replicas on a day, into the catalogue."""

    def __init__(self, crawler: Crawler, sites: Replicas) -> None:
        self.store = crawler.store
        self.client = crawler.make(routes=sites.routes)
        self.settings = Settings(sources={name: SourceSettings(min_delay=0) for name in SITES})
        self.runs = 0

    def visitor(self, name: str) -> Visitor:
        self.runs += 1
        begin_run(self.store, f"run {self.runs}", name, get(name).segment_keys(), full=False)
        return Visitor(self.store, self.client, get(name), self.settings, f"run {self.runs}")

    def games(self, name: str) -> Counter[str]:
        """The listing, every page of a game that is due, and whom those credit."""
        visitor, source = self.visitor(name), get(name)
        visitor.walk_listing()
        return self._visit(visitor, name, [key for key in source.segment_keys() if key != source.people])

    def people(self, name: str) -> Counter[str]:
        people = get(name).people
        assert people is not None
        return self._visit(self.visitor(name), name, [people])

    def _visit(self, visitor: Visitor, name: str, segments: list[str]) -> Counter[str]:
        source, counts = get(name), Counter[str]()
        for report in visitor.visit(segments, full=False):
            assert report.failed is None, report
            counts += report.counts
        for read in self.read(name, visitor.run_id, segments):
            assert read.problems == []
            counts += read.counts
        note_people(self.store, source)
        return counts

    def read(self, name: str, run_id: str, segments: Iterable[str]) -> list[RecordsReport]:
        return [refresh_records(self.store, get(name), run_id, segment, InProcess()) for segment in segments]

    def take_in(self) -> None:
        policy = MergePolicy(title_key=title_key, person_key=name_key)
        curator = Curator(self.store, {name: get(name).policy.priority for name in SITES}, policy, "catalogue")
        matched, revised = curator.match_pending(), curator.revise_pending()
        assert not matched.failed + revised.failed
        refresh_people(self.store, "catalogue")

    def n(self, query: str, *values: Any) -> int:
        row = self.store.row(f"SELECT count(*) AS n FROM {query}", values)
        assert row is not None
        return int(row["n"])

    def page(self, key: str) -> dict[str, Any]:
        row = self.store.row("SELECT * FROM source_url_state WHERE page_key = %s", (key,))
        assert row is not None
        return row
