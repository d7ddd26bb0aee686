"""ifwiki.org: what any wiki page says, and the redirects by which a game's story files lead to it."""

from __future__ import annotations

import json
from typing import Any

from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, get

from .games import games_in

SOURCE = get("ifwiki_org")


def _page(text: str, **more: Any) -> bytes:
    page = {
        "pageid": 77,
        "ns": 0,
        "title": "Curses",
        "revisions": [{"revid": 5, "timestamp": "2026-01-02T03:04:05Z", "slots": {"main": {"content": text}}}],
        **more,
    }
    return json.dumps({"batchcomplete": True, "query": {"pages": [page]}}).encode()


def _records(text: str, **more: Any) -> list[GameRecord]:
    return games_in(SOURCE, Page(url="https://www.ifwiki.org/Curses", body=_page(text, **more), key="77"))


GAME = {"categories": [{"ns": 14, "title": "Category:Games"}, {"ns": 14, "title": "Category:Works in 1993"}]}


def test_redirects_titled_by_ifid_are_the_game_s_ids() -> None:
    redirects = [{"title": "IFID:ZCODE-16-951024-4DE6"}, {"title": "IFID:?"}, {"title": "Curses!"}]
    (record,) = _records("'''Curses''' is a game.", redirects=redirects, **GAME)
    assert [(item.scheme, item.value) for item in record.external_ids] == [
        ("ifwiki_en", "Curses"),
        ("ifid", "ZCODE-16-951024-4DE6"),
        ("ifwiki_org", "77"),
    ]
    assert record.release_date == "1993"
    assert record.descriptions[0].text == "**Curses** is a game."


def test_a_page_outside_the_category_of_games_is_none() -> None:
    assert _records("'''Graham Nelson''' is an author.", categories=[{"ns": 14, "title": "Category:People"}]) == []


def test_a_link_to_one_listing_of_ifdb_is_the_game_s_own_and_several_are_nobody_s() -> None:
    one = "* [https://ifdb.org/viewgame?id=plvzam05bmz3enh8 Curses]"
    (record,) = _records(one, **GAME)
    assert ("tuid", "plvzam05bmz3enh8") in [(item.scheme, item.value) for item in record.external_ids]
    (record,) = _records(f"{one}\n* [https://ifdb.org/viewgame?id=0dbnusxunq7fw5ro Zork]", **GAME)
    assert not [item for item in record.external_ids if item.scheme == "tuid"]


def test_a_template_that_nobody_knows_is_told_of() -> None:
    (record,) = _records("{{infocom|1993}} A game.", **GAME)
    assert "unread template infocom" in record.warnings


def test_addresses_are_told_apart_from_those_of_other_namespaces() -> None:
    assert SOURCE.owns("https://www.ifwiki.org/Curses")
    assert SOURCE.owns("http://ifwiki.org/index.php?title=Zork:_The_Undiscovered_Underground")
    assert not SOURCE.owns("https://www.ifwiki.org/Category:Games")
    assert not SOURCE.owns("https://www.ifwiki.org/IFID:ZCODE-16-951024-4DE6")
    assert SOURCE.identity("https://www.ifwiki.org/index.php?curid=77") == "77"
