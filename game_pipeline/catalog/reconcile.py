"""Bringing the catalogue up to date with the records: first which game each record is about, then what games say.

Each record and each game is one transaction, marked as done within it: whatever stops the work, the next run goes on
where it stood, and nothing happens twice. One that fails is reported, waits for the next run, and stops no other.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Decision, claims_of, decide
from game_pipeline.merging import MergePolicy
from game_pipeline.store import Event, Store, append

from . import review
from .candidates import find_candidates
from .records import StoredRecord, lock_catalogue, members_of, read_record
from .revise import Plan, Standing, member_entry, plan, read_standing

__all__ = ["Curator", "MatchReport", "ReviseReport", "pending"]

logger = logging.getLogger(__name__)

ACTOR = "pipeline"


@dataclass(frozen=True, slots=True)
class Pending:
    """What the catalogue has not taken in yet."""

    records_to_match: int
    games_to_revise: int


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


MOST_EXAMPLES = 25

_UNMATCHED = """
SELECT record_id FROM source_record WHERE version <> matched_version AND record_id > %s ORDER BY record_id LIMIT 500
"""

_UNREVISED = """
SELECT DISTINCT decision.game_id FROM source_record AS record JOIN match_decision AS decision USING (record_id)
WHERE record.version <> record.reconciled_version AND decision.ended_at IS NULL AND decision.game_id > %s
ORDER BY decision.game_id LIMIT 500
"""


def pending(store: Store) -> Pending:
    """How much waits for each stage."""
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
    return Pending(**row) if row else Pending(0, 0)


class Curator:
    """Takes records into the catalogue. `priorities`: source -> rank of its word, the lower wins."""

    def __init__(self, store: Store, priorities: Mapping[str, int], policy: MergePolicy, correlation_id: str) -> None:
        self.store = store
        self.priorities = priorities
        self.policy = policy
        self.correlation_id = correlation_id

    # Which game is it? ---------------------------------------------------------------------------------------------

    def match_pending(self) -> MatchReport:
        """Decide for every record that is new, or still a question and has changed, which game it is about."""
        report = MatchReport()
        for record_id in self._drain(_UNMATCHED, "record_id"):
            with _alone(f"record {record_id}", report.failed), self.store.transaction() as connection:
                lock_catalogue(connection)
                row = connection.execute(
                    b"SELECT version, matched_version FROM source_record WHERE record_id = %s FOR UPDATE", (record_id,)
                ).fetchone()
                if row and row["version"] != row["matched_version"]:
                    self._match(connection, read_record(connection, record_id), report)
        return report

    def _match(self, connection: Connection[DictRow], record: StoredRecord, report: MatchReport) -> None:
        known = connection.execute(
            b"SELECT game_id FROM match_decision WHERE record_id = %s AND ended_at IS NULL", (record.record_id,)
        ).fetchone()
        if known is None or known["game_id"] is None:
            if record.live:
                claims = claims_of(record.record)
                decision = decide(claims, find_candidates(connection, record.record_id, claims))
                self.apply(connection, record, decision, ACTOR)
                report.counts[decision.band] += 1
                report.methods[decision.method] += 1
                if decision.band != "new" and len(report.examples) < MOST_EXAMPLES:
                    report.examples.append(_example(record, decision))
        else:
            report.counts["already_known"] += 1
        connection.execute(
            b"UPDATE source_record SET matched_version = %s WHERE record_id = %s", (record.version, record.record_id)
        )

    def apply(
        self,
        connection: Connection[DictRow],
        record: StoredRecord,
        decision: Decision,
        actor: str,
    ) -> int | None:
        """Write a decision: join the game, make a new one, or ask a person. Returns the game, None for a question."""
        question = review.match_question(record.record_id)
        events: list[Event] = []
        if decision.band != "review":  # a question that stands is asked no second time
            events += review.close_question(connection, question, "stale", ACTOR, self.correlation_id)
        game_id = decision.game_id if decision.band == "auto" else None
        created: Plan | None = None
        if decision.band == "new":
            row = connection.execute(b"SELECT nextval('game_id_seq') AS id").fetchone()
            game_id = row["id"] if row else 0
            cause = "import" if actor == ACTOR else "review"
            created = self._plan(connection, read_standing(connection, game_id), [record], actor, cause)
            events += created.events
        events.append(self._matched(connection, record, decision, game_id, actor))
        if decision.band == "auto" and game_id is not None:
            events.append(self._joined(record, game_id, actor))
        if decision.band == "review":
            events += review.ask_match(connection, record, decision, self.correlation_id)
        append(connection, events)
        if created:
            connection.execute(
                b"UPDATE source_record SET reconciled_version = %s WHERE record_id = %s",
                (record.version, record.record_id),
            )
        return game_id

    def _matched(
        self,
        connection: Connection[DictRow],
        record: StoredRecord,
        decision: Decision,
        game_id: int | None,
        actor: str,
    ) -> Event:
        row = connection.execute(b"SELECT nextval('match_decision_id_seq') AS id").fetchone()
        return Event(
            stream=f"record:{record.record_id}",
            event_type="record.matched",
            payload={
                "decision_id": row["id"] if row else 0,
                "record_id": record.record_id,
                "game_id": game_id,
                "band": decision.band,
                "method": decision.method,
                "score": decision.score,
                "evidence": [asdict(evidence) for evidence in decision.evidence],
                "alternatives": list(decision.alternatives),
            },
            actor=actor,
            correlation_id=self.correlation_id,
            game_id=game_id,
            source=record.source,
            source_url=record.record.url,
        )

    def _joined(self, record: StoredRecord, game_id: int, actor: str) -> Event:
        """The member is entered at once, at version 0, so that the next record of the batch finds the game by its
        keys, too; what the game says with it is the next stage's work."""
        return Event(
            stream=f"game:{game_id}",
            event_type="game.sources_updated",
            payload={"members": [member_entry(record) | {"version": 0}]},
            actor=actor,
            correlation_id=self.correlation_id,
            game_id=game_id,
            source=record.source,
            source_url=record.record.url,
        )

    # What does the game say? ---------------------------------------------------------------------------------------

    def revise_pending(self) -> ReviseReport:
        """Recompute every game one of whose records changed, and write a revision where the result differs."""
        report = ReviseReport()
        for game_id in self._drain(_UNREVISED, "game_id"):
            with _alone(f"game {game_id}", report.failed), self.store.transaction() as connection:
                lock_catalogue(connection)
                self._revise(connection, game_id, report)
        return report

    def _revise(self, connection: Connection[DictRow], game_id: int, report: ReviseReport) -> None:
        result = self.bring_up_to_date(connection, game_id, actor=ACTOR, cause="import", reason=None)
        report.counts["updated" if result.changed_fields else "untouched"] += 1
        report.changed_fields.update(result.changed_fields)
        if result.changed_fields and len(report.examples) < MOST_EXAMPLES:
            report.examples.append(
                {
                    "game": str(game_id),
                    "title": str(result.merged.state["title"]),
                    "changed": ", ".join(result.changed_fields),
                }
            )

    def bring_up_to_date(
        self, connection: Connection[DictRow], game_id: int, *, actor: str, cause: str, reason: str | None
    ) -> Plan:
        """Plan a game anew inside the caller's transaction and write the result, with the questions it raises."""
        records = members_of(connection, [game_id])[game_id]
        standing = read_standing(connection, game_id)
        result = self._plan(connection, standing, records, actor, cause, reason)
        events = list(result.events)
        events += review.ask_conflicts(connection, standing, result, self.correlation_id)
        events += review.suggest(connection, standing, result.merged, self.correlation_id)
        events += review.ask_vanished(connection, game_id, standing, records, self.correlation_id)
        append(connection, events)
        # The versions that were read: a newer one may have come meanwhile, and it waits for the next run.
        with connection.cursor() as cursor:
            cursor.executemany(
                b"UPDATE source_record SET reconciled_version = %s WHERE record_id = %s",
                [(record.version, record.record_id) for record in records],
            )
        return result

    def _plan(
        self,
        connection: Connection[DictRow],
        standing: Standing,
        records: list[StoredRecord],
        actor: str,
        cause: str,
        reason: str | None = None,
    ) -> Plan:
        return plan(
            connection,
            standing,
            records,
            priorities=self.priorities,
            policy=self.policy,
            actor=actor,
            correlation_id=self.correlation_id,
            cause=cause,
            reason=reason,
        )

    def sources_say(self, connection: Connection[DictRow], game_id: int, field: str) -> dict[str, Any]:
        """The game as its sources would have it were the field not edited; the edits of other fields stand."""
        records = members_of(connection, [game_id])[game_id]
        standing = read_standing(connection, game_id)
        standing = replace(standing, edits=tuple(edit for edit in standing.edits if edit.field != field))
        return self._plan(connection, standing, records, ACTOR, "import").merged.state

    def _drain(self, statement: str, column: str) -> Iterator[int]:
        """Ids of a to-do query, upwards and each once: what fails stays in it, and does not hide what comes after."""
        last = 0
        while ids := [row[column] for row in self.store.rows(statement, (last,))]:
            yield from ids
            last = ids[-1]


@contextmanager
def _alone(what: str, failed: list[str]) -> Iterator[None]:
    """Whatever is wrong with one record or game costs it alone; only what is wrong with the database is raised."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception as error:
        logger.exception("%s could not be taken in", what)
        failed.append(f"{what}: {type(error).__name__}: {error}")


def _example(record: StoredRecord, decision: Decision) -> dict[str, Any]:
    return {
        "record": f"{record.source} {record.identity}",
        "title": record.record.title,
        "band": decision.band,
        "game": str(decision.game_id or ""),
        "why": "; ".join(evidence.detail for evidence in decision.evidence[:3]),
    }
