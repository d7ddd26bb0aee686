"""instead-games.ru: the real captures one after another, and the quirks of the format on own documents."""

from __future__ import annotations

import pytest

from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, Response, get
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in

SOURCE = get("instead_games")
FOLDER = SAMPLES / "instead_games"
APPROVED = "https://instead-games.ru/xml.php"


def _capture(name: str, key: str = "approved") -> dict[str, GameRecord]:
    body = (FOLDER / name).read_bytes()
    return {record.identity: record for record in games_in(SOURCE, Page(url=APPROVED, body=body, key=key))}


def _document(*games: str) -> bytes:
    return f'<?xml version="1.0"?><game_list version="1.0">{"".join(games)}</game_list>'.encode()


def _game(number: int = 1, **elements: str) -> str:
    facts = {
        "name": "owl",
        "title": "Сова",
        "version": "1.0",
        "url": "http://instead-games.ru//download/owl.zip",
        "lang": "ru",
        "descurl": f"http://instead-games.ru/game.php?ID={number}",
        **elements,
    }
    return f"<game>{''.join(f'<{name}>{value}</{name}>' for name, value in facts.items())}</game>"


def _changes(before: dict[str, GameRecord], after: dict[str, GameRecord]) -> tuple[int, list[str], int]:
    """Added, removed and changed games, on the facets that both captures have anywhere."""
    both = {name for record in before.values() for name in record.facets()}
    both &= {name for record in after.values() for name in record.facets()}

    def hashes(record: GameRecord) -> dict[str, str]:
        return {name: value for name, value in record.field_hashes(SOURCE.volatile).items() if name in both}

    changed = [key for key in before.keys() & after.keys() if hashes(before[key]) != hashes(after[key])]
    return len(after.keys() - before.keys()), sorted(before.keys() - after.keys()), len(changed)


@needs_shared
@pytest.mark.parametrize(
    ("before", "after", "added", "removed", "changed"),
    [
        ("2015-10-14", "2015-10-18", 1, [], 2),
        ("2015-10-18", "2015-11-03", 2, [], 2),
        ("2015-11-03", "2016-02-14", 4, [], 1),
        ("2016-02-14", "2017-12-28", 23, [], 30),
        ("2017-12-28", "2018-01-20", 2, ["23"], 0),
        ("2018-01-20", "2018-02-03", 0, [], 2),
        ("2018-02-03", "2018-04-27", 3, [], 6),
        ("2018-04-27", "2018-09-01", 6, [], 2),
    ],
)
def test_real_captures_differ_by_what_really_changed(
    before: str, after: str, added: int, removed: list[str], changed: int
) -> None:
    assert _changes(_capture(f"xml.php-{before}.xml"), _capture(f"xml.php-{after}.xml")) == (added, removed, changed)


@needs_shared
def test_a_real_game_is_read_in_full() -> None:
    record = _capture("xml.php-2018-09-01.xml")["298"]
    assert (record.title, record.url) == ("Другой Марс", "https://instead-games.ru/game.php?ID=298")
    assert [(credit.name, credit.role) for credit in record.credits] == [("Пётр Косых", "author")]
    assert [(tag.kind, tag.value) for tag in record.tags] == [("system", "INSTEAD"), ("language", "ru")]
    assert [(link.kind, link.url) for link in record.urls] == [
        ("download_direct", "https://instead-games.ru/download/instead-anothermars-1.5.zip"),
        ("poster", "https://instead-games.ru/games/screenshots/20180801112543132.png"),
    ]
    assert record.extra == {"name": "anothermars", "version": "1.5", "uploaded": "2018-08-10", "size": 17234335}
    assert record.release_date is None
    assert record.descriptions[0].lang == "ru"
    assert 'миссии "Mars One"' in record.descriptions[0].text
    assert "\n\n" in record.descriptions[0].text
    assert record.warnings == ()


@needs_shared
def test_every_real_capture_is_read_without_a_game_left_out() -> None:
    counts = {path.name: path.read_bytes().count(b"<game>") for path in FOLDER.glob("xml*.xml")}
    assert {name: len(_capture(name)) for name in counts} == counts


@needs_shared
def test_the_real_sandbox_is_marked() -> None:
    assert all(record.extra["sandbox"] is True for record in _capture("xml2.php-2018-09-01.xml", "sandbox").values())


@needs_shared
def test_a_sibling_s_list_keeps_the_first_of_an_id_and_says_what_it_leaves_out() -> None:
    records = list(_capture("syscall-pool-2015-10-14.xml").values())
    assert len(records) == 16
    assert any("107 again" in warning for warning in records[0].warnings)


def test_scheme_slashes_and_the_downloader_do_not_make_another_address() -> None:
    forms = (
        "http://instead-games.ru/download/a.zip",
        "https://www.instead-games.ru//download/a.zip",
        "instead-games.ru//download/a.zip",
        "http://instead-games.ru/downloader.php?file=a.zip",
    )
    records = [games_in(SOURCE, Page(url=APPROVED, body=_document(_game(url=form))))[0] for form in forms]
    assert {record.urls[0].url for record in records} == {"https://instead-games.ru/download/a.zip"}
    assert len({record.content_hash() for record in records}) == 1


def test_the_mark_of_a_port_becomes_a_tag_and_double_escapes_become_text() -> None:
    title, author = "[URQ] &amp;quot;Сова&amp;quot; &amp;lt;2&amp;gt;", "Аня, Боря; при участии Вики, 2018"
    record = games_in(SOURCE, Page(url=APPROVED, body=_document(_game(title=title, author=author))))[0]
    assert record.title == '"Сова" <2>'
    assert [tag.value for tag in record.tags if tag.kind == "system"] == ["INSTEAD", "URQ"]
    assert record.extra["listed_title"] == '[URQ] "Сова" <2>'
    assert [(credit.name, credit.role) for credit in record.credits] == [
        ("Аня", "author"),
        ("Боря", "author"),
        ("Вики", "contributor"),
    ]


def test_what_the_format_gains_is_reported_as_unread() -> None:
    record = games_in(SOURCE, Page(url=APPROVED, body=_document(_game(accessible="4", mood="серое"))))[0]
    assert record.extra["accessible"] == 4
    assert record.warnings == ("unread element mood",)


def test_a_game_without_id_or_title_costs_only_itself() -> None:
    body = _document(_game(1), _game(2, title=""), _game(3, descurl="http://else.org/"), _game(1))
    (record,) = games_in(SOURCE, Page(url=APPROVED, body=body))
    assert [warning.partition(":")[0] for warning in record.warnings] == [
        "game_list game[2] title",
        "game_list game[3] descurl",
        "game_list game[4] descurl",
    ]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (_document(), "game_list game"),
        (b"", "game_list"),
        (b"<!DOCTYPE html><html></html>", "game_list"),
        (b"<html><body>502</body></html>", "game_list"),
        (b"<rss/>", "game_list"),
        (b"<game_list><game>", "game_list line 1"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><game_list>&b;</game_list>', "game_list"),
        (_document("<game/>"), "game_list game"),
    ],
)
def test_what_is_no_list_is_refused_by_name(body: bytes, where: str) -> None:
    with pytest.raises(ParseError) as caught:
        games_in(SOURCE, Page(url=APPROVED, body=body))
    assert caught.value.where == where


def test_the_lists_are_fixed_pages_and_their_fingerprint_is_their_games() -> None:
    assert [(page.key, page.request.url) for page in SOURCE.fixed_pages()] == [
        ("approved", "https://instead-games.ru/xml.php"),
        ("sandbox", "https://instead-games.ru/xml2.php"),
    ]
    assert list(SOURCE.listing()) == []

    def fingerprint(*games: str) -> str | None:
        return SOURCE.parse_feed(Response(url=APPROVED, status=200, body=_document(*games)), None).pages[0].fingerprint

    assert fingerprint(_game(1), _game(2)) == fingerprint(
        _game(2), _game(1, url="https://instead-games.ru/download/owl.zip")
    )
    assert fingerprint(_game(1)) != fingerprint(_game(1, version="1.1"))


def test_addresses_of_games_are_owned_in_all_their_forms() -> None:
    assert SOURCE.identity("http://www.instead-games.ru//game.php?ID=0384&x=1") == "384"
    assert {page.key for page in SOURCE.locate("https://instead-games.ru/game.php?ID=1").pages} == {
        "approved",
        "sandbox",
    }
    for url in ("https://instead-games.ru/", "https://instead-games.ru/game.php?ID=x", "https://a.org/game.php?ID=1"):
        assert not SOURCE.owns(url)
        with pytest.raises(ValueError, match="no address of a game"):
            SOURCE.locate(url)
