"""A source that is not well, as an operator meets it: in the run, the sensor, the overview, and what he can order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from game_pipeline.crawl import pause_source, read_health
from game_pipeline.demo.replicas import IFDB, Replicas
from game_pipeline.orchestration.build import build_defs
from game_pipeline.orchestration.monitoring import NO_PERSON_NEEDED, SOURCE_HEALTH
from game_pipeline.orchestration.overrides import Order, OverrideConfig
from game_pipeline.orchestration.resources import Pipeline
from game_pipeline.settings import BreakerSettings, ParseSettings, SourceSettings
from game_pipeline.store import Store

from .pipelines import Line

OTHER = "instead_games"


@pytest.fixture
def site() -> Iterator[Replicas]:
    with Replicas(day=1) as replicas:
        yield replicas


@pytest.fixture
def line(store: Store, tmp_path: Path, site: Replicas) -> Line:
    opened = Line(store, tmp_path, site.routes)
    opened.settings.sources[IFDB] = SourceSettings(min_delay=0, asset_retries=3, asset_retry_delay=0)
    opened.defs = build_defs(opened.settings)
    return opened


def test_a_site_that_always_fails_gets_eight_requests_whatever_the_levels(
    line: Line, site: Replicas, store: Store
) -> None:
    assert line.import_source(IFDB).success
    pages = _asked(site)
    assert pages > 8
    site.fail(IFDB, 500)
    for _ in range(3):  # each run with three retries of its asset, each request with four tries
        store.execute("UPDATE source_url_state SET next_check_at = now()")
        result = line.import_source(IFDB, full=True)
        assert not result.success
        assert [event for event in result.all_events if event.is_step_up_for_retry] == []
        assert "resting, next trial" in _failure(result)
        assert "the site answers 500" in _failure(result)
    assert _asked(site) - pages == 8
    store.execute("UPDATE importer_health SET next_trial_at = now()")
    assert not line.import_source(IFDB).success
    assert _asked(site) - pages == 8 + 1


def test_pages_that_fail_while_the_others_do_not_cost_each_attempt_a_request_and_the_run_five_more(
    line: Line, site: Replicas, store: Store
) -> None:
    assert line.import_source(IFDB).success
    keys = [row["page_key"] for row in store.rows("SELECT page_key FROM source_url_state ORDER BY page_id")]
    failing = keys[::5]
    for key in failing:
        site.fail(IFDB, 503, key)
    store.execute("UPDATE source_url_state SET next_check_at = now()")
    line.settings.sources[IFDB].breaker = BreakerSettings(min_calls=1000)
    before = _asked(site)
    result = line.import_source(IFDB)
    assert not result.success
    assert len([event for event in result.all_events if event.is_step_up_for_retry]) == 3
    good = len(keys) - len(failing)
    assert _asked(site) - before <= good + len(failing) * (1 + 3) + max(5, 0.1 * (good + 4 * len(failing)))
    assert read_health(store, IFDB).state == "closed"


def test_a_page_that_is_broken_waits_for_its_turn_in_the_end_and_stands_in_nobodys_way(
    line: Line, site: Replicas, store: Store
) -> None:
    assert line.import_source(IFDB).success
    key = store.rows("SELECT page_key FROM source_url_state ORDER BY page_id LIMIT 1")[0]["page_key"]
    site.fail(IFDB, 503, key)
    store.execute("UPDATE source_url_state SET next_check_at = now() WHERE page_key = %s", (key,))
    assert [line.import_source(IFDB).success for _ in range(3)] == [False, True, True]  # four visits, two, none
    row = store.row(
        "SELECT failure_count, next_check_at > now() AS later, (SELECT count(*) FROM import_task "
        "WHERE state = 'pending') AS waiting FROM source_url_state WHERE page_key = %s",
        (key,),
    )
    assert row == {"failure_count": 6, "later": True, "waiting": 0}
    assert read_health(store, IFDB).state == "closed"


def test_a_defect_of_ours_is_not_tried_again(line: Line, monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    def defect(*_: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr("game_pipeline.crawl.Visitor.walk_listing", defect)
    result = line.import_source(IFDB)
    assert "KeyError: 'a defect'" in _failure(result)
    assert [event for event in result.all_events if event.is_step_up_for_retry] == []
    assert read_health(store, IFDB).state == "closed"


def test_a_listing_that_cannot_be_read_is_asked_for_once(
    line: Line, site: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise ParseError("listing", "another format")

    from game_pipeline.sources import SOURCES, ParseError

    monkeypatch.setattr(type(SOURCES[IFDB]), "parse_listing", unreadable)
    line.settings.parse = ParseSettings(workers=0)
    assert "another format" in _failure(line.import_source(IFDB))
    assert _asked(site) == 1


def test_while_one_source_rests_another_is_imported(line: Line, site: Replicas, store: Store) -> None:
    site.fail(IFDB, 403)
    assert not line.import_source(IFDB, full=True).success
    assert line.import_source(OTHER, full=True).success
    assert read_health(store, OTHER).in_words == "well"


def test_the_monitor_says_why_it_does_not_look_and_when_it_will(line: Line, site: Replicas, store: Store) -> None:
    assert line.import_source(IFDB).success
    site.fail(IFDB, 500)
    store.execute("UPDATE source_url_state SET next_check_at = now()")
    assert not line.import_source(IFDB).success
    before = _asked(site)
    message = _tick(line, f"monitor_{IFDB}").skip_message
    assert message
    assert "resting, next trial" in message
    assert "the site answers 500 (8 of 8" in message or "calls failed" in message
    assert _asked(site) == before
    pause_source(store, IFDB, reason="they asked us to", actor="anna")
    assert _tick(line, f"monitor_{IFDB}").skip_message == "paused: they asked us to"


def test_the_overview_shows_who_rests_and_is_red_where_a_person_is_needed(
    line: Line, site: Replicas, store: Store
) -> None:
    sensor = "report_when_a_source_changes"
    assert isinstance(_tick(line, sensor), dg.SkipReason)
    assert line.import_source(OTHER).success
    report, check = _health_report(line)
    assert check.passed
    store.execute(
        "UPDATE importer_health SET state = 'open', turn = 7, reason = 'it answers 403', rest = 60, "
        "next_trial_at = now() + interval '1 hour', failing_since = now(), attention_since = now() "
        "WHERE source = %s",
        (OTHER,),
    )
    tick = _tick(line, sensor)
    assert isinstance(tick, dg.SensorResult)
    assert tick.cursor == "7"
    report, check = _health_report(line)
    assert not check.passed
    assert report["sources_resting"].value == report["sources_for_a_person"].value == 1
    for shown in (report["report"], report["problems"], check.metadata["sample"]):
        assert "resting, next trial" in str(shown.value)
        assert "it answers 403" in str(shown.value)


def test_an_operator_orders_from_the_launchpad(line: Line, store: Store) -> None:
    assert _order(line, OTHER, Order.PAUSE, "they asked us to").success
    assert read_health(store, OTHER).in_words == "paused: they asked us to"
    assert _order(line, OTHER, Order.RESUME, "they are done").success
    refused = _order(line, OTHER, Order.RESUME, "again")
    assert "is not paused: well" in _failure(refused)
    assert _order(line, OTHER, Order.CLOSE, "it is well").success
    assert "no source 'nobody' is visited" in _failure(_order(line, "nobody", Order.PAUSE, "why"))
    rows = store.rows("SELECT event_type, actor, payload->>'reason' AS reason FROM import_event ORDER BY position")
    assert [tuple(row.values()) for row in rows] == [
        ("source.paused", "anna", "they asked us to"),
        ("source.resumed", "anna", "they are done"),
    ]


def _asked(site: Replicas) -> int:
    """Requests that reached the site, without robots.txt."""
    return sum(seen.site == IFDB and seen.path != "/robots.txt" for seen in site.log)


def _failure(result: dg.ExecuteInProcessResult) -> str:
    event = next(event for event in result.all_events if event.is_step_failure)
    failure = event.step_failure_data.user_failure_data
    assert failure
    return str(failure.description)


def _tick(line: Line, name: str) -> Any:
    sensor = line.defs.get_repository_def().get_sensor_def(name)
    with Pipeline(line.settings) as pipeline:
        context = dg.build_sensor_context(
            instance=line.instance, definitions=line.defs, resources={"pipeline": pipeline}
        )
        return sensor(context)


def _order(line: Line, source: str, order: Order, reason: str) -> dg.ExecuteInProcessResult:
    config = OverrideConfig(source=source, order=order, reason=reason, person="anna")
    return line.defs.resolve_job_def("override_source").execute_in_process(
        instance=line.instance, run_config=dg.RunConfig(ops={"order_source": config}), raise_on_error=False
    )


def _health_report(line: Line) -> tuple[Any, dg.AssetCheckEvaluation]:
    result = line.defs.resolve_job_def("report_source_health").execute_in_process(instance=line.instance)
    [materialized] = result.asset_materializations_for_node("monitoring__source_health")
    assert materialized.asset_key == SOURCE_HEALTH
    [check] = [each for each in result.get_asset_check_evaluations() if each.check_name == NO_PERSON_NEEDED]
    return materialized.metadata, check
