"""Stored pages: read again without a request, stale where their parser is newer, and kept within limits each day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from game_pipeline.demo.replicas import Replicas
from game_pipeline.orchestration.build import build_defs
from game_pipeline.settings import RawSettings, SourceSettings
from game_pipeline.sources import SOURCES
from game_pipeline.store import Store

from .pipelines import Line

NAME = "instead_games"


@pytest.fixture
def site() -> Iterator[Replicas]:
    with Replicas(day=1) as replicas:
        yield replicas


@pytest.fixture
def line(store: Store, tmp_path: Path, site: Replicas) -> Line:
    opened = Line(store, tmp_path, site.routes)
    assert opened.import_source(NAME, full=True).success
    return opened


def test_a_newer_parser_makes_its_records_stale_and_nothing_else_and_reading_mends_it_without_a_request(
    line: Line, site: Replicas, store: Store
) -> None:
    assert line.reconcile().success
    assert _stale(line, line.defs) == set()

    class Newer(type(SOURCES[NAME])):  # type: ignore[misc]
        parser_version = SOURCES[NAME].parser_version + 1

    line.settings.parse.workers = 0  # no worker finds a class that a test made up
    newer = build_defs(line.settings, sources={**SOURCES, NAME: Newer()})
    assert _stale(line, newer) == {f"records/{NAME}"}
    before = len(site.log)
    line.defs = newer
    assert line.read_source(NAME).success
    assert _stale(line, newer) == {"catalog/changes", "monitoring/source_health"}  # what reads them has not run yet
    assert len(site.log) == before
    version = store.row("SELECT DISTINCT parsed_version AS version FROM source_url_state WHERE source = %s", (NAME,))
    assert version == {"version": Newer.parser_version}


def test_records_can_be_read_again_from_the_ui(line: Line, site: Replicas, store: Store) -> None:
    store.execute('UPDATE record_version SET field_hashes = field_hashes || \'{"title": "other"}\'')
    before = len(site.log)
    assert line.read_source(NAME).success
    assert store.row("SELECT count(*) AS n FROM record_version WHERE change = 'reparsed'") == {"n": 0}
    result = line.defs.resolve_job_def(f"read_{NAME}").execute_in_process(
        instance=line.instance,
        partition_key=SOURCES[NAME].segment_keys()[0],
        run_config={"ops": {f"records__{NAME}": {"config": {"again": True}}}},
    )
    assert result.success
    row = store.row(
        "SELECT count(*) > 0 AS some, bool_and(segment = %s) AS alone "
        "FROM record_version JOIN source_record USING (record_id) WHERE change = 'reparsed'",
        (SOURCES[NAME].segment_keys()[0],),
    )
    assert row == {"some": True, "alone": True}
    assert len(site.log) == before


def test_the_upkeep_prunes_each_source_by_its_own_limits_and_reports(line: Line, store: Store) -> None:
    line.settings.sources[NAME] = SourceSettings(raw=RawSettings(versions=1, megabytes=1e-6))
    line.defs = build_defs(line.settings)
    store.execute(
        "INSERT INTO page_snapshot (page_id, body_hash, final_url, http_status, headers, run_id, fetched_at) "
        "OVERRIDING SYSTEM VALUE SELECT page_id, body_hash, final_url, http_status, headers, run_id, fetched_at "
        "FROM page_snapshot"
    )
    store.execute("INSERT INTO page_body (body_hash, body, size) VALUES ('\\x00', '\\x00', 1)")
    result = line.defs.resolve_job_def("upkeep").execute_in_process(instance=line.instance)
    [told] = result.asset_materializations_for_node("monitoring__raw_store")
    metadata: dict[str, Any] = {name: value.value for name, value in told.metadata.items()}
    assert (metadata["snapshots_pruned"], metadata["bodies_dropped"]) == (2, 1)
    assert f"| {NAME.replace('_', chr(92) + '_')} | 2 | 2 |" in metadata["report"]
    [check] = result.get_asset_check_evaluations()
    assert (check.passed, check.severity, check.metadata["sources"].value) == (False, dg.AssetCheckSeverity.WARN, NAME)


def _stale(line: Line, defs: dg.Definitions) -> set[str]:
    """The assets that the UI marks as out of date, as it finds out."""
    graph = defs.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(line.instance, graph, LoadingContextForTest(line.instance))
    segments = SOURCES[NAME].segment_keys()
    return {
        key.to_user_string()
        for key in graph.get_all_asset_keys()
        for partition in (segments if key.path[-1] == NAME else [None])
        if graph.get(key).is_partitioned == (partition is not None)
        if resolver.get_status(key, partition) == StaleStatus.STALE
    }
