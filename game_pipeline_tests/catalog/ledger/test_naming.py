"""Which number a group of records has: numbers stay, and come back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.catalog.ledger.naming import Known, name_groups


def _known(
    game: dict[int, int], before: dict[int, tuple[int, ...]] | None = None, merged: tuple[int, ...] = ()
) -> Known:
    status = dict.fromkeys(game.values(), "active") | dict.fromkeys(merged, "merged")
    return Known(game, {record: record for record in game}, before or {}, status)


def _groups(*groups: set[int]) -> list[frozenset[int]]:
    return [frozenset(group) for group in groups]


def test_a_group_keeps_the_number_of_its_oldest_game() -> None:
    naming = name_groups(_groups({1, 2, 3}), _known({1: 10, 2: 20, 3: 20}))
    assert dict(naming.game) == {frozenset({1, 2, 3}): 10}
    assert dict(naming.merged) == {20: 10}


def test_a_game_that_falls_apart_stays_with_its_oldest_record() -> None:
    naming = name_groups(_groups({2, 3}, {1}), _known({1: 10, 2: 10, 3: 10}))
    assert dict(naming.game) == {frozenset({1}): 10}
    assert (dict(naming.merged), naming.revived) == ({}, frozenset())


def test_what_is_split_off_gets_the_number_back_that_it_had_before_a_merge() -> None:
    known = _known({1: 10, 2: 10}, {2: (20,)}, merged=(20,))
    naming = name_groups(_groups({1}, {2}), known)
    assert dict(naming.game) == {frozenset({1}): 10, frozenset({2}): 20}
    assert naming.revived == {20}


def test_of_several_merges_the_one_that_nothing_stays_of_comes_back() -> None:
    """Record 3 was of game 30, which became 20, which became 10; game 20's own record stays."""
    known = _known({1: 10, 2: 10, 3: 10}, {2: (20,), 3: (20, 30)}, merged=(20, 30))
    naming = name_groups(_groups({1, 2}, {3}), known)
    assert naming.game[frozenset({3})] == 30


def test_the_number_that_a_person_keeps_goes_before_the_oldest() -> None:
    naming = name_groups(_groups({1, 2}), _known({1: 10, 2: 20}), {20: [2]})
    assert dict(naming.game) == {frozenset({1, 2}): 20}


def test_a_game_of_the_catalogue_goes_before_one_that_is_proposed_or_withdrawn() -> None:
    known = Known({1: 10, 2: 20}, {1: 1, 2: 2}, {}, {10: "withdrawn", 20: "active"})
    assert dict(name_groups(_groups({1, 2}), known).game) == {frozenset({1, 2}): 20}


@given(
    game=st.dictionaries(st.integers(1, 8), st.integers(10, 13), min_size=1),
    cut=st.lists(st.integers(0, 2), min_size=8, max_size=8),
)
def test_every_game_goes_on_or_leads_to_one_that_does(game: dict[int, int], cut: list[int]) -> None:
    groups = _groups(*({record for record in game if cut[record - 1] == part} for part in range(3)))
    groups = [group for group in groups if group]
    naming = name_groups(groups, _known(game))
    going_on = set(naming.game.values())
    assert len(going_on) == len(naming.game), "two groups of one number"
    for number in set(game.values()):
        assert (number in going_on) != (number in naming.merged)
        assert naming.merged.get(number, number) in going_on


@given(
    game=st.dictionaries(st.integers(1, 8), st.integers(10, 13), min_size=1),
)
def test_where_nothing_changed_no_number_does(game: dict[int, int]) -> None:
    groups = _groups(*({record for record in game if game[record] == number} for number in sorted(set(game.values()))))
    naming = name_groups(groups, _known(game))
    assert {record: number for group, number in naming.game.items() for record in group} == game
