"""What stands and what goes: joins that no rule makes any more, names of pages that are gone, and older catalogues."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from game_pipeline.catalog import pending
from game_pipeline.people import find_people, merge_people, people_waiting, refresh_people, show_person, split_person
from game_pipeline.store import Store
from game_pipeline.store.replay import replayed
from game_pipeline_tests.catalog.curating import Catalogue, shared

MIGRATIONS = Path(__file__).parents[2] / "sql"
ADA, EVE = "https://alpha.example/people/1", "https://alpha.example/people/2"


def credit(name: str, url: str | None = None) -> dict[str, Any]:
    return {"name": name, "role": "author", "url": url}


def page(catalogue: Catalogue, url: str, name: str, **claims: Any) -> None:
    key = url.removeprefix("https://alpha.example/")
    site = catalogue.sites["alpha"]
    site.serve(key, [{"identity": key, "kind": "person", "name": name, "url": url, **claims}])
    site.read()


def people(store: Store) -> set[frozenset[str]]:
    """Who is one, by personas."""
    rows = store.rows("SELECT array_agg(key) AS keys FROM persona GROUP BY person_id")
    return {frozenset(row["keys"]) for row in rows}


def differs(store: Store) -> object:
    with replayed(store) as result:
        return result.first_difference()


@pytest.fixture
def catalogue(store: Store) -> Catalogue:
    return Catalogue(store)


# --- Joins ----------------------------------------------------------------------------------------------------------


def one_bearer(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", credits=[credit("Ada B", ADA)])
    catalogue.says("alpha", "2", title="Crow", credits=[credit("Ada B")])
    catalogue.reconcile()
    refresh_people(catalogue.store, "run")
    assert people(catalogue.store) == {frozenset({"alpha|alpha.example/people/1", "alpha|ada b"})}


def another_bearer(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "3", title="Wren", credits=[credit("Ada B", EVE)])
    catalogue.reconcile()


def test_a_bare_name_is_nobody_s_once_a_second_bears_it_and_who_it_was_before_is_there_again(
    catalogue: Catalogue,
) -> None:
    store = catalogue.store
    one_bearer(catalogue)
    another_bearer(catalogue)
    assert refresh_people(store, "again").counts["parted"] == 1
    assert len(people(store)) == 3
    (bare,) = store.rows("SELECT person_id, first_person_id FROM persona WHERE key = 'alpha|ada b'")
    assert bare["person_id"] == bare["first_person_id"]
    shown = show_person(store, bare["person_id"])
    assert shown is not None
    assert (shown["status"], shown["decisions"][-1]["rule"]) == ("active", "no_rule")
    assert [game["title"] for game in shown["games"]] == ["Crow"]
    assert differs(store) is None
    before = catalogue.fingerprint()
    assert not refresh_people(store, "once more").counts["parted"]
    assert catalogue.fingerprint() == before
    catalogue.says("alpha", "3", title="Wren", credits=[])
    catalogue.reconcile()
    refresh_people(store, "later")
    assert len(people(store)) == 2, "one page alone bears the name again"


def test_what_a_person_confirmed_no_rule_takes_back(catalogue: Catalogue) -> None:
    store = catalogue.store
    one_bearer(catalogue)
    catalogue.says("beta", "9", title="Lark", credits=[credit("Countess")])
    catalogue.reconcile()
    refresh_people(store, "run 2")
    ada, countess = sorted(row["person_id"] for row in find_people(store, "", 10))
    merge_people(store, ada, countess, reason="her word", actor="ann")
    another_bearer(catalogue)
    assert not refresh_people(store, "again").counts["parted"]
    whole = frozenset({"alpha|alpha.example/people/1", "alpha|ada b", "beta|countess"})
    assert whole in people(store)
    split_person(store, ada, ["alpha|ada b", "beta|countess"], reason="two", actor="ann")
    assert not refresh_people(store, "once more").counts["parted"]
    assert frozenset({"alpha|ada b", "beta|countess"}) in people(store)
    assert differs(store) is None


def test_of_whom_no_record_speaks_any_more_goes_on_as_they_were(catalogue: Catalogue) -> None:
    store = catalogue.store
    one_bearer(catalogue)
    catalogue.drops("alpha", "2")
    catalogue.reconcile()
    assert not refresh_people(store, "again").counts["parted"]
    assert [person["games"] for person in find_people(store, "Ada", 10)] == [2]


# --- Names ----------------------------------------------------------------------------------------------------------


def test_whose_page_is_gone_goes_by_a_credited_name_again_and_is_found_by_the_one_that_is_shown(
    catalogue: Catalogue,
) -> None:
    store = catalogue.store
    catalogue.says("alpha", "1", title="Owl", credits=[credit("Ada B", ADA)])
    catalogue.reconcile()
    page(catalogue, ADA, "Ada Byron")
    page(catalogue, EVE, "Whom no game credits")
    refresh_people(store, "run")
    assert find_people(store, "Byron", 10)
    catalogue.drops("alpha", "people/1")
    catalogue.drops("alpha", "people/2")
    refresh_people(store, "again")
    assert find_people(store, "Byron", 10) == []
    assert [person["name"] for person in find_people(store, "Ada", 10)] == ["Ada B"]
    for person in find_people(store, "", 10):
        assert person in find_people(store, person["name"], 10)
    assert differs(store) is None


@pytest.mark.parametrize("letters", [300, 301, 1000])
def test_a_name_of_any_length_is_somebody_s_and_stops_nobody(catalogue: Catalogue, letters: int) -> None:
    store = catalogue.store
    chance = random.Random(letters)
    name = "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(letters))
    catalogue.says("alpha", "1", title="Owl", credits=[credit(name)])
    catalogue.reconcile()
    page(catalogue, ADA, name[::-1], aliases=[{"name": name}], works=["1"])
    refresh_people(store, "run")
    assert [person["games"] for person in find_people(store, name[:300], 10)] == [1]
    assert differs(store) is None


# --- What waits -----------------------------------------------------------------------------------------------------


def test_a_changed_page_waits_until_it_is_taken_in_and_no_game_does(catalogue: Catalogue) -> None:
    store = catalogue.store
    catalogue.says("alpha", "1", title="Owl", credits=[credit("Ada B", ADA)])
    catalogue.reconcile()
    page(catalogue, ADA, "Ada Byron")
    waiting = pending(store)
    assert (waiting.people_to_take_in, waiting.records_to_match, waiting.games_to_revise) == (1, 0, 0)
    refresh_people(store, "run")
    assert people_waiting(store) == 0
    page(catalogue, ADA, "Ada Byron", about=[{"text": "New."}])
    assert people_waiting(store) == 1
    refresh_people(store, "again")
    catalogue.drops("alpha", "people/1")
    assert people_waiting(store) == 1
    refresh_people(store, "gone")
    assert people_waiting(store) == 0


# --- Older catalogues -----------------------------------------------------------------------------------------------


def statements(migration: str, begin: str, end: str | None = None) -> str:
    text = (MIGRATIONS / migration).read_text(encoding="utf-8")
    return text[text.index(begin) : text.index(end) if end else None]


def test_an_older_catalogue_is_what_its_events_say(catalogue: Catalogue) -> None:
    store = catalogue.store
    catalogue.says("alpha", "1", title="Owl", external_ids=shared("OWL-ONE-0000"), credits=[credit("Nn One")])
    catalogue.says("beta", "2", title="Crow", credits=[credit("Two Two")])
    catalogue.says("beta", "4", title="Owl", external_ids=shared("OWL-ONE-0000"), credits=[credit("Nn One")])
    catalogue.says("gamma", "5", title="Rook", credits=[credit("Who Else")])
    catalogue.reconcile()
    refresh_people(store, "run")
    known = {row["name"]: row["person_id"] for row in find_people(store, "", 9)}
    one = known["Nn One"]
    merge_people(store, one, known["Two Two"], reason="x", actor="ann")
    split_person(store, one, ["alpha|nn one", "beta|nn one"], reason="x", actor="ann")
    catalogue.says("alpha", "3", title="Fox", credits=[credit("Aa Zero")])
    catalogue.reconcile()
    refresh_people(store, "again")
    zero = next(row["person_id"] for row in find_people(store, "Aa Zero", 9))
    merge_people(store, one, zero, reason="x", actor="ann")
    merge_people(store, known["Who Else"], one, reason="x", actor="ann")
    assert differs(store) is None
    # As it was: nobody's name ever changed, and nobody's word was told from a rule's.
    store.execute("UPDATE person SET name = persona.name FROM persona WHERE persona.first_person_id = person.person_id")
    store.execute("UPDATE persona SET confirmed_at = NULL")
    with store.transaction() as connection:
        connection.execute(statements("0020_person_records.sql", "UPDATE person SET name").encode())
        connection.execute(
            statements("0021_person_works.sql", "CREATE TEMPORARY TABLE persona_then", "-- Which records").encode()
        )
    assert differs(store) is None
