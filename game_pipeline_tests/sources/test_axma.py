"""axmajs.ru: an own page with everything that is known of the format, the library's list, and the replica."""

from __future__ import annotations

import pytest

from game_pipeline.demo.world.shelves import SHELVES
from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get

from .games import games_in
from .replica_walk import Walk

SOURCE = get("axma")
LIBRARY = "https://axmajs.ru/library/"
PAGE = """<article><h5>Сова &amp; маяк
<span class='version'>v1.2</span><span class='author'>Авторы: Вера, Глеб</span></h5>
<div class='pubinfo small' style='float:left;'>Параграфов:&nbsp;10.</div>
<div class='small' style='float:right;'>01.02.20</div>
<div style='clear:both;'><img class='coverlib' src='/lib/ABC/cover.jpg'></div>
<div class='pubbuttons small'><a href='https://lib.axmajs.ru/ABC/'>Запустить</a>
<a nohr='/include/download_zip.php?id=100'>Скачать</a></div><div style='clear:both;'></div>ru
<div style='margin-top:1em;' class='small'><a href='?tag=1'>Фантастика</a></div>
<div class='subtitle'>Ночь <i>тиха</i>, и волна бьёт о берег.</div></article>"""


def _parse(page: str) -> GameRecord:
    (record,) = games_in(SOURCE, Page(url=f"{LIBRARY}?id=100", body=page.encode()))
    return record


def test_a_page_is_read_in_full() -> None:
    record = _parse(PAGE)
    assert (record.identity, record.title, record.url) == ("100", "Сова & маяк", f"{LIBRARY}?id=100")
    assert [credit.name for credit in record.credits] == ["Вера", "Глеб"]
    assert [(tag.kind, tag.value) for tag in record.tags] == [
        ("platform", "AXMA Story Maker JS"),
        ("language", "ru"),
        ("theme", "Фантастика"),
    ]
    assert [(text.lang, text.text) for text in record.descriptions] == [("ru", "Ночь *тиха*, и волна бьёт о берег.")]
    assert [(link.kind, link.url) for link in record.urls] == [
        ("play_online", "https://lib.axmajs.ru/ABC/"),
        ("download_direct", "https://axmajs.ru/include/download_zip.php?id=100"),
        ("poster", "https://axmajs.ru/lib/ABC/cover.jpg"),
    ]
    assert record.extra == {"version": "v1.2", "added": "2020-02-01", "paragraphs": 10}
    assert (record.release_date, record.warnings) == (None, ())


@pytest.mark.parametrize("selector", ["article", "h5"])
def test_a_page_without_its_frame_or_title_names_the_selector(selector: str) -> None:
    with pytest.raises(ParseError, match=f"{selector}: not on the page"):
        _parse(PAGE.replace(selector, "section"))


def _list(start: int, *numbers: int, talked_of: int = 9) -> Response:
    games = "".join(f"<article><a nohr='/include/download_zip.php?id={number}'>x</a></article>" for number in numbers)
    rest = f"<h3>Последние комментарии</h3><a href='/include/download_zip.php?id={talked_of}'>x</a>"
    return Response(f"{LIBRARY}?from={start}&sort=last", 200, f"<html>{games}{rest}</html>".encode())


def test_the_list_goes_on_by_as_many_games_as_it_named_until_it_names_none() -> None:
    listing = SOURCE.parse_listing(_list(4, 12, 11, 12))
    assert [page.key for page in listing.pages] == ["12", "11"]
    assert [request.url for request in listing.next] == [f"{LIBRARY}?from=6&sort=last"]
    assert SOURCE.parse_listing(_list(6)).next == ()
    with pytest.raises(ParseError, match="the list begins without a game"):
        SOURCE.parse_listing(_list(0))
    with pytest.raises(ParseError, match="repeats itself"):
        SOURCE.parse_listing(_list(20_000, 1))


def test_the_feed_is_the_list_down_to_a_game_seen_before() -> None:
    first = SOURCE.parse_feed(_list(0, 9, 8), "6 5")
    assert ([page.key for page in first.pages], first.cursor) == (["9", "8"], "9 8")
    assert [request.url for request in first.next] == [f"{LIBRARY}?from=2&sort=last"]
    second = SOURCE.parse_feed(_list(2, 7, 5, 4), "6 5")
    assert ([page.key for page in second.pages], second.cursor, second.next) == (["7"], None, ())
    assert SOURCE.parse_feed(_list(0, 9, 8), None).next == ()


def test_addresses_of_games_are_owned() -> None:
    assert SOURCE.identity("http://www.axmajs.ru/library?sort=last&id=100") == "100"
    assert SOURCE.identity("https://axmajs.ru/include/download_zip.php?id=100") == "100"
    for url in (LIBRARY, f"{LIBRARY}?from=20", "https://lib.axmajs.ru/ABC/"):
        assert not SOURCE.owns(url)
        with pytest.raises(ValueError, match="no address of a game"):
            SOURCE.locate(url)


def test_the_replica_is_read_as_the_world_has_it() -> None:
    found = {record.identity: record for page in Walk("axma").records.values() for record in page}
    for entry in SHELVES["axma"]:
        record = found[entry.key]
        assert (record.title, record.extra["added"], record.warnings) == (entry.title, entry.since, ())
        assert tuple(credit.name for credit in record.credits) == entry.authors
