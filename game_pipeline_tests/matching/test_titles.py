"""Titles as keys: spelling goes, what tells two games apart stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.matching import lookup_keys, numbers_of, title_key
from game_pipeline.matching.titles import parse_title, relate, relate_numbers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Sims", "Sims, The"),
        ("Sims, The: Makin' Magic", "The Sims - Makin’ Magic"),
        ("Die Siedler II", "Siedler 2, Die"),
        ("L'Abbaye des Morts", "Abbaye des Morts, L'"),
        ("S.T.A.L.K.E.R.: Shadow of Chernobyl", "STALKER — Shadow of Chernobyl"),
        ("Don't Starve™", "Dont Starve"),
        ("Pokémon Red", "POKEMON  RED"),
        ("Might & Magic VII", "Might and Magic 7"),
        ("Fallout Two", "Fallout 2"),
        ("Зов двенадцать", "Зов XII"),
        ("Ёжик в тумане", "ежик в тумане"),
        ("Особняк [URQ]", "Особняк"),
        ("Zork (DOS, Windows)", "Zork"),
        ("FIFA '09", "FIFA 2009"),
        ("Vol. 01", "Vol.1"),
        ("Ultima V: Warriors of Destiny", "Ultima 5 - Warriors of Destiny"),
        ("Ｆｕｌｌ Width", "full width"),
    ],
)
def test_two_spellings_of_a_title_share_a_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Portal", "Portal 2"),
        ("Final Fantasy VII", "Final Fantasy IX"),
        ("X", "10"),
        ("I, Robot", "1 Robot"),
        ("V for Victory", "5 for Victory"),
        ("Nioh: The Complete Edition", "Nioh 2: The Complete Edition"),
        ("Doom", "Doom (Demo)"),
        ("!!!", "???"),
    ],
)
def test_two_games_do_not_share_a_key(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)


@pytest.mark.parametrize(
    ("title", "numbers"),
    [("Portal", ()), ("Portal 2", (2,)), ("Portal2", (2,)), ("Zork I", (1,)), ("X-COM: UFO Defense", ()),
     ("Part I of III", (1, 3)), ("I, Robot", ()), ("10,000 Bullets", (10000,)), ("Command & Conquer 3", (3,))],
)  # fmt: skip
def test_numbers_are_read_however_they_are_written(title: str, numbers: tuple[int, ...]) -> None:
    assert numbers_of(title) == numbers


def test_only_a_first_part_may_leave_its_number_unsaid() -> None:
    assert relate_numbers(numbers_of("Zork"), numbers_of("Zork I: The Great Underground Empire")) == "one_sided"
    assert relate_numbers(numbers_of("Portal"), numbers_of("Portal 2")) == "conflict"
    assert relate_numbers(numbers_of("Zork I"), numbers_of("Zork 1")) == "same"


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("Zork I", "Zork I: The Great Underground Empire", "head"),
        ("Curses", "Curses, An Interactive Diversion", "head"),
        ("ThunderForce", "Thunder Force", "spacing"),
        ("Штурман", "Shturman", "transliterated"),
        ("Portal", "Portal 2", "none"),
        ("Half-Life", "Half-Life: Episode 2", "none"),
    ],
)
def test_titles_relate_both_ways(one: str, other: str, relation: str) -> None:
    assert relate(parse_title(one), parse_title(other)) == relation
    assert relate(parse_title(other), parse_title(one)) == relation


@pytest.mark.parametrize(
    ("one", "other"),
    [("Zork I", "Zork I: The Great Underground Empire"), ("Штурман", "Shturman"), ("ThunderForce", "Thunder Force")],
)
def test_lookup_keys_make_related_titles_candidates(one: str, other: str) -> None:
    assert set(lookup_keys(one)) & set(lookup_keys(other))


@given(st.text(min_size=1, max_size=60).filter(str.strip))
def test_any_title_has_a_key_that_case_and_outer_spaces_do_not_change(title: str) -> None:
    assert title_key(title)
    assert lookup_keys(title)
    assert title_key(f"  {title}\n") == title_key(title)
    assert relate(parse_title(title), parse_title(title)) == "equal"
