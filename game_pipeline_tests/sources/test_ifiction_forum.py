"""forum.ifiction.ru: an own topic with everything that is known of the format, the section, the feed, the replica."""

from __future__ import annotations

import pytest

from game_pipeline.demo.world.shelves import SHELVES
from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get

from .games import games_in
from .replica_walk import Walk

SOURCE = get("ifiction_forum")
URL = "https://forum.ifiction.ru/viewtopic.php?id=99"
FEED = "https://forum.ifiction.ru/extern.php?action=active&type=rss"
TOPIC = """<h1 class="t"><a href="#"><b><span style="x">Сова &amp; маяк</span></b></a></h1>
<div id="game_authors">Авторы: <a href="profile.php?id=1">Вера</a>, <a href="profile.php?id=2">Глеб</a> и
<a href="profile.php?id=3">Дина</a> &middot; Платформа: <a href="viewforum.php?id=36&list=1">URQ</a> &middot;
Погода: <a href="x">дождь</a></div>
<img src="file.php?poster=9" style="max-width: 320px;" alt="">
<div align="justify" style="font-size:1.2em; margin-top:10px;">
Ночь &laquo;тиха&raquo;,<br />и <b>волна</b> бьёт о берег.</div>
<table><tr><td valign="top" style="border:0; padding:0px 0 0 5px;"><a href="#top"><b>Наверх</b></a>
<a href="./file.php?id=5"><b>Скачать</b></a> <a href="file.php?id=6"><b>Играть онлайн</b></a>
<a href="http://example.org/owl.zip" rel="x"><b>Архив</b></a></td></tr></table>
<div id="screenshots" class="s"><img src="/img/1.png"><img src="/img/2.png"></div>"""


def _parse(topic: str) -> list[GameRecord]:
    return games_in(SOURCE, Page(url=f"{URL}&lid=44", body=topic.encode("windows-1251"), key="99"))


def _feed(*times: int) -> Response:
    items = "".join(
        f"<item><title>Тема</title><link>https://forum.ifiction.ru/viewtopic.php?id={topic}&amp;action=new</link>"
        f"<description>Тема &amp;amp; речь&lt;br /&gt;{URL[:-2]}{topic}&lt;br /&gt;Кто-то&lt;br /&gt;{time}"
        "</description></item>"
        for topic, time in enumerate(times, start=1)
    )
    text = f'<?xml version="1.0" encoding="windows-1251"?><rss version="0.91"><channel>{items}</channel></rss>'
    return Response(FEED, 200, text.encode("windows-1251"))


def test_a_topic_is_read_in_full() -> None:
    (record,) = _parse(TOPIC)
    assert (record.identity, record.title, record.url) == ("99", "Сова & маяк", URL)
    profile = "https://forum.ifiction.ru/profile.php?id="
    assert [(credit.name, credit.role, credit.url) for credit in record.credits] == [
        ("Вера", "author", f"{profile}1"),
        ("Глеб", "author", f"{profile}2"),
        ("Дина", "author", f"{profile}3"),
    ]
    assert [(tag.kind, tag.value) for tag in record.tags] == [("platform", "URQ")]
    assert [(text.lang, text.text) for text in record.descriptions] == [
        ("ru", "Ночь «тиха»,\nи **волна** бьёт о берег.")
    ]
    assert record.warnings == ("unread label Погода",)


def test_the_redirector_has_the_kind_of_what_it_leads_to() -> None:
    (record,) = _parse(TOPIC)
    forum = "https://forum.ifiction.ru/"
    assert [(link.kind, link.url, link.label) for link in record.urls] == [
        ("download_landing", f"{forum}file.php?id=5", "Скачать"),
        ("play_online", f"{forum}file.php?id=6", "Играть онлайн"),
        ("download_direct", "http://example.org/owl.zip", "Архив"),
        ("poster", f"{forum}file.php?poster=9", None),
        ("screenshot", f"{forum}img/1.png", None),
        ("screenshot", f"{forum}img/2.png", None),
    ]


def test_talk_is_no_game_and_an_error_page_is_no_talk() -> None:
    assert _parse("<h1><b><span>Правила</span></b></h1><div class='post'>Не ругаться.</div>") == []
    with pytest.raises(ParseError, match="h1 b span: not on the page"):
        _parse('<div id="msg"><p>Неверный запрос. Ссылка неверна или устарела.</p></div>')


def test_a_topic_has_one_number_in_all_its_addresses() -> None:
    for url in (URL, "http://forum.ifiction.ru/viewtopic.php?lid=7&id=99&action=new#p5", f"{URL}&lid=12"):
        assert SOURCE.identity(url) == "99"
    assert SOURCE.segment_of("5296") == "topics-05000"
    for url in ("https://forum.ifiction.ru/viewtopic.php?pid=9", "https://forum.ifiction.ru/viewforum.php?id=36d"):
        assert not SOURCE.owns(url)
        with pytest.raises(ValueError, match="no address of a topic"):
            SOURCE.locate(url)


def _section(number: int, topics: str, *, last: int = 1) -> Response:
    links = f'<a href="viewforum.php?id=36d&amp;p={last}">{last}</a><a href="viewforum.php?id=7&amp;p=99">99</a>'
    url = "https://forum.ifiction.ru/viewforum.php?id=36d" + (f"&p={number}" if number > 1 else "")
    return Response(url, 200, f"<body>{topics}{links}</body>".encode("windows-1251"))


def test_the_section_of_games_is_walked_to_its_last_page() -> None:
    topics = '<a href="./viewtopic.php?id=5">Сова</a><a href="./viewtopic.php?id=5&amp;lid=3">»</a>'
    first = SOURCE.parse_listing(_section(1, topics, last=3))
    assert [page.key for page in first.pages] == ["5"]
    assert [request.url for request in first.next] == ["https://forum.ifiction.ru/viewforum.php?id=36d&p=2"]
    assert SOURCE.parse_listing(_section(3, topics, last=3)).next == ()
    with pytest.raises(ParseError, match="page 1 of the section of games names no topic"):
        SOURCE.parse_listing(_section(1, ""))


def test_the_feed_names_topics_by_the_time_of_their_last_post() -> None:
    feed = SOURCE.parse_feed(_feed(1_700_000_300, 1_700_000_200, 1_700_000_100), "1700000200")
    assert [(page.key, page.fingerprint) for page in feed.pages] == [("1", "1700000300"), ("2", "1700000200")]
    assert (feed.cursor, feed.next) == ("1700000300", ())


def test_a_feed_that_does_not_reach_back_is_completed_from_the_list() -> None:
    feed = SOURCE.parse_feed(_feed(1_700_000_300, 1_700_000_200), "1600000000")
    assert [request.url for request in feed.next] == ["https://forum.ifiction.ru/viewforum.php?id=36d"]
    rest = SOURCE.parse_feed(_section(1, '<a href="./viewtopic.php?id=5">Сова</a>'), "1600000000")
    assert [(page.key, page.fingerprint, rest.cursor) for page in rest.pages] == [("5", None, None)]
    assert SOURCE.parse_feed(_feed(1_700_000_300), None).next == ()


@pytest.mark.parametrize(
    "body", [b"<rss><channel/></rss>", b"<html/>", b"<rss><channel><item><link>x</link></item></channel></rss>"]
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError, match="rss"):
        SOURCE.parse_feed(Response(FEED, 200, body), None)


def test_the_replica_is_read_as_the_world_has_it() -> None:
    found = {record.identity: record for page in Walk("ifiction_forum").records.values() for record in page}
    assert set(found) == {entry.key for entry in SHELVES["ifiction_forum"]}
    for entry in SHELVES["ifiction_forum"]:
        record = found[entry.key]
        assert (record.title, record.warnings) == (entry.title, ())
        assert tuple(credit.name for credit in record.credits) == entry.authors
        assert [description.text for description in record.descriptions] == [entry.text]
    _, cursor = Walk("ifiction_forum").news(None)
    later, moved = Walk("ifiction_forum", day=3).news(cursor)
    assert int(cursor or 0) < int(moved or 0)
    assert moved in {page.fingerprint for page in later.values()}
