"""All that a source, a run, a parser or a stretch of time brought to games and people, taken back at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, replace

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.hearing import resolve
from game_pipeline.catalog.ids import next_id
from game_pipeline.catalog.reconcile import Curator
from game_pipeline.catalog.records import lock_catalogue, members_of, read_records
from game_pipeline.catalog.review import close_idle_questions
from game_pipeline.catalog.revise import Wording
from game_pipeline.catalog.standing import Standing, read_standing
from game_pipeline.catalog.taking_back import beside_limit, taken_back
from game_pipeline.people import refresh_within
from game_pipeline.sources import SOURCES
from game_pipeline.store import Event, append

from .brought_edits import take_edits_back
from .people_pages import person_changes, silence_pages, told_by_pages
from .report import RollbackError, RollbackReport, Scope
from .steps import (
    CAUSE,
    bring_up_to_date,
    ended_holds,
    ended_pins,
    games_of,
    hear,
    pins,
    read_histories,
    rollback_event,
)

__all__ = ["roll_back"]


def roll_back(
    connection: Connection[DictRow], curator: Curator, scope: Scope, *, author: str, reason: str
) -> RollbackReport:
    """Take back everything that a scope brought, inside the caller's transaction; what people have set here stands.

    A game that only the scope brought is withdrawn, unless a person has worked on it. Raises `RollbackError`.
    """
    if not scope.to_dict():
        raise RollbackError("say what to take back: a source, a run, a parser version or a time")
    lock_catalogue(connection)
    scope = _known(connection, scope)
    rollback_id = next_id(connection, "rollback")
    wording = curator.wording(author, CAUSE, reason)
    unwanted = _unwanted(connection, scope)
    if not unwanted:
        where = "; the run of each change is named by: game-pipeline game history ID" if scope.run_id else ""
        raise RollbackError(f"no record changed in {_in_words(scope)}{where}")
    histories = read_histories(connection, unwanted)
    games = games_of(connection, unwanted)
    curator.catch_up(connection, set(games.values()))
    events: list[Event] = []
    moved_on = 0
    records = read_records(connection, sorted(unwanted))
    for record in records:
        history = histories[record.record_id]
        parts = taken_back(
            history,
            unwanted[record.record_id],
            readings_count=scope.parser_version is not None,
            standing=record.taken,
        )
        if parts is None:
            moved_on += 1
            continue
        before, after = resolve(record.taken, record.version), resolve(parts, record.version)
        taken, limited = beside_limit(history, record.limited, before, after)
        events += hear(
            connection,
            record,
            taken,
            limited,
            wording,
            game_id=games.get(record.record_id),
            rollback_id=rollback_id,
            ends_on="page" if scope.parser_version is None else "version",
        )
    silenced, left = silence_pages(
        connection,
        unwanted,
        histories,
        wording,
        rollback_id=rollback_id,
        readings_count=scope.parser_version is not None,
    )
    events += silenced
    moved_on += left
    back = take_edits_back(connection, set(games.values()), scope, wording)
    if not events and not back.events:
        raise RollbackError(
            f"of {_in_words(scope)} nothing is heard: the pages have changed again since, or what they brought is held "
            "back; see: game-pipeline review list"
        )
    held = {event.payload["record_id"] for event in events}
    touched = sorted(
        {game_id for record_id, game_id in games.items() if record_id in held}
        | {event.game_id for event in back.events if event.game_id is not None}
    )
    games_before = {game_id: read_standing(connection, game_id) for game_id in touched}
    pages = told_by_pages(connection, silenced)
    append(connection, [*events, *back.events])
    for game_id, game in games_before.items():
        append(connection, _last_words(connection, curator, game_id, game, wording, rollback_id))
    changes = [bring_up_to_date(connection, curator, game_id, games_before[game_id], wording) for game_id in touched]
    also = {
        "edits_released": back.released,
        "edits_reinstated": back.reinstated,
        "unpinned": ended_pins(connection, games_before.values()),
        "holds_released": ended_holds(records, events),
    }
    payload = {
        "rollback_id": rollback_id,
        "scope": scope.to_dict(),
        "reason": reason,
        "games": touched,
        "also": also,
    }
    append(connection, [rollback_event("rollback.made", payload, wording)])
    append(connection, close_idle_questions(connection, wording.correlation_id))
    refresh_within(connection, wording.correlation_id)
    people = person_changes(connection, pages)
    return RollbackReport(rollback_id, tuple(filter(None, changes)), len(held), moved_on, people)


def _last_words(
    connection: Connection[DictRow],
    curator: Curator,
    game_id: int,
    standing: Standing,
    wording: Wording,
    rollback_id: int,
) -> list[Event]:
    """A game that a person has worked on stays, though none of its records is heard any more: it goes on saying what it
    says, and not what is held back of them. Edits that went back with their import are nobody's work here."""
    silent = all(record.silent for record in members_of(connection, [game_id])[game_id])
    if not (silent and standing.state and read_standing(connection, game_id).edits):
        return []
    wanted = {"state": standing.state, "provenance": standing.provenance}
    return pins(connection, curator, game_id, wanted, wording, rollback_id, standing.revision)


def _in_words(scope: Scope) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in scope.to_dict().items())


_RUNS = b"""
SELECT DISTINCT run_id FROM record_version WHERE starts_with(run_id, %s) ORDER BY run_id
"""


def _known(connection: Connection[DictRow], scope: Scope) -> Scope:
    """The scope with the whole of a run's id, of which its beginning is enough. Raises `RollbackError`."""
    if scope.source is not None and scope.source not in SOURCES:  # an existing catalogue that was taken over, or none
        row = connection.execute(b"SELECT FROM source_record WHERE source = %s LIMIT 1", (scope.source,)).fetchone()
        if row is None:
            imported = [
                each["name"] for each in connection.execute(b"SELECT name FROM existing_catalogue ORDER BY name")
            ]
            raise RollbackError(f"no source {scope.source!r}; there are {', '.join([*SOURCES, *imported])}")
    if scope.run_id is None:
        return scope
    runs = [row["run_id"] for row in connection.execute(_RUNS, (scope.run_id,))]
    if len(runs) > 1 and scope.run_id not in runs:
        raise RollbackError(
            f"several runs begin with {scope.run_id}, such as {' and '.join(runs[:2])}; give more of it"
        )
    return replace(scope, run_id=runs[0]) if len(runs) == 1 else scope


def _unwanted(connection: Connection[DictRow], scope: Scope) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for row in connection.execute(
        b"""
        SELECT record_id, record_version.version FROM record_version JOIN source_record USING (record_id)
        WHERE (%(source)s::text IS NULL OR source = %(source)s)
          AND (%(run_id)s::text IS NULL OR run_id = %(run_id)s)
          AND (%(parser_version)s::int IS NULL OR parser_version = %(parser_version)s)
          AND (%(since)s::timestamptz IS NULL OR recorded_at >= %(since)s)
          AND (%(until)s::timestamptz IS NULL OR recorded_at < %(until)s)
        """,
        {each.name: getattr(scope, each.name) for each in fields(scope)},
    ):
        found[row["record_id"]].add(row["version"])
    return dict(found)
