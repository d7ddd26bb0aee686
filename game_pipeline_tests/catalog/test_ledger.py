"""Judgements about records and the games they come to, through the database: order, undoing, conflicts, hubs."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.catalog import (
    JoinError,
    ReviewError,
    accept,
    find_duplicates,
    keep_apart,
    match_quality,
    merge_games,
    reject,
    relate,
    split_game,
    unmerge_game,
    unrelate,
    why_game,
)
from game_pipeline.catalog.ledger.components import Edge, components
from game_pipeline.store import Store
from game_pipeline.store.replay import replayed
from game_pipeline_tests.conftest import ReusedCatalogue

from .curating import Catalogue

HUB = [{"url": "https://hub.example/games", "kind": "play_online", "label": None}]


def ids(*values: str) -> list[dict[str, str]]:
    return [{"scheme": "ifid", "value": value} for value in values]


def named(scheme: str, value: str) -> dict[str, str]:
    return {"scheme": scheme, "value": value}


def parts(catalogue: Catalogue) -> set[frozenset[str]]:
    """Which records are one game, by what their sources call them; a question is one of its own."""
    rows = catalogue.store.rows(
        "SELECT array_agg(source || ' ' || identity) AS names FROM source_record "
        "LEFT JOIN match_decision AS decision USING (record_id) WHERE decision.ended_at IS NULL "
        "GROUP BY coalesce(game_id, -record_id)"
    )
    return {frozenset(row["names"]) for row in rows}


def game_of(catalogue: Catalogue, record_id: int) -> int:
    row = catalogue.store.row(
        "SELECT game_id FROM match_decision WHERE record_id = %s AND ended_at IS NULL", (record_id,)
    )
    assert row is not None
    return int(row["game_id"])


def merge(catalogue: Catalogue, kept: int, gone: int) -> None:
    catalogue.does(merge_games, kept, gone, author="ann", reason="the same game")


def unmerge(catalogue: Catalogue, game_id: int) -> Any:
    return catalogue.does(unmerge_game, game_id, author="bob", reason="two games")


def edges(catalogue: Catalogue, where: str = "true") -> list[dict[str, Any]]:
    return catalogue.store.rows(f"SELECT * FROM match_edge WHERE ended_at IS NULL AND {where} ORDER BY edge_id")


def equals_its_replay(catalogue: Catalogue) -> bool:
    with replayed(catalogue.store) as result:
        return result.first_difference() is None


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


def explained(catalogue: Catalogue) -> None:
    """The membership of every record is the work of judgements that are listed."""
    for row in catalogue.store.rows("SELECT game_id FROM game WHERE status <> 'merged'"):
        with catalogue.store.connection() as connection:
            why = why_game(connection, row["game_id"])
        members = [record["record_id"] for record in why.records]
        listed = [Edge(n, said.a, said.b, "same", "rule", said.method) for n, said in enumerate(why.holding)]
        assert components(members, listed).groups == (frozenset(members),)
        assert all(said.details for said in why.holding)


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


# Merging and taking it back ------------------------------------------------------------------------------------------


# Pages of the two games, by an id of theirs, and of others; the same page may come again and say something else.
_later = st.lists(
    st.tuples(
        st.sampled_from(["alpha", "beta", "gamma"]),
        st.sampled_from(["owl", "strix", "crow", "new"]),
        st.fixed_dictionaries({"release_date": st.sampled_from(["1980", "1981"])}),
    ),
    min_size=10,
    max_size=10,
)
_PAGES: dict[str, dict[str, Any]] = {
    "owl": {"title": "Owl", "external_ids": ids("OWL-ONE")},
    "strix": {"title": "Strix", "external_ids": [named("tuid", "strix")]},
    "crow": {"title": "Crow of the north"},
    "new": {"title": "Palace of clouds", "external_ids": ids("PALACE")},
}


def _told(catalogue: Catalogue) -> dict[frozenset[str], Any]:
    """What is said of the game of these records; a question says nothing."""
    rows = catalogue.store.rows(
        "SELECT array_agg(source || ' ' || identity) AS names, "
        "(SELECT jsonb_build_array(status, state) FROM game WHERE game.game_id = decision.game_id) AS told "
        "FROM match_decision AS decision JOIN source_record USING (record_id) WHERE ended_at IS NULL "
        "GROUP BY game_id, coalesce(game_id, -record_id)"
    )
    return {frozenset(row["names"]): row["told"] for row in rows}


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(later=_later)
def test_a_merge_ten_later_imports_and_its_taking_back_are_as_if_it_had_never_been(
    reused_catalogue: ReusedCatalogue, later: list[tuple[str, str, dict[str, Any]]]
) -> None:
    found = []
    for merged in (False, True):
        with Store(reused_catalogue.empty()) as store:
            catalogue = Catalogue(store)
            catalogue.says("alpha", "owl", title="Owl", release_date="1980", external_ids=ids("OWL-ONE"))
            catalogue.says("beta", "strix", title="Strix", external_ids=[named("tuid", "strix")])
            catalogue.reconcile()
            owl, strix = catalogue.games()
            catalogue.edit(strix, "release_date", "1999")
            if merged:
                merge(catalogue, owl, strix)
            for source, page, claims in later:
                catalogue.says(source, page, **(_PAGES[page] | claims))
                catalogue.reconcile()
            if merged:
                report = unmerge(catalogue, strix)
                assert (report.game_id, report.split_from, report.back) == (strix, owl, True)
                catalogue.reconcile()
            found.append(_told(catalogue))
            assert (game_of(catalogue, 1), game_of(catalogue, 2)) == (owl, strix)
            explained(catalogue)
            assert equals_its_replay(catalogue)
    assert found[0] == found[1]


def test_one_of_several_merges_is_taken_back_alone(catalogue: Catalogue) -> None:
    for identity in ("owl", "strix", "crow"):
        catalogue.says("alpha", identity, title=identity.title())
    catalogue.reconcile()
    owl, strix, crow = catalogue.games()
    merge(catalogue, owl, strix)
    merge(catalogue, owl, crow)
    unmerge(catalogue, strix)
    assert parts(catalogue) == {frozenset({"alpha owl", "alpha crow"}), frozenset({"alpha strix"})}
    assert (catalogue.shown(strix)["status"], catalogue.shown(crow)["merged_into"]) == ("active", owl)


def test_a_merge_within_a_merged_game_is_taken_back(catalogue: Catalogue) -> None:
    for identity in ("owl", "strix", "crow"):
        catalogue.says("alpha", identity, title=identity.title())
    catalogue.reconcile()
    owl, strix, crow = catalogue.games()
    merge(catalogue, strix, crow)
    merge(catalogue, owl, strix)
    assert unmerge(catalogue, crow).split_from == owl
    assert parts(catalogue) == {frozenset({"alpha owl", "alpha strix"}), frozenset({"alpha crow"})}
    assert unmerge(catalogue, strix).split_from == owl
    assert {game_of(catalogue, record_id) for record_id in (1, 2, 3)} == {owl, strix, crow}


@pytest.mark.parametrize("back", ["split", "unmerge"])
def test_what_a_game_had_parted_with_before_it_was_merged_is_not_its_own_again(catalogue: Catalogue, back: str) -> None:
    strix = catalogue.says("alpha", "strix", title="Strix")
    owl = catalogue.says("beta", "owl", title="Owl")
    catalogue.reconcile()
    first, second = (game_of(catalogue, record_id) for record_id in (strix, owl))
    merge(catalogue, first, second)
    report = catalogue.does(split_game, first, [strix], author="ann", reason="two games")
    assert (report.back, game_of(catalogue, owl)) == (False, first)
    merge(catalogue, report.game_id, first)
    if back == "split":
        report = catalogue.does(split_game, report.game_id, [owl], author="ann", reason="two after all")
    else:
        report = unmerge(catalogue, first)
    assert (report.back, report.game_id) == (True, first)
    assert (game_of(catalogue, strix), game_of(catalogue, owl)) == (report.split_from, first)
    assert catalogue.shown(second)["merged_into"] == first
    assert equals_its_replay(catalogue)


def test_what_was_never_merged_is_not_taken_back(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl")
    catalogue.reconcile()
    with pytest.raises(JoinError, match="game 1 is not merged into another"):
        unmerge(catalogue, 1)
    with pytest.raises(JoinError, match="no game 7; look it up"):
        unmerge(catalogue, 7)


def test_what_stays_is_one_game_though_it_hung_on_what_leaves(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", external_ids=ids("OWL-ONE"))
    bridge = catalogue.says("beta", "1", title="Strix", external_ids=ids("OWL-ONE", "OWL-TWO"))
    catalogue.says("gamma", "1", title="Eule", external_ids=ids("OWL-TWO"))
    catalogue.reconcile()
    (game_id,) = {game_of(catalogue, record_id) for record_id in (1, 2, 3)}
    catalogue.does(split_game, game_id, [bridge], author="ann", reason="a compilation")
    assert parts(catalogue) == {frozenset({"alpha 1", "gamma 1"}), frozenset({"beta 1"})}
    explained(catalogue)


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


# Answers that are kept -----------------------------------------------------------------------------------------------


def _doubt(catalogue: Catalogue) -> dict[str, Any]:
    catalogue.says("alpha", "a", title="Lamp", credits=[{"name": "Ann Example"}])
    catalogue.says("beta", "b", title="Lamp")
    catalogue.reconcile()
    return catalogue.asked("match")[-1]


def test_no_match_exists_is_an_answer_that_keeps_what_was_shown(catalogue: Catalogue) -> None:
    item = _doubt(catalogue)
    catalogue.does(reject, item["item_id"], author="ann", reason="another plot")
    row = catalogue.store.row("SELECT * FROM match_decision WHERE record_id = 2 AND ended_at IS NULL")
    assert row is not None
    assert (row["method"], row["decided_by"], row["alternatives"]) == ("no_match", "ann", [1])
    assert [(edge["judgement"], edge["judge"]) for edge in edges(catalogue, "judge = 'person'")] == [
        ("different", "person")
    ]


def test_another_of_the_games_shown_can_be_the_answer(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", title="Lamp", credits=[{"name": "Ann Example"}])
    catalogue.says("alpha", "b", title="Lamp", credits=[{"name": "Bob Other"}])
    record = catalogue.says("beta", "c", title="Lamp")
    catalogue.reconcile()
    (item,) = catalogue.asked("match")
    first, second = item["proposal"]["candidates"]
    with pytest.raises(ReviewError, match=f"proposes game {first}, game {second}"):
        catalogue.does(accept, item["item_id"], author="ann", reason="", game_id=77)
    catalogue.does(accept, item["item_id"], author="ann", reason="by Bob", game_id=second)
    assert game_of(catalogue, record) == second


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


# Relations -----------------------------------------------------------------------------------------------------------


def test_a_relation_is_shown_on_both_sides_and_says_that_they_are_two(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl")
    catalogue.says("beta", "owl", title="Owl: the lost chapter")
    catalogue.reconcile()
    owl, chapter = catalogue.games()
    catalogue.does(relate, chapter, "dlc_of", owl, author="ann", reason="sold as an addition")
    (its,) = catalogue.shown(chapter)["relations"]
    (theirs,) = catalogue.shown(owl)["relations"]
    assert (its["kind"], its["inverse"], its["game_id"]) == ("dlc_of", False, owl)
    assert (theirs["inverse"], theirs["game_id"], theirs["title"]) == (True, chapter, "Owl: the lost chapter")
    assert [edge["judgement"] for edge in edges(catalogue, "judge = 'person'")] == ["different"]
    catalogue.does(unrelate, owl, chapter, author="ann", reason="it stands alone")
    assert catalogue.shown(owl)["relations"] == []
    assert edges(catalogue, "judge = 'person'") == []
    assert equals_its_replay(catalogue)


def test_a_relation_follows_its_records_through_a_merge(catalogue: Catalogue) -> None:
    for identity in ("owl", "strix", "demo"):
        catalogue.says("alpha", identity, title=identity.title())
    catalogue.reconcile()
    owl, strix, demo = catalogue.games()
    catalogue.does(relate, demo, "demo_of", strix, author="ann", reason="the first level")
    merge(catalogue, owl, strix)
    assert [row["game_id"] for row in catalogue.shown(demo)["relations"]] == [owl]
    unmerge(catalogue, strix)
    assert [row["game_id"] for row in catalogue.shown(demo)["relations"]] == [strix]


def test_a_game_is_not_related_to_itself(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl")
    catalogue.says("alpha", "strix", title="Strix")
    catalogue.reconcile()
    merge(catalogue, 1, 2)
    with pytest.raises(JoinError, match="game 1 and game 2 are one game"):
        catalogue.does(relate, 1, "edition_of", 2, author="ann", reason="-")


def test_a_demo_beside_its_game_is_suggested_to_be_one(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="The owl of winter", credits=[{"name": "Ann Example"}])
    catalogue.says("beta", "demo", title="The owl of winter", kind="demo", credits=[{"name": "Ann Example"}])
    catalogue.reconcile()
    owl, demo = catalogue.games()
    (suggested,) = catalogue.shown(demo)["relations"]
    assert (suggested["kind"], suggested["game_id"], suggested["judge"]) == ("demo_of", owl, "rule")


# The catalogue beside itself -----------------------------------------------------------------------------------------


def _look(catalogue: Catalogue, *, ask: bool = True) -> list[tuple[int, int, bool]]:
    report = find_duplicates(catalogue.store, catalogue.curator, ask=ask)
    return [(each.game_id, each.other, each.asked) for each in report.found]


def _twice(catalogue: Catalogue) -> tuple[int, int]:
    """Two games that came apart by their ids and have come to say the same."""
    catalogue.says("alpha", "1", title="The owl of winter", release_date="1980")
    catalogue.says("beta", "1", title="Strix", release_date="1980")
    catalogue.reconcile()
    catalogue.says("beta", "1", title="The owl of winter", release_date="1980", credits=[{"name": "Ann Example"}])
    catalogue.reconcile()
    one, other = catalogue.games()
    return one, other


def test_games_that_have_come_to_say_the_same_are_asked_about_once(catalogue: Catalogue) -> None:
    one, other = _twice(catalogue)
    assert _look(catalogue, ask=False) == [(one, other, False)]
    assert catalogue.asked("duplicate") == []
    assert _look(catalogue) == [(one, other, True)]
    before = catalogue.fingerprint()
    assert _look(catalogue) == [(one, other, False)]
    assert catalogue.fingerprint() == before
    (item,) = catalogue.asked("duplicate")
    assert item["proposal"]["games"] == [one, other]
    assert "The owl of winter (1980)" in item["summary"]
    assert [edge["judgement"] for edge in edges(catalogue)] == ["suggested"]
    assert (
        catalogue.does(accept, item["item_id"], author="ann", reason="same cover") == f"game {other} became game {one}"
    )
    assert _look(catalogue) == []
    assert equals_its_replay(catalogue)


def test_two_that_a_person_left_two_are_not_found_again(catalogue: Catalogue) -> None:
    one, other = _twice(catalogue)
    _look(catalogue)
    catalogue.does(reject, catalogue.asked("duplicate")[0]["item_id"], author="ann", reason="another plot")
    assert _look(catalogue) == []
    with pytest.raises(JoinError, match="are one game"):
        catalogue.does(keep_apart, one, one, author="ann", reason="-")
    assert len(parts(catalogue)) == 2
    assert other in catalogue.games()


def test_two_games_of_one_source_are_two_unless_a_key_says_otherwise(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="The owl of winter", release_date="1980")
    catalogue.says("alpha", "2", title="Strix", release_date="1980")
    catalogue.reconcile()
    catalogue.says("alpha", "2", title="The owl of winter", release_date="1980")
    catalogue.reconcile()
    assert _look(catalogue) == []


def test_where_no_match_exists_only_a_better_one_is_found(catalogue: Catalogue) -> None:
    item = _doubt(catalogue)
    catalogue.does(reject, item["item_id"], author="ann", reason="another plot")
    catalogue.says("gamma", "c", title="Crow")
    catalogue.reconcile()
    crow = catalogue.games()[-1]
    catalogue.says("gamma", "c", title="Lamp")
    catalogue.reconcile()
    found = {pair[:2] for pair in _look(catalogue, ask=False)}
    assert (2, crow) not in found, "no more speaks for it than for what was shown"
    assert (1, crow) in found
    catalogue.says("gamma", "c", title="Lamp", credits=[{"name": "Bea Other"}], release_date="1980")
    catalogue.says("beta", "b", title="Lamp", credits=[{"name": "Bea Other"}], release_date="1980")
    catalogue.reconcile()
    assert (2, crow) in {pair[:2] for pair in _look(catalogue, ask=False)}


def test_how_right_matching_is_is_told_from_what_people_say(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", external_ids=ids("OWL-ONE"))
    record = catalogue.says("beta", "1", title="Owl", external_ids=ids("OWL-ONE"))
    catalogue.says("gamma", "1", title="Owl", external_ids=ids("OWL-ONE"))
    catalogue.reconcile()
    before = match_quality(catalogue.store)
    assert (before.linked.right, before.linked.of, before.asked.value) == (3, 3, None)
    catalogue.does(split_game, game_of(catalogue, record), [record], author="ann", reason="a parody")
    quality = match_quality(catalogue.store)
    assert (quality.linked.right, quality.linked.of) == (1, 3)
    low, high = quality.linked.interval
    assert 0 < low < 1 / 3 < high < 1


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
