"""Reading the catalogue: search by what people type, a game with all that belongs to it, the queue."""

from __future__ import annotations

import pytest

from game_pipeline.catalog import find_games, list_review, show_game, show_review
from game_pipeline.store import Store

from .curating import Catalogue, shared

TITLES = ["Zork I", "Zorkian Nights", "Красная Шапочка", "100% Orange_Juice", "Anchorhead"]


@pytest.fixture
def filled(catalogue: Catalogue) -> Catalogue:
    for title in TITLES:
        alt = [{"title": "Якорная голова"}] if title == "Anchorhead" else []
        catalogue.says("alpha", title.split()[0], title=title, alt_titles=alt, credits=[{"name": "Ann"}])
    catalogue.reconcile()
    return catalogue


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("zork", ["Zork I", "Zorkian Nights"]),
        ("kian", ["Zorkian Nights"]),
        ("Anchorhaed", ["Anchorhead"]),
        ("КРАСНАЯ", ["Красная Шапочка"]),
        ("шапочка", ["Красная Шапочка"]),
        ("красная шапачка", ["Красная Шапочка"]),
        ("якорная", ["Anchorhead"]),
        ("100%", ["100% Orange_Juice"]),
        ("e_j", ["100% Orange_Juice"]),
        ("wholly unknown", []),
    ],
)
def test_a_game_is_found_by_a_part_a_slip_another_name_in_any_case(
    filled: Catalogue, text: str, titles: list[str]
) -> None:
    assert [game.title for game in find_games(filled.store, text)][: len(titles) or None] == titles


def test_a_found_game_says_who_made_it_and_who_knows_it(filled: Catalogue) -> None:
    (game,) = find_games(filled.store, "Anchorhead", limit=1)
    assert (game.authors, game.sources, game.release_date) == (("Ann",), ("alpha",), None)


def test_a_game_that_is_not_there_is_none(store: Store) -> None:
    assert show_game(store, 1) is None
    assert show_review(store, 1) is None


def test_the_queue_names_open_questions_the_most_important_first(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", release_date="1980", external_ids=shared("X1"))
    catalogue.says("beta", "b", release_date="1999", external_ids=shared("X1"))
    catalogue.says("gamma", "g", title="Lamp")
    catalogue.reconcile()
    catalogue.drops("gamma", "g")
    catalogue.reconcile()
    assert [item["kind"] for item in list_review(catalogue.store)] == ["vanished", "conflict"]
    assert [item["kind"] for item in list_review(catalogue.store, kind="conflict")] == ["conflict"]
    assert len(list_review(catalogue.store, limit=1)) == 1
