"""itch.io: its feeds as third parties describe them, on own documents."""

from __future__ import annotations

import pytest

from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get

from .games import games_in

SOURCE = get("itch")
NEWEST = "https://itch.io/games/newest.xml"


def _item(name: str = "owl", *, published: str = "Mon, 02 Mar 2026 10:00:00 GMT", **elements: str) -> str:
    facts = {
        "guid": f"https://nest.itch.io/{name}",
        "title": "The Owl [Free] [Interactive Fiction] [Windows]",
        "plainTitle": "The Owl",
        "imageurl": "https://img.itch.zone/owl.png",
        "price": "$0.00",
        "currency": "USD",
        "link": f"https://nest.itch.io/{name}",
        "description": "<![CDATA[<p>An owl <b>speaks</b>.</p>]]>",
        "pubDate": published,
        "createDate": "Sun, 01 Mar 2026 10:00:00 GMT",
        "updateDate": "Tue, 03 Mar 2026 10:00:00 GMT",
        "platforms": "<windows>yes</windows><html>yes</html>",
        **elements,
    }
    return f"<item>{''.join(f'<{key}>{value}</{key}>' for key, value in facts.items())}</item>"


def _feed(*items: str) -> bytes:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{"".join(items)}</channel></rss>'.encode()


FULL = _feed(_item(), _item("lark", price="3.00", plainTitle=""))


def _reply(*items: str, url: str = f"{NEWEST}?page=1") -> Response:
    return Response(url, 200, _feed(*items))


def _parse(*items: str) -> list[GameRecord]:
    return games_in(SOURCE, Page(url=NEWEST, body=_feed(*items), key="newest/1"))


def test_an_item_is_read_in_full() -> None:
    (record,) = _parse(_item())
    assert (record.identity, record.url) == ("nest.itch.io/owl", "https://nest.itch.io/owl")
    assert record.title == "The Owl"
    assert [(tag.kind, tag.value) for tag in record.tags] == [
        ("genre", "Interactive Fiction"),
        ("platform", "Windows"),
        ("platform", "Web"),
    ]
    assert record.descriptions[0].text == "An owl **speaks**."
    assert record.extra == {
        "price": 0,
        "currency": "USD",
        "published": "2026-03-02T10:00:00Z",
        "created": "2026-03-01T10:00:00Z",
        "updated": "2026-03-03T10:00:00Z",
    }
    assert record.release_date is None
    assert [(link.kind, link.url) for link in record.urls] == [("poster", "https://img.itch.zone/owl.png")]
    assert record.warnings == ()


def test_a_title_without_its_plain_form_loses_what_follows_in_brackets() -> None:
    (record,) = _parse(_item(plainTitle="", title="[SIC] &amp;amp; Owl [$3.00] [Visual Novel]"))
    assert record.title == "[SIC] & Owl"
    assert [tag.value for tag in record.tags if tag.kind == "genre"] == ["Visual Novel"]


def test_one_game_twice_or_without_address_costs_only_itself() -> None:
    records = _parse(_item(), _item("Owl"), _item("lark", link="https://itch.io/x", guid=""), _item("rook"))
    assert [record.identity for record in records] == ["nest.itch.io/owl", "nest.itch.io/rook"]
    assert records[0].warnings == ("rss channel item[3] link: no address of a game: 'https://itch.io/x', left out",)


@pytest.mark.parametrize("body", [b"", b"<rss/>", b"<html></html>", b"<feed/>"])
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        games_in(SOURCE, Page(url=NEWEST, body=body))


def test_the_listing_goes_on_while_pages_are_full() -> None:
    requests = list(SOURCE.listing())
    assert [request.url for request in requests][:2] == [
        "https://itch.io/games/newest.xml?page=1",
        "https://itch.io/games/newest/tag-interactive-fiction.xml?page=1",
    ]
    full = [_item(f"g{number}") for number in range(36)]
    url = requests[1].url
    listing = SOURCE.parse_listing(_reply(*full, url=url))
    assert [page.key for page in listing.pages] == ["interactive-fiction/1"]
    assert [request.url for request in listing.next] == [url.replace("page=1", "page=2")]
    assert SOURCE.parse_listing(_reply(*full[:35], url=url)).next == ()
    assert SOURCE.parse_listing(_reply(url=url)).pages == ()
    assert SOURCE.parse_listing(_reply(*full, url=url.replace("page=1", "page=50"))).next == ()


def test_a_page_s_fingerprint_moves_with_its_games() -> None:
    def fingerprint(*items: str) -> str | None:
        return SOURCE.parse_listing(_reply(*items)).pages[0].fingerprint

    assert fingerprint(_item(), _item("b")) == fingerprint(_item(price="$9"), _item("b"))
    assert fingerprint(_item(), _item("b")) != fingerprint(_item("b"), _item())
    assert fingerprint(_item()) != fingerprint(_item(updateDate="Wed, 04 Mar 2026 10:00:00 GMT"))


def test_the_feed_goes_back_to_the_newest_game_seen() -> None:
    cursor = "2026-03-02T10:00:00Z"
    newer = [_item(f"g{n}", published=f"Tue, 03 Mar 2026 10:00:{n:02} GMT") for n in range(36)]
    feed = SOURCE.parse_feed(_reply(*newer), cursor)
    assert (feed.cursor, [page.key for page in feed.pages]) == ("2026-03-03T10:00:35Z", ["newest/1"])
    assert [request.url for request in feed.next] == [f"{NEWEST}?page=2"]
    last = SOURCE.parse_feed(_reply(*newer[:35], _item("seen"), url=f"{NEWEST}?page=2"), cursor)
    assert (last.cursor, last.next) == (None, ())
    assert SOURCE.parse_feed(_reply(*newer), None).next == ()


def test_games_are_owned_by_their_authors_hosts() -> None:
    assert SOURCE.identity("https://Nest.itch.io/The-Owl/?x=1") == "nest.itch.io/the-owl"
    for url in ("https://itch.io/games", "https://nest.itch.io/", "https://nest.itch.io/a/b", "https://a.org/owl"):
        assert not SOURCE.owns(url)
        with pytest.raises(ValueError, match="no address of a game"):
            SOURCE.locate(url)
