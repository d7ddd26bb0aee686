"""Taking changes back: of a game, a field, a run, a source, a parser or a stretch of time, and taking that back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from game_pipeline.catalog import (
    Limits,
    RollbackError,
    RollbackReport,
    Scope,
    game_history,
    list_rollbacks,
    merge_games,
    release_field,
    roll_back,
    roll_back_game,
    split_game,
    undo_rollback,
)
from game_pipeline_tests.changes.tiny_site import source_named

from .adopting import game, imported
from .curating import Catalogue, shared

OWL: dict[str, Any] = {"title": "Owl", "release_date": "1980", "external_ids": shared("OWL-ONE")}
CATS = [{"kind": "genre", "value": "cats"}]


@pytest.fixture
def game_id(catalogue: Catalogue) -> int:
    """A game of three revisions: its date changed, then its title."""
    says(catalogue)
    says(catalogue, release_date="1999")
    says(catalogue, release_date="1999", title="Crow")
    return catalogue.only_game()


def says(catalogue: Catalogue, **claims: Any) -> None:
    catalogue.says("alpha", "owl", **OWL | claims)
    catalogue.reconcile()


def back(catalogue: Catalogue, game_id: int, to: int, **how: Any) -> RollbackReport:
    return catalogue.does(roll_back_game, game_id, to, author="ann", reason="was better", **how)


def back_all(catalogue: Catalogue, **scope: Any) -> RollbackReport:
    return catalogue.does(roll_back, Scope(**scope), author="ann", reason="a bad import")


def undo(catalogue: Catalogue, report: RollbackReport) -> RollbackReport:
    return catalogue.does(undo_rollback, report.rollback_id, author="bob", reason="it was right")


def told(catalogue: Catalogue, game_id: int) -> tuple[str, str | None]:
    state = catalogue.state(game_id)
    return state["title"], state["release_date"]


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
    back_all(catalogue, run_id=catalogue.sites["alpha"].record("owl")["run_id"])
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
    report = back_all(catalogue, source="beta")
    assert undo(catalogue, report).records == 1
    assert told(catalogue, game_id) == ("Owl", "1980")


def test_a_game_goes_back_to_being_withdrawn_whatever_its_records_are_now(catalogue: Catalogue) -> None:
    owl = catalogue.says("alpha", "owl", title="Owl")
    catalogue.reconcile()
    game_id = catalogue.only_game()
    undo(catalogue, back_all(catalogue, source="alpha"))
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
    back_all(catalogue, source="beta")
    catalogue.does(split_game, game_id, [owl], author="ann", reason="another game")
    assert catalogue.shown(game_id)["status"] == "withdrawn"
    back(catalogue, game_id, 1)
    assert (catalogue.shown(game_id)["status"], told(catalogue, game_id)) == ("active", ("Owl", "1980"))


# Many games ---------------------------------------------------------------------------------------------------------


def runs(catalogue: Catalogue) -> list[str]:
    rows = catalogue.store.rows("SELECT run_id FROM record_version ORDER BY recorded_at")
    return [row["run_id"] for row in rows]


def test_a_run_is_taken_back_from_every_game_that_it_changed(catalogue: Catalogue) -> None:
    site = catalogue.sites["alpha"]
    for date in ("1980", "1999"):
        site.serve("all", [{"identity": str(n), "title": f"Game {n}", "release_date": date} for n in range(3)])
        site.read()
        catalogue.reconcile()
    report = back_all(catalogue, run_id=runs(catalogue)[-1])
    assert (report.records, len(report.games), report.moved_on) == (3, 3, 0)
    assert {told(catalogue, game_id)[1] for game_id in catalogue.games()} == {"1980"}


def test_the_beginning_of_a_run_s_id_is_enough_where_no_other_begins_so(catalogue: Catalogue, game_id: int) -> None:
    with pytest.raises(RollbackError, match="several runs begin with alpha, such as alpha 1 and alpha 2"):
        back_all(catalogue, run_id="alpha")
    catalogue.says("beta", "crow", title="Crow of another sort")
    catalogue.reconcile()
    assert back_all(catalogue, run_id="be").records == 1
    assert list_rollbacks(catalogue.store)[0]["scope"] == {"run_id": "beta 1"}


def test_what_an_existing_catalogue_brought_is_taken_back_by_its_name(catalogue: Catalogue) -> None:
    imported(catalogue, game("1", title="Owl"))
    assert back_all(catalogue, source="old").records == 1
    assert catalogue.shown(catalogue.only_game())["status"] == "withdrawn"
    with pytest.raises(RollbackError, match="no source 'older'"):
        back_all(catalogue, source="older")


def test_games_that_a_run_made_are_withdrawn_and_come_back_when_their_page_changes(catalogue: Catalogue) -> None:
    says(catalogue)
    catalogue.says("beta", "crow", title="Crow", release_date="2001")
    catalogue.reconcile()
    owl, crow = catalogue.games()
    report = back_all(catalogue, run_id=runs(catalogue)[-1])
    assert [(change.game_id, change.status) for change in report.games] == [(crow, "withdrawn")]
    catalogue.reconcile()
    assert [catalogue.shown(game)["status"] for game in (owl, crow)] == ["active", "withdrawn"]
    catalogue.says("beta", "crow", title="Crow", release_date="2002")
    catalogue.reconcile()
    assert (catalogue.shown(crow)["status"], told(catalogue, crow)) == ("active", ("Crow", "2002"))


def test_a_withdrawn_game_is_not_back_because_its_page_is_gone_or_there_again(catalogue: Catalogue) -> None:
    says(catalogue)
    back_all(catalogue, source="alpha")
    catalogue.drops("alpha", "owl")
    catalogue.reconcile()
    assert catalogue.shown(catalogue.only_game())["status"] == "withdrawn"
    says(catalogue)
    assert catalogue.shown(catalogue.only_game())["status"] == "withdrawn"
    says(catalogue, title="Crow")
    assert catalogue.shown(catalogue.only_game())["status"] == "active"


def test_a_game_that_a_person_has_worked_on_is_not_withdrawn(catalogue: Catalogue) -> None:
    says(catalogue)
    catalogue.edit(catalogue.only_game(), "title", "Strix")
    back_all(catalogue, source="alpha")
    game = catalogue.shown(catalogue.only_game())
    assert (game["status"], game["state"]["title"]) == ("active", "Strix")


def test_it_goes_on_saying_what_it_said_and_not_what_was_held_back(catalogue: Catalogue) -> None:
    catalogue.curator.limits = {"alpha": Limits()}
    says(catalogue)
    game_id = catalogue.only_game()
    catalogue.edit(game_id, "tags", [{"kind": "genre", "value": "birds"}])
    says(catalogue, title="Error 500", release_date="1950")
    assert told(catalogue, game_id) == ("Owl", "1980")
    report = back_all(catalogue, source="alpha")
    assert (told(catalogue, game_id), catalogue.shown(game_id)["status"]) == (("Owl", "1980"), "active")
    undo(catalogue, report)
    assert (told(catalogue, game_id), catalogue.shown(game_id)["pinned"]) == (("Owl", "1980"), [])
    back_all(catalogue, source="alpha")
    says(catalogue, title="Owls", release_date="1981")
    assert told(catalogue, game_id) == ("Owls", "1981")


def test_a_source_falls_silent_and_the_others_go_on(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", **OWL)
    catalogue.says("beta", "owl", **OWL | {"title": "Strix", "release_date": "1980-05"})
    catalogue.reconcile()
    back_all(catalogue, source="alpha")
    assert told(catalogue, catalogue.only_game()) == ("Strix", "1980-05")


def test_human_edits_stand_through_it(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Magpie")
    back_all(catalogue, run_id=runs(catalogue)[1])
    assert told(catalogue, game_id) == ("Magpie", "1980")


def test_what_pages_have_changed_since_stays(catalogue: Catalogue, game_id: int) -> None:
    report = back_all(catalogue, run_id=runs(catalogue)[1])
    assert (told(catalogue, game_id), report.moved_on) == (("Crow", "1980"), 0)
    says(catalogue, release_date="2005", title="Crow")
    with pytest.raises(RollbackError, match="nothing is heard: the pages have changed again since"):
        back_all(catalogue, run_id=runs(catalogue)[1])


def test_a_stretch_of_time_is_taken_back(catalogue: Catalogue, game_id: int) -> None:
    rows = catalogue.store.rows("SELECT recorded_at FROM record_version ORDER BY version")
    back_all(catalogue, source="alpha", since=rows[1]["recorded_at"])
    assert told(catalogue, game_id) == ("Owl", "1980")
    with pytest.raises(RollbackError, match="no record changed"):
        back_all(catalogue, until=rows[0]["recorded_at"])


def test_a_window_ends_before_its_end(catalogue: Catalogue, game_id: int) -> None:
    rows = catalogue.store.rows("SELECT recorded_at FROM record_version ORDER BY version")
    back_all(catalogue, since=rows[1]["recorded_at"], until=rows[2]["recorded_at"])
    assert told(catalogue, game_id) == ("Crow", "1980")


def test_a_scope_must_say_something(catalogue: Catalogue) -> None:
    with pytest.raises(RollbackError, match="say what to take back"):
        back_all(catalogue)
    with pytest.raises(RollbackError, match="no record changed in since"):
        back_all(catalogue, since=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))


# A parser -----------------------------------------------------------------------------------------------------------


def read_with(catalogue: Catalogue, version: int) -> None:
    site = catalogue.sites["alpha"]
    site.source = source_named("alpha", parser_version=version)
    site.read()
    catalogue.reconcile()


def genres(catalogue: Catalogue) -> list[str]:
    return [tag["value"] for tag in catalogue.state(catalogue.only_game())["tags"]]


def test_what_a_parser_brought_is_taken_back(catalogue: Catalogue) -> None:
    says(catalogue, genre="birds")
    read_with(catalogue, 2)
    assert genres(catalogue) == ["birds"]
    back_all(catalogue, source="alpha", parser_version=2)
    assert genres(catalogue) == []


def test_it_comes_back_with_the_next_parser(catalogue: Catalogue) -> None:
    says(catalogue, genre="birds")
    read_with(catalogue, 2)
    back_all(catalogue, source="alpha", parser_version=2)
    read_with(catalogue, 1)
    read_with(catalogue, 3)
    assert genres(catalogue) == ["birds"]


# A scope that fits records which are in no game ---------------------------------------------------------------------


def test_a_record_that_is_still_a_question_can_be_taken_back(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl", release_date="1980")
    catalogue.says("beta", "owl", title="Owl")
    catalogue.reconcile()
    (item,) = catalogue.asked("match")
    back_all(catalogue, source="beta")
    assert (item["state"], len(catalogue.games())) == ("open", 1)


def test_its_page_ends_the_hold_of_a_record_that_becomes_a_game_only_then(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl", release_date="1980")
    catalogue.says("beta", "owl", title="Owl")
    catalogue.reconcile()
    back_all(catalogue, source="beta")
    catalogue.says("beta", "owl", title="Strix")
    catalogue.reconcile()
    assert len(catalogue.games()) == 2
    assert catalogue.store.rows("SELECT FROM record_hold WHERE ended_at IS NULL") == []
