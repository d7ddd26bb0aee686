"""Exports: one moment, complete files or none, cells that no spreadsheet computes, columns that stay."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import resource
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.exchange import FORMATS, ExportError, ExportFormat, export_catalogue, export_place
from game_pipeline.exchange.spreadsheet import defuse, restore
from game_pipeline.exchange.tables import TABLES, game_document
from game_pipeline.store import Store
from game_pipeline_tests.catalog.curating import Catalogue, shared

# Whoever reads exports relies on these: a change needs a new SCHEMA_VERSION and a word in docs/export.md.
COLUMNS = {
    "games": "game_id:integer revision:integer title:text kind:text release_date:text sources:texts "
    "quality_score:number needs_human_review:flag human_edited_fields:texts last_ai_review:moment created_at:moment "
    "updated_at:moment",
    "titles": "game_id:integer title:text lang:text main:flag sources:texts",
    "descriptions": "game_id:integer lang:text text:text method:text confidence:number sources:texts",
    "credits": "game_id:integer position:integer name:text role:text url:text sources:texts",
    "tags": "game_id:integer kind:text value:text sources:texts",
    "urls": "game_id:integer url:text kind:text label:text sources:texts",
    "external_ids": "game_id:integer scheme:text value:text sources:texts",
    "records": "game_id:integer record_id:integer source:text identity:text url:text version:integer live:flag",
    "edits": "game_id:integer field:text author:text edited_at:moment reason:text",
}
DOCUMENT = (
    "id revision kind title alt_titles descriptions release_date credits tags urls external_ids edited provenance "
    "sources quality_score needs_human_review human_edited_fields last_ai_review created_at updated_at"
)


def export(store: Store, directory: Path, form: ExportFormat) -> dict[str, Any]:
    with export_place(directory, form) as place:
        return export_catalogue(store, place, form)


def lines(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "games.jsonl").read_text("utf-8").splitlines()]


def table(directory: Path, name: str) -> list[dict[str, str]]:
    with (directory / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def filled(catalogue: Catalogue) -> Catalogue:
    catalogue.says(
        "alpha",
        "a",
        title="=1+1",
        alt_titles=[{"title": "Лампа", "lang": "ru"}],
        descriptions=[{"lang": "en", "text": 'A lamp, "brass".\n\n- and rust'}],
        credits=[{"name": "Ann"}],
        urls=[{"url": "https://a.example/play", "kind": "play_online", "label": "play"}],
        external_ids=shared("X1"),
    )
    catalogue.says("beta", "b", title="=1+1", tags=[{"kind": "genre", "value": "-fantasy"}], external_ids=shared("X1"))
    catalogue.says("gamma", "g", title="Grue")
    catalogue.reconcile()
    catalogue.edit(1, "release_date", "1980", "printed on the box")
    return catalogue


def test_columns_and_keys_are_the_contract(filled: Catalogue, tmp_path: Path) -> None:
    assert {
        each.name: " ".join(f"{column.name}:{column.type}" for column in each.columns) for each in TABLES
    } == COLUMNS
    export(filled.store, tmp_path / "j", "jsonl")
    assert all(" ".join(line) == DOCUMENT for line in lines(tmp_path / "j"))
    export(filled.store, tmp_path / "c", "csv")
    export(filled.store, tmp_path / "p", "parquet")
    for name, columns in COLUMNS.items():
        names = [column.split(":")[0] for column in columns.split()]
        header = (tmp_path / "c" / f"{name}.csv").read_bytes().split(b"\r\n")[0].decode()
        assert header.split(",") == names
        assert pq.read_schema(tmp_path / "p" / f"{name}.parquet").names == names


def test_a_document_says_the_game_who_says_it_and_who_mended_it(filled: Catalogue, tmp_path: Path) -> None:
    export(filled.store, tmp_path, "jsonl")
    game, other = lines(tmp_path)
    assert (game["id"], game["title"], other["title"]) == (1, "=1+1", "Grue")
    assert game["descriptions"] == [{"lang": "en", "text": 'A lamp, "brass".\n\n- and rust'}]
    assert game["provenance"]["descriptions.en"]["sentences"]
    assert [by["source"] for by in game["sources"]] == ["alpha", "beta"]
    assert game["sources"][0]["url"] == "https://alpha.example/a"
    assert game["edited"]["release_date"] | {"at": ""} == {"at": "", "by": "ann", "reason": "printed on the box"}


def test_csv_defuses_formulas_and_says_who_says_each_value(filled: Catalogue, tmp_path: Path) -> None:
    export(filled.store, tmp_path, "csv")
    assert [row["title"] for row in table(tmp_path, "games")] == ["'=1+1", "Grue"]
    assert [(row["value"], row["sources"]) for row in table(tmp_path, "tags")] == [("'-fantasy", "beta")]
    assert [(row["value"], row["sources"]) for row in table(tmp_path, "external_ids")] == [("X1", "alpha | beta")]
    assert [(row["title"], row["main"]) for row in table(tmp_path, "titles")][:2] == [
        ("'=1+1", "true"),
        ("Лампа", "false"),
    ]
    assert table(tmp_path, "games")[0]["release_date"] == "1980"
    assert [(row["field"], row["author"]) for row in table(tmp_path, "edits")] == [("release_date", "ann")]


def test_parquet_is_typed_and_compressed(filled: Catalogue, tmp_path: Path) -> None:
    export(filled.store, tmp_path, "parquet")
    games = pq.read_table(tmp_path / "games.parquet").to_pylist()
    assert [(game["game_id"], game["title"], game["sources"]) for game in games] == [
        (1, "=1+1", ["alpha", "beta"]),
        (2, "Grue", ["gamma"]),
    ]
    assert games[0]["created_at"].tzinfo is not None
    column = pq.ParquetFile(tmp_path / "urls.parquet").metadata.row_group(0).column(1)
    assert column.compression == "ZSTD"


@pytest.mark.parametrize("form", FORMATS)
def test_the_manifest_vouches_for_every_file_and_nothing_else_stays(
    filled: Catalogue, tmp_path: Path, form: ExportFormat
) -> None:
    (tmp_path / ".export-left").mkdir()  # by an export that was killed
    export(filled.store, tmp_path, form)
    manifest = export(filled.store, tmp_path, form)
    assert json.loads((tmp_path / "manifest.json").read_text("utf-8")) == manifest
    newest = filled.store.row("SELECT max(position) AS position FROM import_event")
    assert newest
    assert (manifest["games"], manifest["format"], manifest["position"]) == (2, form, newest["position"])
    for file in manifest["files"]:
        body = (tmp_path / file["name"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
    assert {path.name for path in tmp_path.iterdir()} == {file["name"] for file in manifest["files"]} | {
        "manifest.json"
    }


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_catalogue_is_an_empty_export(store: Store, tmp_path: Path, form: ExportFormat) -> None:
    manifest = export(store, tmp_path, form)
    assert manifest["games"] == 0
    assert {file["rows"] for file in manifest["files"]} == {0}


def test_all_of_it_stands_for_one_moment(filled: Catalogue, tmp_path: Path) -> None:
    def meanwhile(done: int, total: int) -> None:
        if done == 0:
            filled.edit(2, "title", "Changed meanwhile")

    with export_place(tmp_path, "jsonl") as place:
        manifest = export_catalogue(filled.store, place, "jsonl", meanwhile)
    assert [line["title"] for line in lines(tmp_path)] == ["=1+1", "Grue"]
    assert export(filled.store, tmp_path, "jsonl")["position"] > manifest["position"]
    assert lines(tmp_path)[1]["title"] == "Changed meanwhile"


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_leaves_the_export_that_was_there(filled: Catalogue, tmp_path: Path, form: ExportFormat) -> None:
    export(filled.store, tmp_path, form)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
    try:
        with pytest.raises(ExportError, match="cannot export to"):
            export(filled.store, tmp_path, form)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_directory_holds_one_export_made_by_one_process(tmp_path: Path) -> None:
    with (
        export_place(tmp_path, "csv"),
        pytest.raises(ExportError, match="another export to"),
        export_place(tmp_path, "csv"),
    ):
        pass
    (tmp_path / "manifest.json").write_text('{"format": "csv"}', encoding="utf-8")
    with pytest.raises(ExportError, match="holds an export as csv"), export_place(tmp_path, "jsonl"):
        pass
    (tmp_path / "manifest.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ExportError, match="is not an export's"), export_place(tmp_path, "csv"):
        pass


def test_a_document_shares_nothing_with_its_row() -> None:
    state: dict[str, Any] = {name: [] for name in ("alt_titles", "credits", "tags", "urls", "external_ids")}
    state |= {"title": "Zork", "kind": "game", "release_date": None}
    row: dict[str, Any] = dict.fromkeys(("quality_score", "last_ai_review", "needs_human_review"))
    row |= {"game_id": 1, "revision": 1, "edits": [], "sources": [], "human_edited_fields": []}
    row["state"] = state | {"descriptions": {"und": {"text": "Text", "method": "single"}}}
    row["provenance"] = {"descriptions.und": {"rule": "merge_descriptions", "sources": []}}
    row["created_at"] = row["updated_at"] = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    document = game_document(row)
    assert document["descriptions"] == [{"lang": None, "text": "Text"}]
    assert row["provenance"]["descriptions.und"] == {"rule": "merge_descriptions", "sources": []}


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0@x", "＝1", "＋1", "－a",
     "＠a", "'=1", "\u200b=1", "- a list", "-", "'\t"],
)  # fmt: skip
def test_what_a_spreadsheet_would_compute_is_defused_and_comes_back(cell: str) -> None:
    assert defuse(cell) == f"'{cell}"
    assert restore(defuse(cell)) == cell


@pytest.mark.parametrize("cell", ["", "Zork", "-5", "+1.5", "-1e5", "1980-12-05", "'tis", "a=b", "100%"])
def test_plain_text_numbers_and_dates_are_not_touched(cell: str) -> None:
    assert defuse(cell) == cell


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r\n 1a＝\u00a0")) | st.text())
def test_defusing_can_always_be_undone(cell: str) -> None:
    assert restore(defuse(cell)) == cell
