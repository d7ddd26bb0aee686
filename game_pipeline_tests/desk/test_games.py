"""Games, their history, edits and the review queue over HTTP."""

from __future__ import annotations

import datetime as dt

from game_pipeline_tests.catalog.curating import Catalogue

from .conftest import AUTHORISED, Served


def test_the_list_goes_on_from_its_cursor_to_the_end(served: Served, catalogue: Catalogue) -> None:
    titles: list[str] = []
    cursor: int | None = 0
    while cursor is not None:
        page = served.client.get("/api/games", params={"limit": 2, "cursor": cursor}).json()
        titles += [game["title"] for game in page["games"]]
        cursor = page["next"]
    assert titles == ["Zork I", "Planetfall", "Trinity"]
    assert [game["title"] for game in served.client.get("/api/games?source=beta").json()["games"]] == ["Zork I"]


def test_a_game_says_where_every_field_comes_from(served: Served, catalogue: Catalogue) -> None:
    (found,) = served.client.get("/api/games/search", params={"q": "zork"}).json()
    game = served.client.get(f"/api/games/{found['game_id']}").json()
    assert game["state"]["release_date"] == "1980"
    assert {by["source"] for by in game["provenance"]["release_date"]["sources"]} == {"alpha"}
    assert [record["source"] for record in game["records"]] == ["alpha", "beta"]
    assert [conflict["field"] for conflict in game["conflicts"]] == ["release_date"]


def test_an_unchanged_answer_is_not_sent_again(served: Served, catalogue: Catalogue) -> None:
    first = served.client.get("/api/games/1")
    again = served.client.get("/api/games/1", headers={"If-None-Match": f'W/{first.headers["etag"]}, "x"'})
    assert (again.status_code, again.content) == (304, b"")
    catalogue.edit(1, "title", "Zork")
    assert served.client.get("/api/games/1", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_an_edit_stands_is_told_in_the_history_and_is_released(served: Served, catalogue: Catalogue) -> None:
    edit = {"value": "1980-12", "reason": "the box says so", "author": "Ann"}
    done = served.client.put("/api/games/1/fields/release_date", json=edit, headers=AUTHORISED)
    assert (done.status_code, done.json()["revision"]) == (200, 2)
    (revision,) = served.client.get("/api/games/1/history?field=release_date").json()[-1:]
    assert (revision["actor"], revision["changes"][0]["new"]) == ("Ann (desk)", "1980-12")
    before = served.client.get("/api/games/1", params={"at": revision["recorded_at"].replace("Z", "+00:00")})
    assert before.json()["revision"] == 2
    assert served.client.get("/api/games/1?at=2000-01-01T00:00:00Z").status_code == 404
    release = served.client.post("/api/games/1/fields/release_date/release", json={"reason": "no"}, headers=AUTHORISED)
    assert release.status_code == 200
    assert served.client.get("/api/games/1").json()["state"]["release_date"] == "1980"
    again = served.client.post("/api/games/1/fields/release_date/release", json={"reason": "no"}, headers=AUTHORISED)
    assert (again.status_code, again.json()["title"]) == (409, "Conflict")


def test_a_number_that_was_merged_leads_to_the_game_it_became(served: Served, catalogue: Catalogue) -> None:
    from game_pipeline.catalog import merge_games

    catalogue.does(merge_games, 2, 3, author="ann", reason="one game")
    answer = served.client.get("/api/games/3")
    assert (answer.status_code, answer.headers["location"]) == (308, "/api/games/2")


def test_a_question_is_listed_shown_and_answered(served: Served, catalogue: Catalogue) -> None:
    (line,) = served.client.get("/api/review?kind=conflict").json()
    item = served.client.get(f"/api/review/{line['item_id']}").json()
    assert len(item["proposal"]["sides"]) == 2
    answer = served.client.post(
        f"/api/review/{line['item_id']}/accept", json={"reason": "the first one is right"}, headers=AUTHORISED
    )
    assert answer.status_code == 200, answer.text
    assert served.client.get("/api/review?kind=conflict").json() == []
    assert served.client.get("/api/review?kind=conflicts").status_code == 422
    twice = served.client.post(f"/api/review/{line['item_id']}/reject", json={"reason": "no"}, headers=AUTHORISED)
    assert twice.status_code == 409


def test_events_are_read_page_by_page_and_live(served: Served, catalogue: Catalogue) -> None:
    first = served.client.get("/api/events?limit=2").json()
    second = served.client.get("/api/events", params={"limit": 500, "cursor": first["next"]}).json()
    assert second["events"][0]["position"] > first["events"][-1]["position"]
    last = second["events"][-1]["position"]
    with served.client.stream("GET", "/api/events/live", headers={"Last-Event-ID": str(last)}) as live:
        assert live.headers["content-type"].startswith("text/event-stream")
        catalogue.edit(2, "title", "Planetfall!")
        lines = live.iter_lines()
        told = [next(line for line in lines if line.startswith(start)) for start in ("id: ", "event: ", "data: ")]
    assert int(told[0].removeprefix("id: ")) > last
    assert told[1].startswith("event: game.")


def test_the_catalogue_is_taken_out_and_in(served: Served, catalogue: Catalogue) -> None:
    packed = served.client.get("/api/export/jsonl")
    assert (packed.headers["content-type"], packed.content[:2]) == ("application/zip", b"PK")
    lines = b'{"id": "9", "title": "Wishbringer"}\n'
    kind = {"Content-Type": "application/x-ndjson"}
    looked = served.client.post("/api/import?name=old", content=lines, headers=AUTHORISED | kind)
    assert (looked.status_code, looked.json()["counts"].get("new")) == (200, 1), looked.text
    assert served.client.get("/api/games/search?q=Wishbringer").json() == []
    served.client.post("/api/import?name=old&dry_run=false", content=lines, headers=AUTHORISED | kind)
    assert [game["title"] for game in served.client.get("/api/games/search?q=Wishbringer").json()] == ["Wishbringer"]
    wrong = served.client.post("/api/import?dry_run=false", content=b"{nonsense\n", headers=AUTHORISED | kind)
    assert (wrong.status_code, "1 lines are wrong" in wrong.json()["detail"]) == (422, True)


def test_sources_and_webhooks_are_told(served: Served) -> None:
    sources = {row["source"]: row for row in served.client.get("/api/sources").json()}
    assert sources["ifdb"]["verified"] is True
    assert "RAWG_KEY" in sources["rawg"]["needs"]
    assert served.client.get("/api/webhooks").json() == []
    assert served.client.get("/api/pending").status_code == 200


def test_a_time_without_a_zone_is_utc(served: Served, catalogue: Catalogue) -> None:
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat()
    assert served.client.get("/api/games/1", params={"at": now}).status_code == 200


def test_a_parameter_that_nobody_reads_is_refused_wherever_it_stands(served: Served, catalogue: Catalogue) -> None:
    answer = served.client.get("/api/games?limt=1&limit=1")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"where": "query.limt", "message": "there is no such parameter; what there is: cursor, limit, kind, source"}
    ]
    for address in ("/api/games/1", "/api/review", "/api/sources", "/api/library/users", "/api/library/compare"):
        assert served.client.get(f"{address}?nosuch=1").status_code == 422, address
    raw = {**AUTHORISED, "Content-Type": "application/octet-stream"}
    assert served.client.put("/api/library/uploads/raw/a.db?nmae=Ann", content=b"x", headers=raw).status_code == 422
    assert served.client.get("/api/reconcile?callback=f").status_code == 200
