"""What Galaxy databases of every known kind say, the sampled one among them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.demo.replicas.galaxy_database import GalaxyOwned, GalaxyUser, write_galaxy_database
from game_pipeline.galaxy import GalaxyError, GalaxyFile, GalaxyLibrary, GalaxyRelease, ReadLimits, read_galaxy
from game_pipeline.galaxy.keys import clean_key, split_key
from game_pipeline.galaxy.pieces import Pieces, day_of, read_piece, time_of
from game_pipeline_tests.shared import SAMPLES, needs_shared

USER = 46_989_000_000_000_001


def owned(key: str, title: str | None = "A", **facts: object) -> GalaxyOwned:
    return GalaxyOwned(key=key, title=title, **facts)  # type: ignore[arg-type]


def written(place: Path, *releases: GalaxyOwned, change: str = "", **options: int) -> Path:
    path = write_galaxy_database(place / "galaxy-2.0.db", [GalaxyUser(USER, releases)], **options)
    connection = sqlite3.connect(path)
    connection.executescript(change)
    connection.close()
    return path


def library_of(path: Path) -> GalaxyLibrary:
    [library] = read_galaxy(path).libraries
    return library


def releases_of(path: Path) -> dict[str, GalaxyRelease]:
    return {release.key: release for release in library_of(path).releases}


# The sampled database ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> GalaxyFile:
    path = tmp_path_factory.mktemp("sample") / "galaxy-2.0.db"
    connection = sqlite3.connect(path)
    connection.executescript((SAMPLES / "gog_galaxy" / "galaxy-2.0.min.sql").read_text(encoding="utf-8"))
    connection.close()
    return read_galaxy(path)


@needs_shared
def test_the_sample_has_the_right_owner_titles_releases_and_installed(sample: GalaxyFile) -> None:
    [library] = sample.libraries
    assert (sample.schema_version, sample.warnings) == (40, ())
    assert library.user_id == 11_111_111_111_111_111
    found = {each.key: (each.title, each.dlc, each.installed, each.minutes) for each in library.releases}
    assert found == {
        "gog_1207658901": ("Tyrian 2000", False, False, 0),
        "gog_1207664643": ("The Witcher 3: Wild Hunt - Complete Edition", False, False, 50),
        "gog_1430742983": ("New Game +", True, False, 0),
        "gog_1971477531": ("GWENT: The Witcher Card Game", False, True, 54),
        "steam_1091500": ("Cyberpunk 2077", False, False, 0),
    }


@needs_shared
def test_the_sample_knows_its_games_in_other_stores(sample: GalaxyFile) -> None:
    games = {game.key: game for game in sample.libraries[0].games}
    witcher = games["51071842242777057"]
    assert (witcher.ids["gog"], witcher.ids["steam"], witcher.release_date) == ("1207664643", "292030", "2015-05-19")
    assert "steam_292030" in witcher.releases
    assert not any(key.startswith(("test_", "generic_", "steam_steam_")) for key in witcher.releases)
    assert games["51152725611062641"].ids == {"gog": "1423049311", "steam": "1091500", "epic": "Ginger"}
    assert "52051794812828355" not in games  # a DLC is no game


@needs_shared
def test_the_sample_keeps_its_dates_and_sorting_titles(sample: GalaxyFile) -> None:
    witcher = next(each for each in sample.libraries[0].releases if each.key == "gog_1207664643")
    assert witcher.sorting_title == "Witcher 3 Wild Hunt Complete Edition"
    assert (witcher.last_played, witcher.added) == ("2018-11-20T14:18:42+00:00", "2015-07-23T22:30:48+00:00")


# Kinds of databases --------------------------------------------------------------------------------------------------


def test_an_old_database_without_licences_goes_by_its_purchases(tmp_path: Path) -> None:
    path = written(tmp_path, owned("gog_1"), owned("gog_2"), change="DROP TABLE LicensedReleases")
    assert set(releases_of(path)) == {"gog_1", "gog_2"}


def test_a_database_whose_licences_are_empty_goes_by_its_purchases(tmp_path: Path) -> None:
    assert set(releases_of(written(tmp_path, owned("gog_1"), change="DELETE FROM LicensedReleases"))) == {"gog_1"}


def test_subscriptions_are_not_owned_by_either_signal(tmp_path: Path) -> None:
    both = (owned("gog_1"), owned("xboxone_2", subscription=True), owned("origin_3"), owned("origin_4"))
    change = (
        "INSERT INTO SubscriptionReleases VALUES ('origin_3', 1);"
        "UPDATE LicensedReleases SET isOwned = 0 WHERE libraryId = 4;"
    )
    assert set(releases_of(written(tmp_path, *both, change=change))) == {"gog_1"}


def test_a_database_without_the_table_of_subscriptions_is_read(tmp_path: Path) -> None:
    path = written(
        tmp_path, owned("gog_1"), owned("xboxone_2", subscription=True), change="DROP TABLE SubscriptionReleases"
    )
    assert set(releases_of(path)) == {"gog_1"}


@pytest.mark.parametrize("first_type", [1, 40, 900])
def test_types_of_pieces_go_by_their_names_whatever_their_numbers(tmp_path: Path, first_type: int) -> None:
    path = written(tmp_path, owned("gog_1", "Star Quest", summary="About it."), first_type=first_type)
    library = library_of(path)
    assert (library.releases[0].title, library.games[0].summary) == ("Star Quest", "About it.")


def test_an_older_table_of_pieces_without_languages_and_in_another_order_is_read(tmp_path: Path) -> None:
    change = (
        "CREATE TABLE old AS SELECT value, gamePieceTypeId, userId, releaseKey FROM GamePieces;"
        "DROP TABLE GamePieces; ALTER TABLE old RENAME TO GamePieces;"
    )
    assert releases_of(written(tmp_path, owned("gog_1", "Star Quest"), change=change))["gog_1"].title == "Star Quest"


def test_of_several_languages_the_first_that_states_anything_is_heard(tmp_path: Path) -> None:
    change = (
        "UPDATE GamePieces SET languageId = 9 WHERE value LIKE '%Star Quest%';"
        "INSERT INTO GamePieces SELECT releaseKey, gamePieceTypeId, userId, '{\"title\": null}', 2 FROM GamePieces "
        "WHERE value LIKE '{\"title%';"
        'INSERT INTO GamePieces SELECT DISTINCT releaseKey, gamePieceTypeId, userId, \'{"title": "Sternreise"}\', 5 '
        "FROM GamePieces WHERE value LIKE '{\"title%';"
    )
    assert releases_of(written(tmp_path, owned("gog_1", "Star Quest"), change=change))["gog_1"].title == "Sternreise"


def test_of_several_lists_of_releases_all_are_heard(tmp_path: Path) -> None:
    change = (
        "INSERT INTO GamePieces SELECT releaseKey, gamePieceTypeId, userId, "
        '\'{"releases": ["steam_steam_77", "epic_X", "test_1", "generic_5"]}\', NULL '
        "FROM GamePieces WHERE value LIKE '{\"releases%'"
    )
    [game] = library_of(written(tmp_path, owned("gog_1"), change=change)).games
    assert game.ids == {"gog": "1", "steam": "77", "epic": "X"}
    assert game.releases == ("epic_X", "gog_1", "steam_77")


def test_a_release_without_a_title_goes_by_its_sibling_or_its_key(tmp_path: Path) -> None:
    found = releases_of(
        written(
            tmp_path,
            owned("gog_1", "Star Quest", game_id="5"),
            owned("steam_2", None, game_id="5"),
            owned("uplay_3", None),
        )
    )
    assert {key: each.title for key, each in found.items()} == {
        "gog_1": "Star Quest",
        "steam_2": "Star Quest",
        "uplay_3": "uplay_3",
    }


def test_doubled_keys_are_one_release_and_junk_is_none(tmp_path: Path) -> None:
    path = written(tmp_path, owned("steam_292030"), owned("steam_steam_292030"), owned("test_1"), owned("generic_2"))
    assert set(releases_of(path)) == {"steam_292030"}


def test_what_is_hidden_and_what_is_a_dlc_is_told_and_states_no_game(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        owned("gog_1"),
        owned("gog_2", hidden=True),
        owned("gog_3", dlc=True),
        owned("gog_4"),
        change="UPDATE ReleaseProperties SET isVisibleInLibrary = 0 WHERE releaseKey = 'gog_4'",
    )
    library = library_of(path)
    assert {each.key: (each.hidden, each.dlc) for each in library.releases} == {
        "gog_1": (False, False),
        "gog_2": (True, False),
        "gog_3": (False, True),
        "gog_4": (True, False),
    }
    assert [game.key for game in library.games] == ["gog_1"]


def test_installed_is_told_by_both_kinds_of_installations(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        owned("gog_1", installed=True),
        owned("steam_2", installed=True),
        owned("steam_3"),
        owned("epic_Long Name", installed=True),
    )
    assert {key for key, each in releases_of(path).items() if each.installed} == {"gog_1", "steam_2", "epic_Long Name"}


def test_tags_ratings_times_and_dates_of_older_databases_are_kept(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        owned(
            "gog_1", tags=("co-op", "short"), rating=80, minutes=95, last_played="1500000000", purchased="1400000000"
        ),
    )
    release = releases_of(path)["gog_1"]
    assert (release.tags, release.rating, release.minutes) == (("co-op", "short"), 80.0, 95)
    assert (release.last_played, release.added) == ("2017-07-14T02:40:00+00:00", "2014-05-13T16:53:20+00:00")


def test_releases_of_one_game_are_known_by_galaxys_id_or_by_their_common_list(tmp_path: Path) -> None:
    listed = ("gog_10", "steam_20")
    path = written(
        tmp_path,
        owned("gog_1", game_id="501"),
        owned("steam_2", game_id="501"),
        owned("gog_10", siblings=listed),
        owned("steam_20", siblings=listed),
    )
    assert [each.game for each in library_of(path).releases] == ["501", "gog_10", "501", "gog_10"]


def test_a_newer_schema_with_all_that_is_needed_is_read_with_a_warning(tmp_path: Path) -> None:
    file = read_galaxy(written(tmp_path, owned("gog_1"), version=61))
    assert file.warnings == ("schema version 61 is newer than 40, the newest known",)


# How it comes --------------------------------------------------------------------------------------------------------


def test_what_stands_in_the_write_ahead_log_beside_counts(tmp_path: Path) -> None:
    path = written(tmp_path, owned("gog_1", "Old"))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("""UPDATE GamePieces SET value = '{"title": "New"}' WHERE value LIKE '{"title%'""")
    connection.commit()
    (tmp_path / "upload").mkdir()
    for name in ("galaxy-2.0.db", "galaxy-2.0.db-wal"):
        (tmp_path / "upload" / name).write_bytes((tmp_path / name).read_bytes())
    connection.close()
    uploaded = tmp_path / "upload" / "galaxy-2.0.db"
    before = sorted((each.name, each.read_bytes()) for each in uploaded.parent.iterdir())
    assert releases_of(uploaded)["gog_1"].title == "New"
    assert sorted((each.name, each.read_bytes()) for each in uploaded.parent.iterdir()) == before


def test_a_zip_with_the_database_and_its_log_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, owned("gog_1", "Star Quest"))
    with zipfile.ZipFile(tmp_path / "mine.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "Storage/galaxy-2.0.db")
        archive.writestr("readme.txt", "hello")
    file = read_galaxy(tmp_path / "mine.zip")
    assert (file.name, file.libraries[0].releases[0].title) == ("galaxy-2.0.db", "Star Quest")


def test_a_journal_that_somebody_left_beside_is_not_played_back(tmp_path: Path) -> None:
    path = written(tmp_path, owned("gog_1", "Star Quest"))
    path.with_name(f"{path.name}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\xff" * 4096)
    assert releases_of(path)["gog_1"].title == "Star Quest"


def test_triggers_checks_and_what_else_a_schema_may_run_does_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    change = f"""
    CREATE TABLE noise (a INT CHECK (length(hex(zeroblob(900000))) > a));
    INSERT INTO noise VALUES (1);
    CREATE TRIGGER t AFTER UPDATE ON Users BEGIN SELECT writefile('{ran}', 'x'); END;
    CREATE VIEW unused AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n;
    """
    assert set(releases_of(written(tmp_path, owned("gog_1"), change=change))) == {"gog_1"}
    assert not ran.exists()


def test_the_copy_that_was_read_can_be_kept_and_nothing_else_stays_behind(tmp_path: Path) -> None:
    path = written(tmp_path, owned("gog_1"))
    keep = tmp_path / "kept"
    keep.mkdir()
    read_galaxy(path, keep=keep)
    assert [each.name for each in keep.iterdir()] == ["galaxy.db"]
    assert (keep / "galaxy.db").read_bytes() == path.read_bytes()


def test_secrets_of_the_database_cannot_be_read_even_by_mistake(tmp_path: Path) -> None:
    from game_pipeline.galaxy.opening import open_checked

    path = written(tmp_path, owned("gog_1"), change="INSERT INTO ProductAuthorizations VALUES (1, 'hush')")
    connection = open_checked(path, has_log=False, cpu_seconds=5)
    for statement in (
        "SELECT clientSecret FROM ProductAuthorizations",
        "ATTACH DATABASE ':memory:' AS other",
        "CREATE TABLE t (a)",
        "DELETE FROM Users",
        "PRAGMA writable_schema = ON",
        "SELECT load_extension('x')",
    ):
        with pytest.raises(sqlite3.DatabaseError):
            connection.execute(statement)
    connection.close()


def test_a_reading_process_that_is_killed_is_an_answer_too(tmp_path: Path) -> None:
    path = written(tmp_path, *(owned(f"gog_{number}", f"Game {number}") for number in range(1, 3000)))
    done = threading.Event()

    def kill() -> None:
        while not done.wait(0.05):
            for child in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
                for pid in child.read_text().split():
                    if b"game_pipeline.galaxy.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        os.kill(int(pid), signal.SIGSEGV)
                        return

    if not Path("/proc/self/task").is_dir():
        pytest.skip("children are looked up in /proc")
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(GalaxyError) as caught:
            read_galaxy(path)
    finally:
        done.set()
        killer.join()
    assert caught.value.code == "crashed"


def test_a_reading_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = written(tmp_path, *(owned(f"gog_{number}", f"Game {number}") for number in range(1, 500)))
    begun = time.monotonic()
    with pytest.raises(GalaxyError) as caught:
        read_galaxy(path, ReadLimits(seconds=0.02))
    assert caught.value.code == "too_slow"
    assert time.monotonic() - begun < 2


# Values --------------------------------------------------------------------------------------------------------------


@given(st.text(max_size=30))
def test_a_clean_key_stays_as_it_is(text: str) -> None:
    for raw in (text, f"steam_{text}"):
        key = clean_key(raw)
        if key is not None:
            assert clean_key(key) == key
            assert split_key(key) is not None


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=10,
    )
)
def test_whatever_a_piece_states_it_is_read_or_states_nothing(value: object) -> None:
    pieces = Pieces()
    for kind in ("title", "allGameReleases", "meta", "myRating", "osCompatibility", "summary"):
        for stated in (value, {"title": value, "releases": value, "supported": value, "myRating": value}):
            read_piece(pieces, kind, json.dumps(stated))
    read_piece(pieces, "title", "[" * 100_000)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2018-11-20 14:18:42", "2018-11-20T14:18:42+00:00"),
        ("2018-11-20", "2018-11-20T00:00:00+00:00"),
        (1_500_000_000, "2017-07-14T02:40:00+00:00"),
        ("", None),
        ("2018-13-40 00:00:00", None),
        (None, None),
        (True, None),
    ],
)
def test_times_are_read_as_text_and_as_seconds(value: object, expected: str | None) -> None:
    assert time_of(value) == expected


@pytest.mark.parametrize(
    ("seconds", "day"), [(0, "1970-01-01"), (-86_400, "1969-12-31"), (1e30, None), (None, None), ("5", None)]
)
def test_days_of_release_may_lie_before_1970(seconds: object, day: str | None) -> None:
    assert day_of(seconds) == day
