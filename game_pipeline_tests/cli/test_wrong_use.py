"""Wrong use ends with exit code 2 and one line that says what, where and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Shell

UNKNOWN = "https://example.com/games/1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "nonsense"),
        (["source", "parse", "ifdbb", "x", "--url", "https://ifdb.org/"], "File 'x' does not exist"),
        (["source", "show", "ifdbb"], "ifdb"),
        (["source", "pause", "ifdb"], "--reason"),
        (["import"], "--source NAME"),
        (["import", UNKNOWN], f"no source owns {UNKNOWN}"),
        (["import", "https://ifbd.org/viewgame?id=1"], "nearest known sources are ifdb"),
        (["import", "--source", "ifdb", "--segment", "zz"], "no segment 'zz'"),
        (["import", "--source", "gog_galaxy"], "no listing to import"),
        (["import", UNKNOWN, "--full"], "go with --source"),
        (["game", "show", "one"], "'one' is not a valid integer"),
        (["game", "edit", "1", "colour", "red", "--reason", "x"], "no field 'colour'"),
        (["game", "edit", "1", "release_date", "last year", "--reason", "x"], "release_date"),
        (["game", "edit", "1", "credits", "Ann", "--reason", "x"], "credits takes a JSON list"),
        (["game", "edit", "1", "title", "X", "--reason", " "], "say it in a few words"),
        (["source", "pause", "ifdb", "--reason", ""], "say it in a few words"),
        (["review", "reject", "1", "--reason", ""], "say it in a few words"),
        (["review", "list", "--kind", "doubt"], "'doubt' is not one of"),
        (["source", "probe", "gog_galaxy"], "visits no site"),
        (["source", "probe", "rawg"], "rawg needs key: RAWG_KEY (set GAME_PIPELINE_KEYS__RAWG_KEY)"),
        (["import", "--source", "rawg"], "rawg needs key: RAWG_KEY"),
        (["import", "https://ifdb.org/"], "is on ifdb, but is no game's page"),
        (
            ["events", "tail", "--type", "game.revise"],
            "no type of event 'game.revise'; did you mean 'game.revised'?",
        ),
        (["events", "tail", "--game", "9" * 20], "--game"),
        (["replay", "--until", ""], "no time: ''"),
        (["replay", "--until", "0001-01-01T00:00+14:00"], "no time: '0001"),
        (["game", "show", "1", "--at", ""], "no time: ''"),
        (["rollback", "apply", "--source", "ifdb", "--since", "", "--reason", "x"], "no time: ''"),
        (["game", "find", "\udcff"], "not text in UTF-8"),
        (["--config", "missing.toml", "status"], "missing.toml does not exist"),
        (["--demo", "status"], "game-pipeline demo"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = shell(*arguments)
    assert outcome.code == 2
    assert says in outcome.err
    assert outcome.err.count("\n") == 1
    assert outcome.out == ""


def test_no_command_at_all_prints_the_help(shell: Shell) -> None:
    outcome = shell()
    assert outcome.code == 2
    assert outcome.err.startswith("Usage: game-pipeline")


def test_a_directory_that_cannot_be_written_is_one_line(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".game_pipeline").write_text("in the way")
    monkeypatch.chdir(tmp_path)
    outcome = shell("demo")
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
    assert ".game_pipeline" in outcome.err


def test_the_demo_without_its_sites_says_how_to_serve_them(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = tmp_path / ".game_pipeline" / "demo"
    demo.mkdir(parents=True)
    # Port 9 of loopback: nothing listens there.
    (demo / "game_pipeline.toml").write_text('[crawl.routes]\n"ifdb.org" = "http://127.0.0.1:9"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAME_PIPELINE_CONFIG", "")
    for arguments in (["import", "--source", "ifdb"], ["source", "probe", "ifdb"]):
        outcome = shell("--demo", *arguments)
        assert outcome.code == 1
        assert "game-pipeline up --demo" in outcome.err
        assert outcome.err.count("\n") == 1


def test_a_defect_is_one_line_that_says_how_to_report_it(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_url: str) -> None:
        raise ZeroDivisionError("nobody\nexpected this")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("game_pipeline.cli.imports.owner_of", broken)
    outcome = shell("import", UNKNOWN)
    assert outcome.code == 1
    assert "ZeroDivisionError: nobody expected this; report it" in outcome.err
    assert outcome.err.count("\n") == 1


def test_all_wrong_settings_are_told_at_once(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = 'pool_size = 0\ndatabase_url = "mysql://x"\n[sources.ifbd]\nenabled = true\n[crawl]\nlease = -1\n'
    (tmp_path / "game_pipeline.toml").write_text(text)
    outcome = shell("status")
    assert outcome.code == 2
    for problem in ("pool_size", "database_url", "sources.ifbd", "crawl.lease"):
        assert problem in outcome.err


def test_a_database_that_does_not_answer_is_one_line_and_exit_code_1(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAME_PIPELINE_DATABASE_URL", f"postgresql://nobody@/none?host={tmp_path}")
    outcome = shell("status")
    assert outcome.code == 1
    assert "does not answer" in outcome.err
    assert outcome.err.count("\n") == 1
