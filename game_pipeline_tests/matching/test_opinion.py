"""What an opinion is worth: no more than the words that it quotes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.matching import Opinion, Question, Quote, checked, suspect_of
from game_pipeline.model import GameRecord

TEXT = "The second part of Lamp.\n\nYou wake  in a cellar; your lamp is out."


def record(title: str, **claims: Any) -> GameRecord:
    owed = {"site": "Example", "licence": "unknown"}
    return GameRecord.build(
        source="alpha",
        identity="a",
        url="https://a.example/a",
        title=title,
        attribution=owed,
        parser_version=1,
        **claims,
    )


OURS = record("Lampe", alt_titles=[{"title": "The Lamp"}])
THEIRS = record("Lamp", descriptions=[{"lang": "en", "text": TEXT}])
ASKED = Question(OURS, (suspect_of(OURS, 7, THEIRS),))


def test_an_opinion_rests_on_words_of_either_side() -> None:
    quotes = (Quote("record", "The Lamp"), Quote("game", "second part of Lamp. You wake in"))
    relation, evidence = checked(ASKED, Opinion(7, "same", quotes))
    assert relation == "same"
    assert [(each.feature, each.ours, each.theirs) for each in evidence] == [
        ("judge", "Lampe", "Lamp"),
        ("quote", "The Lamp", ""),
        ("quote", "", "second part of Lamp. You wake in"),
    ]


@pytest.mark.parametrize(
    "quotes",
    [
        (),
        (Quote("record", " "),),
        (Quote("record", "You wake"),),
        (Quote("game", "Lamp"), Quote("game", "The Lamp")),
    ],
    ids=["no quote", "an empty quote", "words of the other side", "one of two is invented"],
)
def test_an_opinion_without_proof_is_unsure(quotes: tuple[Quote, ...]) -> None:
    relation, evidence = checked(ASKED, Opinion(7, "same", quotes))
    assert relation == "unsure"
    assert evidence[0].detail == "a language model says that they are one game, but no quote proves it"


def test_an_opinion_about_a_game_that_was_not_asked_about_is_an_error() -> None:
    with pytest.raises(ValueError, match="about game 8; asked about were: 7"):
        checked(ASKED, Opinion(8, "same", (Quote("game", "Lamp"),)))


@given(st.integers(0, len(TEXT)), st.integers(1, 30), st.sampled_from(["same", "edition", "sequel", "other"]))
def test_whatever_is_cut_from_a_text_stands_in_it(start: int, length: int, relation: Any) -> None:
    cut = TEXT[start : start + length]
    believed, _ = checked(ASKED, Opinion(7, relation, (Quote("game", cut),)))
    assert believed == (relation if cut.strip() else "unsure")
