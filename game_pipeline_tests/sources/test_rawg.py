"""RAWG: a whole captured document by value, the list and the feed on own replies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Request, Response, get
from game_pipeline.sources.urls import query_of
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in

SOURCE = get("rawg")
API = "https://api.rawg.io/api/games"


def _parse(document: Any) -> list[GameRecord]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return games_in(SOURCE, Page(url=f"{API}/1", body=body))


def _row(number: int, updated: str = "2026-01-01T00:00:00", added: int = 500) -> dict[str, Any]:
    return {"id": number, "slug": f"g{number}", "name": "G", "updated": updated, "added": added}


def _list(url: str, *rows: dict[str, Any], more: bool = False) -> Response:
    follow = f"{API}?key={{RAWG_KEY}}&page=2" if more else None
    reply = {"count": 900, "next": follow, "previous": None, "results": list(rows)}
    return Response(url, 200, json.dumps(reply).encode())


@needs_shared
def test_a_real_document_is_read_in_full() -> None:
    (record,) = _parse((SAMPLES / "rawg" / "games-3498-detail.json").read_bytes())
    assert (record.identity, record.url) == ("3498", "https://rawg.io/games/grand-theft-auto-v")
    assert (record.title, record.release_date) == ("Grand Theft Auto V", "2013-09-17")
    assert [alt.title for alt in record.alt_titles] == ["GTA 5", "GTA V", "GTA5", "GTAV"]
    assert [(credit.name, credit.role) for credit in record.credits] == [
        ("Rockstar North", "developer"),
        ("Rockstar Games", "developer"),
        ("Rockstar Games", "publisher"),
    ]
    tags = {kind: [tag.value for tag in record.tags if tag.kind == kind] for kind in ("genre", "mode", "rating")}
    assert tags == {
        "genre": ["Action", "Adventure"],
        "mode": ["Single player", "Multiplayer", "Co-operative"],
        "rating": ["Mature"],
    }
    assert "Windows" in [tag.value for tag in record.tags if tag.kind == "platform"]
    assert record.descriptions[0].text.startswith("Rockstar Games went bigger")
    assert (record.extra["metacritic"], record.extra["rating"], record.extra["added"]) == (91, 4.47, 18239)
    assert record.extra["stores"] == ["PlayStation Store", "Epic Games", "Steam", "Xbox 360 Store", "Xbox Store"]
    assert record.warnings == ()


def test_addresses_of_stores_carry_ids_where_they_are_given() -> None:
    stores = [
        {"url": "", "store": {"name": "GOG"}},
        {"url": "https://store.steampowered.com/app/271590/", "store": {"name": "Steam"}},
    ]
    (record,) = _parse(_row(1) | {"stores": stores})
    assert [(id_.scheme, id_.value) for id_ in record.external_ids] == [("rawg", "1"), ("steam", "271590")]


def test_a_date_that_is_not_announced_is_none() -> None:
    assert _parse(_row(1) | {"released": "2030-12-31", "tba": True})[0].release_date is None
    assert _parse(_row(1) | {"released": None, "tba": False})[0].release_date is None


def test_of_a_list_every_result_is_a_record() -> None:
    records = _parse({"count": 2, "next": None, "results": [_row(1), _row(2), _row(1)]})
    assert [record.identity for record in records] == ["1", "2"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"detail":"Not found."}', "Not found"),
        (b'{"error":"The API key is not found"}', "key is not found"),
        (b'{"id":"x","slug":"a"}', "no id"),
        (b'{"id":1}', "slug: missing"),
        (b'{"id":1,"slug":"a"}', "title: missing"),
        (b'{"results":{}}', "instead of a list"),
        (b"<html>", "HTML"),
    ],
)
def test_what_is_no_game_is_refused(body: bytes, problem: str) -> None:
    with pytest.raises(ParseError, match=problem):
        _parse(body)


def test_every_request_has_the_key_s_placeholder() -> None:
    requests = [*SOURCE.listing(), *SOURCE.changes_since(None), *SOURCE.locate("https://rawg.io/games/doom").next]
    assert all("?key={RAWG_KEY}" in request.url for request in requests)
    assert "?key={RAWG_KEY}" in SOURCE.locate("https://rawg.io/games/3498").pages[0].request.url


def test_the_listing_ends_where_games_are_kept_by_few() -> None:
    (first,) = SOURCE.listing()
    listing = SOURCE.parse_listing(_list(first.url, _row(1, added=900), _row(2, added=100), more=True))
    assert [(page.key, page.fingerprint) for page in listing.pages] == [
        ("1", "2026-01-01T00:00:00"),
        ("2", "2026-01-01T00:00:00"),
    ]
    (second,) = listing.next
    assert second.url.endswith("&ordering=-added&page_size=40&page=2")
    last = SOURCE.parse_listing(_list(second.url, _row(3, added=100), _row(4, added=99), more=True))
    assert ([page.key for page in last.pages], last.next) == (["3"], ())
    assert SOURCE.parse_listing(_list(second.url, _row(3), more=False)).next == ()


def test_an_address_leads_to_its_page_by_the_slug() -> None:
    (request,) = SOURCE.locate("https://rawg.io/games/grand-theft-auto-v").next
    assert request.url == f"{API}/grand-theft-auto-v?key={{RAWG_KEY}}"
    listing = SOURCE.parse_listing(Response(request.url, 200, json.dumps(_row(3498)).encode()))
    assert [(page.key, page.url) for page in listing.pages] == [("3498", "https://rawg.io/games/g3498")]
    for url in ("https://rawg.io/", "https://rawg.io/developers/valve", "https://a.org/games/doom"):
        with pytest.raises(ValueError, match="no address of a game"):
            SOURCE.locate(url)


def test_the_feed_ends_at_the_newest_change_seen_and_leaves_out_what_few_keep() -> None:
    cursor = "2026-03-02T12:00:00"
    (first,) = SOURCE.changes_since(cursor)
    assert "&ordering=-updated&updated=2026-03-02,2099-12-31&" in first.url
    rows = [_row(1, "2026-03-05T01:00:00.123"), _row(2, "2026-03-04T00:00:00", added=3), _row(3, "2026-03-02T13:00:00")]
    feed = SOURCE.parse_feed(_list(first.url, *rows, more=True), cursor)
    assert ([page.key for page in feed.pages], feed.cursor) == (["1", "3"], "2026-03-05T01:00:00")
    (second,) = feed.next
    last = SOURCE.parse_feed(
        _list(second.url, _row(4, "2026-03-02T11:30:00"), _row(5, "2026-01-01T00:00:00"), more=True), cursor
    )
    assert ([page.key for page in last.pages], last.cursor, last.next) == (["4"], None, ())


def test_without_a_cursor_one_page_fixes_the_place() -> None:
    (request,) = SOURCE.changes_since(None)
    feed = SOURCE.parse_feed(_list(request.url, _row(1, "2026-03-05T01:00:00"), more=True), None)
    assert (feed.cursor, feed.next) == ("2026-03-05T01:00:00", ())


class _Site:
    """The list by `-updated`, a few rows a page, of which some change between two requests."""

    PER_PAGE = 3

    def __init__(self, games: int) -> None:
        self.clock = games
        self.updated = {number: number for number in range(1, games + 1)}

    def touch(self, number: int) -> None:
        self.clock += 1
        self.updated[number % len(self.updated) + 1] = self.clock

    def moment(self, number: int) -> str:
        minutes = self.updated[number]
        return f"2026-03-{1 + minutes // 1440:02}T{minutes // 60 % 24:02}:{minutes % 60:02}:00"

    def answer(self, request: Request) -> Response:
        query = query_of(request.url)
        page, since = int(query["page"]), query.get("updated", "").partition(",")[0]
        found = sorted(self.updated, key=lambda number: self.updated[number], reverse=True)
        found = [number for number in found if self.moment(number)[:10] >= since]
        shown = found[(page - 1) * self.PER_PAGE : page * self.PER_PAGE]
        rows = [_row(number, self.moment(number)) for number in shown]
        return _list(request.url, *rows, more=page * self.PER_PAGE < len(found))


@given(st.integers(1, 30), st.lists(st.lists(st.integers(0, 200), max_size=5), min_size=1, max_size=25))
def test_the_feed_skips_nothing_that_changes_while_it_is_read(games: int, touched: list[list[int]]) -> None:
    site, changes = _Site(games), iter(touched)
    (first,) = SOURCE.changes_since(None)
    cursor = SOURCE.parse_feed(site.answer(first), None).cursor
    known = {str(number): site.moment(number) for number in site.updated}  # the listing has all of this
    for _ in range(4):
        queue, newest = list(SOURCE.changes_since(cursor)), cursor
        while queue:
            for number in next(changes, ()):
                site.touch(number)
            feed = SOURCE.parse_feed(site.answer(queue.pop(0)), cursor)
            known |= {page.key: max(page.fingerprint or "", known[page.key]) for page in feed.pages}
            newest = feed.cursor or newest
            queue += feed.next
        cursor = newest
    for _ in changes:  # what was left to happen does not happen
        pass
    last = list(SOURCE.changes_since(cursor))
    while last:
        feed = SOURCE.parse_feed(site.answer(last.pop(0)), cursor)
        known |= {page.key: page.fingerprint or "" for page in feed.pages}
        last += feed.next
    assert known == {str(number): site.moment(number) for number in site.updated}
