"""The log from the command line: tail, export, stats, replay."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from game_pipeline.settings import load_settings
from game_pipeline.store import Store
from game_pipeline.store.embedded import ServerInfo

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

    (run,) = shell("status", "--json").document["runs"]
    assert run["run_id"] in shell("status").out
    assert shell("rollback", "preview", "--run", run["run_id"]).code == 0

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


def test_months_are_archived_and_still_exported(shell: Shell, workplace: Path) -> None:
    assert shell("db", "migrate").code == 0
    settings = load_settings(workplace / "game_pipeline.toml")
    assert settings.database_url
    with Store(settings.database_url) as store:
        store.execute("SELECT make_event_partition('2001-01-01')")
        store.execute(
            "INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, payload, "
            "correlation_id, actor, recorded_at) SELECT gen_random_uuid(), 'note:1', n, 'import.finished', 1, "
            "'{}', 'x', 'x', date FROM (VALUES (1, timestamptz '2001-01-02 00:00+00'), (2, '2000-01-02 00:00+00'), "
            "(3, clock_timestamp())) AS v (n, date)"
        )
    before = shell("events", "export").out
    assert len(before.splitlines()) == 3

    done = shell("events", "archive", "--before", "2001-02", "--json")
    assert done.code == 0
    (month,) = done.document["archived"]
    assert (month["partition"], month["events"], month["month"]) == ("import_event_2001_01", 1, "2001-01-01")
    assert done.document["in_default_partition"] == 1
    assert Path(done.document["directory"], month["file"]).is_file()
    assert Path(done.document["directory"]) == workplace / "data" / "archive"

    assert shell("events", "export").out == before
    assert len(shell("events", "export", "--after", str(month["last_position"])).out.splitlines()) == 2
    assert "archived earlier and not counted here: events 1, months 1" in shell("events", "stats").out
    again = shell("events", "archive", "--before", "2001-02")
    assert again.code == 0
    assert "no events before 2001-02" in again.out
    assert "1 events lie in the default partition" in again.out
    assert shell("status", "--json").document["catalogue"]["events"] == 3

    Path(done.document["directory"], month["file"]).unlink()
    lost = shell("events", "export")
    assert lost.code == 1
    assert "import_event_2001_01.jsonl.zst is missing; it holds the 1 events of 2001-01" in lost.err
    late = shell("events", "archive", "--before", "2999-01")
    assert late.code == 1
    assert "is not over" in late.err


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-1-", "soon", "2026-11-01"])
def test_what_is_no_month_is_refused(shell: Shell, workplace: Path, month: str) -> None:
    outcome = shell("events", "archive", "--before", month)
    assert outcome.code == 2
    assert "no month" in outcome.err


def test_the_database_s_status_says_how_the_log_is_protected(
    shell: Shell, workplace: Path, database_url: str, application: ServerInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = shell("db", "status")
    assert "protected by triggers alone" in alone.out
    assert "GAME_PIPELINE_OWNER_DATABASE_URL" in alone.out
    name = database_url.split("?", maxsplit=1)[0].rsplit("/", maxsplit=1)[1]
    monkeypatch.setenv("GAME_PIPELINE_OWNER_DATABASE_URL", database_url)
    monkeypatch.setenv("GAME_PIPELINE_DATABASE_URL", application.url(name))
    with psycopg.connect(database_url, autocommit=True) as connection:
        # Dagster's database, made by the command above, is for the role that the pipeline works as.
        statement = sql.SQL("ALTER DATABASE {} OWNER TO {}")
        connection.execute(statement.format(sql.Identifier(f"{name}_dagster"), sql.Identifier(application.user)))
    separate = shell("db", "status", "--json").document
    assert (separate["log_protected_by"], separate["role"]) == ("rights and triggers", application.user)
    assert shell("import", "--source", "instead_games").code == 0
    assert shell("replay", "--verify").code == 0
