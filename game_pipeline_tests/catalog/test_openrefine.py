"""The reconciliation service: what a table asks, what it is answered, and what it may not ask."""

from __future__ import annotations

from typing import Any

import pytest

from game_pipeline.catalog import Reconciliation, ReconciliationError, merge_games

from .curating import Catalogue


@pytest.fixture
def service(catalogue: Catalogue) -> Reconciliation:
    """Two owls and a crow: games 1 to 3."""
    catalogue.says(
        "alpha",
        "1",
        title="The owl of winter",
        release_date="1980-05",
        credits=[{"name": "Ann Example"}],
        descriptions=[{"lang": "en", "text": "1 < 2 & 3 birds."}],
        external_ids=[{"scheme": "steam", "value": "10"}],
    )
    catalogue.says("alpha", "2", title="The owl of winter", release_date="1999", credits=[{"name": "Bob Other"}])
    catalogue.says("alpha", "3", title="Crow")
    catalogue.reconcile()
    return Reconciliation(catalogue.store)


def ask(service: Reconciliation, query: str, **more: Any) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = service.reconcile({"q0": {"query": query, **more}})["q0"]["result"]
    return result


def given(**values: Any) -> list[dict[str, Any]]:
    return [{"pid": name, "v": value} for name, value in values.items()]


def test_a_title_with_its_author_and_year_is_one_game(service: Reconciliation) -> None:
    best, other = ask(service, "Owl of Winter, The", properties=given(author="Example, Ann", year=1980))
    assert (best["id"], best["name"], best["match"]) == ("1", "The owl of winter", True)
    assert best["score"] > other["score"]
    assert not other["match"]
    assert best["type"] == [{"id": "game", "name": "game"}]
    assert {"title", "year", "people"} <= {feature["id"] for feature in best["features"]}
    assert "1980-05; Ann Example" in best["description"]


def test_a_title_alone_that_two_games_bear_matches_neither(service: Reconciliation) -> None:
    assert [each["match"] for each in ask(service, "The owl of winter")] == [False, False]


def test_an_id_finds_its_game_whatever_the_title(service: Reconciliation) -> None:
    (found,) = ask(service, "Зимняя сова", properties=given(steam={"id": "10", "name": "10"}))
    assert (found["id"], found["match"]) == ("1", True)


def test_what_cannot_be_read_in_a_row_is_left_out(service: Reconciliation) -> None:
    properties = given(year="unknown", url="not an address", steam=["", None], colour="red")
    assert [each["id"] for each in ask(service, "Crow", properties=properties)] == ["3"]
    assert ask(service, "") == []
    assert ask(service, "Palace of clouds") == []


def test_a_type_can_be_demanded_and_the_number_of_answers_limited(service: Reconciliation) -> None:
    assert ask(service, "Crow", type="demo", type_strict="any") == []
    assert len(ask(service, "The owl of winter", limit=1)) == 1


@pytest.mark.parametrize(
    ("queries", "problem"),
    [
        ([], "queries are an object"),
        ({"q": "Crow"}, "a query is an object"),
        ({"q": {"query": "Crow", "limit": "all"}}, "`limit` is a number"),
        ({"q": {"query": "Crow", "properties": {"year": 1}}}, "`properties` is a list"),
        ({"q": {"query": "Crow", "properties": ["year"]}}, "has `pid` and `v`"),
        ({str(n): {"query": "Crow"} for n in range(201)}, "201 queries at once"),
    ],
)
def test_a_question_that_is_none_is_refused_in_words(service: Reconciliation, queries: Any, problem: str) -> None:
    with pytest.raises(ReconciliationError, match=problem):
        service.reconcile(queries)


def test_the_manifest_names_every_service_at_its_address(service: Reconciliation) -> None:
    manifest = service.manifest("http://127.0.0.1:3001/reconcile")
    assert manifest["versions"] == ["0.2"]
    assert manifest["view"]["url"] == "http://127.0.0.1:3001/reconcile/view/{{id}}"
    assert manifest["suggest"]["entity"] == {
        "service_url": "http://127.0.0.1:3001/reconcile",
        "service_path": "/suggest/entity",
    }


def test_a_preview_shows_the_game_that_a_number_leads_to_and_lets_no_markup_through(
    service: Reconciliation, catalogue: Catalogue
) -> None:
    catalogue.does(merge_games, 1, 3, author="ann", reason="one")
    page = service.preview(3)
    assert page is not None
    assert "<h1>The owl of winter</h1>" in page
    assert "1 &lt; 2 &amp; 3 birds." in page
    assert service.preview(77) is None


def test_names_are_suggested_as_they_are_typed(service: Reconciliation) -> None:
    assert [each["id"] for each in service.suggest("entity", "cro")["result"]] == ["3"]
    assert {"id": "author", "name": "Author"} in service.suggest("property", "auth")["result"]
    assert service.suggest("type", "dl")["result"] == [{"id": "dlc", "name": "dlc"}]
    assert service.suggest("entity", "  ")["result"] == []
    with pytest.raises(ReconciliationError, match="nothing suggests 'colour'"):
        service.suggest("colour", "r")


def test_a_table_is_extended_by_what_the_games_say(service: Reconciliation) -> None:
    names = [each["id"] for each in service.proposed_properties()["properties"]]
    assert {"year", "author", "steam"} <= set(names)
    answer = service.extend({"ids": ["1", "77", "x"], "properties": [{"id": "year"}, {"id": "steam"}]})
    assert [each["id"] for each in answer["meta"]] == ["year", "steam"]
    assert answer["rows"] == {
        "1": {"year": [{"str": "1980"}], "steam": [{"str": "10"}]},
        "77": {"year": [], "steam": []},
        "x": {"year": [], "steam": []},
    }
    with pytest.raises(ReconciliationError, match="no property 'colour'"):
        service.extend({"ids": [], "properties": [{"id": "colour"}]})
    with pytest.raises(ReconciliationError, match="extend is asked with"):
        service.extend({"ids": "1"})
