"""What is noted about an edit as time goes by: that its sources came to agree, and that it has grown old."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from game_pipeline.catalog import accept, reject

from .curating import Catalogue


@pytest.fixture
def game_id(catalogue: Catalogue) -> int:
    """A game whose title a person has mended."""
    catalogue.says("alpha", "a", title="Lmap")
    catalogue.reconcile()
    catalogue.edit(catalogue.only_game(), "title", "Lamp")
    return catalogue.only_game()


def edit(catalogue: Catalogue) -> dict[str, Any]:
    (row,) = catalogue.store.rows("SELECT * FROM human_edit WHERE released_at IS NULL")
    return row


def grow_old(catalogue: Catalogue) -> None:
    catalogue.curator.edits_age = dt.timedelta(0)
    catalogue.reconcile()


def events(catalogue: Catalogue, event_type: str) -> list[dict[str, Any]]:
    rows = catalogue.store.rows("SELECT payload FROM import_event WHERE event_type = %s", (event_type,))
    return [row["payload"] for row in rows]


# Agreement ----------------------------------------------------------------------------------------------------------


def test_a_source_that_comes_to_agree_is_noted_once(catalogue: Catalogue, game_id: int) -> None:
    for date in ("1980", "1981"):
        catalogue.says("alpha", "a", title="Lamp", release_date=date)
        catalogue.reconcile()
    assert [payload["sources"] for payload in events(catalogue, "game.edit_confirmed")] == [["alpha"]]
    (shown,) = catalogue.shown(game_id)["edits"]
    assert (shown["agreed_sources"], shown["agreed_at"] is not None) == (["alpha"], True)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("release_date", "1980"),
        ("tags", [{"kind": "genre", "value": "maze"}]),
        ("descriptions.en", [{"lang": "en", "text": "A maze."}]),
    ],
)
def test_sources_that_come_to_say_nothing_agree_that_the_value_was_deleted(
    catalogue: Catalogue, game_id: int, field: str, said: Any
) -> None:
    name = field.partition(".")[0]
    empty: Any = [] if field == "tags" else None
    catalogue.says("alpha", "a", title="Lmap", **{name: said})
    catalogue.reconcile()
    catalogue.edit(game_id, field, empty)
    catalogue.says("alpha", "a", title="Lanp")
    catalogue.reconcile()
    assert [(each["field"], each["sources"]) for each in events(catalogue, "game.edit_confirmed")] == [
        (field, ["alpha"])
    ]


def test_a_source_that_goes_on_disagreeing_is_not(catalogue: Catalogue, game_id: int) -> None:
    catalogue.says("alpha", "a", title="Lanp", release_date="1980")
    catalogue.reconcile()
    assert edit(catalogue)["agreed_at"] is None


def test_an_edit_that_only_made_sure_of_what_the_sources_said_is_not_confirmed_by_them(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", title="Lamp")
    catalogue.reconcile()
    game_id = catalogue.only_game()
    catalogue.edit(game_id, "title", "Lantern")
    catalogue.edit(game_id, "title", "Lamp")
    catalogue.says("alpha", "a", title="Lamp", release_date="1980")
    catalogue.reconcile()
    assert events(catalogue, "game.edit_confirmed") == []


def test_a_rejected_suggestion_does_not_come_back_whatever_was_suggested_since(
    catalogue: Catalogue, game_id: int
) -> None:
    def asked(title: str) -> list[tuple[str, str]]:
        catalogue.says("alpha", "a", title=title)
        catalogue.reconcile()
        return [(item["state"], item["proposal"]["value"]) for item in catalogue.asked("suggestion")]

    assert asked("Lantern") == [("open", "Lantern")]
    (item,) = catalogue.asked("suggestion")
    catalogue.does(reject, item["item_id"], author="ann", reason="no")
    for title in ("Torch", "Candle", "Match", "Spark"):
        assert asked(title)[-1] == ("open", title)
    assert [state for state, _ in asked("Lantern")] == ["rejected"] + ["stale"] * 4


# Age ----------------------------------------------------------------------------------------------------------------


def test_a_young_edit_is_left_in_peace(catalogue: Catalogue, game_id: int) -> None:
    catalogue.reconcile()
    assert (edit(catalogue)["aged_at"], catalogue.asked("suggestion")) == (None, [])


def test_an_old_edit_stands_and_what_the_sources_say_is_suggested(catalogue: Catalogue, game_id: int) -> None:
    grow_old(catalogue)
    (item,) = catalogue.asked("suggestion")
    assert (item["state"], item["proposal"]["value"], item["proposal"]["aged"]) == ("open", "Lmap", True)
    assert (edit(catalogue)["aged_at"] is not None, catalogue.state(game_id)["title"]) == (True, "Lamp")


def test_it_is_suggested_once(catalogue: Catalogue, game_id: int) -> None:
    grow_old(catalogue)
    grow_old(catalogue)
    assert len(events(catalogue, "game.edit_aged")) == len(catalogue.asked("suggestion")) == 1


def test_an_old_edit_that_the_sources_agree_with_raises_no_question(catalogue: Catalogue, game_id: int) -> None:
    catalogue.says("alpha", "a", title="Lamp")
    catalogue.reconcile()
    grow_old(catalogue)
    assert catalogue.asked("suggestion") == []


def test_an_old_edit_goes_where_a_person_accepts(catalogue: Catalogue, game_id: int) -> None:
    grow_old(catalogue)
    (item,) = catalogue.asked("suggestion")
    catalogue.does(accept, item["item_id"], author="bob", reason="they are right now")
    assert catalogue.state(game_id)["title"] == "Lmap"


def test_an_old_edit_that_a_person_keeps_is_not_asked_about_again(catalogue: Catalogue, game_id: int) -> None:
    grow_old(catalogue)
    (item,) = catalogue.asked("suggestion")
    catalogue.does(reject, item["item_id"], author="bob", reason="it is a slip of theirs")
    grow_old(catalogue)
    catalogue.says("alpha", "a", title="Lmap", release_date="1980")
    catalogue.reconcile()
    assert [item["state"] for item in catalogue.asked("suggestion")] == ["rejected"]
    assert catalogue.state(game_id)["title"] == "Lamp"
