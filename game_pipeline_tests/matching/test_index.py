"""The index of titles: what it finds, and that it is the same however it came to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.matching import CandidateIndex

GAMES = {
    1: ("The Sims",),
    2: ("Zork I: The Great Underground Empire",),
    3: ("Thunder Force",),
    4: ("Shturman",),
    5: ("GRID",),
    6: ("S.T.A.L.K.E.R.: Shadow of Chernobyl", "Stalker"),
    7: ("Umisho",),
    8: ("Kirby's Dream Land",),
}


@pytest.mark.parametrize(
    ("title", "game_id"),
    [
        ("Sims, The", 1),
        ("Zork 1", 2),
        ("ThunderForce", 3),
        ("Штурман", 4),
        ("Race Driver: Grid", 5),
        ("STALKER - Shadow of Chernobyl [Limited Edition]", 6),
        ("Umishou", 7),
        ("Kirbys Dreamland", 8),
        ("Kirby Dream Lnad", 8),
    ],
)
def test_a_title_is_found_however_it_is_written(title: str, game_id: int) -> None:
    assert CandidateIndex(GAMES.items()).find([title])[0] == game_id


def test_no_more_are_found_than_asked_for_and_the_nearest_are_first() -> None:
    index = CandidateIndex((number, [f"Mahjong Club {number}"]) for number in range(500))
    found = index.find(["Mahjong Club 77"])
    assert found[0] == 77
    assert len(found) == 25


def test_a_game_filed_anew_is_found_under_its_new_titles_only() -> None:
    index = CandidateIndex(GAMES.items())
    index.add(1, ["Little Computer People"])
    assert 1 in index.find(["Little Computer People"])
    assert 1 not in index.find(["The Sims"])


def test_a_word_of_many_titles_is_less_rare_than_one_of_few() -> None:
    index = CandidateIndex((number, [f"Star {number}"]) for number in range(100))
    assert 0 <= index.rarity("star") < index.rarity("7") < index.rarity("nowhere") == 1


titles = st.lists(
    st.sampled_from(["Star", "Wars", "Zork", "Zork II", "Empire: Total War", "Штурман", "2", "!!!", "Doom (Demo)"]),
    min_size=1,
    max_size=2,
)
changes = st.lists(st.tuples(st.integers(1, 5), st.none() | titles), max_size=12)


@given(changes, titles)
def test_an_index_that_was_changed_finds_what_one_built_anew_finds(
    made: list[tuple[int, list[str] | None]], asked: list[str]
) -> None:
    index = CandidateIndex()
    known: dict[int, list[str]] = {}
    for game_id, wording in made:
        if wording is None:
            index.remove(game_id)
            known.pop(game_id, None)
        else:
            index.add(game_id, wording)
            known[game_id] = wording
    anew = CandidateIndex(known.items())
    assert len(index) == len(anew)
    assert index.find(asked) == anew.find(asked)
    assert all(index.rarity(word) == anew.rarity(word) for word in ("star", "zork", "штурман"))
