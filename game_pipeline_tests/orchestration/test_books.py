"""The books of a run in every way that it can go: opened once, closed once, and true."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from game_pipeline.crawl import SegmentReport, Visitor, read_health, run_status
from game_pipeline.demo.replicas import IFDB, Replicas
from game_pipeline.orchestration.build import build_defs
from game_pipeline.orchestration.importing import import_source
from game_pipeline.settings import SourceSettings
from game_pipeline.sources import SOURCES
from game_pipeline.store import Store

from .pipelines import Line

PAGES = dg.AssetKey(["sources", IFDB])


@pytest.fixture
def site() -> Iterator[Replicas]:
    with Replicas(day=1) as replicas:
        yield replicas


@pytest.fixture
def line(store: Store, tmp_path: Path, site: Replicas) -> Line:
    opened = Line(store, tmp_path, site.routes)
    opened.settings.sources[IFDB] = SourceSettings(min_delay=0, asset_retries=2, asset_retry_delay=0)
    opened.defs = build_defs(opened.settings)
    return opened


def test_a_site_that_is_down_is_tried_as_often_as_said_and_the_books_are_closed_once(
    line: Line, site: Replicas, store: Store
) -> None:
    site.fail(IFDB, 503)
    result = line.import_source(IFDB, full=True)
    assert not result.success
    assert len([event for event in result.all_events if event.is_step_up_for_retry]) == 2
    assert (_ends(store), run_status(store, result.run_id)) == (["failed"], "failed")
    assert read_health(store, IFDB).consecutive_failures == 1


def test_an_attempt_that_mends_what_failed_reports_the_whole_run(line: Line, site: Replicas, store: Store) -> None:
    pages = [page.path for page in _seen_in_an_import(line, site)]
    store.execute("UPDATE source_url_state SET next_check_at = now()")
    site.fail(IFDB, 503, pages[-1].partition("id=")[2])
    attempts: list[int] = []

    real = Visitor.visit

    def visit(visitor: Visitor, segments: Sequence[str], **options: Any) -> list[SegmentReport]:
        attempts.append(1)
        if len(attempts) == 2:
            site.heal(IFDB)
        return real(visitor, segments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Visitor, "visit", visit)
        result = line.import_source(IFDB)
    assert result.success
    assert (len(attempts), _ends(store)) == (2, ["done", "done"])
    counts = store.row("SELECT counts FROM import_run WHERE run_id = %s", (result.run_id,))
    assert counts
    assert counts["counts"]["pages_checked"] == len(pages)
    assert "pages_failed" not in counts["counts"]


def test_a_run_says_how_far_it_is_while_it_goes_on(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("game_pipeline.crawl.visit.TELL_EVERY", 0.0)
    result = line.import_source(IFDB)
    run = line.instance.get_run_by_id(result.run_id)
    assert run
    assert re.fullmatch(r"34 of 34 pages, [0-9.]+ a minute, done about [0-9-]+ [0-9:]+ UTC", run.tags["progress"])
    made = line.instance.fetch_materializations(PAGES, limit=100).records
    told = [record.asset_materialization.metadata for record in made if record.asset_materialization]
    rates = [metadata["pages_per_minute"].value for metadata in told if "pages_per_minute" in metadata]
    assert rates  # segments without a page have none
    assert all(float(str(rate)) > 0 for rate in rates)


def test_a_run_launched_for_the_pages_alone_closes_its_books(line: Line, store: Store) -> None:
    job = line.defs.resolve_job_def(f"import_{IFDB}")
    result = job.execute_in_process(
        instance=line.instance, asset_selection=[PAGES], partition_key=SOURCES[IFDB].segment_keys()[0]
    )
    assert result.success
    assert (_ends(store), run_status(store, result.run_id)) == (["done"], "done")


@pytest.mark.parametrize("asset", ["sources", "records"])
def test_a_defect_closes_the_books_and_makes_the_source_rest(
    line: Line, store: Store, monkeypatch: pytest.MonkeyPatch, asset: str
) -> None:
    def defect(*_: object) -> None:
        raise KeyError("a defect")

    if asset == "sources":
        monkeypatch.setattr(Visitor, "walk_listing", defect)
    else:
        monkeypatch.setattr("game_pipeline.orchestration.source_records.refresh_records", defect)
    result = line.import_source(IFDB)
    assert not result.success
    assert (_ends(store), run_status(store, result.run_id)) == (["failed"], "failed")
    assert read_health(store, IFDB).waiting


def test_an_import_by_address_fetches_its_page_and_reports_its_segment_alone(
    line: Line, site: Replicas, store: Store
) -> None:
    seen = _seen_in_an_import(line, site)
    tuid = seen[0].path.partition("id=")[2].partition("&")[0]
    store.execute("UPDATE source_url_state SET next_check_at = now()")
    with store.transaction() as connection:
        connection.execute(
            b"INSERT INTO import_task (page_id, source, segment, reason) SELECT page_id, source, segment, 'due' "
            b"FROM source_url_state WHERE page_key <> %s",
            (tuid,),
        )
    before = len(site.log)
    outcome = import_source(line.defs, line.instance, store, SOURCES[IFDB], urls=[_address(tuid)])
    assert (outcome.failed, outcome.counts["pages_checked"]) == ([], 1)
    assert [tuid in page.path for page in list(site.log)[before:] if page.path != "/robots.txt"] == [True]
    newest = line.instance.fetch_materializations(PAGES, limit=100).records
    reported = [record.partition_key for record in newest if record.run_id == outcome.run_ids[0]]
    assert reported == [SOURCES[IFDB].segment_of(tuid)]


def test_an_address_outside_the_segments_of_a_run_is_refused(line: Line) -> None:
    tuid = "0dbnusxunq7fw5ro"
    other = next(key for key in SOURCES[IFDB].segment_keys() if key != SOURCES[IFDB].segment_of(tuid))
    result = line.import_source(IFDB, segments=[other], urls=[_address(tuid)])
    failure = next(event for event in result.all_events if event.is_step_failure).step_failure_data
    assert failure.user_failure_data
    assert "does not cover" in str(failure.user_failure_data.description)


def _address(tuid: str) -> str:
    return f"https://ifdb.org/viewgame?id={tuid}"


def test_a_run_started_again_by_dagster_fetches_nothing_that_was_fetched_for_it_meanwhile(
    line: Line, site: Replicas
) -> None:
    first = line.import_source(IFDB, full=True)
    parent = {"dagster/parent_run_id": first.run_id}

    def requests_of(tags: dict[str, str]) -> int:
        before = len(site.log)
        assert line.import_source(IFDB, full=True, tags=tags).success
        return len([seen for seen in list(site.log)[before:] if seen.site == IFDB and "viewgame" in seen.path])

    assert requests_of(parent | {"dagster/retry_number": "1"}) == 0
    assert requests_of(parent) == 34, "executed again by a person"


def _seen_in_an_import(line: Line, site: Replicas) -> list[Any]:
    """The requests for pages that a whole import makes."""
    assert line.import_source(IFDB).success
    return [seen for seen in site.log if seen.site == IFDB and "viewgame" in seen.path]


def _ends(store: Store) -> list[str]:
    rows = store.rows("SELECT payload FROM import_event WHERE event_type = 'import.finished' ORDER BY position")
    return [row["payload"]["status"] for row in rows]
