"""Retention: a month is in the database or in its file, whatever happens, and reads the same from both."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import zstandard

from game_pipeline.store import Store, owner_connection
from game_pipeline.store import archive as archiving
from game_pipeline.store.archive import (
    ArchivedMonth,
    ArchiveError,
    archive_months,
    archived_rows,
    hold_log,
    whole_log,
)
from game_pipeline.store.archive_file import write_file

# Positions interleave around the border of the months, as they do when it is midnight.
EVENTS = """
INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, game_id, payload,
                          correlation_id, causation_id, actor, recorded_at)
SELECT gen_random_uuid(), 'note:' || n, 1, 'import.finished', 1, nullif(n %% 3, 0),
       jsonb_build_object('n', n, 'share', 0.1, 'text', E'Ж \\u2028 "x"\\n\\t', 'none', null), 'run',
       CASE WHEN n %% 2 = 0 THEN gen_random_uuid() END, 'ann',
       timestamptz '2001-01-31 23:00:00.12+00' + (n + 5 * (n %% 2)) * interval '1 minute'
FROM generate_series(1, %(events)s) AS n
"""
MONTHS = ("2001-01-01", "2001-02-01", "2001-03-01")
BOUND = dt.date(2001, 3, 1)


@pytest.fixture
def old(store: Store, owner: Store) -> Store:
    """A log with 120 events around the border of two old months, and one in a third month."""
    for month in MONTHS:
        owner.execute("SELECT make_event_partition(%s)", (month,))
    owner.execute(EVENTS, {"events": 120})
    owner.execute(EVENTS.replace("2001-01-31", "2001-03-07"), {"events": 1})
    owner.execute("INSERT INTO event_identity (event_id, position) SELECT event_id, position FROM import_event")
    return store


def archived(owner: Store, directory: Path, before: dt.date = BOUND) -> list[ArchivedMonth]:
    with owner_connection(owner.url) as connection:
        return list(archive_months(connection, directory, before))


def log(store: Store, directory: Path, **more: Any) -> list[dict[str, Any]]:
    with store.transaction() as connection:
        return [row for rows in whole_log(connection, directory, unsettled=True, **more) for row in rows]


def from_files(store: Store, directory: Path) -> list[dict[str, Any]]:
    with store.connection() as connection:
        return [row for rows in archived_rows(connection, directory) for row in rows]


def in_database(store: Store) -> list[dict[str, Any]]:
    return store.rows("SELECT * FROM import_event ORDER BY position")


def test_archived_months_read_as_if_they_had_stayed(old: Store, owner: Store, tmp_path: Path) -> None:
    before = in_database(old)
    done = archived(owner, tmp_path)
    assert [(month.partition, month.month.isoformat()) for month in done] == [
        ("import_event_2001_01", "2001-01-01"),
        ("import_event_2001_02", "2001-02-01"),
    ]
    assert sum(month.events for month in done) == 120
    assert done[1].first_position < done[0].last_position, "the months overlap"
    assert in_database(old) == before[120:]
    rows = from_files(old, tmp_path)
    assert rows == before[:120]
    assert [list(row) for row in rows] == [list(row) for row in before[:120]]
    assert [list(map(type, row.values())) for row in rows] == [list(map(type, row.values())) for row in before[:120]]
    assert log(old, tmp_path) == before
    assert log(old, tmp_path, after=before[50]["position"]) == before[51:]
    assert log(old, tmp_path, until=before[0]["recorded_at"]) == [
        row for row in before if row["recorded_at"] <= before[0]["recorded_at"]
    ]
    assert [row["partition"] for row in old.rows("SELECT * FROM event_archive ORDER BY month")] == [
        "import_event_2001_01",
        "import_event_2001_02",
    ]
    assert archived(owner, tmp_path) == []


def test_a_file_is_json_lines_that_any_tool_reads_and_ours_alone(old: Store, owner: Store, tmp_path: Path) -> None:
    directory = tmp_path / "new" / "archive"
    month, _ = archived(owner, directory)
    path = directory / month.file
    assert sorted(each.name for each in directory.iterdir()) == [
        "import_event_2001_01.jsonl.zst",
        "import_event_2001_02.jsonl.zst",
    ]
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("rb") as file:
        lines = zstandard.ZstdDecompressor().stream_reader(file).read().decode().splitlines()
    # splitlines also breaks at U+2028, which JSON must not escape: count the lines by their line feeds.
    assert len("\n".join(lines).split('{"position"')) == month.events + 1


def test_only_the_owner_archives(old: Store, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"game_pipeline_app is not: name the owner in GAME_PIPELINE_OWNER"):
        archived(old, tmp_path)
    assert len(in_database(old)) == 121


def test_months_that_are_not_over_are_refused_and_empty_ones_leave_no_file(
    store: Store, owner: Store, tmp_path: Path
) -> None:
    owner.execute("SELECT make_event_partition('2001-01-01')")
    now = dt.datetime.now(dt.UTC).date().replace(day=1)
    with pytest.raises(ArchiveError, match=f"{now:%Y-%m} is not over"):
        archived(owner, tmp_path, now + dt.timedelta(days=31))
    assert archived(owner, tmp_path, now) == []
    assert list(tmp_path.iterdir()) == []
    assert store.row("SELECT to_regclass('import_event_2001_01') AS gone") == {"gone": None}


def test_a_month_that_is_still_being_written_is_refused(
    old: Store, owner: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "_PATIENCE", "200ms")
    with psycopg.connect(owner.url) as writer:
        writer.execute(EVENTS, {"events": 1})
        with pytest.raises(ArchiveError, match="2001-01 has events that are not settled"):
            archived(owner, tmp_path, dt.date(2001, 2, 1))
        writer.commit()
    assert in_database(old) == log(old, tmp_path)
    assert len(archived(owner, tmp_path)) == 2


def test_a_reader_keeps_its_months(old: Store, owner: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "_PATIENCE", "200ms")
    before = in_database(old)
    with old.transaction() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        hold_log(connection)
        with pytest.raises(ArchiveError, match="is being read"):
            archived(owner, tmp_path)
        assert [row for rows in whole_log(connection, tmp_path, unsettled=True) for row in rows] == before
    assert len(archived(owner, tmp_path)) == 2
    assert log(old, tmp_path) == before


class Killed(BaseException):
    pass


@pytest.mark.parametrize("moment", ["while writing", "before the rename", "before the drop", "before the commit"])
def test_killed_anywhere_nothing_is_lost_and_the_next_one_does_it(
    old: Store, owner: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    before = in_database(old)

    def die(*_: object) -> Any:
        raise Killed

    with monkeypatch.context() as patched:
        if moment == "while writing":
            true_write = write_file
            patched.setattr(archiving, "write_file", lambda path, lines: true_write(path, _then_die(lines)))
        elif moment == "before the rename":
            patched.setattr(Path, "replace", die)
        elif moment == "before the drop":
            patched.setattr(archiving, "_drop", die)
        else:
            patched.setattr(archiving, "_LIST", "SELECT pg_terminate_backend(pg_backend_pid())" + "; --%s" * 7)
        with pytest.raises((Killed, psycopg.Error)):
            archived(owner, tmp_path)
    assert in_database(old) == log(old, tmp_path) == before
    assert [month.events for month in archived(owner, tmp_path)] == [56, 64]
    assert log(old, tmp_path) == before
    assert not list(tmp_path.glob("*.partial"))


def _then_die(lines: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == 20:
            raise Killed
        yield line


WORKER = """
import datetime, sys
from pathlib import Path
from game_pipeline.store import owner_connection
from game_pipeline.store.archive import archive_months
with owner_connection(sys.argv[1]) as connection:
    print("ready", flush=True)
    for month in archive_months(connection, Path(sys.argv[2]), datetime.date(2001, 3, 1)):
        pass
"""


@pytest.mark.faults
def test_kill_9_at_any_moment_loses_no_event(old: Store, owner: Store, tmp_path: Path) -> None:
    before = in_database(old)
    killed = 0
    for attempt in range(40):
        command = [sys.executable, "-c", WORKER, owner.url, str(tmp_path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(attempt * 0.001)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        process.stdout.close()
        deadline = time.monotonic() + 10
        while owner.rows("SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", (archiving._LOCK,)):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert log(old, tmp_path) == before
    assert killed > 5
    archived(owner, tmp_path)
    assert log(old, tmp_path) == before


def test_a_file_that_is_missing_or_damaged_is_named(old: Store, owner: Store, tmp_path: Path) -> None:
    month, _ = archived(owner, tmp_path)
    path = tmp_path / month.file
    content = path.read_bytes()
    for damaged in (content[:-1], bytes([content[0]]) + b"\0" + content[2:], b""):
        path.write_bytes(damaged)
        with pytest.raises(ArchiveError, match=rf"{month.file} is damaged .*56 events of 2001-01.*from a backup"):
            from_files(old, tmp_path)
    path.unlink()
    with pytest.raises(ArchiveError, match=rf"{month.file} is missing; it holds the 56 events of 2001-01"):
        from_files(old, tmp_path)
    path.write_bytes(content)
    assert len(from_files(old, tmp_path)) == 120


def test_a_file_that_counts_is_never_overwritten(old: Store, owner: Store, tmp_path: Path) -> None:
    month, _ = archived(owner, tmp_path)
    content = (tmp_path / month.file).read_bytes()
    owner.execute("SELECT make_event_partition('2001-01-01')")
    owner.execute(EVENTS, {"events": 1})
    with pytest.raises(ArchiveError, match="2001-01 is archived already"):
        archived(owner, tmp_path)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    line = json.dumps({"event_id": "0" * 32, "causation_id": None, "recorded_at": "2001-01-01T00:00:00+00:00"}).encode()
    (foreign / "import_event_2001_03.jsonl.zst").write_bytes(zstandard.compress(line))
    owner.execute("DELETE FROM event_archive")
    owner.execute("ALTER TABLE import_event DETACH PARTITION import_event_2001_01")
    with pytest.raises(ArchiveError, match="holds events of another catalogue"):
        archived(owner, foreign, dt.date(2001, 4, 1))
    assert (tmp_path / month.file).read_bytes() == content


def test_a_directory_that_cannot_be_written_costs_nothing(old: Store, owner: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(ArchiveError, match=r"cannot be written: .*still in the database"):
        archived(owner, tmp_path / "file")
    assert len(in_database(old)) == 121
