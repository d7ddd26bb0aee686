"""Games that a person merged, and the merge taken back: as if it had never been."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.catalog import JoinError, split_game
from game_pipeline.store import Store
from game_pipeline_tests.conftest import ReusedCatalogue

from .curating import Catalogue
from .judging import equals_its_replay, explained, game_of, ids, merge, named, parts, unmerge

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
