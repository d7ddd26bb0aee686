"""People in the catalogue: joined with evidence, told apart by a person for good, and the same after a replay."""

from __future__ import annotations

from typing import Any

import pytest

from game_pipeline.catalog.records import read_record
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


PAGE = "https://alpha.example/people/7"


def page(catalogue: Catalogue, source: str = "alpha", url: str = PAGE, **claims: Any) -> int:
    """What a source's page about a person says now."""
    identity = f"people/{url.rsplit('/', 1)[1]}"
    return catalogue.says(source, identity, **{"kind": "person", "url": url, "name": "Пётр Косых"} | claims)


def test_a_page_gives_a_name_other_names_a_text_and_links(catalogue: Catalogue) -> None:
    store = catalogue.store
    refresh_people(store, "run")
    page(
        catalogue,
        name="Пётр Иванович Косых",
        aliases=[{"name": "gl00my"}, {"name": "Anonymous"}],
        about=[{"lang": "ru", "text": "Пишет *игры*."}],
        urls=[{"url": "https://kosyh.example/", "kind": "home_page"}],
        works=["1", "no such game"],
    )
    assert refresh_people(store, "again").counts["pages_taken_in"] == 1
    (person,) = find_people(store, "gl00my", 10)
    assert person["name"] == "Пётр Иванович Косых"
    assert person["aliases"] == ["Petr Kosyh", "gl00my", "Пётр Косых"]
    shown = show_person(store, person["person_id"])
    assert shown is not None
    (told,) = [persona["page"] for persona in shown["personas"] if persona["page"]]
    assert told["about"] == [{"lang": "ru", "text": "Пишет *игры*."}]
    assert told["urls"] == [{"url": "https://kosyh.example/", "kind": "home_page", "label": None}]
    assert [work["title"] for work in told["works"]] == ["Owl"]
    assert told["attribution"]["site"] == "Tiny"
    assert differs(store) is None


def test_taking_a_page_in_again_writes_nothing_and_a_change_of_its_text_alone_neither(catalogue: Catalogue) -> None:
    store = catalogue.store
    page(catalogue)
    refresh_people(store, "run")
    before = catalogue.fingerprint()["import_event"]
    refresh_people(store, "again")
    assert catalogue.fingerprint()["import_event"] == before
    page(catalogue, about=[{"text": "New."}])
    assert not refresh_people(store, "once more").counts["pages_taken_in"]
    (person,) = find_people(store, "Косых", 1)
    shown = show_person(store, person["person_id"])
    assert shown is not None
    assert [p["page"]["about"][0]["text"] for p in shown["personas"] if p["page"]] == ["New."]


def test_a_name_that_a_page_no_longer_gives_is_nobody_s_and_those_of_credits_stay(catalogue: Catalogue) -> None:
    store = catalogue.store
    page(catalogue, aliases=[{"name": "gl00my"}, {"name": "Пётр К."}])
    refresh_people(store, "run")
    page(catalogue, aliases=[{"name": "Пётр К."}])
    refresh_people(store, "again")
    assert find_people(store, "gl00my", 10) == []
    assert find_people(store, "Пётр К.", 10)
    catalogue.drops("alpha", "people/7")
    assert refresh_people(store, "gone").counts["pages_gone"] == 1
    assert find_people(store, "Пётр К.", 10) == []
    (person,) = find_people(store, "Пётр Косых", 10)
    assert person["games"] == 1
    assert differs(store) is None
    page(catalogue, aliases=[{"name": "gl00my"}])
    refresh_people(store, "back")
    assert find_people(store, "gl00my", 10)
    assert differs(store) is None


def test_a_bare_name_that_a_page_claims_is_joined_until_a_person_says_no(catalogue: Catalogue) -> None:
    store = catalogue.store
    catalogue.says("alpha", "5", title="Jay", credits=[credit("Queen of Nines")])
    catalogue.reconcile()
    page(catalogue, aliases=[{"name": "Queen of Nines"}])
    report = refresh_people(store, "run")
    assert report.counts["joined_one_of_that_name"] == 1
    (person,) = find_people(store, "Queen of Nines", 10)
    assert person["games"] == 2
    split_person(store, person["person_id"], ["alpha|queen of nines"], reason="a namesake", actor="ann")
    refresh_people(store, "again")
    assert sorted(row["games"] for row in find_people(store, "Queen of Nines", 10)) == [1, 1]
    assert differs(store) is None


def test_a_page_that_gives_another_site_s_page_joins_both_until_a_person_says_no(catalogue: Catalogue) -> None:
    store = catalogue.store
    theirs = "https://beta.example/members/9"
    catalogue.says("beta", "6", title="Rook", credits=[credit("Queen of Nines", theirs)])
    catalogue.reconcile()
    page(catalogue, urls=[{"url": theirs, "kind": "other"}])
    assert not refresh_people(store, "run").counts["joined_same_page"]
    page(catalogue, urls=[{"url": theirs, "kind": "profile"}], aliases=[{"name": "Queen of Nines"}])
    assert refresh_people(store, "again").counts["joined_same_page"] == 1
    (person,) = find_people(store, "Queen", 10)
    assert person["name"] == "Пётр Косых"
    done = split_person(store, person["person_id"], ["beta|beta.example/members/9"], reason="no", actor="ann")
    refresh_people(store, "once more")
    assert who(store, "Queen")["Queen of Nines"] == ["beta"]
    assert done.person_id
    assert differs(store) is None


def test_who_loses_their_page_to_another_goes_by_their_own_name_again(catalogue: Catalogue) -> None:
    store = catalogue.store
    refresh_people(store, "run")
    page(catalogue, url="https://alpha.example/people/8", name="Пётр Великий")
    refresh_people(store, "again")
    (namesake,), (owner,) = find_people(store, "Kosyh", 10)[1:], find_people(store, "Великий", 10)
    merge_people(store, namesake["person_id"], owner["person_id"], reason="his word", actor="ann")
    assert who(store, "Великий") == {"Пётр Великий": ["alpha", "gamma"]}
    split_person(store, namesake["person_id"], ["alpha|alpha.example/people/8"], reason="no", actor="ann")
    assert who(store, "Великий") == {"Пётр Великий": ["alpha"]}
    assert who(store, "Kosyh")["Petr Kosyh"] == ["gamma"]
    assert differs(store) is None


def test_a_person_s_page_is_never_a_game_and_never_waits_for_one(catalogue: Catalogue) -> None:
    store = catalogue.store
    games = catalogue.games()
    record_id = page(catalogue)
    matched, revised = catalogue.reconcile()
    assert not matched.counts + revised.counts
    assert catalogue.games() == games
    with store.connection() as connection, pytest.raises(LookupError):
        read_record(connection, record_id)
    page(catalogue, name="Пётр")
    catalogue.drops("alpha", "people/7")
    matched, revised = catalogue.reconcile()
    assert not matched.counts + revised.counts
    assert catalogue.games() == games


def test_a_game_and_a_person_of_one_identity_are_two_records(catalogue: Catalogue) -> None:
    game = catalogue.says("alpha", "one", title="Wren", credits=[])
    site = catalogue.sites["alpha"]
    site.serve("other", [{"identity": "one", "kind": "person", "name": "Wren", "url": "https://alpha.example/w"}])
    assert site.read() == {"new": 1}
    rows = catalogue.store.rows("SELECT record_id, subject, state FROM source_record WHERE identity = 'one' ORDER BY 1")
    assert [(row["subject"], row["state"]) for row in rows] == [("game", "live"), ("person", "live")]
    assert rows[0]["record_id"] == game
    site.serve("one", [{"identity": "one", "kind": "person", "name": "Wren", "url": "https://alpha.example/w"}])
    assert site.read() == {"vanished": 1}, (
        "the page spoke for a game, and speaks for that person no more than the other"
    )


def _personas(store: Store, person: dict[str, Any]) -> list[dict[str, Any]]:
    shown = show_person(store, person["person_id"])
    assert shown is not None
    personas: list[dict[str, Any]] = shown["personas"]
    return personas
