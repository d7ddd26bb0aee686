"""How many of its games a source may change at once, and what becomes of a change of more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from game_pipeline.catalog import Limits, accept, reject, show_review
from game_pipeline.changes import refresh_records
from game_pipeline.parsing import InProcess
from game_pipeline.store import Store

from .answering import answer
from .curating import ANYTHING_GOES, PRIORITIES, Catalogue, shared

GAMES = 6
MASS = Limits(
    **{name: getattr(ANYTHING_GOES, name) for name in ("title_similarity", "date_years")}, run_share=0.5, run_minimum=3
)


def say_all(catalogue: Catalogue, count: int, **claims: Any) -> None:
    for n in range(count):
        catalogue.says("alpha", str(n), **{"title": f"Game number {n}"} | claims)


@pytest.fixture
def many(store: Store) -> Catalogue:
    """A source of six games, of which no more than half may change at once."""
    catalogue = Catalogue(store, MASS)
    say_all(catalogue, GAMES, release_date="1980")
    catalogue.reconcile()
    return catalogue


def dates(catalogue: Catalogue) -> list[str]:
    return [catalogue.state(game_id)["release_date"] for game_id in catalogue.games()]


def test_a_first_import_is_no_mass_change(many: Catalogue) -> None:
    assert (many.asked("mass"), len(many.games())) == ([], GAMES)


def test_as_many_as_the_share_allows_are_believed(many: Catalogue) -> None:
    say_all(many, 3, release_date="1999")
    many.reconcile()
    assert (many.asked("mass"), dates(many)) == ([], ["1999"] * 3 + ["1980"] * 3)


def test_more_are_held_back_as_a_whole(many: Catalogue) -> None:
    say_all(many, 4, release_date="1999")
    _, revised = many.reconcile()
    assert (revised.counts["held"], dates(many)) == (4, ["1980"] * GAMES)
    (item,) = many.asked("mass")
    assert (item["state"], item["proposal"]["games"], item["proposal"]["of"]) == ("open", 4, GAMES)


def import_on(catalogue: Catalogue, *numbers: int, run_id: str = "one import") -> None:
    """An import reads some more of its pages, and the catalogue takes them in while it goes on."""
    site = catalogue.sites["alpha"]
    for n in numbers:
        site.serve(str(n), [{"identity": str(n), "title": f"Game number {n}", "release_date": "1999"}])
    refresh_records(catalogue.store, site.source, run_id, "one", InProcess())
    catalogue.reconcile()


def test_an_import_that_is_taken_in_bit_by_bit_is_held_where_all_of_it_goes_too_far(many: Catalogue) -> None:
    import_on(many, 0, 1)
    import_on(many, 2, 3)
    import_on(many, 4)
    import_on(many, 5)
    assert dates(many) == ["1999"] * 2 + ["1980"] * 4
    (item,) = [item for item in many.asked("mass") if item["state"] == "open"]
    assert (item["proposal"]["games"], item["proposal"]["applied"]) == (4, 2)
    assert "6 of its 6 games at once; 2 of them it had changed" in item["summary"]
    answer(many, "mass", accept)
    assert dates(many) == ["1999"] * GAMES


def test_an_import_that_a_person_let_through_goes_on_unasked(many: Catalogue) -> None:
    import_on(many, 0, 1, 2, 3)
    answer(many, "mass", accept)
    import_on(many, 4, 5)
    assert (dates(many), [item["state"] for item in many.asked("mass")]) == (["1999"] * GAMES, ["accepted"])


def test_several_imports_of_a_few_games_each_are_no_mass_change(many: Catalogue) -> None:
    for n in range(GAMES):
        import_on(many, n, run_id=f"import {n}")
    assert (dates(many), many.asked("mass")) == (["1999"] * GAMES, [])


def test_the_question_about_many_games_shows_what_each_page_says_otherwise(many: Catalogue) -> None:
    text = {"descriptions": [{"lang": "en", "text": "A maze."}]}
    for n in range(4):
        many.says("alpha", str(n), title=f"Game number {n}", release_date="1999", **text)
    many.reconcile()
    (item,) = many.asked("mass")
    shown = show_review(many.store, item["item_id"])
    assert shown is not None
    assert [page["title"] for page in shown["pages"]] == [f"Game number {n}" for n in range(4)]
    assert shown["pages"][0]["fields"] == [
        {"field": "release_date", "old": "1980", "new": "1999"},
        {"field": "descriptions.en", "old": None, "new": "A maze."},
    ]
    answer(many, "mass", accept)
    answered = show_review(many.store, item["item_id"])
    assert answered is not None
    assert "fields" not in answered["pages"][0]


def test_few_games_are_no_mass_whatever_their_share(store: Store) -> None:
    catalogue = Catalogue(store, MASS)
    say_all(catalogue, 2, release_date="1980")
    catalogue.reconcile()
    say_all(catalogue, 2, release_date="1999")
    catalogue.reconcile()
    assert (catalogue.asked("mass"), dates(catalogue)) == ([], ["1999"] * 2)


def test_an_accepted_mass_change_is_applied(many: Catalogue) -> None:
    say_all(many, 4, release_date="1999")
    many.reconcile()
    answer(many, "mass", accept)
    assert dates(many) == ["1999"] * 4 + ["1980"] * 2
    many.reconcile()
    assert [item["state"] for item in many.asked("mass")] == ["accepted"]


@pytest.mark.parametrize(("said", "then"), [(accept, "1999"), (reject, "1980")])
def test_the_next_mass_change_of_the_same_games_is_asked_about_whatever_was_said_of_the_last(
    many: Catalogue, said: Callable[..., str], then: str
) -> None:
    say_all(many, 4, release_date="1999")
    many.reconcile()
    answer(many, "mass", said)
    say_all(many, 4, release_date="2001")
    many.reconcile()
    assert (dates(many), many.asked("mass")[-1]["state"]) == ([then] * 4 + ["1980"] * 2, "open")
    answer(many, "mass", accept)
    assert dates(many) == ["2001"] * 4 + ["1980"] * 2


def test_a_second_mass_change_of_other_games_leaves_none_held_and_unasked(many: Catalogue) -> None:
    say_all(many, 4, release_date="1999")
    many.reconcile()
    for n in (4, 5, 0, 1):
        many.says("alpha", str(n), title=f"Game number {n}", release_date="2001")
    many.reconcile()
    (item,) = [item for item in many.asked("mass") if item["state"] == "open"]
    assert (item["proposal"]["games"], len(item["proposal"]["records"])) == (GAMES, GAMES)
    answer(many, "mass", accept)
    assert dates(many) == ["2001"] * 2 + ["1999"] * 2 + ["2001"] * 2
    assert many.store.rows("SELECT FROM record_hold WHERE ended_at IS NULL") == []


def test_a_rejected_mass_change_stays_out(many: Catalogue) -> None:
    say_all(many, 4, release_date="1999")
    many.reconcile()
    answer(many, "mass", reject)
    many.reconcile()
    assert (dates(many), [item["state"] for item in many.asked("mass")]) == (["1980"] * GAMES, ["rejected"])


def test_pages_put_right_end_a_mass_change(many: Catalogue) -> None:
    say_all(many, 4, release_date="1999")
    many.reconcile()
    say_all(many, 4, release_date="1980")
    many.a_day_later()
    many.reconcile()
    many.reconcile()
    assert (dates(many), [item["state"] for item in many.asked("mass")]) == (["1980"] * GAMES, ["stale"])
    assert many.store.rows("SELECT FROM record_hold WHERE ended_at IS NULL") == []


def test_a_source_that_drops_many_games_at_once_is_held_until_they_are_there_again(many: Catalogue) -> None:
    for n in range(GAMES):
        page = {"title": f"Game number {n}", "external_ids": shared(f"GAME-NUMBER-{n}")}
        many.says("beta", str(n), **page)
        many.says("alpha", str(n), **page, release_date="1980")
    many.reconcile()
    answer(many, "mass", accept)
    for n in range(4):
        many.drops("alpha", str(n))
    many.reconcile()
    assert (dates(many), many.asked("mass")[-1]["state"]) == (["1980"] * GAMES, "open")
    for n in range(4):
        page = {"title": f"Game number {n}", "external_ids": shared(f"GAME-NUMBER-{n}")}
        many.says("alpha", str(n), **page, release_date="1980")
    many.reconcile()
    many.reconcile()
    assert (dates(many), many.asked("mass")[-1]["state"]) == (["1980"] * GAMES, "stale")
    assert many.store.rows("SELECT FROM record_hold WHERE ended_at IS NULL") == []


def test_many_games_that_a_source_dropped_go_where_a_person_says_so(many: Catalogue) -> None:
    for n in range(4):
        many.drops("alpha", str(n))
    many.reconcile()
    assert many.asked("vanished") == []
    answer(many, "mass", accept)
    assert len(many.asked("vanished")) == 4


def test_another_source_is_not_held_with_it(many: Catalogue) -> None:
    many.says("beta", "x", title="Another game")
    say_all(many, 4, release_date="1999")
    many.reconcile()
    assert len(many.games()) == GAMES + 1
    assert set(PRIORITIES) >= {"alpha", "beta"}


def test_a_field_that_all_games_gain_is_no_mass_change(many: Catalogue) -> None:
    tags = [{"kind": "genre", "value": "puzzle"}]
    for n in range(GAMES):
        game = {"identity": str(n), "title": f"Game number {n}", "release_date": "1980", "tags": tags}
        many.sites["alpha"].serve(str(n), [game])
    assert many.sites["alpha"].read() == {"format": GAMES}
    many.reconcile()
    assert many.asked("mass") == []
    assert all(many.state(game_id)["tags"] for game_id in many.games())
