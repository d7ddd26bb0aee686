"""Full imports that are interrupted: the next run goes on, with the pages and with the listing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from game_pipeline.crawl import FetchError, Visitor, begin_run, unfinished_full
from game_pipeline.settings import Settings, SourceSettings
from game_pipeline.sources import Listing, PageRef, ParseError, Request, Response
from game_pipeline.store import Store
from game_pipeline_tests.changes.tiny_site import JsonSource
from game_pipeline_tests.crawl.conftest import Crawler
from game_pipeline_tests.http_server import Reply, ScriptedServer

BOTH = ("one", "two")


class Chain(JsonSource):
    """Its listing is a chain of replies: the page keys and, behind `>`, the path that continues it."""

    name = "chain"
    home = "https://chain.example/"
    hosts = ("chain.example",)

    def listing(self) -> tuple[Request, ...]:
        return (Request("https://chain.example/list/1", conditional=False),)

    def parse_listing(self, response: Response) -> Listing:
        keys, _, path = response.body.decode().partition(">")
        if "?" in keys:
            raise ParseError("listing", "no keys")
        following = (Request(f"https://chain.example{path}", conditional=False),) if path else ()
        return Listing(tuple(self.ref(key) for key in keys.split()), following)

    def ref(self, key: str, fingerprint: str | None = None) -> PageRef:
        return replace(super().ref(key, fingerprint), request=Request(f"https://chain.example/{key}"))


class Site:
    """`chain`, whose listing is three replies, and runs over it."""

    def __init__(self, crawler: Crawler, server: ScriptedServer) -> None:
        self.store = crawler.store
        self.server = server
        self.client = crawler.make(routes={"chain.example": server.origin})
        server.on("/list/1", Reply(200, b"a b>/list/2")).on("/list/2", Reply(200, b"two-c>/list/3"))
        server.on("/list/3", Reply(200, b"two-d"))
        for key in ("a", "b", "two-c", "two-d"):
            server.on(f"/{key}", Reply(200, b"[]"))

    def run(
        self,
        run_id: str,
        *,
        full: bool = True,
        anew: bool = False,
        per_day: int | None = None,
        retry_of: str | None = None,
    ) -> tuple[bool, Visitor]:
        """One attempt of a run. `per_day`: the requests, counted from now, after which it has to stop."""
        self.store.execute("DELETE FROM host_slot")
        goes_on = begin_run(self.store, run_id, "chain", BOTH, full=full, anew=anew, retry_of=retry_of)
        settings = Settings(sources={"chain": SourceSettings(min_delay=0, requests_per_day=per_day)})
        visitor = Visitor(self.store, self.client, Chain(), settings, run_id)
        if visitor.listing_due(full=full):
            visitor.walk_listing()
        visitor.visit(BOTH, full=full)
        return goes_on, visitor

    def asked(self) -> Counter[str]:
        """Requests by path since this was asked last."""
        counted = Counter(seen.path for seen in self.server.seen if seen.path != "/robots.txt")
        self.server.seen.clear()
        return counted


@pytest.fixture
def site(crawler: Crawler, server: ScriptedServer) -> Site:
    return Site(crawler, server)


ALL = Counter(["/list/1", "/list/2", "/list/3", "/a", "/b", "/two-c", "/two-d"])


def test_a_full_import_that_stopped_is_continued_by_the_next_run_and_nothing_is_fetched_twice(
    site: Site, store: Store
) -> None:
    goes_on, visitor = site.run("first", per_day=6)  # robots.txt, the listing, two pages
    assert (goes_on, visitor.waits is None) == (False, False)
    assert site.asked() == Counter(["/list/1", "/list/2", "/list/3", "/a", "/b"])
    assert unfinished_full(store, "chain") == ["two"]
    goes_on, _ = site.run("second")
    assert goes_on
    assert site.asked() == Counter(["/two-c", "/two-d"])
    assert unfinished_full(store, "chain") == []


def test_a_full_import_that_came_to_its_end_is_followed_by_a_new_one(site: Site) -> None:
    assert site.run("first")[0] is False
    assert site.asked() == ALL
    assert site.run("second")[0] is False
    assert site.asked() == ALL


def test_another_attempt_of_a_run_that_was_done_fetches_nothing_again(site: Site) -> None:
    site.run("first")
    site.asked()
    site.run("first")
    assert site.asked() == Counter()


def test_an_interrupted_one_can_be_begun_anew(site: Site, store: Store) -> None:
    site.run("first", per_day=6)
    site.asked()
    assert site.run("second", anew=True)[0] is False
    assert site.asked() == ALL
    assert unfinished_full(store, "chain") == []


def test_a_retry_of_a_run_that_died_fetches_nothing_that_another_has_fetched_meanwhile(site: Site) -> None:
    site.run("died", per_day=6)
    site.asked()
    site.run("of the monitor")
    assert site.asked() == Counter(["/two-c", "/two-d"])
    assert site.run("retry", retry_of="died")[0] is True
    assert site.asked() == Counter()


def test_a_retry_goes_on_with_what_was_begun_anew_and_begins_what_was_not_begun(site: Site) -> None:
    site.run("first")
    site.asked()
    site.run("died", anew=True, per_day=13)  # of them 8 by the first
    site.asked()
    assert site.run("retry", anew=True, retry_of="died")[0] is True
    assert site.asked() < ALL
    assert site.run("again", retry_of="died before its books were opened")[0] is False
    assert site.asked() == ALL


def test_one_that_nobody_worked_on_for_weeks_is_begun_anew(site: Site, store: Store) -> None:
    site.run("first", per_day=6)
    site.asked()
    store.execute(
        "UPDATE full_import SET worked_at = now() - interval '15 days', ordered_at = worked_at - interval '16 days'"
    )
    assert unfinished_full(store, "chain") == []
    assert site.run("second")[0] is False
    assert site.asked() == ALL


def test_a_segment_of_it_that_was_done_is_fetched_again_where_it_alone_is_asked_for(site: Site, store: Store) -> None:
    site.run("first", per_day=6)
    assert begin_run(store, "second", "chain", ["one"], full=True) is False
    assert begin_run(store, "third", "chain", ["two"], full=True) is True
    assert begin_run(store, "fourth", "chain", BOTH, full=True) is True


def test_a_listing_goes_on_where_its_walk_was_interrupted(site: Site, store: Store) -> None:
    site.server.on("/list/3", Reply(503))
    with pytest.raises(FetchError, match="503"):
        site.run("first")
    assert site.asked()["/list/1"] == 1
    assert len(store.rows("SELECT 1 FROM source_url_state")) == 3  # known at once
    site.server.on("/list/3", Reply(200, b"two-d"))
    site.run("second")
    assert site.asked() == ALL - Counter(["/list/1", "/list/2"])
    assert store.rows("SELECT listed FROM source_url_state") == [{"listed": True}] * 4
    assert store.rows("SELECT 1 FROM listing_walk") == store.rows("SELECT 1 FROM listing_seen") == []


def test_a_walk_that_is_continued_misses_what_its_first_half_did_not_name(site: Site, store: Store) -> None:
    site.run("first")
    site.server.on("/list/1", Reply(200, b"a>/list/2")).on("/list/3", Reply(503))
    with pytest.raises(FetchError):
        site.run("second")
    site.server.on("/list/3", Reply(200, b"two-d"))
    site.run("third")
    assert store.rows("SELECT page_key FROM source_url_state WHERE NOT listed") == [{"page_key": "b"}]


def test_a_walk_that_cannot_be_continued_begins_at_the_beginning(site: Site, store: Store) -> None:
    site.server.on("/list/3", Reply(200, b"?"))
    with pytest.raises(ParseError):
        site.run("first")
    site.server.on("/list/3", Reply(200, b"two-d"))
    site.asked()
    site.run("second")
    assert site.asked() == ALL
    site.server.on("/list/3", Reply(503), Reply(503), Reply(503), Reply(503), Reply(200, b"two-d"))
    with pytest.raises(FetchError):
        site.run("third")
    site.asked()
    store.execute("UPDATE listing_walk SET began_at = began_at - interval '25 hours'")
    site.run("fourth")
    assert site.asked()["/list/1"] == 1
