"""Pages about people that are missing: for an hour, for good, all at once, or until somebody writes one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from psycopg.types.json import Jsonb

from game_pipeline.crawl import Visitor, begin_run, due_people, note_people, release
from game_pipeline.demo.replicas import Replicas
from game_pipeline.sources import PageRef, get
from game_pipeline.sources.apero import Apero
from game_pipeline_tests.crawl.conftest import Crawler
from game_pipeline_tests.crawl.peopled import SITES, Pipeline

SECTION = f"/{quote('Участники')}/"
APERO = get("apero")
LEFT = "Участники/Ordos"
"""Whose page is missing from the first day on."""


@pytest.fixture
def sites() -> Iterator[Replicas]:
    with Replicas(sites=SITES) as running:
        yield running


@pytest.fixture
def pipeline(crawler: Crawler, sites: Replicas) -> Pipeline:
    made = Pipeline(crawler, sites)
    made.games("apero")
    made.people("apero")
    return made


def pass_time(pipeline: Pipeline, days: int) -> None:
    """It is so many days later, and every page of the segment is due."""
    pipeline.store.execute(
        "UPDATE source_url_state SET next_check_at = now(), gone_since = gone_since - %s * interval '1 day' "
        "WHERE segment = 'authors'",
        (days,),
    )


def people(pipeline: Pipeline, state: str = "live") -> int:
    return pipeline.n("source_record WHERE subject = 'person' AND state = %s", state)


def pages(pipeline: Pipeline) -> list[dict[str, Any]]:
    return pipeline.store.rows("SELECT * FROM source_url_state WHERE segment = 'authors' ORDER BY page_key")


def look(pipeline: Pipeline) -> list[str]:
    """The listing, the pages about people that are due, and what of them is held."""
    visitor = pipeline.visitor("apero")
    visitor.walk_listing()
    visitor.visit(["authors"], full=False)
    problems = pipeline.read("apero", visitor.run_id, ["authors"])[0].problems
    note_people(pipeline.store, APERO)
    assert {problem.outcome for problem in problems} <= {"suspect_shrink"}
    return [problem.page for problem in problems]


def import_all(pipeline: Pipeline) -> None:
    run_id = f"full {pipeline.runs}"
    begin_run(pipeline.store, run_id, "apero", APERO.segment_keys(), full=True)
    visitor = Visitor(pipeline.store, pipeline.client, APERO, pipeline.settings, run_id)
    visitor.walk_listing()
    visitor.visit(list(APERO.segment_keys()), full=True)
    assert not [report for report in pipeline.read("apero", run_id, APERO.segment_keys()) if report.problems]
    note_people(pipeline.store, APERO)


def test_a_section_that_is_down_for_two_days_costs_nobody_their_page(pipeline: Pipeline, sites: Replicas) -> None:
    before = people(pipeline)
    assert before >= 4
    sites.fail("apero", 404, SECTION)
    for days in (0, 2):
        pass_time(pipeline, days)
        assert look(pipeline) == []
    assert {page["outcome"] for page in pages(pipeline)} == {"gone"}
    assert people(pipeline) == before
    sites.heal("apero")
    import_all(pipeline)
    there = [page for page in pages(pipeline) if page["page_key"] != LEFT]
    assert {(page["outcome"], page["gone_since"]) for page in there} == {("same", None)}
    assert people(pipeline) == before


def test_a_section_that_stays_away_is_held_until_it_is_back(pipeline: Pipeline, sites: Replicas) -> None:
    before = people(pipeline)
    sites.fail("apero", 404, SECTION)
    for days in (0, 2, 40):
        pass_time(pipeline, days)
        held = look(pipeline)
    assert (people(pipeline), len(held)) == (before, before)
    assert pipeline.n("source_url_state WHERE parse_outcome = 'suspect_shrink'") == before
    sites.heal("apero")
    pass_time(pipeline, 1)
    assert look(pipeline) == []
    assert (people(pipeline), pipeline.n("source_url_state WHERE parse_error IS NOT NULL")) == (before, 0)


def test_a_section_that_the_site_gave_up_vanishes_once_a_person_says_so(pipeline: Pipeline, sites: Replicas) -> None:
    sites.fail("apero", 404, SECTION)
    for days in (0, 2, 40):
        pass_time(pipeline, days)
        held = look(pipeline)
    release(pipeline.store, "apero", held[0], reason="they closed it", actor="ann")
    assert look(pipeline) == held[1:]
    assert people(pipeline, "vanished") == 1
    (page,) = [page for page in pages(pipeline) if page["url"] == held[0]]
    assert page["parse_error"] is None


def test_one_page_goes_after_a_month_though_games_credit_its_author_and_comes_back_when_it_does(
    pipeline: Pipeline, sites: Replicas
) -> None:
    key = next(page["page_key"] for page in pages(pipeline) if page["page_key"] != LEFT)
    before = people(pipeline)
    sites.fail("apero", 404, SECTION + quote(key.partition("/")[2]))
    for days, left in ((0, before), (2, before), (20, before), (10, before - 1)):
        pass_time(pipeline, days)
        assert look(pipeline) == []
        assert people(pipeline) == left
    pass_time(pipeline, 30)
    assert pipeline.people("apero")["pages_failed"] == 0
    sites.heal("apero")
    pass_time(pipeline, 30)
    assert pipeline.people("apero")["records_returned"] == 1
    assert people(pipeline) == before


def test_a_page_that_is_written_after_it_was_missing_is_found(pipeline: Pipeline, sites: Replicas) -> None:
    for days in (2, 2):
        pass_time(pipeline, days)
        look(pipeline)
    missing = pipeline.page(LEFT)
    assert (missing["outcome"], missing["snapshot_id"], missing["unlisted_at"]) == ("gone", None, None)
    row = pipeline.store.row(
        "SELECT next_check_at < now() + interval '31 days' AS soon FROM source_url_state WHERE page_key = %s", (LEFT,)
    )
    assert row == {"soon": True}
    sites.replace_body("apero", SECTION + "Ordos", "<dl><dt>О себе:</dt><dd>Вернулся.</dd></dl>".encode())
    pass_time(pipeline, 0)
    assert pipeline.people("apero")["records_new"] == 1


def test_whom_no_game_credits_any_more_is_asked_for_once_more_and_may_go_at_once(
    pipeline: Pipeline, sites: Replicas
) -> None:
    pipeline.visitor("apero").walk_listing()
    assert {(page["credited"], page["unlisted_at"]) for page in pages(pipeline)} == {(True, None)}
    assert not due_people(pipeline.store, APERO)
    before = people(pipeline)
    key = next(page["page_key"] for page in pages(pipeline) if page["page_key"] != LEFT)
    url = pipeline.page(key)["url"]
    pipeline.store.execute(
        "UPDATE source_record AS record SET state = 'vanished' FROM record_version AS newest "
        "WHERE newest.record_id = record.record_id AND newest.record->'credits' @> %s",
        (Jsonb([{"url": url}]),),
    )
    sites.fail("apero", 404, SECTION + quote(key.partition("/")[2]))
    look(pipeline)
    assert (pipeline.page(key)["credited"], pipeline.page(key)["http_status"]) == (False, 404)
    pass_time(pipeline, 2)
    look(pipeline)
    assert people(pipeline) == before - 1
    assert pipeline.page(key)["outcome"] == "gone"
    pass_time(pipeline, 60)
    checked = pipeline.page(key)["last_checked_at"]
    look(pipeline)
    assert pipeline.page(key)["last_checked_at"] == checked
    # A game credits them again: whether they have a page is worth another look.
    pipeline.store.execute("UPDATE source_record SET state = 'live', noted_version = 0 WHERE subject = 'game'")
    note_people(pipeline.store, APERO)
    sites.heal("apero")
    assert pipeline.people("apero")["records_returned"] == 1


def test_an_address_that_a_credited_one_leads_to_is_named_as_long_as_that_is(crawler: Crawler, sites: Replicas) -> None:
    pipeline = Pipeline(crawler, sites)
    pipeline.games("ifwiki_ru")
    pipeline.people("ifwiki_ru")
    pipeline.people("ifwiki_ru")
    credited = {page["page_key"] for page in pages(pipeline) if page["credited"]}
    assert credited == {page["page_key"] for page in pages(pipeline)}
    pipeline.visitor("ifwiki_ru").walk_listing()
    assert {page["page_key"] for page in pages(pipeline) if page["credited"]} == credited


def credit(pipeline: Pipeline, name: str) -> None:
    """Let what some game said all along be that it credits somebody."""
    address = f"https://apero.ru/Участники/{quote(name)}"
    pipeline.store.execute(
        "UPDATE record_version SET record = jsonb_set(record, '{credits}', %s) "
        "WHERE record_id = (SELECT min(record_id) FROM source_record WHERE subject = 'game')",
        (Jsonb([{"name": name, "role": "author", "url": address}]),),
    )


def test_only_what_was_written_since_is_looked_at_and_a_listing_looks_at_all(pipeline: Pipeline) -> None:
    assert not pipeline.n("source_record WHERE source = 'apero' AND noted_version <> version")
    known = len(pages(pipeline))
    credit(pipeline, "Вера")
    assert (note_people(pipeline.store, APERO), len(pages(pipeline))) == (0, known)
    pipeline.visitor("apero").walk_listing()
    assert pipeline.page("Участники/Вера")["credited"]
    credit(pipeline, "Глеб")
    pipeline.store.execute("UPDATE source_record SET noted_version = 0")  # as after the upgrade
    assert note_people(pipeline.store, APERO) == 1
    assert due_people(pipeline.store, APERO)


@pytest.mark.parametrize("key", ["Участники/\0", "Участники/\ud800", "Участники/" + "Ы" * 2_000])
def test_an_address_that_no_page_can_be_kept_under_costs_itself_alone(
    pipeline: Pipeline, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Careless(Apero):
        def person_page(self, url: str) -> PageRef | None:
            page = super().person_page(url)
            return PageRef(key, page.url, page.request) if page and "Zed" in url else page

    credit(pipeline, "Zed")
    pipeline.store.execute("UPDATE source_url_state SET credited = false WHERE page_key = %s", (LEFT,))
    pipeline.store.execute("UPDATE source_record SET noted_version = 0")
    with caplog.at_level(logging.WARNING, logger="game_pipeline.crawl.people_pages"):
        assert note_people(pipeline.store, Careless()) == 0
    assert pipeline.page(LEFT)["credited"]
    assert "no address that a page can be kept under" in caplog.text
