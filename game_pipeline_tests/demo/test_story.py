"""The demo's story comes out as it is told: what happened on day 2 is what the report says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from game_pipeline.demo.replicas import (
    FAILING_TUID,
    MALFORMED_TUID,
    REPLICAS,
    SITES,
    TROUBLES,
    VANISHED_INSTEAD_ID,
)
from game_pipeline.demo.replicas.days import world_on
from game_pipeline.demo.replicas.ifwiki_people import author_pages_on
from game_pipeline.demo.story import OTHERS, DemoError, tell
from game_pipeline.settings import load_settings
from game_pipeline.sources import SOURCES
from game_pipeline.store import open_store
from game_pipeline_tests.told import Told

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def report(told: Told) -> dict[str, Any]:
    return told.report


def test_day_1_imports_every_page_of_every_site(report: dict[str, Any]) -> None:
    first = report["days"][0]
    pages = {outcome["source"]: outcome["counts"]["pages_checked"] for outcome in first["imports"]}
    credited = len({author for entry in world_on(1).wiki for author in entry.authors})
    assert pages == {"instead_games": 2, "ifdb": 34, "ifwiki_ru": 36 + credited}
    assert all(map(_done, first["imports"]))
    assert first["catalogue"]["failed"] is None


def test_day_2_writes_only_what_really_changed(report: dict[str, Any]) -> None:
    second = report["days"][1]
    by_source = {outcome["source"]: outcome["counts"] for outcome in second["imports"]}
    assert (by_source["instead_games"]["records_changed"], by_source["instead_games"]["records_new"]) == (2, 1)
    assert (by_source["ifdb"]["records_changed"], by_source["ifdb"]["records_new"]) == (4, 1)
    assert by_source["ifdb"]["pages_same"] == 28
    catalogue = second["catalogue"]
    assert (catalogue["games_new"], catalogue["games_updated"]) == (2, 6)
    assert catalogue["games_untouched"] == report["games"] - 8


def test_authors_are_known_from_their_own_pages_and_who_has_none_from_the_credits(report: dict[str, Any]) -> None:
    (wiki,) = [outcome for outcome in report["days"][0]["imports"] if outcome["source"] == "ifwiki_ru"]
    assert wiki["counts"]["pages_gone"] == 1
    pages = len(author_pages_on(1)) - 1  # one of them leads to another
    assert pages <= report["people_with_pages"] < report["people"]


def test_each_failure_stays_alone(report: dict[str, Any]) -> None:
    outcomes = {outcome["source"]: outcome for outcome in report["days"][1]["imports"]}
    assert _done(outcomes["instead_games"])
    assert FAILING_TUID in outcomes["ifdb"]["failed"][0]
    assert "500" in outcomes["ifwiki_ru"]["failed"][0]
    unreadable = [row["url"].rsplit("=", 1)[1] for row in report["unreadable"] if row["source"] == "ifdb"]
    assert unreadable == [MALFORMED_TUID]
    assert [row["identity"] for row in report["vanished"]] == [str(VANISHED_INSTEAD_ID)]


def test_each_kind_of_failure_stays_with_its_site(report: dict[str, Any]) -> None:
    first, second = report["days"]
    assert all(map(_done, first["others"]))
    failed = {outcome["source"]: "; ".join(outcome["failed"]) for outcome in second["others"]}
    assert "429" in failed["quest_book"]
    assert "403" in failed["plut"]
    assert "captcha" in failed["apero"]
    assert "the list begins without a game" in failed["hyperbook"]
    assert "the list begins without a game" in failed["axma"]
    counts = {outcome["source"]: outcome["counts"] for outcome in second["others"]}
    assert counts["hyperbook"]["pages_selector_missing"] == counts["hyperbook"]["pages_checked"] > 0
    assert not any(name.startswith("records_") for count in counts.values() for name in count)
    assert {trouble.sentence for trouble in TROUBLES} <= set(report["events"])


def test_every_site_that_needs_no_key_is_in_the_demo(report: dict[str, Any]) -> None:
    assert set(OTHERS) | set(SITES) == {name for name in REPLICAS if not SOURCES[name].needs}
    assert {outcome["source"] for outcome in report["days"][0]["others"]} == set(OTHERS)


def test_the_editors_correction_stands_and_the_page_s_other_field_came_in(told: Told) -> None:
    edit = told.report["edit"]
    assert edit["stands"] is True
    with open_store(load_settings(told.demo / "game_pipeline.toml")) as store:
        game = store.row("SELECT state, provenance FROM game WHERE game_id = %s", (edit["game_id"],))
    assert game is not None
    assert {"kind": "theme", "value": "folklore"} in game["state"]["tags"]
    assert game["provenance"]["release_date"]["rule"] == "human_edit"


def test_friends_upload_their_libraries_and_see_what_all_of_them_own(report: dict[str, Any]) -> None:
    evening = report["evening"]
    assert evening["failed"] == []
    assert [upload["state"] for upload in evening["uploads"]] == ["accepted", "accepted", "accepted", "refused"]
    assert evening["together"]["title"] == "2 games that Anna, Boris and Vera all own"
    assert [(game["title"], game["platforms"]) for game in evening["together"]["games"]] == [
        ("80 DAYS", ["gog", "steam"]),
        ("Anchorhead", ["steam"]),
    ]


def test_a_folder_that_is_no_demo_is_not_wiped(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "diary.txt").write_text("mine")
    with pytest.raises(DemoError, match="not a demo's folder"):
        tell(folder, lambda _: None)
    assert (folder / "diary.txt").read_text() == "mine"


def _done(outcome: dict[str, Any]) -> bool:
    return not outcome["failed"] and not outcome["counts"].get("pages_failed")
