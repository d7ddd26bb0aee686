"""The log from the command line: tail, export, stats, replay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from game_pipeline.settings import load_settings
from game_pipeline.store import Store

from .conftest import Shell

pytestmark = pytest.mark.timeout(120)


def test_the_log_is_shown_exported_counted_and_replayed(shell: Shell, workplace: Path) -> None:
    assert shell("import", "--source", "instead_games").code == 0
    counts = {row["event_type"]: row["events"] for row in shell("events", "stats", "--json").document}
    assert counts["record.changed"] == 26
    assert counts["import.finished"] == 1

    newest = shell("events", "tail", "-n", "3", "--type", "game.created", "--json").document
    assert [event["event_type"] for event in newest] == ["game.created"] * 3
    assert "game.created" in shell("events", "tail").out

    out = workplace / "events.jsonl"
    assert shell("events", "export", "--out", str(out)).code == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == sum(counts.values())
    assert [line["position"] for line in lines] == sorted(line["position"] for line in lines)

    verified = shell("replay", "--verify", "--json")
    assert verified.code == 0
    assert verified.document["difference"] is None
    assert verified.document["events"] == len(lines)
    assert shell("replay", "--until", "2001-01-01").out == ""
    assert len(shell("replay", "--until", "2999-01-01").out.splitlines()) == counts["game.created"]

    url = load_settings(workplace / "game_pipeline.toml").database_url
    assert url
    with Store(url) as store:
        store.execute("UPDATE game SET title = 'Somebody was here' WHERE game_id = 1")
    tampered = shell("replay", "--verify")
    assert tampered.code == 1
    assert "only the replay has this row" in tampered.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["replay", "--until", "soon"], "no time: 'soon'"), (["replay", "--verify", "--until", "2020"], "either")],
)
def test_wrong_times_are_refused(shell: Shell, workplace: Path, arguments: list[str], says: str) -> None:
    outcome = shell(*arguments)
    assert outcome.code == 2
    assert says in outcome.err
