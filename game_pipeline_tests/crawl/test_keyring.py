"""POST requests, and keys of sites: in what is sent and in nothing else."""

from __future__ import annotations

import json

import pytest

from game_pipeline.crawl.client import Fetched
from game_pipeline.crawl.keyring import Keyring, without_keys
from game_pipeline.crawl.outcomes import FetchError, Kind, Outcome
from game_pipeline.settings import Settings
from game_pipeline.sources.base import ClientCredentials, Request, Secret
from game_pipeline_tests.http_server import Reply

from .conftest import MAX_BODY, Crawler

KEY = "s3cret/key+with=signs&more"
ESCAPED = "s3cret%2Fkey%2Bwith%3Dsigns%26more"
HOSTS = ("site.test",)


def ask(crawler: Crawler, request: Request, keys: Keyring | None = None) -> Fetched:
    return crawler.client.fetch(
        request,
        min_delay=0,
        max_body=MAX_BODY,
        attempts=2,
        keys=keys or Keyring({"SITE_KEY": KEY}, {"SITE_KEY": HOSTS}),
    )


def refused(crawler: Crawler, request: Request, keys: Keyring | None = None) -> FetchError:
    with pytest.raises(FetchError) as caught:
        ask(crawler, request, keys)
    return caught.value


def test_a_post_sends_its_body_and_headers_and_is_never_conditional(crawler: Crawler) -> None:
    crawler.server.on("/api", Reply(200, b"[]"))
    request = Request(
        "http://site.test/api", method="POST", body="fields имя;", headers=(("Content-Type", "text/plain"),)
    )
    fetched = ask(crawler, request)
    (seen,) = crawler.server.requests("/api")
    assert (seen.method, seen.body.decode()) == ("POST", "fields имя;")
    assert seen.headers["content-type"] == "text/plain"
    assert not request.conditional
    assert fetched.response.request == request


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_repeats_a_post_on_its_own_host(crawler: Crawler, status: int) -> None:
    crawler.server.on("/old", Reply(status, headers={"Location": "/new"})).on("/new", Reply(200, b"{}"))
    assert ask(crawler, Request("http://site.test/old", method="POST", body="q")).final_url == "http://site.test/new"
    (seen,) = crawler.server.requests("/new")
    assert (seen.method, seen.body) == ("POST", b"q")


def test_a_303_turns_a_post_into_a_get(crawler: Crawler) -> None:
    crawler.server.on("/old", Reply(303, headers={"Location": "/new"})).on("/new", Reply(200, b"{}"))
    ask(crawler, Request("http://site.test/old", method="POST", body="q"))
    (seen,) = crawler.server.requests("/new")
    assert (seen.method, seen.body) == ("GET", b"")


def test_a_post_is_not_repeated_on_another_host(crawler: Crawler) -> None:
    crawler.server.on("/old", Reply(307, headers={"Location": "http://other.test/new"}))
    error = refused(crawler, Request("http://site.test/old", method="POST", body="q"))
    assert (error.kind, error.status) == (Kind.PERMANENT, 307)
    assert "other.test" in error.message
    assert not crawler.server.requests("/new")


def test_own_headers_do_not_follow_a_redirect_to_another_host(crawler: Crawler) -> None:
    crawler.server.on("/old", Reply(302, headers={"Location": "http://other.test/new"})).on("/new", Reply(200, b"{}"))
    ask(crawler, Request("http://site.test/old", headers=(("Authorization", "Basic abc"),)))
    assert "authorization" in crawler.server.requests("/old")[0].headers
    assert "authorization" not in crawler.server.requests("/new")[0].headers


@pytest.mark.parametrize("name", ["Cookie", "Host", "User-Agent", "If-None-Match"])
def test_a_source_cannot_say_what_is_the_clients_to_say(name: str) -> None:
    with pytest.raises(ValueError, match="not a source's to say"):
        Request("http://site.test/", headers=((name, "x"),))


def test_a_key_is_in_what_is_sent_and_its_echo_is_in_nothing_that_comes_back(crawler: Crawler) -> None:
    body = json.dumps({"next": f"https://site.test/?key={ESCAPED}&page=2", "raw": KEY}).replace("/", "\\/")
    crawler.server.on(f"/list?key={ESCAPED}", Reply(302, headers={"Location": f"/moved?key={ESCAPED}"}))
    crawler.server.on(f"/moved?key={ESCAPED}", Reply(200, body.encode(), {"Link": f"<https://site.test/{KEY}>"}))
    fetched = ask(crawler, Request("https://site.test/list?key={SITE_KEY}", headers=(("X-Key", "{SITE_KEY}"),)))
    assert crawler.server.requests(f"/moved?key={ESCAPED}")[0].headers["x-key"] == KEY
    assert fetched.final_url == "https://site.test/moved?key={SITE_KEY}"
    assert json.loads(fetched.response.body) == {
        "next": "https://site.test/?key={SITE_KEY}&page=2",
        "raw": "{SITE_KEY}",
    }
    assert fetched.response.headers["link"] == "<https://site.test/{SITE_KEY}>"
    assert KEY not in repr(fetched)
    assert ESCAPED not in repr(fetched)


def test_an_error_about_a_request_with_a_key_does_not_tell_it(crawler: Crawler) -> None:
    crawler.server.on(f"/list?key={ESCAPED}", Reply(404))
    error = refused(crawler, Request("https://site.test/list?key={SITE_KEY}"))
    assert error.outcome is Outcome.GONE
    assert "s3cret" not in f"{error!s} {error.url}"


@pytest.mark.parametrize(
    "url", ["https://other.test/?key={SITE_KEY}", "http://site.test/?key={SITE_KEY}"], ids=["host", "in the clear"]
)
def test_a_key_goes_to_the_hosts_named_with_it_alone_and_never_in_the_clear(crawler: Crawler, url: str) -> None:
    error = refused(crawler, Request(url))
    assert (error.outcome, error.kind) == (Outcome.BLOCKED_ADDRESS, Kind.BLOCKED)
    assert all(seen.path == "/robots.txt" for seen in crawler.server.seen)


def test_a_site_cannot_have_a_key_sent_to_another_by_a_redirect(crawler: Crawler) -> None:
    crawler.server.on("/list", Reply(302, headers={"Location": "https://other.test/?key={SITE_KEY}"}))
    assert refused(crawler, Request("https://site.test/list")).outcome is Outcome.BLOCKED_ADDRESS


CREDENTIALS = ClientCredentials(
    "SITE_TOKEN", "https://other.test/oauth2/token", "CLIENT_ID", "CLIENT_SECRET", hosts=("site.test",)
)
ASKING = Request(
    "https://site.test/games", method="POST", body="all", headers=(("Authorization", "Bearer {SITE_TOKEN}"),)
)


def ring(client: str) -> Keyring:
    """The keys of a client of its own: tokens are remembered by process."""
    hosts = {"CLIENT_ID": ("other.test",), "CLIENT_SECRET": ("other.test",), "SITE_TOKEN": ("site.test",)}
    return Keyring({"CLIENT_ID": client, "CLIENT_SECRET": "very secret & more"}, hosts, CREDENTIALS)


def token(value: str, life: int = 5_000_000) -> Reply:
    return Reply(200, json.dumps({"access_token": value, "expires_in": life, "token_type": "bearer"}).encode())


def test_a_token_is_asked_for_once_and_renewed_once_where_it_is_refused(crawler: Crawler) -> None:
    crawler.server.on("/oauth2/token", token("first-token"), token("second-token"))
    crawler.server.on("/games", Reply(200, b"[1]"), Reply(401), Reply(200, b'["second-token"]'))
    keys = ring("client-renewed")
    assert ask(crawler, ASKING, keys).response.body == b"[1]"
    assert ask(crawler, ASKING, keys).response.body == b'["{SITE_TOKEN}"]'
    assert [seen.headers["authorization"].split("-")[0] for seen in crawler.server.requests("/games")] == [
        "Bearer first",
        "Bearer first",
        "Bearer second",
    ]
    first, _ = crawler.server.requests("/oauth2/token")
    assert first.body == (
        b"grant_type=client_credentials&client_id=client-renewed&client_secret=very%20secret%20%26%20more"
    )
    ask(crawler, ASKING, ring("client-renewed"))  # another visit in this process
    assert len(crawler.server.requests("/oauth2/token")) == 2


def test_a_site_that_refuses_a_fresh_token_too_is_asked_no_third_time(crawler: Crawler) -> None:
    crawler.server.on("/oauth2/token", token("token-one"), token("token-two")).on("/games", Reply(401))
    error = refused(crawler, ASKING, ring("client-refused"))
    assert (error.outcome, error.status) == (Outcome.BLOCKED_BY_SITE, 401)
    assert len(crawler.server.requests("/games")) == 2


def test_wrong_credentials_bar_the_source_and_nothing_else_is_asked(crawler: Crawler) -> None:
    crawler.server.on("/oauth2/token", Reply(400, b'{"status":400,"message":"invalid client"}'))
    error = refused(crawler, ASKING, ring("client-wrong"))
    assert (error.outcome, error.kind, error.status) == (Outcome.BLOCKED_BY_SITE, Kind.BLOCKED, 400)
    assert not crawler.server.requests("/games")


def test_a_token_that_has_run_out_is_asked_for_again(crawler: Crawler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("game_pipeline.crawl.keyring._SHORTEST_LIFE", 0.0)
    crawler.server.on("/oauth2/token", token("short-lived", life=0)).on("/games", Reply(200, b"[]"))
    keys = ring("client-short")
    ask(crawler, ASKING, keys)
    ask(crawler, ASKING, keys)
    assert len(crawler.server.requests("/oauth2/token")) == 2


class _Needy:
    name = "needy"
    needs = (Secret("SITE_KEY", "a free key", "https://site.test/keys", HOSTS), Secret("OTHER_KEY", "x", "y", HOSTS))
    token = None


def test_what_is_missing_is_said_with_how_to_set_it() -> None:
    settings = Settings(keys={"site_key": KEY})
    assert without_keys(_Needy(), settings) == "needs key: OTHER_KEY (set GAME_PIPELINE_KEYS__OTHER_KEY)"  # type: ignore[arg-type]
    assert without_keys(_Needy(), Settings(keys={"SITE_KEY": KEY, "OTHER_KEY": KEY})) is None  # type: ignore[arg-type]
    assert KEY not in repr(settings)
