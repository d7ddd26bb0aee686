"""IFDB's news: the RSS says all where it reaches back to the last look, the search goes on where it does not, and
nothing is skipped or told twice, whatever happened in between."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.demo.replicas import NEW_TUID
from game_pipeline.sources import ParseError, Request, Response, get
from game_pipeline.sources.ifdb_news import REMEMBERED, Place
from game_pipeline.sources.urls import query_of

from .replica_walk import Walk

SOURCE = get("ifdb")
RSS = "https://ifdb.org/allnew-rss"
DAY = 86_400
BEGIN = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def _tuid(number: int) -> str:
    return f"{number:016}"


def _date(second: int) -> str:
    moment = BEGIN + dt.timedelta(seconds=second)
    return f"{moment:%a}, {moment.day} {moment:%b %Y %H:%M:%S} UT"


def _cursor(second: int, *numbers: int) -> str:
    return " ".join([f"{BEGIN + dt.timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}", *map(_tuid, numbers)])


def _item(date: str, title: str, link: str) -> str:
    pieces = {"title": escape(title), "link": escape(link), "pubDate": date, "guid": escape(link)}
    return "<item>\r\n" + "".join(f"<{name}>{text}</{name}>\r\n" for name, text in pieces.items()) + "</item>\r\n"


def _listing(number: int, date: str) -> str:
    return _item(date, f"A new listing for Game & {number} by Ann Poe", f"https://ifdb.org/viewgame?id={_tuid(number)}")


def _review(date: str, number: int = 7) -> str:
    return _item(date, 'Ann Poe reviews "G"', f"https://ifdb.org/viewgame?id={_tuid(number)}&review=")


def _rss(*items: str) -> Response:
    channel = f"<channel><title>New on IFDB</title>{''.join(items)}</channel>"
    body = f'<?xml version="1.0"?>\r\n<rss version="2.0">\n{channel}\n</rss>\n'
    return Response(RSS, 200, body.encode())


def _search(
    *numbers: int, url: str = "https://ifdb.org/search?json&game&searchfor=added:30d-&sortby=lnew&pg=1"
) -> Response:
    games = [{"tuid": _tuid(number), "title": "T"} for number in numbers]
    return Response(url, 200, json.dumps({"games": games}).encode())


def _keys(response: Response, cursor: str | None) -> list[int]:
    return [int(page.key) for page in SOURCE.parse_feed(response, cursor).pages]


# --- The RSS --------------------------------------------------------------------------------------------------------


def test_where_the_rss_reaches_back_it_is_the_only_request() -> None:
    (request,) = SOURCE.changes_since(_cursor(50, 1))
    assert request.url == RSS
    feed = SOURCE.parse_feed(_rss(_review(_date(90)), _listing(2, _date(80)), _review(_date(40))), _cursor(50, 1))
    assert ([page.key for page in feed.pages], feed.next) == ([_tuid(2)], ())
    assert feed.cursor == _cursor(90, 2, 1)
    assert feed.pages[0].request.url == f"https://ifdb.org/viewgame?ifiction&id={_tuid(2)}"


def test_an_item_about_a_game_is_no_listing_of_it() -> None:
    others = [_review(_date(90)), _item(_date(80), "News on G: H", "https://ifdb.org/newslog?newsid=3")]
    feed = SOURCE.parse_feed(_rss(*others, _listing(1, _date(10))), _cursor(50, 1))
    assert (feed.pages, feed.next, feed.cursor) == ((), (), _cursor(90, 1))


def test_where_it_does_not_reach_back_the_search_goes_on_and_keeps_what_the_rss_said() -> None:
    feed = SOURCE.parse_feed(_rss(_review(_date(90)), _review(_date(60))), _cursor(50, 1))
    (search,) = feed.next
    assert feed.cursor is None
    assert search.url.startswith("https://ifdb.org/search?json&game&searchfor=added:30d-&sortby=lnew&pg=1#")
    found = SOURCE.parse_feed(_search(3, 2, 1, url=search.url), _cursor(50, 1))
    assert ([int(page.key) for page in found.pages], found.next) == ([3, 2], ())
    assert found.cursor == _cursor(90, 3, 2, 1)


@pytest.mark.parametrize(
    "items",
    [
        (_review("yesterday"), _review(_date(40))),
        (_review(""), _review(_date(40))),
        (_review("Wed, 1 Jan 2020 00:01:30"), _review(_date(40))),
        (_review(_date(60)), _review(_date(90)), _review(_date(40))),
        (_review(_date(90)), _listing(5, _date(50))),
        (),
    ],
    ids=["no date", "empty date", "no zone", "out of order", "the second of the last look is cut", "empty"],
)
def test_what_is_not_sure_to_reach_back_does_not(items: tuple[str, ...]) -> None:
    feed = SOURCE.parse_feed(_rss(*items), _cursor(50, 1))
    assert feed.cursor is None
    assert [request.url.partition("?")[0] for request in feed.next] == ["https://ifdb.org/search"]


def test_a_listing_is_not_taken_for_an_old_one_because_an_item_was_dated_ahead() -> None:
    ahead = _review(_date(9_000))
    cursor = SOURCE.parse_feed(_rss(ahead, _listing(1, _date(20)), _review(_date(10))), _cursor(15, 1)).cursor
    assert cursor == _cursor(9_000, 1)
    # The next look: what was listed in between is below the item that is still there, with no known listing beside it.
    later = (ahead, _listing(2, _date(80)), _review(_date(60)))
    (search,) = SOURCE.parse_feed(_rss(*later), cursor).next
    found = SOURCE.parse_feed(_search(2, 1, url=search.url), cursor)
    assert ([int(page.key) for page in found.pages], found.next) == ([2], ())
    # From there on the listing is known, and what comes above it is news at once.
    feed = SOURCE.parse_feed(_rss(ahead, _listing(3, _date(90)), _listing(2, _date(80))), found.cursor)
    assert ([int(page.key) for page in feed.pages], feed.next) == ([3], ())


def test_an_item_dated_ahead_and_taken_back_hides_nothing() -> None:
    feed = SOURCE.parse_feed(_rss(_review(_date(80)), _review(_date(60))), _cursor(9_000, 1))
    (search,) = feed.next
    assert SOURCE.parse_feed(_search(1, url=search.url), _cursor(9_000, 1)).cursor == _cursor(80, 1)


def test_a_listing_of_the_second_of_the_last_look_is_told_once() -> None:
    items = [_listing(3, _date(50)), _listing(2, _date(50)), _review(_date(50)), _listing(1, _date(20))]
    feed = SOURCE.parse_feed(_rss(*items), _cursor(50, 2, 1))
    assert [int(page.key) for page in feed.pages] == [3]
    assert _keys(_rss(*items), feed.cursor) == []


def test_a_listing_below_a_known_one_of_its_second_is_not_skipped() -> None:
    items = [_listing(2, _date(50)), _listing(3, _date(50)), _listing(1, _date(20)), _review(_date(10))]
    assert _keys(_rss(*items), f"{_tuid(2)} {_tuid(1)}") == [3]
    assert _keys(_search(2, 3, 1, 0), f"{_tuid(2)} {_tuid(1)}") == [3]


def test_news_of_the_site_itself_stand_on_top_and_hide_nothing() -> None:
    pinned = _item(_date(5), "IFDB site news: Sums", "https://ifdb.org/news?item=4")
    feed = SOURCE.parse_feed(_rss(pinned, _review(_date(90)), _review(_date(60)), _review(_date(40))), _cursor(50, 1))
    assert (feed.next, feed.cursor) == ((), _cursor(90, 1))
    assert SOURCE.parse_feed(_rss(pinned, _review(_date(90)), _review(_date(60))), _cursor(50, 1)).next


def test_a_cursor_of_older_days_has_no_time_and_goes_on() -> None:
    old = f"{_tuid(2)} {_tuid(1)}"
    feed = SOURCE.parse_feed(_rss(_listing(3, _date(90)), _listing(2, _date(60)), _review(_date(40))), old)
    assert ([int(page.key) for page in feed.pages], feed.next) == ([3], ())
    assert feed.cursor == _cursor(90, 3, 2, 1)
    assert SOURCE.parse_feed(_rss(_review(_date(90)), _review(_date(60))), old).next


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"<html><body>Sorry</body></html>", "rss"),
        (b'{"games": []}', "rss"),
        (b"<feed/>", "rss"),
        (b'<rss version="2.0"/>', "rss channel"),
        (_rss(_item(_date(1), "A new listing for G by A", "https://ifdb.org/game/7")).body, "rss channel item link"),
    ],
)
def test_what_is_no_feed_is_refused_with_the_selector(body: bytes, where: str) -> None:
    with pytest.raises(ParseError) as caught:
        SOURCE.parse_feed(Response(RSS, 200, body), None)
    assert caught.value.where == where


# --- The search that goes on ----------------------------------------------------------------------------------------


def test_the_search_looks_further_back_until_it_meets_what_it_knows() -> None:
    (request,) = SOURCE.parse_feed(_rss(_review(_date(90))), _cursor(50, 1)).next
    windows = []
    for _ in range(3):
        windows.append(request.url.partition("searchfor=")[2])
        feed = SOURCE.parse_feed(_search(3, url=request.url), _cursor(50, 1))
        assert feed.cursor == _cursor(90, 3, 1)
        request = feed.next[0] if feed.next else request
    since = "#2020-01-01T00:01:30Z"
    assert windows == [f"added:{window}&sortby=lnew&pg=1{since}" for window in ("30d-", "365d-", "2007-")]
    assert feed.next == ()


def test_without_a_cursor_the_rss_and_one_page_fix_the_place() -> None:
    feed = SOURCE.parse_feed(_rss(_review(_date(90)), _listing(3, _date(80))), None)
    (request,) = feed.next
    found = SOURCE.parse_feed(_search(*range(100), url=request.url), None)
    assert (found.cursor, found.next) == (_cursor(90, *range(REMEMBERED)), ())
    full = _rss(*(_listing(number, _date(90 - number)) for number in range(25)))
    assert SOURCE.parse_feed(full, None).next == ()


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = _cursor(50, 3, 2)
    assert Place.of(cursor).cursor == cursor
    assert Place.of(None).cursor is None
    assert Place.of("not a place").seen == ()


@pytest.mark.parametrize(("crowd", "paths"), [(False, ["/allnew-rss"]), (True, ["/allnew-rss", "/search"])])
def test_the_replica_is_looked_at_by_either_way(crowd: bool, paths: list[str]) -> None:
    _, cursor = Walk("ifdb").news(None)
    later = Walk("ifdb", day=2, switches=["crowd"] if crowd else [])
    named, moved = later.news(cursor)
    assert list(named) == [NEW_TUID]
    assert [request.url.removeprefix("https://ifdb.org").partition("?")[0] for request in later.asked] == paths
    again, same = later.news(moved)
    assert (again, same) == ({}, moved)


# --- Whatever happens between two looks -------------------------------------------------------------------------------


@dataclass
class Site:
    """A made-up IFDB: what was listed and told, in seconds since `BEGIN`. Within a second, its order is any."""

    seed: int
    now: int = 0
    listed: dict[int, int] = field(default_factory=dict)
    others: list[int] = field(default_factory=list)
    site_news: int | None = None
    fault: str = ""

    def list_games(self, count: int) -> None:
        for _ in range(count):
            self.now += count > 1
            self.listed[len(self.listed) + 1] = self.now

    def tell(self, count: int) -> None:
        for _ in range(count):
            self.now += count > 1
            self.others.append(self.now)

    def answer(self, request: Request) -> Response:
        chance = random.Random(self.seed)
        if request.url == RSS:
            found = [(time, chance.random(), _listing(number, _date(time))) for number, time in self._there.items()]
            found += [(time, chance.random(), _review(_date(time))) for time in self.others]
            items = [item for *_, item in sorted(found, reverse=True)]
            if self.site_news is not None:
                pinned = _item(_date(self.site_news), "IFDB site news: Sums", "https://ifdb.org/news?item=4")
                items.insert(0, pinned)
            items = items[:25]
            if self.fault == "shuffled":
                chance.shuffle(items)
            elif self.fault == "undated" and items:
                items[chance.randrange(len(items))] = _review("soon")
            return _rss(*items)
        query = query_of(request.url)
        days = {"30d-": 30, "365d-": 365}.get(query["searchfor"].removeprefix("added:"), 100_000)
        there = {number: time for number, time in self._there.items() if time >= self.now - days * DAY}
        order = sorted(there, key=lambda number: (there[number], chance.random()), reverse=True)
        start = 100 * (int(query["pg"]) - 1)
        reply = _search(*order[start : start + 100], url=request.url)
        return Response(reply.url.partition("#")[0], 200, reply.body, {}, request)

    @property
    def _there(self) -> dict[int, int]:
        return {number: time for number, time in self.listed.items() if time >= 0}

    def take_back(self, number: int) -> None:
        self.listed[number] = -1

    def look(self, cursor: str | None) -> tuple[list[int], str | None, int]:
        """What is named since the cursor, the new cursor, and the number of requests, as `crawl.probe` does it."""
        queue, named, newest, requests = list(SOURCE.changes_since(cursor)), list[int](), cursor, 0
        while queue:
            feed = SOURCE.parse_feed(self.answer(queue.pop(0)), cursor)
            named += [int(page.key) for page in feed.pages]
            newest = feed.cursor or newest
            queue += feed.next
            requests += 1
            assert requests < 50
        return named, newest, requests


# At most three listings share a second and one is taken back between two looks, for the place remembers ten (older
# cursors five); many at once are a second apart.
EVENT = st.tuples(
    st.sampled_from(["list", "list", "tell", "tell", "site news", "take back"]),
    st.sampled_from([1, 1, 1, 2, 26, 130]),
    st.sampled_from([0, 1, 3_600, 3 * DAY, 40 * DAY, 400 * DAY]),
)
INTERVAL = st.tuples(
    st.lists(EVENT, max_size=4), st.sampled_from(["", "", "shuffled", "undated"]), st.sampled_from([False, False, True])
)


@given(
    start=st.integers(6, 30),
    crowd=st.integers(0, 30),
    intervals=st.lists(INTERVAL, max_size=5),
    seed=st.integers(0, 99),
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_no_new_listing_is_skipped_and_none_is_told_twice(
    start: int, crowd: int, intervals: list[tuple[list[tuple[str, int, int]], str, bool]], seed: int
) -> None:
    site = Site(seed)
    site.list_games(start)
    site.tell(crowd)
    _, cursor, _ = site.look(None)
    for events, fault, old_cursor in intervals:
        known = set(site.listed)
        if old_cursor and min(site.listed.values()) >= 0:
            cursor = " ".join(Place.of(cursor).seen[:5])
        taken = False
        for kind, count, gap in events:
            site.now += gap
            if list(site.listed.values()).count(site.now) >= 3:
                site.now += 1
            if kind == "list":
                site.list_games(count)
            elif kind == "tell":
                site.tell(count)
            elif kind == "site news":
                site.site_news = site.now
            elif not taken:
                taken = True
                site.take_back(max(number for number, time in site.listed.items() if time >= 0))
        site.fault = fault
        named, cursor, _ = site.look(cursor)
        new = {number for number, time in site.listed.items() if number not in known and time >= 0}
        assert sorted(set(named)) == sorted(new)
        site.fault = ""
        site.seed += 1


@given(st.lists(st.sampled_from(["list", "tell"]), max_size=20))
def test_a_quiet_site_costs_one_request_a_look(kinds: list[str]) -> None:
    site = Site(0)
    for kind in ["list", *["tell"] * 30, "list"]:
        site.now += 60
        (site.list_games if kind == "list" else site.tell)(1)
    _, cursor, _ = site.look(None)
    for before, kind in pairwise(["tell", *kinds]):
        site.now += 60 if before == "tell" else 7_200
        (site.list_games if kind == "list" else site.tell)(1)
        named, cursor, requests = site.look(cursor)
        assert requests == 1
        assert bool(named) == (kind == "list")
