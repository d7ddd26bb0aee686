"""Taking back what a run, a source, a parser or a stretch of time brought to all the games it came to."""

from __future__ import annotations

import datetime as dt

import pytest

from game_pipeline.catalog import (
    Limits,
    RollbackError,
    list_rollbacks,
)
from game_pipeline_tests.changes.tiny_site import source_named

from .adopting import game, imported
from .answering import take_back, undo
from .curating import Catalogue
from .owls import OWL, runs, says, told

# Many games ---------------------------------------------------------------------------------------------------------


def test_a_run_is_taken_back_from_every_game_that_it_changed(catalogue: Catalogue) -> None:
    site = catalogue.sites["alpha"]
    for date in ("1980", "1999"):
        site.serve("all", [{"identity": str(n), "title": f"Game {n}", "release_date": date} for n in range(3)])
        site.read()
        catalogue.reconcile()
    report = take_back(catalogue, run_id=runs(catalogue)[-1])
    assert (report.records, len(report.games), report.moved_on) == (3, 3, 0)
    assert {told(catalogue, game_id)[1] for game_id in catalogue.games()} == {"1980"}


def test_the_beginning_of_a_run_s_id_is_enough_where_no_other_begins_so(catalogue: Catalogue, game_id: int) -> None:
    with pytest.raises(RollbackError, match="several runs begin with alpha, such as alpha 1 and alpha 2"):
        take_back(catalogue, run_id="alpha")
    catalogue.says("beta", "crow", title="Crow of another sort")
    catalogue.reconcile()
    assert take_back(catalogue, run_id="be").records == 1
    assert list_rollbacks(catalogue.store)[0]["scope"] == {"run_id": "beta 1"}


def test_what_an_existing_catalogue_brought_is_taken_back_by_its_name(catalogue: Catalogue) -> None:
    imported(catalogue, game("1", title="Owl"))
    assert take_back(catalogue, source="old").records == 1
    assert catalogue.shown(catalogue.only_game())["status"] == "withdrawn"
    with pytest.raises(RollbackError, match="no source 'older'"):
        take_back(catalogue, source="older")


def test_games_that_a_run_made_are_withdrawn_and_come_back_when_their_page_changes(catalogue: Catalogue) -> None:
    says(catalogue)
    catalogue.says("beta", "crow", title="Crow", release_date="2001")
    catalogue.reconcile()
    owl, crow = catalogue.games()
    report = take_back(catalogue, run_id=runs(catalogue)[-1])
    assert [(change.game_id, change.status) for change in report.games] == [(crow, "withdrawn")]
    catalogue.reconcile()
    assert [catalogue.shown(game)["status"] for game in (owl, crow)] == ["active", "withdrawn"]
    catalogue.says("beta", "crow", title="Crow", release_date="2002")
    catalogue.reconcile()
    assert (catalogue.shown(crow)["status"], told(catalogue, crow)) == ("active", ("Crow", "2002"))


def test_a_withdrawn_game_is_not_back_because_its_page_is_gone_or_there_again(catalogue: Catalogue) -> None:
    says(catalogue)
    take_back(catalogue, source="alpha")
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
    take_back(catalogue, source="alpha")
    game = catalogue.shown(catalogue.only_game())
    assert (game["status"], game["state"]["title"]) == ("active", "Strix")


def test_it_goes_on_saying_what_it_said_and_not_what_was_held_back(catalogue: Catalogue) -> None:
    catalogue.curator.limits = {"alpha": Limits()}
    says(catalogue)
    game_id = catalogue.only_game()
    catalogue.edit(game_id, "tags", [{"kind": "genre", "value": "birds"}])
    says(catalogue, title="Error 500", release_date="1950")
    assert told(catalogue, game_id) == ("Owl", "1980")
    report = take_back(catalogue, source="alpha")
    assert (told(catalogue, game_id), catalogue.shown(game_id)["status"]) == (("Owl", "1980"), "active")
    undo(catalogue, report)
    assert (told(catalogue, game_id), catalogue.shown(game_id)["pinned"]) == (("Owl", "1980"), [])
    take_back(catalogue, source="alpha")
    says(catalogue, title="Owls", release_date="1981")
    assert told(catalogue, game_id) == ("Owls", "1981")


def test_a_source_falls_silent_and_the_others_go_on(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", **OWL)
    catalogue.says("beta", "owl", **OWL | {"title": "Strix", "release_date": "1980-05"})
    catalogue.reconcile()
    take_back(catalogue, source="alpha")
    assert told(catalogue, catalogue.only_game()) == ("Strix", "1980-05")


def test_human_edits_stand_through_it(catalogue: Catalogue, game_id: int) -> None:
    catalogue.edit(game_id, "title", "Magpie")
    take_back(catalogue, run_id=runs(catalogue)[1])
    assert told(catalogue, game_id) == ("Magpie", "1980")


def test_what_pages_have_changed_since_stays(catalogue: Catalogue, game_id: int) -> None:
    report = take_back(catalogue, run_id=runs(catalogue)[1])
    assert (told(catalogue, game_id), report.moved_on) == (("Crow", "1980"), 0)
    says(catalogue, release_date="2005", title="Crow")
    with pytest.raises(RollbackError, match="nothing is heard: the pages have changed again since"):
        take_back(catalogue, run_id=runs(catalogue)[1])


def test_a_stretch_of_time_is_taken_back(catalogue: Catalogue, game_id: int) -> None:
    rows = catalogue.store.rows("SELECT recorded_at FROM record_version ORDER BY version")
    take_back(catalogue, source="alpha", since=rows[1]["recorded_at"])
    assert told(catalogue, game_id) == ("Owl", "1980")
    with pytest.raises(RollbackError, match="no record changed"):
        take_back(catalogue, until=rows[0]["recorded_at"])


def test_a_window_ends_before_its_end(catalogue: Catalogue, game_id: int) -> None:
    rows = catalogue.store.rows("SELECT recorded_at FROM record_version ORDER BY version")
    take_back(catalogue, since=rows[1]["recorded_at"], until=rows[2]["recorded_at"])
    assert told(catalogue, game_id) == ("Crow", "1980")


def test_a_scope_must_say_something(catalogue: Catalogue) -> None:
    with pytest.raises(RollbackError, match="say what to take back"):
        take_back(catalogue)
    with pytest.raises(RollbackError, match="no record changed in since"):
        take_back(catalogue, since=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))


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
    take_back(catalogue, source="alpha", parser_version=2)
    assert genres(catalogue) == []


def test_it_comes_back_with_the_next_parser(catalogue: Catalogue) -> None:
    says(catalogue, genre="birds")
    read_with(catalogue, 2)
    take_back(catalogue, source="alpha", parser_version=2)
    read_with(catalogue, 1)
    read_with(catalogue, 3)
    assert genres(catalogue) == ["birds"]


# A scope that fits records which are in no game ---------------------------------------------------------------------


def test_a_record_that_is_still_a_question_can_be_taken_back(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl", release_date="1980")
    catalogue.says("beta", "owl", title="Owl")
    catalogue.reconcile()
    (item,) = catalogue.asked("match")
    take_back(catalogue, source="beta")
    assert (item["state"], len(catalogue.games())) == ("open", 1)


def test_its_page_ends_the_hold_of_a_record_that_becomes_a_game_only_then(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl", release_date="1980")
    catalogue.says("beta", "owl", title="Owl")
    catalogue.reconcile()
    take_back(catalogue, source="beta")
    catalogue.says("beta", "owl", title="Strix")
    catalogue.reconcile()
    assert len(catalogue.games()) == 2
    assert catalogue.store.rows("SELECT FROM record_hold WHERE ended_at IS NULL") == []
