"""ifwiki.ru: own pages with every known construct, and the API's replies, own and real."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in

SOURCE = get("ifwiki_ru")

INFO = """{{Game_Info
|название = Маяк
|автор = [[автор:Вера Т.|Вера]], [[Автор::Глеб]]
|вышла = 05.12.2010
|платформа = URQ, INSTEAD
|язык = русский
|темы = Море, тайна
|тема = Фанфик
|обложка = маяк ночью.jpg
|ширинаобложки = 200
|IFID = aaaa1111-bbbb
|тип = парсерная
|версия = 1.2
|статус = закончена
|написана = 24.01.2009
|Фантастика
|погода = дождь
}}
"""
PAGE = (
    INFO
    + """'''{{PAGENAME}}''' — рассказ про [[Свет и тьма: начало|свет]] и ''море''.
<script>alert(1)</script><br/>Ночь &laquo;тиха&raquo;.
{| class="x"
| ячейка
|}
Перевод: [[переводчик:Дина]]. Голос: [[Диктор:Кто-то]]. Герой — [[персонаж:Смотритель]].
[[Изображение:вид.png|thumb|200px|Вид]]
{{КРИЛ|2010}} {{Goldhumster|2013|приз}} {{Избранная игра}} {{Небылица|1}}
== Пусто ==
== Ссылки ==
* {{Ссылка|на=http://instead-games.ru/game.php?ID=9|1=страница|архив=https://web.archive.org/9}}
* {{РИЛФайл|http://rilarhiv.ru/m.zip}} {{URQStead|https://example.org/play}}
* [[Медиа:m.qst|файл]] [https://example.org/обзор Рецензия] [[ifwiki-en:Lighthouse]]
[[Категория:Игры]] [[Категория:Игры про море]] __NOTOC__ <!-- тайна -->
"""
)


def _reply(text: str, **page: Any) -> bytes:
    facts = {"pageid": 1234, "ns": 0, "title": "Маяк (игра)", **page}
    revision = {"revid": 77, "timestamp": "2026-01-02T03:04:05Z", "slots": {"main": {"content": text}}}
    return json.dumps({"batchcomplete": True, "query": {"pages": [{**facts, "revisions": [revision]}]}}).encode()


def _parse(text: str) -> list[GameRecord]:
    return games_in(SOURCE, Page(url="https://ifwiki.ru/x", body=_reply(text), key="1234"))


def _response(document: Any) -> Response:
    return Response(url="https://ifwiki.ru/api.php", status=200, body=json.dumps(document).encode())


def test_the_infobox_is_read_in_full() -> None:
    (record,) = _parse(PAGE)
    assert (record.identity, record.title, record.release_date) == ("1234", "Маяк", "2010-12-05")
    assert [alt.title for alt in record.alt_titles] == ["Маяк (игра)"]
    assert [(credit.name, credit.role) for credit in record.credits] == [
        ("Вера Т.", "author"),
        ("Глеб", "author"),
        ("Дина", "translator"),
    ]
    tags = {(tag.kind, tag.value) for tag in record.tags}
    assert tags == {
        ("platform", "URQ"),
        ("platform", "INSTEAD"),
        ("language", "ru"),
        ("theme", "Море"),
        ("theme", "тайна"),
        ("theme", "Фанфик"),
        ("theme", "Фантастика"),
        ("type", "парсерная"),
        ("competition", "КРИЛ-2010"),
        ("competition", "Золотой Хомяк 2013"),
        ("award", "Избранная игра"),
        ("character", "Смотритель"),
        ("category", "Игры про море"),
    }
    assert {(external.scheme, external.value) for external in record.external_ids} == {
        ("ifid", "AAAA1111-BBBB"),
        ("ifwiki_en", "Lighthouse"),
        ("ifwiki_ru", "1234"),
    }
    assert record.extra == {
        "credited_as": ["Вера Т. = Вера"],
        "version": "1.2",
        "status": "закончена",
        "written": "2009-01-24",
        "revid": 77,
        "edited": "2026-01-02T03:04:05Z",
    }


def test_the_prose_is_markdown_without_templates_tables_and_link_lists() -> None:
    (record,) = _parse(PAGE)
    assert record.descriptions[0].lang == "ru"
    assert record.descriptions[0].text == (
        "**Маяк (игра)** — рассказ про свет и *море*.\n\nНочь «тиха».\n\n"
        "Перевод: Дина. Голос: Диктор:Кто-то. Герой — Смотритель."
    )


def test_links_keep_their_kind_and_label() -> None:
    (record,) = _parse(PAGE)
    assert [(link.kind, link.label) for link in record.urls] == [
        ("poster", "Обложка"),
        ("screenshot", "Вид"),
        ("other", "страница (архив)"),
        ("game_page", "страница"),
        ("download_direct", "РилАрхив"),
        ("play_online", "URQStead"),
        ("download_direct", "файл"),
        ("review", "Рецензия"),
        ("game_page", "ifwiki.org"),
    ]
    assert record.urls[0].url == "https://ifwiki.ru/files/%D0%9C%D0%B0%D1%8F%D0%BA_%D0%BD%D0%BE%D1%87%D1%8C%D1%8E.jpg"


def test_what_is_unknown_is_a_warning_and_a_title_with_a_colon_is_not() -> None:
    (record,) = _parse(PAGE)
    assert list(record.warnings) == [
        "unread parameter of game info погода",
        "unread link role диктор",
        "unread template небылица",
    ]


@pytest.mark.parametrize("text", ["#REDIRECT [[Маяк]]", "#перенаправление [[Маяк]]", "Просто статья.", ""])
def test_redirects_and_pages_that_are_no_games_give_no_record(text: str) -> None:
    assert _parse(text) == []


def test_a_page_in_the_category_of_games_is_one_without_the_template() -> None:
    (record,) = _parse("Рассказ. [[категория:игры]]")
    assert (record.title, record.descriptions[0].text) == ("Маяк (игра)", "Рассказ.")


def test_authors_without_links_are_split_by_name() -> None:
    (record,) = _parse("{{game info|автор=Аня и Боря}}")
    assert [credit.name for credit in record.credits] == ["Аня", "Боря"]
    (record,) = _parse("{{game info|автор=[[Аня Б.]]}}")
    assert [credit.name for credit in record.credits] == ["Аня Б."]


def test_what_the_template_shows_for_an_author_s_page_is_another_name_and_an_inflected_one_in_a_sentence_is_not() -> (
    None
):
    (record,) = _parse("{{game info|автор=[[автор:Вера Т.|Верона]]}} Игра [[автор:Глеб|Глеба]].")
    assert record.extra["credited_as"] == ["Вера Т. = Верона"]
    assert [credit.name for credit in record.credits] == ["Вера Т.", "Глеб"]


def test_both_format_versions_read_alike() -> None:
    one = {"pageid": 1234, "ns": 0, "title": "Маяк (игра)"}
    revision = {"revid": 77, "timestamp": "2026-01-02T03:04:05Z", "slots": {"main": {"*": PAGE}}}
    old = json.dumps({"query": {"pages": {"1234": {**one, "revisions": [revision]}}}}).encode()
    assert games_in(SOURCE, Page(url="https://ifwiki.ru/x", body=old)) == _parse(PAGE)
    slotless = {"revid": 77, "timestamp": "2026-01-02T03:04:05Z", "*": PAGE}
    oldest = json.dumps({"query": {"pages": {"1234": {**one, "revisions": [slotless]}}}}).encode()
    assert games_in(SOURCE, Page(url="https://ifwiki.ru/x", body=oldest)) == _parse(PAGE)


def test_raw_wikitext_takes_title_and_id_from_where_they_are() -> None:
    url = "https://ifwiki.ru/index.php?title=Маяк_(игра)&action=raw"
    (record,) = games_in(SOURCE, Page(url=url, body=PAGE.encode(), key="1234"))
    assert (record.identity, record.alt_titles[0].title) == ("1234", "Маяк (игра)")
    (unkeyed,) = games_in(SOURCE, Page(url=url, body=PAGE.encode()))
    assert unkeyed.identity == "title:Маяк (игра)"
    assert "page id not known, identity made from the title" in unkeyed.warnings
    assert unkeyed.descriptions == record.descriptions


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"query": {"pages": [{"title": "Нет", "missing": True}]}}, "query.pages[Нет].missing"),
        ({"query": {"pages": {"-1": {"title": "Нет", "missing": ""}}}}, "query.pages[Нет].missing"),
        ({"query": {"pages": {}}}, "query.pages"),
        ({"batchcomplete": True}, "query.pages"),
        ({"error": {"code": "maxlag", "info": "busy"}}, "error"),
    ],
)
def test_missing_pages_and_errors_with_status_200_are_named(document: Any, where: str) -> None:
    with pytest.raises(ParseError) as caught:
        games_in(SOURCE, Page(url="https://ifwiki.ru/x", body=json.dumps(document).encode()))
    assert caught.value.where == where


def test_html_instead_of_a_page_is_refused() -> None:
    with pytest.raises(ParseError, match="HTML"):
        games_in(SOURCE, Page(url="https://ifwiki.ru/x", body=b"<!DOCTYPE html><html>"))


def test_the_category_is_walked_to_its_end() -> None:
    (first,) = SOURCE.listing()
    query = parse_qs(urlsplit(first.url).query)
    assert (query["cmtitle"], query["cmlimit"], query["cmnamespace"]) == (["Категория:Игры"], ["500"], ["0"])
    members = [
        {"pageid": 5, "ns": 0, "title": "А/Б? В"},
        {"pageid": 6, "ns": 14, "title": "Категория:Серии игр"},
    ]
    more = {"cmcontinue": "page|AB|7", "continue": "-||"}
    listing = SOURCE.parse_listing(_response({"continue": more, "query": {"categorymembers": members}}))
    assert [(page.key, page.url) for page in listing.pages] == [("5", "https://ifwiki.ru/%D0%90/%D0%91%3F_%D0%92")]
    following = parse_qs(urlsplit(listing.next[0].url).query)
    assert (following["cmcontinue"], following["continue"]) == (["page|AB|7"], ["-||"])
    assert SOURCE.parse_listing(_response({"query": {"categorymembers": members}})).next == ()


@needs_shared
def test_a_real_category_reply_names_articles_only() -> None:
    body = (SAMPLES / "mediawiki_api/categorymembers-enwiki-physics.json").read_bytes()
    listing = SOURCE.parse_listing(Response(url="https://ifwiki.ru/api.php", status=200, body=body))
    assert [page.key for page in listing.pages][:2] == ["22939", "22688097"]
    assert len(listing.pages) == 9
    assert len(listing.next) == 1


@needs_shared
def test_a_real_change_reply_names_each_edited_article_once_with_its_revision() -> None:
    body = (SAMPLES / "mediawiki_api/recentchanges-enwiki-2019-11-08.json").read_bytes()
    feed = SOURCE.parse_feed(Response(url="https://ifwiki.ru/api.php", status=200, body=body), "2019-11-08T10:00:00Z")
    revisions = {page.key: page.fingerprint for page in feed.pages}
    assert len(feed.pages) == len(revisions) == 23
    assert revisions["156436"] == "925180693"
    assert "186824" not in revisions  # a log row
    assert feed.cursor == "2019-11-08T10:39:10Z"
    assert "rccontinue=20191108103855|1203480232" in feed.next[0].url


@needs_shared
def test_a_real_page_of_another_wiki_is_no_game() -> None:
    body = (SAMPLES / "mediawiki_api/revisions-rvslots-main-fv1-archwiki-greetd.json").read_bytes()
    assert games_in(SOURCE, Page(url="https://ifwiki.ru/Greetd", body=body)) == []


def test_the_feed_overlaps_so_that_nothing_is_skipped() -> None:
    (request,) = SOURCE.changes_since("2026-01-02T03:04:05Z")
    assert "rcend=2026-01-02T02:54:05Z" in request.url
    assert "rcend" not in next(iter(SOURCE.changes_since(None))).url
    feed = SOURCE.parse_feed(_response({"query": {"recentchanges": []}}), "2026-01-02T03:04:05Z")
    assert feed.cursor == "2026-01-02T03:04:05Z"


def test_a_page_is_located_by_title_and_followed_through_its_redirect() -> None:
    (request,) = SOURCE.locate("http://ifwiki.ru/Кто_там?").next
    query = parse_qs(urlsplit(request.url).query)
    assert (query["titles"], query["redirects"]) == (["Кто там"], ["1"])
    answer = {"query": {"redirects": [{}], "pages": [{"pageid": 8, "ns": 0, "title": "Там", "lastrevid": 3}]}}
    (page,) = SOURCE.parse_listing(_response(answer)).pages
    assert (page.key, page.fingerprint) == ("8", "3")
    with pytest.raises(ParseError, match="no page of that title"):
        SOURCE.parse_listing(_response({"query": {"pages": [{"title": "Там", "missing": True}]}}))


@pytest.mark.parametrize(
    ("url", "owned"),
    [
        ("https://ifwiki.ru/Маяк", True),
        ("http://www.ifwiki.ru/%D0%9C%D0%B0%D1%8F%D0%BA", True),
        ("https://ifwiki.ru/В_поисках_магии._Книга_2:_Звезда", True),
        ("https://ifwiki.ru/index.php?title=Маяк", True),
        ("https://ifwiki.ru/?curid=7", True),
        ("https://ifwiki.ru/", False),
        ("https://ifwiki.ru/files/a.zip", False),
        ("https://ifwiki.ru/Категория:Игры", False),
        ("https://ifwiki.ru/Участник:Кто", False),
        ("https://ifwiki.org/Lighthouse", False),
    ],
)
def test_articles_are_owned_and_other_namespaces_are_not(url: str, owned: bool) -> None:
    assert SOURCE.owns(url) is owned


def test_segments_cut_the_page_ids_into_thousands() -> None:
    assert [SOURCE.segment_of(key) for key in ("7", "999", "1000", "31999", "990000")] == [
        "pages-00k",
        "pages-00k",
        "pages-01k",
        "pages-31k",
        "pages-31k",
    ]
    assert SOURCE.segment_keys()[32:] == ("authors",)


def test_a_revision_alone_is_no_change() -> None:
    one, other = (
        games_in(SOURCE, Page(url="https://ifwiki.ru/x", body=_reply(PAGE).replace(b"77", revid)))[0]
        for revid in (b"77", b"78")
    )
    assert one.content_hash(SOURCE.volatile) == other.content_hash(SOURCE.volatile)
