"""People in the catalogue: joined with evidence, told apart by a person for good, and the same after a replay."""

from __future__ import annotations

from typing import Any

import pytest

from game_pipeline.people import (
    PersonError,
    aliases_of,
    find_people,
    merge_people,
    refresh_people,
    show_person,
    split_person,
)
from game_pipeline.store import Store
from game_pipeline.store.replay import replayed
from game_pipeline_tests.catalog.curating import Catalogue, shared


def credit(name: str, url: str | None = None, role: str = "author") -> dict[str, Any]:
    return {"name": name, "role": role, "url": url}


@pytest.fixture
def catalogue(store: Store) -> Catalogue:
    """One game on two sites, whose author each spells in his own way; and a namesake's game."""
    made = Catalogue(store)
    page = "https://alpha.example/people/7"
    made.says("alpha", "1", title="Owl", external_ids=shared("OWL-ONE-0000"), credits=[credit("Пётр Косых", page)])
    made.says("beta", "1", title="Owl", external_ids=shared("OWL-ONE-0000"), credits=[credit("Petr Kosyh")])
    made.says("gamma", "2", title="Crow", credits=[credit("Petr Kosyh")])
    made.reconcile()
    return made


def who(store: Store, text: str = "") -> dict[str, list[str]]:
    return {row["name"]: row["sources"] for row in find_people(store, text, 50)}


def differs(store: Store) -> object:
    with replayed(store) as result:
        return result.first_difference()


def test_credits_of_one_game_on_two_sites_are_one_person_and_a_namesake_is_another(catalogue: Catalogue) -> None:
    report = refresh_people(catalogue.store, "run")
    assert report.counts["joined_credited_together"] == 1
    assert who(catalogue.store) == {"Пётр Косых": ["alpha", "beta"], "Petr Kosyh": ["gamma"]}
    (joined, other) = find_people(catalogue.store, "Kosyh", 10)
    shown = show_person(catalogue.store, joined["person_id"])
    assert shown is not None
    assert [game["title"] for game in shown["games"]] == ["Owl"]
    assert shown["decisions"][0]["evidence"][0]["kind"] == "name"
    assert differs(catalogue.store) is None
    assert other["games"] == 1


def test_a_refresh_that_finds_nothing_new_writes_nothing(catalogue: Catalogue) -> None:
    refresh_people(catalogue.store, "run")
    before = catalogue.fingerprint()
    assert not refresh_people(catalogue.store, "again").counts["personas_new"]
    assert catalogue.fingerprint() == before


def test_a_split_stands_against_every_rule_and_its_person_comes_back(catalogue: Catalogue) -> None:
    store = catalogue.store
    refresh_people(store, "run")
    (joined, *_) = find_people(store, "Косых", 10)
    done = split_person(store, joined["person_id"], ["beta|petr kosyh"], reason="two of that name", actor="ann")
    assert done.back
    refresh_people(store, "again")
    assert who(store)["Пётр Косых"] == ["alpha"]
    assert differs(store) is None


def test_a_person_s_merge_joins_what_no_rule_would_and_can_be_taken_back(catalogue: Catalogue) -> None:
    store = catalogue.store
    refresh_people(store, "run")
    one, other = (row["person_id"] for row in find_people(store, "", 10))
    merge_people(store, one, other, reason="his own word", actor="ann")
    assert who(store) == {"Пётр Косых": ["alpha", "beta", "gamma"]}
    with store.connection() as connection:
        assert aliases_of(connection, ["petr kosyh", "nobody"]) == {"petr kosyh": frozenset({"Пётр Косых"})}
    with pytest.raises(PersonError, match=f"person {other} is person {one} now"):
        merge_people(store, other, one, reason="again", actor="ann")
    assert split_person(store, one, ["gamma|petr kosyh"], reason="no", actor="ann").person_id == other
    refresh_people(store, "again")
    assert who(store)["Petr Kosyh"] == ["gamma"]
    merge_people(store, one, other, reason="after all", actor="ann")
    assert not store.rows("SELECT FROM person_apart WHERE starts_with(key_b, 'gamma') OR starts_with(key_a, 'gamma')")
    assert differs(store) is None


def test_matching_compares_credits_under_all_names_of_a_person(catalogue: Catalogue) -> None:
    store = catalogue.store
    page = "https://alpha.example/people/9"
    catalogue.says("alpha", "9", title="Heron", release_date="2001", credits=[credit("Ann Lee", page)])
    catalogue.says("beta", "8", title="Moth", credits=[credit("Queen of Nines")])
    catalogue.reconcile()
    refresh_people(store, "run")
    (ann,), (queen,) = find_people(store, "Ann Lee", 1), find_people(store, "Queen", 1)
    merge_people(store, ann["person_id"], queen["person_id"], reason="her pen name", actor="ann")
    catalogue.says("gamma", "9", title="Heron", release_date="2001", credits=[credit("Queen of Nines")])
    catalogue.reconcile()
    row = store.row("SELECT band, evidence FROM match_decision ORDER BY decision_id DESC LIMIT 1")
    assert row is not None
    assert row["band"] == "auto", row["evidence"]


def test_what_cannot_be_done_is_said(catalogue: Catalogue) -> None:
    store = catalogue.store
    refresh_people(store, "run")
    (joined, *_) = find_people(store, "Косых", 10)
    with pytest.raises(PersonError, match="at least one must stay"):
        split_person(store, joined["person_id"], [p["key"] for p in _personas(store, joined)], reason="x", actor="ann")
    with pytest.raises(PersonError, match=r"has no name 'zeta\|x'"):
        split_person(store, joined["person_id"], ["zeta|x"], reason="x", actor="ann")
    with pytest.raises(PersonError, match="no person 999"):
        merge_people(store, 999, joined["person_id"], reason="x", actor="ann")


def _personas(store: Store, person: dict[str, Any]) -> list[dict[str, Any]]:
    shown = show_person(store, person["person_id"])
    assert shown is not None
    personas: list[dict[str, Any]] = shown["personas"]
    return personas
