"""IFDB: real captures of 2017 and 2026 by value, own documents for the JSON, the listing and the feed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in

SOURCE = get("ifdb")
TUID = "abcdefghij012345"


def _parse(body: bytes, url: str = "") -> list[GameRecord]:
    return games_in(SOURCE, Page(url=url, body=body))


def _search(*tuids: str | None, url: str = "https://ifdb.org/search?json&game&pg=1") -> Response:
    games = [{"tuid": tuid, "title": "T"} if tuid else None for tuid in tuids]
    return Response(url=url, status=200, body=json.dumps({"games": games}).encode())


def _tuid(number: int) -> str:
    return f"{number:016}"


@needs_shared
def test_the_real_page_of_2026_is_read_in_full() -> None:
    (record,) = _parse((SAMPLES / "ifdb/viewgame-ifiction-zork1-2026.xml").read_bytes())
    assert (record.identity, record.title, record.release_date) == ("0dbnusxunq7fw5ro", "Zork I", "1980")
    assert [credit.name for credit in record.credits] == ["Marc Blank", "Dave Lebling"]
    assert [tag.value for tag in record.tags if tag.kind == "language"] == ["en", "es"]
    assert [tag.value for tag in record.tags if tag.kind == "genre"] == ["Zorkian", "Cave crawl"]
    assert [tag.value for tag in record.tags if tag.kind == "system"] == ["zcode"]
    assert len([tag for tag in record.tags if tag.kind == "theme"]) == 47
    ifids = [external.value for external in record.external_ids if external.scheme == "ifid"]
    assert (len(ifids), ifids[0], ifids[5]) == (8, "ZCODE-15-UG3AU5", "ZCODE-5-------")
    assert [(external.scheme, external.value) for external in record.external_ids[8:]] == [
        ("tuid", "0dbnusxunq7fw5ro"),
        ("bafs", "987"),
    ]
    assert record.descriptions[0].lang == "en"
    assert record.descriptions[0].text.endswith("trophy case. [--blurb from The Z-Files Catalogue]")
    assert record.warnings == ()
    assert record.extra == {
        "pageversion": 45,
        "page_modified": "2026-04-25",
        "play_time_minutes": 540,
        "average_rating": 3.81858407,
        "star_rating": 4,
        "rating_count": 226,
        "rating_count_total": 226,
    }


@needs_shared
def test_the_real_links_have_the_kind_and_label_that_fits_them() -> None:
    (record,) = _parse((SAMPLES / "ifdb/viewgame-ifiction-zork1-2026.xml").read_bytes())
    links = {(link.url.rpartition("/")[2], link.kind): link.label for link in record.urls}
    assert links["coverart?id=0dbnusxunq7fw5ro", "poster"] == "Cover"
    assert links["zork1-invclues-r52-s871125.z5", "download_direct"] == "Zork 1 — Solid Gold Revision 52"
    assert ("zork1.zip", "download_direct") in links
    assert ("zorki.hqx", "download_direct") in links
    assert ("zork1-glulx.zip", "download_direct") in links
    assert links["Sols1.zip", "other"] == "Sols1.zip — solution"
    assert ("intfic_clubfloyd_20160401.html", "other") in links
    online = [link.url for link in record.urls if link.kind == "play_online"]
    assert online[0].startswith("https://iplayif.com/?story=https%3A%2F%2Feblong.com%2F")
    assert "https://eblong.com/infocom/visi-zork1/" in online
    assert all("version=" not in link.url for link in record.urls)


@needs_shared
def test_the_real_page_of_2017_is_read_with_its_older_shape() -> None:
    (record,) = _parse((SAMPLES / "ifdb/viewgame-ifiction-bronze-2017-prettyprinted.xml").read_bytes())
    assert (record.identity, record.url) == ("9p8kh3im2j9h2881", "https://ifdb.org/viewgame?id=9p8kh3im2j9h2881")
    assert record.extra["series"] == "fractured fairy tales"
    assert [(link.kind, link.url) for link in record.urls] == [
        ("game_page", "http://inform7.com/learn/eg/bronze/index.html"),
        ("poster", "https://ifdb.org/coverart?id=9p8kh3im2j9h2881"),
    ]
    assert record.warnings == ()


@needs_shared
def test_real_search_results_are_partial_records_and_say_so() -> None:
    body = (SAMPLES / "ifdb/search-xml-deep-space-drifter-2026.xml").read_bytes()
    records = _parse(body)
    assert [(record.identity, record.release_date) for record in records] == [
        ("k82q3libhff6ks8l", "1990"),
        ("q8vfdhwlmhtfh11z", "2006"),
        ("sc59pe9zg3ld8a0l", "1990"),
    ]
    assert [credit.name for credit in records[0].credits] == ["Michael J. Roberts", "Steve McAdams"]
    assert [len(record.urls) for record in records] == [1, 0, 0]
    assert records[2].extra == {"rating_count": 0}
    assert all("partial" in record.warnings[0] for record in records)
    listing = SOURCE.parse_listing(Response(url="https://ifdb.org/search?xml&game&pg=1", status=200, body=body))
    assert [page.key for page in listing.pages] == [record.identity for record in records]
    assert listing.next == ()


def _json_story(**ifdb: Any) -> bytes:
    return json.dumps(
        {
            "colophon": {"originated": "2026-01-02"},
            "identification": {"ifids": ["aaaa-1111", "no ifid!"], "format": "tads3"},
            "bibliographic": {
                "title": "The Owl &amp; I",
                "author": "Ann Poe",
                "language": "en",
                "firstpublished": "2020-01-02",
                "description": "<p>An owl in <i>the</i> tree and the moon is &lt;b&gt; bright for you.</p><p>Fly!</p>",
                "seriesnumber": 2,
                "mood": "x",
            },
            "contacts": [],
            "ifdb": {"tuid": TUID, "pageversion": "7", "tags": [], **ifdb},
        }
    ).encode()


def test_json_reads_like_xml_with_php_s_empty_lists_and_loose_numbers() -> None:
    links = [{"url": "https://a.org/owl.t3", "isGame": True, "format": "tads3"}, {"url": "javascript:x()"}]
    (record,) = _parse(_json_story(averageRating=None, ratingCountAvg="3", downloads={"links": links}))
    assert record.extra["pageversion"] == 7
    assert record.extra["rating_count"] == 3
    assert "average_rating" not in record.extra
    assert record.extra["series_number"] == "2"
    assert [(link.kind, link.url) for link in record.urls] == [("download_direct", "https://a.org/owl.t3")]
    assert record.external_ids[0].value == "AAAA-1111"
    assert record.descriptions[0].text == "An owl in *the* tree and the moon is \\<b> bright for you.\n\nFly!"
    assert list(record.warnings) == [
        "no IFID: no ifid!",
        "unusable address javascript:x()",
        "unread bibliographic mood",
    ]


def test_description_escaped_once_more_is_still_html() -> None:
    story = (
        '<ifindex><story><bibliographic><title>T</title><description>a&amp;lt;br/&amp;gt;b "c"</description>'
        f"</bibliographic><ifdb><tuid>{TUID}</tuid></ifdb></story></ifindex>"
    )
    assert _parse(story.encode())[0].descriptions[0].text == 'a\n\nb "c"'


def test_ratings_and_page_versions_are_no_change_and_neither_is_the_cover_s_version() -> None:
    def hashed(version: int, rating: float) -> str:
        cover = {"url": f"https://ifdb.org/coverart?id={TUID}&version={version}"}
        (record,) = _parse(_json_story(pageversion=version, averageRating=rating, coverart=cover))
        return record.content_hash(SOURCE.volatile)

    assert hashed(1, 2.5) == hashed(2, 3.5)


@pytest.mark.parametrize(
    "body",
    [
        b'<viewgame xmlns="http://ifdb.org/api/xmlns"><errorCode>notFound</errorCode><errorMessage>No</errorMessage></viewgame>',
        b'{"errorCode":"notFound","errorMessage":"No"}',
    ],
)
def test_an_error_document_is_an_error_that_names_its_code(body: bytes) -> None:
    with pytest.raises(ParseError, match="notFound: No") as caught:
        _parse(body)
    assert "errorCode" in caught.value.where


def test_a_page_without_tuid_or_title_is_refused_with_the_selector() -> None:
    with pytest.raises(ParseError) as caught:
        _parse(b"<ifindex><story><bibliographic><title>T</title></bibliographic></story></ifindex>")
    assert caught.value.where == "ifdb tuid"
    with pytest.raises(ParseError) as caught:
        _parse(f"<ifindex><story><ifdb><tuid>{TUID}</tuid></ifdb></story></ifindex>".encode())
    assert caught.value.where == "ifindex story title"


@pytest.mark.parametrize("host", ["ifdb.org", "ifdb.tads.org", "www.ifdb.org"])
def test_a_game_is_located_by_tuid_on_every_host(host: str) -> None:
    (page,) = SOURCE.locate(f"http://{host}/viewgame?id={TUID}&version=3").pages
    assert (page.key, page.url) == (TUID, f"https://ifdb.org/viewgame?id={TUID}")
    assert page.request.url == f"https://ifdb.org/viewgame?ifiction&id={TUID}"


def test_a_game_is_located_by_ifid_through_its_page() -> None:
    (request,) = SOURCE.locate("https://ifdb.org/viewgame?ifid=aaaa-1111").next
    assert request.url == "https://ifdb.org/viewgame?ifiction&ifid=AAAA-1111"
    listing = SOURCE.parse_listing(Response(url=request.url, status=200, body=_json_story()))
    assert [page.key for page in listing.pages] == [TUID]


@pytest.mark.parametrize(
    "url", ["https://ifdb.org/search?x", "https://ifdb.org/viewgame?id=x", "https://a.org/viewgame?id=" + TUID]
)
def test_other_addresses_are_not_owned(url: str) -> None:
    assert not SOURCE.owns(url)
    with pytest.raises(ValueError, match="no address of a game"):
        SOURCE.locate(url)


def test_the_listing_goes_on_while_pages_are_full() -> None:
    (first,) = SOURCE.listing()
    assert first.url == "https://ifdb.org/search?json&game&searchfor=added:2007-&sortby=lold&pg=1"
    full = SOURCE.parse_listing(_search(*map(_tuid, range(98)), _tuid(97), None, url=first.url))
    assert len(full.pages) == 98  # a hidden game repeats the one before it, or is null
    assert [request.url[-4:] for request in full.next] == ["pg=2"]
    assert SOURCE.parse_listing(_search(*map(_tuid, range(99)))).next == ()
    assert SOURCE.parse_listing(_search()).next == ()


def test_a_site_that_repeats_itself_for_ever_is_stopped() -> None:
    with pytest.raises(ParseError, match="repeats itself"):
        SOURCE.parse_listing(_search(*map(_tuid, range(100)), url="https://ifdb.org/search?json&game&pg=1000"))


def test_segments_are_the_first_characters_of_a_tuid_and_the_authors() -> None:
    assert SOURCE.segment_of(TUID) == "a"
    assert len(SOURCE.segments) == 37
    assert {SOURCE.segment_of(char + TUID[1:]) for char in "0129az"} <= set(SOURCE.segment_keys())
    assert SOURCE.segment_of(f"user/{TUID}") == "authors"
