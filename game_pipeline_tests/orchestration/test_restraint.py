"""Runs that hold back: a site's captcha ends them without a retry, our own limits end them well and say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from game_pipeline.crawl import read_health
from game_pipeline.orchestration.build import build_defs
from game_pipeline.orchestration.resources import Pipeline
from game_pipeline.settings import SourceSettings
from game_pipeline.store import Store
from game_pipeline_tests.http_server import Reply, ScriptedServer

from .pipelines import Line

NAME = "instead_games"
LIST = (
    b"<game_list version='1.0'><game><name>x</name><title>X</title><version>1</version>"
    b"<url>http://instead-games.ru/download/x.zip</url><descurl>http://instead-games.ru/game.php?ID=1</descurl>"
    b"</game></game_list>"
)


@pytest.fixture
def site() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server.on("/xml.php", Reply(200, LIST)).on("/xml2.php", Reply(200, LIST))


@pytest.fixture
def line(store: Store, tmp_path: Path, site: ScriptedServer) -> Line:
    return Line(store, tmp_path, {"instead-games.ru": site.origin})


def set_source(line: Line, **own: object) -> None:
    values = {"min_delay": 0, "asset_retries": 2, "asset_retry_delay": 0} | own
    line.settings.sources[NAME] = SourceSettings.model_validate(values)
    line.defs = build_defs(line.settings)


def test_a_captcha_ends_the_run_at_once_opens_the_breaker_and_says_so(
    line: Line, store: Store, site: ScriptedServer
) -> None:
    set_source(line)
    site.on("/xml.php", Reply(200, b"<html><title>Just a moment...</title></html>"))
    result = line.import_source(NAME, full=True)
    assert not result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    assert [seen.path for seen in site.seen] == ["/robots.txt", "/xml.php"]
    assert read_health(store, NAME).state == "open"
    failure = next(event for event in result.all_events if event.is_step_failure).step_failure_data
    assert failure.user_failure_data
    assert "captcha or login page" in str(failure.user_failure_data.description)


def test_a_spent_day_is_no_failure_and_the_run_says_what_waits(line: Line, store: Store, site: ScriptedServer) -> None:
    set_source(line, requests_per_day=2)  # robots.txt, one list
    result = line.import_source(NAME, full=True)
    assert result.success
    assert len(site.seen) == 2
    event = next(iter(result.get_asset_materialization_events()))
    assert "pages that wait: 1; the day's 2 requests are sent" in str(event.materialization.metadata["waits"].value)
    assert line.changes(result.run_id) == {"new": 1}
    assert read_health(store, NAME).consecutive_failures == 0
    sensor = line.defs.get_repository_def().get_sensor_def(f"monitor_{NAME}")
    with Pipeline(line.settings) as pipeline:
        context = dg.build_sensor_context(
            instance=line.instance, definitions=line.defs, resources={"pipeline": pipeline}
        )
        tick = sensor(context)
    assert isinstance(tick, dg.SkipReason)
    assert "the day's 2 requests are sent" in str(tick.skip_message)
    store.execute("UPDATE host_slot SET day = day - 1")
    with Pipeline(line.settings) as pipeline:
        context = dg.build_sensor_context(
            instance=line.instance, definitions=line.defs, resources={"pipeline": pipeline}
        )
        tick = sensor(context)
    assert isinstance(tick, dg.SensorResult)
    assert tick.run_requests
    assert tick.run_requests[0].run_config["ops"][f"sources__{NAME}"]["config"]["full"] is True
    assert line.import_source(NAME, full=True).success
    assert [seen.path for seen in site.seen] == ["/robots.txt", "/xml.php", "/xml2.php"]


def test_the_visits_are_shared_out_at_the_end_of_a_run(line: Line, store: Store) -> None:
    set_source(line)
    assert line.import_source(NAME, full=True).success
    rows = store.rows("SELECT change_rate, weight, revisit_after, next_check_at > now() AS later FROM source_url_state")
    assert len(rows) == 2
    assert all(row["change_rate"] > 0 and row["revisit_after"] is not None and row["later"] for row in rows)


def test_a_source_without_its_key_is_asked_nothing_and_says_so_wherever_it_is_started(line: Line) -> None:
    result = line.import_source("rawg", full=True)
    failure = next(event for event in result.all_events if event.is_step_failure).step_failure_data
    assert failure.user_failure_data
    assert "needs key: RAWG_KEY" in str(failure.user_failure_data.description)
    repository = line.defs.get_repository_def()
    with Pipeline(line.settings) as pipeline:
        resources = {"pipeline": pipeline}
        monitor = repository.get_sensor_def("monitor_rawg")(
            dg.build_sensor_context(instance=line.instance, definitions=line.defs, resources=resources)
        )
        schedule = repository.get_schedule_def("full_import_rawg")(
            dg.build_schedule_context(instance=line.instance, resources=resources)
        )
    for skipped in (monitor, schedule):
        assert isinstance(skipped, dg.SkipReason)
        assert str(skipped.skip_message).startswith("needs key: RAWG_KEY")
