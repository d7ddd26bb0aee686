"""`import-catalogue` and `shadow` as somebody meets them who moves an existing catalogue over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from game_pipeline.exchange.existing import CLAIMS
from game_pipeline.settings import load_settings
from game_pipeline.store import Store

from .conftest import Shell

OWL = {
    "id": "17",
    "title": "The owl at night",
    "release_date": "2001",
    "edited": {
        "title": {"at": "2019-03-04", "by": "eve", "reason": "the box says so"},
        "descriptions.en": "2018-05-06",
    },
}
CROW = {"id": "18", "title": "Crow", "credits": [{"name": "Ann Lee"}]}


def write(path: Path, *games: Any) -> str:
    path.write_text(
        "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in games), encoding="utf-8"
    )
    return str(path)


def _rows(workplace: Path, statement: str) -> list[tuple[Any, ...]]:
    url = load_settings(workplace / "game_pipeline.toml").database_url
    with psycopg.connect(url or "") as connection:
        return connection.execute(statement.encode()).fetchall()


def test_a_catalogue_is_taken_over_with_its_edits_and_their_dates(shell: Shell, workplace: Path) -> None:
    file = write(workplace / "old.jsonl", OWL, CROW)
    dry = shell("import-catalogue", file, "--name", "old", "--dry-run")
    assert dry.code == 0
    assert "2 would be new" in dry.out
    assert "2 edits of people would be set" in dry.out
    assert "title set by eve on 2019-03-04" in " ".join(dry.out.split())
    assert _rows(workplace, "SELECT count(*) FROM import_event") == [(0,)]

    outcome = shell("import-catalogue", file, "--name", "old", "--json")
    assert outcome.code == 0
    assert outcome.document["counts"]["new"] == 2
    owl = outcome.document["examples"][0]["game"]

    shown = shell("game", "show", str(owl))
    assert "eve set it on 2019-03-04" in shown.out
    assert "old 17" in shown.out
    history = " ".join(shell("game", "history", str(owl)).out.split())
    assert "imported from old" in history
    assert "title: eve set it on 2019-03-04" in history
    assert "descriptions.en: old set it on 2018-05-06" in history
    edits = shell("game", "show", str(owl), "--json").document["edits"]
    assert {(row["field"], row["author"], row["edited_at"][:10]) for row in edits} == {
        ("title", "eve", "2019-03-04"),
        ("descriptions.en", "old", "2018-05-06"),
    }

    events = _rows(workplace, "SELECT count(*) FROM import_event")
    again = shell("import-catalogue", file, "--name", "old", "--json")
    assert (again.code, again.document["counts"]["unchanged"]) == (0, 2)
    assert _rows(workplace, "SELECT count(*) FROM import_event") == events
    assert shell("replay", "--verify").code == 0
    told = shell("events", "tail", "--type", "catalogue.imported", "--json").document
    assert [(each["payload"]["name"], each["payload"]["counts"]["new"]) for each in told] == [("old", 2)]


def test_a_bad_import_is_found_in_the_history_and_taken_back_by_run_or_by_name(shell: Shell, workplace: Path) -> None:
    edited = {"title": {"at": "2019-03-04", "by": "eve", "reason": "the box says so"}}
    assert shell("import-catalogue", write(workplace / "old.jsonl", OWL, CROW), "--name", "old").code == 0
    mended = OWL | {"title": "The qwl", "edited": {"title": edited["title"] | {"at": "2020-03-04"}}}
    assert shell("import-catalogue", write(workplace / "old.jsonl", mended, CROW), "--name", "old").code == 0
    owl, run = _rows(
        workplace,
        "SELECT game_id, run_id FROM record_version JOIN game_member USING (record_id) WHERE version = 2",
    )[0]
    history = shell("game", "history", str(owl), "--field", "title")
    told = " ".join(history.out.split())
    assert "eve set it on 2020-03-04" in told
    assert run.removeprefix("command:")[:8] in told

    preview = shell("rollback", "preview", "--run", run)
    assert (preview.code, "1 game would change" in preview.out) == (0, True)
    assert shell("rollback", "apply", "--run", run, "--reason", "a typing error").code == 0
    assert shell("game", "show", str(owl), "--json").document["state"]["title"] == "The owl at night"
    assert shell("rollback", "apply", "--source", "old", "--reason", "the wrong file").code == 0
    assert shell("game", "find", "").code == 1
    unknown = shell("rollback", "preview", "--source", "older")
    assert (unknown.code, unknown.err.rstrip().endswith(", old")) == (1, True)
    assert shell("replay", "--verify").code == 0


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_is_exported_comes_back_in_an_empty_catalogue_and_is_exported_so_again(
    shell: Shell, workplace: Path, store: Store, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    owl: dict[str, Any] = OWL | {
        "descriptions": [{"lang": "en", "text": '=A night.\n\n- one\n- two, "three"'}, {"text": "Без языка."}],
        "alt_titles": [{"title": "Сова | Филин", "lang": "ru"}],
        "credits": [{"name": "@ann", "role": "translator", "url": "https://a.example/ann"}],
        "urls": [{"url": "https://a.example/play", "kind": "play_online", "label": "+play"}],
    }
    owl["edited"] = owl["edited"] | {"tags": {"at": "2020-01-02T03:04:05Z", "by": "-bob", "reason": "'=none"}}
    assert shell("import-catalogue", write(workplace / "old.jsonl", owl, CROW), "--name", "old").code == 0
    assert shell("export", "--format", form, "--out", "first").code == 0
    assert shell("export", "--format", "jsonl", "--out", "first-lines" if form != "jsonl" else "first").code == 0

    for name in ("GAME_PIPELINE_DATABASE_URL", "GAME_PIPELINE_DAGSTER_DATABASE_URL"):
        monkeypatch.setenv(name, store.url)
    assert shell("import-catalogue", "first", "--name", "moved").code == 0
    assert shell("export", "--format", "jsonl", "--out", "second").code == 0
    assert shell("import-catalogue", "first", "--name", "moved", "--json").document["counts"]["unchanged"] == 2
    first, second = (_said(workplace / name) for name in ("first" if form == "jsonl" else "first-lines", "second"))
    assert first == second
    assert first[0]["edited"]["tags"]["reason"] == "'=none"


def _said(directory: Path) -> list[dict[str, Any]]:
    """What an export says of its games, but for the numbers that a new catalogue gives them."""
    games = [json.loads(line) for line in (directory / "games.jsonl").read_text(encoding="utf-8").splitlines()]
    for game in games:
        game["external_ids"] = [each for each in game["external_ids"] if each["scheme"] != "moved"]
    return [{name: game[name] for name in (*CLAIMS, "edited")} for game in games]


def test_broken_lines_are_told_one_a_line(shell: Shell, workplace: Path) -> None:
    file = write(workplace / "old.jsonl", OWL, "no json", {"id": "19"}, {"id": "20", "title": "Hen", "kind": "bird"})
    dry = shell("import-catalogue", file, "--dry-run")
    assert dry.code == 1
    assert len(dry.err.splitlines()) == 4
    assert "would not be" in dry.err.splitlines()[-1]
    refused = shell("import-catalogue", file)
    assert refused.code == 1
    assert "nothing was imported" in refused.err.splitlines()[-1]
    assert _rows(workplace, "SELECT count(*) FROM import_event") == [(0,)]
    skipping = shell("import-catalogue", file, "--skip-bad-lines", "--json")
    assert skipping.code == 1
    assert skipping.document["counts"] | {"edits": 0} == {
        "new": 1,
        "joined": 0,
        "changed": 0,
        "unchanged": 0,
        "edits": 0,
        "questions": 0,
        "gone": 0,
        "refused": 3,
        "failed": 0,
    }
    assert len(skipping.document["refused"]) == 3
    assert "kind" in skipping.document["refused"][2]


def test_a_line_with_two_faults_is_one_line_refused_and_an_empty_file_is_told(shell: Shell, workplace: Path) -> None:
    file = write(workplace / "old.jsonl", OWL, {"id": "20", "title": "Hen", "kind": "bird", "release_date": "soon"})
    dry = shell("import-catalogue", file, "--dry-run", "--json")
    assert (dry.document["counts"]["refused"], len(dry.document["refused"])) == (1, 2)
    assert "1 game of old.jsonl would not be taken" in dry.err
    empty = shell("import-catalogue", write(workplace / "empty.jsonl"))
    assert (empty.code, empty.out) == (0, "the file holds no games\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.jsonl"], "missing.jsonl"),
        (["game_pipeline.toml", "--name", "ifdb"], "choose another"),
        (["game_pipeline.toml", "--name", "Old one"], "no name"),
    ],
)
def test_wrong_use_is_one_line(shell: Shell, workplace: Path, arguments: list[str], said: str) -> None:
    outcome = shell("import-catalogue", *arguments)
    assert (outcome.code, len(outcome.err.splitlines())) == (2, 1)
    assert said in outcome.err


def test_a_killed_import_goes_on_where_it_stopped(shell: Shell, workplace: Path) -> None:
    games = [
        {"id": str(number), "title": f"Game number {number}", "edited": {"title": "2020-01-01"}}
        for number in range(1, 1_001)
    ]
    file = write(workplace / "old.jsonl", *games)
    command = [sys.executable, "-c", "from game_pipeline.cli import main; main()", "import-catalogue", file]
    assert shell("db", "migrate").code == 0
    child = subprocess.Popen(command, cwd=workplace, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and _rows(workplace, "SELECT count(*) FROM game")[0][0] < 150:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    (done,) = _rows(workplace, "SELECT count(*) FROM game")[0]
    assert 150 <= done < 1_000

    outcome = shell("import-catalogue", file, "--json")
    assert outcome.code == 0
    counts = outcome.document["counts"]
    assert counts["unchanged"] >= done
    assert counts["unchanged"] + counts["new"] == 1_000
    assert _rows(workplace, "SELECT count(*) FROM game") == [(1_000,)]
    assert _rows(workplace, "SELECT count(*), count(DISTINCT game_id) FROM human_edit") == [(1_000, 1_000)]
    assert _rows(workplace, "SELECT count(*) FROM import_event WHERE event_type = 'catalogue.imported'") == [(1,)]
    assert shell("replay", "--verify").code == 0


def test_moving_over_import_shadow_compare_switch(
    shell: Shell, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAME_PIPELINE_SHADOW", "true")
    assert shell("import", "--source", "instead_games").code == 0
    found = shell("shadow", "report", "--json")
    assert found.code == 0
    counts = found.document["counts"]
    assert counts["new"] > 3
    assert (counts["same"], counts["changed"]) == (0, 0)
    assert shell("game", "find", "").code == 1

    title, url = _rows(
        workplace,
        "SELECT title, source_record.url FROM game JOIN game_member USING (game_id) "
        "JOIN source_record USING (record_id) ORDER BY game_id LIMIT 1",
    )[0]
    mine = {"id": "1", "title": title, "release_date": "1901", "urls": [{"url": url, "kind": "game_page"}]}
    file = write(workplace / "old.jsonl", mine, {"id": "2", "title": "A game that nobody else knows"})
    outcome = shell("import-catalogue", file, "--json").document
    assert (outcome["counts"]["joined"], outcome["counts"]["new"]) == (1, 1)
    owl = str(outcome["examples"][0]["game"])
    assert shell("game", "show", owl, "--json").document["state"]["release_date"] == "1901"

    told = shell("shadow", "report", "--json").document
    assert (told["counts"]["changed"], told["counts"]["unknown_to_sources"]) == (1, 1)
    printed = shell("shadow", "report", "--limit", "3")
    assert "1 games of the existing catalogue are known to no source" in printed.out
    assert "instead_games" in printed.out

    assert shell("shadow", "apply", "--reason", "x").code == 2
    applied = shell("shadow", "apply", "--game", owl, "--reason", "compared", "--json")
    assert applied.document["applied"] == [int(owl)]
    assert "compared" in shell("game", "history", owl).out
    nothing = shell("shadow", "apply", "--game", owl, "--reason", "again")
    assert (nothing.code, len(nothing.err.splitlines())) == (1, 1)

    monkeypatch.setenv("GAME_PIPELINE_SHADOW", "false")
    assert shell("import", "--source", "instead_games").code == 0
    left = shell("shadow", "report", "--json").document["counts"]
    assert (left["changed"], left["new"]) == (0, 0)
    assert shell("replay", "--verify").code == 0
