"""Taking changes of one game or field back, and taking that back."""

from __future__ import annotations

from typing import Any

import pytest

from game_pipeline.catalog import (
    RollbackError,
    game_history,
    list_rollbacks,
    merge_games,
    release_field,
    roll_back_game,
    split_game,
)
from game_pipeline_tests.changes.tiny_site import source_named

from .answering import CATS, back, take_back, undo
from .curating import Catalogue, shared
from .owls import OWL, says, told

# One game -----------------------------------------------------------------------------------------------------------


def test_a_game_goes_back_to_a_revision_as_a_new_one(catalogue: Catalogue, game_id: int) -> None:
    report = back(catalogue, game_id, 1)
    assert told(catalogue, game_id) == ("Owl", "1980")
    (change,) = report.games
    assert (change.revision, [each["field"] for each in change.changes]) == (4, ["release_date", "title"])
    last = game_history(catalogue.store, game_id)[-1]
    assert (last["cause"], last["actor"], last["reason"]) == ("rollback", "ann", "was better")


def test_one_field_goes_back_alone(catalogue: Catalogue, game_id: int) -> None:
    back(catalogue, game_id, 1, field="release_date")
    assert told(catalogue, game_id) == ("Crow", "1980")


def test_a_preview_is_a_rollback_that_is_not_kept(catalogue: Catalogue, game_id: int) -> None:
    before = catalogue.fingerprint()
    with catalogue.store.connection() as connection, connection.transaction(force_rollback=True):
        report = roll_back_game(connection, catalogue.curator, game_id, 1, author="ann", reason="what if")
    assert [change["new"] for change in report.games[0].changes] == ["1980", "Owl"]
    assert (catalogue.fingerprint(), told(catalogue, game_id)) == (before, ("Crow", "1999"))
    assert list_rollbacks(catalogue.store) == []


def test_what_was_taken_back_does_not_come_back_with_the_same_page(catalogue: Catalogue, game_id: int) -> None:
    back(catalogue, game_id, 1)
    says(catalogue, release_date="1999", title="Crow")
    assert told(catalogue, game_id) == ("Owl", "1980")


def test_it_does_not_come_back_with_another_source_either(catalogue: Catalogue, game_id: int) -> None:
    back(catalogue, game_id, 1)
    catalogue.says(
        "beta", "owl", title="Owl", external_ids=shared("OWL-ONE"), tags=[{"kind": "genre", "value": "birds"}]
    )
    catalogue.reconcile()
    assert told(catalogue, game_id) == ("Owl", "1980")
    assert len(catalogue.state(game_id)["tags"]) == 1


def test_when_the_page_changes_again_it_is_heard_again(catalogue: Catalogue, game_id: int) -> None:
    back(catalogue, game_id, 1)
    says(catalogue, release_date="1999", title="Magpie")
    assert told(catalogue, game_id) == ("Magpie", "1999")


def test_it_does_not_come_back_where_the_page_is_gone(catalogue: Catalogue, game_id: int) -> None:
    back(catalogue, game_id, 1)
    catalogue.drops("alpha", "owl")
    catalogue.reconcile()
    assert told(catalogue, game_id) == ("Owl", "1980")
    assert [item["state"] for item in catalogue.asked("vanished")] == ["open"]


def test_it_does_not_come_back_where_the_page_was_gone_for_a_while(catalogue: Catalogue, game_id: int) -> None:
    back(catalogue, game_id, 1)
    catalogue.drops("alpha", "owl")
    catalogue.reconcile()
    says(catalogue, release_date="1999", title="Crow")
    assert told(catalogue, game_id) == ("Owl", "1980")
    assert [item["state"] for item in catalogue.asked("vanished")] == ["stale"]
    says(catalogue, release_date="1999", title="Magpie")
    assert told(catalogue, game_id) == ("Magpie", "1999")


def test_that_a_page_was_gone_is_taken_back_beside_what_was_taken_back_before(
    catalogue: Catalogue, game_id: int
) -> None:
    back(catalogue, game_id, 1)
    catalogue.drops("alpha", "owl")
    catalogue.reconcile()
    take_back(catalogue, run_id=catalogue.sites["alpha"].record("owl")["run_id"])
    assert told(catalogue, game_id) == ("Owl", "1980")
    assert [item["state"] for item in catalogue.asked("vanished")] == ["stale"]


def test_a_new_reading_of_a_page_that_was_taken_back_is_not_heard(catalogue: Catalogue, game_id: int) -> None:
    says(catalogue, release_date="1999", title="Crow", genre="birds")
    back(catalogue, game_id, 1)
    site = catalogue.sites["alpha"]
    site.source = source_named("alpha", parser_version=2)
    assert site.read() == {"reparsed": 1}
    catalogue.reconcile()
    assert told(catalogue, game_id) == ("Owl", "1980")
    assert catalogue.state(game_id)["tags"] == []


def test_an_edit_made_since_stands(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Magpie")
    report = back(catalogue, game_id, 1)
    assert told(catalogue, game_id) == ("Magpie", "1980")
    assert [edit["field"] for edit in report.games[0].edits] == ["title"]


def test_edits_go_back_too_where_that_is_asked_for(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Magpie")
    back(catalogue, game_id, 1, undo_edits=True)
    assert told(catalogue, game_id) == ("Owl", "1980")
    assert catalogue.shown(game_id)["edits"] == []


def test_an_edit_that_stood_then_stands_again(catalogue: Catalogue, game_id: int) -> None:
    edited = catalogue.edit(game_id, "title", "Magpie", reason="the box says so")
    catalogue.does(release_field, game_id, "title", author="bob", reason="over")
    back(catalogue, game_id, edited)
    (edit,) = catalogue.shown(game_id)["edits"]
    assert (edit["value"], edit["reason"]) == ("Magpie", f"as in revision {edited}: ann: the box says so")


def test_a_value_that_no_record_explains_any_more_is_pinned_until_its_source_moves(
    catalogue: Catalogue, game_id: int
) -> None:
    catalogue.says("beta", "owl", **OWL | {"title": "Strix"})
    catalogue.reconcile()
    back(catalogue, game_id, 1)
    catalogue.curator.priorities = {"alpha": 30, "beta": 10}
    back(catalogue, game_id, 3)
    assert told(catalogue, game_id) == ("Crow", "1999")
    says(catalogue, title="Magpie")
    assert catalogue.state(game_id)["title"] in ("Magpie", "Strix")


@pytest.mark.parametrize(
    ("game", "to", "how", "problem"),
    [
        (7_000, 1, {}, "no game 7000"),
        (None, 9, {}, "no revision 9; it has 1 to 3"),
        (None, 1, {"field": "rating"}, "no field 'rating'"),
        (None, 3, {}, "said already"),
    ],
)
def test_a_rollback_that_cannot_be_made_changes_nothing(
    catalogue: Catalogue, game_id: int, game: int | None, to: int, how: dict[str, Any], problem: str
) -> None:
    before = catalogue.fingerprint()
    with pytest.raises(RollbackError, match=problem):
        back(catalogue, game or game_id, to, **how)
    assert catalogue.fingerprint() == before


def test_a_field_goes_back_alone_where_the_page_of_another_is_gone(catalogue: Catalogue) -> None:
    text = [{"lang": "en", "text": "A bird that flies at night."}]
    says(catalogue, descriptions=text)
    catalogue.says("beta", "owl", title="Owl", external_ids=shared("OWL-ONE"), tags=CATS)
    catalogue.reconcile()
    game_id = catalogue.only_game()
    says(catalogue, descriptions=text, title="Crow")
    back(catalogue, game_id, 2)
    catalogue.drops("alpha", "owl")
    catalogue.reconcile()
    assert (told(catalogue, game_id), catalogue.state(game_id)["descriptions"]) == (("Owl", None), {})
    back(catalogue, game_id, 1, field="tags")
    state = catalogue.state(game_id)
    assert (told(catalogue, game_id), state["descriptions"], state["tags"]) == (("Owl", None), {}, [])


def test_a_field_that_goes_back_while_its_page_is_gone_stays_back_when_it_returns(
    catalogue: Catalogue,
) -> None:
    says(catalogue)
    catalogue.says("beta", "owl", title="Owl", external_ids=shared("OWL-ONE"))
    catalogue.reconcile()
    says(catalogue, release_date="1981")
    game_id = catalogue.only_game()
    catalogue.drops("alpha", "owl")
    catalogue.reconcile()
    back(catalogue, game_id, 1, field="release_date")
    assert told(catalogue, game_id) == ("Owl", "1980")
    says(catalogue, release_date="1981")
    assert told(catalogue, game_id) == ("Owl", "1980")


def test_a_game_goes_back_whatever_its_pages_bring_meanwhile(catalogue: Catalogue, game_id: int) -> None:
    catalogue.says("alpha", "owl", **OWL | {"release_date": "2010", "title": "Magpie"})
    back(catalogue, game_id, 1)
    assert told(catalogue, game_id) == ("Owl", "1980")
    assert game_history(catalogue.store, game_id)[-2]["cause"] == "import"


# Taking it back -----------------------------------------------------------------------------------------------------


def test_a_rollback_can_be_undone(catalogue: Catalogue, game_id: int) -> None:
    report = back(catalogue, game_id, 1)
    undo(catalogue, report)
    assert told(catalogue, game_id) == ("Crow", "1999")
    (row,) = list_rollbacks(catalogue.store)
    assert (row["author"], row["undone_by"]) == ("ann", "bob")


def test_it_is_undone_once(catalogue: Catalogue, game_id: int) -> None:
    report = back(catalogue, game_id, 1)
    undo(catalogue, report)
    with pytest.raises(RollbackError, match="undone by bob already"):
        undo(catalogue, report)


def test_of_two_rollbacks_the_later_is_undone_first(catalogue: Catalogue, game_id: int) -> None:
    first, second = back(catalogue, game_id, 2), back(catalogue, game_id, 1)
    with pytest.raises(RollbackError, match=f"rollback {second.rollback_id} was made after it"):
        undo(catalogue, first)
    undo(catalogue, second)
    assert told(catalogue, game_id) == ("Owl", "1999")
    undo(catalogue, first)
    assert told(catalogue, game_id) == ("Crow", "1999")


def test_rolling_forward_again_can_be_undone(catalogue: Catalogue, game_id: int) -> None:
    back(catalogue, game_id, 1)
    forward = back(catalogue, game_id, 3)
    assert told(catalogue, game_id) == ("Crow", "1999")
    undo(catalogue, forward)
    assert told(catalogue, game_id) == ("Owl", "1980")
    says(catalogue, release_date="1999", title="Crow")
    assert told(catalogue, game_id) == ("Owl", "1980")


def test_undone_edits_stand_again(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Magpie")
    undo(catalogue, back(catalogue, game_id, 1, undo_edits=True))
    assert told(catalogue, game_id) == ("Magpie", "1999")


def test_undoing_leaves_alone_what_the_page_has_said_since(catalogue: Catalogue, game_id: int) -> None:
    report = back(catalogue, game_id, 1)
    says(catalogue, title="Magpie")
    assert undo(catalogue, report).moved_on == 1
    assert told(catalogue, game_id) == ("Magpie", "1980")


def test_undoing_reaches_the_game_that_a_record_has_come_to_since(catalogue: Catalogue, game_id: int) -> None:
    catalogue.says("beta", "strix", title="Strix", release_date="1999")
    catalogue.reconcile()
    report = back(catalogue, game_id, 1)
    strix = catalogue.games()[-1]
    catalogue.does(merge_games, strix, game_id, author="ann", reason="the same game")
    undo(catalogue, report)
    assert told(catalogue, strix) == ("Crow", "1999")


def test_undoing_puts_back_the_pins_that_ended_with_it(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", **OWL)
    catalogue.says("beta", "owl", **OWL | {"title": "Strix"})
    catalogue.reconcile()
    game_id = catalogue.only_game()
    catalogue.curator.priorities = {"alpha": 30, "beta": 10}
    catalogue.edit(game_id, "tags", [{"kind": "genre", "value": "birds"}])
    back(catalogue, game_id, 1, field="title")
    assert told(catalogue, game_id) == ("Owl", "1980")
    report = take_back(catalogue, source="beta")
    assert undo(catalogue, report).records == 1
    assert told(catalogue, game_id) == ("Owl", "1980")


def test_undoing_a_field_s_puts_back_the_pins_of_others_that_ended_with_it(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", **OWL)
    catalogue.says("beta", "owl", **OWL | {"title": "Сова"})
    catalogue.reconcile()
    game_id = catalogue.only_game()
    catalogue.edit(game_id, "title", "Eule")
    take_back(catalogue, source="alpha")
    take_back(catalogue, source="beta")  # a person has worked on it: it goes on saying what it says, by pins
    state, pins = catalogue.state(game_id), _pinned(catalogue)
    assert "alt_titles" in pins
    report = back(catalogue, game_id, 1, field="title", undo_edits=True)
    assert "alt_titles" not in _pinned(catalogue)
    undo(catalogue, report)
    assert (catalogue.state(game_id), _pinned(catalogue)) == (state, pins)


def _pinned(catalogue: Catalogue) -> dict[str, Any]:
    rows = catalogue.store.rows("SELECT field, value FROM game_pin WHERE ended_at IS NULL")
    return {row["field"]: row["value"] for row in rows}


def test_a_game_goes_back_to_being_withdrawn_whatever_its_records_are_now(catalogue: Catalogue) -> None:
    owl = catalogue.says("alpha", "owl", title="Owl")
    catalogue.reconcile()
    game_id = catalogue.only_game()
    undo(catalogue, take_back(catalogue, source="alpha"))
    catalogue.says("beta", "strix", title="Strix")
    catalogue.reconcile()
    catalogue.does(merge_games, game_id, catalogue.games()[-1], author="ann", reason="the same")
    catalogue.does(split_game, game_id, [owl], author="ann", reason="another after all")
    assert game_history(catalogue.store, game_id)[1]["status"] == "withdrawn"
    back(catalogue, game_id, 2)
    assert catalogue.shown(game_id)["status"] == "withdrawn"


def test_a_game_that_was_told_by_others_then_is_told_by_those_that_are_left(catalogue: Catalogue) -> None:
    owl = catalogue.says("alpha", "owl", **OWL)
    catalogue.reconcile()
    catalogue.says("beta", "owl", title="Owl", external_ids=shared("OWL-ONE"))
    catalogue.reconcile()
    game_id = catalogue.only_game()
    take_back(catalogue, source="beta")
    catalogue.does(split_game, game_id, [owl], author="ann", reason="another game")
    assert catalogue.shown(game_id)["status"] == "withdrawn"
    back(catalogue, game_id, 1)
    assert (catalogue.shown(game_id)["status"], told(catalogue, game_id)) == ("active", ("Owl", "1980"))
