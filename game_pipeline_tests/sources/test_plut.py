"""urq.plut.info: an own page with everything that is known of the format, Cloudflare's cover, the list, the replica."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.demo.world.shelves import SHELVES
from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get

from .games import games_in
from .replica_walk import Walk

SOURCE = get("plut")
PAGE = """<head><link rel="shortlink" href="/node/961" /></head><body class="page-node page-node-961">
<h1 class="title">Сова &amp; маяк</h1><div id="block-system-main"><div id="node-961">
<span property="dc:date dc:created" content="2012-05-06T10:00:00+04:00">Вс, 06/05/2012</span>
<div class="field field-name-body field-type-text-with-summary field-label-hidden"><div class="field-items">
<div class="field-item even"><p>Пишите <a href="/cdn-cgi/l/email-protection#{href}"><span class="__cf_email__"
 data-cfemail="{data}">[email&#160;protected]</span></a>! Есть <a href="http://example.org/review">рецензия</a>.</p>
</div></div></div>
<div class="field"><div class="field-label">Статус:&nbsp;</div><div class="field-items"><a href="/s">демо</a></div>
</div>
<div class="field"><div class="field-label">Платформа:</div><div class="field-items"><a href="/p">URQ</a></div></div>
<div class="field"><div class="field-label">Страна:</div><div class="field-items"><a href="/c">россия</a></div></div>
<div class="field"><div class="field-label">Жанр:</div><div class="field-items"><div class="field-item">сказка</div>
<div class="field-item">юмор</div></div></div>
<div class="field"><div class="field-label">Авторы:</div><div class="field-items"><a href="/author/vera">Вера</a></div>
</div><div class="field"><div class="field-label">Погода:</div><div class="field-items">дождь</div></div>
<div class="field"><div class="field-label">Файлы:</div><div class="field-items"><table><tr><td><span class="file"><img
 class="file-icon" src="/i.png"> <a href="/sites/default/files/owl.zip">owl.zip</a></span></td></tr></table></div></div>
</div></div></body>"""
MAIL = "owl@example.org"


def _cover(key: int, mail: str = MAIL) -> str:
    return bytes([key, *(byte ^ key for byte in mail.encode())]).hex()


def _page(href: int = 7, data: int = 200) -> str:
    return PAGE.replace("{href}", _cover(href)).replace("{data}", _cover(data))


def _parse(page: str, url: str = "http://urq.plut.info/node/961", key: str = "961") -> GameRecord:
    (record,) = games_in(SOURCE, Page(url=url, body=page.encode(), key=key))
    return record


def test_a_page_is_read_in_full() -> None:
    record = _parse(_page())
    assert (record.identity, record.title, record.kind) == ("961", "Сова & маяк", "demo")
    assert (record.url, record.release_date) == ("http://urq.plut.info/node/961", None)
    assert record.extra == {"status": "демо", "added": "2012-05-06"}
    assert [(tag.kind, tag.value) for tag in record.tags] == [
        ("platform", "URQ"),
        ("country", "Россия"),
        ("genre", "сказка"),
        ("genre", "юмор"),
    ]
    assert [(credit.name, credit.url) for credit in record.credits] == [("Вера", "http://urq.plut.info/author/vera")]
    assert record.descriptions[0].text == "Пишите ! Есть [рецензия](http://example.org/review)."
    assert [(link.kind, link.url) for link in record.urls] == [
        ("review", "http://example.org/review"),
        ("download_direct", "http://urq.plut.info/sites/default/files/owl.zip"),
    ]
    assert record.warnings == ("unread field Погода",)


def test_a_covered_mail_address_is_no_change_of_the_page_nor_of_the_record() -> None:
    first, second = _page(1, 2).encode(), _page(254, 3).encode()
    assert first != second
    assert SOURCE.settled(first) == SOURCE.settled(second)
    assert _cover(0) in SOURCE.settled(first).decode()  # the address itself is still there
    assert _parse(first.decode()) == _parse(second.decode())
    assert "protect" not in _parse(first.decode()).to_json()


@given(
    body=st.binary(max_size=200)
    | st.text("0123456789abcdef", max_size=40).map(lambda code: f'data-cfemail="{code}"'.encode())
)
def test_settling_a_page_never_fails_and_settled_pages_stay(body: bytes) -> None:
    settled = SOURCE.settled(body)
    assert SOURCE.settled(settled) == settled
    assert len(settled) == len(body)


def test_a_node_has_one_identity_under_its_alias_and_on_the_old_host() -> None:
    by_alias = _parse(_page(), "http://urq.plut.info/sova-i-mayak", "sova-i-mayak")
    assert (by_alias.identity, by_alias.url) == ("961", "http://urq.plut.info/node/961")
    assert ("game_page", "http://urq.plut.info/sova-i-mayak") in [(link.kind, link.url) for link in by_alias.urls]
    assert SOURCE.identity("https://plut.info/urq/node/961") == "961"
    assert [page.key for page in SOURCE.locate("http://plut.info/urq/sova").pages] == ["sova"]
    assert SOURCE.segment_of("961") == "nodes-0750"
    assert SOURCE.segment_of("sova-i-mayak") == "aliases"
    for url in (
        "http://urq.plut.info/games?page=1",
        "http://urq.plut.info/node",
        "http://urq.plut.info/sites/default/files/a.zip",
        "http://plut.info/blog",
        "http://urq.plut.info/",
    ):
        assert not SOURCE.owns(url)
        with pytest.raises(ValueError, match="no address of a game"):
            SOURCE.locate(url)


def test_a_page_that_does_not_state_its_node_is_known_by_its_alias() -> None:
    bare = _page().replace('rel="shortlink"', "").replace("page-node-961", "").replace('id="node-961"', "")
    record = _parse(bare, "http://urq.plut.info/sova", "sova")
    assert record.identity == "sova"
    assert "number of the node not known, identity made from the alias" in record.warnings


def _list(number: int, *addresses: str) -> Response:
    cells = "".join(
        f'<td class="views-field views-field-title" ><a href="{address}">x</a></td>' for address in addresses
    )
    return Response(f"http://urq.plut.info/games?page={number}", 200, f"<table><tr>{cells}</tr></table>".encode())


def test_the_list_goes_on_until_a_page_names_no_game_and_never_for_ever() -> None:
    listing = SOURCE.parse_listing(_list(0, "/node/7", "/sova", "http://urq.plut.info/node/7"))
    assert [page.key for page in listing.pages] == ["7", "sova"]
    assert [request.url for request in listing.next] == ["http://urq.plut.info/games?page=1"]
    assert SOURCE.parse_listing(_list(1)).next == ()
    with pytest.raises(ParseError, match="the list begins without a game"):
        SOURCE.parse_listing(_list(0))
    with pytest.raises(ParseError, match="repeats itself"):
        SOURCE.parse_listing(_list(500, "/node/7"))


def test_the_replica_is_read_as_the_world_has_it() -> None:
    found = {record.identity: record for page in Walk("plut").records.values() for record in page}
    expected = {("347" if entry.key == "vo-rzhi" else entry.key): entry for entry in SHELVES["plut"]}
    assert set(found) == set(expected)
    for key, entry in expected.items():
        record = found[key]
        assert (record.title, record.extra["added"], record.warnings) == (entry.title, entry.since, ())
        assert tuple(credit.name for credit in record.credits) == entry.authors
        assert record.descriptions[0].text.startswith(entry.text)
