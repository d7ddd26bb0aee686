"""Writer of the typed format of an export: a Parquet file a table, zstd, in row groups that bound the memory."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .tables import SCHEMA_VERSION, TABLES, Cell, ColumnType, Table

__all__ = ["ParquetWriter"]

# A row group ends at whichever comes first: descriptions are few and long, links many and short.
GROUP_ROWS = 10_000
GROUP_CHARACTERS = 4_000_000

_TYPES: dict[ColumnType, Any] = {
    "integer": pa.int64(),
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "flag": pa.bool_(),
    "number": pa.float64(),
    "moment": pa.timestamp("us", tz="UTC"),
}


class ParquetWriter:
    """TABLE.parquet for each table."""

    def __init__(self, directory: Path) -> None:
        self._files: dict[str, _File] = {}
        with ExitStack() as stack:
            for table in TABLES:
                self._files[table.name] = file = _File(directory, table)
                stack.callback(file.close)
            self._stack = stack.pop_all()

    @property
    def rows(self) -> dict[str, int]:
        return {f"{name}.parquet": file.rows for name, file in self._files.items()}

    def add(self, game: Mapping[str, Any]) -> None:
        for table in TABLES:
            for row in table.rows(game):
                self._files[table.name].add(row)

    def close(self) -> None:
        self._stack.close()


class _File:
    def __init__(self, directory: Path, table: Table) -> None:
        self.rows = 0
        self._schema = pa.schema(
            [(column.name, _TYPES[column.type]) for column in table.columns],
            metadata={"game_pipeline.schema_version": str(SCHEMA_VERSION)},
        )
        self._writer = pq.ParquetWriter(directory / f"{table.name}.parquet", self._schema, compression="zstd")
        self._waiting: list[tuple[Cell, ...]] = []
        self._characters = 0

    def add(self, row: tuple[Cell, ...]) -> None:
        self._waiting.append(row)
        self._characters += sum(len(cell) for cell in row if isinstance(cell, str))
        if len(self._waiting) >= GROUP_ROWS or self._characters >= GROUP_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        columns = zip(*self._waiting, strict=True)
        arrays = [pa.array(column, kind.type) for column, kind in zip(columns, self._schema, strict=True)]
        self._writer.write_table(pa.table(arrays, schema=self._schema))
        self.rows += len(self._waiting)
        self._waiting, self._characters = [], 0

    def close(self) -> None:
        try:
            if self._waiting:
                self._flush()
            self._writer.close()
        finally:
            self._writer.is_open = False  # or its destructor tries once more, and prints what it then meets
