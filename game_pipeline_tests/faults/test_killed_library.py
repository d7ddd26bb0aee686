"""Whenever taking in is killed: a data file that can be read, and the same libraries after the next run."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from game_pipeline.library import DocumentError, Intake, data_file_of, open_reader, renew_data_file, verify
from game_pipeline.settings import Settings
from game_pipeline.store import Store
from game_pipeline.store.replay import replayed
from game_pipeline_tests.library.worlds import ANN, owned, upload

from .taking_in import started

KILLS = 30
PLAYERS = 3
GAMES = 400
FIRST = 1_700_000_000


def _round(place: Path, number: int) -> list[Path]:
    """Databases of a later day: every player has bought one game, sold one and installed others."""
    files = []
    for player in range(PLAYERS):
        releases = [
            owned(f"gog_{game}", f"Game {game}", installed=(game + number) % 50 == 0)
            for game in range(number + 1, number + GAMES + 1)
        ]
        path = upload(place, f"Player {player}.db", ANN + player, *releases)
        os.utime(path, (FIRST + number, FIRST + number))
        files.append(path)
    return files


def _go(url: str, directory: Path, files: list[Path], seconds: float | None) -> float:
    """Let a process take the files in, and kill it after so long; how long it took."""
    process = started(url, directory, files)
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    begun = time.monotonic()
    if seconds is not None:
        time.sleep(seconds)
        process.kill()
    process.communicate()
    assert seconds is not None or process.returncode == 0
    return time.monotonic() - begun


def _readable(settings: Settings) -> bool:
    file = data_file_of(settings)
    for version in file.versions():
        try:
            file.read(version.path)
        except DocumentError:
            continue
        return True
    return False


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_killed_at_any_point_nothing_is_lost_and_the_next_run_makes_it_whole(database_url: str, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    settings = Settings(data_dir=tmp_path / "data")
    whole = _go(database_url, settings.data_dir, _round(tmp_path, 0), None)
    broken = 0
    for kill in range(1, KILLS + 1):
        _go(database_url, settings.data_dir, _round(tmp_path, kill), chance.random() * whole)
        broken += open_reader(settings).file.versions()[0].problem is not None
        assert _readable(settings), f"after kill {kill} (seed {seed})"
    assert broken == 0, f"the file itself was lost {broken} times (seed {seed})"

    last = KILLS + 1
    _go(database_url, settings.data_dir, _round(tmp_path, last), None)
    with Store(database_url) as store:
        assert Intake(store, settings).take_in_all("run") == []
        assert not renew_data_file(store, settings)
        assert verify(store, settings).good
        with replayed(store) as replay:
            assert replay.first_difference() is None
    document = data_file_of(settings).read()
    assert set(document["games"]) == {f"gog_{game}" for game in range(last + 1, last + GAMES + 1)}
    assert {len(game["owners"]) for game in document["games"].values()} == {PLAYERS}
    installed = {key for key, game in document["games"].items() if len(game["installed"]) == PLAYERS}
    assert installed == {f"gog_{game}" for game in range(last + 1, last + GAMES + 1) if (game + last) % 50 == 0}
    places = settings.upload_dir
    assert list((places / "incoming").glob("[!.]*")) == []
    assert len(list((places / "kept").glob("*.db"))) >= PLAYERS
    assert not list(settings.data_dir.glob(".library.json.*.tmp"))
