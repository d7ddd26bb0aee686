"""Retention: whole months of the log leave the database as files, and are read again as if they had stayed.

A month is in the database, or in its file and listed in `event_archive`: the file is on the disk before one transaction
drops the partition and lists it. A file that is not listed is what a killed attempt left; the next one writes it anew.
"""

from __future__ import annotations

import datetime as dt
import heapq
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, Cursor, sql
from psycopg.rows import DictRow, TupleRow

from .archive_file import ArchiveError, check_file, read_rows, write_file
from .event_log import BATCH, events_after
from .unsent import check_sent

__all__ = ["ArchiveError", "ArchivedMonth", "archive_months", "archived_rows", "hold_log", "whole_log"]

Reader = Connection[DictRow] | Cursor[DictRow]

_MONTHLY = re.compile(r"import_event_(\d{4})_(\d{2})")
_LOCK = 0x67616D67  # one fixed advisory lock: one archiving at a time
_PATIENCE = "5s"

_PARTITIONS = """
SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'public.import_event'::regclass ORDER BY relname
"""
_UNSETTLED = "SELECT count(*) FROM {} WHERE position > %s"
# The database's own JSON: numbers in the payload keep their digits.
_ROWS = "SELECT position, row_to_json(event)::text FROM ONLY {} AS event ORDER BY position"
_LIST = """
INSERT INTO event_archive (partition, month, first_position, last_position, events, sha256, file)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_LISTED = b"""
SELECT partition, month, first_position, last_position, events, sha256, file FROM event_archive
WHERE last_position > %s ORDER BY first_position
"""


@dataclass(frozen=True, slots=True)
class ArchivedMonth:
    """A month that lies in a file of the archive's directory."""

    partition: str
    month: dt.date
    first_position: int
    last_position: int
    events: int
    sha256: str
    file: str

    def __str__(self) -> str:
        return (
            f"the {self.events} events of {self.month:%Y-%m}, positions {self.first_position} to {self.last_position}"
        )


def archive_months(connection: Connection[TupleRow], directory: Path, before: dt.date) -> Iterator[ArchivedMonth]:
    """Move every month before `before` into `directory`, oldest first; yields each when it is done.

    `connection` is the owner's, in autocommit mode. Empty months are dropped without a file; what lies in the default
    partition stays. Raises `ArchiveError` where a month is not over, not settled or not sent to every webhook; what was
    yielded is done.
    """
    _check_owner(connection)
    with _alone(connection):
        this_month = _this_month(connection)
        if before > this_month:
            raise ArchiveError(f"{this_month:%Y-%m} is not over; archive months before {this_month:%Y-%m} or earlier")
        for partition, month in _months(connection):
            if month >= before:
                return
            _check_place(connection, directory / _file(partition), month)
            check_sent(connection, partition, month)
            archived = _write(connection, directory, partition, month)
            _drop(connection, partition, month, archived)
            if archived is not None:
                yield archived


def hold_log(connection: Reader) -> None:
    """Let no month leave the database until the transaction ends.

    In a transaction that reads from one snapshot this must be its first statement: a snapshot that is older than an
    archiving sees a month neither in the database nor in the list.
    """
    connection.execute("LOCK TABLE ONLY import_event IN ACCESS SHARE MODE")


def archived_rows(connection: Reader, directory: Path, *, after: int = 0) -> Iterator[list[dict[str, Any]]]:
    """The rows of all archived months after a position, in its order, in batches; as a query for them would give them.

    Every file is checked before a row of it is given. Raises `ArchiveError` for one that is missing or damaged.
    """
    months = [ArchivedMonth(**row) for row in connection.execute(_LISTED, (after,))]
    yield from _batches(row for row in _merged(months, directory) if row["position"] > after)


def whole_log(
    connection: Reader,
    directory: Path,
    *,
    after: int = 0,
    until: dt.datetime | None = None,
    unsettled: bool = False,
    batch: int = BATCH,
    without_payload: Mapping[str, int] | None = None,
) -> Iterator[list[dict[str, Any]]]:
    """`events_after`, archived events included; these always have their payload. In a transaction; see `hold_log`."""
    hold_log(connection)
    archived = (
        row
        for rows in archived_rows(connection, directory, after=after)
        for row in rows
        if until is None or row["recorded_at"] <= until
    )
    batches = events_after(
        connection, after, until=until, unsettled=unsettled, batch=batch, without_payload=without_payload
    )
    kept = (row for rows in batches for row in rows)
    # A position is handed out before the time is taken: around midnight of the first, months overlap a little.
    yield from _batches(heapq.merge(archived, kept, key=_position), batch)


def _position(row: dict[str, Any]) -> int:
    position: int = row["position"]
    return position


def _batches(rows: Iterator[dict[str, Any]], size: int = BATCH) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, size)):
        yield batch


def _merged(months: list[ArchivedMonth], directory: Path) -> Iterator[dict[str, Any]]:
    """All rows by position. A file is opened when its first position has its turn, not all files at once."""
    waiting = deque(sorted(months, key=lambda month: month.first_position))
    heads: list[tuple[int, dict[str, Any], Iterator[dict[str, Any]]]] = []
    while heads or waiting:
        while waiting and (not heads or waiting[0].first_position <= heads[0][0]):
            month = waiting.popleft()
            path = directory / month.file
            check_file(path, month.sha256, str(month))
            _advance(heads, read_rows(path))
        _, row, rest = heapq.heappop(heads)
        yield row
        _advance(heads, rest)


def _advance(heads: list[tuple[int, dict[str, Any], Iterator[dict[str, Any]]]], rows: Iterator[dict[str, Any]]) -> None:
    row = next(rows, None)
    if row is not None:
        heapq.heappush(heads, (row["position"], row, rows))  # positions differ: rows are never compared


def _write(connection: Connection[TupleRow], directory: Path, partition: str, month: dt.date) -> ArchivedMonth | None:
    """Write the file of a month; nothing where the month is empty."""
    first = last = None
    table = sql.Identifier("public", partition)

    def lines(cursor: Iterator[TupleRow]) -> Iterator[str]:
        nonlocal first, last
        for position, line in cursor:
            first = position if first is None else first
            last = position
            yield line

    with connection.transaction():
        connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(_PATIENCE)))
        connection.execute("SET LOCAL timezone = 'UTC'")
        try:
            # Waits for transactions that wrote to this month and have not ended: what they wrote is not seen yet.
            connection.execute(sql.SQL("LOCK TABLE ONLY {} IN SHARE MODE").format(table))
        except psycopg.errors.LockNotAvailable as error:
            raise ArchiveError(_unsettled(month)) from error
        settled = connection.execute("SELECT settled_position()").fetchone()
        unsettled = connection.execute(sql.SQL(_UNSETTLED).format(table), settled).fetchone()
        if unsettled and unsettled[0]:
            raise ArchiveError(_unsettled(month))
        if connection.execute(sql.SQL("SELECT 1 FROM ONLY {} LIMIT 1").format(table)).fetchone() is None:
            return None
        file = _file(partition)
        with connection.cursor(name="archive") as cursor:
            cursor.itersize = BATCH
            cursor.execute(sql.SQL(_ROWS).format(table))
            written = write_file(directory / file, lines(cursor))
    assert first is not None
    assert last is not None
    return ArchivedMonth(partition, month, first, last, written.lines, written.sha256, file)


def _file(partition: str) -> str:
    return f"{partition}.jsonl.zst"


def _check_place(connection: Connection[TupleRow], path: Path, month: dt.date) -> None:
    """Refuse to overwrite a file that counts. One of this catalogue that is not listed is a killed attempt's."""
    if connection.execute("SELECT 1 FROM event_archive WHERE month = %s", (month,)).fetchone():
        raise ArchiveError(
            f"{month:%Y-%m} is archived already, and yet there is a partition for it; its events stay in the database"
        )
    if not path.exists():
        return
    row = next(read_rows(path), None)
    known = (
        row and connection.execute("SELECT 1 FROM event_identity WHERE event_id = %s", (row["event_id"],)).fetchone()
    )
    if not known:
        raise ArchiveError(f"{path} holds events of another catalogue; move it away, or set another archive_dir")


def _drop(connection: Connection[TupleRow], partition: str, month: dt.date, archived: ArchivedMonth | None) -> None:
    """Drop the partition and list its file, in one transaction."""
    table = sql.Identifier("public", partition)
    try:
        with connection.transaction():
            connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(_PATIENCE)))
            connection.execute(sql.SQL("ALTER TABLE public.import_event DETACH PARTITION {}").format(table))
            # A clock that was set back could have brought an event between the file and now.
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
            if row is None or row[0] != (archived.events if archived else 0):
                raise ArchiveError(f"{partition} was written to while it was being archived; run the command again")
            check_sent(connection, partition, month)  # again, now that no webhook begins to read it
            connection.execute(sql.SQL("DROP TABLE {}").format(table))
            if archived is not None:
                connection.execute(
                    _LIST,
                    (
                        partition,
                        archived.month,
                        archived.first_position,
                        archived.last_position,
                        archived.events,
                        archived.sha256,
                        archived.file,
                    ),
                )
    except psycopg.errors.LockNotAvailable as error:
        raise ArchiveError(
            f"{partition} is being read (a replay or an export); nothing was changed: run the command again after it"
        ) from error


def _check_owner(connection: Connection[TupleRow]) -> None:
    row = connection.execute(
        "SELECT pg_has_role(relowner, 'USAGE'), current_user FROM pg_class WHERE oid = 'public.import_event'::regclass"
    ).fetchone()
    if row is None or not row[0]:
        raise ArchiveError(
            f"only the owner of the log archives it, and {row[1] if row else 'this role'} is not: name the owner in "
            "GAME_PIPELINE_OWNER_DATABASE_URL"
        )


@contextmanager
def _alone(connection: Connection[TupleRow]) -> Iterator[None]:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
    if row is None or not row[0]:
        raise ArchiveError("another process is archiving; wait until it has ended")
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _months(connection: Connection[TupleRow]) -> list[tuple[str, dt.date]]:
    """The monthly partitions in the database, oldest first."""
    names = [row[0] for row in connection.execute(_PARTITIONS)]
    matches = [match for match in map(_MONTHLY.fullmatch, names) if match]
    return [(match[0], dt.date(int(match[1]), int(match[2]), 1)) for match in matches]


def _this_month(connection: Connection[TupleRow]) -> dt.date:
    """By the database's clock, which times the events."""
    row = connection.execute("SELECT date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date").fetchone()
    assert row is not None
    month: dt.date = row[0]
    return month


def _unsettled(month: dt.date) -> str:
    return (
        f"{month:%Y-%m} has events that are not settled: a transaction that was open when they were written still is. "
        "Run the command again when it has ended"
    )
