"""Looking people up among thousands: each is found, with all their games. How long it takes, a benchmark says."""

from __future__ import annotations

from game_pipeline.people import find_people, show_person
from game_pipeline.store import Store
from game_pipeline.store.embedded import ServerInfo

from .crowd import fill

PEOPLE = 800


def test_people_are_found_among_many_and_each_has_all_their_games(store: Store, postgres_server: ServerInfo) -> None:
    database = store.row("SELECT current_database() AS name")
    assert database is not None
    fill(postgres_server.url(database["name"]), games=2_000, people=PEOPLE)
    rows = store.rows("SELECT name, count(DISTINCT game_id) AS games FROM game_credit GROUP BY name")
    told = {row["name"]: row["games"] for row in rows}
    everybody = find_people(store, "", PEOPLE)
    assert {person["name"]: person["games"] for person in everybody} == told
    some = find_people(store, "Author 77", PEOPLE)
    assert some == [person for person in everybody if person["name"].startswith("Author 77")]
    shown = show_person(store, 10)
    assert shown is not None
    assert len(shown["games"]) == told["Author 10"]
