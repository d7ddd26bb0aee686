"""robots.txt: obeyed, read once a day by all processes, and strict where it cannot be had."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from game_pipeline.crawl.outcomes import Kind, Outcome
from game_pipeline.crawl.robots import MAX_ROBOTS, refusing_rule, robots_text
from game_pipeline.crawl.slots import take_slot
from game_pipeline_tests.crawl.conftest import Crawler
from game_pipeline_tests.http_server import Reply, Script, ScriptedServer, Seen, Send

RULES = b"""
User-agent: *
Disallow: /private
Disallow: /private/deep # a comment
Allow: /private/open
Crawl-delay: 20

User-agent: other-bot
Disallow: /
"""


@pytest.fixture
def site(server: ScriptedServer) -> ScriptedServer:
    for path in ("/page", "/private/page", "/private/deep/page", "/private/open"):
        server.on(path, Reply(200, b"page"))
    return server


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_a_refused_address_is_not_asked_for_and_the_rule_is_named(
    crawler: Crawler, site: ScriptedServer, mark: bytes
) -> None:
    site.on("/robots.txt", Reply(200, mark + RULES.strip()))
    crawler.fetch("https://site.test/page")
    crawler.fetch("https://site.test/private/open")
    error = crawler.refused("https://site.test/private/deep/page")
    assert (error.outcome, error.kind) == (Outcome.BLOCKED_ROBOTS, Kind.BLOCKED)
    assert "'Disallow: /private/deep'" in error.message
    assert site.requests("/private/deep/page") == []
    assert site.requests("/robots.txt")[0].headers["host"] == "site.test"


def test_the_group_that_names_us_goes_before_the_group_for_all(crawler: Crawler, site: ScriptedServer) -> None:
    site.on("/robots.txt", Reply(200, b"User-agent: *\nDisallow: /\n\nUser-agent: Game-Pipeline\nDisallow: /private"))
    crawler.fetch("http://site.test/page")
    assert "'Disallow: /private'" in crawler.refused("http://site.test/private/page").message


def test_the_longer_delay_counts(crawler: Crawler, site: ScriptedServer) -> None:
    site.on("/robots.txt", Reply(200, RULES))
    crawler.fetch("http://site.test/page", min_delay=1)
    assert crawler.slept == pytest.approx([1], abs=0.5)  # after robots.txt, before which nothing was known
    assert take_slot(crawler.store, "site.test", 0) == pytest.approx(21, abs=0.5)
    crawler.fetch("http://site.test/page", min_delay=30)
    assert take_slot(crawler.store, "site.test", 0) == pytest.approx(51, abs=0.5)


def test_it_is_asked_for_once_a_day_by_all_clients(crawler: Crawler, site: ScriptedServer) -> None:
    site.on("/robots.txt", Reply(200, RULES))
    crawler.fetch("http://site.test/page")
    crawler.fetch("http://site.test/page", client=crawler.make())
    crawler.store.execute("UPDATE robots_rules SET fetched_at = now() - interval '23 hours'")
    crawler.fetch("http://site.test/page", client=crawler.make())
    assert len(site.requests("/robots.txt")) == 1
    crawler.store.execute("UPDATE robots_rules SET fetched_at = now() - interval '25 hours'")
    crawler.fetch("http://site.test/page", client=crawler.make())
    assert len(site.requests("/robots.txt")) == 2


def test_clients_that_start_together_ask_once(crawler: Crawler, site: ScriptedServer) -> None:
    clients = [crawler.make(sleep=time.sleep) for _ in range(4)]
    site.on("/robots.txt", Reply(200, RULES.replace(b"Crawl-delay: 20", b"")))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda client: crawler.fetch("http://site.test/page", client=client, min_delay=0.1), clients))
    assert len(site.requests("/robots.txt")) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_no_rules_allow_everything(crawler: Crawler, site: ScriptedServer, status: int) -> None:
    site.on("/robots.txt", Reply(status, b"User-agent: *\nDisallow: /"))
    assert crawler.fetch("http://site.test/private/page").response.status == 200
    assert crawler.store.row("SELECT status FROM robots_rules") == {"status": status}


def hang_up(_: Seen, __: Send) -> None:
    """Closes the connection without a word."""


@pytest.mark.parametrize("trouble", [Reply(500), Reply(503), Reply(429), Reply(501), hang_up])
def test_rules_that_cannot_be_had_allow_nothing_for_ten_minutes(
    crawler: Crawler, site: ScriptedServer, trouble: Script
) -> None:
    site.on("/robots.txt", trouble)
    error = crawler.refused("http://site.test/page")
    assert (error.outcome, error.kind) == (Outcome.BLOCKED_ROBOTS, Kind.TRANSIENT)
    assert error.retry_after == pytest.approx(600, abs=5)
    reason = "the connection failed" if trouble is hang_up else "the site answers"
    assert reason in error.message
    site.on("/robots.txt", Reply(200, RULES))
    again = crawler.refused("http://site.test/page", client=crawler.make())
    assert (again.outcome, again.message) == (Outcome.BLOCKED_ROBOTS, error.message)
    crawler.store.execute("UPDATE robots_rules SET fetched_at = now() - interval '11 minutes'")
    assert crawler.fetch("http://site.test/page", client=crawler.make()).response.body == b"page"
    assert site.requests("/page") != []


def test_a_short_trouble_with_the_rules_is_tried_again(crawler: Crawler, site: ScriptedServer) -> None:
    site.on("/robots.txt", Reply(503), Reply(200, RULES))
    assert crawler.fetch("http://site.test/page").response.body == b"page"


def test_a_redirect_is_checked_against_the_rules_of_where_it_leads(crawler: Crawler, site: ScriptedServer) -> None:
    def robots(seen: Seen, _: Send) -> Reply:
        return Reply(200, b"User-agent: *\nDisallow: /page") if seen.headers["host"] == "other.test" else Reply(404)

    site.on("/robots.txt", robots).on("/leave", Reply(302, headers={"Location": "http://other.test/page"}))
    error = crawler.refused("http://site.test/leave")
    assert (error.outcome, error.url) == (Outcome.BLOCKED_ROBOTS, "http://other.test/page")
    assert site.requests("/page") == []


def test_redirected_rules_are_followed_and_a_circle_counts_as_no_rules(crawler: Crawler, site: ScriptedServer) -> None:
    site.on("/robots.txt", Reply(301, headers={"Location": "http://other.test/rules"})).on("/rules", Reply(200, RULES))
    assert crawler.refused("http://site.test/private/page").outcome == Outcome.BLOCKED_ROBOTS
    crawler.store.execute("DELETE FROM robots_rules")
    site.on("/rules", Reply(301, headers={"Location": "http://site.test/robots.txt"}))
    assert crawler.fetch("http://site.test/private/page", client=crawler.make()).response.status == 200


def test_only_the_start_of_huge_rules_is_read(crawler: Crawler, site: ScriptedServer) -> None:
    huge = RULES + b"Disallow: /x\n" * (MAX_ROBOTS // 13) + b"Disallow: /\n" * 1000
    site.on("/robots.txt", Reply(200, huge))
    assert crawler.refused("http://site.test/private/page").outcome == Outcome.BLOCKED_ROBOTS
    assert crawler.fetch("http://site.test/page").response.body == b"page"
    row = crawler.store.row("SELECT octet_length(body) AS size FROM robots_rules")
    assert row is not None
    assert row["size"] <= MAX_ROBOTS


def test_a_line_cut_in_two_is_no_rule() -> None:
    body = b"User-agent: *\n" + b"#" * (MAX_ROBOTS - 24) + b"\nDisallow: /private"
    assert robots_text(body).endswith("#\n")
    assert "\0" not in robots_text(b"User-agent: *\0\xff")


def test_a_page_of_html_is_no_rules(crawler: Crawler, site: ScriptedServer) -> None:
    site.on("/robots.txt", Reply(200, b"<!doctype html><title>Not found</title> Disallow: /"))
    assert crawler.fetch("http://site.test/page").response.body == b"page"


def test_the_rule_is_looked_for_in_our_group_only() -> None:
    text = "User-agent: a\nUser-agent: *\n\nDisallow: /x\nDisallow: /*.cgi$\n\nUser-agent: b\nDisallow: /x/y"
    assert refusing_rule(text, "https://h/x/y", "game-pipeline") == "Disallow: /x"
    assert refusing_rule(text, "https://h/a.cgi", "game-pipeline") == "Disallow: /*.cgi$"
    assert refusing_rule(text, "https://h/z", "game-pipeline") is None
