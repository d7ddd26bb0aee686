"""Treaty of Babel documents: the reference tool's own, by value, and the sparse kind."""

from __future__ import annotations

import pytest

from game_pipeline.sources import Page, ParseError, get
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in

SOURCE = get("ifiction")
URL = "https://example.org/story.iFiction"


def _document(inner: str) -> bytes:
    return f'<ifindex xmlns="http://babel.ifarchive.org/protocol/iFiction/"><story>{inner}</story></ifindex>'.encode()


@needs_shared
def test_the_reference_record_is_read_section_by_section() -> None:
    body = (SAMPLES / "ifiction_babel/babel-tool-bronze_expected.iFiction").read_bytes()
    (record,) = games_in(SOURCE, Page(url=URL, body=body))
    assert record.identity == "1810847C-0DC7-44D5-94EF-313A3E7AF257"
    assert (record.title, record.release_date) == ("Bronze", "2006")
    assert [credit.name for credit in record.credits] == ["Emily Short"]
    assert [(tag.kind, tag.value) for tag in record.tags] == [
        ("language", "en"),
        ("genre", "Fairy Tale"),
        ("group", "Inform"),
        ("system", "zcode"),
    ]
    assert record.descriptions[0].lang == "en"
    assert record.descriptions[0].text.count("\n\n") == 5
    assert record.extra["headline"] == "A fractured fairy tale"
    assert record.extra["auxiliary"] == [
        "Bronze Manual.pdf — Manual",
        "map.pdf — Complete (Spoilerful) Map",
        "solution.txt — Walkthrough",
        "Overview.html — Making of...",
    ]
    assert record.extra["releases"] == ["11 2006-05-03 Inform 7 3K27"]
    assert (record.extra["cover_size"], record.extra["zcode_serial"]) == ("960x960", "060503")
    assert record.warnings == ()


@needs_shared
def test_a_sparse_record_has_a_stable_identity_and_says_that_it_is_made() -> None:
    body = (SAMPLES / "ifiction_babel/babel-tool-bronze_sparse.iFiction").read_bytes()
    (one,), (other,) = (games_in(SOURCE, Page(url=URL, body=body)) for _ in range(2))
    assert one == other
    assert one.identity.startswith("sparse-")
    assert any("sparse" in warning for warning in one.warnings)


def test_ifids_are_compared_in_capitals_and_the_rest_is_optional() -> None:
    inner = (
        "<identification><ifid>abcd-0001</ifid><ifid>x</ifid></identification>"
        "<bibliographic><title>T</title><description>a &lt; b</description><mood>x</mood></bibliographic>"
        "<contacts><url>https://a.org/</url></contacts><weather/>"
    )
    (record,) = games_in(SOURCE, Page(url=URL, body=_document(inner)))
    assert record.identity == "ABCD-0001"
    assert record.descriptions[0].text == "a < b"
    assert [(link.kind, link.url) for link in record.urls] == [("game_page", "https://a.org/")]
    assert list(record.warnings) == ["no IFID: x", "unread bibliographic mood", "unread section weather"]


def test_a_story_without_title_is_refused() -> None:
    with pytest.raises(ParseError, match="title: missing"):
        games_in(SOURCE, Page(url=URL, body=_document("<bibliographic/>")))


def test_documents_are_located_and_never_listed() -> None:
    assert SOURCE.owns(URL.lower())
    assert not SOURCE.owns("https://example.org/story.xml")
    assert SOURCE.locate(URL).pages[0].request.url == URL
    assert list(SOURCE.listing()) == []


TWINE = """<!DOCTYPE html><html lang="en"><head><title>Lamp</title><meta name="author" content="Ann Example">
<meta property="ifiction:ifid" content="aaaa-0001"></head><body><p>UUID://BBBB-0002//</p>
<tw-storydata name="The Lamp" creator="Twine" creator-version="2.3.13" format="Harlowe" format-version="3.1.0"
 ifid="CCCC-0003" hidden></tw-storydata></body></html>"""


def test_a_game_in_html_is_known_by_every_ifid_that_it_carries_and_by_its_story() -> None:
    (record,) = games_in(SOURCE, Page(url="https://example.org/lamp.html", body=TWINE.encode()))
    assert (record.identity, record.title) == ("AAAA-0001", "The Lamp")
    assert [(each.scheme, each.value) for each in record.external_ids] == [
        ("ifid", "AAAA-0001"),
        ("ifid", "CCCC-0003"),
        ("ifid", "BBBB-0002"),
    ]
    assert [credit.name for credit in record.credits] == ["Ann Example"]
    assert [(tag.kind, tag.value) for tag in record.tags] == [("language", "en"), ("system", "Twine")]
    assert record.extra == {"generator": "Twine 2.3.13", "story_format": "Harlowe 3.1.0"}


def test_a_page_without_an_ifid_is_no_game() -> None:
    with pytest.raises(ParseError, match="no IFID in the page"):
        games_in(SOURCE, Page(url=URL, body=b"<html><head><title>T</title></head><body>x</body></html>"))
