"""What waits to be taken in, and what taking it in came to; one failure costs one record or game alone."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import psycopg

from game_pipeline.people import people_waiting
from game_pipeline.store import Store

__all__ = [
    "AGED",
    "PROPOSED",
    "UNMATCHED",
    "UNREVISED",
    "MatchReport",
    "Pending",
    "ReviseReport",
    "alone",
    "drain",
    "pending",
]

logger = logging.getLogger(__name__)

UNMATCHED = """
SELECT record_id FROM source_record WHERE version <> matched_version AND record_id > %s ORDER BY record_id LIMIT 500
"""

UNREVISED = """
SELECT DISTINCT decision.game_id FROM source_record AS record JOIN match_decision AS decision USING (record_id)
WHERE record.version <> record.reconciled_version AND decision.ended_at IS NULL AND decision.game_id > %s
ORDER BY decision.game_id LIMIT 500
"""

AGED = """
SELECT DISTINCT game_id FROM human_edit JOIN game USING (game_id)
WHERE released_at IS NULL AND aged_at IS NULL AND edited_at < now() - %s AND status = 'active' ORDER BY game_id
"""

PROPOSED = """
SELECT game_id FROM (SELECT game_id FROM game_proposal UNION SELECT game_id FROM game WHERE status = 'proposed') AS each
WHERE game_id > %s ORDER BY game_id LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class Pending:
    """What the catalogue has not taken in yet. `people_to_take_in`: records of people that changed."""

    records_to_match: int
    games_to_revise: int
    people_to_take_in: int = 0


@dataclass(slots=True)
class MatchReport:
    """Decisions by band and by method, with a few to show. `failed`: for which records there is none, and why."""

    counts: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ReviseReport:
    """Games updated and untouched, with a few to show. `failed`: which could not be revised, and why."""

    counts: Counter[str] = field(default_factory=Counter)
    changed_fields: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def pending(store: Store, *, shadow: bool = False) -> Pending:
    """How much waits for each stage. What was only proposed waits, too, unless it is still to be (`shadow`)."""
    row = store.row(
        """
        SELECT count(*) FILTER (WHERE record.version <> record.matched_version) AS records_to_match,
               count(DISTINCT decision.game_id) FILTER (WHERE record.version <> record.reconciled_version)
                   AS games_to_revise
        FROM source_record AS record LEFT JOIN match_decision AS decision
             ON decision.record_id = record.record_id AND decision.ended_at IS NULL
        WHERE record.version <> record.matched_version OR record.version <> record.reconciled_version
        """
    )
    waiting = replace(Pending(**row) if row else Pending(0, 0), people_to_take_in=people_waiting(store))
    if not shadow:
        proposed = store.row(f"SELECT count(*) AS n FROM ({PROPOSED.replace('LIMIT 500', '')}) AS waiting", (0,))
        waiting = replace(waiting, games_to_revise=waiting.games_to_revise + (proposed["n"] if proposed else 0))
    return waiting


def drain(store: Store, statement: str, column: str) -> Iterator[int]:
    """Ids of a to-do query, upwards and each once: what fails stays in it, and does not hide what comes after."""
    last = 0
    while ids := [row[column] for row in store.rows(statement, (last,))]:
        yield from ids
        last = ids[-1]


@contextmanager
def alone(what: str, failed: list[str]) -> Iterator[None]:
    """Whatever is wrong with one record or game costs it alone; only what is wrong with the database is raised."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception as error:
        logger.exception("%s could not be taken in", what)
        failed.append(f"{what}: {type(error).__name__}: {error}")
