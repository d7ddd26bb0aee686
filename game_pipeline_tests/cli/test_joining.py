"""One game or two, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Shell


@pytest.fixture
def three_games(workplace: Path, shell: Shell) -> tuple[int, int, int]:
    lines = [{"id": name, "title": title} for name, title in (("o", "Owl"), ("s", "Strix"), ("d", "Owl demo level"))]
    (workplace / "old.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert shell("import-catalogue", "old.jsonl", "--name", "old").code == 0
    owl, strix, demo = (shell("game", "find", line["title"], "--json").document[0]["game_id"] for line in lines)
    return owl, strix, demo


def test_a_merge_is_explained_followed_and_taken_back(shell: Shell, three_games: tuple[int, int, int]) -> None:
    owl, strix, _ = map(str, three_games)
    assert shell("game", "merge", owl, strix, "--reason", "its Latin name").code == 0
    followed = shell("game", "show", strix)
    assert followed.out.startswith(f"game {strix} was merged into game {owl}\ngame {owl}, revision")
    assert shell("game", "show", strix, "--json").document["asked"] == int(strix)
    why = shell("game", "why", strix, "--json").document
    assert (why["game_id"], len(why["records"]), len(why["holding"])) == (int(owl), 2, 1)
    assert "its Latin name" in why["holding"][0]["details"][0]
    assert "one game because" in shell("game", "why", owl).out
    back = shell("game", "unmerge", strix, "--reason", "a genus, not the bird")
    assert back.out == f"game {strix} is there again, with 1 records of game {owl}\n"
    assert "different" in shell("game", "why", owl).out
    again = shell("game", "unmerge", strix, "--reason", "twice")
    assert (again.code, again.err) == (
        1,
        f"game-pipeline: game {strix} is not merged into another; to part records of it: game-pipeline game split\n",
    )


def test_related_games_are_shown_with_each_other(shell: Shell, three_games: tuple[int, int, int]) -> None:
    owl, _, demo = map(str, three_games)
    stated = shell("game", "relate", demo, "demo_of", owl, "--reason", "its first level")
    assert stated.out == f"game {demo} is a demo of game {owl}\n"
    assert "has a demo in" in shell("game", "show", owl).out
    assert shell("game", "unrelate", owl, demo, "--reason", "no").code == 0
    assert shell("game", "show", owl, "--json").document["relations"] == []
    wrong = shell("game", "relate", demo, "prequel_of", owl, "--reason", "-")
    assert (wrong.code, "'prequel_of' is not one of" in wrong.err) == (2, True)
    refused = shell("game", "unrelate", owl, demo, "--reason", "again")
    assert refused.err == f"game-pipeline: nothing relates game {owl} and game {demo}\n"
