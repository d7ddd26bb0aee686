"""What a visit to a page comes to: gone, moved, empty, refused, walled, postponed; each stored and counted alone."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from game_pipeline.changes import refresh_records
from game_pipeline.changes.shrink import has_end, is_cut, text_length
from game_pipeline.crawl import (
    NothingHeld,
    Visitor,
    begin_run,
    frontier,
    read_health,
    release,
    resting,
    run_counts,
)
from game_pipeline.crawl.guard import NotNow
from game_pipeline.crawl.outcomes import ALERTS, WELL, Outcome
from game_pipeline.parsing import InProcess
from game_pipeline.settings import Settings, SourceSettings
from game_pipeline.sources import Source
from game_pipeline.store import Store
from game_pipeline_tests.changes.tiny_site import Site, source_named
from game_pipeline_tests.crawl.conftest import Crawler
from game_pipeline_tests.http_server import Reply, ScriptedServer, Seen, Send

SOURCE = source_named()


class Visits:
    """Visits to the pages of `tiny`, each in a run of its own."""

    def __init__(self, crawler: Crawler, server: ScriptedServer) -> None:
        self.store = crawler.store
        self.server = server
        self.source: Source = SOURCE
        self.client = crawler.make(routes={"tiny.example": server.origin})
        self.own: dict[str, Any] = {"min_delay": 0}
        self._runs = 0

    def know(self, *keys: str) -> None:
        with self.store.transaction() as connection:
            frontier.observe(connection, SOURCE, [SOURCE.ref(key) for key in keys], listed=True)

    @property
    def settings(self) -> Settings:
        return Settings(sources={"tiny": SourceSettings.model_validate(self.own)})

    def visit(self, *, full: bool = True) -> Visitor:
        self._runs += 1
        run_id = f"run {self._runs}"
        begin_run(self.store, run_id, "tiny", ["one"], full=full)
        visitor = Visitor(self.store, self.client, self.source, self.settings, run_id)
        self.reports = visitor.visit(["one"], full=full)
        return visitor

    def page(self, key: str = "a") -> dict[str, Any]:
        row = self.store.row("SELECT * FROM source_url_state WHERE page_key = %s", (key,))
        assert row is not None
        return row

    def counts(self) -> dict[str, int]:
        return dict(run_counts(self.store, f"run {self._runs}").get("one", {}))


@pytest.fixture
def visits(crawler: Crawler, server: ScriptedServer) -> Visits:
    visits = Visits(crawler, server)
    visits.know("a")
    return visits


def test_every_outcome_is_either_well_or_alertable() -> None:
    assert {str(outcome) for outcome in Outcome} - WELL - {"parked", "postponed"} == {
        str(outcome) for outcome in ALERTS
    } - WELL


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_is_gone_when_two_looks_a_day_apart_say_so(visits: Visits, status: int) -> None:
    visits.server.on("/a", Reply(status))
    visits.visit()
    assert (visits.page()["outcome"], visits.counts()["pages_http_error"]) == ("http_error", 1)
    visits.visit()  # the same day
    assert visits.page()["outcome"] == "http_error"
    row = visits.store.row("SELECT next_check_at - gone_since = interval '1 day' AS tomorrow FROM source_url_state")
    assert row == {"tomorrow": True}
    visits.store.execute("UPDATE source_url_state SET gone_since = gone_since - interval '24 hours'")
    visits.visit()
    assert (visits.page()["outcome"], visits.counts()["pages_gone"]) == ("gone", 1)


def test_a_page_that_differs_in_nothing_but_what_its_source_settles_is_the_same(visits: Visits) -> None:
    visits.source = source_named(settled=lambda self, body: body.replace(b"[ ]", b"[]"))
    visits.server.on("/a", Reply(200, b"[]"), Reply(200, b"[ ]"), Reply(200, b"[1]"))
    for outcome in ("fetched", "same", "fetched"):
        visits.visit()
        assert visits.counts()[f"pages_{outcome}"] == 1


def test_a_page_that_comes_back_in_between_is_not_gone(visits: Visits) -> None:
    visits.server.on("/a", Reply(404), Reply(200, b"[]"), Reply(404))
    visits.visit()
    visits.visit()
    assert visits.page()["gone_since"] is None
    visits.visit()
    assert visits.page()["outcome"] == "http_error"


def test_a_page_that_fails_for_good_is_asked_for_less_and_less(visits: Visits) -> None:
    visits.server.on("/a", Reply(400))
    waits = []
    for _ in range(9):
        visits.visit()
        row = visits.store.row(
            "SELECT extract(epoch FROM next_check_at - last_checked_at)::float8 / 86400 AS days FROM source_url_state"
        )
        assert row is not None
        waits.append(row["days"])
    assert waits[:3] == pytest.approx([0.25, 0.5, 1.0])
    assert max(waits) == pytest.approx(30)


def test_a_page_has_moved_when_two_looks_in_a_row_were_sent_to_the_same_place(visits: Visits) -> None:
    visits.server.on("/a", Reply(301, headers={"Location": "/b"})).on("/b", Reply(200, b"[]"))
    visits.visit()
    assert (visits.page()["outcome"], visits.page()["moved_count"]) == ("fetched", 1)
    visits.visit()
    assert (visits.page()["outcome"], visits.page()["moved_to"]) == ("moved", "https://tiny.example/b")
    assert visits.counts() == {"pages_checked": 1, "pages_moved": 1}
    visits.server.on("/a", Reply(302, headers={"Location": "/b"}))
    visits.visit()
    assert (visits.page()["outcome"], visits.page()["moved_to"]) == ("same", None)


def test_a_reply_with_nothing_in_it_is_no_version(visits: Visits) -> None:
    visits.server.on("/a", Reply(200, b" \r\n"))
    visits.visit()
    assert (visits.page()["outcome"], visits.page()["snapshot_id"]) == ("empty", None)


def test_an_address_that_robots_txt_refuses_is_recorded_with_the_line(visits: Visits) -> None:
    visits.server.on("/robots.txt", Reply(200, b"User-agent: *\nDisallow: /a\n"))
    visits.visit()
    visits.visit()
    row = visits.store.row("SELECT source, url, rule, times FROM robots_refusal")
    assert row == {"source": "tiny", "url": "https://tiny.example/a", "rule": "Disallow: /a", "times": 2}
    assert visits.page()["outcome"] == "blocked_robots"


def test_a_captcha_opens_the_breaker_for_its_longest_rest_and_nothing_more_is_asked(visits: Visits) -> None:
    visits.know("b", "c")
    for path in ("/a", "/b", "/c"):
        visits.server.on(path, Reply(200, b"<html><title>Just a moment...</title>"))
    visitor = visits.visit()
    assert len(visits.server.seen) == 2  # robots.txt and the page
    assert visits.page()["outcome"] == "blocked_by_site"
    assert (visits.page("b")["outcome"], visits.page("b")["failure_count"]) == (None, 0)
    assert visits.reports[0].failed
    assert not visitor.another_attempt_helps()
    health = read_health(visits.store, "tiny")
    assert (health.state, health.waiting, health.attention_since is None) == ("open", True, False)
    assert "captcha or login page where a page was asked for: <title>just a moment...</title>" in str(health.reason)
    events = visits.store.rows("SELECT event_type, actor FROM import_event ORDER BY position")
    assert [(event["event_type"], event["actor"]) for event in events] == [
        ("source.breaker_changed", "pipeline"),
        ("source.needs_attention", "pipeline"),
    ]
    with pytest.raises(NotNow, match="resting, next trial"):
        visitor.fetch(SOURCE.ref("a").request)
    visits.visit()  # nor does another run ask for anything
    assert len(visits.server.seen) == 2
    assert visits.counts() == {}
    visits.store.execute("UPDATE importer_health SET next_trial_at = now()")
    visits.visit()
    assert (len(visits.server.seen), read_health(visits.store, "tiny").state) == (3, "open")


def test_a_captcha_that_a_redirect_leads_to_opens_it_too_and_one_for_robots_txt_does_not(visits: Visits) -> None:
    wall = Reply(200, b"<html><title>Just a moment...</title>")
    visits.server.on("/robots.txt", wall).on("/a", Reply(200, b"[]"))
    visits.visit()
    assert read_health(visits.store, "tiny").state == "closed"
    visits.server.on("/a", Reply(302, headers={"Location": "/login"})).on("/login", Reply(200, b"<html>"))
    visits.visit()
    assert "sent on to /login" in str(read_health(visits.store, "tiny").reason)


def test_in_quiet_hours_nothing_is_sent_and_the_work_waits_unharmed(visits: Visits) -> None:
    now, hour = dt.datetime.now(dt.UTC), dt.timedelta(hours=1)
    quiet = f"{now - hour:%H:%M}-{now + hour:%H:%M} UTC"
    visits.own["quiet_hours"] = quiet
    visitor = visits.visit()
    assert visits.server.seen == []
    assert visitor.waits is not None
    assert f"quiet hours ({quiet}) until" in visitor.waits
    assert (visits.reports[0].failed, visits.reports[0].counts["pages_left"]) == (None, 1)
    assert (visits.page()["failure_count"], visits.page()["outcome"], visits.counts()) == (0, None, {})
    assert resting(visits.store, SOURCE, visits.settings) == visitor.waits
    del visits.own["quiet_hours"]
    visits.server.on("/a", Reply(200, b"[]"))
    assert visits.visit(full=False).waits is None
    assert visits.page()["outcome"] == "fetched"


def test_a_spent_day_ends_the_run_and_the_rest_waits(visits: Visits) -> None:
    visits.know("b", "c", "d")
    for path in "abcd":
        visits.server.on(f"/{path}", Reply(200, b"[]"))
    visits.own["requests_per_day"] = 3
    visitor = visits.visit()
    assert len(visits.server.seen) == 3  # robots.txt counts
    assert "the day's 3 requests are sent" in str(visitor.waits)
    assert (visits.reports[0].failed, visits.reports[0].counts["pages_left"]) == (None, 2)
    assert "3 requests" in str(resting(visits.store, SOURCE, visits.settings))


def test_checks_that_no_signal_caused_count_as_polls(visits: Visits) -> None:
    visits.server.on("/a", Reply(200, b"[]"))
    visits.visit()
    assert (visits.page()["poll_count"], visits.page()["poll_days"]) == (0, 0)
    visits.store.execute("UPDATE source_url_state SET last_good_at = last_good_at - interval '4 days'")
    visits.visit()
    assert (visits.page()["poll_count"], visits.page()["poll_days"]) == (1, pytest.approx(4, abs=0.01))
    visits.store.execute("UPDATE source_url_state SET listed_fingerprint = 'new'")
    visits.visit()
    assert visits.page()["poll_count"] == 1
    assert visits.page()["next_check_at"] > visits.page()["last_good_at"]


# Held, and released --------------------------------------------------------------------------------------------------


def test_a_held_page_is_believed_when_a_person_says_so(store: Store) -> None:
    site = Site(store)
    site.serve("list", [{"identity": str(n)} for n in range(20)])
    site.read()
    site.serve("list", [{"identity": "1"}])
    assert site.read() == {}
    assert site.page("list")["outcome"] == "suspect_shrink"
    with pytest.raises(NothingHeld, match="held are: list"):
        release(store, "tiny", "other", reason="true", actor="anna")
    release(store, "tiny", "https://tiny.example/list", reason="the site was cleaned up", actor="anna")
    assert site.read() == {"vanished": 19}
    event = store.row("SELECT payload, actor FROM import_event WHERE event_type = 'source.released'")
    assert event == {
        "payload": {"what": "page", "page": "list", "reason": "the site was cleaned up"},
        "actor": "anna",
    }
    with pytest.raises(NothingHeld, match="no page of it is held"):
        release(store, "tiny", "list", reason="again", actor="anna")


def unframed(body: bytes) -> Callable[[Seen, Send], None]:
    """A reply that ends with its connection, wherever that is."""
    return lambda _, send: send(b"HTTP/1.0 200 OK\r\n\r\n" + body)


def test_half_a_page_without_an_end_is_held_until_it_is_whole_again_or_believed(visits: Visits) -> None:
    def check(body: bytes) -> str:
        visits.server.on("/a", unframed(body))
        visits.visit()
        refresh_records(visits.store, SOURCE, f"read {visits._runs}", "one", InProcess())
        return str(visits.page()["outcome"])

    whole = json.dumps([{"identity": str(number)} for number in range(40)]).encode()
    assert check(whole) == "changed"  # nothing to compare with, and it ends as JSON ends
    assert check(whole[: len(whole) // 3]) == "suspect_shrink"
    assert "no end is to be seen, and less than 50% of the text" in visits.page()["parse_error"]
    assert check(whole[: len(whole) // 3]) == "suspect_shrink"  # the same again
    assert visits.counts() == {"pages_checked": 1, "pages_same": 1}
    live = visits.store.row("SELECT count(*) AS n FROM source_record WHERE state = 'live'")
    assert live == {"n": 40}
    assert check(whole) == "same"
    assert check(whole[: len(whole) // 4]) == "suspect_shrink"
    release(visits.store, "tiny", "a", reason="it is so short now", actor="anna")
    assert check(whole[: len(whole) // 4]) == "selector_missing"  # believed, and it is no JSON
    assert visits.page()["parse_outcome"] == "selector_missing"


@pytest.mark.parametrize(
    ("body", "end"),
    [
        (b"<!DOCTYPE html><html><p>text</p></html>\n<!-- served by 7 -->\n", True),
        (b"<html><p>text</p>", False),
        (b"<?xml version='1.0'?>\n<game_list><game/></game_list>\n", True),
        (b"<?xml version='1.0'?>\n<game_list><game/>", False),
        (b'{"a": [1, 2]}', True),
        (b'{"a": [1, 2]', False),
        (b"plain text", False),
        (b"", False),
    ],
)
def test_documents_that_end_are_told_from_those_that_break_off(body: bytes, end: bool) -> None:
    assert has_end(body) is end


def test_the_text_that_counts_is_that_between_the_tags() -> None:
    assert text_length(b"<p class='long'>two  \n words</p>") == len("two words")
    assert not is_cut(b"<p>" + b"x" * 60, b"<html>" + b"x" * 100 + b"</html>")
    assert is_cut(b"<p>" + b"x" * 40, b"<html>" + b"x" * 100 + b"</html>")


def test_a_released_listing_is_believed_once(visits: Visits) -> None:
    visits.know(*"abcdefghij")

    def walk() -> int:
        visitor = Visitor(visits.store, visits.client, SOURCE, visits.settings, "walk")
        return visitor.walk_listing()["pages_missing_held"]

    assert walk() == 10
    with pytest.raises(NothingHeld, match="never imported"):
        release(visits.store, "tiny", "listing", reason="true", actor="anna")
    visits.store.execute("INSERT INTO importer_health (source, listed_at) VALUES ('tiny', now())")
    release(visits.store, "tiny", "listing", reason="true", actor="anna")
    assert Visitor(visits.store, visits.client, SOURCE, visits.settings, "walk").listing_due(full=False)
    assert walk() == 0
    visits.know(*"abcdefghij")
    assert walk() == 10
