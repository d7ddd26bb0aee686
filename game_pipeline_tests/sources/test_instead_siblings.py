"""The lists of instead.syscall.ru and nlbproject.com: the format of instead-games.ru, identities of their own."""

from __future__ import annotations

import pytest

from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, Response, get, owner_of
from game_pipeline_tests.shared import SAMPLES, needs_shared

from .games import games_in

POOL = get("instead_pool")
ADDRESS = "https://instead.syscall.ru/pool/game_list.xml"
FOLDER = SAMPLES / "instead_games"


def _capture(name: str) -> dict[str, GameRecord]:
    page = Page(url=ADDRESS, body=(FOLDER / name).read_bytes(), key="pool")
    return {record.identity: record for record in games_in(POOL, page)}


@needs_shared
@pytest.mark.parametrize("day", ["2015-10-14", "2015-11-03", "2016-02-14"])
def test_every_entry_of_a_captured_pool_is_a_record(day: str) -> None:
    body = (FOLDER / f"syscall-pool-{day}.xml").read_bytes()
    assert len(_capture(f"syscall-pool-{day}.xml")) == body.count(b"<game>") == 25


@needs_shared
def test_translations_in_one_package_are_two_records_of_one_game() -> None:
    records = _capture("syscall-pool-2015-10-14.xml")
    russian, spanish = records["mansion-ru"], records["mansion-es"]
    assert (russian.title, spanish.title) == ("Особняк", "Palacio")
    assert russian.external_ids == spanish.external_ids
    assert [(item.scheme, item.value) for item in russian.external_ids] == [("instead_games", "120")]


@needs_shared
def test_a_page_that_is_no_game_s_own_names_nobody() -> None:
    record = _capture("syscall-pool-2015-10-14.xml")["cat_jp-jp"]
    assert record.external_ids == ()
    assert {link.kind for link in record.urls} == {"download_direct", "other"}


def test_a_record_s_address_leads_back_to_its_list() -> None:
    url = POOL.entry_url("cat-en")  # type: ignore[attr-defined]
    assert POOL.identity(url) == "cat-en"
    assert owner_of(url) is POOL
    assert [page.url for page in POOL.locate(url).pages] == [ADDRESS]


def test_the_two_lists_of_nlb_are_told_apart_by_their_addresses() -> None:
    body = b"<game_list><game><name>a</name><title>A</title></game></game_list>"
    for part, path in (("project", "nlbproject_games"), ("community", "community_games")):
        response = Response(f"http://nlbproject.com/hub/services/{path}", 200, body)
        (page,) = get("nlbproject").parse_listing(response).pages
        assert page.key == part
