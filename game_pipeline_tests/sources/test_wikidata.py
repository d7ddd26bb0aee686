"""Wikidata: real replies (of no game) by value, and games made in their form: ranks, snaks, dates, ids, redirects."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protego import Protego

from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Request, Response, get
from game_pipeline.sources.wikidata_claims import items, moment, strings
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in
from .replica_walk import Walk

SOURCE = get("wikidata")
FOLDER = SAMPLES / "wikidata"


def _statement(
    property_: str, value: Any = None, *, snaktype: str = "value", rank: str = "normal", **more: Any
) -> dict[str, Any]:
    snak: dict[str, Any] = {"snaktype": snaktype, "property": property_}
    if snaktype == "value":
        snak["datavalue"] = {"value": value, "type": "string"}
    return {"mainsnak": snak, "type": "statement", "rank": rank, **more}


def _claims(*statements: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for statement in statements:
        found.setdefault(statement["mainsnak"]["property"], []).append(statement)
    return found


def _item(property_: str, item: str, **more: Any) -> dict[str, Any]:
    return _statement(property_, {"entity-type": "item", "numeric-id": int(item[1:]), "id": item}, **more)


def _date(time: str, precision: int, **more: Any) -> dict[str, Any]:
    return _statement("P577", {"time": time, "precision": precision, "calendarmodel": "…"}, **more)


def _entity(*statements: dict[str, Any], identity: str = "Q5", **facts: Any) -> dict[str, Any]:
    entity = {
        "type": "item",
        "id": identity,
        "labels": {"en": {"language": "en", "value": "Owl"}},
        "descriptions": {},
        "aliases": {},
        "claims": _claims(_item("P31", "Q7889"), *statements),
        "sitelinks": {},
        "lastrevid": 77,
        "modified": "2026-01-01T00:00:00Z",
        **facts,
    }
    return {"entities": {identity: entity}}


FULL = json.dumps(
    _entity(
        _statement("P1733", "40400"),
        _statement("P5794", "owl", qualifiers={"P9043": [_statement("P9043", "7")["mainsnak"]]}),
        _date("+1980-12-05T00:00:00Z", 11),
        _item("P400", "Q1406", rank="preferred"),
        aliases={"ru": [{"value": "Филин"}]},
        sitelinks={"enwiki": {"title": "The Owl"}},
    )
).encode()


def _parse(document: dict[str, Any], key: str = "Q5") -> list[GameRecord]:
    return games_in(
        SOURCE, Page(url=f"https://www.wikidata.org/wiki/{key}", body=json.dumps(document).encode(), key=key)
    )


def _record(*statements: dict[str, Any], **facts: Any) -> GameRecord:
    (record,) = _parse(_entity(*statements, **facts))
    return record


# --- Real replies ---------------------------------------------------------------------------------------------------


@needs_shared
def test_a_real_entity_is_read_and_is_no_game() -> None:
    body = (FOLDER / "wbgetentities_response.json").read_bytes()
    claims = json.loads(body)["entities"]["Q3235026"]["claims"]
    assert (items(claims, "P31"), items(claims, "P123")) == (["Q14406742"], ["Q2339806"])
    assert (items(claims, "P50"), items(claims, "P110")) == (["Q16672164"], ["Q16680422"])
    assert games_in(SOURCE, Page(url="", body=body)) == []


@needs_shared
def test_a_real_entity_that_is_said_to_be_a_game_has_no_name_to_go_by() -> None:
    document = json.loads((FOLDER / "wbgetentities_response.json").read_bytes())
    entity = document["entities"]["Q3235026"]
    entity["claims"]["P31"].append(_item("P31", "Q7889"))
    with pytest.raises(ParseError) as caught:
        _parse(document)
    assert caught.value.where == "entities.Q3235026 title"
    entity["labels"] = {"fr": {"language": "fr", "value": "Les Quatre Princes de Ganahan"}}
    (record,) = _parse(document)
    assert (record.identity, record.title) == ("Q3235026", "Les Quatre Princes de Ganahan")
    assert record.extra["publisher_items"] == ["Q2339806"]
    assert (record.extra["revision"], record.extra["modified"]) == (879149929, "2019-03-10T11:53:34Z")


@needs_shared
def test_real_results_of_a_query_that_asked_for_something_else_are_refused_with_what_there_is() -> None:
    body = (FOLDER / "single_var_sparql_results.json").read_bytes()
    with pytest.raises(ParseError, match=r"missing; there are genre"):
        SOURCE.parse_listing(Response("https://query.wikidata.org/sparql", 200, body))


@needs_shared
def test_real_results_of_a_query_are_read_without_their_blank_nodes() -> None:
    body = (FOLDER / "single_var_sparql_results.json").read_bytes().replace(b'"genre"', b'"item"')
    listing = SOURCE.parse_listing(Response("https://query.wikidata.org/sparql", 200, body))
    assert [page.key for page in listing.pages] == ["Q112983", "Q185598", "Q3879286", "Q1473346"]


# --- Claims ---------------------------------------------------------------------------------------------------------


def test_the_preferred_statements_count_else_the_normal_ones_never_the_deprecated() -> None:
    one, two, old = (
        _statement("P1733", value, rank=rank)
        for value, rank in (("1", "normal"), ("2", "preferred"), ("3", "deprecated"))
    )
    assert strings(_claims(one, two, old), "P1733") == ["2"]
    assert strings(_claims(one, old), "P1733") == ["1"]
    assert strings(_claims(old), "P1733") == []


def test_no_value_and_an_unknown_one_are_none() -> None:
    none, unknown = (_statement("P1733", snaktype=snaktype) for snaktype in ("novalue", "somevalue"))
    assert strings(_claims(none, unknown, _statement("P1733", "1")), "P1733") == ["1"]
    best = _statement("P1733", snaktype="novalue", rank="preferred")
    assert strings(_claims(best, _statement("P1733", "1")), "P1733") == []


@pytest.mark.parametrize(
    ("dates", "found"),
    [
        ([("+2004-01-30T00:00:00Z", 11)], "2004-01-30"),
        ([("+2004-01-00T00:00:00Z", 10)], "2004-01"),
        ([("+2004-00-00T00:00:00Z", 9)], "2004"),
        ([("+2004-00-00T00:00:00Z", 9), ("+2004-05-01T00:00:00Z", 11)], "2004-05-01"),
        ([("+2004-05-01T00:00:00Z", 11), ("+1999-01-01T00:00:00Z", 9)], "1999"),
        ([("+1990-00-00T00:00:00Z", 8)], ""),
        ([("-0044-03-15T00:00:00Z", 11)], ""),
    ],
)
def test_the_earliest_date_counts_as_precise_as_it_is(dates: list[tuple[str, int]], found: str) -> None:
    assert moment(_claims(*(_date(time, precision) for time, precision in dates)), "P577") == found


# --- A game ---------------------------------------------------------------------------------------------------------


def test_a_game_ties_the_other_sites_together() -> None:
    record = _record(
        _statement("P1733", "40400"),
        _statement("P2725", "game/owl"),
        _statement("P5794", "owl", qualifiers={"P9043": [_statement("P9043", "7")["mainsnak"]]}),
        _statement("P6278", "p/owl-1"),
        _statement("P7294", "https://nest.itch.io/owl"),
        _statement("P9968", "owl"),
        _statement("P11688", "1234"),
        _statement("P6337", "The Owl"),
        _statement("P3180", "v17"),
    )
    assert {(id_.scheme, id_.value) for id_ in record.external_ids} == {
        ("wikidata", "Q5"),
        ("steam", "40400"),
        ("igdb", "7"),
        ("epic", "owl-1"),
        ("itch", "nest.itch.io/owl"),
        ("mobygames", "1234"),
        ("vndb", "v17"),
    }
    assert {link.url for link in record.urls if link.kind == "game_page"} == {
        "https://store.steampowered.com/app/40400",
        "https://www.gog.com/game/owl",
        "https://www.igdb.com/games/owl",
        "https://store.epicgames.com/p/owl-1",
        "https://nest.itch.io/owl",
        "https://rawg.io/games/owl",
        "https://www.mobygames.com/game/1234",
        "https://www.pcgamingwiki.com/wiki/The%20Owl",
        "https://vndb.org/v17",
    }


def test_names_of_items_are_looked_up_and_the_others_are_kept_by_id() -> None:
    record = _record(
        _item("P400", "Q1406"),
        _item("P400", "Q999"),
        _item("P404", "Q208850"),
        _item("P407", "Q7737"),
        _item("P178", "Q42"),
        _date("+1980-12-05T00:00:00Z", 11),
    )
    assert [(tag.kind, tag.value) for tag in record.tags] == [
        ("platform", "Windows"),
        ("language", "ru"),
        ("mode", "Single player"),
    ]
    assert record.extra["other_items"] == ["platform Q999"]
    assert record.extra["developer_items"] == ["Q42"]
    assert (record.release_date, record.extra["multiplayer"]) == ("1980-12-05", False)
    assert record.warnings == ()


def test_titles_are_the_labels_each_text_once_with_its_language() -> None:
    labels = {code: {"value": text} for code, text in (("en", "Owl"), ("de", "Owl"), ("ru", "Сова"), ("uk", "Сова"))}
    aliases = {"ru": [{"value": "Филин"}], "en": [{"value": "The Owl"}]}
    record = _record(labels=labels, aliases=aliases)
    assert record.title == "Owl"
    assert [(alt.title, alt.lang) for alt in record.alt_titles] == [("Сова", "ru"), ("The Owl", "en"), ("Филин", "ru")]


@pytest.mark.parametrize(("class_", "kind"), [("Q7889", "game"), ("Q209163", "dlc"), ("Q865493", "other")])
def test_the_kind_is_the_class(class_: str, kind: str) -> None:
    document = _entity()
    document["entities"]["Q5"]["claims"]["P31"] = [_item("P31", class_)]
    assert _parse(document)[0].kind == kind


def test_an_item_that_was_merged_is_the_record_of_the_one_that_stayed() -> None:
    (record,) = _parse(_entity(identity="Q8"), key="Q5")
    assert (record.identity, record.url) == ("Q8", "https://www.wikidata.org/wiki/Q8")


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"error": {"code": "no-such-entity", "info": "No"}}, "error"),
        ({"entities": {}}, "entities"),
        ({"entities": {"Q9": {"id": "Q9", "missing": ""}}}, "entities.Q9.missing"),
        ({"entities": {"P9": {"id": "P9"}}}, "entities.P9.id"),
    ],
)
def test_what_is_no_item_is_refused_by_name(document: dict[str, Any], where: str) -> None:
    with pytest.raises(ParseError) as caught:
        _parse(document)
    assert caught.value.where == where


# --- The query service ----------------------------------------------------------------------------------------------


def _asked(request: Request) -> str:
    return parse_qs(urlsplit(request.url).query)["query"][0]


def _results(*rows: tuple[int, int, str]) -> Response:
    bindings = [
        {
            "item": {"type": "uri", "value": f"http://www.wikidata.org/entity/Q{number}"},
            "version": {"type": "literal", "value": str(version)},
            "modified": {"type": "literal", "value": changed},
        }
        for number, version, changed in rows
    ]
    body = json.dumps({"head": {"vars": ["item"]}, "results": {"bindings": bindings}})
    return Response("https://query.wikidata.org/sparql", 200, body.encode())


def test_the_listing_goes_on_after_the_last_item_of_a_full_part() -> None:
    (first,) = SOURCE.listing()
    assert "FILTER(?n > 0)" in _asked(first)
    assert len(first.url) < 2048
    full = [(number, 1, "2026-01-01T00:00:00Z") for number in range(1, 5001)]
    listing = SOURCE.parse_listing(_results(*full))
    assert (listing.pages[0].key, listing.pages[0].fingerprint) == ("Q1", "1")
    assert [re.findall(r"\?n > (\d+)", _asked(request)) for request in listing.next] == [["5000"]]
    assert SOURCE.parse_listing(_results(*full[:-1])).next == ()


def test_the_feed_goes_on_within_a_moment_that_many_items_share() -> None:
    (first,) = SOURCE.changes_since("2026-01-02T00:30:00Z")
    assert '?modified > "2026-01-01T23:30:00Z"^^xsd:dateTime' in _asked(first)
    rows = [(number, 9, "2026-01-02T01:00:00Z") for number in range(1, 1001)]
    feed = SOURCE.parse_feed(_results(*rows), "2026-01-02T00:30:00Z")
    assert (feed.cursor, len(feed.pages)) == ("2026-01-02T01:00:00Z", 1000)
    (second,) = feed.next
    assert '?modified = "2026-01-02T01:00:00Z"^^xsd:dateTime && ?n > 1000' in _asked(second)
    assert len(second.url) < 2048
    assert SOURCE.parse_feed(_results(rows[0]), "2026-01-02T00:30:00Z").next == ()


def test_without_a_cursor_the_newest_change_fixes_the_place() -> None:
    (request,) = SOURCE.changes_since(None)
    assert _asked(request).endswith("ORDER BY DESC(?modified) LIMIT 1")
    feed = SOURCE.parse_feed(_results((4, 1, "2026-01-02T01:00:00Z")), None)
    assert (feed.cursor, feed.next) == ("2026-01-02T01:00:00Z", ())


def test_results_that_break_off_are_no_results() -> None:
    body = _results((4, 1, "2026-01-02T01:00:00Z")).body[:-20] + b"\njava.util.concurrent.TimeoutException\n"
    with pytest.raises(ParseError, match="not JSON"):
        SOURCE.parse_listing(Response("https://query.wikidata.org/sparql", 200, body))


def test_an_item_is_located_by_its_addresses() -> None:
    for url in (
        "https://www.wikidata.org/wiki/Q5",
        "http://www.wikidata.org/entity/Q5",
        "https://www.wikidata.org/wiki/Special:EntityData/Q5.json",
    ):
        (page,) = SOURCE.locate(url).pages
        assert (page.key, page.request.url) == ("Q5", "https://www.wikidata.org/wiki/Special:EntityData/Q5.json")
    for url in ("https://www.wikidata.org/wiki/P31", "https://www.wikidata.org/", "https://a.org/wiki/Q5"):
        with pytest.raises(ValueError, match="no address of an item"):
            SOURCE.locate(url)
    assert [SOURCE.segment_of(key) for key in ("Q5", "Q1999999", "Q999999999")] == [
        "items-000000000",
        "items-001000000",
        "items-160000000",
    ]


def test_robots_may_have_the_documents_that_are_asked_for() -> None:
    """The rules are the site's own form of them: all documents are barred, those with an ending are not."""
    site = Walk("wikidata")
    rules = Protego.parse(site.replicas.reply("wikidata", "/robots.txt").body.decode())
    assert all(rules.can_fetch(page.request.url, "game-pipeline") for page in site.pages.values())
    assert not rules.can_fetch("https://www.wikidata.org/wiki/Special:EntityData/Q5", "game-pipeline")


def test_an_item_that_was_merged_is_read_of_the_site_s_own_answer() -> None:
    site = Walk("wikidata")
    (page,) = SOURCE.locate("https://www.wikidata.org/wiki/Q1954321").pages
    (record,) = games_in(SOURCE, Page(page.url, site.ask(page.request).body, page.key))
    assert (page.key, record.identity, record.title) == ("Q1954321", "Q195002", "Zork I")


@settings(max_examples=25)  # each of up to sixty parts is a thousand rows
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12)), min_size=1, max_size=5), st.integers(1, 3))
def test_the_feed_skips_nothing_however_many_items_share_a_moment(groups: list[tuple[int, int]], part: int) -> None:
    """The service's answers to the feed's own conditions, a part of a few rows at a time."""
    rows = {(f"2026-01-02T0{hour}:00:00Z", number) for hour, size in groups for number in range(1, size + 1)}
    named, condition = set(), ("2026-01-01T00:00:00Z", 0)
    for _ in range(60):
        left = sorted(row for row in rows if row > condition)
        shown = left[:part]
        named |= set(shown)
        if len(left) <= part:
            break
        # A full part, as the source sees it: the last row's moment and number say where to go on.
        full = [(number, 1, moment) for moment, number in shown] + [(shown[-1][1], 1, shown[-1][0])] * (1000 - part)
        (request,) = SOURCE.parse_feed(_results(*full), "2026-01-01T00:00:00Z").next
        found = re.search(r'\?modified = "([^"]+)"\^\^xsd:dateTime && \?n > (\d+)', _asked(request))
        assert found
        condition = (found[1], int(found[2]))
    assert named == rows
