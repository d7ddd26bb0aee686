"""What a source said about people is taken back with what it said about games, and that, too, can be taken back."""

from __future__ import annotations

from typing import Any

import pytest

from game_pipeline.catalog import RollbackReport, Scope, roll_back, undo_rollback
from game_pipeline.people import find_people, refresh_people, show_person
from game_pipeline.store import Store
from game_pipeline.store.replay import replayed
from game_pipeline_tests.catalog.curating import Catalogue, shared

PAGE = "https://alpha.example/people/7"


def page(catalogue: Catalogue, **facts: Any) -> None:
    """Alpha's page about somebody says this now."""
    document = {"identity": "7", "kind": "person", "name": "Пётр Косых", "url": PAGE} | facts
    catalogue.sites["alpha"].serve("7", [document])
    catalogue.sites["alpha"].read()
    refresh_people(catalogue.store, "run")


def credit(name: str, url: str | None = None) -> dict[str, Any]:
    return {"name": name, "role": "author", "url": url}


def back(catalogue: Catalogue, **scope: Any) -> RollbackReport:
    return catalogue.does(roll_back, Scope(**scope), author="ann", reason="a broken template")


def names(store: Store) -> set[str]:
    return {name for row in find_people(store, "", 50) for name in (row["name"], *row["aliases"])}


def differs(store: Store) -> object:
    with replayed(store) as result:
        return result.first_difference()


@pytest.fixture
def catalogue(store: Store) -> Catalogue:
    """An author whose page was good, and then came to say that he is somebody else."""
    made = Catalogue(store)
    made.says("alpha", "1", title="Owl", credits=[credit("Пётр Косых", PAGE)])
    made.reconcile()
    page(made)
    page(made, name="Template:Author", aliases=[{"name": "Foo", "lang": None}])
    return made


def bad_run(catalogue: Catalogue) -> str:
    row = catalogue.store.row("SELECT run_id FROM record_version ORDER BY recorded_at DESC LIMIT 1")
    assert row is not None
    return str(row["run_id"])


def test_a_page_about_somebody_goes_back_to_what_it_said(catalogue: Catalogue) -> None:
    assert {"Template:Author", "Foo"} <= names(catalogue.store)
    report = back(catalogue, run_id=bad_run(catalogue))
    assert names(catalogue.store) == {"Пётр Косых"}
    (change,) = report.people
    assert (change.name, change.url) == ("Пётр Косых", PAGE)
    assert {each["field"]: (each["old"], each["new"]) for each in change.changes}["name"] == (
        "Template:Author",
        "Пётр Косых",
    )
    (found,) = find_people(catalogue.store, "", 50)
    shown = show_person(catalogue.store, found["person_id"])
    assert shown is not None
    assert shown["personas"][0]["page"]["name"] == "Пётр Косых"
    assert differs(catalogue.store) is None


def test_a_preview_tells_of_people_and_leaves_them(catalogue: Catalogue) -> None:
    scope = Scope(run_id=bad_run(catalogue))
    before = catalogue.fingerprint()
    with catalogue.store.connection() as connection, connection.transaction(force_rollback=True):
        report = roll_back(connection, catalogue.curator, scope, author="ann", reason="what if")
    assert len(report.people) == 1
    assert catalogue.fingerprint() == before
    assert "Foo" in names(catalogue.store)


def test_it_does_not_come_back_before_the_page_changes(catalogue: Catalogue) -> None:
    back(catalogue, run_id=bad_run(catalogue))
    page(catalogue, name="Template:Author", aliases=[{"name": "Foo", "lang": None}])
    assert names(catalogue.store) == {"Пётр Косых"}
    page(catalogue, name="Пётр Андреевич Косых")
    assert names(catalogue.store) == {"Пётр Косых", "Пётр Андреевич Косых"}
    assert catalogue.store.rows("SELECT FROM record_hold WHERE ended_at IS NULL") == []
    assert differs(catalogue.store) is None


def test_the_rollback_can_be_undone(catalogue: Catalogue) -> None:
    made = back(catalogue, run_id=bad_run(catalogue))
    report = catalogue.does(undo_rollback, made.rollback_id, author="bob", reason="it was right")
    assert [change.name for change in report.people] == ["Template:Author"]
    assert {"Template:Author", "Foo"} <= names(catalogue.store)
    assert differs(catalogue.store) is None


def test_all_that_a_source_said_of_somebody_is_taken_back(catalogue: Catalogue) -> None:
    catalogue.says("beta", "1", title="Crow", credits=[credit("Somebody")])
    catalogue.reconcile()
    report = back(catalogue, source="alpha")
    assert [change.changes[0]["new"] for change in report.people] == [None]
    assert "Foo" not in names(catalogue.store)


def test_a_page_that_changed_again_since_stays(catalogue: Catalogue) -> None:
    run_id = bad_run(catalogue)
    page(catalogue, name="Пётр К.")
    catalogue.says("alpha", "2", title="Crow")
    report = catalogue.does(
        roll_back, Scope(source="alpha", until=moment(catalogue, run_id)), author="ann", reason="older ones"
    )
    assert (report.people, report.moved_on) == ((), 1)
    assert "Пётр К." in names(catalogue.store)


def moment(catalogue: Catalogue, run_id: str) -> Any:
    """Just after a run."""
    row = catalogue.store.row(
        "SELECT max(recorded_at) + interval '1 microsecond' AS at FROM record_version WHERE run_id = %s", (run_id,)
    )
    assert row is not None
    return row["at"]


def test_people_that_a_bad_credit_joined_are_two_again(store: Store) -> None:
    catalogue = Catalogue(store)
    owl: dict[str, Any] = {"title": "Owl", "external_ids": shared("OWL-ONE-0000")}
    catalogue.says("alpha", "1", **owl, credits=[credit("Ann")])
    catalogue.says("beta", "1", **owl, credits=[credit("Petr Kosyh")])
    catalogue.says("alpha", "2", title="Crow", credits=[credit("Пётр Косых")])
    catalogue.reconcile()
    refresh_people(store, "run")
    apart = {row["name"]: row["sources"] for row in find_people(store, "", 50)}
    assert apart == {"Ann": ["alpha"], "Petr Kosyh": ["beta"], "Пётр Косых": ["alpha"]}
    catalogue.says("alpha", "1", **owl, credits=[credit("Пётр Косых")])
    catalogue.reconcile()
    refresh_people(store, "run")
    assert ["alpha", "beta"] in [row["sources"] for row in find_people(store, "", 50)]
    back(catalogue, run_id=str(catalogue.sites["alpha"].record("1")["run_id"]))
    assert {row["name"]: row["sources"] for row in find_people(store, "", 50)} == apart
