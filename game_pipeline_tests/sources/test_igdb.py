"""IGDB: recorded exchanges by value, and the walk over windows of ids and over changes on own replies."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.crawl.keyring import Keyring, token_request
from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Request, Response, get
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in

SOURCE = get("igdb")
FOLDER = SAMPLES / "igdb"
API = "https://api.igdb.com/v4/games"

FULL = json.dumps(
    [
        {
            "id": 7,
            "name": "Owl",
            "url": "https://www.igdb.com/games/owl",
            "game_type": {"id": 0},
            "first_release_date": 1293753600,
            "release_dates": [{"date": 1293753600, "date_format": 2}],
            "involved_companies": [{"id": 1, "company": {"name": "A", "slug": "a"}, "developer": True}],
            "external_games": [
                {"external_game_source": 1, "uid": "10", "url": "https://store.steampowered.com/app/10"}
            ],
            "websites": [{"url": "https://nest.itch.io/owl"}],
            "cover": {"image_id": "co1"},
            "language_supports": [{"language": {"locale": "pt-BR"}}],
            "multiplayer_modes": [{"onlinemax": 8, "campaigncoop": True}],
            "updated_at": 1700000000,
        }
    ]
).encode()


def _parse(games: Any, key: str = "0-99") -> list[GameRecord]:
    body = games if isinstance(games, bytes) else json.dumps(games).encode()
    return games_in(SOURCE, Page(url=f"{API}#{key}", body=body, key=key))


def _game(**facts: Any) -> GameRecord:
    (record,) = _parse([{"id": 7, "name": "Owl", "slug": "owl", **facts}])
    return record


def _recorded(name: str) -> tuple[dict[str, Any], Response]:
    exchange = json.loads((FOLDER / name).read_text())
    reply = exchange["response"]
    headers = {key.lower(): values[0] for key, values in reply["headers"].items()}
    return exchange, Response(exchange["request"]["uri"], reply["status"]["code"], reply["body"].encode(), headers)


def _reply(request: Request, rows: list[dict[str, int]], count: int | None = None) -> Response:
    headers = {"x-count": str(len(rows) if count is None else count)}
    return Response(request.url, 200, json.dumps(rows).encode(), headers, request)


# --- Real captures --------------------------------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize("name", ["games-20240617-200-15.json", "games-20250717-200-2.json"])
def test_a_recorded_game_is_read_in_full(name: str) -> None:
    _, reply = _recorded(name)
    (record,) = _parse(reply.body)
    assert (record.identity, record.url) == ("3340", "https://www.igdb.com/games/paper-mario")
    assert (record.title, record.kind, record.release_date) == ("Paper Mario", "game", "2000-08-11")
    assert {alt.title for alt in record.alt_titles} >= {"Mario Story", "纸片马里奥", "Super Mario RPG 2"}
    assert [credit.name for credit in record.credits] == ["Nintendo", "iQue", "Gradiente", "Intelligent Systems"]
    assert [tag.value for tag in record.tags if tag.kind == "platform"][-1] == "Wii U"
    assert record.extra["series"] == ["Mario", "Paper Mario", "Super Mario"]
    assert (record.extra["multiplayer"], record.extra["max_players"]) == (False, 1)
    posters = [link.url for link in record.urls if link.kind == "poster"]
    assert posters == ["https://images.igdb.com/igdb/image/upload/t_cover_big/co1qda.jpg"]
    assert record.warnings == ()


@needs_shared
def test_between_two_recorded_replies_only_what_changed_differs() -> None:
    """A year apart: two alternative names gone, another artwork, videos asked for in one alone, and new ratings."""
    before, after = (
        _parse(_recorded(name)[1].body)[0] for name in ("games-20240617-200-15.json", "games-20250717-200-2.json")
    )
    old, new = before.field_hashes(SOURCE.volatile), after.field_hashes(SOURCE.volatile)
    assert {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)} == {"alt_titles", "urls.video"}


@needs_shared
def test_a_whole_recorded_reply_of_fifty_games_is_read() -> None:
    records = {record.identity: record for record in _parse((FOLDER / "gamesServerResponse.json").read_bytes())}
    assert len(records) == 50
    assert records["107302"].release_date == "2018-09-29"
    assert [records[key].kind for key in ("238863", "277078", "241463")] == ["dlc", "other", "other"]
    steam = {id_.value for record in records.values() for id_ in record.external_ids if id_.scheme == "steam"}
    assert (len(steam), "864060" in steam) == (31, True)
    unread = [warning for record in records.values() for warning in record.warnings if "unread" in warning]
    assert unread == []


@needs_shared
def test_recorded_ways_of_playing_together_are_added_up() -> None:
    modes = json.loads((FOLDER / "v4-multiplayermode_list.json").read_text())
    found = {mode["id"]: _game(multiplayer_modes=[mode]).extra for mode in modes}
    assert found[4907] == {
        "multiplayer": True,
        "max_players": 4,
        "online_coop_max": 4,
        "campaign_coop": True,
        "online_coop": True,
    }
    assert found[8632] == {"multiplayer": True, "max_players": 2, "offline_max": 2, "offline_coop": True}
    assert found[8678] == {"offline_max": 1}
    assert found[34] == {}
    together = _game(multiplayer_modes=modes).extra
    assert (together["max_players"], together["online_max"], together["offline_max"]) == (4, 4, 2)


@needs_shared
def test_a_recorded_token_is_understood_and_a_recorded_request_for_it_asks_as_ours_does() -> None:
    exchange, reply = _recorded("twitch-token-20250717-200-1.json")
    assert SOURCE.token
    assert exchange["request"]["uri"].startswith(f"{SOURCE.token.url}?")
    asked = parse_qs(urlsplit(exchange["request"]["uri"]).query)
    ours = parse_qs(token_request(SOURCE.token).body or "")
    assert asked.keys() == ours.keys()
    assert asked["grant_type"] == ours["grant_type"]
    keys = Keyring({"IGDB_CLIENT_ID": "a-client-of-a-test"}, {"IGDB_TOKEN": SOURCE.token.hosts}, SOURCE.token)
    keys.keep_token(reply.body)
    assert keys.hide("Bearer " + json.loads(reply.body)["access_token"]) == "Bearer {IGDB_TOKEN}"


@needs_shared
def test_the_recorded_refusal_is_told_in_the_site_s_words() -> None:
    _, reply = _recorded("games-20240909-401-4.json")
    assert reply.status == 401
    with pytest.raises(ParseError, match="Authorization Failure"):
        _parse(reply.body)


@needs_shared
def test_the_count_header_of_a_recorded_reply_ends_the_feed() -> None:
    _, reply = _recorded("games-20250717-200-2.json")
    assert reply.headers["x-count"] == "1"
    (request,) = SOURCE.changes_since("900000000")
    row = [{"id": 3340, "updated_at": 1752000000}]
    feed = SOURCE.parse_feed(Response(API, 200, json.dumps(row).encode(), reply.headers, request), "900000000")
    assert (feed.cursor, feed.next) == ("1752000000", ())


# --- A game ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date_format", "released"),
    [(0, "2010-12-31"), (1, "2010-12"), (2, "2010"), (5, "2010"), (7, None), ({"id": 2, "format": "YYYY"}, "2010")],
)
def test_a_date_is_as_precise_as_its_release_says(date_format: Any, released: str | None) -> None:
    moment = 1293753600  # the last day of 2010, which also stands for the whole year
    record = _game(first_release_date=moment, release_dates=[{"id": 1, "date": moment, "date_format": date_format}])
    assert record.release_date == released
    assert _game(first_release_date=moment).release_date == "2010-12-31"


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"game_type": 0}, "game"),
        ({"category": 1}, "dlc"),
        ({"game_type": {"id": 9, "type": "Remaster"}}, "edition"),
        ({"game_type": 3}, "other"),
        ({"game_type": 99}, "other"),
        ({"game_type": 0, "version_parent": 5}, "edition"),
    ],
)
def test_the_kind_is_read_of_the_field_of_either_year(facts: dict[str, Any], kind: str) -> None:
    assert _game(**facts).kind == kind


def test_ids_of_stores_come_of_both_tables_and_of_either_name_of_the_field() -> None:
    record = _game(
        external_games=[
            {"external_game_source": 1, "uid": "40400"},
            {"category": 5, "uid": "1207658930", "url": "https://www.gog.com/game/owl"},
            {"external_game_source": 26, "uid": "a1b2", "url": "https://store.epicgames.com/en-US/p/owl-1"},
        ],
        websites=[
            {"type": 13, "url": "https://store.steampowered.com/app/999/Another"},
            {"type": 15, "url": "https://nest.itch.io/owl"},
        ],
    )
    assert [(id_.scheme, id_.value) for id_ in record.external_ids] == [
        ("igdb", "7"),
        ("steam", "40400"),
        ("gog", "1207658930"),
        ("epic", "owl-1"),
        ("itch", "nest.itch.io/owl"),
    ]


def test_languages_lose_the_country_that_only_names_the_default() -> None:
    locales = ("en-US", "ru-RU", "pt-BR", "zh-CN", "en-GB", "xx")
    record = _game(language_supports=[{"id": n, "language": {"locale": code}} for n, code in enumerate(locales)])
    assert [tag.value for tag in record.tags if tag.kind == "language"] == ["en", "ru", "pt-BR", "zh-Hans"]


def test_companies_are_credited_for_what_they_did_in_a_stable_order() -> None:
    rows = [
        {"id": 2, "company": {"name": "B", "slug": "b"}, "publisher": True, "developer": True},
        {"id": 1, "company": {"name": "A"}, "porting": True, "developer": False},
        {"id": 3, "company": 55},
    ]
    one, other = _game(involved_companies=rows), _game(involved_companies=rows[::-1])
    assert [(credit.name, credit.role) for credit in one.credits] == [
        ("A", "porting"),
        ("B", "developer"),
        ("B", "publisher"),
    ]
    assert one.content_hash() == other.content_hash()
    assert one.warnings == ("company 55 without a name",)


def test_what_the_format_gains_is_reported_and_one_bad_game_costs_only_itself() -> None:
    (record,) = _parse([{"id": 1}, {"id": 7, "name": "Owl", "slug": "owl", "mood": 3}, {"name": "x"}])
    assert record.warnings[0] == "unread field mood"
    assert [warning.partition(":")[0] for warning in record.warnings[1:]] == ["games[0].url", "games[2].id"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "empty"),
        (b"<html></html>", "HTML"),
        (b'[{"title":"Syntax Error","status":400,"cause":"Missing `;`"}]', "refused: Syntax Error"),
        (b'{"message":"Too Many Requests"}', "Too Many Requests"),
        (b"[{}]", "no id"),
    ],
)
def test_what_are_no_games_is_refused(body: bytes, problem: str) -> None:
    with pytest.raises(ParseError, match=problem):
        _parse(body)


def test_a_block_all_of_whose_games_are_gone_has_no_record() -> None:
    assert _parse([]) == []


# --- The walks ------------------------------------------------------------------------------------------------------


def test_every_request_carries_placeholders_and_no_key() -> None:
    (request,) = SOURCE.listing()
    assert (request.method, request.conditional) == ("POST", False)
    assert dict(request.headers)["Authorization"] == "Bearer {IGDB_TOKEN}"
    assert dict(request.headers)["Client-ID"] == "{IGDB_CLIENT_ID}"
    assert SOURCE.token
    assert SOURCE.token.name == "IGDB_TOKEN"


def test_the_listing_walks_windows_up_to_the_highest_id() -> None:
    (first,) = SOURCE.listing()
    windows = SOURCE.parse_listing(_reply(first, [{"id": 1203}], count=900)).next
    assert [re.findall(r"id >= (\d+) & id < (\d+)", request.body or "")[0] for request in windows] == [
        ("0", "500"),
        ("500", "1000"),
        ("1000", "1500"),
    ]
    rows = [{"id": 501, "updated_at": 10}, {"id": 520, "updated_at": 30}, {"id": 999, "updated_at": 20}]
    listing = SOURCE.parse_listing(_reply(windows[1], rows))
    assert [(page.key, page.fingerprint) for page in listing.pages] == [("500-599", "30"), ("900-999", "20")]
    assert listing.next == ()
    assert "where id >= 500 & id < 600;" in (listing.pages[0].request.body or "")
    assert SOURCE.parse_listing(_reply(windows[2], [])).pages == ()


def test_a_window_that_was_cut_short_is_no_listing() -> None:
    (first,) = SOURCE.listing()
    (window,) = SOURCE.parse_listing(_reply(first, [{"id": 3}])).next
    with pytest.raises(ParseError, match="9 games in a window that gave 1"):
        SOURCE.parse_listing(_reply(window, [{"id": 1, "updated_at": 1}], count=9))
    with pytest.raises(ParseError, match="ids outside of"):
        SOURCE.parse_listing(_reply(window, [{"id": 501, "updated_at": 1}]))


def test_an_address_leads_to_its_block_by_the_slug() -> None:
    (request,) = SOURCE.locate("https://www.igdb.com/games/paper-mario/").next
    assert 'where slug = "paper-mario"' in (request.body or "")
    listing = SOURCE.parse_listing(_reply(request, [{"id": 3340, "updated_at": 5}]))
    assert [page.key for page in listing.pages] == ["3300-3399"]
    with pytest.raises(ParseError, match="no game of that address"):
        SOURCE.parse_listing(_reply(request, []))
    for url in ("https://www.igdb.com/games/a%22%3B", "https://www.igdb.com/", "https://a.org/games/owl"):
        assert not SOURCE.owns(url)
        with pytest.raises(ValueError, match="no address of a game"):
            SOURCE.locate(url)


def test_blocks_lie_in_the_segments_of_their_ids() -> None:
    keys = ("0-99", "4900-4999", "5000-5099", "499900-499999", "700000-700099")
    assert [SOURCE.segment_of(key) for key in keys] == [
        "ids-000000",
        "ids-000000",
        "ids-005000",
        "ids-495000",
        "ids-500000",
    ]
    assert {SOURCE.segment_of(key) for key in keys} <= set(SOURCE.segment_keys())


class _Site:
    """The endpoint's answers to the requests of the feed, over a set of (id, updated_at)."""

    LIMIT = 3  # of the replies, so that a handful of games shows what hundreds would

    def __init__(self, rows: set[tuple[int, int]]) -> None:
        self.rows = rows

    def answer(self, request: Request) -> Response:
        body = request.body or ""
        if ties := re.search(r"updated_at = (\d+) & id > (\d+)", body):
            found = sorted(row for row in self.rows if row[1] == int(ties[1]) and row[0] > int(ties[2]))
        else:
            since = re.search(r"updated_at (>=?) (\d+)", body)
            assert since
            least = int(since[2]) + (since[1] == ">")
            found = sorted((row for row in self.rows if row[1] >= least), key=lambda row: (row[1], -row[0]))
        rows = [{"id": identity, "updated_at": moment} for identity, moment in found[: self.LIMIT]]
        return _reply(request, rows, count=len(found))


def _walk(site: _Site, cursor: str) -> tuple[set[str], str]:
    queue, newest = list(SOURCE.changes_since(cursor)), cursor
    keys: set[str] = set()
    for _ in range(300):
        if not queue:
            return keys, newest
        feed = SOURCE.parse_feed(site.answer(queue.pop(0)), cursor)
        keys |= {page.key for page in feed.pages}
        newest = feed.cursor or newest
        queue += feed.next
    raise AssertionError("the feed does not end")


@given(
    st.lists(st.tuples(st.integers(1, 900), st.integers(1, 12)), min_size=1, max_size=12),
    st.integers(0, 5),
)
def test_the_feed_never_skips_however_many_games_share_a_moment(groups: list[tuple[int, int]], since: int) -> None:
    rows = {(number * 100 + moment * 100_000, moment) for moment, size in groups for number in range(1, size + 1)}
    keys, newest = _walk(_Site(rows), str(since))
    wanted = {identity for identity, moment in rows if moment >= since}
    assert keys == {f"{identity}-{identity + 99}" for identity in wanted}
    assert newest == str(max([since, *(moment for _, moment in rows)]))


def test_without_a_cursor_one_row_fixes_the_place() -> None:
    (request,) = SOURCE.changes_since(None)
    feed = SOURCE.parse_feed(_reply(request, [{"id": 9, "updated_at": 77}], count=350_000), None)
    assert (feed.cursor, feed.next) == ("77", ())
