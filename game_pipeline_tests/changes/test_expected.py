"""What a source expects of its own pages: a page that lacks what the others state is a layout difference, and held."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.changes import RecordsReport, count_standings, field_standings
from game_pipeline.changes.expected import Watch
from game_pipeline.crawl import release
from game_pipeline.sources import Coverage, Expects
from game_pipeline.sources.base import check_source
from game_pipeline.store import Store

from .tiny_site import JsonSource, Site, source_named

EXPECTS = Expects(
    records=(3, None),
    segments={"two": (1, 5)},
    page=(0, 40),
    coverage=(Coverage("credits", 0.9, "td.author"), Coverage("release_date", 0.3, "td.date")),
)


def game(identity: str, *, author: bool = True) -> dict[str, Any]:
    return {"identity": identity, "credits": [{"name": "Ada"}] if author else []}


def source(*, verified: bool = True) -> JsonSource:
    return source_named("expecting", expects=EXPECTS, verified=verified)


def read(site: Site) -> RecordsReport:
    """What reading the segment of the pages came to."""
    return site.reports()[0]


def test_the_first_page_of_a_format_never_seen_that_lacks_a_field_is_reported_with_the_selector(store: Store) -> None:
    site = Site(store, source(verified=False))
    site.serve("a", [game("a", author=False)])
    report = read(site)
    (problem,) = report.problems
    assert (problem.where, problem.outcome) == ("td.author", "selector_missing")
    assert problem.problem == "the layout differs: no credits, 90% should have it"
    assert not store.rows("SELECT FROM source_record")


def test_a_page_that_a_person_releases_is_read_all_the_same(store: Store) -> None:
    site = Site(store, source(verified=False))
    site.serve("a", [game("a", author=False)])
    site.read()
    release(store, "expecting", "a", reason="it has no author", actor="test")
    assert not read(site).problems
    assert len(store.rows("SELECT FROM source_record")) == 1


def test_a_format_is_as_good_as_seen_once_twenty_records_of_it_were_read(store: Store) -> None:
    site = Site(store, source(verified=False))
    for number in range(20):
        site.serve(f"p{number}", [game(f"p{number}")])
    assert not read(site).problems
    site.serve("q", [game("q", author=False)])
    assert not read(site).problems


def test_a_single_page_without_a_field_is_no_news_where_the_format_is_known(store: Store) -> None:
    site = Site(store, source())
    site.serve("a", [game("a", author=False)])
    assert not read(site).problems


def test_a_redesign_is_held_after_two_pages_at_most_and_changes_no_other_record(store: Store) -> None:
    site = Site(store, source())
    for number in range(12):
        site.serve(f"p{number:02}", [game(f"p{number:02}")])
    site.read()
    for number in range(12):
        site.serve(f"p{number:02}", [{**game(f"p{number:02}", author=False), "title": "New look"}])
    report = read(site)
    assert len(report.problems) == 10
    assert {problem.where for problem in report.problems} == {"td.author"}
    assert len(store.rows("SELECT FROM record_version WHERE version = 2")) == 2


def test_a_list_that_states_a_field_in_too_few_of_its_records_is_held_as_a_whole(store: Store) -> None:
    site = Site(store, source())
    site.serve("a", [game(f"g{number}", author=number < 10) for number in range(30)])
    (problem,) = read(site).problems
    assert problem.problem.startswith("the layout differs: credits in 10 of 30 records")


def test_a_page_with_more_records_than_a_page_has_is_held(store: Store) -> None:
    site = Site(store, source())
    site.serve("a", [game(f"g{number}") for number in range(41)])
    (problem,) = read(site).problems
    assert (problem.where, problem.outcome) == ("records", "suspect_shrink")


def test_how_the_stored_records_stand_to_what_is_expected(store: Store) -> None:
    tiny = source()
    site = Site(store, tiny)
    site.serve("a", [game(f"g{number}", author=number < 19) for number in range(20)])
    site.serve("two-b", [game("h"), game("i")])
    site.read()
    credits, date = field_standings(store, tiny)
    assert (credits.facet, credits.records, credits.stated, credits.well) == ("credits", 22, 21, True)
    assert (date.stated, date.well, date.selector) == (0, False, "td.date")  # of 22, chance would leave a few
    assert count_standings(store, tiny) == []
    store.execute("INSERT INTO importer_health (source, listed_at) VALUES ('expecting', now())")
    assert [(item.segment, item.records, item.well) for item in count_standings(store, tiny)] == [
        (None, 22, True),
        ("two", 2, True),
    ]


def person(identity: str, **claims: Any) -> dict[str, Any]:
    return {"identity": identity, "kind": "person", "name": "Ada"} | claims


def test_what_is_expected_of_games_is_not_asked_of_people_and_the_other_way_round(store: Store) -> None:
    expects = Expects(
        records=(2, 3), coverage=(Coverage("credits", 0.9, "td.author"), Coverage("about", 0.9, "td.about", "person"))
    )
    tiny = source_named("both", expects=expects, verified=False)
    site = Site(store, tiny)
    site.serve("games", [game("g"), game("h")])
    site.serve("people", [person(f"p{n}", about=[{"text": "Writes."}]) for n in range(20)])
    assert not read(site).problems
    assert [(item.subject, item.facet, item.records, item.stated) for item in field_standings(store, tiny)] == [
        ("game", "credits", 2, 2),
        ("person", "about", 20, 20),
    ]
    store.execute("INSERT INTO importer_health (source, listed_at) VALUES ('both', now())")
    assert [(item.segment, item.records, item.well) for item in count_standings(store, tiny)] == [(None, 2, True)]
    # Of twenty people the format is seen; of games it is not yet, and each has to state all.
    site.serve("one", [person("x")])
    site.serve("other", [game("i", author=False)])
    (problem,) = read(site).problems
    assert problem.where == "td.author"


@given(st.lists(st.booleans(), max_size=60), st.sampled_from([0.3, 0.5, 0.9, 1.0]))
def test_pages_that_all_state_a_field_are_never_held_whatever_came_before(before: list[bool], share: float) -> None:
    expects = Expects(coverage=(Coverage("credits", share, "td"),))
    tiny = source_named("watched", expects=expects)
    watch = Watch(tiny, proven={"game"})
    for states in before:
        watch.judge([tiny._record(game("x", author=states))])
    assert watch.judge([tiny._record(game("y"))]) is None


@pytest.mark.parametrize("broken", [{"segments": {"three": (1, 2)}}, {"coverage": (Coverage("credits", 0.0, "td"),)}])
def test_an_expectation_that_cannot_be_is_refused_with_the_source(broken: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"expects records|a coverage"):
        check_source(source_named("wrong", expects=Expects(**broken)))
