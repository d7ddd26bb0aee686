"""qsp.org and qsp.su: the entry and the reply that are known, own documents of all formats, the replica."""

from __future__ import annotations

import json
from typing import Any

import pytest

from game_pipeline.demo.world.shelves import SHELVES
from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Request, Response, get
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in
from .replica_walk import Walk

SOURCE = get("qsp")
API = "https://qsp.org/api/v1/games"
OLD = "http://qsp.su/index.php?option=com_sobi2&sobi2Task=sobi2Details&catid=2&sobi2Id=37&Itemid=55"
OLD_PAGE = """<table class="sobi2Details" border="0"><tr><td><h1>Сова &amp; маяк</h1></td></tr>
<tr><td><img src="/images/37.jpg" alt="" class="sobi2DetailsImage" /></td></tr><tr><td>
<span id="sobi2Details_field_author" ><span class="l">Автор:</span> Вера, Глеб</span><br>
<span id="sobi2Details_field_translator"><span class="l">Перевод:</span> Дина</span>
<span id="sobi2Details_field_version"><span class="l">Версия:</span> 1.2</span>
<span id="sobi2Details_field_description" >Ночь <b>тиха</b>, и волна бьёт о берег.</span>
<span id="sobi2Details_field_weather"><span>Погода:</span> дождь</span></td></tr>
<tr><td><h2><a href="/get/37" title="download">Скачать</a></h2><h2><a href="/play/37" title="download">Играть онлайн</a>
</h2>Файл: <a href="http://qsp.su/files/owl.zip">owl.zip</a></td></tr></table>
<table class="sobi2DetailsFooter"><tr><td>Добавлено: 05.06.2009&nbsp;&nbsp;Просмотров: 5</td></tr></table>"""


def _game(**facts: Any) -> dict[str, Any]:
    return {"slug": "7-owl", "name": "Сова", "lang": "ru", "authors": "Вера", **facts}


def _parse(document: Any, url: str = "https://qsp.org/games/7-owl") -> list[GameRecord]:
    return games_in(SOURCE, Page(url=url, body=json.dumps(document).encode()))


def _list(page: int, last: Any, *slugs: str, sort: bool = False, **facts: Any) -> Response:
    games = [
        {"slug": slug, **{name: values[place] for name, values in facts.items()}} for place, slug in enumerate(slugs)
    ]
    order = "&sort=created&order=desc" if sort else ""
    url = f"{API}?per-page=100&page={page}{order}"
    return Response(url, 200, json.dumps({"data": games, "meta": {"last_page": last}}).encode())


@needs_shared
def test_the_real_entry_of_the_old_list_is_read_in_full() -> None:
    body = (SAMPLES / "qsp" / "gamestock2-FRAGMENT.xml").read_bytes()
    (record,) = games_in(SOURCE, Page(url="https://qsp.org/gamestock/gamestock2.php", body=body))
    assert (record.identity, record.title, record.url) == ("455", "Night Shift", "https://qsp.org/games/455")
    assert [(credit.name, credit.role) for credit in record.credits] == [("Mioirel", "author")]
    assert [(tag.kind, tag.value) for tag in record.tags] == [("platform", "QSP"), ("language", "ru")]
    assert [(link.kind, link.url) for link in record.urls] == [
        ("download_direct", "https://qsp.org/gamestock/index2.php?fid=1325"),
        ("poster", "https://qsp.org/images/455_ico.jpg"),
        ("game_page", "https://qsp.org/details/455"),
    ]
    assert record.extra == {"version": "1.12", "size": 3506739, "format": "zip"}
    assert record.warnings == ()


@needs_shared
def test_the_known_reply_of_the_api_is_read_in_full() -> None:
    text = (SAMPLES / "qsp" / "FRAGMENTS.md").read_text(encoding="utf-8")
    (record,) = games_in(SOURCE, Page(url="x", body=text.split("```json")[1].split("```")[0].encode()))
    assert (record.identity, record.url) == ("123", "https://qsp.org/games/123-qsp-igra")
    assert [(credit.name, credit.role) for credit in record.credits] == [
        ("Alice", "author"),
        ("Bob", "author"),
        ("Carol", "translator"),
    ]
    assert [(link.kind, link.url) for link in record.urls] == [
        ("download_direct", "https://qsp.org/games/123-qsp-igra/download"),
        ("poster", "https://qsp.org/storage/games/123/cover.png"),
    ]
    assert (record.release_date, record.extra) == (None, {"version": "1.0", "added": "2021-03-04"})
    assert record.warnings == ()


def test_counts_and_the_last_update_are_kept_and_never_a_change() -> None:
    before, after = (
        _parse({"data": _game(plays_count=count, likes_count=count, updated_at=f"2026-01-0{count}", mood=1)})[0]
        for count in (1, 2)
    )
    assert before.extra["plays"] == 1
    assert before.content_hash(SOURCE.volatile) == after.content_hash(SOURCE.volatile)
    assert before.warnings == ("unread field mood",)


def test_an_entry_of_the_old_list_without_title_or_id_costs_only_itself() -> None:
    def entry(number: str, title: str) -> str:
        return f"<game><id><![CDATA[{number}]]></id><title><![CDATA[{title}]]></title></game>"

    games = entry("1", "Сова") + entry("2", "") + entry("x", "Маяк") + entry("1", "Снова")
    (record,) = games_in(SOURCE, Page(url="x", body=f"<?xml version='1.0'?><game_list>{games}</game_list>".encode()))
    assert [warning.partition(":")[0] for warning in record.warnings] == [
        "game_list game[2] title",
        "game_list game[3] id",
        "game_list game[4] id",
    ]
    with pytest.raises(ParseError, match="no game in the list"):
        games_in(SOURCE, Page(url="x", body=b"<?xml version='1.0'?><game_list/>"))


def test_a_page_of_the_old_site_is_read_in_full() -> None:
    (record,) = games_in(SOURCE, Page(url=OLD, body=OLD_PAGE.encode()))
    assert (record.identity, record.title) == ("sobi2-37", "Сова & маяк")
    assert [(credit.name, credit.role) for credit in record.credits] == [
        ("Вера", "author"),
        ("Глеб", "author"),
        ("Дина", "translator"),
    ]
    assert [(text.lang, text.text) for text in record.descriptions] == [("ru", "Ночь **тиха**, и волна бьёт о берег.")]
    assert [(link.kind, link.url) for link in record.urls] == [
        ("poster", "http://qsp.su/images/37.jpg"),
        ("download_direct", "http://qsp.su/get/37"),
        ("play_online", "http://qsp.su/play/37"),
        ("download_direct", "http://qsp.su/files/owl.zip"),
    ]
    assert record.extra == {"version": "1.2", "added": "2009-06-05"}
    assert record.warnings == ("unread field weather",)
    with pytest.raises(ParseError, match=r"table\.sobi2Details: not on the page"):
        games_in(SOURCE, Page(url=OLD, body=OLD_PAGE.replace("sobi2Details", "details").encode()))


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        ("https://qsp.org/games/123-qsp-igra", "123"),
        ("http://www.qsp.org/games/123/", "123"),
        ("https://qsp.org/api/v1/games/123-qsp-igra", "123"),
        ("https://qsp.org/games/123-qsp-igra/download", "123"),
        ("https://qsp.org/details/123", "123"),
        (OLD, "sobi2-37"),
        ("https://qsp.org/games", None),
        ("https://qsp.org/api/v1/games?page=2", None),
        ("http://qsp.su/index.php?option=com_sobi2&limitstart=10", None),
    ],
)
def test_addresses_name_a_number_or_the_number_of_the_old_site(url: str, identity: str | None) -> None:
    assert SOURCE.identity(url) == identity
    if identity is None:
        with pytest.raises(ValueError, match="no address of a game"):
            SOURCE.locate(url)
    else:
        assert [page.key for page in SOURCE.locate(url).pages] == [identity]


def test_a_game_keeps_its_page_when_its_slug_changes() -> None:
    (before,), (after,) = (SOURCE.locate(f"https://qsp.org/games/7-{slug}").pages for slug in ("owl", "barn-owl"))
    assert before.key == after.key
    assert after.request.url == f"{API}/7-barn-owl"
    assert (SOURCE.segment_of("455"), SOURCE.segment_of("sobi2-455")) == ("games-0400", "old")


def test_the_list_is_walked_to_its_last_page() -> None:
    first = SOURCE.parse_listing(_list(1, 2, "1-one", "2-two", updated_at=["2026-01-01", None]))
    assert [(page.key, page.fingerprint) for page in first.pages] == [("1", "2026-01-01"), ("2", None)]
    assert [request.url for request in first.next] == [f"{API}?per-page=100&page=2"]
    assert SOURCE.parse_listing(_list(2, 2, "3-three")).next == ()
    for response, problem in (
        (_list(1, 501, "1-one"), "501 pages, 500 at most"),
        (_list(1, 2), "page 1 of 2 is empty"),
        (_list(1, None, "1-one"), "no list of games with its last page"),
        (_list(1, 1, "owl"), "no number in 'owl'"),
        (Response(API, 200, b'{"message": "Too Many Attempts."}'), "Too Many Attempts."),
    ):
        with pytest.raises(ParseError, match=problem):
            SOURCE.parse_listing(response)


def test_the_feed_reads_down_to_the_newest_game_seen_before() -> None:
    made = ["2026-03-01", "2026-02-01"]
    first = SOURCE.parse_feed(_list(1, 9, "9-i", "8-h", sort=True, created_at=made), "2026-01-15")
    assert (first.cursor, [page.key for page in first.pages]) == ("2026-03-01", ["9", "8"])
    assert [request.url for request in first.next] == [f"{API}?per-page=100&page=2&sort=created&order=desc"]
    known = ["2026-01-20", "2026-01-15"]
    second = SOURCE.parse_feed(_list(2, 9, "7-g", "6-f", sort=True, created_at=known), "2026-01-15")
    assert (second.cursor, second.next) == (None, ())
    assert SOURCE.parse_feed(_list(1, 9, "9-i", sort=True, created_at=["2026-03-01"]), None).next == ()


def test_a_list_in_another_order_is_read_to_its_end_and_moves_no_cursor() -> None:
    feed = SOURCE.parse_feed(
        _list(1, 2, "1-a", "2-b", sort=True, created_at=["2020-01-01", "2020-01-02"]), "2026-01-01"
    )
    assert feed.cursor is None
    assert len(feed.next) == 1


def test_the_replica_is_read_as_the_world_has_it() -> None:
    found = {record.identity: record for page in Walk("qsp").records.values() for record in page}
    assert set(found) == {entry.key.partition("-")[0] for entry in SHELVES["qsp"]}
    for entry in SHELVES["qsp"]:
        record = found[entry.key.partition("-")[0]]
        assert (record.title, record.extra["added"], record.warnings) == (entry.title, entry.since, ())
        assert tuple(credit.name for credit in record.credits) == entry.authors
        assert [description.text for description in record.descriptions] == [entry.text]
    walk = Walk("qsp")
    everything, cursor = walk.news("2000-01-01")
    assert (set(everything), cursor) == (set(found), "2017-03-30T10:20:30+00:00")
    stock = walk.ask(Request("https://qsp.org/gamestock/gamestock2.php"))
    assert len(games_in(SOURCE, Page(stock.url, stock.body))) == len(found) - 1
    old = SOURCE.locate("http://qsp.su/index.php?option=com_sobi2&sobi2Id=41").pages[0]
    assert games_in(SOURCE, Page(old.url, walk.ask(old.request).body))[0].title == found["41"].title
