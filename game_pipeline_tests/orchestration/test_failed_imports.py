"""An import that failed: what is red in the UI, and what turns green again by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from game_pipeline.demo.replicas import Replicas
from game_pipeline.orchestration.resources import Pipeline
from game_pipeline.sources import SOURCES
from game_pipeline.store import Store

from .pipelines import Line

SITE = "instead_games"
PAGES, RECORDS = (dg.AssetKey([group, SITE]) for group in ("sources", "records"))
SEGMENTS = SOURCES[SITE].segment_keys()


@pytest.fixture
def site() -> Iterator[Replicas]:
    with Replicas(day=1) as replicas:
        yield replicas


@pytest.fixture
def line(store: Store, tmp_path: Path, site: Replicas) -> Line:
    opened = Line(store, tmp_path, site.routes)
    assert opened.import_source(SITE, full=True).success
    return opened


def test_records_that_no_failed_import_refreshed_are_read_by_the_next_tick(line: Line, site: Replicas) -> None:
    assert isinstance(_tick(line), dg.SkipReason)
    site.stop()
    result = line.import_source(SITE, full=True)
    assert not result.success
    assert _red(line, PAGES) == _red(line, RECORDS) == set(SEGMENTS)
    tick = _tick(line)
    assert isinstance(tick, dg.SensorResult)
    assert tick.run_requests
    assert tick.run_requests[0].tags["dagster/asset_partition_range_start"] == SEGMENTS[0]
    assert tick.run_requests[0].tags["dagster/asset_partition_range_end"] == SEGMENTS[-1]
    assert line.read_source(SITE).success
    assert (_red(line, PAGES), _red(line, RECORDS)) == (set(SEGMENTS), set())
    assert isinstance(_tick(line), dg.SkipReason)


def test_reading_that_fails_is_not_started_again_at_every_tick(line: Line, store: Store) -> None:
    store.execute("UPDATE source_url_state SET parsed_version = NULL")
    # Two ticks may lie on both sides of a change of the ten minutes; three neighbours never differ twice.
    keys = [
        tick.run_requests[0].run_key
        for tick in (_tick(line) for _ in range(3))
        if isinstance(tick, dg.SensorResult) and tick.run_requests
    ]
    assert len(keys) == 3
    assert len(set(keys)) < 3


def test_a_failed_segment_carries_the_reason(line: Line, site: Replicas) -> None:
    site.stop()
    result = line.import_source(SITE, full=True)
    failure = next(event for event in result.all_events if event.is_step_failure).step_failure_data
    assert failure.user_failure_data
    assert "instead-games.ru" in str(failure.user_failure_data.description)
    observed = line.instance.fetch_observations(PAGES, limit=10).records
    assert {record.partition_key for record in observed} == set(SEGMENTS)
    for record in observed:
        observation = record.asset_observation
        assert observation
        assert observation.metadata["not_done"].value


def _tick(line: Line) -> object:
    sensor = line.defs.get_repository_def().get_sensor_def(f"read_{SITE}_pages")
    with Pipeline(line.settings) as pipeline:
        context = dg.build_sensor_context(
            instance=line.instance, definitions=line.defs, resources={"pipeline": pipeline}
        )
        return sensor(context)


def _red(line: Line, key: dg.AssetKey) -> set[str]:
    partitions = dg.StaticPartitionsDefinition(list(SEGMENTS))
    status = line.instance.get_status_by_partition(key, list(SEGMENTS), partitions) or {}
    return {segment for segment, state in status.items() if state is not None and state.value == "FAILED"}
