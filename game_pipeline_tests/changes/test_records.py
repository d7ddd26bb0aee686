"""Reading stored pages: what becomes a version, what is no change, and what is held back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from game_pipeline.changes import refresh_records, unread_segments
from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError
from game_pipeline.store import Store, event_types

from .tiny_site import JsonSource, Site, source_named


@pytest.fixture
def site(store: Store) -> Site:
    return Site(store)


def listed(*identities: int) -> list[dict[str, Any]]:
    return [{"identity": str(identity)} for identity in identities]


def events(store: Store, event_type: str) -> list[dict[str, Any]]:
    assert event_type in event_types.EVENT_TYPES
    return [
        row["payload"]
        for row in store.rows("SELECT payload FROM import_event WHERE event_type = %s ORDER BY position", (event_type,))
    ]


def test_a_page_never_seen_gives_new_records_with_an_event_each(site: Site, store: Store) -> None:
    site.serve("a", listed(1, 2))
    assert site.read() == {"new": 2}
    assert [(event["identity"], event["change"]) for event in events(store, "record.changed")] == [
        ("1", "new"),
        ("2", "new"),
    ]


def test_a_page_that_was_read_is_not_read_again(site: Site) -> None:
    site.serve("a", listed(1))
    site.read()
    assert [report.counts for report in site.reports()] == [{}, {}]


def test_other_bytes_with_the_same_claims_are_no_change(site: Site) -> None:
    site.serve("a", listed(1))
    site.read()
    site.serve("a", b'[ {"identity" : "1"} ]')
    assert site.read() == {}
    assert site.page("a")["outcome"] == "same"


def test_a_new_title_is_a_change_of_that_field_and_makes_the_page_due_sooner(site: Site, store: Store) -> None:
    site.serve("a", [{"identity": "1", "title": "Old"}])
    site.read()
    store.execute("UPDATE source_url_state SET revisit_after = interval '8 days'")
    site.serve("a", [{"identity": "1", "title": "New"}])
    assert site.read() == {"changed": 1}
    assert site.record("1")["changed_fields"] == ["title"]
    assert site.page("a")["revisit_after"].days == 4


def test_a_volatile_facet_alone_is_no_change(store: Store) -> None:
    site = Site(store, source_named(volatile=frozenset({"extra.votes"})))
    site.serve("a", [{"identity": "1", "extra": {"votes": 1}}])
    site.read()
    site.serve("a", [{"identity": "1", "extra": {"votes": 2}}])
    assert site.read() == {}


def test_a_format_that_grows_is_news_once(site: Site, store: Store) -> None:
    site.serve("a", listed(1, 2))
    site.read()
    site.serve("a", [game | {"extra": {"size": 7}} for game in listed(1, 2)])
    assert site.read() == {"format": 2}
    site.serve("a", [game | {"extra": {"size": 7}} for game in listed(1, 2, 3)])
    assert site.read() == {"new": 1}
    assert events(store, "source.format_changed") == [{"segment": "one", "fields": ["extra.size"], "records": 2}]


def test_a_newer_parser_reads_stored_pages_again_and_its_differences_are_its_own(site: Site) -> None:
    site.serve("a", [{"identity": "1", "genre": "puzzle"}, {"identity": "2"}])
    site.read()
    newer = source_named(parser_version=2)
    assert unread_segments(site.store, newer) == ["one"]
    assert site.read(newer) == {"reparsed": 1}
    assert site.record("1")["changed_fields"] == ["tags.genre"]
    assert unread_segments(site.store, newer) == []


def test_a_page_that_does_not_parse_is_recorded_alone_and_its_record_keeps_its_last_version(site: Site) -> None:
    site.serve("a", listed(1))
    site.serve("b", listed(2))
    site.read()
    site.serve("a", b"<html>Error 500</html>")
    site.serve("b", [{"identity": "2", "title": "New"}])
    report = site.reports()[0]
    assert [(problem.page, problem.where) for problem in report.problems] == [("https://tiny.example/a", "body")]
    assert site.page("a")["parse_error"] == "body: no JSON"
    assert (site.record("1")["state"], site.record("1")["version"]) == ("live", 1)
    assert site.record("2")["record"]["title"] == "New"


def test_a_claim_that_is_malformed_fails_its_page_and_names_the_field(site: Site) -> None:
    site.serve("a", [{"identity": "1", "release_date": "soon"}])
    site.reports()
    assert "release_date" in site.page("a")["parse_error"]


def test_text_that_no_database_holds_costs_its_page_alone(store: Store) -> None:
    class Careless(JsonSource):
        def parse(self, page: Page) -> list[GameRecord]:
            if page.key == "a":
                raise ParseError("title", "is \0 and \ud800")
            return super().parse(page)

    site = Site(store, Careless())
    site.serve("a", [])
    site.serve("b", [{"identity": "b", "extra": {"half": "x\ud800"}}])
    site.serve("c", [{"identity": "c\0"}])
    site.serve("d", [{"identity": "d"}])
    assert site.read() == {"new": 2}
    assert site.page("a")["parse_error"] == "title: is  and ?"
    assert site.record("b")["record"]["extra"] == {"half": "x"}
    assert site.page("c")["parse_error"]
    assert unread_segments(store, site.source) == []


def test_a_page_that_only_a_feed_named_keeps_its_record_while_no_listing_lacks_it(site: Site) -> None:
    site.serve("a", listed(1))
    site.read()
    site.store.execute("UPDATE source_url_state SET outcome = 'gone', listed = false")
    assert site.read() == {}
    assert site.record("1")["state"] == "live"


def test_two_records_of_one_identity_on_a_page_fail_it(site: Site) -> None:
    site.serve("a", listed(1, 1))
    site.reports()
    assert site.page("a")["parse_error"] == "identity: '1' stands for two records of one page"


def test_a_damaged_body_fails_its_page_alone(site: Site, store: Store) -> None:
    site.serve("a", listed(1))
    store.execute("UPDATE page_body SET body = substring(body FOR 9)")
    site.serve("b", listed(2))
    assert site.read() == {"new": 1}
    assert site.page("a")["parse_error"].startswith("body: ")


def test_what_changed_while_a_page_could_not_be_read_is_the_site_s_doing(site: Site) -> None:
    site.serve("a", [{"identity": "1", "title": "Old"}])
    site.read()
    site.serve("a", b"broken")
    site.reports()
    site.serve("a", [{"identity": "1", "title": "New", "release_date": "soon"}])
    site.reports()

    class Lenient(type(site.source)):  # type: ignore[misc]
        parser_version = 2

        def _record(self, game: dict[str, Any]) -> Any:
            game.pop("release_date", None)
            return super()._record(game)

    assert site.read(Lenient()) == {"changed": 1}


def test_a_record_missing_from_its_page_vanishes_and_may_return(site: Site) -> None:
    site.serve("a", listed(1, 2))
    site.read()
    site.serve("a", listed(1))
    assert site.read() == {"vanished": 1}
    assert (site.record("2")["state"], site.record("2")["vanished_at"] is None) == ("vanished", False)
    site.serve("a", listed(1, 2))
    assert site.read() == {"returned": 1}
    assert (site.record("2")["state"], site.record("2")["vanished_at"]) == ("live", None)


def test_many_records_missing_at_once_are_not_believed(site: Site) -> None:
    site.serve("a", listed(*range(10)))
    site.read()
    site.serve("a", [*listed(*range(6)), {"identity": "new"}])
    assert site.read() == {}
    assert site.page("a")["outcome"] == "suspect_shrink"
    assert site.record("9")["state"] == "live"


def test_a_few_missing_records_of_a_long_page_are_believed(site: Site) -> None:
    site.serve("a", listed(*range(30)))
    site.read()
    site.serve("a", listed(*range(26)))
    assert site.read() == {"vanished": 4}


def test_a_record_on_two_pages_is_one_record_and_the_earlier_segment_speaks(site: Site) -> None:
    site.serve("two", [{"identity": "1", "title": "Second"}])
    site.read()
    site.serve("one", [{"identity": "1", "title": "First"}])
    assert site.read() == {"changed": 1}
    assert (site.record("1")["segment"], site.record("1")["record"]["title"]) == ("one", "First")
    site.serve("two", [{"identity": "1", "title": "Second again"}])
    assert site.read() == {}


def test_a_record_that_leaves_one_list_for_another_stays_live(store: Store) -> None:
    site = Site(store, source_named(many_records_a_page=True))
    site.serve("one", listed(1, 2))
    site.serve("two", listed(2))
    site.read()
    site.serve("one", listed(1))
    site.read()
    assert (site.record("2")["state"], site.record("2")["segment"]) == ("live", "two")
    assert unread_segments(store, site.source) == []


def test_a_page_that_is_gone_and_unlisted_takes_its_record_with_it(site: Site) -> None:
    site.serve("a", listed(1))
    site.read()
    site.lose("a")
    assert site.read() == {"vanished": 1}
    assert site.read() == {}


def test_a_page_that_is_gone_but_listed_keeps_its_record(site: Site) -> None:
    site.serve("a", listed(1))
    site.read()
    site.lose("a", listed=True)
    assert site.read() == {}


def test_a_newer_parser_does_not_bring_back_what_is_gone(site: Site) -> None:
    site.serve("a", listed(1))
    site.read()
    site.lose("a")
    site.read()
    newer = source_named(parser_version=2)
    assert site.read(newer) == {}
    assert unread_segments(site.store, newer) == []


def test_a_page_that_comes_back_as_it_was_brings_its_record_back(site: Site) -> None:
    site.serve("a", listed(1))
    site.read()
    site.lose("a")
    site.read()
    site.serve("a", listed(1))
    assert site.read() == {"returned": 1}


def test_a_page_without_a_record_is_left_alone_for_long(site: Site, store: Store) -> None:
    site.serve("a", [])
    assert site.read() == {}
    row = store.row("SELECT next_check_at > now() + interval '29 days' AS idle FROM source_url_state")
    assert row == {"idle": True}


def test_a_control_character_in_a_source_s_own_field_keeps_no_page_out(site: Site) -> None:
    site.serve("a", json.dumps([{"identity": "1", "extra": {"note\0": "a\0b"}, "warnings": ["c\0d"]}]).encode())
    assert site.read() == {"new": 1}
    assert site.record("1")["record"]["extra"] == {"note": "ab"}


def test_the_event_and_the_version_are_written_together(site: Site, store: Store) -> None:
    site.serve("a", listed(1))
    store.execute("ALTER TABLE record_version ADD CONSTRAINT no_more CHECK (version < 1)")
    with pytest.raises(Exception, match="no_more"):
        refresh_records(store, site.source, "run", "one")
    assert store.rows("SELECT 1 FROM import_event") == store.rows("SELECT 1 FROM source_record") == []
    assert unread_segments(store, site.source) == ["one"]
