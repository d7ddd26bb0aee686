"""rilarhiv.ru: the five rows of the live pages that are known, own rows with what else may come, and the replica."""

from __future__ import annotations

import pytest

from game_pipeline.demo.world.shelves import SHELVES
from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, get
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in
from .replica_walk import Walk

SOURCE = get("rilarhiv")
MENU = '<div id="bl-left"><p><b><a href="qsp.htm">QSP</a></b></p></div>'


def _page(rows: str, name: str = "qsp") -> list[GameRecord]:
    body = f'<html><body>{MENU}<div id="bl-right">{rows}</div></body></html>'
    return games_in(
        SOURCE, Page(f"http://rilarhiv.ru/{name}.htm", body.encode("windows-1251", "xmlcharrefreplace"), name)
    )


def _row(said: str, rest: str = "", target: str = "qsp/owl.rar") -> GameRecord:
    (record,) = _page(f'<P><b><a href="{target}">{said}</a></b> {rest}</P>')
    return record


@needs_shared
def test_the_real_rows_are_read_in_full() -> None:
    rows = (SAMPLES / "rilarhiv" / "FRAGMENTS.md").read_text(encoding="utf-8").split("```html")[1].split("```")[0]
    found = {record.identity: record for record in _page(rows, "spectrum")}
    assert list(found) == [
        "spectrum#qsp%2FBattle.rar",
        "spectrum#vneplatform%2FVoprosi.zip",
        "spectrum#http%3A%2F%2Fnarmiel.github.io%2FUrqW%2F%23support",
        "spectrum#spectrum%2FAPOLLO.rar",
        "spectrum#rinform%2FTangleR.rar",
    ]
    read = [
        (
            record.title,
            [credit.name for credit in record.credits],
            record.release_date,
            [(link.kind, link.url) for link in record.urls],
            record.extra,
        )
        for record in found.values()
    ]
    files = "http://rilarhiv.ru/"
    assert read == [
        ("Битва колдунов", ["Lostas 21"], None, [("download_direct", f"{files}qsp/Battle.rar")], {"size_kb": 21}),
        (
            "Вопросы",
            ["Ілля Feelviy Васильев"],
            None,
            [
                ("download_direct", f"{files}vneplatform/Voprosi.zip"),
                ("play_online", "https://writer.inklestudios.com/stories/rhcb"),
            ],
            {"size_kb": 3},
        ),
        ("Драконий остров", ["Шушкарт"], None, [("other", "http://narmiel.github.io/UrqW/")], {}),
        ("APOLLO", ["Jokersoft"], "1996", [("download_direct", f"{files}spectrum/APOLLO.rar")], {"size_kb": 63}),
        (
            "Spider And Web",
            ["Andrew Plotkin"],
            "1998",
            [("download_direct", f"{files}rinform/TangleR.rar")],
            {"size_kb": 151, "remarks": ["перевод Всеволода Зубарева, 2009 г."]},
        ),
    ]
    assert [tag.value for tag in found["spectrum#vneplatform%2FVoprosi.zip"].tags] == ["ZX Spectrum", "Inklewriter"]
    assert all(record.warnings == () for record in found.values())


def test_a_row_keeps_what_it_says_whatever_the_order() -> None:
    record = _row('"Сова"\nВера и Глеб, (2007) (демо)', "<b>[QSP, AeroQSP]</b> (1,5 Мбайт) - с музыкой")
    assert [credit.name for credit in record.credits] == ["Вера", "Глеб"]
    assert record.release_date == "2007"
    assert [tag.value for tag in record.tags] == ["QSP", "AeroQSP"]
    assert record.extra == {"size_kb": 1536, "remarks": ["демо", "с музыкой"]}
    assert _row("Сова без кавычек").title == "Сова без кавычек"
    assert _row("«Сова»", target="./qsp/\r\nowl.rar").identity == "qsp#qsp%2Fowl.rar"


def test_the_menu_is_no_game_and_a_target_listed_twice_is_one() -> None:
    row = '<P><a href="qsp/a.rar">"А"</a></P>'
    (record,) = _page(row + '<p><a href="urq.htm">URQ</a></p>' + row + '<p><a href="qsp/b.rar"></a></p>')
    assert record.title == "А"
    assert record.warnings == ("qsp.htm p[3] a: 'qsp/a.rar' again, the first one stays",)


def test_a_list_without_a_row_is_a_difference_of_layout() -> None:
    with pytest.raises(ParseError, match="p a: no game in the list"):
        _page("<div><a href='qsp/a.rar'>А</a></div>")


@pytest.mark.parametrize(
    "url",
    [
        "http://rilarhiv.ru/qsp.htm#qsp%2FBattle.rar",
        "http://rilarhiv.ru/qsp.htm?qsp%2FBattle.rar",
        "http://www.rilarhiv.ru/qsp/Battle.rar",
    ],
)
def test_a_row_and_its_file_are_one_game(url: str) -> None:
    assert SOURCE.identity(url) == "qsp#qsp%2FBattle.rar"
    assert [page.key for page in SOURCE.locate(url).pages] == ["qsp"]


def test_the_fifteen_pages_are_the_segments_and_nothing_else_is_owned() -> None:
    assert [page.key for page in SOURCE.fixed_pages()] == list(SOURCE.segment_keys())
    assert len(SOURCE.segments) == 15
    assert SOURCE.locate("http://rilarhiv.ru/tkr.htm").pages[0].url == "http://rilarhiv.ru/tkr.htm"
    for url in ("http://rilarhiv.ru/", "http://rilarhiv.ru/news.htm", "http://rilarhiv.ru/img/a.png", "http://["):
        assert not SOURCE.owns(url)
        with pytest.raises(ValueError, match="no address of a game"):
            SOURCE.locate(url)


def test_the_replica_is_read_as_the_world_has_it() -> None:
    found = {record.identity: record for page in Walk("rilarhiv").records.values() for record in page}
    assert len(found) == len(SHELVES["rilarhiv"])
    by_target = {record.identity.partition("#")[2]: record for record in found.values()}
    for entry in SHELVES["rilarhiv"]:
        record = by_target[entry.key.replace("/", "%2F").replace(":", "%3A").replace("#", "%23")]
        assert (record.title, record.warnings) == (entry.title, ())
        assert tuple(credit.name for credit in record.credits) == entry.authors
        assert (record.release_date or "") in (entry.year, "")
