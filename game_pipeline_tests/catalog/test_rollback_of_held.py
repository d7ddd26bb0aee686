"""Rollbacks of games of which the limits hold something back: no question is forgotten, and none answers another."""

from __future__ import annotations

from typing import Any

import pytest

from game_pipeline.catalog import Limits, RollbackError, accept, split_game
from game_pipeline.store import Store

from .answering import (
    BIRDS,
    CATS,
    TEXT,
    asked_about,
    lose_text,
    no,
    nothing_is_held,
    open_question,
    read_anew,
    take_back,
    take_back_game,
    tell,
    undo,
    with_date,
    yes,
)
from .curating import Catalogue, shared

OWL: dict[str, Any] = {"title": "Owl", "external_ids": shared("OWL-ONE")}
TEXT_NOW = TEXT[0]["text"]


@pytest.fixture
def limited(store: Store) -> Catalogue:
    """With the limits that hold by default."""
    return Catalogue(store, Limits())


@pytest.fixture
def two(limited: Catalogue) -> Catalogue:
    """A game with alpha's date and beta's description."""
    says(limited, "alpha", release_date="1980")
    says(limited, "beta", descriptions=TEXT)
    return limited


def says(catalogue: Catalogue, source: str, **claims: Any) -> None:
    catalogue.says(source, "owl", **OWL | claims)
    catalogue.reconcile()


# Asked again --------------------------------------------------------------------------------------------------------


def test_a_question_that_another_source_has_come_to_asks_about_both(two: Catalogue) -> None:
    says(two, "alpha", release_date="1999")
    rollback = take_back(two, source="alpha")
    says(two, "beta")
    assert asked_about(two) == {"beta": ["descriptions.en"]}
    undo(two, rollback)
    assert asked_about(two) == {"alpha": ["release_date"], "beta": ["descriptions.en"]}
    item = open_question(two, "held")
    assert item is not None
    assert [field["field"] for field in item["proposal"]["fields"]] == ["descriptions.en", "release_date"]
    assert "alpha, beta" in item["summary"]
    yes(two, "held")
    assert (tell(two), nothing_is_held(two)) == (("1999", [], None), True)


def test_each_undone_rollback_adds_what_it_had_silenced(two: Catalogue) -> None:
    says(two, "alpha", release_date="1999")
    first = take_back(two, source="alpha")
    says(two, "beta")
    second = take_back(two, source="beta")
    assert [item["state"] for item in two.asked("held")] == ["stale", "stale"]
    undo(two, first)
    assert asked_about(two) == {"alpha": ["release_date"]}
    undo(two, second)
    assert asked_about(two) == {"alpha": ["release_date"], "beta": ["descriptions.en"]}


def test_a_question_that_was_answered_meanwhile_is_asked_about_what_the_answer_did_not_reach(two: Catalogue) -> None:
    says(two, "alpha", release_date="1999")
    says(two, "beta")
    rollback = take_back(two, source="alpha")
    yes(two, "held")
    assert tell(two)[2] is None
    undo(two, rollback)
    assert asked_about(two) == {"alpha": ["release_date"]}
    yes(two, "held")
    assert nothing_is_held(two)


def test_what_its_page_has_put_right_since_is_not_asked_about_again(two: Catalogue) -> None:
    says(two, "beta")
    rollback = take_back(two, source="beta")
    says(two, "alpha", release_date="1999")
    says(two, "beta", descriptions=TEXT, tags=BIRDS)
    undo(two, rollback)
    assert asked_about(two) == {"alpha": ["release_date"]}


def test_what_a_person_has_rejected_is_not_asked_about_again(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980")
    says(limited, "alpha", release_date="1999")
    no(limited, "held")
    undo(limited, take_back(limited, source="alpha"))
    assert (tell(limited)[0], asked_about(limited)) == ("1980", {})


# Side by side -------------------------------------------------------------------------------------------------------


def test_what_is_asked_about_one_field_stands_when_another_goes_back(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980", tags=CATS)
    says(limited, "alpha", release_date="1999", tags=BIRDS)
    rollback = take_back_game(limited, 1, "tags")
    assert asked_about(limited) == {"alpha": ["release_date"]}
    yes(limited, "held")
    assert tell(limited) == ("1999", ["cats"], None)
    undo(limited, rollback)
    assert (tell(limited), nothing_is_held(limited)) == (("1999", ["birds"], None), True)


def test_of_a_question_only_the_field_that_goes_back_is_answered(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980", descriptions=TEXT)
    says(limited, "alpha", release_date="1980-05", descriptions=TEXT)
    says(limited, "alpha", release_date="1999")
    assert asked_about(limited) == {"alpha": ["descriptions.en", "release_date"]}
    rollback = take_back_game(limited, 1, "release_date")
    assert asked_about(limited) == {"alpha": ["descriptions.en"]}
    undo(limited, rollback)
    assert asked_about(limited) == {"alpha": ["descriptions.en", "release_date"]}


def test_a_question_goes_with_the_import_that_it_is_about(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980", tags=CATS)
    says(limited, "alpha", release_date="1999", tags=CATS)
    no(limited, "held")
    says(limited, "alpha", release_date="2005", tags=BIRDS)
    rollback = take_back(limited, run_id="alpha 3")
    assert (asked_about(limited), tell(limited)) == ({}, ("1980", ["cats"], None))
    undo(limited, rollback)
    assert (asked_about(limited), tell(limited)) == ({"alpha": ["release_date"]}, ("1980", ["birds"], None))


def test_a_question_stays_when_an_import_that_brought_something_else_goes_back(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980", tags=CATS)
    says(limited, "alpha", release_date="1999", tags=CATS)
    says(limited, "alpha", release_date="1999", tags=BIRDS)
    take_back(limited, run_id="alpha 3")
    assert (asked_about(limited), tell(limited)) == ({"alpha": ["release_date"]}, ("1980", ["cats"], None))
    yes(limited, "held")
    assert tell(limited) == ("1999", ["cats"], None)


def test_a_question_goes_with_the_revision_that_knew_another_page(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980", tags=CATS)
    says(limited, "alpha", release_date="1999", tags=BIRDS)
    rollback = take_back_game(limited, 1)
    assert (asked_about(limited), tell(limited)) == ({}, ("1980", ["cats"], None))
    undo(limited, rollback)
    assert (asked_about(limited), tell(limited)) == ({"alpha": ["release_date"]}, ("1980", ["birds"], None))


def test_a_field_that_goes_back_further_than_its_question_is_not_asked_about(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980", tags=CATS)
    says(limited, "alpha", release_date="1981", tags=BIRDS)
    take_back_game(limited, 1, "tags")
    read_anew(limited, "alpha", with_date("1999"))
    assert asked_about(limited) == {"alpha": ["release_date"]}
    take_back_game(limited, 1, "release_date")
    assert (asked_about(limited), tell(limited)) == ({}, ("1980", ["cats"], None))


def test_a_yes_about_links_brings_back_none_that_was_taken_back(limited: Catalogue) -> None:
    links = [{"url": f"https://owl.example/{n}", "kind": "play_online"} for n in range(5)]
    bad = {"url": "https://bad.example/virus", "kind": "download_direct"}
    says(limited, "alpha", urls=links)
    says(limited, "alpha", urls=[*links, bad])
    says(limited, "alpha", urls=[*links, bad], release_date="1980")
    take_back(limited, run_id="alpha 2")
    read_anew(limited, "alpha", lambda game: {**game, "urls": [bad]})
    assert asked_about(limited) == {"alpha": ["urls"]}
    yes(limited, "held")
    assert [link["url"] for link in limited.state(limited.only_game())["urls"]] == []


def test_a_question_that_a_split_left_behind_goes_with_the_answer_to_the_other(limited: Catalogue) -> None:
    says(limited, "beta")
    says(limited, "alpha", release_date="1980", tags=CATS, descriptions=TEXT)
    says(limited, "alpha", release_date="1999", tags=BIRDS, descriptions=TEXT)
    take_back_game(limited, 2, "tags")
    (row,) = limited.store.rows("SELECT record_id FROM source_record WHERE source = 'alpha'")
    limited.does(split_game, limited.only_game(), [row["record_id"]], author="ann", reason="another game")
    read_anew(limited, "alpha", lose_text)
    _, other = [item for item in limited.asked("held") if item["state"] == "open"]
    limited.does(accept, other["item_id"], author="ann", reason="seen")
    assert (tell(limited, limited.games()[1]), asked_about(limited)) == (("1999", ["cats"], None), {})


# Read anew while something is taken back -----------------------------------------------------------------------------


def test_what_is_held_since_a_rollback_is_not_let_through_by_undoing_it(limited: Catalogue) -> None:
    says(limited, "alpha", descriptions=TEXT, tags=CATS)
    says(limited, "alpha", descriptions=TEXT, tags=BIRDS)
    rollback = take_back_game(limited, 1, "tags")
    read_anew(limited, "alpha", lose_text)
    undo(limited, rollback)
    assert (asked_about(limited), tell(limited)) == ({"alpha": ["descriptions.en"]}, (None, ["birds"], TEXT_NOW))


@pytest.mark.parametrize("field", ["tags", None])
def test_what_waited_before_a_rollback_waits_after_it_whatever_was_read(limited: Catalogue, field: str | None) -> None:
    says(limited, "alpha", release_date="1980", tags=CATS)
    says(limited, "alpha", release_date="1999", tags=BIRDS)
    rollback = take_back_game(limited, 1, field)
    read_anew(limited, "alpha", lambda game: {**game, "alt_titles": [{"title": "Strix"}]})
    undo(limited, rollback)
    assert (asked_about(limited), tell(limited)) == ({"alpha": ["release_date"]}, ("1980", ["birds"], None))


def test_a_bad_reading_of_what_is_taken_back_waits_when_it_is_heard_again(limited: Catalogue) -> None:
    says(limited, "alpha", descriptions=TEXT)
    says(limited, "alpha", descriptions=[{"lang": "en", "text": "An owl. It hoots."}])
    rollback = take_back_game(limited, 1)
    read_anew(limited, "alpha", lose_text)
    assert (asked_about(limited), tell(limited)[2]) == ({}, TEXT_NOW)
    undo(limited, rollback)
    assert (asked_about(limited), tell(limited)[2]) == ({"alpha": ["descriptions.en"]}, "An owl. It hoots.")


def test_a_value_that_is_read_otherwise_is_asked_about_anew(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980", tags=CATS)
    says(limited, "alpha", release_date="1980", tags=BIRDS)
    take_back_game(limited, 1, "tags")
    read_anew(limited, "alpha", with_date("1999"))
    read_anew(limited, "alpha", with_date("2020"), parser_version=3)
    item = open_question(limited, "held")
    assert item is not None
    assert [(field["old"], field["new"]) for field in item["proposal"]["fields"]] == [("1980", "2020")]


def test_a_withdrawn_game_that_comes_back_has_what_it_had(limited: Catalogue) -> None:
    says(limited, "alpha", descriptions=TEXT)
    rollback = take_back(limited, source="alpha")
    read_anew(limited, "alpha", lose_text)
    undo(limited, rollback)
    assert (asked_about(limited), tell(limited)[2]) == ({"alpha": ["descriptions.en"]}, TEXT_NOW)


def test_a_bad_reading_of_what_only_the_rollback_took_away_is_held(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980")
    says(limited, "alpha", release_date="1980", descriptions=TEXT)
    rollback = take_back_game(limited, 1)
    read_anew(limited, "alpha", lose_text)
    undo(limited, rollback)
    assert (asked_about(limited), tell(limited)[2]) == ({"alpha": ["descriptions.en"]}, TEXT_NOW)


def test_what_is_asked_again_is_what_the_page_says_now(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980", tags=CATS)
    says(limited, "alpha", release_date="1999", tags=BIRDS)
    rollback = take_back_game(limited, 1)
    read_anew(limited, "alpha", with_date("2020"))
    undo(limited, rollback)
    item = open_question(limited, "held")
    assert item is not None
    assert [(field["old"], field["new"]) for field in item["proposal"]["fields"]] == [("1980", "2020")]
    assert tell(limited) == ("1980", ["birds"], None)


@pytest.mark.parametrize("field", ["release_date", None])
def test_what_had_not_come_yet_when_it_was_taken_back_is_held_when_that_is_undone(
    limited: Catalogue, field: str | None
) -> None:
    says(limited, "alpha", release_date="1980", tags=CATS)
    says(limited, "alpha", release_date="1981", tags=CATS)
    limited.says("alpha", "owl", **OWL | {"release_date": "1999", "tags": BIRDS})
    undo(limited, take_back_game(limited, 1, field))
    assert (asked_about(limited), tell(limited)) == ({"alpha": ["release_date"]}, ("1981", ["birds"], None))


def test_the_revision_that_stands_is_nothing_to_go_back_to(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980", tags=CATS)
    says(limited, "alpha", release_date="1999", tags=BIRDS)
    with pytest.raises(RollbackError, match="said already"):
        take_back_game(limited, 2, "release_date")
    assert asked_about(limited) == {"alpha": ["release_date"]}


def test_what_was_let_through_while_something_else_was_taken_back_stays_so(limited: Catalogue) -> None:
    says(limited, "alpha", release_date="1980", tags=CATS)
    says(limited, "alpha", release_date="1980", tags=BIRDS)
    rollback = take_back_game(limited, 1, "tags")
    read_anew(limited, "alpha", with_date("1999"))
    yes(limited, "held")
    undo(limited, rollback)
    assert (tell(limited), asked_about(limited)) == (("1999", ["birds"], None), {})
    assert nothing_is_held(limited)
