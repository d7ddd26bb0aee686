"""Reading stored pages: what becomes a version, what is no change, and what is held back."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from game_pipeline.changes import refresh_records, unread_segments
from game_pipeline.crawl import Limits, frontier, load_pages
from game_pipeline.model import AnyRecord
from game_pipeline.parsing import InProcess, Workers
from game_pipeline.settings import Settings
from game_pipeline.sources import Page, PageRef, ParseError, Request
from game_pipeline.store import Store, event_types
from game_pipeline_tests.parsing.nasty import Nasty

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


def test_a_new_title_is_a_change_of_that_field(site: Site) -> None:
    site.serve("a", [{"identity": "1", "title": "Old"}])
    site.read()
    site.serve("a", [{"identity": "1", "title": "New"}])
    assert site.read() == {"changed": 1}
    assert site.record("1")["changed_fields"] == ["title"]
    assert site.page("a")["outcome"] == "changed"


def test_a_change_counts_for_the_rate_of_its_page_where_a_poll_found_it(site: Site, store: Store) -> None:
    site.serve("a", listed(1))
    site.read()
    site.serve("a", listed(1, 2))
    site.read()
    assert (site.page("a")["change_count"], site.page("a")["poll_changes"]) == (2, 0)
    site.serve("a", listed(1, 2, 3))
    store.execute("UPDATE source_url_state SET polled = true")
    site.read()
    assert (site.page("a")["change_count"], site.page("a")["poll_changes"]) == (3, 1)
    assert not site.page("a")["polled"]


def test_what_a_newer_parser_finds_is_no_change_of_the_page(site: Site) -> None:
    site.serve("a", [{"identity": "1", "genre": "puzzle"}])
    site.read()
    site.read(source_named(parser_version=2))
    assert (site.page("a")["change_count"], site.page("a")["outcome"]) == (1, "same")


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
        def parse(self, page: Page) -> list[AnyRecord]:
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


def test_a_record_that_moves_on_from_a_window_stays_live_and_the_page_read_last_speaks_for_it(store: Store) -> None:
    site = Site(store, source_named(pages_move=True))
    site.serve("one", listed(2, 1))
    site.read()
    site.serve("one", listed(6, 5, 4, 3))
    site.serve("one/2", [{"identity": "2", "title": "Renamed"}, {"identity": "1"}])
    assert site.read() == {"new": 4, "changed": 1}
    assert [site.record(identity)["state"] for identity in "12"] == ["live", "live"]
    assert site.record("2")["record"]["title"] == "Renamed"
    assert site.record("1")["page_id"] == site.page("one/2")["page_id"]


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


def test_a_page_without_a_record_weighs_nothing_and_one_with_something_to_play_more(site: Site) -> None:
    site.serve("a", [])
    site.serve(
        "b", [{"identity": "1"}, {"identity": "2", "urls": [{"url": "https://x.test/z", "kind": "play_online"}]}]
    )
    assert site.read() == {"new": 2}
    assert (site.page("a")["weight"], site.page("b")["weight"]) == (0, 3)


def test_a_control_character_in_a_source_s_own_field_keeps_no_page_out(site: Site) -> None:
    site.serve("a", json.dumps([{"identity": "1", "extra": {"note\0": "a\0b"}, "warnings": ["c\0d"]}]).encode())
    assert site.read() == {"new": 1}
    assert site.record("1")["record"]["extra"] == {"note": "ab"}


def test_a_page_that_cannot_be_stored_keeps_none_out_that_is_written_with_it(site: Site) -> None:
    site.serve("a", listed(1))
    site.serve("b", [{"identity": "2", "parser_version": 2**40}])
    site.serve("c", listed(3))
    assert site.read() == {"new": 2}
    assert [site.page(key)["outcome"] for key in "abc"] == ["changed", "selector_missing", "changed"]
    assert (
        site.page("b")["parse_error"]
        == 'record: cannot be stored: value "1099511627776" is out of range for type integer'
    )


@pytest.mark.parametrize("seed", range(4))
def test_pages_written_together_come_to_what_they_come_to_one_by_one(
    store: Store, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    sites = {batch: Site(store, source_named(f"batch{batch}")) for batch in (1, 50)}
    for _ in range(4):
        for key in chance.sample(
            ["a", "b", "c", "two-d", "two-e"], 4
        ):  # games move from page to page, and stand on two
            games = [{"identity": str(number), "title": chance.choice("ABC")} for number in chance.sample(range(6), 3)]
            for site in sites.values():
                site.serve(key, games)
        for batch, site in sites.items():
            monkeypatch.setattr("game_pipeline.changes.unread.BATCH_PAGES", batch)
            site.read()
    histories = [
        store.rows(
            "SELECT identity, page_key, record.state, record.version AS newest, of.version, change, changed_fields, "
            "of.field_hashes - 'url' AS hashes "
            "FROM source_record AS record JOIN record_version AS of USING (record_id) "
            "JOIN source_url_state USING (page_id) "
            "WHERE record.source = %s ORDER BY identity, of.version",
            (site.source.name,),
        )
        for site in sites.values()
    ]
    assert histories[0] == histories[1] != []


def test_the_event_and_the_version_are_written_together(site: Site, store: Store, owner: Store) -> None:
    site.serve("a", listed(1))
    owner.execute("ALTER TABLE record_version ADD CONSTRAINT no_more CHECK (version < 1)")
    with pytest.raises(Exception, match="no_more"):
        refresh_records(store, site.source, "run", "one", InProcess())
    assert store.rows("SELECT 1 FROM import_event") == store.rows("SELECT 1 FROM source_record") == []
    assert unread_segments(store, site.source) == ["one"]


def test_a_page_that_kills_its_worker_is_recorded_as_that_and_the_others_are_read(store: Store) -> None:
    site = Site(store, Nasty())
    site.serve("a", b"die")
    site.serve("b", b"fine")
    with Workers() as workers:
        report = refresh_records(store, site.source, "run", "one", workers)
    assert (site.page("a")["outcome"], site.page("a")["parse_error"]) == (
        "parse_killed",
        "parser: the process that read it was ended by SIGKILL",
    )
    assert report.counts["pages_parse_killed"] == report.counts["pages_failed"] == 1
    assert site.record("1")["record"]["title"] == "fine"
    assert unread_segments(store, site.source) == []


def test_what_the_parser_does_not_read_is_counted_and_is_news_once(site: Site) -> None:
    site.serve("a", [{"identity": "1", "warnings": ["unread element mood", "something else"]}])
    first = site.reports()[0]
    assert (dict(first.unread), first.counts["fields_unread"]) == ({"unread element mood": 1}, 1)
    assert first.gained_fields == ()  # all is new to who has seen nothing
    site.serve("a", [{"identity": "1", "warnings": ["unread element mood", "unread element weather"]}])
    assert site.reports()[0].gained_fields == ("unread element weather",)
    site.serve("a", [{"identity": "1", "title": "New", "warnings": ["unread element weather"]}])
    last = site.reports()[0]
    assert (dict(last.unread), last.gained_fields) == ({"unread element weather": 1}, ())
    assert last.counts["records_changed"] == 1


def test_what_a_page_said_a_few_versions_ago_is_no_news_until_it_says_so_for_a_day(site: Site, store: Store) -> None:
    def title(text: str) -> list[dict[str, Any]]:
        return [{"identity": "1", "title": text}]

    for text in ("A", "B"):
        site.serve("a", title(text))
        site.read()
    for _ in range(3):
        site.serve("a", title("A"))
        assert site.read() == {}
        assert (site.page("a")["outcome"], site.page("a")["flapping_since"] is None) == ("flapping", False)
        site.serve("a", title("B"))
        assert site.read() == {}
        assert (site.page("a")["outcome"], site.page("a")["flapping_since"]) == ("same", None)
    site.serve("a", title("A"))
    assert site.read() == {}
    assert site.record("1")["version"] == 2
    # A day later the page is the same still: the visit has it read again.
    store.execute("UPDATE source_url_state SET flapping_since = now() - interval '25 hours', parsed_snapshot_id = NULL")
    assert site.read() == {"changed": 1}
    assert (site.record("1")["record"]["title"], site.page("a")["flapping_since"]) == ("A", None)


def test_a_page_that_is_never_visited_is_believed_at_once_and_stays_unvisited(site: Site, store: Store) -> None:
    limits = Limits.of(site.source, Settings())
    for text, came_to in (("A", "new"), ("B", "changed"), ("A", "changed"), ("B", "changed")):
        page = PageRef("a", "https://tiny.example/a", Request("https://tiny.example/a"), visited=False)
        body = json.dumps([{"identity": "1", "title": text}]).encode()
        load_pages(store, site.source, [(page, body)], limits, text, origin="a dump")
        assert site.read() == {came_to: 1}
        assert site.record("1")["record"]["title"] == text
    with store.transaction() as connection:
        never = connection.execute(b"SELECT next_check_at = 'infinity' AS never FROM source_url_state").fetchone()
        assert (never, frontier.enqueue_due(connection, "tiny", ["one"])) == ({"never": True}, 0)


def test_a_title_never_said_before_is_news_at_once(site: Site) -> None:
    for text in ("A", "B", "C", "D", "E"):
        site.serve("a", [{"identity": "1", "title": text}])
        site.read()
    site.serve("a", [{"identity": "1", "title": "A"}])  # four versions ago
    assert site.read() == {"changed": 1}


def person(**claims: Any) -> dict[str, Any]:
    return {"identity": "p", "kind": "person", "name": "Ada", "url": "https://tiny.example/people/p"} | claims


def test_a_person_whose_page_has_two_addresses_stays_when_one_goes(site: Site) -> None:
    for key in ("ada", "queen"):
        site.serve(key, [person()])
    assert site.read() == {"new": 1}
    site.lose("ada")
    assert site.read() == {"vanished": 1}
    assert site.read() == {"returned": 1}
    assert site.record("p")["page_id"] == site.page("queen")["page_id"]
    site.lose("queen")
    assert site.read() == {"vanished": 1}
    assert site.read() == {}


def test_of_two_addresses_of_a_person_s_page_its_own_one_speaks(site: Site) -> None:
    ada = "https://tiny.example/ada"
    site.serve("queen", [person(url=ada)])
    site.serve("ada", [person(url=ada)])
    assert site.read() == {"new": 1}
    assert site.record("p")["page_id"] == site.page("ada")["page_id"]
    site.serve("ada", [person(url=ada, name="Ada B")])
    assert site.read() == {"changed": 1}
    site.serve("queen", [person(url=ada, name="Ada, says an old copy")])
    assert site.read() == {}


def test_what_changed_is_said_to_be_about_a_game_or_a_person(site: Site, store: Store) -> None:
    site.serve("a", [{"identity": "1"}, person()])
    site.read()
    site.serve("a", [{"identity": "1"}, person(name="Ada B")])
    assert site.read() == {"changed": 1}
    told = [(event["subject"], event["identity"], event["change"]) for event in events(store, "record.changed")]
    assert told == [("game", "1", "new"), ("person", "p", "new"), ("person", "p", "changed")]
