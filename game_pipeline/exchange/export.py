"""Taking the catalogue along: every active game as of one moment, as JSON lines, CSV or Parquet.

What a file says of a game is in `tables`, how files appear in a directory in `place`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store import Store

from .place import ExportError, Place, export_place
from .tables import SCHEMA_VERSION
from .text_files import CsvWriter, JsonLinesWriter

__all__ = ["FORMATS", "ExportError", "ExportFormat", "export_catalogue", "export_place"]

ExportFormat = Literal["jsonl", "csv", "parquet"]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)

BATCH = 500  # games fetched at a time: large ones take some 100 kB each

_SNAPSHOT = b"""
SELECT statement_timestamp() AS taken_at, (SELECT coalesce(max(position), 0) FROM import_event) AS position,
       (SELECT count(*) FROM game WHERE status = 'active') AS games
"""

_GAMES = b"""
SELECT game.game_id, game.revision, game.state, game.provenance, game.human_edited_fields, game.quality_score,
       game.last_ai_review, game.needs_human_review, game.created_at, game.updated_at,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'record', member.record_id, 'source', member.source, 'identity', member.identity,
                   'url', record.url, 'version', member.record_version, 'live', member.live
               ) ORDER BY member.record_id), '[]')
        FROM game_member AS member LEFT JOIN source_record AS record USING (record_id)
        WHERE member.game_id = game.game_id) AS sources,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'field', edit.field, 'author', edit.author, 'edited_at', edit.edited_at, 'reason', edit.reason
               ) ORDER BY edit.field), '[]')
        FROM human_edit AS edit
        WHERE edit.game_id = game.game_id AND edit.released_at IS NULL) AS edits
FROM game WHERE game.status = 'active' ORDER BY game.game_id
"""


class _Writer(Protocol):
    @property
    def rows(self) -> dict[str, int]: ...
    def add(self, game: Mapping[str, Any]) -> None: ...
    def close(self) -> None: ...


def export_catalogue(
    store: Store, place: Place, form: ExportFormat, progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """Write every active game, ordered by id, and publish the files; returns the manifest.

    All files stand for one moment, whatever is imported meanwhile. `progress` is told how many of how many games are
    written. Memory does not grow with the catalogue. Raises OSError, which `export_place` tells in a line.
    """
    with _snapshot(store) as connection, _writing(place.staging, form) as writer:
        facts = connection.execute(_SNAPSHOT).fetchone() or {}
        for done, game in enumerate(_games(connection)):
            if done % BATCH == 0:
                progress(done, facts["games"])
            writer.add(game)
        progress(facts["games"], facts["games"])
    rows = writer.rows
    manifest = {
        "format": form,
        "schema_version": SCHEMA_VERSION,
        "taken_at": facts["taken_at"].isoformat(),
        "position": facts["position"],
        "games": facts["games"],
    }
    return place.publish(list(rows), manifest, rows)


@contextmanager
def _snapshot(store: Store) -> Iterator[Connection[DictRow]]:
    with store.transaction() as connection:
        connection.execute(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute(b"SET LOCAL TIME ZONE 'UTC'")
        yield connection


def _games(connection: Connection[DictRow]) -> Iterator[DictRow]:
    with connection.cursor("export") as cursor:
        cursor.itersize = BATCH
        cursor.execute(_GAMES)
        yield from cursor


@contextmanager
def _writing(staging: Path, form: ExportFormat) -> Iterator[_Writer]:
    writer = _writer(staging, form)
    try:
        yield writer
    except BaseException:
        with suppress(Exception):  # whatever refused the body may refuse this, too
            writer.close()
        raise
    writer.close()


def _writer(staging: Path, form: ExportFormat) -> _Writer:
    match form:
        case "jsonl":
            return JsonLinesWriter(staging)
        case "csv":
            return CsvWriter(staging)
        case "parquet":
            from .parquet_files import ParquetWriter  # only who asks for it waits for it to load

            return ParquetWriter(staging)
