"""Who may write, under which names the desk answers, and what no request can do."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import httpx2
import pytest

from game_pipeline.desk import create_app, operator_token
from game_pipeline.settings import Settings
from game_pipeline.store import Store

from .conftest import AUTHORISED, TOKEN, Served, serving

WRITING = ("post", "put", "patch", "delete")
ASKING = {("post", "/api/reconcile")}
"""Forms for what an address cannot hold; they write nothing."""


def operations(served: Served) -> list[tuple[str, str]]:
    document = served.client.get("/api/openapi.json").json()
    return [(method, path) for path, methods in document["paths"].items() for method in methods]


def test_every_operation_that_writes_wants_the_token_and_no_other_does(served: Served) -> None:
    document = served.client.get("/api/openapi.json").json()
    for method, path in operations(served):
        wants = "security" in document["paths"][path][method]
        assert wants == (method in WRITING and (method, path) not in ASKING), (method, path)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Cookie": "game_pipeline_desk=guess"}, 401),
    ],
)
def test_no_route_writes_for_whoever_lacks_the_token(served: Served, headers: dict[str, str], status: int) -> None:
    writing = [(method, path) for method, path in operations(served) if method in WRITING]
    writing = [each for each in writing if each not in ASKING]
    assert len(writing) >= 7
    for method, path in writing:
        address = path.replace("{game_id}", "1").replace("{item_id}", "1").replace("{field}", "title")
        address = address.replace("{filename}", "x.db").replace("{user}", "1")
        answer = served.client.request(method, address, headers=headers, json={})
        assert answer.status_code == status, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"
    assert served.store.rows("SELECT 1 FROM import_event") == []


def test_a_page_of_another_site_cannot_use_the_browser_s_session(served: Served) -> None:
    served.client.post("/sign-in", data={"token": TOKEN})
    for origin in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        sent = served.client.post("/upload", files={"database": ("x.db", b"x")}, headers=origin)
        assert sent.status_code == 403, sent.text
    assert served.client.post("/sign-out", headers={"Origin": served.url}).status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1@evil.example"])
def test_it_answers_under_no_other_name(served: Served, host: str) -> None:
    answer = served.client.get("/api/games", headers={"Host": host})
    assert answer.status_code in (400, 421)
    assert "games" not in answer.text


def test_a_setting_names_further_hosts(store: Store, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, desk={"token": TOKEN, "hosts": ["games.example"]})
    with serving(create_app(settings, store)) as url, httpx2.Client(base_url=url) as client:
        assert client.get("/api/games", headers={"Host": "games.example"}).status_code == 200


def test_a_body_beyond_the_bound_is_not_read(served: Served) -> None:
    big = b'{"value": "' + b"x" * 20_000 + b'", "reason": "r"}'
    kind = AUTHORISED | {"Content-Type": "application/json"}

    def pieces() -> Any:
        for start in range(0, len(big), 1000):
            yield big[start : start + 1000]

    for content in (big, pieces()):
        answer = served.client.put("/api/games/1/fields/title", content=content, headers=kind)
        assert (answer.status_code, answer.json()["detail"]) == (413, "at most 16 KiB are taken here")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/api/games/0", 422),
        ("GET", "/api/games/99", 404),
        ("GET", "/api/games/abc", 422),
        ("GET", "/api/games/search?q=%00", 400),
        ("GET", "/api/games?cursor=nonsense", 422),
        ("DELETE", "/api/games", 405),
        ("GET", "/api/library/uploads/not-a-uuid", 422),
        ("GET", "/api/export/exe", 422),
        ("GET", "/static/..%2f..%2fapp.py", 404),
        ("GET", "/static/../app.py", 404),
    ],
)
def test_every_error_is_a_problem(served: Served, method: str, path: str, status: int) -> None:
    answer = served.client.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().keys() == {"type", "title", "status", "detail", "errors"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    if status == 405:
        assert "GET" in answer.headers["allow"]


def test_people_are_told_what_went_wrong_on_a_page(served: Served) -> None:
    answer = served.client.get("/nothing", headers={"Accept": "text/html"})
    assert (answer.status_code, "<h1>Not Found</h1>" in answer.text) == (404, True)


def test_a_defect_is_told_without_its_trace(served: Served) -> None:
    served.app.state.desk = None
    answer = served.client.get("/api/games")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "NoneType" not in answer.text


def test_the_token_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    token, new = operator_token(settings)
    assert (len(token) >= 40, new) == (True, True)
    assert operator_token(settings) == (token, False)
    assert stat.S_IMODE((tmp_path / "data" / "desk-token").stat().st_mode) == 0o600
