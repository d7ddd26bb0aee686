"""Libraries and the catalogue: Galaxy's games are matched as any other's, and IGDB says who can play."""

from __future__ import annotations

from pathlib import Path

from game_pipeline.catalog import curator_for
from game_pipeline.changes import refresh_records, write_given
from game_pipeline.library import data_file_of, renew_data_file
from game_pipeline.model import Attribution, ExternalId, GameRecord
from game_pipeline.parsing import InProcess
from game_pipeline.settings import Settings
from game_pipeline.sources import SOURCES, GogGalaxy
from game_pipeline.store import Store

from .test_intake import take
from .worlds import ANN, BOB, owned, settings_in, upload


def igdb_says(store: Store, identity: str, title: str, ids: dict[str, str], **extra: bool | int) -> None:
    record = GameRecord.build(
        source="igdb",
        identity=identity,
        url=f"https://www.igdb.com/games/{identity}",
        title=title,
        external_ids=tuple(ExternalId(scheme=scheme, value=value) for scheme, value in ids.items()),
        attribution=Attribution(site="IGDB", licence="unknown"),
        extra=extra,
        parser_version=1,
    )
    with store.transaction() as connection:
        write_given(connection, SOURCES["igdb"], identity, record.to_json().encode(), record, "igdb run")


def reconcile(store: Store, settings: Settings) -> None:
    refresh_records(store, GogGalaxy(), "run", "games", InProcess())
    curator = curator_for(store, settings, "run")
    assert curator.match_pending().failed == []
    assert curator.revise_pending().failed == []


def test_igdb_says_who_can_play_by_the_steam_id_then_the_gog_id(store: Store, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    igdb_says(store, "100", "Star Quest", {"steam": "77"}, multiplayer=True, max_players=4)
    igdb_says(store, "101", "Iron City", {"gog": "2"}, multiplayer=False, max_players=1)
    libraries = (
        owned("gog_1", "Star Quest", siblings=("steam_77", "gog_1"), game_id="501"),
        owned("gog_2", "Iron City"),
        owned("epic_X", "Dark Tower"),
    )
    take(store, tmp_path, upload(tmp_path, "Ann.db", ANN, *libraries))
    reconcile(store, settings)
    renew_data_file(store, settings)
    games = data_file_of(settings).read()["games"]
    assert {key: (game["multiplayer"], game["max_players"], game["igdb_id"]) for key, game in games.items()} == {
        "gog_1": (True, 4, "100"),
        "gog_2": (False, 1, "101"),
        "epic_X": (None, None, None),
    }
    assert {key: game["igdb_key"] for key, game in games.items()} == {
        "gog_1": "steam_77",
        "gog_2": "gog_2",
        "epic_X": "epic_X",
    }


def test_where_databases_of_friends_differ_the_catalogue_hears_what_most_of_them_state(
    store: Store, tmp_path: Path
) -> None:
    names = {ANN: "Gwint", BOB: "Gwent", BOB + 1: "Gwent"}
    for number, (user_id, title) in enumerate(names.items()):
        take(store, tmp_path, upload(tmp_path, f"{number}.db", user_id, owned("gog_1", title, game_id="501")))
        refresh_records(store, GogGalaxy(), f"run {number}", "games", InProcess())
    said = store.rows("SELECT record->>'title' AS title FROM record_version ORDER BY version")
    assert [row["title"] for row in said][-1] == "Gwent"
    pages = store.rows("SELECT page_key FROM source_url_state WHERE source = 'gog_galaxy'")
    assert pages == [{"page_key": "501"}]
