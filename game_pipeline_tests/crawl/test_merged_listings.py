"""A listing that IFDB merges into another as a duplicate, from the site's replica over HTTP to the catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from game_pipeline.catalog import Curator
from game_pipeline.changes import refresh_records
from game_pipeline.crawl import Visitor, begin_run
from game_pipeline.demo.replicas import MERGED, Replicas
from game_pipeline.matching import name_key, title_key
from game_pipeline.merging import MergePolicy
from game_pipeline.parsing import InProcess
from game_pipeline.settings import Settings, SourceSettings
from game_pipeline.sources import get
from game_pipeline_tests.crawl.conftest import Crawler

IFDB = get("ifdb")
[(OLD, NEW)] = MERGED.items()


class Imports:
    def __init__(self, crawler: Crawler, site: Replicas) -> None:
        self.store = crawler.store
        self.client = crawler.make(routes=site.routes)
        self.settings = Settings(sources={"ifdb": SourceSettings(min_delay=0)})
        self.runs = 0
        self.order = (OLD[0], NEW[0])

    def everything(self, *, listing: bool = True) -> Counter[str]:
        """The two segments in question, imported in full and taken in; the records by change."""
        self.runs += 1
        run_id, segments = f"run {self.runs}", (OLD[0], NEW[0])
        begin_run(self.store, run_id, "ifdb", segments, full=True)
        visitor = Visitor(self.store, self.client, IFDB, self.settings, run_id)
        if listing:
            visitor.walk_listing()
        visitor.visit(segments, full=True)
        return self._read(run_id)

    def address(self, url: str) -> Counter[str]:
        self.runs += 1
        run_id = f"run {self.runs}"
        begin_run(self.store, run_id, "ifdb", IFDB.segment_keys(), full=False)
        visitor = Visitor(self.store, self.client, IFDB, self.settings, run_id)
        keys = [page.key for page in visitor.locate([url])]
        visitor.visit((OLD[0], NEW[0]), full=False, only=keys)
        return self._read(run_id)

    def _read(self, run_id: str) -> Counter[str]:
        counts: Counter[str] = Counter()
        for segment in self.order:
            counts += refresh_records(self.store, IFDB, run_id, segment, InProcess()).counts
        curator = Curator(self.store, {"ifdb": 20}, MergePolicy(title_key=title_key, person_key=name_key), run_id)
        match, revised = curator.match_pending(), curator.revise_pending()
        assert not match.failed + revised.failed
        return Counter({name: n for name, n in counts.items() if name in ("records_new", "records_vanished")})

    def page(self, tuid: str) -> tuple[str, bool]:
        row = self.store.row(
            "SELECT outcome, next_check_at < 'infinity' AS visited FROM source_url_state WHERE page_key = %s", (tuid,)
        )
        assert row is not None
        return row["outcome"], row["visited"]

    def games(self) -> list[tuple[str, str, list[str]]]:
        """Games that are not merged into others: title, state, and the records (a minus: vanished)."""
        rows = self.store.rows(
            "SELECT game.state->>'title' AS title, status, "
            "array_agg(CASE record.state WHEN 'live' THEN '' ELSE '-' END || identity ORDER BY identity) AS records "
            "FROM game JOIN match_decision AS decision USING (game_id) JOIN source_record AS record USING (record_id) "
            "WHERE decision.ended_at IS NULL AND identity IN (%s, %s) GROUP BY game_id",
            (OLD, NEW),
        )
        return sorted((row["title"], row["status"], row["records"]) for row in rows)

    def open_questions(self) -> int:
        row = self.store.row("SELECT count(*) AS n FROM review_item WHERE state = 'open'")
        return row["n"] if row else -1


@pytest.fixture
def site() -> Iterator[Replicas]:
    with Replicas(sites=("ifdb",)) as running:
        running.switch("ifdb", "duplicates")
        yield running


@pytest.fixture
def imports(crawler: Crawler, site: Replicas) -> Imports:
    return Imports(crawler, site)


@pytest.mark.parametrize("order", [(OLD[0], NEW[0]), (NEW[0], OLD[0])], ids=["the old one first", "the old one last"])
def test_a_listing_merged_into_another_ends_as_one_game_that_knows_both_ids(
    imports: Imports, site: Replicas, order: tuple[str, str]
) -> None:
    imports.order = order
    imports.everything()
    assert imports.open_questions() == 1  # two pages of one source: the same game?
    site.switch("ifdb", "duplicates", on=False)
    assert imports.everything() == {"records_vanished": 1}
    assert imports.games() == [("Curses", "active", [f"-{OLD}", NEW])]
    assert imports.open_questions() == 0
    assert imports.page(OLD) == ("moved", False)
    tuids = [f"tuid:{OLD}", f"tuid:{NEW}"]
    known = imports.store.rows("SELECT DISTINCT key FROM game_match_key WHERE key = ANY(%s) ORDER BY key", (tuids,))
    assert [row["key"] for row in known] == tuids
    site.clear_log()
    assert imports.everything() == {}


def test_a_merged_listing_that_is_listed_still_is_believed_at_the_second_look(imports: Imports, site: Replicas) -> None:
    imports.everything()
    site.switch("ifdb", "duplicates", on=False)
    assert imports.everything(listing=False) == {}
    assert imports.page(OLD)[1]
    assert imports.everything(listing=False) == {"records_vanished": 1}
    assert imports.page(OLD) == ("moved", False)
    site.switch("ifdb", "duplicates")
    imports.everything()
    assert imports.page(OLD)[1]


def test_the_address_of_a_merged_listing_brings_the_game_that_stayed(imports: Imports, site: Replicas) -> None:
    site.switch("ifdb", "duplicates", on=False)
    assert imports.address(f"https://ifdb.org/viewgame?id={OLD}") == {"records_new": 1}
    assert imports.games() == [("Curses", "active", [NEW])]
    assert imports.everything() == {"records_new": len(_there(site)) - 1}
    row = imports.store.row(
        "SELECT page_key FROM source_record JOIN source_url_state USING (page_id) WHERE identity = %s", (NEW,)
    )
    assert row == {"page_key": NEW}


def _there(site: Replicas) -> list[str]:
    return [entry.tuid for entry in site.world.ifdb if entry.tuid[0] in (OLD[0], NEW[0])]
