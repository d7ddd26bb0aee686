"""People: spelling, script, order and initials do not count; a lone name proves nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.matching import name_key, names_compatible


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Пётр Косых", "Petr Kosyh"),
        ("Пётр Косых", "KOSYKH, Pyotr"),
        ("Юрий Жуков", "Yury Zhukov"),
        ("Евгений Чайковский", "Yevgeniy Tchaikovsky"),
        ("Valve Corporation", "Valve"),
        ("ООО «Акелла»", "Акелла"),
        ("Conor O'Brien", "Conor OBrien"),
        ("Пётр Косых (gl00my)", "Пётр Косых"),
    ],
)
def test_spellings_of_a_name_share_a_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("ours", "theirs", "relation"),
    [
        ({"Пётр Косых"}, {"Petr Kosyh", "Someone Else"}, "same"),
        ({"П. Косых"}, {"Petr Kosyh"}, "same"),
        ({"Andrew Plotkin"}, {"Andrew Plotkinn"}, "same"),
        ({"Andrew Plotkin"}, {"Emily Short"}, "different"),
        ({"Ivan Petrov"}, {"Ivana Petrova"}, "different"),
        ({"Kosyh"}, {"Petr Kosyh"}, "unknown"),
        ({"Аноним"}, {"Emily Short"}, "unknown"),
        (set(), {"Emily Short"}, "unknown"),
    ],
)
def test_names_are_compared_in_three_values(ours: set[str], theirs: set[str], relation: str) -> None:
    assert names_compatible(ours, theirs) == relation
    assert names_compatible(theirs, ours) == relation


names = st.sets(
    st.text(st.characters(categories=["L", "Zs"], include_characters=".-'"), min_size=1, max_size=20), max_size=3
)


@given(names, names)
def test_comparison_is_symmetric(ours: set[str], theirs: set[str]) -> None:
    assert names_compatible(ours, theirs) == names_compatible(theirs, ours)
