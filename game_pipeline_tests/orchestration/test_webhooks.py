"""Webhooks in Dagster: the sensor asks for a run when something is due, the asset delivers, the check warns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from game_pipeline.orchestration.build import build_defs
from game_pipeline.orchestration.resources import Pipeline
from game_pipeline.orchestration.webhooks import DELIVER_JOB, WEBHOOKS
from game_pipeline.settings import Settings, WebhookSettings
from game_pipeline.store import Store
from game_pipeline_tests.http_server import Reply, ScriptedServer
from game_pipeline_tests.webhooks.conftest import PATH, SECRET, happened


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as opened:
        yield opened.on(PATH, Reply(204))


class Deck:
    """The definitions over one catalogue, as the UI shows them."""

    def __init__(self, store: Store, folder: Path, webhooks: dict[str, dict[str, Any]]) -> None:
        made = {name: WebhookSettings.model_validate(values) for name, values in webhooks.items()}
        self.settings = Settings(data_dir=folder, database_url=store.url, dagster_database_url=store.url, webhooks=made)
        self.defs = build_defs(self.settings)
        self.instance = dg.DagsterInstance.ephemeral()

    def tick(self, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
        sensor = self.defs.get_repository_def().get_sensor_def("deliver_when_events_wait")
        with Pipeline(self.settings) as pipeline:
            context = dg.build_sensor_context(
                instance=self.instance, definitions=self.defs, cursor=cursor, resources={"pipeline": pipeline}
            )
            result = sensor(context)
        assert isinstance(result, dg.SensorResult | dg.SkipReason)
        return result

    def run(self) -> tuple[dict[str, Any], dg.AssetCheckEvaluation]:
        result = self.defs.resolve_job_def(DELIVER_JOB).execute_in_process(instance=self.instance)
        assert result.success
        (made,) = result.asset_materializations_for_node("monitoring__webhooks")
        (checked,) = result.get_asset_check_evaluations()
        return {key: value.value for key, value in made.metadata.items()}, checked


def test_without_webhooks_all_of_it_is_harmless(store: Store, tmp_path: Path) -> None:
    deck = Deck(store, tmp_path, {})
    happened(store, 1)
    tick = deck.tick()
    assert isinstance(tick, dg.SkipReason)
    assert "no webhook" in str(tick.skip_message)
    metadata, checked = deck.run()
    assert checked.passed
    assert (metadata["pending"], metadata["delivered"], metadata["report"]) == (0, 0, "No webhook is in the settings.")


def test_what_happens_is_delivered_by_the_run_that_the_sensor_asks_for(
    store: Store, tmp_path: Path, server: ScriptedServer
) -> None:
    partner = {"url": server.origin + PATH, "secret": SECRET, "events": ["source.*"]}
    deck = Deck(store, tmp_path, {"partner": partner})
    assert isinstance(deck.tick(), dg.SkipReason)
    events = happened(store, 1, 2)
    tick = deck.tick()
    assert isinstance(tick, dg.SensorResult)
    assert tick.run_requests
    again = deck.tick(tick.cursor)
    assert isinstance(again, dg.SensorResult)
    assert again.run_requests
    assert tick.run_requests[0].run_key != again.run_requests[0].run_key
    metadata, checked = deck.run()
    assert [seen.headers["webhook-id"] for seen in server.seen] == events
    assert {key: metadata[key] for key in ("webhooks", "delivered", "pending", "dead", "lag", "failed")} == {
        "webhooks": 1,
        "delivered": 2,
        "pending": 0,
        "dead": 0,
        "lag": 0,
        "failed": 0,
    }
    assert checked.passed
    assert "partner" in metadata["report"]
    assert "token" not in metadata["report"]
    assert isinstance(deck.tick(), dg.SkipReason)


def test_dead_letters_warn_and_fail_no_run(store: Store, tmp_path: Path, server: ScriptedServer) -> None:
    partner = {"url": server.origin + PATH, "secret": SECRET, "events": ["*"], "max_attempts": 1}
    deck = Deck(store, tmp_path, {"partner": partner})
    deck.tick()
    (event,) = happened(store, 1)
    server.on(PATH, Reply(500, b"[click](http://x)"))
    metadata, checked = deck.run()
    assert (metadata["dead"], metadata["pending"], metadata["delivered"]) == (1, 0, 0)
    assert not checked.passed
    assert checked.severity == dg.AssetCheckSeverity.WARN
    sample = str(checked.metadata["sample"].value)
    assert event.replace("-", "\\-") in sample
    assert "[click]" not in sample
    assert isinstance(deck.tick(), dg.SkipReason), "dead letters wait for a person"


def test_reconciling_waits_for_no_receiver(store: Store, tmp_path: Path) -> None:
    deck = Deck(store, tmp_path, {})
    assert WEBHOOKS not in deck.defs.resolve_job_def("reconcile").asset_layer.executable_asset_keys
