"""quest-book.ru: an own page with everything that is known of the format, the list, and the replica."""

from __future__ import annotations

import pytest

from game_pipeline.demo.world.shelves import SHELVES
from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get

from .games import games_in
from .replica_walk import Walk

SOURCE = get("quest_book")
URL = "https://quest-book.ru/online/view/game5296"
POST = """<div class="card-body"><i class="fal fa-clock"></i> <small>{day} 12:34</small>
<div class="postbody">{text}</div><!--MESSAGE-BODY-END--></div>"""
PAGE = (
    """<head><meta property="og:image" content="/img/1.png"></head><h2 class="mt-1">Сова &amp; маяк</h2><table>
<tr><td class="text-left">Краткое описание</td>
<td class="text-left">Ночь &lt;b&gt; и «море».</td></tr>
<tr><td class="text-left" style="width: 35%">Автор</td><td class="text-left"><a href="/user/7">Вера Т.</a>
<a href="/online/?author=7">все сторигеймы автора</a></td></tr>
<tr><td class="text-left">Категории</td><td><a href="?c=1">Юмор</a>, <a href="?c=2">Сказка</a></td></tr>
<tr><td class="text-left">Погода</td><td class="text-left">дождь</td></tr></table>
<a class="btn btn-primary" href="/online/play/game5296">Играть</a><a class="btn" href="/login">Войти</a>
<a class="btn" href="/online/mitril/download/game5296/pdf/">Скачать</a>"""
    + POST.format(day="Пн Мар 05, 2018", text="Вышла <b>первая</b> глава.<br>Читайте.")
    + POST.format(day="Вт Мар 06, 2018", text="Спасибо!")
)


def _parse(page: str, url: str = URL) -> GameRecord:
    (record,) = games_in(SOURCE, Page(url=url, body=page.encode("windows-1251"), key="game5296"))
    return record


def _list(start: int, body: str) -> Response:
    return Response(f"https://quest-book.ru/online/?s={start}", 200, body.encode("windows-1251"))


def test_a_page_is_read_in_full() -> None:
    record = _parse(PAGE)
    assert (record.identity, record.title, record.release_date) == ("game5296", "Сова & маяк", "2018-03-05")
    assert record.url == URL
    assert record.descriptions[0].text == "Ночь \\<b> и «море».\n\nВышла **первая** глава.\nЧитайте."
    assert [(credit.name, credit.role, credit.url) for credit in record.credits] == [
        ("Вера Т.", "author", "https://quest-book.ru/online/?author=7")
    ]
    assert {(tag.kind, tag.value) for tag in record.tags} == {
        ("platform", "Questbook"),
        ("category", "Юмор"),
        ("category", "Сказка"),
    }
    assert [(link.kind, link.url) for link in record.urls] == [
        ("poster", "https://quest-book.ru/img/1.png"),
        ("play_online", "https://quest-book.ru/online/play/game5296"),
        ("download_direct", "https://quest-book.ru/online/mitril/download/game5296/pdf/"),
    ]
    assert record.warnings == ("unread row Погода",)


@pytest.mark.parametrize(
    ("number", "month"),
    list(enumerate(["Янв", "Фев", "Мар", "Апр", "Май", "Июн", "Июл", "Авг", "Сен", "Окт", "Ноя", "Дек"], start=1)),
)
def test_the_months_of_posts_are_russian(number: int, month: str) -> None:
    assert _parse(PAGE.replace("Мар 05", f"{month} 28")).release_date == f"2018-{number:02}-28"


def test_a_date_that_is_none_is_a_warning_and_a_first_post_without_one_does_not_take_the_next_one_s() -> None:
    warnings = _parse(PAGE.replace("Мар 05", "Мрт 05")).warnings
    assert "release date not understood: 05 Мрт 2018" in warnings
    odd = _parse(PAGE.replace("Мар 05, 2018", "позавчера")).warnings
    assert "date of the first post not understood: Пн позавчера 12:34" in odd
    assert _parse(PAGE.replace("<small>Пн Мар 05, 2018 12:34</small>", "")).release_date is None


def test_an_error_that_comes_with_status_200_is_told_as_the_site_words_it() -> None:
    error = '<div class="card"><h5>Общая ошибка</h5><div class="card-body">Ошибка запроса</div></div>'
    with pytest.raises(ParseError, match="an error: Общая ошибка") as caught:
        _parse(error)
    assert caught.value.where == "div.card"
    with pytest.raises(ParseError, match=r"div\.card"):
        SOURCE.parse_listing(_list(11, error))
    assert SOURCE.parse_listing(_list(11, error + '<a href="view/game9">Общая ошибка</a>')).pages[0].key == "game9"


def test_a_page_without_its_title_names_the_selector() -> None:
    with pytest.raises(ParseError, match=r"h2\.mt-1: not on the page"):
        _parse(PAGE.replace("mt-1", "mt-2"))


def test_the_list_goes_on_until_a_page_names_no_game_and_never_for_ever() -> None:
    game = '<a class="x" href="view/game9">Сова</a> <a href="https://quest-book.ru/online/view/10/">Маяк</a>'
    listing = SOURCE.parse_listing(_list(11, game))
    assert [page.key for page in listing.pages] == ["game9", "10"]
    assert [request.url for request in listing.next] == ["https://quest-book.ru/online/?s=21"]
    assert SOURCE.parse_listing(_list(21, "<p>Пусто</p>")).next == ()
    with pytest.raises(ParseError, match="the list begins without a game"):
        SOURCE.parse_listing(_list(1, "<p>Пусто</p>"))
    with pytest.raises(ParseError, match="repeats itself"):
        SOURCE.parse_listing(_list(20_001, game))


def test_addresses_are_owned_by_their_last_part() -> None:
    assert SOURCE.identity("http://www.quest-book.ru/online/view/game5296/?from=1") == "game5296"
    assert SOURCE.segment_of("game5296") == "games-05000"
    assert SOURCE.segment_of("owl") == "games-00000"
    for url in (
        "https://quest-book.ru/online/?s=1",
        "https://quest-book.ru/online/view/",
        "https://a.org/online/view/1",
    ):
        assert not SOURCE.owns(url)
        with pytest.raises(ValueError, match="no address of a game"):
            SOURCE.locate(url)


def test_the_replica_is_read_as_the_world_has_it() -> None:
    found = {record.identity: record for page in Walk("quest_book").records.values() for record in page}
    assert set(found) == {entry.key for entry in SHELVES["quest_book"]}
    for entry in SHELVES["quest_book"]:
        record = found[entry.key]
        assert (record.title, record.release_date, record.warnings) == (entry.title, entry.since, ())
        assert [credit.name for credit in record.credits] == [", ".join(entry.authors) or "Аноним"]
        assert record.descriptions[0].text.startswith(entry.text)
