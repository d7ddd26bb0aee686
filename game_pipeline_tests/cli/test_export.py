"""`game-pipeline export` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Shell

pytestmark = pytest.mark.timeout(120)


def test_the_catalogue_is_exported_and_told(shell: Shell, workplace: Path) -> None:
    assert shell("import", "--source", "instead_games").code == 0
    told = shell("export", "--format", "jsonl", "--out", "out", "--json")
    assert told.code == 0
    assert told.document["games"] == 25
    assert (told.document["files"][0]["name"], told.document["files"][0]["rows"]) == ("games.jsonl", 25)
    assert len((workplace / "out" / "games.jsonl").read_bytes().splitlines()) == 25
    for form in ("csv", "parquet"):
        outcome = shell("export", "--format", form, "--out", form)
        assert (outcome.code, outcome.err) == (0, "")
        assert "25 games as of" in outcome.out
        assert json.loads((workplace / form / "manifest.json").read_text("utf-8"))["games"] == 25


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--format", "xml", "--out", "out"], 2, "'xml' is not one of"),
        (["--format", "csv"], 2, "--out"),
        (["--format", "csv", "--out", "a_file"], 2, "is a file"),
        (["--format", "csv", "--out", "a_file/out"], 1, "cannot export to a_file/out: Not a directory"),
        (["--format", "csv", "--out", "/proc/out"], 1, "cannot export to /proc/out"),
    ],
)
def test_where_nothing_can_be_exported_to_is_one_line(
    shell: Shell, workplace: Path, arguments: list[str], code: int, says: str
) -> None:
    (workplace / "a_file").touch()
    outcome = shell("export", *arguments)
    assert (outcome.code, outcome.err.count("\n")) == (code, 1)
    assert says in outcome.err
