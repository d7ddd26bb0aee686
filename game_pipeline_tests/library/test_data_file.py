"""The data file: whole or not at all, backups, restoring; the reader that finds the library again by all means."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from game_pipeline.library import (
    CompareQuery,
    DataFile,
    DocumentError,
    LibraryError,
    compare,
    data_file_of,
    open_reader,
    recent_steps,
    renew_data_file,
    verify,
)
from game_pipeline.library.assemble import Holding, Known, Player, assemble
from game_pipeline.library.document import Compression
from game_pipeline.settings import LibrarySettings
from game_pipeline.store import Store

from .test_intake import take
from .worlds import ANN, BOB, NOW, owned, settings_in, upload


def document(*titles: str) -> dict[str, Any]:
    holdings = [Holding("1", f"gog_{place}", f"{place}", title, False) for place, title in enumerate(titles)]
    return assemble([Player("1", "Ann", "ann.db", NOW.isoformat())], holdings, Known(), LibrarySettings(), NOW)


def titles(file: DataFile, path: Path | None = None) -> list[str]:
    return [game["title"] for game in file.read(path)["games"].values()]


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_what_was_written_is_read_and_earlier_versions_stay_as_backups(
    tmp_path: Path, compression: Compression
) -> None:
    file = DataFile(tmp_path / "library.json", max_backups=2, compression=compression)
    for title in ("One", "Two", "Three", "Four"):
        assert file.write(document(title))
    assert titles(file) == ["Four"]
    assert [titles(file, file.backup_path(number)) for number in (1, 2)] == [["Three"], ["Two"]]
    assert [info.number for info in file.versions()] == [0, 1, 2]
    assert not any(path.name.endswith(".tmp") for path in tmp_path.iterdir())


def test_saying_the_same_again_leaves_the_file_and_its_backups_alone(tmp_path: Path) -> None:
    file = DataFile(tmp_path / "library.json")
    file.write(document("One"))
    before = file.identity()
    assert not file.write({**document("One"), "last_updated": "2030-01-01T00:00:00+00:00"})
    assert file.identity() == before
    assert not file.backup_path(1).exists()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda data: data[:-20], "no JSON"),
        (lambda data: b"", "empty"),
        (lambda data: data.replace(b"One", b"Two"), "checksum"),
        (lambda data: data.replace(b'"version":"1.0"', b'"version":"7.0"'), "version '7.0'"),
        (lambda data: json.dumps(["a list"]).encode(), "no object"),
        (lambda data: b"\x1f\x8b" + data, "does not unpack"),
    ],
)
def test_a_damaged_file_is_told_from_a_good_one(tmp_path: Path, damage: Any, told: str) -> None:
    file = DataFile(tmp_path / "library.json")
    file.write(document("One"))
    file.path.write_bytes(damage(file.path.read_bytes()))
    with pytest.raises(DocumentError, match=told):
        file.read()


def test_of_two_writers_at_once_the_later_word_stays(tmp_path: Path) -> None:
    file = DataFile(tmp_path / "library.json")
    words = iter(("One", "Two"))
    making, others = threading.Event(), []

    def slowly() -> dict[str, Any]:
        said = document(next(words))
        making.set()
        time.sleep(0.2)
        return said

    first = threading.Thread(target=file.renew, args=(slowly,))
    first.start()
    making.wait()
    others.append(DataFile(file.path).renew(lambda: document(next(words))))
    first.join()
    assert others == [True]
    assert titles(file) == ["Two"]


def test_a_broken_file_never_becomes_a_backup(tmp_path: Path) -> None:
    file = DataFile(tmp_path / "library.json")
    file.write(document("One"))
    file.write(document("Two"))
    file.path.write_bytes(b"{")
    file.write(document("Three"))
    assert titles(file) == ["Three"]
    assert titles(file, file.backup_path(1)) == ["One"]


def test_a_backup_is_restored_by_number_or_the_newest_good_one(tmp_path: Path) -> None:
    file = DataFile(tmp_path / "library.json")
    for title in ("One", "Two", "Three"):
        file.write(document(title))
    assert file.restore(2).number == 2
    assert titles(file) == ["One"]
    assert titles(file, file.backup_path(1)) == ["Three"]
    file.path.write_bytes(b"broken")
    file.backup_path(1).write_bytes(b"broken, too")
    file.restore()
    assert titles(file) == ["Two"]
    with pytest.raises(DocumentError, match="no good backup 9"):
        file.restore(9)


def test_a_reader_sees_a_new_version_at_once_and_reads_the_same_version_once(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    file = data_file_of(settings)
    file.write(document("One"))
    reader = open_reader(settings)
    first = reader.current()
    assert reader.current() is first
    file.write(document("One", "Two"))
    assert [game.title for game in reader.current().games] == ["One", "Two"]


def test_a_broken_file_is_found_again_from_the_backup_the_database_or_the_uploads(store: Store, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    for name, user_id in (("Ann", ANN), ("Bob", BOB)):
        take(store, tmp_path, upload(tmp_path, f"{name}.db", user_id, owned("gog_1", "Star Quest")), name)
        renew_data_file(store, settings)
    file = data_file_of(settings)

    file.path.unlink()
    assert [person.name for person in open_reader(settings).current().people] == ["Ann"]  # the backup, a version ago
    for path in (file.path, file.backup_path(1)):
        path.write_bytes(b"broken")
    assert len(open_reader(settings, lambda: store).current().people) == 2
    for path in (file.path, file.backup_path(1)):
        path.write_bytes(b"broken")

    def away() -> Store:
        raise ConnectionError("the database is away")

    library = open_reader(settings, away).current()
    assert [person.name for person in library.people] == ["Ann", "Bob"]
    assert compare(library, CompareQuery()).title == "1 game that Ann and Bob both own"
    steps = [(step.step, step.problem is None) for step in reversed(recent_steps(file))]
    assert steps == [
        *[("file", False), ("backup", True)],
        *[("file", False), ("backup", False), ("database", True)],
        *[("file", False), ("backup", False), ("database", False), ("uploads", True)],
    ]
    assert verify(store, settings).good


def test_where_nothing_helps_the_reader_says_all_that_was_tried(tmp_path: Path) -> None:
    reader = open_reader(settings_in(tmp_path))
    with pytest.raises(LibraryError, match=r"missing; no good backup .*; LookupError: no readable database"):
        reader.current()
    begun = time.perf_counter()
    with pytest.raises(LibraryError):
        reader.current()  # not tried again at every request
    assert time.perf_counter() - begun < 0.1


def test_verify_names_every_difference_from_the_database(store: Store, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    releases = (owned("gog_1", "Star Quest"), owned("gog_2", "Iron City"))
    take(store, tmp_path, upload(tmp_path, "Ann.db", ANN, *releases))
    renew_data_file(store, settings)
    assert verify(store, settings).good
    file = data_file_of(settings)
    changed = file.read()
    changed["games"]["gog_1"]["title"] = "Star Guest"
    del changed["games"]["gog_2"]
    changed["users"][str(ANN)]["total_games"] = 1
    file.write(changed)
    assert verify(store, settings).differences == (
        f"user {ANN}: total_games is 1 in the file, 2 in the database",
        "game gog_1: title is 'Star Guest' in the file, 'Star Quest' in the database",
        "game gog_2: in the database alone",
    )
