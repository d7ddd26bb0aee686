"""Libraries from the command line: what a user types, sees, and what is there afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from game_pipeline_tests.library.worlds import ANN, BOB, owned, upload

from .conftest import Shell

pytestmark = pytest.mark.timeout(120)


def test_from_two_databases_to_a_comparison_and_a_data_file_that_is_found_again(
    shell: Shell, workplace: Path, tmp_path: Path
) -> None:
    quest = owned("gog_1", "Star Quest", siblings=("steam_77", "gog_1"), installed=True)
    ann = upload(tmp_path, "Ann.db", ANN, quest, owned("steam_5", "Iron City"))
    bob = upload(tmp_path, "galaxy-2.0.db", BOB, owned("steam_77", "Star Quest", siblings=("steam_77", "gog_1")))
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"SQLite format 3\0")

    done = shell("library", "upload", str(ann), str(bob), str(bad), "--json")
    assert done.code == 1
    assert done.err.startswith("game-pipeline: bad.db: ")
    assert [each["state"] for each in done.document["uploads"]] == ["accepted", "accepted", "refused"]
    assert done.document["catalogue"]["games_new"] == 2

    assert shell("library", "name", "Player 0002", "Bob", "--json").document["name"] == "Bob"
    users = shell("library", "users", "--json").document
    assert [(user["name"], user["total_games"], user["db_filename"]) for user in users] == [
        ("Ann", 2, "Ann.db"),
        ("Bob", 1, "galaxy-2.0.db"),
    ]
    result = shell("library", "compare", "ann", "bob", "--json").document
    assert result["title"] == "1 game that Ann and Bob both own"
    assert result["games"][0]["platforms"] == ["gog", "steam"]
    assert "Iron City" in shell("library", "compare", "--any").out
    assert shell("library", "compare", "Zoe").err == "game-pipeline: nobody here is called 'Zoe'; there are: Ann, Bob\n"

    assert shell("data-store", "verify").code == 0
    assert Path(shell("data-store", "backup", "--json").document["backup"]).exists()
    file = next(workplace.rglob("library.json"))
    file.write_bytes(b"{")
    broken = shell("data-store", "verify")
    assert (broken.code, "data-store rebuild" in broken.err) == (1, True)
    assert shell("data-store", "restore", "--json").document["restored"]["users"] == 2
    assert shell("data-store", "rebuild", "--json").document["written"] is False
    assert shell("data-store", "rebuild", "--from-uploads", "--json").document["file"]["users"] == 2
    assert shell("data-store", "rebuild").code == 0
    assert shell("data-store", "verify", "--json").document["good"]
