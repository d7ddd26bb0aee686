"""hyperbook.ru: an own page with everything that is known of the format, the library's list, and the replica."""

from __future__ import annotations

import pytest

from game_pipeline.demo.world.shelves import SHELVES
from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get

from .games import games_in
from .replica_walk import Walk

SOURCE = get("hyperbook")
PAGE = """<a href='lib.php?sort=genre9'>Мистика</a><div class='small'>Меню</div><a href='download.php?id=7'>Чужое</a>
<a href='preview.php?id=123'><h1 title='запустить'>Сова&nbsp;<span class='small' style='color:#999999'>v1</span>&nbsp;
<span class='accent'>→</span></h1></a>
<div style='float: left; width: 50%; margin-bottom:14px; text-align: left;'>Автор: Вера, Глеб Редактор: Дина
Художники: Ева</div><div style='clear:both;'></div>
<div style='float: left; width: 80%; color:#999999;' class='small'>Параграфов: 25.
Размер: <nobr>100 Кб</nobr>. /2.0/</div>
<div style='float: left; width: 20%; text-align:right;' class='small'>01.02.20</div>
<div style='clear:both; text-align:right;' class='small'><a href='file123'><span class='accent'>запустить</span></a> /
<a href='download.php?id=123' target='_blank'>скачать</a></div>
<div class='small'>Ночь <i>тиха</i>, и волна бьёт о берег.</div>
<div class='sortsel'><a href='lib.php?sort=genre1'>Фантастика</a></div>
<p class='small'><span class='accentsmall'>Награды</span><br><img src='medal31-24.png'>Лучшая игра 2020<br></p>
<h3 style='margin-top:2em;'>Комментарии: 5.</h3><div class='small'>Спасибо!</div><a href='file9'>другая</a>"""


def _parse(page: str) -> GameRecord:
    (record,) = games_in(SOURCE, Page(url="https://hyperbook.ru/comments.php?id=123", body=page.encode()))
    return record


def test_a_page_is_read_in_full_and_nothing_beside_the_game() -> None:
    record = _parse(PAGE)
    assert (record.identity, record.title) == ("123", "Сова")
    assert [(credit.name, credit.role) for credit in record.credits] == [
        ("Вера", "author"),
        ("Глеб", "author"),
        ("Дина", "editor"),
        ("Ева", "illustrator"),
    ]
    assert [(tag.kind, tag.value) for tag in record.tags] == [
        ("platform", "AXMA Story Maker"),
        ("genre", "Фантастика"),
        ("award", "Лучшая игра 2020"),
    ]
    assert [text.text for text in record.descriptions] == ["Ночь *тиха*, и волна бьёт о берег."]
    assert [(link.kind, link.url) for link in record.urls] == [
        ("play_online", "https://hyperbook.ru/file123"),
        ("download_direct", "https://hyperbook.ru/download.php?id=123"),
    ]
    assert record.extra == {
        "version": "v1",
        "paragraphs": 25,
        "size_kb": 100,
        "engine_version": "2.0",
        "added": "2020-02-01",
        "comments": 5,
    }
    assert (record.release_date, record.warnings) == (None, ())


def test_a_name_without_a_role_is_the_author_s_and_comments_are_no_change() -> None:
    before, after = (_parse(PAGE.replace("Автор: ", "").replace("и: 5.", f"и: {n}.")) for n in (5, 6))
    assert before.credits[0].name == "Вера"
    assert before.content_hash(SOURCE.volatile) == after.content_hash(SOURCE.volatile)


def test_a_page_without_its_title_names_the_selector() -> None:
    with pytest.raises(ParseError, match=r'h1\[title="запустить"\]: not on the page'):
        _parse(PAGE.replace("запустить'>Сова", "читать'>Сова"))


def test_the_list_goes_on_by_as_many_games_as_it_named_until_it_names_none() -> None:
    def part(start: int, body: str) -> Response:
        return Response(
            f"https://hyperbook.ru/lib.php?sort=time&from={start}", 200, f"<html>{body}<p>x</p></html>".encode()
        )

    games = "<h3><a href='file12'>А</a></h3><h3><a href='file9'>Б</a></h3><h3><a href='news.php'>Новости</a></h3>"
    listing = SOURCE.parse_listing(part(0, games))
    assert [page.url for page in listing.pages] == [f"https://hyperbook.ru/comments.php?id={n}" for n in (12, 9)]
    assert [request.url for request in listing.next] == ["https://hyperbook.ru/lib.php?sort=time&from=2"]
    assert SOURCE.parse_listing(part(2, "")).next == ()
    with pytest.raises(ParseError, match=r'h3 a\[href\^="file"\]'):
        SOURCE.parse_listing(part(0, ""))


def test_addresses_of_games_are_owned() -> None:
    for address in ("comments.php?id=123", "preview.php?id=123", "download.php?id=123", "file123"):
        assert SOURCE.identity(f"http://www.hyperbook.ru/{address}") == "123"
    for url in ("https://hyperbook.ru/lib.php", "https://hyperbook.ru/"):
        assert not SOURCE.owns(url)
        with pytest.raises(ValueError, match="no address of a game"):
            SOURCE.locate(url)


def test_the_replica_is_read_as_the_world_has_it() -> None:
    found = {record.identity: record for page in Walk("hyperbook").records.values() for record in page}
    for entry in SHELVES["hyperbook"]:
        record = found[entry.key]
        assert (record.title, record.extra["added"], record.warnings) == (entry.title, entry.since, ())
        assert tuple(credit.name for credit in record.credits if credit.role == "author") == entry.authors
