"""The catalogue as OpenRefine asks it over HTTP: what is offered, a batch of rows, looking at games, other sites."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.desk import create_app
from game_pipeline.settings import Settings
from game_pipeline.store import Store
from game_pipeline_tests.catalog.curating import Catalogue

from .conftest import Served, serving

SERVICE = "/api/reconcile"
TABLE = "http://127.0.0.1:3333"


def test_every_address_of_the_manifest_answers(served: Served, catalogue: Catalogue) -> None:
    manifest = served.client.get(SERVICE).json()
    assert manifest["versions"] == ["0.2"]
    addresses = [manifest[name]["url"].replace("{{id}}", "1") for name in ("view", "preview")]
    services = [*manifest["suggest"].values(), manifest["extend"]["propose_properties"]]
    addresses += [f"{each['service_url']}{each['service_path']}?prefix=zor&type=game" for each in services]
    for address in addresses:
        assert address.startswith(served.url)
        answer = served.client.get(address)
        assert answer.status_code == 200, address
    (zork,) = served.client.get(f"{SERVICE}/suggest/entity?prefix=zor").json()["result"]
    assert (zork["id"], zork["name"]) == ("1", "Zork I")


def test_rows_are_asked_for_as_a_form_and_in_the_address(served: Served, catalogue: Catalogue) -> None:
    row = {"query": "Planetfall", "properties": [{"pid": "author", "v": "Steve Meretzky"}]}
    queries = json.dumps({"q0": row, "q1": {"query": "Nothing of the kind"}})
    asked = served.client.post(SERVICE, data={"queries": queries})
    (found,) = asked.json()["q0"]["result"]
    assert (found["name"], found["match"], asked.json()["q1"]["result"]) == ("Planetfall", True, [])
    assert served.client.get(SERVICE, params={"queries": queries}).json() == asked.json()
    extend = json.dumps({"ids": [found["id"]], "properties": [{"id": "author"}]})
    rows = served.client.post(SERVICE, data={"extend": extend}).json()["rows"]
    assert rows == {found["id"]: {"author": [{"str": "Steve Meretzky"}]}}


def test_a_game_is_shown_as_a_page_that_nothing_runs_on(served: Served, catalogue: Catalogue) -> None:
    page = served.client.get(f"{SERVICE}/preview?id=1")
    assert "<h1>Zork I</h1>" in page.text
    assert page.headers["content-security-policy"] == "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    assert served.client.get(f"{SERVICE}/view/77").status_code == 404


def test_only_pages_of_the_named_sites_may_read(desk_settings: Settings, store: Store, catalogue: Catalogue) -> None:
    desk = desk_settings.desk.model_copy(update={"reconcile_origins": [TABLE]})
    app = create_app(desk_settings.model_copy(update={"desk": desk}), store)
    with serving(app) as url, httpx2.Client(base_url=url) as client:
        ours = client.get(SERVICE, headers={"Origin": TABLE})
        assert ours.headers["access-control-allow-origin"] == TABLE
        assert "access-control-allow-origin" not in client.get(SERVICE, headers={"Origin": "http://a.example"}).headers
        framed = client.get(f"{SERVICE}/preview?id=1").headers["content-security-policy"]
        assert framed.endswith(f"frame-ancestors {TABLE}")
        assert "access-control-allow-origin" not in client.get("/api/games", headers={"Origin": TABLE}).headers


def test_only_origins_can_be_named() -> None:
    for wrong in ("*", "127.0.0.1:3333", "http://a.example/path", "http://a.example; script-src *"):
        with pytest.raises(ValueError, match="origin"):
            Settings.model_validate({"desk": {"reconcile_origins": [wrong]}})


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["query", "limit", "type", "properties", "pid", "v", "id", "ids"]), inner)
    ),
    max_leaves=8,
)
_query = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("query", "limit", "type", "type_strict", "properties"), _values)
)
_extend = st.fixed_dictionaries({"ids": _values, "properties": _values})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["queries", "extend"]), asked=_values | st.dictionaries(st.just("q"), _query) | _extend)
def test_whatever_is_asked_is_answered_or_refused(served: Served, catalogue: Catalogue, name: str, asked: Any) -> None:
    answer = served.client.post(SERVICE, data={name: json.dumps(asked)})
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert urlsplit(answer.json()["type"]).path == "blank"
