"""Stores and databases of games in one catalogue: their numbers tie them together, whatever each of them says."""

from __future__ import annotations

import pytest

from game_pipeline.catalog import Curator, show_game
from game_pipeline.demo.world.stores import STORE_ENTRIES, StoreEntry
from game_pipeline.matching import name_key, title_key
from game_pipeline.merging import MergePolicy
from game_pipeline.sources import SOURCES
from game_pipeline.sources.rawg import WIDELY_KEPT
from game_pipeline.store import Store
from game_pipeline_tests.changes.tiny_site import Site
from game_pipeline_tests.sources.replica_walk import Walk

NAMES = ("steam", "igdb", "itch", "rawg", "vndb", "wikidata")

SCHEMES = ("igdb", "steam", "rawg", "wikidata", "vndb")


def _number(entry: StoreEntry, scheme: str) -> str:
    """The number of an entry at a site, as external ids have it; empty where the site does not list it."""
    number = getattr(entry, scheme)
    if number is None or (scheme == "rawg" and entry.kept_by < WIDELY_KEPT):
        return ""
    return {"wikidata": "Q", "vndb": "v"}.get(scheme, "") + str(number)


def _read(store: Store, name: str) -> None:
    site = Site(store, SOURCES[name])
    for key, body in Walk(name).bodies.items():
        site.serve(key, body)
    site.read()


@pytest.fixture
def curator(store: Store) -> Curator:
    priorities = {name: SOURCES[name].policy.priority for name in NAMES}
    return Curator(store, priorities, MergePolicy(title_key=title_key, person_key=name_key), "run")


@pytest.mark.parametrize("order", [NAMES, NAMES[::-1]], ids=["stores first", "Wikidata first"])
def test_every_game_of_six_sites_is_one_game_by_the_numbers_that_they_share(
    store: Store, curator: Curator, order: tuple[str, ...]
) -> None:
    for name in order:
        _read(store, name)
        curator.match_pending()
        curator.revise_pending()
    wanted = {
        entry.title: {(scheme, number) for scheme in SCHEMES if (number := _number(entry, scheme))}
        for entry in STORE_ENTRIES
        if entry.since == 1 and entry.kind == "game"
    }
    games = [show_game(store, row["game_id"]) for row in store.rows("SELECT game_id FROM game")]
    found = {
        game["state"]["title"]: {
            (each["scheme"], each["value"]) for each in game["state"]["external_ids"] if each["scheme"] in SCHEMES
        }
        for game in filter(None, games)
    }
    assert len(found) == len(games)
    # The music of a game is no other game, nor the game itself: that is asked.
    assert {title: ids for title, ids in found.items() if "Music" not in title} == wanted
    days = next(game for game in games if game and game["state"]["title"] == "80 DAYS")
    assert {record["source"] for record in days["records"]} == {"igdb", "steam", "rawg", "wikidata"}
