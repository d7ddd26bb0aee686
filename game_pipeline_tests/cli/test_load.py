"""`source load`: a dump instead of visits, and what visits make of it afterwards."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from game_pipeline.demo.replicas import Replicas, world_on
from game_pipeline.store import Store
from game_pipeline_tests.sources.ifdb_dumps import MEMBERS, dump_of

from .conftest import Shell

WORLD = world_on(1)
GAMES = len(WORLD.ifdb)
PAGES = GAMES + len(MEMBERS)


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "ifdb-archive-20260901.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", "quarterly")
        archive.writestr("ifdb-archive.sql", dump_of(WORLD))
    return path


def test_a_dump_fills_the_catalogue_without_a_request_and_visits_find_little_new(
    shell: Shell, workplace: Path, dump: Path, replicas: Replicas, database_url: str
) -> None:
    first = shell("source", "load", "ifdb", str(dump), "--json")
    assert first.code == 0, first.err
    loaded = first.document
    assert (loaded["pages_loaded"], loaded["records"]["new"], loaded["unreadable"]) == (PAGES, PAGES, 0)
    assert replicas.log == []
    again = shell("source", "load", "ifdb", str(dump), "--json").document
    assert (again["pages_same"], again.get("pages_loaded", 0), sum(again["records"].values())) == (PAGES, 0, 0)
    with Store(database_url) as store:
        due = store.row("SELECT count(*) AS n FROM source_url_state WHERE next_check_at > now()")
        assert due == {"n": PAGES}, "visits are spread over the time to come"
        never = store.row("SELECT count(*) AS n FROM source_url_state WHERE next_check_at = 'infinity'")
        assert never == {"n": len(MEMBERS)}, "but for what no visit can bring"

    assert shell("import", "--source", "ifdb", "--full").code == 0
    with Store(database_url) as store:
        news = store.rows("SELECT DISTINCT unnest(changed_fields) AS field FROM record_version WHERE version = 2")
        assert {row["field"] for row in news} <= {"urls.play_online", "tags.system"}
    assert not [seen for seen in replicas.log if "showuser" in seen.path], "members are never asked for, in full or not"
    later = shell("source", "load", "ifdb", str(dump), "--json").document
    assert (later["pages_visited"], later["pages_same"], sum(later["records"].values())) == (GAMES, len(MEMBERS), 0)


def test_a_look_into_a_dump_writes_nothing(shell: Shell, workplace: Path, tmp_path: Path, database_url: str) -> None:
    packed = tmp_path / "ifdb-archive.sql.gz"
    packed.write_bytes(gzip.compress(dump_of(WORLD).encode()))
    assert shell("source", "load", "ifdb", str(packed), "--dry-run", "--json").document["pages_in_the_dump"] == PAGES
    with Store(database_url) as store:
        assert store.rows("SELECT 1 FROM source_url_state") == []


def test_what_is_no_dump_is_refused_in_one_line(shell: Shell, workplace: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.sql"
    file.write_text("hello")
    for name, code, words in (("ifdb", 1, "no dump of IFDB"), ("quest_book", 2, "publishes no dump")):
        ended = shell("source", "load", name, str(file))
        assert (ended.code, ended.err.count("\n")) == (code, 1)
        assert words in ended.err
    (tmp_path / "empty.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    assert "one .sql file is wanted" in shell("source", "load", "ifdb", str(tmp_path / "empty.zip")).err
    cut = tmp_path / "cut.sql.gz"
    cut.write_bytes(gzip.compress(dump_of(WORLD).encode())[:-200])
    assert "cannot be read" in shell("source", "load", "ifdb", str(cut)).err
