"""Cutting a text into units: no word lost, abbreviations and initials kept whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.merging.sentences import split_sentences
from game_pipeline.merging.text import clean_text, fold_words


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…", "Five"]),
        ("Mr. Smith meets Dr. Who vs. Him. The end.", ["Mr. Smith meets Dr. Who vs. Him.", "The end."]),
        ("Игра А. С. Пушкина. Вторая.", ["Игра А. С. Пушкина.", "Вторая."]),
        ("В 1980 г. вышла. В 1981 г. Потом см. рис. 2.", ["В 1980 г. вышла.", "В 1981 г.", "Потом см. рис. 2."]),
        ("Мечи, луки и т. д. Потом всё.", ["Мечи, луки и т. д.", "Потом всё."]),
        ("Version 1.5, e.g. here. She says no. Next.", ["Version 1.5, e.g. here.", "She says no.", "Next."]),
        ('"Run!" he said. "Go."', ['"Run!" he said.', '"Go."']),
        ("これは。あれは。", ["これは。", "あれは。"]),
        ("wrapped\nline. Next", ["wrapped line.", "Next"]),
        ("# Head\nText. .\n- one. Two\n- three\n  on\n2) four", ["Head", "Text.", "one. Two", "three on", "four"]),
        ("***\n\n.\n\nA word", ["A word"]),
    ],
)  # fmt: skip
def test_units_are_cut_where_a_reader_would(text: str, units: list[str]) -> None:
    assert [unit.text for unit in split_sentences(text)] == units


def test_html_goes_and_words_in_angle_brackets_stay() -> None:
    assert clean_text("<p>Type <north>.<br/>Go<!-- no --></p><script>evil()</script>") == "Type <north>.Go"
    assert clean_text("see <https://example.org/>") == "see <https://example.org/>"


prose = st.text(st.characters(categories=["L", "Nd", "P", "Zs", "So"], include_characters="\n.-#"), max_size=200)


@given(prose)
def test_no_word_is_lost_and_none_is_made_up(text: str) -> None:
    text = clean_text(text)
    cut = split_sentences(text)
    kept = " ".join(fold_words(unit.marker + unit.text) for unit in cut)
    assert kept.split() == fold_words(text).split()
