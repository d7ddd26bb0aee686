"""Orders to fetch every page: they outlive the runs that work on them, so that an interrupted one is continued."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.store import Store

__all__ = ["full_since", "retake_order", "segment_done", "take_order", "unfinished_full"]

STALE = dt.timedelta(days=14)
"""An order that no run has worked on for so long is begun anew: what it had fetched is old."""

_UNDER_WAY = "source = %(source)s AND finished_at IS NULL AND worked_at > now() - %(stale)s::interval"

# An order that covers these segments and is not done with them is meant; where it is, they are to be fetched again.
_TAKE = f"""
WITH found AS (
    SELECT order_id FROM full_import
    WHERE {_UNDER_WAY} AND NOT %(anew)s AND segments @> %(segments)s::text[] AND NOT done @> %(segments)s::text[]
    ORDER BY order_id DESC LIMIT 1
), continued AS (
    UPDATE full_import SET worked_at = now() FROM found WHERE full_import.order_id = found.order_id
), begun AS (
    INSERT INTO full_import (source, segments) SELECT %(source)s, %(segments)s::text[]
    WHERE NOT EXISTS (SELECT FROM found) RETURNING order_id
), superseded AS (
    UPDATE full_import SET finished_at = now()
    FROM begun WHERE source = %(source)s AND finished_at IS NULL AND segments <@ %(segments)s::text[]
)
SELECT order_id, false AS goes_on FROM begun UNION ALL SELECT order_id, true FROM found
"""

_RETAKE = b"""
UPDATE full_import SET worked_at = now()
FROM import_run WHERE run_id = %s AND full_import.order_id = import_run.order_id RETURNING full_import.order_id
"""

_SINCE = """
SELECT ordered_at FROM full_import JOIN import_run USING (order_id) WHERE run_id = %s
"""

_DONE = """
UPDATE full_import SET
    done = ARRAY(SELECT DISTINCT unnest(full_import.done || %(segment)s::text)), worked_at = now(),
    finished_at = CASE WHEN full_import.done || %(segment)s::text @> full_import.segments THEN now()
                       ELSE full_import.finished_at END
FROM import_run WHERE import_run.run_id = %(run_id)s AND full_import.order_id = import_run.order_id
"""


def take_order(
    connection: Connection[DictRow], source: str, segments: Sequence[str], *, anew: bool
) -> tuple[int, bool]:
    """The order that a full import of these segments works on, and whether it was begun before. `anew`: it was not."""
    row = connection.execute(
        _TAKE.encode(), {"source": source, "segments": list(segments), "anew": anew, "stale": STALE}
    ).fetchone()
    assert row is not None
    return row["order_id"], row["goes_on"]


def retake_order(connection: Connection[DictRow], run_id: str) -> int | None:
    """The order that another run worked on, done by now or not; None: it had none."""
    row = connection.execute(_RETAKE, (run_id,)).fetchone()
    return row["order_id"] if row else None


def full_since(store: Store, run_id: str) -> dt.datetime | None:
    """Since when a page has to be fetched to count for the full import of a run; None: it is none."""
    row = store.row(_SINCE, (run_id,))
    return row["ordered_at"] if row else None


def segment_done(store: Store, run_id: str, segment: str) -> None:
    """Every page of a segment was fetched for the order of a run."""
    store.execute(_DONE, {"run_id": run_id, "segment": segment})


def unfinished_full(store: Store, source: str) -> list[str]:
    """The segments that an interrupted full import has still to do; none: there is no such import."""
    rows = store.rows(
        f"SELECT segments, done FROM full_import WHERE {_UNDER_WAY} ORDER BY order_id",
        {"source": source, "stale": STALE},
    )
    return sorted({segment for row in rows for segment in row["segments"] if segment not in row["done"]})
