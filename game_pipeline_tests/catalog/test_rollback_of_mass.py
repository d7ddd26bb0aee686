"""Rollbacks of games of which a change of too many at once is held back, and answers to both kinds of question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

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
    written,
    yes,
)
from .curating import ANYTHING_GOES, Catalogue

LIMITS = replace(ANYTHING_GOES, run_share=0.5, run_minimum=3, date_years=3)


@pytest.fixture
def many(store: Store) -> Catalogue:
    """A source of six games, of which no more than half may change at once, nor a date by years."""
    catalogue = Catalogue(store, LIMITS)
    say(catalogue, range(6), release_date="1980", tags=CATS)
    return catalogue


def say(catalogue: Catalogue, numbers: Iterable[int], **claims: Any) -> None:
    for n in numbers:
        catalogue.says("alpha", str(n), title=f"Game number {n}", **claims)
    catalogue.reconcile()


def dates(catalogue: Catalogue) -> list[str | None]:
    return [tell(catalogue, game_id)[0] for game_id in catalogue.games()]


def described(catalogue: Catalogue) -> list[bool]:
    return [bool(tell(catalogue, game_id)[2]) for game_id in catalogue.games()]


def another_title(game: dict[str, Any]) -> dict[str, Any]:
    return {**game, "alt_titles": [{"title": f"Another {game['title']}"}]}


def test_a_question_that_is_about_other_games_by_now_asks_about_all(many: Catalogue) -> None:
    for numbers in ((0, 1), (2, 3)):  # too few at once to be held
        say(many, numbers, release_date="1981")
    say(many, range(4), release_date="1982")
    rollback = take_back(many, source="alpha", since=written(many, 2))
    assert [item["state"] for item in many.asked("mass")] == ["stale"]
    say(many, (0, 1, 4, 5), release_date="1980-07")
    undo(many, rollback)
    item = open_question(many, "mass")
    assert item is not None
    assert (item["proposal"]["games"], len(item["proposal"]["records"])) == (6, 6)
    yes(many, "mass")
    assert dates(many) == ["1980-07"] * 2 + ["1982"] * 2 + ["1980-07"] * 2
    assert nothing_is_held(many)


def test_a_question_stands_when_a_field_of_one_game_goes_back(many: Catalogue) -> None:
    say(many, (0,), release_date="1981", tags=CATS)
    say(many, range(4), release_date="1982", tags=CATS, descriptions=TEXT)
    take_back_game(many, 1, "release_date", many.games()[0])
    many.reconcile()
    item = open_question(many, "mass")
    assert item is not None
    assert item["proposal"]["games"] == 4
    yes(many, "mass")
    assert dates(many) == ["1980"] + ["1982"] * 3 + ["1980"] * 2
    assert described(many) == [True] * 4 + [False] * 2


def test_a_bad_parser_is_held_where_a_field_was_taken_back_too(many: Catalogue) -> None:
    say(many, (0, 1, 2), release_date="1981", descriptions=TEXT)
    say(many, (3, 4, 5), release_date="1981", descriptions=TEXT)
    take_back_game(many, 1, "release_date", many.games()[0])
    read_anew(many, "alpha", lose_text)
    assert described(many) == [True] * 6
    yes(many, "mass")
    assert (described(many), dates(many)) == ([False] * 6, ["1980"] + ["1981"] * 5)


def test_what_is_taken_back_whole_is_no_change(many: Catalogue) -> None:
    for n in range(6):
        say(many, (n,), release_date="1981")
    take_back(many, source="alpha", since=written(many, 2))
    read_anew(many, "alpha", another_title)
    assert (many.asked("mass"), dates(many)) == ([], ["1980"] * 6)


def test_both_questions_about_a_record_are_asked_again(many: Catalogue) -> None:
    say(many, (0,), release_date="1999", tags=CATS)
    read_anew(many, "alpha", another_title)
    rollback = take_back(many, source="alpha", since=written(many, 2))
    assert (asked_about(many), open_question(many, "mass")) == ({}, None)
    undo(many, rollback)
    assert (asked_about(many), dates(many)[0]) == ({"alpha": ["release_date"]}, "1980")
    assert open_question(many, "mass") is not None


def test_a_yes_to_all_leaves_the_question_about_one(many: Catalogue) -> None:
    say(many, (0,), release_date="1999", tags=BIRDS)
    read_anew(many, "alpha", another_title)
    take_back_game(many, 1, "tags", many.games()[0])
    yes(many, "mass")
    assert (asked_about(many), dates(many)[0]) == ({"alpha": ["release_date"]}, "1980")
    yes(many, "held")
    assert tell(many, many.games()[0])[:2] == ("1999", ["cats"])


def test_a_yes_to_all_leaves_what_was_rejected_of_one(many: Catalogue) -> None:
    say(many, (0,), release_date="1999", tags=CATS)
    no(many, "held")
    read_anew(many, "alpha", another_title)
    yes(many, "mass")
    assert dates(many) == ["1980"] * 6


def test_a_yes_about_one_leaves_it_in_the_question_about_all(many: Catalogue) -> None:
    say(many, (0, 1, 2), release_date="1980", descriptions=TEXT)
    say(many, (3, 4, 5), release_date="1980", descriptions=TEXT)
    first = many.games()[0]
    take_back_game(many, 1, "tags", first)
    late = with_date("1999")
    read_anew(many, "alpha", lambda game: late(game) if game["identity"] == "0" else game)
    read_anew(many, "alpha", lambda game: lose_text(late(game) if game["identity"] == "0" else game), parser_version=3)
    yes(many, "held")
    assert tell(many, first) == ("1999", ["cats"], TEXT[0]["text"])
    yes(many, "mass")
    assert (described(many), tell(many, first)) == ([False] * 6, ("1999", ["cats"], None))


def test_one_bad_import_that_goes_back_lets_in_nothing_that_is_held(many: Catalogue) -> None:
    site = many.sites["alpha"]
    for date in ("1981", "1982"):
        for n in range(6):
            site.serve(str(n), [{"identity": str(n), "title": f"Game number {n}", "release_date": date, "tags": CATS}])
        site.read()
        many.reconcile()
    for n in range(6):
        site.serve(str(n), [{"identity": str(n), "title": f"Game number {n}", "release_date": "1982", "tags": BIRDS}])
    site.read()
    many.reconcile()
    (run,) = many.store.rows("SELECT DISTINCT run_id FROM record_version WHERE version = 3")
    take_back(many, **run)
    assert dates(many) == ["1980"] * 6
    assert open_question(many, "mass") is not None


@pytest.mark.parametrize(("late", "then"), [("1981", "1981"), ("2020", "1980")])
def test_what_was_rejected_of_one_is_looked_at_anew_after_a_yes_to_all(many: Catalogue, late: str, then: str) -> None:
    say(many, (0,), release_date="1999", tags=CATS)
    no(many, "held")
    for n in range(6):
        many.says("alpha", str(n), title=f"Game number {n}", tags=CATS, release_date="1981" if n else late)
    many.reconcile()
    yes(many, "mass")
    assert dates(many) == [then] + ["1981"] * 5
    assert asked_about(many) == ({} if then == late else {"alpha": ["release_date"]})


def test_all_pages_that_vanish_at_once_are_held_also_where_one_waits_already(many: Catalogue) -> None:
    for n in range(6):
        many.says("beta", str(n), title=f"Game number {n}")
    many.reconcile()
    say(many, (0,), release_date="1999", tags=CATS)
    for n in range(6):
        many.drops("alpha", str(n))
    many.reconcile()
    assert dates(many) == ["1980"] * 6
