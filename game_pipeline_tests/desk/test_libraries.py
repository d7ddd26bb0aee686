"""Libraries over HTTP: uploads whole or not at all, comparisons, the pages for people."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from game_pipeline_tests.library.worlds import ANN, owned, upload

from .conftest import AUTHORISED, TOKEN, Served

AS_IS = AUTHORISED | {"Content-Type": "application/octet-stream"}


def followed(served: Served, location: str) -> dict[str, Any]:
    """The upload, once it is taken in or refused."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found: dict[str, Any] = served.client.get(location).json()
        if found["state"] != "waiting":
            return found
        time.sleep(0.05)
    raise AssertionError(f"still waiting: {location}")


def test_a_form_hands_a_database_in_and_it_is_compared_at_once(served: Served, tmp_path: Path) -> None:
    database = upload(tmp_path, "ann.db", ANN, owned("gog_1", "Star Quest", installed=True))
    with database.open("rb") as file:
        sent = served.client.post(
            "/api/library/uploads", files={"database": ("ann.db", file)}, data={"name": "Ann"}, headers=AUTHORISED
        )
    assert (sent.status_code, sent.json()["state"]) == (202, "waiting")
    report = followed(served, sent.headers["location"])
    assert (report["state"], report["players"][0]["name"]) == ("accepted", "Ann")
    found = served.client.get("/api/library/compare?user=Ann").json()
    assert [game["title"] for game in found["games"]] == ["Star Quest"]
    assert [user["name"] for user in served.client.get("/api/library/users").json()] == ["Ann"]


def test_a_script_sends_the_file_as_it_is(served: Served, tmp_path: Path) -> None:
    database = upload(tmp_path, "ann.db", ANN, owned("gog_1", "Star Quest"))
    sent = served.client.put(
        "/api/library/uploads/raw/..%2F..%2Fann.db?name=Ann", content=database.read_bytes(), headers=AS_IS
    )
    assert sent.status_code in (202, 404)  # a slash in a name is no address; without it the name is cleaned
    sent = served.client.put("/api/library/uploads/raw/..ann.db", content=database.read_bytes(), headers=AS_IS)
    assert (sent.status_code, sent.json()["filename"]) == (202, "ann.db")
    assert followed(served, sent.headers["location"])["state"] == "accepted"


def test_what_is_no_database_is_refused_with_a_reason_and_changes_nothing(served: Served, players: None) -> None:
    before = served.client.get("/api/library/compare").json()
    sent = served.client.put("/api/library/uploads/raw/x.db", content=b"hello, this is no database", headers=AS_IS)
    report = followed(served, sent.headers["location"])
    assert (report["state"], report["code"]) == ("refused", "not_sqlite")
    assert served.client.get("/api/library/compare").json() == before
    empty = served.client.put("/api/library/uploads/raw/x.db", content=b"", headers=AS_IS)
    assert followed(served, empty.headers["location"])["state"] == "refused"


def test_an_upload_that_breaks_off_leaves_nothing(served: Served) -> None:
    def broken() -> Any:
        yield b"SQLite format 3\0"
        raise ConnectionError("the cable was pulled")

    with pytest.raises((ConnectionError, httpx2.HTTPError)):
        served.client.put("/api/library/uploads/raw/x.db", content=broken(), headers=AS_IS)
    deadline = time.monotonic() + 5
    incoming = served.place / "uploads" / "incoming"
    while any(incoming.glob("*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(incoming.glob("*")) == []
    assert served.client.get("/api/library/uploads").json() == []


def test_fifty_uploads_at_once_lose_nothing(served: Served, tmp_path: Path) -> None:
    databases = [
        upload(tmp_path, f"p{n}.db", ANN + n, owned("gog_1", "Star Quest"), owned(f"steam_{n + 1}", f"Game {n}"))
        for n in range(50)
    ]
    start = threading.Barrier(10)

    def send(n: int) -> str:
        if n < 10:
            start.wait(20)
        with httpx2.Client(base_url=served.url, timeout=60) as client:
            sent = client.put(
                f"/api/library/uploads/raw/p{n}.db?name=P{n}", content=databases[n].read_bytes(), headers=AS_IS
            )
            assert sent.status_code == 202, sent.text
            return str(sent.headers["location"])

    with ThreadPoolExecutor(10) as pool:
        locations = list(pool.map(send, range(50)))
    assert {followed(served, location)["state"] for location in locations} == {"accepted"}
    assert len(served.client.get("/api/library/users").json()) == 50
    shared = served.client.get("/api/library/compare").json()
    assert (shared["total"], len(shared["games"][0]["owners"])) == (1, 50)


def test_a_comparison_is_asked_for_in_the_address_and_tagged(served: Served, players: None) -> None:
    answer = served.client.get("/api/library/compare?user=Ann&user=Bob")
    assert [game["title"] for game in answer.json()["games"]] == ["Star Quest"]
    assert answer.json()["title"] == "1 game that Ann and Bob both own"
    again = served.client.get(
        "/api/library/compare?user=Ann&user=Bob", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304
    nobody = served.client.get("/api/library/compare?user=Zoe")
    assert (nobody.status_code, "nobody here is called 'Zoe'" in nobody.json()["detail"]) == (404, True)
    assert served.client.get("/api/library/compare?colour=red").status_code == 422


def test_analytics_tell_what_is_popular_and_whose_libraries_overlap(served: Served, players: None) -> None:
    found = served.client.get("/api/library/analytics").json()
    assert (found["players"], found["popular"][0]["title"], found["popular"][0]["owners"]) == (2, "Star Quest", 2)
    assert found["overlap"] == [{"players": ["Ann", "Bob"], "games": 1, "by_platform": {"gog": 1}}]
    assert [(day["players"], day["games"]) for day in found["growth"]] == [(2, 4)]
    assert found["versions"][0]["problem"] is None


def test_the_page_shows_titles_as_text_and_keeps_its_filters_in_the_address(served: Served, players: None) -> None:
    page = served.client.get("/compare?user=Ann&view=grid&owned=any")
    assert page.headers["content-type"].startswith("text/html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>" not in page.text
    assert 'value="46989000000000001" checked' in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert served.client.get("/compare?user=Zoe").status_code == 404


def test_a_browser_signs_in_uploads_and_is_led_to_the_result(served: Served, tmp_path: Path) -> None:
    database = upload(tmp_path, "ann.db", ANN, owned("gog_1", "Star Quest"))
    origin = {"Origin": served.url}
    wrong = served.client.post("/sign-in", data={"token": "guess"})
    assert (wrong.status_code, "not the operator" in wrong.text) == (401, True)
    signed = served.client.post("/sign-in", data={"token": TOKEN})
    assert signed.status_code == 303
    cookie = signed.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    with database.open("rb") as file:
        sent = served.client.post("/upload", files={"database": ("ann.db", file)}, data={"name": "Ann"}, headers=origin)
    assert sent.status_code == 303
    report = followed(served, f"/api/library/uploads/{sent.headers['location'].rpartition('/')[2]}")
    assert report["state"] == "accepted"
    assert "Ann" in served.client.get(sent.headers["location"]).text
