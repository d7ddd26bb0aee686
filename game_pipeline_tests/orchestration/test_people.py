"""People through the real jobs: an import fetches whom its games credit, and the catalogue takes them in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from game_pipeline.demo.replicas import Replicas
from game_pipeline.orchestration.importing import import_source
from game_pipeline.orchestration.people import PEOPLE
from game_pipeline.orchestration.resources import Pipeline
from game_pipeline.sources import SOURCES
from game_pipeline.store import Store
from game_pipeline_tests.orchestration.pipelines import Line

AUTHORS = "authors"
APERO = SOURCES["apero"]


@pytest.fixture
def line(store: Store, tmp_path: Path) -> Iterator[Line]:
    with Replicas(sites=["apero"]) as site:
        yield Line(store, tmp_path, site.routes)


def authors(store: Store) -> list[str]:
    rows = store.rows("SELECT identity FROM source_record WHERE subject = 'person' ORDER BY identity")
    return [row["identity"] for row in rows]


def test_an_import_ends_with_the_pages_of_those_whom_it_has_come_to_know(line: Line, store: Store) -> None:
    outcome = import_source(line.defs, line.instance, store, APERO, full=True)
    assert (outcome.status, outcome.failed) == ("done", [])
    assert len(outcome.run_ids) == 2
    assert outcome.counts["pages_gone"] == 1
    assert len(authors(store)) == 5
    again = import_source(line.defs, line.instance, store, APERO)
    assert (len(again.run_ids), again.counts["pages_checked"]) == (1, 0)


def test_people_have_a_partition_of_their_own_and_their_pages_reach_the_catalogue(line: Line, store: Store) -> None:
    games = [key for key in APERO.segment_keys() if key != AUTHORS]
    assert line.import_source("apero", full=True, segments=games).success
    assert authors(store) == []
    assert line.import_source("apero", segments=[AUTHORS]).success
    made = line.instance.get_materialized_partitions(dg.AssetKey(["records", "apero"]))
    assert AUTHORS in made
    result = line.reconcile()
    assert result.success
    (people,) = [event for event in result.get_asset_materialization_events() if event.asset_key == PEOPLE]
    assert people.materialization.metadata["pages_taken_in"].value == 4, "five, and one is nobody's"
    games_made = store.row(
        "SELECT count(*) AS n, (SELECT count(*) FROM source_record WHERE subject = 'game') AS of FROM game"
    )
    assert games_made is not None
    assert games_made["n"] == games_made["of"]


def test_a_changed_page_of_somebody_starts_the_catalogue_s_job_by_itself(line: Line, store: Store) -> None:
    def tick() -> object:
        with Pipeline(line.settings) as pipeline:
            context = dg.build_sensor_context(
                instance=line.instance, definitions=line.defs, resources={"pipeline": pipeline}
            )
            return line.defs.get_repository_def().get_sensor_def("reconcile_when_records_wait")(context)

    assert line.import_source("apero", full=True).success
    assert line.reconcile().success
    assert isinstance(tick(), dg.SkipReason)
    outcome = import_source(line.defs, line.instance, store, APERO, segments=[AUTHORS])
    assert outcome.counts["records_new"] == 5
    started = tick()
    assert isinstance(started, dg.SensorResult)
    assert started.run_requests
    assert line.reconcile().success
    assert isinstance(tick(), dg.SkipReason)


def test_the_address_of_an_author_is_imported_on_demand(line: Line, store: Store) -> None:
    outcome = import_source(line.defs, line.instance, store, APERO, urls=["https://apero.ru/Участники/gloomy"])
    assert outcome.status == "done"
    assert authors(store) == ["Участники/gloomy"]
