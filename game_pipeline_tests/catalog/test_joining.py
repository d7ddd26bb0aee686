"""One game or two: merging, splitting, and what becomes of edits, questions and holds."""

from __future__ import annotations

from typing import Any

import pytest

from game_pipeline.catalog import (
    EditError,
    JoinError,
    Limits,
    MergeReport,
    RollbackError,
    Scope,
    SplitReport,
    accept,
    game_history,
    merge_games,
    reject,
    roll_back,
    roll_back_game,
    split_game,
    undo_rollback,
)

from .curating import Catalogue, shared


@pytest.fixture
def owl_and_strix(catalogue: Catalogue) -> tuple[int, int]:
    """Two games that are one, a record each."""
    catalogue.says("alpha", "owl", title="Owl", release_date="1980")
    catalogue.says("beta", "strix", title="Strix", tags=[{"kind": "genre", "value": "birds"}])
    catalogue.reconcile()
    owl, strix = catalogue.games()
    return owl, strix


def merge(catalogue: Catalogue, kept: int, gone: int) -> MergeReport:
    return catalogue.does(merge_games, kept, gone, author="ann", reason="the same game")


def split(catalogue: Catalogue, game_id: int, *records: int) -> SplitReport:
    return catalogue.does(split_game, game_id, records, author="bob", reason="two games")


def records(catalogue: Catalogue, game_id: int) -> list[int]:
    return [record["record_id"] for record in catalogue.shown(game_id)["records"]]


def edits(catalogue: Catalogue, game_id: int) -> dict[str, Any]:
    return {edit["field"]: edit["value"] for edit in catalogue.shown(game_id)["edits"]}


# Merging ------------------------------------------------------------------------------------------------------------


def test_the_records_of_both_tell_the_game_that_is_kept(catalogue: Catalogue, owl_and_strix: tuple[int, int]) -> None:
    owl, strix = owl_and_strix
    report = merge(catalogue, owl, strix)
    state = catalogue.state(owl)
    assert (report.records, state["title"], [alt["title"] for alt in state["alt_titles"]]) == (1, "Owl", ["Strix"])
    assert [tag["value"] for tag in state["tags"]] == ["birds"]


def test_the_other_refers_to_it_and_keeps_its_history(catalogue: Catalogue, owl_and_strix: tuple[int, int]) -> None:
    owl, strix = owl_and_strix
    merge(catalogue, owl, strix)
    gone = catalogue.shown(strix)
    assert (gone["status"], gone["merged_into"], gone["state"]["title"]) == ("merged", owl, "Strix")
    assert [row["cause"] for row in game_history(catalogue.store, strix)] == ["import", "merge"]


def test_later_pages_of_both_reach_the_game_that_is_kept(catalogue: Catalogue, owl_and_strix: tuple[int, int]) -> None:
    owl, strix = owl_and_strix
    merge(catalogue, owl, strix)
    catalogue.says("beta", "strix", title="Strix", tags=[{"kind": "genre", "value": "drama"}])
    catalogue.reconcile()
    assert [tag["value"] for tag in catalogue.state(owl)["tags"]] == ["drama"]


def test_edits_go_along(catalogue: Catalogue, owl_and_strix: tuple[int, int]) -> None:
    owl, strix = owl_and_strix
    catalogue.edit(strix, "release_date", "1981", reason="the box says so")
    report = merge(catalogue, owl, strix)
    assert (report.carried, edits(catalogue, owl)) == (("release_date",), {"release_date": "1981"})
    (edit,) = catalogue.shown(owl)["edits"]
    assert edit["reason"] == f"from game {strix}: ann: the box says so"


def test_of_two_edits_of_a_field_the_kept_games_stands_and_the_other_is_named(
    catalogue: Catalogue, owl_and_strix: tuple[int, int]
) -> None:
    owl, strix = owl_and_strix
    catalogue.edit(owl, "title", "Eule")
    catalogue.edit(strix, "title", "Uhu")
    report = merge(catalogue, owl, strix)
    assert report.lost == ({"field": "title", "value": "Uhu", "author": "ann"},)
    assert edits(catalogue, owl) == {"title": "Eule"}


@pytest.mark.parametrize(("kept", "gone", "problem"), [(0, 0, "one game already"), (0, 7_000, "no game 7000")])
def test_what_cannot_be_merged_is_refused(
    catalogue: Catalogue, owl_and_strix: tuple[int, int], kept: int, gone: int, problem: str
) -> None:
    before = catalogue.fingerprint()
    with pytest.raises(JoinError, match=problem):
        merge(catalogue, owl_and_strix[kept], owl_and_strix[gone] if gone < 2 else gone)
    assert catalogue.fingerprint() == before


def test_a_game_that_was_merged_is_neither_merged_edited_nor_rolled_back(
    catalogue: Catalogue, owl_and_strix: tuple[int, int]
) -> None:
    owl, strix = owl_and_strix
    merge(catalogue, owl, strix)
    with pytest.raises(JoinError, match=f"was merged into game {owl} already"):
        merge(catalogue, strix, owl)
    with pytest.raises(EditError, match=f"was merged into game {owl}; edit that one"):
        catalogue.edit(strix, "title", "Uhu")
    with pytest.raises(RollbackError, match=f"was merged into game {owl}; split"):
        catalogue.does(roll_back_game, strix, 1, author="ann", reason="-")


def test_a_question_about_the_merged_game_leads_to_the_kept_one(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl", release_date="1980")
    catalogue.says("beta", "owl", title="Owl")
    catalogue.says("gamma", "strix", title="Strix")
    catalogue.reconcile()
    owl, strix = catalogue.games()
    merge(catalogue, strix, owl)
    (item,) = catalogue.asked("match")
    assert catalogue.does(accept, item["item_id"], author="ann", reason="yes").endswith(f"joined game {strix}")
    assert len(records(catalogue, strix)) == 3


def test_a_question_about_held_words_goes_with_their_record(
    catalogue: Catalogue, owl_and_strix: tuple[int, int]
) -> None:
    owl, strix = owl_and_strix
    catalogue.curator.limits = {"alpha": Limits()}
    catalogue.says("alpha", "owl", title="Owl", release_date="1999")
    catalogue.reconcile()
    merge(catalogue, strix, owl)
    (item,) = catalogue.asked("held")
    assert (item["state"], catalogue.state(strix)["release_date"]) == ("open", "1980")
    catalogue.does(accept, item["item_id"], author="ann", reason="yes")
    assert catalogue.state(strix)["release_date"] == "1999"


def test_going_back_before_a_merge_silences_the_records_that_came_with_it(
    catalogue: Catalogue, owl_and_strix: tuple[int, int]
) -> None:
    owl, strix = owl_and_strix
    merge(catalogue, owl, strix)
    catalogue.does(roll_back_game, owl, 1, author="ann", reason="was better")
    state = catalogue.state(owl)
    assert (state["title"], state["alt_titles"], state["tags"]) == ("Owl", [], [])


# Splitting ----------------------------------------------------------------------------------------------------------


def test_a_split_after_a_merge_restores_both(catalogue: Catalogue, owl_and_strix: tuple[int, int]) -> None:
    owl, strix = owl_and_strix
    catalogue.edit(strix, "release_date", "1981")
    before = [(catalogue.state(game), edits(catalogue, game)) for game in owl_and_strix]
    moved = records(catalogue, strix)
    merge(catalogue, owl, strix)
    report = split(catalogue, owl, *moved)
    assert (report.game_id, report.back) == (strix, True)
    assert [(catalogue.state(game), edits(catalogue, game)) for game in owl_and_strix] == before
    assert catalogue.shown(strix)["status"] == "active"


def test_what_was_pinned_before_a_merge_stands_again_after_its_split(
    catalogue: Catalogue, owl_and_strix: tuple[int, int]
) -> None:
    owl, strix = owl_and_strix
    moved = records(catalogue, strix)
    merge(catalogue, owl, strix)
    as_merged = catalogue.shown(owl)["revision"]
    split(catalogue, owl, *moved)
    catalogue.does(roll_back_game, owl, as_merged, author="ann", reason="its tags were right")
    before = catalogue.state(owl)
    assert before["tags"] == [{"kind": "genre", "value": "birds"}]
    merge(catalogue, owl, strix)
    split(catalogue, owl, *moved)
    assert catalogue.state(owl) == before
    catalogue.reconcile()
    assert catalogue.state(owl) == before


def test_a_pin_whose_rollback_was_undone_meanwhile_stays_away(
    catalogue: Catalogue, owl_and_strix: tuple[int, int]
) -> None:
    owl, strix = owl_and_strix
    moved = records(catalogue, strix)
    alone = catalogue.state(owl)
    merge(catalogue, owl, strix)
    as_merged = catalogue.shown(owl)["revision"]
    split(catalogue, owl, *moved)
    rollback = catalogue.does(roll_back_game, owl, as_merged, author="ann", reason="its tags were right")
    merge(catalogue, owl, strix)
    catalogue.does(undo_rollback, rollback.rollback_id, author="ann", reason="they were not")
    split(catalogue, owl, *moved)
    assert catalogue.state(owl) == alone


def test_records_that_never_were_a_game_become_one(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl", external_ids=shared("OWL-ONE"))
    record = catalogue.says("beta", "owl", title="Strix", external_ids=shared("OWL-ONE"))
    catalogue.reconcile()
    report = split(catalogue, catalogue.only_game(), record)
    assert not report.back
    assert (catalogue.state(report.game_id)["title"], records(catalogue, report.game_id)) == ("Strix", [record])
    assert catalogue.state(report.split_from)["alt_titles"] == []


def test_what_was_told_apart_is_not_joined_again(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl", external_ids=shared("OWL-ONE"))
    record = catalogue.says("beta", "owl", title="Owl", external_ids=shared("OWL-ONE"))
    catalogue.reconcile()
    report = split(catalogue, catalogue.only_game(), record)
    catalogue.says("beta", "owl", title="Owl", release_date="1980", external_ids=shared("OWL-ONE"))
    catalogue.reconcile()
    assert records(catalogue, report.game_id) == [record]


def test_a_record_that_is_not_heard_leaves_as_a_game_that_is_withdrawn(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl", external_ids=shared("OWL-ONE"))
    record = catalogue.says("beta", "owl", title="Strix", external_ids=shared("OWL-ONE"))
    catalogue.reconcile()
    catalogue.does(roll_back, Scope(source="beta"), author="ann", reason="a bad import")
    report = split(catalogue, catalogue.only_game(), record)
    game = catalogue.shown(report.game_id)
    assert (game["status"], game["state"]["title"]) == ("withdrawn", "Strix")


def test_a_question_whose_record_is_not_heard_can_be_answered_no(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl", release_date="1980")
    record = catalogue.says("beta", "owl", title="Owl")
    catalogue.reconcile()
    (item,) = catalogue.asked("match")
    catalogue.does(roll_back, Scope(source="beta"), author="ann", reason="a bad import")
    catalogue.does(reject, item["item_id"], author="ann", reason="another one")
    owl, other = catalogue.games()
    assert (catalogue.shown(owl)["status"], catalogue.shown(other)["status"]) == ("active", "withdrawn")
    assert records(catalogue, other) == [record]


@pytest.mark.parametrize(
    ("leaving", "problem"),
    [([], "say which records"), ([7_000], "has no record 7000; it has"), ([0], "at least one must stay")],
)
def test_what_cannot_be_split_is_refused(
    catalogue: Catalogue, owl_and_strix: tuple[int, int], leaving: list[int], problem: str
) -> None:
    owl, _ = owl_and_strix
    own = records(catalogue, owl)
    before = catalogue.fingerprint()
    with pytest.raises(JoinError, match=problem):
        split(catalogue, owl, *(own[n] if n < len(own) else n for n in leaving))
    assert catalogue.fingerprint() == before


def test_back_to_what_only_records_said_that_have_left_the_game_is_there_again(
    catalogue: Catalogue, owl_and_strix: tuple[int, int]
) -> None:
    owl, strix = owl_and_strix
    catalogue.does(roll_back, Scope(source="alpha"), author="ann", reason="a bad import")
    merge(catalogue, owl, strix)
    told = catalogue.shown(owl)
    assert (told["status"], told["state"]["title"]) == ("active", "Strix")
    split(catalogue, owl, 2)
    assert catalogue.shown(owl)["status"] == "withdrawn"
    catalogue.does(roll_back_game, owl, told["revision"], author="ann", reason="was better")
    again = catalogue.shown(owl)
    assert (again["status"], again["state"]) == ("active", told["state"])
    catalogue.reconcile()
    assert catalogue.shown(owl)["revision"] == again["revision"]
