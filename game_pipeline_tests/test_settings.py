"""The settings: one object, the environment over the file, everything wrong in one message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from game_pipeline.settings import Settings, SettingsError, load_settings

KNOWN = frozenset({"ifdb", "ifiction"})


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of whoever runs the tests."""
    for name in os.environ:
        if name.startswith("GAME_PIPELINE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config" / "own.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_defaults_stand_here(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.data_dir == tmp_path / ".game_pipeline"
    assert settings.archive_dir == tmp_path / ".game_pipeline" / "archive"
    assert settings.source("ifdb").enabled
    assert settings.source("ifdb").min_delay is None


def test_a_file_of_the_usual_name_is_read_where_one_stands(tmp_path: Path) -> None:
    (tmp_path / "game_pipeline.toml").write_text("pool_size = 7")
    assert load_settings().pool_size == 7


def test_the_variable_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAME_PIPELINE_CONFIG", str(config(tmp_path, "pool_size = 7")))
    assert load_settings().pool_size == 7


def test_the_environment_goes_over_the_file_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = config(tmp_path, "[crawl]\ncontact = 'https://file.example'\nlease = 7\n[sources.ifdb]\nmin_delay = 3")
    monkeypatch.setenv("GAME_PIPELINE_CRAWL__CONTACT", "https://env.example")
    monkeypatch.setenv("GAME_PIPELINE_SOURCES__IFDB__ENABLED", "false")
    settings = load_settings(path)
    assert (settings.crawl.contact, settings.crawl.lease) == ("https://env.example", 7)
    assert (settings.source("ifdb").enabled, settings.source("ifdb").min_delay) == (False, 3)


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = config(tmp_path, "data_dir = '../data'\npostgres_bin = 'pg/bin'")
    settings = load_settings(path)
    assert settings.data_dir.resolve() == tmp_path / "data"
    assert settings.postgres_bin == path.parent / "pg" / "bin"
    assert settings.archive_dir.resolve() == tmp_path / "data" / "archive"


def test_an_absolute_path_and_one_of_the_home_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert load_settings(config(tmp_path, f"data_dir = '{tmp_path}/data'")).data_dir == tmp_path / "data"
    assert load_settings(config(tmp_path, "data_dir = '~/data'")).data_dir == tmp_path / "home" / "data"


def test_everything_wrong_is_in_one_message_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = config(
        tmp_path,
        """
        database_url = "mysql://x"
        colour = "red"
        pool_size = 0
        [crawl]
        lease = -1
        [crawl.routes]
        "ifdb.org" = "127.0.0.1:80"
        [sources.ifbd]
        min_delay = -1
        """,
    )
    monkeypatch.setenv("GAME_PIPELINE_MERGE__NEAR", "2")
    with pytest.raises(SettingsError) as refused:
        load_settings(path, KNOWN)
    message = str(refused.value)
    assert message.startswith(f"settings from {path} and the environment are wrong:\n")
    for place in (
        "database_url: must be postgresql://",
        "colour: ",
        "pool_size: ",
        "crawl.lease: ",
        "crawl.routes: ifdb.org: an origin such as http://127.0.0.1:8080 is expected",
        "sources.ifbd.min_delay: ",
        "sources.ifbd: no such source; known are ifdb, ifiction",
        "merge.near: ",
    ):
        assert f"\n  {place}" in message


def test_an_unknown_source_in_the_environment_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAME_PIPELINE_SOURCES__IFBD__ENABLED", "false")
    with pytest.raises(SettingsError, match=r"sources\.ifbd: no such source"):
        load_settings(known_sources=KNOWN)


def test_a_variable_that_does_not_parse_is_an_error_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAME_PIPELINE_CRAWL", "{")
    with pytest.raises(SettingsError, match="crawl"):
        load_settings()


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAME_PIPELINE_CONFIG", "missing.toml")
    with pytest.raises(SettingsError, match=f"{tmp_path}/missing.toml does not exist"):
        load_settings()


@pytest.mark.parametrize("text", ["pool_size = ", "pool_size = 1\npool_size = 2"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, text: str) -> None:
    path = config(tmp_path, text)
    with pytest.raises(SettingsError, match=r"own\.toml cannot be read: "):
        load_settings(path)


def test_a_directory_is_no_file_of_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path)


def test_settings_can_be_made_by_hand() -> None:
    assert Settings(pool_size=2).pool_size == 2


def test_what_an_operator_sets_for_a_site_is_read_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[sources.ifdb]\nrequests_per_day = 500\nrevisit_mean_days = 7\nquiet_hours = '23:00-07:00 Europe/Moscow'"
    monkeypatch.setenv("GAME_PIPELINE_SOURCES__IFICTION__QUIET_HOURS", "01:00-02:30 UTC")
    settings = load_settings(config(tmp_path, text), KNOWN)
    assert str(settings.source("ifdb").quiet_hours) == "23:00-07:00 Europe/Moscow"
    assert str(settings.source("ifiction").quiet_hours) == "01:00-02:30 UTC"
    wrong = "[sources.ifdb]\nquiet_hours = '23-7'\n[sources.ifiction]\nrevisit_min_days = 9\nrevisit_max_days = 8"
    monkeypatch.delenv("GAME_PIPELINE_SOURCES__IFICTION__QUIET_HOURS")
    with pytest.raises(SettingsError) as error:
        load_settings(config(tmp_path, wrong), KNOWN)
    assert "sources.ifdb.quiet_hours: hours and a time zone such as" in str(error.value)
    assert "must not fall in this order" in str(error.value)
