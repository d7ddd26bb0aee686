"""apero.ru: an own page with everything that is known of the format, the catalogue, and the replica."""

from __future__ import annotations

import unicodedata

import pytest

from game_pipeline.demo.world.shelves import SHELVES
from game_pipeline.model import GameRecord, PersonRecord
from game_pipeline.people.personas import page_of
from game_pipeline.sources import Page, ParseError, Response, get
from game_pipeline.sources.urls import normalise_url

from .games import games_in
from .replica_walk import Walk

SOURCE = get("apero")
URL = "https://apero.ru/Текстовые-игры/Ёжик-и-маяк"
CATALOGUE = "https://apero.ru/%D0%A2%D0%B5%D0%BA%D1%81%D1%82%D0%BE%D0%B2%D1%8B%D0%B5-%D0%B8%D0%B3%D1%80%D1%8B/%D0%9A%D0%B0%D1%82%D0%B0%D0%BB%D0%BE%D0%B3/"
PAGE = """<img src="http://apero.ru/public/img/games/{cover}.png" alt="x" itemprop="image" />
<dl><dt>Название:</dt><dd itemprop="name"><div title="x">Ёжик &quot;и&quot; маяк</div></dd>
<dt>Дата:</dt><dd>4 марта<meta itemprop="datePublished" content="2021-03-04"></dd>
<dt>Авторы:</dt><dd><a itemprop="author" href="http://apero.ru/Участники/Вера">Вера</a>,
<a itemprop="author" href="/x">Глеб В.</a></dd>
<dt>Описание:</dt>
<dd><div>Туман <i>и</i> свет.<br>Смотрите <a href="/Правила">правила</a>.</div></dd>
<dt>Погода:</dt><dd>туман</dd></dl>"""


def _parse(page: str, url: str = URL) -> GameRecord:
    (record,) = games_in(SOURCE, Page(url=url, body=page.encode()))
    return record


def test_a_page_is_read_in_full() -> None:
    record = _parse(PAGE.replace("{cover}", "17"))
    assert (record.identity, record.title, record.release_date) == ("Ёжик-и-маяк", 'Ёжик "и" маяк', "2021-03-04")
    assert record.url == normalise_url(URL)
    assert [(credit.name, credit.role, credit.url) for credit in record.credits] == [
        ("Вера", "author", normalise_url("https://apero.ru/Участники/Вера")),
        ("Глеб В.", "author", None),
    ]
    text = record.descriptions[0].text
    assert text == "Туман *и* свет.\nСмотрите [правила](https://apero.ru/%D0%9F%D1%80%D0%B0%D0%B2%D0%B8%D0%BB%D0%B0)."
    assert [(link.kind, link.url) for link in record.urls] == [("poster", "http://apero.ru/public/img/games/17.png")]
    assert record.warnings == ("unread term Погода",)


def test_the_name_that_an_author_is_registered_under_is_another_name_of_theirs() -> None:
    record = _parse(PAGE.replace(">Вера</a>", ">Вера Т.</a>"))
    assert record.credits[0].name == "Вера Т."
    assert record.extra["credited_as"] == ["Вера Т. = Вера"]
    assert "credited_as" not in _parse(PAGE).extra


@pytest.mark.parametrize("attribute", ['href="/Участники"', 'href="https://other.example/Участники/Вера"', ""])
def test_no_address_is_made_up_for_an_author_whose_link_is_no_member_s(attribute: str) -> None:
    record = _parse(PAGE.replace('href="http://apero.ru/Участники/Вера"', attribute))
    assert [(credit.name, credit.url) for credit in record.credits] == [("Вера", None), ("Глеб В.", None)]
    assert "credited_as" not in record.extra


def test_the_cover_that_every_game_has_is_none() -> None:
    assert _parse(PAGE.replace("{cover}", "game")).urls == ()


def test_a_page_without_its_name_names_the_selector() -> None:
    with pytest.raises(ParseError, match=r'dd\[itemprop="name"\]: not on the page'):
        _parse(PAGE.replace('itemprop="name"', ""))


def test_a_slug_is_the_same_however_it_is_written() -> None:
    encoded = normalise_url(URL)
    forms = (URL, encoded, encoded.lower(), unicodedata.normalize("NFD", URL), URL.replace("https://", "http://www."))
    assert {SOURCE.identity(form) for form in forms} == {"Ёжик-и-маяк"}
    assert SOURCE.locate(URL).pages[0].request.url == encoded
    for url in ("https://apero.ru/Текстовые-игры", "https://apero.ru/Текстовые-игры/Каталог", f"{CATALOGUE}2"):
        assert not SOURCE.owns(url)
        with pytest.raises(ValueError, match="no address of a game"):
            SOURCE.locate(url)


def test_segments_are_first_letters() -> None:
    slugs = ("Ёжик", "щука", "Death-Note", "42", "«Я»")
    assert [SOURCE.segment_of(slug) for slug in slugs] == ["letter-yo", "letter-shch", "latin", "other", "other"]


def _catalogue(number: int, items: str, last: int) -> Response:
    pages = "".join(f'<a data-page="{page}">{page}</a>' for page in (1, last))
    return Response(f"{CATALOGUE}{number}", 200, f"<html>{items}<ul>{pages}</ul></html>".encode())


def test_the_catalogue_is_walked_as_far_as_its_pagination_says() -> None:
    item = f'<h2><a href="{URL}">Ёжик</a></h2><div class="tabled-game-block"><a href="/Текстовые-игры/Маяк">x</a></div>'
    first = SOURCE.parse_listing(_catalogue(1, item + '<h2><a href="/Новости">Новости</a></h2>', 2))
    assert [page.key for page in first.pages] == ["Ёжик-и-маяк", "Маяк"]
    assert [request.url for request in first.next] == [f"{CATALOGUE}2"]
    assert SOURCE.parse_listing(_catalogue(2, item, 2)).next == ()
    with pytest.raises(ParseError, match="page 2 of the catalogue names no game"):
        SOURCE.parse_listing(_catalogue(2, "", 2))
    with pytest.raises(ParseError, match="501 pages, 500 at most"):
        SOURCE.parse_listing(_catalogue(1, item, 501))


def test_the_replica_is_read_as_the_world_has_it() -> None:
    found = {record.identity: record for page in Walk("apero").records.values() for record in page}
    assert set(found) == {entry.key for entry in SHELVES["apero"]}
    for entry in SHELVES["apero"]:
        record = found[entry.key]
        assert (record.title, record.release_date, record.warnings) == (entry.title, entry.since, ())
        assert tuple(credit.name for credit in record.credits) == entry.authors
        assert [description.text for description in record.descriptions] == [entry.text]


MEMBER = "https://apero.ru/Участники/Вера_Т."
ABOUT = """<img src="/public/img/members/9.jpg" class="img-circle" /><h1>x</h1>
<dl><dt>О себе:</dt><dd><p>Пишу <i>про</i> море и свет маяков, которые горят по ночам.</p></dd>
<dt>Город:</dt><dd>Пермь</dd></dl>"""


def _member(page: str, url: str = MEMBER) -> PersonRecord:
    (record,) = SOURCE.parse(Page(url=url, body=page.encode()))
    assert isinstance(record, PersonRecord)
    return record


def test_a_member_s_page_says_who_they_are() -> None:
    person = _member(ABOUT)
    assert (person.identity, person.name) == ("Участники/Вера_Т.", "Вера Т.")
    assert person.url == normalise_url(MEMBER)
    assert [(text.lang, text.text) for text in person.about] == [
        ("ru", "Пишу *про* море и свет маяков, которые горят по ночам.")
    ]
    assert [(link.kind, link.url) for link in person.urls] == [
        ("portrait", "https://apero.ru/public/img/members/9.jpg")
    ]
    assert person.warnings == ("unread term Город",)


@pytest.mark.parametrize("left", ["<dl><dt>О себе:</dt><dd>Пишу.</dd></dl>", '<img class="img-circle" src="/9.jpg">'])
def test_one_of_picture_and_text_is_enough_for_a_member_s_page(left: str) -> None:
    assert _member(left).name == "Вера Т."


def test_a_page_with_neither_is_no_member_s() -> None:
    with pytest.raises(ParseError, match=r"img.img-circle, dt \(О себе\) \+ dd: neither is on the page"):
        _member("<h1>Вера</h1><p>Игр: 2</p>")


def test_a_game_and_a_member_of_one_name_are_two_pages() -> None:
    member, game = (
        SOURCE.person_page("https://apero.ru/Участники/Вера"),
        SOURCE.locate("https://apero.ru/Текстовые-игры/Вера"),
    )
    assert member is not None
    assert (member.key, game.pages[0].key) == ("Участники/Вера", "Вера")
    assert (SOURCE.segment_of(member.key), SOURCE.segment_of("Вера")) == ("authors", "letter-v")
    assert SOURCE.locate("https://apero.ru/Участники/Вера").pages == (member,)
    assert SOURCE.person_page("https://apero.ru/Участники") is None


@pytest.mark.parametrize("name", ["%00", "В%00ера", "%0A", ".", "..", "%2e%2e", "%C2%85", "x" * 256, "Ы" * 128])
def test_what_can_be_no_member_s_name_is_no_page(name: str) -> None:
    address = f"https://apero.ru/Участники/{name}"
    assert SOURCE.person_page(address) is None
    record = _parse(PAGE.replace("http://apero.ru/Участники/Вера", address))
    assert record.credits[0].url is None
    assert SOURCE.person_page(f"https://apero.ru/Участники/{'Ы' * 127}") is not None


def test_the_address_that_a_credit_gives_is_that_of_the_member_s_record() -> None:
    credit = _parse(PAGE).credits[0]
    page = SOURCE.person_page(credit.url or "")
    assert page is not None
    assert page_of(_member(ABOUT, page.url).url) == page_of(credit.url)
