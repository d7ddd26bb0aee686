"""Uploads taken in: events, rows, pages of the catalogue, and what a second upload changes."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from game_pipeline.changes import refresh_records
from game_pipeline.demo.replicas.galaxy_database import GalaxyOwned, GalaxyUser, write_galaxy_database
from game_pipeline.galaxy import GalaxyError
from game_pipeline.library import Intake, Spool, UploadReport, data_file_of, renew_data_file
from game_pipeline.parsing import InProcess
from game_pipeline.sources import GogGalaxy
from game_pipeline.store import Store
from game_pipeline.store.replay import replayed

from .worlds import ANN, BOB, owned, settings_in, upload


def take(store: Store, place: Path, path: Path, player: str | None = None, *, run: str = "run-1") -> UploadReport:
    intake = Intake(store, settings_in(place))
    announced = intake.send(path, "tester", player, run_id=run)
    assert announced.state == "waiting"
    return intake.take_in(UUID(announced.upload_id), run)


def events(store: Store, pattern: str = "library.%") -> list[dict[str, Any]]:
    return store.rows(
        "SELECT event_type, payload FROM import_event WHERE event_type LIKE %s ORDER BY position", (pattern,)
    )


def test_an_upload_becomes_events_a_player_entries_and_pages(store: Store, tmp_path: Path) -> None:
    path = upload(
        tmp_path,
        "ann.db",
        ANN,
        owned("gog_1", "Star Quest", game_id="501", siblings=("steam_77", "gog_1"), installed=True, minutes=50),
        owned("steam_9", "Dark Tower", hidden=True),
    )
    report = take(store, tmp_path / "data", path, "Ann")
    assert (report.state, report.players[0].name) == ("accepted", "Ann")
    assert (report.players[0].total_games, report.players[0].installed_games, report.players[0].added) == (1, 1, 2)
    assert [event["event_type"] for event in events(store)] == ["library.uploaded", "library.entries_changed"]
    rows = store.rows("SELECT release_key, game_key, hidden, installed, minutes FROM library_entry ORDER BY 1")
    assert [tuple(row.values()) for row in rows] == [
        ("gog_1", "501", False, True, 50),
        ("steam_9", "steam_9", True, False, 0),
    ]
    refresh_records(store, GogGalaxy(), "run-2", "games", InProcess())
    record = store.row("SELECT record FROM record_version")
    assert record is not None
    assert record["record"]["identity"] == "501"  # what is hidden is nobody's business
    assert record["record"]["external_ids"] == [{"scheme": "gog", "value": "1"}, {"scheme": "steam", "value": "77"}]


def test_comparisons_have_a_library_before_its_upload_is_said_to_be_accepted(store: Store, tmp_path: Path) -> None:
    place = tmp_path / "data"
    settings = settings_in(place)
    intake = Intake(store, settings)
    seen: list[tuple[str, list[str]]] = []

    def publish() -> None:
        renew_data_file(store, settings)
        users = list(data_file_of(settings).read()["users"])
        seen.append((store.rows("SELECT state FROM library_upload")[0]["state"], users))

    announced = intake.send(upload(tmp_path, "ann.db", ANN, owned("gog_1", "Star Quest")), "tester", run_id="run-1")
    assert intake.take_in(UUID(announced.upload_id), "run-1", publish).state == "accepted"
    assert seen == [("waiting", [str(ANN)])]


def test_an_upload_that_could_not_be_published_is_taken_in_again(store: Store, tmp_path: Path) -> None:
    intake = Intake(store, settings_in(tmp_path / "data"))

    def publish() -> None:
        raise OSError("no space left on device")

    announced = intake.send(upload(tmp_path, "ann.db", ANN, owned("gog_1", "Star Quest")), "tester", run_id="run-1")
    with pytest.raises(OSError, match="no space"):
        intake.take_in(UUID(announced.upload_id), "run-1", publish)
    assert intake.find() == [UUID(announced.upload_id)]
    assert intake.take_in(UUID(announced.upload_id), "run-2").state == "unchanged"


def test_the_same_database_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = upload(tmp_path, "ann.db", ANN, owned("gog_1", "Star Quest"))
    take(store, tmp_path / "data", path)
    before = events(store, "%")
    report = take(store, tmp_path / "data", path)
    assert report.state == "unchanged"
    assert events(store, "%") == before


def test_a_new_database_of_a_player_rewrites_only_what_changed_and_only_of_that_player(
    store: Store, tmp_path: Path
) -> None:
    both = (owned("gog_1", "Star Quest"), owned("gog_2", "Iron City"))
    take(store, tmp_path / "data", upload(tmp_path, "ann.db", ANN, *both, owned("gog_3", "Old")), "Ann")
    take(store, tmp_path / "data", upload(tmp_path, "bob.db", BOB, *both), "Bob")
    stamps = "SELECT user_id, release_key, xmin::text FROM library_entry"
    before = {(row["user_id"], row["release_key"]): row["xmin"] for row in store.rows(stamps)}
    newer = upload(tmp_path, "ann.db", ANN, both[0], owned("gog_2", "Iron City", installed=True), owned("gog_4", "New"))
    report = take(store, tmp_path / "data", newer)
    assert (report.players[0].added, report.players[0].changed, report.players[0].removed) == (1, 1, 1)
    after = {(row["user_id"], row["release_key"]): row["xmin"] for row in store.rows(stamps)}
    rewritten = {key for key in after if after[key] != before.get(key)}
    assert rewritten == {(ANN, "gog_2"), (ANN, "gog_4")}
    assert (ANN, "gog_3") not in after
    changed = events(store, "library.entries_changed")[-1]["payload"]
    assert [entry["release_key"] for entry in changed["set"]] == ["gog_2", "gog_4"]


def test_an_older_database_does_not_undo_a_newer_one(store: Store, tmp_path: Path) -> None:
    take(store, tmp_path / "data", upload(tmp_path, "new.db", ANN, owned("gog_1", "Star Quest")))
    old = upload(tmp_path, "old.db", ANN, owned("gog_2", "Iron City"))
    os.utime(old, (1_500_000_000, 1_500_000_000))
    assert take(store, tmp_path / "data", old).state == "older"
    assert [row["release_key"] for row in store.rows("SELECT release_key FROM library_entry")] == ["gog_1"]


def test_two_users_of_one_database_are_two_players(store: Store, tmp_path: Path) -> None:
    users = [
        GalaxyUser(ANN, (owned("gog_1", "Star Quest"), owned("steam_2", "Iron City"))),
        GalaxyUser(BOB, (owned("gog_1", "Star Quest"),)),
    ]
    report = take(store, tmp_path / "data", write_galaxy_database(tmp_path / "galaxy-2.0.db", users), "ignored")
    assert [(player.user_id, player.total_games) for player in report.players] == [(str(ANN), 2), (str(BOB), 1)]
    assert {player.name for player in report.players} == {"Player 0001", "Player 0002"}


def test_a_refused_upload_changes_nothing_and_says_why_to_its_sender_and_in_the_log(
    store: Store, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.db"
    bad.write_bytes(os.urandom(5000))
    report = take(store, tmp_path / "data", bad)
    assert (report.state, report.code) == ("refused", "not_sqlite")
    assert "bad.db" in report.message
    assert [event["event_type"] for event in events(store, "%")] == ["library.upload_refused"]
    assert events(store)[0]["payload"]["message"] == report.message
    assert store.rows("SELECT FROM library_user") == []
    assert list((tmp_path / "data" / "uploads" / "kept").iterdir()) == []
    assert list((tmp_path / "data" / "uploads" / "incoming").iterdir()) == []


def test_a_replay_of_the_log_gives_the_same_libraries(store: Store, tmp_path: Path) -> None:
    for number in range(3):
        releases: list[GalaxyOwned] = [
            owned(f"gog_{key}", f"Game {key}", installed=key % 2 == number % 2, minutes=key * number)
            for key in range(1 + number, 260)
        ]
        take(store, tmp_path / "data", upload(tmp_path, "ann.db", ANN, *releases), f"Ann {number}")
    with replayed(store) as replay:
        assert replay.first_difference() is None
    assert len(store.rows("SELECT FROM library_entry")) == 257


def test_a_file_dropped_into_the_directory_is_taken_in_and_left_where_it_is(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = Intake(store, settings_in(tmp_path))
    intake.spool.make()
    path = upload(intake.spool.directory, "Ann.db", ANN, owned("gog_1", "Star Quest"))
    assert intake.find() == []  # whoever copies it may not be done
    before = path.stat()
    monkeypatch.setattr("game_pipeline.library.spool.STILL", 0.0)
    reports = intake.take_in_all("run-1")
    assert [(report.state, report.players[0].name) for report in reports] == [("accepted", "Ann")]
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert intake.take_in_all("run-2") == []


def test_many_uploads_at_once_lose_nothing(store: Store, tmp_path: Path) -> None:
    intake = Intake(store, settings_in(tmp_path / "data"))
    paths = [
        upload(tmp_path, f"p{number}.db", ANN + number, *(owned(f"gog_{key}", f"Game {key}") for key in range(1, 20)))
        for number in range(8)
    ]
    reports: list[UploadReport] = []

    def send(path: Path) -> None:
        announced = intake.send(path, "tester", run_id="run")
        reports.append(intake.take_in(UUID(announced.upload_id), "run"))

    threads = [threading.Thread(target=send, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.state for report in reports] == ["accepted"] * 8
    assert len(store.rows("SELECT FROM library_entry")) == 8 * 19


def test_what_a_killed_process_left_behind_is_taken_in_by_the_next_but_not_what_just_came(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = Intake(store, settings_in(tmp_path / "data"))
    received = intake.spool.receive_file(upload(tmp_path, "ann.db", ANN, owned("gog_1", "Star Quest")), 10**9)
    received.path.with_name("a stray file").write_text("nobody sent this")
    assert intake.find() == []  # its sender is about to announce it, under the player's name
    monkeypatch.setattr("game_pipeline.library.intake.UNANNOUNCED", 0.0)
    assert [report.state for report in Intake(store, settings_in(tmp_path / "data")).take_in_all("run")] == ["accepted"]


def test_what_is_too_large_is_refused_before_it_is_copied(store: Store, tmp_path: Path) -> None:
    intake = Intake(store, settings_in(tmp_path / "data", max_upload_mb=1))
    huge = upload(tmp_path, "huge.db", ANN, owned("gog_1", "Star Quest"))
    os.truncate(huge, 3 * 1024**3)
    report = intake.send(huge, "tester", run_id="run")
    assert (report.state, report.code) == ("refused", "too_large")
    assert report.message == "huge.db: is larger than 1 MiB, the most that is taken"
    assert list((tmp_path / "data" / "uploads").rglob("*.db")) == []
    assert [event["payload"]["code"] for event in events(store)] == ["too_large"]


def test_a_connection_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "uploads")

    def break_off() -> None:
        with spool.receiving("../../galaxy 2.0.db", 10_000) as receiver:
            receiver.write(b"SQLite format 3\0")
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        break_off()
    assert list(spool.incoming.iterdir()) == []
    with pytest.raises(GalaxyError, match="larger than 0 MiB"), spool.receiving("a.db", 10) as receiver:
        receiver.write(b"SQLite format 3\0")
    assert list(spool.incoming.iterdir()) == []
    with spool.receiving("..\\..\\Ann's <b>.db", 10_000) as receiver:
        receiver.write(b"x")
    assert receiver.received.filename == "Ann_s _b_.db"
    assert receiver.received.path.parent == spool.incoming


def test_clearing_up_while_others_read_stumbles_over_nothing_that_they_clear_away(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.make()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            with spool.scratch():
                pass
            with spool.receiving("a.db", 100) as receiver:
                receiver.write(b"x")
            spool.discard(receiver.path)

    with ThreadPoolExecutor(2) as pool:
        reading = [pool.submit(read) for _ in range(2)]
        try:
            for _ in range(400):
                spool.forget_others(set())
                spool.sent()
        finally:
            stop.set()
    assert [each.result() for each in reading] == [None, None]
