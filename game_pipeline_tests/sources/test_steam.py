"""Steam: a whole captured reply by value, the app list and the quirks of the format on own documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get
from game_pipeline.sources.urls import query_of
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in

SOURCE = get("steam")
LIST = "https://api.steampowered.com/IStoreService/GetAppList/v1/?key={STEAM_KEY}&include_games=1&max_results=50000"

FULL = json.dumps(
    {
        "10": {
            "success": True,
            "data": {
                "type": "dlc",
                "name": "Owl &amp; Lark",
                "steam_appid": 10,
                "fullgame": {"appid": "9", "name": "Owl"},
                "about_the_game": "<p>An <b>owl</b></p>",
                "supported_languages": "English<strong>*</strong>, French<br>audio",
                "platforms": {"windows": True},
                "price_overview": {"currency": "USD", "initial": 999, "final": 499},
                "categories": [{"id": 1, "description": "Multi-player"}, {"id": 62, "description": "x"}],
                "screenshots": [{"path_full": "https://a.org/1.jpg?t=1"}],
                "movies": [{"name": "x", "mp4": {"max": "https://a.org/1.mp4"}}, {"hls_h264": "https://a.org/1.m3u8"}],
                "metacritic": {"score": 80, "url": "https://a.org/owl?x=1"},
                "release_date": {"coming_soon": False, "date": "21 Oct, 2009"},
            },
        }
    }
).encode()


def _parse(body: bytes) -> GameRecord:
    (record,) = games_in(SOURCE, Page(url="https://store.steampowered.com/api/appdetails?appids=1", body=body))
    return record


def _app(**facts: Any) -> GameRecord:
    data = {"type": "game", "name": "Owl", "steam_appid": 10, **facts}
    return _parse(json.dumps({"10": {"success": True, "data": data}}).encode())


def _apps(url: str, *apps: tuple[int, int], more: int = 0) -> Response:
    reply: dict[str, Any] = {"apps": [{"appid": a, "name": "x", "last_modified": m} for a, m in apps]}
    if more:
        reply |= {"have_more_results": True, "last_appid": more}
    return Response(url, 200, json.dumps({"response": reply}).encode())


@needs_shared
def test_a_real_reply_is_read_in_full() -> None:
    record = _parse((SAMPLES / "steam" / "appdetails-40400.json").read_bytes())
    assert (record.identity, record.title, record.kind) == ("40400", "AI War: Fleet Command", "game")
    assert (record.url, record.release_date) == ("https://store.steampowered.com/app/40400", "2009-10-21")
    assert [(credit.name, credit.role) for credit in record.credits] == [
        ("Arcen Games, LLC", "developer"),
        ("Arcen Games, LLC", "publisher"),
    ]
    tags = {kind: [tag.value for tag in record.tags if tag.kind == kind] for kind in ("genre", "mode", "language")}
    assert tags == {
        "genre": ["Indie", "Strategy"],
        "mode": ["Single player", "Multiplayer", "Co-operative"],
        "language": ["en"],
    }
    assert [tag.value for tag in record.tags if tag.kind == "platform"] == ["Windows", "macOS", "Linux"]
    assert record.descriptions[0].lang == "en"
    assert record.descriptions[0].text.startswith('"You are outgunned. You are massively outnumbered.')
    assert "Discord" not in record.descriptions[0].text
    assert not any("?t=" in link.url for link in record.urls)
    assert sum(link.kind == "screenshot" for link in record.urls) == 15
    assert [link.url for link in record.urls if link.kind == "review"] == [
        "https://www.metacritic.com/game/pc/ai-war-fleet-command"
    ]
    facts = ("multiplayer", "price", "currency", "metacritic", "recommendations", "achievements", "online_coop")
    assert [record.extra[key] for key in facts] == [True, 12.99, "CAD", 80, 982, 322, True]
    assert record.extra["dlc"] == ["40403", "40406", "40407", "40408", "238950", "317150"]
    assert record.warnings == ()


@needs_shared
def test_prices_and_counts_are_no_change() -> None:
    body = (SAMPLES / "steam" / "appdetails-40400.json").read_bytes()
    document = json.loads(body)
    document["40400"]["data"]["price_overview"] = {"currency": "USD", "initial": 999, "final": 499}
    document["40400"]["data"]["recommendations"]["total"] += 1
    again = json.dumps(document).replace("?t=1741478931", "?t=1799999999").encode()
    before, after = _parse(body), _parse(again)
    assert before.extra["price"] != after.extra["price"]
    assert before.content_hash(SOURCE.volatile) == after.content_hash(SOURCE.volatile)


@pytest.mark.parametrize(
    ("type_", "kind"), [("game", "game"), ("dlc", "dlc"), ("demo", "demo"), ("music", "soundtrack"), ("mod", "other")]
)
def test_the_kind_is_the_app_s_type(type_: str, kind: str) -> None:
    assert _app(type=type_).kind == kind


@pytest.mark.parametrize(
    ("text", "released"),
    [("21 Oct, 2009", "2009-10-21"), ("Oct 21, 2009", "2009-10-21"), ("Oct 2009", "2009-10"), ("Q3 2011", "2011")],
)
def test_dates_are_read_as_the_store_writes_them(text: str, released: str) -> None:
    assert _app(release_date={"coming_soon": False, "date": text}).release_date == released


def test_a_date_to_come_is_a_plan_and_no_release() -> None:
    record = _app(release_date={"coming_soon": True, "date": "24 Dec, 2027"})
    assert record.release_date is None
    assert (record.extra["coming_soon"], record.extra["release_planned"]) == (True, "24 Dec, 2027")


def test_languages_have_their_tags_and_marks_of_audio_are_none() -> None:
    markup = (
        "English<strong>*</strong>, French, Spanish - Latin America, Portuguese - Brazil, Simplified Chinese, Klingon"
        "<br><strong>*</strong>languages with full audio support"
    )
    record = _app(supported_languages=markup)
    assert [tag.value for tag in record.tags] == ["en", "fr", "es-419", "pt-BR", "zh-Hans"]
    assert record.warnings == ("language not understood: Klingon",)


def test_php_s_empty_lists_are_empty_objects() -> None:
    record = _app(pc_requirements=[], platforms=[], price_overview=[], release_date=[], fullgame=[])
    assert record.release_date is None
    assert record.warnings == ()


def test_the_id_is_the_data_s_and_not_the_key_s() -> None:
    body = json.dumps({"99": {"success": True, "data": {"type": "demo", "name": "Owl", "steam_appid": 10}}})
    assert _parse(body.encode()).identity == "10"


@pytest.mark.parametrize(
    ("body", "where", "problem"),
    [
        (b"null", "appdetails", "asked too often"),
        (b'{"10":{"success":false}}', "appdetails.10.success", "gone"),
        (b'{"10":{"success":true,"data":[]}}', "appdetails.10.data", "missing"),
        (b"[]", "appdetails", "list"),
        (b'{"10":{"success":true,"data":{"name":"x"}}}', "appdetails.10.data.steam_appid", "no id"),
        (b'{"10":{"success":true,"data":{"steam_appid":10}}}', "appdetails.10.data title", "missing"),
    ],
)
def test_what_is_no_app_is_refused_by_name(body: bytes, where: str, problem: str) -> None:
    with pytest.raises(ParseError, match=problem) as caught:
        _parse(body)
    assert caught.value.where == where


def test_an_app_is_located_by_its_addresses() -> None:
    for url in (
        "https://store.steampowered.com/app/40400/AI_War/",
        "http://store.steampowered.com/app/40400",
        "https://store.steampowered.com/agecheck/app/40400/",
        "https://store.steampowered.com/api/appdetails?appids=40400&l=russian",
    ):
        (page,) = SOURCE.locate(url).pages
        assert (page.key, page.url) == ("40400", "https://store.steampowered.com/app/40400")
        assert page.request.url == "https://store.steampowered.com/api/appdetails?appids=40400&cc=us&l=english"
    for url in (
        "https://store.steampowered.com/bundle/1/",
        "https://store.steampowered.com/app/x",
        "https://a.org/app/1",
    ):
        with pytest.raises(ValueError, match="no address of an app"):
            SOURCE.locate(url)


def test_the_listing_goes_on_after_the_last_app_until_there_are_no_more() -> None:
    (first,) = SOURCE.listing()
    assert first.url == f"{LIST}&last_appid=0"
    listing = SOURCE.parse_listing(_apps(first.url, (10, 5), (20, 6), more=20))
    assert [(page.key, page.fingerprint) for page in listing.pages] == [("10", "5"), ("20", "6")]
    (second,) = listing.next
    assert second.url == f"{LIST}&last_appid=20"
    assert SOURCE.parse_listing(_apps(second.url, (30, 7))).next == ()
    with pytest.raises(ParseError, match="does not go on"):
        SOURCE.parse_listing(_apps(second.url, (30, 7), more=20))


def test_the_cursor_is_the_newest_change_of_the_feed_s_first_part() -> None:
    (first,) = SOURCE.changes_since("10000")
    assert first.url == f"{LIST}&last_appid=0&if_modified_since=9400"
    feed = SOURCE.parse_feed(_apps(first.url, (10, 10500), (20, 10400), more=20), "10000")
    assert ([page.key for page in feed.pages], feed.cursor) == (["10", "20"], "10500")
    (second,) = feed.next
    assert second.url == f"{LIST}&last_appid=20&if_modified_since=9400"
    # App 10 may have changed again before this part was read, at 10600 say; the next look must see that.
    assert SOURCE.parse_feed(_apps(second.url, (30, 10700)), "10000").cursor is None
    assert SOURCE.parse_feed(_apps(first.url), "10000").cursor is None


def test_without_a_cursor_the_first_part_fixes_the_place() -> None:
    (request,) = SOURCE.changes_since(None)
    assert request.url == f"{LIST}&last_appid=0"
    feed = SOURCE.parse_feed(_apps(request.url, (10, 5), (20, 9), (30, 7), more=30), None)
    assert (feed.pages, feed.cursor, feed.next) == ((), "9", ())


def test_apps_lie_in_the_segments_of_their_ids() -> None:
    keys = ("10", "49999", "50000", "4999990", "9000000")
    assert [SOURCE.segment_of(key) for key in keys] == [
        "apps-0000000",
        "apps-0000000",
        "apps-0050000",
        "apps-4950000",
        "apps-5000000",
    ]
    assert {SOURCE.segment_of(key) for key in keys} <= set(SOURCE.segment_keys())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"null", 429),
        (b" null\n", 429),
        (b'{"10":{"success":false}}', 404),
        (b'{ "10": { "success": false } }', 404),
        (b'{"10":{"success":true,"data":{"name":"null"}}}', None),
        (b'{"response":{"apps":[]}}', None),
        (b"", None),
    ],
)
def test_what_the_store_says_with_status_200_has_a_status_of_its_own(body: bytes, status: int | None) -> None:
    assert SOURCE.soft_status(body) == status


@given(st.integers(1, 20), st.lists(st.lists(st.integers(0, 200), max_size=4), min_size=1, max_size=20))
def test_the_feed_skips_nothing_that_changes_while_it_is_read(apps: int, touched: list[list[int]]) -> None:
    """The list goes by ids, three a part here, while any app may change between two parts."""
    modified, changes = dict.fromkeys(range(1, apps + 1), 100_000), iter(touched)
    clock = 100_000

    def answer(url: str) -> Response:
        query = query_of(url)
        after, since = int(query["last_appid"]), int(query.get("if_modified_since", "0"))
        found = [(app, at) for app, at in modified.items() if app > after and at >= since]
        return _apps(url, *found[:3], more=found[2][0] if len(found) > 3 else 0)

    cursor = SOURCE.parse_feed(answer(next(iter(SOURCE.changes_since(None))).url), None).cursor
    known = {str(app): str(at) for app, at in modified.items()}  # the listing has all of this
    quiet = False
    for _ in range(6):
        queue, newest = list(SOURCE.changes_since(cursor)), cursor
        quiet = True
        while queue:
            for app in next(changes, ()):
                clock += 1_000  # far more than the feed looks back
                modified[app % apps + 1] = clock
                quiet = False
            feed = SOURCE.parse_feed(answer(queue.pop(0).url), cursor)
            known |= {page.key: page.fingerprint or "" for page in feed.pages}
            newest = feed.cursor or newest
            queue += feed.next
        cursor = newest
    if quiet:
        assert known == {str(app): str(at) for app, at in modified.items()}
