"""VNDB: the one reply that is known by value, blocks of ids, new ids, and the site's markup."""

from __future__ import annotations

import json
from typing import Any

import pytest

from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get

from .games import games_in

SOURCE = get("vndb")

# As its author shortened it: description and tags.
KNOWN = (
    '{"more":false,"results":[{"description":"Our story follows Kanoue Yuuma, ...","developers":[{"id":"p612",'
    '"name":"FAVORITE"}],"id":"v5834","image":{"url":"https://t.vndb.org/cv/77/88277.jpg"},"released":"2011-07-29",'
    '"title":"Irotoridori no Sekai","tags":[{"category":"cont","id":"g2","name":"Fantasy","spoiler":0}]}]}'
)


def _parse(body: str | bytes) -> list[GameRecord]:
    return games_in(
        SOURCE, Page(url="https://api.vndb.org/kana/vn", body=body if isinstance(body, bytes) else body.encode())
    )


def _novel(**facts: Any) -> GameRecord:
    (record,) = _parse(json.dumps({"results": [{"id": "v17", "title": "Owl", **facts}], "more": False}))
    return record


def _ids(*ids: str, more: bool = False) -> Response:
    reply = {"results": [{"id": identity} for identity in ids], "more": more}
    return Response("https://api.vndb.org/kana/vn", 200, json.dumps(reply).encode())


def test_the_known_reply_is_read_in_full() -> None:
    (record,) = _parse(KNOWN)
    assert (record.identity, record.url) == ("v5834", "https://vndb.org/v5834")
    assert (record.title, record.release_date) == ("Irotoridori no Sekai", "2011-07-29")
    assert [(credit.name, credit.role, credit.url) for credit in record.credits] == [
        ("FAVORITE", "developer", "https://vndb.org/p612")
    ]
    assert [(tag.kind, tag.value) for tag in record.tags] == [("theme", "Fantasy")]
    assert [(link.kind, link.url) for link in record.urls] == [("poster", "https://t.vndb.org/cv/77/88277.jpg")]
    assert record.warnings == ()


@pytest.mark.parametrize(
    ("text", "released"), [("2011", "2011"), ("2011-07", "2011-07"), ("TBA", None), ("unknown", None)]
)
def test_dates_are_as_precise_as_they_are_known(text: str, released: str | None) -> None:
    assert _novel(released=text).release_date == released


def test_titles_come_with_their_languages_and_scripts() -> None:
    record = _novel(
        alttitle="梟",
        titles=[{"lang": "ja", "title": "梟", "latin": "Owl"}, {"lang": "zh-Hans", "title": "枭", "latin": "Xiao"}],
        aliases=["Fukurou"],
        languages=["ja", "zh-Hans"],
        olang="ja",
    )
    assert [(alt.title, alt.lang) for alt in record.alt_titles] == [
        ("梟", "ja"),
        ("枭", "zh-Hans"),
        ("Xiao", "zh-Latn"),
        ("Fukurou", None),
    ]
    assert [tag.value for tag in record.tags] == ["ja", "zh-Hans"]


def test_spoilers_and_pictures_not_fit_for_all_are_left_out() -> None:
    record = _novel(
        description="A [b]bold[/b] tale by [url=https://a.org]Ann[/url]. [spoiler]She dies.[/spoiler]",
        image={"url": "https://t.vndb.org/cv/1.jpg", "sexual": 1.7, "violence": 0},
        screenshots=[{"url": "https://t.vndb.org/sf/1.jpg", "sexual": 0.1, "violence": 0}],
        tags=[
            {"name": "Drama", "spoiler": 0, "category": "cont"},
            {"name": "Dead Heroine", "spoiler": 2, "category": "cont"},
            {"name": "A Lie", "spoiler": 0, "lie": True, "category": "cont"},
        ],
    )
    assert record.descriptions[0].text == "A bold tale by Ann."
    assert [link.url for link in record.urls] == ["https://t.vndb.org/sf/1.jpg"]
    assert [tag.value for tag in record.tags] == ["Drama"]


def test_links_tie_a_novel_to_stores() -> None:
    record = _novel(extlinks=[{"url": "https://store.steampowered.com/app/324160/", "label": "Steam", "name": "steam"}])
    assert [(id_.scheme, id_.value) for id_ in record.external_ids] == [("vndb", "v17"), ("steam", "324160")]


def test_the_listing_makes_blocks_up_to_the_highest_id() -> None:
    (request,) = SOURCE.listing()
    body = json.loads(request.body or "")
    assert (request.method, body["reverse"], body["results"]) == ("POST", True, 1)
    listing = SOURCE.parse_listing(_ids("v205"))
    assert [page.key for page in listing.pages] == ["v0-99", "v100-199", "v200-299"]
    assert listing.next == ()
    wanted = ["and", ["id", ">=", "v100"], ["id", "<", "v200"]]
    assert json.loads(listing.pages[1].request.body or "")["filters"] == wanted


def test_the_feed_names_the_blocks_of_new_ids_to_their_end() -> None:
    (first,) = SOURCE.changes_since("v205")
    assert json.loads(first.body or "")["filters"] == ["id", ">", "v205"]
    feed = SOURCE.parse_feed(_ids("v206", "v299", "v300", more=True), "v205")
    assert [(page.key, page.fingerprint) for page in feed.pages] == [("v200-299", "v299"), ("v300-399", "v300")]
    assert feed.cursor == "v300"
    assert json.loads(feed.next[0].body or "")["filters"] == ["id", ">", "v300"]
    assert SOURCE.parse_feed(_ids(), "v300").next == ()
    assert SOURCE.parse_feed(_ids("v9"), None).cursor == "v9"


def test_an_address_leads_to_its_block() -> None:
    (page,) = SOURCE.locate("https://vndb.org/v5834").pages
    assert (page.key, SOURCE.segment_of(page.key)) == ("v5800-5899", "v-005000")
    for url in ("https://vndb.org/p612", "https://vndb.org/v17/chars", "https://a.org/v17"):
        with pytest.raises(ValueError, match="no address of a visual novel"):
            SOURCE.locate(url)


@pytest.mark.parametrize("body", [b"Invalid request", b"{}", b'{"results":[{"id":"p1","title":"x"}]}', b"[]"])
def test_what_is_no_reply_of_the_api_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        _parse(body)
