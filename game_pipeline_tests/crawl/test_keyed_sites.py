"""The sources that need keys, over HTTP against their replicas: what is sent, what is stored, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from game_pipeline.crawl import Client, FetchError, Kind, Outcome, Visitor, probe, without_keys
from game_pipeline.demo.replicas import Replicas
from game_pipeline.settings import Settings
from game_pipeline.sources import get
from game_pipeline.store import Store, load_body

SITES = ("igdb", "rawg", "steam")
KEYS = {
    "RAWG_KEY": "r4wg-s3cret-of-a-test",
    "IGDB_CLIENT_ID": "cl1ent-of-a-test",
    "IGDB_CLIENT_SECRET": "s3cret-of-a-test",
}
KEYS |= {"STEAM_KEY": "st3am-s3cret-of-a-test"}


class Sites:
    """The replicas, and visitors that reach them."""

    def __init__(self, store: Store, replicas: Replicas, stack: ExitStack) -> None:
        self.store = store
        self.replicas = replicas
        self._stack = stack

    def settings(self, *, keys: dict[str, str]) -> Settings:
        crawl = {"routes": self.replicas.routes, "retry_base": 0.01, "retry_cap": 0.02, "retry_after_cap": 1}
        sources = {name: {"min_delay": 0} for name in SITES}
        return Settings.model_validate({"crawl": crawl, "sources": sources, "keys": keys})

    def visitor(self, name: str, *, keys: dict[str, str] = KEYS) -> Visitor:
        settings = self.settings(keys=keys)
        client = self._stack.enter_context(Client(self.store, settings.crawl, sleep=lambda _: None))
        return Visitor(self.store, client, get(name), settings, "a run")

    def whole(self, name: str) -> Visitor:
        """The source, listed and fetched."""
        visitor = self.visitor(name)
        visitor.walk_listing()
        source = get(name)
        reports = visitor.visit(source.segment_keys(), full=True)
        assert [report.failed for report in reports if report.failed] == []
        return visitor

    def everything_stored(self) -> str:
        """Every row of every table, and every body, as text."""
        tables = self.store.rows(
            "SELECT oid::regclass::text AS tablename FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'p') AND has_table_privilege(oid, 'SELECT')"
        )
        rows: list[Any] = []
        for table in tables:
            rows += [row["t"] for row in self.store.rows(f"SELECT t::text AS t FROM {table['tablename']} AS t")]
        with self.store.connection() as connection:
            hashes = self.store.rows("SELECT DISTINCT body_hash FROM page_snapshot")
            rows += [load_body(connection, row["body_hash"]).decode() for row in hashes]
        return "\n".join(rows)


@pytest.fixture
def sites(store: Store) -> Iterator[Sites]:
    with ExitStack() as stack:
        replicas = stack.enter_context(Replicas(sites=SITES))
        yield Sites(store, replicas, stack)


def test_a_key_goes_to_its_site_and_is_stored_nowhere_though_the_site_repeats_it(sites: Sites) -> None:
    for name in SITES:
        sites.whole(name)
        probe(sites.store, sites.visitor(name), get(name))
    sent = [seen.path for seen in sites.replicas.log if seen.site == "rawg"]
    assert any(KEYS["RAWG_KEY"] in path for path in sent)
    stored = sites.everything_stored()
    assert "{RAWG_KEY}" in stored
    assert [name for name, value in KEYS.items() if value in stored] == []


def test_a_token_that_ran_out_is_renewed_once_and_nothing_is_lost(sites: Sites) -> None:
    visitor = sites.whole("igdb")
    sites.replicas.clear_log()
    sites.replicas.switch("igdb", "expired")
    (block,) = visitor.locate(["https://www.igdb.com/games/trinity"])
    assert block.key == "700-799"
    asked = [(seen.path, seen.status) for seen in sites.replicas.log if seen.path != "/robots.txt"]
    assert asked == [("/v4/games", 401), ("/oauth2/token", 200), ("/v4/games", 200)]
    assert sites.visitor("igdb").locate(["https://www.igdb.com/games/trinity"])[0].key == "700-799"
    assert [seen.path for seen in sites.replicas.log].count("/oauth2/token") == 1


def test_without_its_keys_a_source_sends_nothing_and_names_them(sites: Sites) -> None:
    for name, missing in (("rawg", "RAWG_KEY"), ("igdb", "IGDB_CLIENT_ID, IGDB_CLIENT_SECRET")):
        visitor = sites.visitor(name, keys={})
        with pytest.raises(FetchError, match=f"needs key: {missing}") as caught:
            visitor.walk_listing()
        assert caught.value.outcome is Outcome.POSTPONED
    assert sites.replicas.log == []


def test_steam_s_key_is_for_the_list_and_single_apps_come_without(sites: Sites) -> None:
    settings = sites.settings(keys={})
    assert "STEAM_KEY" in (without_keys(get("steam"), settings) or "")
    assert without_keys(get("steam"), settings, addresses=True) is None
    visitor = sites.visitor("steam", keys={})
    pages = [page.key for page in visitor.locate(["https://store.steampowered.com/app/381780"])]
    (report,) = visitor.visit([get("steam").segment_of("381780")], full=False, only=pages)
    assert (report.failed, report.counts["pages_fetched"]) == (None, 1)
    with pytest.raises(FetchError, match="needs key: STEAM_KEY"):
        sites.visitor("steam", keys={}).walk_listing()


def test_an_app_that_is_gone_and_a_store_that_is_tired_are_told_by_what_they_say(sites: Sites) -> None:
    visitor = sites.visitor("steam")
    with pytest.raises(FetchError) as caught:
        visitor.fetch(visitor.locate(["https://store.steampowered.com/app/7"])[0].request)
    assert (caught.value.outcome, caught.value.status) == (Outcome.GONE, 404)
    sites.replicas.switch("steam", "tired")
    with pytest.raises(FetchError) as caught:
        visitor.fetch(visitor.locate(["https://store.steampowered.com/app/381780"])[0].request)
    assert (caught.value.kind, caught.value.status) == (Kind.RATE_LIMITED, 429)


def test_more_news_than_one_look_reads_is_read_by_the_next_ones(sites: Sites) -> None:
    source = get("steam")
    first = probe(sites.store, sites.visitor("steam"), source)
    apps = sorted(_apps(sites), key=int)
    assert first.cursor
    sites.store.execute("UPDATE importer_health SET feed_cursor = '1000' WHERE source = 'steam'")
    named: list[int] = []
    cursors: list[str | None] = []
    while not cursors or cursors[-1] == "1000":
        look = probe(sites.store, sites.visitor("steam"), source, max_requests=1)
        named.append(look.signalled)
        cursors.append(look.cursor)
    # The cursor stands until the last part was read, and every app is named once.
    assert (named, cursors) == ([3, len(apps) - 3], ["1000", first.cursor])
    rest = sites.store.row("SELECT feed_rest FROM importer_health WHERE source = 'steam'")
    assert rest == {"feed_rest": None}
    known = sites.store.rows("SELECT page_key FROM source_url_state WHERE source = 'steam' ORDER BY page_key::int")
    assert [row["page_key"] for row in known] == apps


def _apps(sites: Sites) -> list[str]:
    path = "/IStoreService/GetAppList/v1/?key=x"
    found: list[str] = []
    while True:
        headers = {"host": "api.steampowered.com"}
        reply = json.loads(
            sites.replicas.reply("steam", f"{path}&last_appid={found[-1] if found else 0}", headers=headers).body
        )
        found += [str(app["appid"]) for app in reply["response"]["apps"]]
        if not reply["response"].get("have_more_results"):
            return found
