"""Pages about people: known by the credits of games, fetched and read like all others, and never a game."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from game_pipeline.catalog import Curator, Scope, pending, roll_back
from game_pipeline.changes import refresh_records
from game_pipeline.crawl import (
    due_people,
    note_people,
    outcome_shares,
    probe,
    run_counts,
    source_overview,
)
from game_pipeline.demo.replicas import Replicas
from game_pipeline.demo.replicas.ifwiki_people import PAGELESS, PEN_NAME, PEN_NAME_OF
from game_pipeline.matching import name_key, title_key
from game_pipeline.merging import MergePolicy
from game_pipeline.parsing import InProcess
from game_pipeline.people import find_people, refresh_people, show_person
from game_pipeline.quality import check_tables
from game_pipeline.sources import get
from game_pipeline.store.replay import replayed
from game_pipeline_tests.crawl.conftest import Crawler
from game_pipeline_tests.crawl.peopled import SITES, Pipeline


@pytest.fixture
def sites() -> Iterator[Replicas]:
    with Replicas(sites=SITES) as running:
        yield running


@pytest.fixture
def pipeline(crawler: Crawler, sites: Replicas) -> Pipeline:
    return Pipeline(crawler, sites)


def test_whom_games_credit_has_a_page_that_is_due_and_saying_so_again_changes_nothing(pipeline: Pipeline) -> None:
    pipeline.games("ifwiki_ru")
    store, source = pipeline.store, get("ifwiki_ru")
    known = store.rows("SELECT * FROM source_url_state WHERE segment = 'authors' ORDER BY page_key")
    assert f"автор:{PEN_NAME}" in {row["page_key"] for row in known}
    assert not any(row["listed"] or row["last_checked_at"] for row in known)
    assert due_people(store, source)
    assert note_people(store, source) == 0
    assert store.rows("SELECT * FROM source_url_state WHERE segment = 'authors' ORDER BY page_key") == known
    row = store.row(
        "SELECT count(DISTINCT credit->>'url') AS n FROM record_version, "
        "jsonb_array_elements(record->'credits') AS credit WHERE credit->>'role' = 'author'"
    )
    assert row == {"n": len(known)}


def test_people_are_read_and_nothing_that_deals_with_games_sees_them(pipeline: Pipeline) -> None:
    store = pipeline.store
    for name in SITES:
        pipeline.games(name)
        counts = pipeline.people(name)
        assert counts["records_new"] == pipeline.n("source_record WHERE source = %s AND subject = 'person'", name) > 0
    waiting = pending(store).records_to_match
    games = pipeline.n("source_record WHERE subject = 'game'")
    assert waiting == games
    pipeline.take_in()
    assert pipeline.n("match_decision WHERE ended_at IS NULL") == games
    assert not pipeline.n("game_member JOIN source_record USING (record_id) WHERE subject = 'person'")
    assert not pipeline.n("match_decision JOIN source_record USING (record_id) WHERE subject = 'person'")
    assert not pipeline.n("game JOIN source_record ON identity = title WHERE subject = 'person'")
    assert {result.rule.name: result.offenders for result in check_tables(store) if not result.passed} == {}
    overview = {row["source"]: (row["records"], row["people"]) for row in source_overview(store, SITES)}
    for name in SITES:
        assert overview[name] == (
            pipeline.n("source_record WHERE source = %s AND subject = 'game'", name),
            pipeline.n("source_record WHERE source = %s AND subject = 'person'", name),
        )
    with replayed(store) as result:
        assert result.first_difference() is None


def test_a_person_s_record_goes_through_versions_events_and_reading_anew_as_a_game_s_does(
    pipeline: Pipeline, sites: Replicas
) -> None:
    store = pipeline.store
    pipeline.games("ifwiki_ru")
    pipeline.people("ifwiki_ru")
    pipeline.take_in()
    sites.set_day(3)
    result = probe(store, pipeline.visitor("ifwiki_ru"), get("ifwiki_ru"))
    assert "authors" in result.segments
    assert pipeline.people("ifwiki_ru")["records_changed"] == 1
    (event,) = store.rows(
        "SELECT payload FROM import_event WHERE event_type = 'record.changed' "
        "AND payload->>'subject' = 'person' AND payload->>'change' = 'changed'"
    )
    assert event["payload"]["changed_fields"] == ["about.ru"]
    assert pending(store).records_to_match == 0


def test_a_feed_names_only_the_people_that_are_known(pipeline: Pipeline, sites: Replicas) -> None:
    sites.set_day(3)
    probe(pipeline.store, pipeline.visitor("ifwiki_ru"), get("ifwiki_ru"))
    assert not pipeline.n("source_url_state WHERE segment = 'authors'")
    pipeline.games("ifwiki_ru")
    pipeline.people("ifwiki_ru")
    pipeline.store.execute("UPDATE importer_health SET feed_cursor = NULL, feed_rest = NULL")
    probe(pipeline.store, pipeline.visitor("ifwiki_ru"), get("ifwiki_ru"))
    assert pipeline.page(f"автор:{PEN_NAME_OF}")["listed_fingerprint"] == "34077"


def test_somebody_without_a_page_is_gone_after_two_looks_and_stays_from_the_credits(pipeline: Pipeline) -> None:
    store = pipeline.store
    pipeline.games("ifwiki_ru")
    key = f"автор:{PAGELESS}"
    counts = pipeline.people("ifwiki_ru")
    assert (counts["pages_gone"], counts["pages_failed"]) == (1, 0)
    assert pipeline.page(key)["http_status"] == 404
    assert run_counts(store, f"run {pipeline.runs}")["authors"]["pages_failed"] == 0
    assert not [row for row in outcome_shares(store, ["ifwiki_ru"]) if row["outcome"] in ("gone", "http_error")]
    (overview,) = source_overview(store, ["ifwiki_ru"])
    assert overview["failing"] == 0
    store.execute(
        "UPDATE source_url_state SET gone_since = now() - interval '2 days', next_check_at = now() WHERE page_key = %s",
        (key,),
    )
    pipeline.people("ifwiki_ru")
    assert pipeline.page(key)["outcome"] == "gone"
    assert pipeline.people("ifwiki_ru")["pages_checked"] == 0
    pipeline.take_in()
    (person,) = find_people(store, PAGELESS, 10)
    assert person["games"] == 1


def test_a_page_that_leads_to_another_is_one_person_with_both_names(pipeline: Pipeline) -> None:
    store = pipeline.store
    pipeline.games("ifwiki_ru")
    pipeline.people("ifwiki_ru")
    pipeline.take_in()
    (person,) = find_people(store, PEN_NAME, 10)
    assert (person["name"], person["aliases"]) == (PEN_NAME_OF, [PEN_NAME])
    shown = show_person(store, person["person_id"])
    assert shown is not None
    assert len(shown["games"]) == 3
    (page,) = [persona["page"] for persona in shown["personas"] if persona["page"]]
    assert [alias["name"] for alias in page["aliases"]] == [PEN_NAME]
    assert PEN_NAME_OF in page["about"][0]["text"]
    assert shown["decisions"][0]["evidence"][0]["kind"] == "redirect"


def test_a_page_gives_the_same_person_s_page_on_another_site(pipeline: Pipeline) -> None:
    for name in SITES:
        pipeline.games(name)
        pipeline.people(name)
    pipeline.take_in()
    (person,) = find_people(pipeline.store, "SpeakingStone", 10)
    assert person["sources"] == ["apero", "ifwiki_ru"]
    shown = show_person(pipeline.store, person["person_id"])
    assert shown is not None
    assert [decision["rule"] for decision in shown["decisions"]] == ["same_page"]
    assert {persona["source"] for persona in shown["personas"] if persona["page"]} == set(SITES)


def test_a_source_s_rollback_silences_its_pages_about_people_and_leaves_their_records(pipeline: Pipeline) -> None:
    pipeline.games("apero")
    pipeline.people("apero")
    pipeline.take_in()
    people = pipeline.store.rows("SELECT * FROM source_record WHERE subject = 'person'")
    policy = MergePolicy(title_key=title_key, person_key=name_key)
    curator = Curator(pipeline.store, {"apero": 1}, policy, "catalogue")
    scope = Scope(run_id=f"run {pipeline.runs}")
    with pipeline.store.transaction() as connection:
        report = roll_back(connection, curator, scope, author="ann", reason="no")
    assert (len(report.people), report.games) == (len(people), ())
    assert pipeline.store.rows("SELECT FROM persona WHERE record_id IS NOT NULL") == []
    assert pipeline.store.rows("SELECT * FROM source_record WHERE subject = 'person'") == people


def test_the_database_itself_keeps_people_out_of_what_waits_for_the_catalogue(pipeline: Pipeline) -> None:
    import psycopg

    pipeline.games("apero")
    pipeline.people("apero")
    with pytest.raises(psycopg.errors.CheckViolation):
        pipeline.store.execute("UPDATE source_record SET matched_version = 0 WHERE subject = 'person'")


def test_the_address_of_an_author_is_imported_like_a_game_s(pipeline: Pipeline) -> None:
    visitor = pipeline.visitor("apero")
    (page,) = visitor.locate(["https://apero.ru/Участники/gloomy"])
    visitor.visit(["authors"], full=False, only=[page.key])
    refresh_records(pipeline.store, get("apero"), visitor.run_id, "authors", InProcess())
    refresh_people(pipeline.store, "run")
    (person,) = find_people(pipeline.store, "gloomy", 10)
    assert (person["sources"], person["games"]) == (["apero"], 0)
