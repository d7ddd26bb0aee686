"""People over HTTP: by any of their names, with what the pages about them say."""

from __future__ import annotations

from game_pipeline_tests.catalog.curating import Catalogue

from .conftest import Served


def test_a_person_is_found_by_a_name_that_only_their_page_gives(served: Served, catalogue: Catalogue) -> None:
    (line,) = served.client.get("/api/people", params={"q": "eric"}).json()
    assert (line["name"], line["aliases"], line["games"]) == ("Steve Meretzky", ["S. Eric M."], 1)
    person = served.client.get(f"/api/people/{line['person_id']}").json()
    (page,) = [persona["page"] for persona in person["personas"] if persona["page"]]
    assert (page["aliases"][0]["name"], page["attribution"]["site"]) == ("S. Eric M.", "Tiny")
    assert [game["title"] for game in person["games"]] == ["Planetfall"]
    assert person["decisions"][0]["rule"] == "one_of_that_name"


def test_nobody_of_that_number_is_a_problem(served: Served, catalogue: Catalogue) -> None:
    answer = served.client.get("/api/people/999999")
    assert (answer.status_code, answer.json()["detail"]) == (404, "there is no person 999999")
