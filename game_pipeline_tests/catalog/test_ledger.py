"""Judgements about records and the games they come to: whatever order they come in, told apart, keys of many games."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.catalog import accept, keep_apart, reject
from game_pipeline.store import Store
from game_pipeline_tests.conftest import ReusedCatalogue

from .curating import Catalogue
from .judging import HUB, edges, equals_its_replay, explained, game_of, ids, merge, named, parts, unmerge

# The order of imports ------------------------------------------------------------------------------------------------

CHAIN = (
    ("alpha", {"title": "Owl", "external_ids": ids("OWL-ONE")}),
    ("beta", {"title": "Strix", "external_ids": ids("OWL-ONE", "OWL-TWO")}),
    ("gamma", {"title": "Eule", "external_ids": ids("OWL-TWO")}),
)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_of_ids_is_one_game_in_whatever_order_it_comes(catalogue: Catalogue, order: tuple[int, ...]) -> None:
    for place in order:
        source, claims = CHAIN[place]
        catalogue.says(source, "1", **claims)
        catalogue.reconcile()
    (game_id,) = {game_of(catalogue, record_id) for record_id in (1, 2, 3)}
    active = catalogue.store.rows("SELECT game_id FROM game WHERE status = 'active'")
    assert active == [{"game_id": game_id}]
    assert equals_its_replay(catalogue)


_records = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(["Owl in the rain", "Crow of the north", "Strix"]),
            "external_ids": st.lists(st.sampled_from("ABCD"), max_size=2, unique=True).map(
                lambda values: ids(*(f"ID-{value}" for value in values))
            ),
        }
    ),
    min_size=2,
    max_size=3,
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(records=_records, data=st.data())
def test_the_order_of_import_does_not_change_the_games(
    reused_catalogue: ReusedCatalogue, records: list[dict[str, Any]], data: st.DataObject
) -> None:
    told = [(source, claims) for source, claims in zip(("alpha", "beta", "gamma"), records, strict=False)]
    found = []
    for order in (told, data.draw(st.permutations(told))):
        with Store(reused_catalogue.empty()) as store:
            catalogue = Catalogue(store)
            for source, claims in order:
                catalogue.says(source, "1", **claims)
                catalogue.reconcile()
            before = catalogue.fingerprint()
            catalogue.reconcile()
            assert catalogue.fingerprint() == before, "a re-run wrote something"
            found.append(parts(catalogue))
            explained(catalogue)
    assert found[0] == found[1]


def test_a_known_record_that_gains_an_id_joins_what_has_it(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", external_ids=ids("OWL-ONE"))
    catalogue.says("beta", "1", title="Strix")
    catalogue.reconcile()
    owl, strix = catalogue.games()
    catalogue.says("beta", "1", title="Strix", external_ids=ids("OWL-ONE"))
    catalogue.reconcile()
    assert catalogue.shown(strix)["merged_into"] == owl
    assert [alt["title"] for alt in catalogue.state(owl)["alt_titles"]] == ["Strix"]


def test_numbers_stay_when_more_comes(catalogue: Catalogue) -> None:
    first = catalogue.says("alpha", "1", title="Owl", external_ids=ids("OWL-ONE"))
    catalogue.reconcile()
    game_id = game_of(catalogue, first)
    catalogue.says("beta", "1", title="Strix", external_ids=ids("OWL-ONE"))
    catalogue.says("gamma", "1", title="Eule", external_ids=ids("OWL-ONE"))
    catalogue.reconcile()
    assert {game_of(catalogue, record_id) for record_id in (1, 2, 3)} == {game_id}


# Conflicts -----------------------------------------------------------------------------------------------------------


def test_told_apart_is_apart_through_a_third_record_too_and_the_conflict_is_asked_about(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", external_ids=ids("OWL-ONE"))
    catalogue.says("beta", "1", title="Strix", external_ids=ids("OWL-TWO"))
    catalogue.reconcile()
    owl, strix = catalogue.games()
    catalogue.does(keep_apart, owl, strix, author="ann", reason="another plot")
    bridge = catalogue.says("gamma", "1", title="Eule", external_ids=ids("OWL-ONE", "OWL-TWO"))
    catalogue.reconcile()
    assert len(parts(catalogue)) == 2
    (item,) = catalogue.asked("duplicate")
    said = [evidence["detail"] for evidence in item["proposal"]["evidence"]]
    assert any("records 1 and 2 are different (ann: " in detail and "another plot" in detail for detail in said)
    assert catalogue.does(reject, item["item_id"], author="ann", reason="as I said").endswith("stay two")
    catalogue.says("gamma", "1", title="Eule", release_date="1980", external_ids=ids("OWL-ONE", "OWL-TWO"))
    catalogue.reconcile()
    assert [item["state"] for item in catalogue.asked("duplicate")] == ["rejected"]
    assert game_of(catalogue, bridge) in (owl, strix)


def test_a_conflict_that_a_person_decides_for_makes_one_game(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", external_ids=[*ids("OWL-ONE"), named("steam", "10")])
    catalogue.says("beta", "1", title="Strix", external_ids=[*ids("OWL-TWO"), named("steam", "20")])
    catalogue.says("gamma", "1", title="Eule", external_ids=ids("OWL-ONE", "OWL-TWO"))
    catalogue.reconcile()
    assert len(parts(catalogue)) == 2
    (conflict,) = edges(catalogue, "judgement = 'different'")
    assert (conflict["judge"], conflict["method"]) == ("rule", "key_id_conflict")
    (item,) = catalogue.asked("duplicate")
    catalogue.does(accept, item["item_id"], author="ann", reason="sold twice")
    assert len(parts(catalogue)) == 1
    explained(catalogue)
    assert equals_its_replay(catalogue)


def _two_pages_tied_to_one_game(catalogue: Catalogue, source: str, order: tuple[int, ...]) -> None:
    """A record of beta carries two ids, and a source has a page with each."""
    told = (
        ("beta", "1", {"title": "Owl", "external_ids": ids("OWL-ONE", "OWL-TWO")}),
        (source, "1", {"title": "Owl", "external_ids": ids("OWL-ONE")}),
        (source, "2", {"title": "Strix", "external_ids": ids("OWL-TWO")}),
    )
    for place in order:
        name, identity, claims = told[place]
        catalogue.says(name, identity, **claims)
        catalogue.reconcile()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_second_page_of_a_source_that_a_person_accepts_is_of_the_game_and_tears_no_other_out(
    catalogue: Catalogue, order: tuple[int, ...]
) -> None:
    _two_pages_tied_to_one_game(catalogue, "alpha", order)
    assert len(parts(catalogue)) == 2
    (item,) = catalogue.store.rows("SELECT item_id FROM review_item WHERE state = 'open'")
    catalogue.does(accept, item["item_id"], author="ann", reason="sold in two halves")
    for _ in range(2):
        assert len(parts(catalogue)) == 1
        catalogue.reconcile()
    assert catalogue.store.rows("SELECT item_id FROM review_item WHERE state = 'open'") == []
    explained(catalogue)
    assert equals_its_replay(catalogue)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_of_a_source_that_has_several_records_a_game_what_is_tied_to_one_game_is_that_game(
    catalogue: Catalogue, order: tuple[int, ...]
) -> None:
    _two_pages_tied_to_one_game(catalogue, "ifarchive", order)
    assert len(parts(catalogue)) == 1
    assert catalogue.store.rows("SELECT item_id FROM review_item") == []


def test_a_merge_takes_every_record_along_whatever_stood_against_it(catalogue: Catalogue) -> None:
    catalogue.says("beta", "1", title="Owl", external_ids=ids("OWL-ONE"))
    catalogue.says("alpha", "1", title="Owl", external_ids=ids("OWL-ONE"))
    catalogue.says("gamma", "1", title="Strix", external_ids=ids("OWL-TWO"))
    catalogue.says("alpha", "2", title="Strix", external_ids=ids("OWL-TWO"))
    catalogue.says("beta", "2", title="Uhu", external_ids=ids("OWL-ONE", "OWL-TWO"))
    catalogue.reconcile()
    apart = parts(catalogue)
    kept, gone = (game_of(catalogue, record) for record in (1, 3))
    assert kept != gone
    assert edges(catalogue, "judgement = 'different'") != []
    merge(catalogue, kept, gone)
    assert parts(catalogue) == {frozenset.union(*apart)}
    explained(catalogue)
    unmerge(catalogue, gone)
    assert parts(catalogue) == apart
    assert equals_its_replay(catalogue)


# Keys of many games --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
def test_an_address_that_many_games_share_links_none_whoever_came_first(
    catalogue: Catalogue, order: tuple[int, ...]
) -> None:
    titles = ("The owl of winter", "Crow and thunder", "A lamp in the north", "Palace of clouds")
    for n in order:
        catalogue.says("alpha" if n % 2 else "beta", str(n), title=titles[n], urls=HUB)
        catalogue.reconcile()
    assert len(parts(catalogue)) == len(titles)
    row = catalogue.store.row("SELECT key, titles FROM demoted_key")
    assert row == {"key": "url:hub.example/games", "titles": 3}
    assert edges(catalogue, "judgement = 'same'") == []
    assert equals_its_replay(catalogue)


def test_what_a_hub_joined_stays_joined_by_another_id(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="The owl of winter", urls=HUB, external_ids=ids("OWL-ONE"))
    catalogue.says("beta", "1", title="Strix", urls=HUB, external_ids=ids("OWL-ONE"))
    catalogue.says("alpha", "2", title="Crow and thunder", urls=HUB)
    catalogue.says("beta", "2", title="A lamp in the north", urls=HUB)
    catalogue.reconcile()
    assert frozenset({"alpha 1", "beta 1"}) in parts(catalogue)
    assert len(parts(catalogue)) == 3
    (edge,) = edges(catalogue, "judgement = 'same'")
    assert edge["keys"] == ["ifid:OWL-ONE"]


# Shadow mode ---------------------------------------------------------------------------------------------------------


def test_in_shadow_mode_what_would_join_two_games_of_the_catalogue_is_a_suggestion(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", external_ids=ids("OWL-ONE"))
    catalogue.says("beta", "1", title="Strix", external_ids=ids("OWL-TWO"))
    catalogue.reconcile()
    games = catalogue.games()
    catalogue.curator.shadow = True
    record = catalogue.says("gamma", "1", title="Eule", external_ids=ids("OWL-ONE", "OWL-TWO"))
    catalogue.reconcile()
    assert [catalogue.shown(game_id)["status"] for game_id in games] == ["active", "active"]
    assert game_of(catalogue, record) in games
    assert sorted(edge["judgement"] for edge in edges(catalogue)) == ["same", "suggested"]
    assert equals_its_replay(catalogue)


def test_in_shadow_mode_a_hub_tears_no_game_of_the_catalogue_apart(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="The owl of winter", urls=HUB)
    catalogue.says("beta", "1", title="Crow and thunder", urls=HUB)
    catalogue.reconcile()
    game_id = catalogue.only_game()
    catalogue.curator.shadow = True
    catalogue.says("gamma", "1", title="A lamp in the north", urls=HUB)
    catalogue.reconcile()
    assert frozenset({"alpha 1", "beta 1"}) in parts(catalogue)
    assert catalogue.shown(game_id)["status"] == "active"
    assert equals_its_replay(catalogue)
