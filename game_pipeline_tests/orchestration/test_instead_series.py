"""The real captures of instead-games.ru, served one after another, go through the real assets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from game_pipeline.store import Store
from game_pipeline_tests.http_server import Reply, ScriptedServer
from game_pipeline_tests.orchestration.pipelines import Line
from game_pipeline_tests.shared import SAMPLES, needs_shared

FOLDER = SAMPLES / "instead_games"

# date, games added, ids removed, games changed: what is known of the real site (fields that both captures have)
SERIES = [
    ("2015-10-14", 125, [], 0),
    ("2015-10-18", 1, [], 2),
    ("2015-11-03", 2, [], 2),
    ("2016-02-14", 4, [], 1),
    ("2017-12-28", 23, [], 30),
    ("2018-01-20", 2, ["23"], 0),
    ("2018-02-03", 0, [], 2),
    ("2018-04-27", 3, [], 6),
    ("2018-09-01", 6, [], 2),
]


@pytest.fixture
def site() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@needs_shared
def test_real_captures_give_exactly_the_known_changes(store: Store, tmp_path: Path, site: ScriptedServer) -> None:
    line = Line(store, tmp_path, {"instead-games.ru": site.origin})
    seen = []
    for date, *_ in SERIES:
        site.on("/xml.php", Reply(body=(FOLDER / f"xml.php-{date}.xml").read_bytes()))
        result = line.import_source("instead_games", full=True, segments=["approved"])
        assert result.success
        changes = line.changes(result.run_id)
        vanished = store.rows(
            "SELECT identity FROM source_record JOIN record_version USING (record_id) "
            "WHERE change = 'vanished' AND run_id = %s",
            (result.run_id,),
        )
        seen.append((date, changes.get("new", 0), [row["identity"] for row in vanished], changes.get("changed", 0)))
    assert seen == SERIES


@needs_shared
def test_a_format_that_grows_is_one_piece_of_news(store: Store, tmp_path: Path, site: ScriptedServer) -> None:
    line = Line(store, tmp_path, {"instead-games.ru": site.origin})
    for date in ("2018-02-03", "2018-04-27"):
        site.on("/xml.php", Reply(body=(FOLDER / f"xml.php-{date}.xml").read_bytes()))
        result = line.import_source("instead_games", full=True, segments=["approved"])
    news = store.rows("SELECT payload FROM import_event WHERE event_type = 'source.format_changed'")
    assert [row["payload"]["segment"] for row in news] == ["approved"]
    assert set(news[0]["payload"]["fields"]) >= {"credits.author", "descriptions.ru"}
    assert line.changes(result.run_id)["format"] > 100
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert checks == {
        "every_page_is_read": True,
        "the_format_is_the_known_one": False,
        "fields_are_stated_as_expected": True,
        "as_many_records_as_expected": True,
    }


@needs_shared
def test_importing_again_with_nothing_changed_writes_nothing_to_the_catalogue(
    store: Store, tmp_path: Path, site: ScriptedServer
) -> None:
    line = Line(store, tmp_path, {"instead-games.ru": site.origin})
    body = (FOLDER / "xml.php-2018-09-01.xml").read_bytes()
    site.on("/xml.php", Reply(body=body))
    line.import_source("instead_games", full=True, segments=["approved"])
    assert line.reconcile().success
    before = _catalogue(store)
    site.on("/xml.php", Reply(body=body.replace(b"</game_list>", b"<!-- made in 0.02 s --></game_list>")))
    again = line.import_source("instead_games", full=True, segments=["approved"])
    line.reconcile()
    assert again.success
    assert _catalogue(store) == before
    events = store.rows("SELECT event_type FROM import_event WHERE correlation_id = %s", (again.run_id,))
    assert [event["event_type"] for event in events] == ["import.finished"]


def _catalogue(store: Store) -> dict[str, tuple[int, str]]:
    """Rows and the newest writing transaction of every table of the catalogue."""
    tables = (
        "game game_revision game_title game_url game_credit game_tag game_external_id game_match_key "
        "game_member match_decision review_item data_conflict human_edit source_record record_version"
    )
    return {
        table: tuple(
            store.rows(f"SELECT count(*) AS n, coalesce(max(xmin::text::bigint), 0) AS newest FROM {table}")[0].values()
        )
        for table in tables.split()
    }
