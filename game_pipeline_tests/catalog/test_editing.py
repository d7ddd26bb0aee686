"""What people set stands; what the sources say beside it becomes a suggestion, once."""

from __future__ import annotations

from typing import Any

import pytest

from game_pipeline.catalog import EditError, accept, game_history, read_value, reject, release_field

from .curating import Catalogue, shared


@pytest.fixture
def game_id(catalogue: Catalogue) -> int:
    catalogue.says("alpha", "a", title="Lmap", descriptions=[{"lang": "en", "text": "Light the lamp."}])
    catalogue.reconcile()
    return catalogue.only_game()


def sources_change(catalogue: Catalogue, **claims: Any) -> None:
    catalogue.says(
        "alpha", "a", **{"title": "Lmap", "descriptions": [{"lang": "en", "text": "Light the lamp."}]} | claims
    )
    catalogue.reconcile()


def suggested(catalogue: Catalogue) -> list[tuple[Any, str]]:
    return [(item["proposal"]["value"], item["state"]) for item in catalogue.asked("suggestion")]


def test_an_edit_is_a_revision_with_its_author_and_reason(catalogue: Catalogue, game_id: int) -> None:
    assert catalogue.edit(game_id, "title", "Lamp", reason=" a slip ") == 2
    last = game_history(catalogue.store, game_id)[-1]
    assert (last["cause"], last["actor"], last["reason"]) == ("edit", "ann", "a slip")
    change = last["changes"][1]
    assert (change["field"], change["old"], change["new"]) == ("title", "Lmap", "Lamp")
    assert (change["because"]["rule"], change["because"]["author"]) == ("human_edit", "ann")


def test_an_edit_survives_later_imports_while_other_fields_follow_them(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Lamp")
    sources_change(catalogue, title="Lampp", release_date="1980")
    state = catalogue.state(game_id)
    assert (state["title"], state["release_date"]) == ("Lamp", "1980")


def test_an_edited_field_can_be_edited_again(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Lamp")
    catalogue.edit(game_id, "title", "The Lamp")
    assert catalogue.state(game_id)["title"] == "The Lamp"
    assert [edit["value"] for edit in catalogue.shown(game_id)["edits"]] == ["The Lamp"]


def test_an_emptied_field_stays_empty(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "descriptions.en", None)
    sources_change(catalogue, release_date="1980")
    assert catalogue.state(game_id)["descriptions"] == {}


@pytest.mark.parametrize(
    ("game", "field", "value", "reason", "problem"),
    [
        (7_000, "title", "Lamp", "mends it", "no game 7000"),
        (None, "title", "Lamp", " ", "needs a reason"),
        (None, "title", "Lmap", "mends it", "says so already"),
        (None, "descriptions.en", "Light the lamp.", "mends it", "says so already"),
    ],
)
def test_an_edit_that_cannot_be_made_changes_nothing(
    catalogue: Catalogue, game_id: int, game: int | None, field: str, value: str, reason: str, problem: str
) -> None:
    before = catalogue.fingerprint()
    with pytest.raises(EditError, match=problem):
        catalogue.edit(game or game_id, field, value, reason=reason)
    assert catalogue.fingerprint() == before


def test_the_same_edit_twice_is_refused(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Lamp")
    with pytest.raises(EditError, match="already stands so"):
        catalogue.edit(game_id, "title", "Lamp")


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    [
        ("release_date", "1980-13-01", r"^release_date: .*no date"),
        ("release_date", "soon", "^release_date: must be YYYY"),
        ("title", " ", "title cannot be empty"),
        ("kind", "film", "^kind: "),
        ("descriptions", "text", "LANG as in descriptions.ru"),
        ("descriptions.Русский", "text", "^descriptions.Русский: must be a BCP 47"),
        ("rating", "5", "no field 'rating'"),
        ("credits", "Ann", "takes a JSON list"),
        ("credits", '{"name": "Ann"}', "^credits: "),
        ("credits", '[{"name": "Ann", "role": "Main Author"}]', r"^credits: 0.role: "),
        ("urls", '[{"url": "lamp.example"}]', r"^credits|^urls: 0.url: must be an absolute"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_field(field: str, text: str, problem: str) -> None:
    with pytest.raises(EditError, match=problem):
        read_value(field, text)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("title", "  The   Lamp ", "The Lamp"),
        ("release_date", "1980-12", "1980-12"),
        ("release_date", "", None),
        ("descriptions.ru", "Зажги её.", "Зажги её."),
        ("descriptions.und", "", None),
        ("credits", '[{"name": "Ann"}]', [{"name": "Ann", "role": "author", "url": None}]),
        ("tags", "", []),
    ],
)
def test_a_typed_value_takes_the_form_of_its_field(field: str, text: str, value: Any) -> None:
    assert read_value(field, text) == value


def test_what_the_sources_said_all_along_is_no_suggestion(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Lamp")
    catalogue.edit(game_id, "descriptions.en", "Light it.")
    catalogue.edit(game_id, "alt_titles", [{"title": "Lampe", "lang": "de"}])
    sources_change(catalogue, release_date="1980")
    assert suggested(catalogue) == []


def test_something_new_about_an_edited_field_is_suggested_once(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Lamp")
    sources_change(catalogue, title="Lantern")
    sources_change(catalogue, title="Lantern", release_date="1980")
    assert suggested(catalogue) == [("Lantern", "open")]
    assert catalogue.state(game_id)["title"] == "Lamp"


def test_a_new_text_is_suggested_as_text(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "descriptions.en", "Light it.")
    sources_change(catalogue, descriptions=[{"lang": "en", "text": "Light the green lamp."}])
    assert suggested(catalogue) == [("Light the green lamp.", "open")]


def test_a_suggestion_that_the_sources_withdraw_goes_stale(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Lamp")
    sources_change(catalogue, title="Lantern")
    sources_change(catalogue)
    catalogue.a_day_later()
    catalogue.reconcile()
    assert suggested(catalogue) == [("Lantern", "stale")]


def test_an_accepted_suggestion_gives_the_field_back_to_the_sources(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Lamp")
    sources_change(catalogue, title="Lantern")
    (item,) = catalogue.asked("suggestion")
    catalogue.does(accept, item["item_id"], author="bob", reason="the author renamed it")
    assert catalogue.state(game_id)["title"] == "Lantern"
    assert suggested(catalogue) == [("Lantern", "accepted")]


def test_a_rejected_suggestion_leaves_the_edit_and_is_not_made_again(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Lamp")
    sources_change(catalogue, title="Lantern")
    (item,) = catalogue.asked("suggestion")
    catalogue.does(reject, item["item_id"], author="bob", reason="no")
    sources_change(catalogue, title="Lantern", release_date="1980")
    assert (catalogue.state(game_id)["title"], suggested(catalogue)) == ("Lamp", [("Lantern", "rejected")])


def test_a_released_field_follows_its_sources_again(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Lamp")
    sources_change(catalogue, title="Lantern")
    catalogue.does(release_field, game_id, "title", author="bob", reason="the source is right now")
    game = catalogue.shown(game_id)
    assert (game["state"]["title"], game["provenance"]["title"]["rule"]) == ("Lantern", "priority")
    assert (game["edits"], suggested(catalogue)) == ([], [("Lantern", "stale")])


def test_a_released_field_is_the_sources_even_where_they_say_the_same(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Lamp")
    sources_change(catalogue, title="Lamp")
    catalogue.does(release_field, game_id, "title", author="bob", reason="the source is right now")
    row = catalogue.store.row("SELECT human_edited_fields AS edited, provenance->'title'->>'rule' AS rule FROM game")
    assert row == {"edited": [], "rule": "priority"}


def test_a_field_that_nobody_edited_cannot_be_released(catalogue: Catalogue, game_id: int) -> None:
    with pytest.raises(EditError, match="nobody edited title"):
        catalogue.does(release_field, game_id, "title", author="bob", reason="-")


def test_a_record_that_joins_later_does_not_touch_the_edit(catalogue: Catalogue, game_id: int) -> None:
    catalogue.says("alpha", "a", title="Lmap", external_ids=shared("X1"))
    catalogue.reconcile()
    catalogue.edit(game_id, "title", "Lamp")
    catalogue.says("beta", "b", title="Lampe", external_ids=shared("X1"))
    catalogue.reconcile()
    assert catalogue.state(catalogue.only_game())["title"] == "Lamp"
