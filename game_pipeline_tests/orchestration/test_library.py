"""Players' libraries in Dagster: a file is dropped, the sensor sees it, players become partitions."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import dagster as dg
import pytest

from game_pipeline.library import Intake, data_file_of, open_reader
from game_pipeline.orchestration.automation import RECONCILE_JOB
from game_pipeline.orchestration.build import build_defs
from game_pipeline.orchestration.library import DATA_FILE, OWNERSHIP, PLAYERS, TAKE_IN_JOB
from game_pipeline.orchestration.resources import Pipeline
from game_pipeline.settings import Settings
from game_pipeline.store import Store
from game_pipeline_tests.library.worlds import ANN, BOB, owned, upload

NAME = str(PLAYERS.name)


class Deck:
    """The definitions over one catalogue, as the UI shows them."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.settings = Settings(data_dir=folder, database_url=store.url, dagster_database_url=store.url)
        self.defs = build_defs(self.settings)
        self.instance = dg.DagsterInstance.ephemeral()
        self.intake = Intake(store, self.settings)
        self.intake.spool.make()
        self.cursor: str | None = None

    def tick(self) -> list[dg.RunRequest]:
        sensor = self.defs.get_repository_def().get_sensor_def("take_in_uploads")
        with Pipeline(self.settings) as pipeline:
            context = dg.build_sensor_context(
                instance=self.instance, definitions=self.defs, cursor=self.cursor, resources={"pipeline": pipeline}
            )
            result = sensor(context)
        if isinstance(result, dg.SkipReason):
            self.cursor = context.cursor
            return []
        assert isinstance(result, dg.SensorResult)
        for request in result.dynamic_partitions_requests or ():
            self.instance.add_dynamic_partitions(NAME, list(request.partition_keys))
        self.cursor = result.cursor
        return list(result.run_requests or ())

    def run(self, job: str, request: dg.RunRequest | None = None) -> dg.ExecuteInProcessResult:
        tags = dict(request.tags) if request else {}
        return self.defs.resolve_job_def(job).execute_in_process(instance=self.instance, tags=tags)


@pytest.fixture
def deck(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deck:
    monkeypatch.setattr("game_pipeline.library.spool.STILL", 0.0)
    return Deck(store, tmp_path / "data")


def test_dropped_databases_become_partitions_records_games_and_the_data_file(
    deck: Deck, store: Store, tmp_path: Path
) -> None:
    place = deck.intake.spool.directory
    upload(place, "Ann.db", ANN, owned("gog_1", "Star Quest", siblings=("steam_77", "gog_1"), game_id="501"))
    upload(place, "Bob.db", BOB, owned("steam_77", "Star Quest", siblings=("steam_77", "gog_1"), game_id="501"))
    (place / "notes.txt").write_text("not a database")
    [request] = deck.tick()
    assert deck.instance.get_dynamic_partitions(NAME) == [str(ANN), str(BOB)]
    result = deck.run(TAKE_IN_JOB, request)
    made = {each.partition: each.metadata for each in result.asset_materializations_for_node("library__ownership")}
    assert {key: metadata["games"].value for key, metadata in made.items()} == {str(ANN): 1, str(BOB): 1}
    [analytics] = result.asset_materializations_for_node("library__analytics")
    numbers = {key: analytics.metadata[key].value for key in ("players", "owned_games", "overlap_at_most")}
    assert numbers == {"players": 2, "owned_games": 2, "overlap_at_most": 1}
    assert "| Star Quest | 2 | Ann, Bob |" in str(analytics.metadata["report"].value)
    [refused] = store.rows("SELECT message FROM library_upload WHERE state = 'refused'")
    assert refused["message"].startswith("notes.txt: is no SQLite database")

    reconciled = deck.run(RECONCILE_JOB)
    assert all(check.passed for check in reconciled.get_asset_check_evaluations() if check.asset_key == DATA_FILE)
    [game] = store.rows("SELECT game_id, title FROM game")
    document = data_file_of(deck.settings).read()
    assert {key: row["game"] for key, row in document["games"].items()} == {
        "gog_1": f"game:{game['game_id']}",
        "steam_77": f"game:{game['game_id']}",
    }
    assert deck.tick() == []  # the same files again are nothing new


def test_what_was_taken_in_elsewhere_shows_up_as_a_partition_once(deck: Deck, tmp_path: Path) -> None:
    sent = deck.intake.send(upload(tmp_path, "ann.db", ANN, owned("gog_1", "Star Quest")), "web", run_id="http")
    deck.intake.take_in(UUID(sent.upload_id), "an upload over HTTP")
    [request] = deck.tick()
    result = deck.run(TAKE_IN_JOB, request)
    [made] = result.asset_materializations_for_node("library__ownership")
    assert (made.partition, made.metadata["games"].value) == (str(ANN), 1)
    assert deck.tick() == []


def test_a_player_can_be_read_again_from_what_is_kept(deck: Deck, store: Store, tmp_path: Path) -> None:
    sent = deck.intake.send(upload(tmp_path, "ann.db", ANN, owned("gog_1", "Star Quest")), "web", run_id="http")
    deck.intake.take_in(UUID(sent.upload_id), "an upload over HTTP")
    deck.tick()
    before = store.row("SELECT count(*) AS n FROM import_event")
    again = deck.defs.resolve_job_def(TAKE_IN_JOB).execute_in_process(
        instance=deck.instance,
        partition_key=str(ANN),
        run_config={"ops": {"library__ownership": {"config": {"read_again": True}}}},
        asset_selection=[OWNERSHIP],
    )
    assert again.success
    changes = store.rows("SELECT payload FROM import_event WHERE event_type = 'library.entries_changed'")
    assert before is not None
    assert len(changes) == 1  # it says what it said


def test_a_lost_data_file_and_how_it_was_found_again_stand_in_monitoring(
    deck: Deck, store: Store, tmp_path: Path
) -> None:
    sent = deck.intake.send(upload(tmp_path, "ann.db", ANN, owned("gog_1", "Star Quest")), "web", run_id="http")
    deck.intake.take_in(UUID(sent.upload_id), "an upload over HTTP")
    open_reader(deck.settings, lambda: store).current()
    result = deck.run(RECONCILE_JOB)
    [made] = result.asset_materializations_for_node("monitoring__library")
    assert made.metadata["recoveries"].value == 1
    assert "made anew" in str(made.metadata["recovery"].value)
