"""Bringing the catalogue up to date with the records: first which game each record is about, then what games say.

Each record and each game is one transaction, marked as done within it: whatever stops the work, the next run goes on
where it stood, and nothing happens twice. One that fails is reported, waits for the next run, and stops no other.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Decision, Judge, claims_of
from game_pipeline.merging import MergePolicy
from game_pipeline.store import Event, Store, append

from . import review
from .candidates import Finder
from .held_change import HeldChange, hold_back
from .holding import over_holds
from .ids import next_id
from .limits import Limits
from .mass import hold_all, mass_changes
from .opinions import hear
from .placing import Placed, place, tie_anew
from .records import StoredRecord, lock_catalogue, members_of, read_record
from .revise import Plan, Wording, plan
from .shadow import PUBLISHING, as_heard_last, proposed_instead, settled, with_proposal
from .standing import Standing, read_standing
from .work import AGED, PROPOSED, UNMATCHED, UNREVISED, MatchReport, ReviseReport, alone, drain

__all__ = ["Curator"]

ACTOR = "pipeline"


MOST_EXAMPLES = 25


class Curator:
    """Takes records into the catalogue.

    `priorities`: source -> rank of its word, the lower wins. `limits`: source -> how far it may change a game unasked;
    a source that is not named has the defaults. `edits_age`: after which an edit's worth is asked for again.
    `shadow`: what the sources would change is proposed, not done. `judge`: reads what is doubtful, for the person who
    decides about it; without one nothing is asked.
    """

    def __init__(
        self,
        store: Store,
        priorities: Mapping[str, int],
        policy: MergePolicy,
        correlation_id: str,
        *,
        limits: Mapping[str, Limits] | None = None,
        edits_age: dt.timedelta = dt.timedelta(days=730),
        shadow: bool = False,
        judge: Judge | None = None,
    ) -> None:
        self.store = store
        self.priorities = priorities
        self.policy = policy
        self.correlation_id = correlation_id
        self.limits = limits or {}
        self.edits_age = edits_age
        self.shadow = shadow
        self.judge = judge

    def outright(self) -> Curator:
        """The same curator, but what it decides is done even in shadow mode."""
        other = copy.copy(self)
        other.shadow = False
        return other

    def wording(self, actor: str, cause: str, reason: str | None = None) -> Wording:
        """Why something is done, as the history will tell it."""
        return Wording(actor, cause, self.correlation_id, reason)

    # Which game is it? ---------------------------------------------------------------------------------------------

    def match_pending(self) -> MatchReport:
        """Decide for every record that is new, or still a question and has changed, which game it is about."""
        report = MatchReport()
        finder = Finder()
        for record_id in drain(self.store, UNMATCHED, "record_id"):
            with alone(f"record {record_id}", report.failed), self.store.transaction() as connection:
                lock_catalogue(connection)
                row = connection.execute(
                    b"SELECT version, matched_version FROM source_record WHERE record_id = %s FOR UPDATE", (record_id,)
                ).fetchone()
                if row and row["version"] != row["matched_version"]:
                    self._match(connection, finder, read_record(connection, record_id), report)
        if self.judge is not None:
            hear(self, self.judge, report)
        return report

    def _match(
        self, connection: Connection[DictRow], finder: Finder, record: StoredRecord, report: MatchReport
    ) -> None:
        known = connection.execute(
            b"SELECT game_id FROM match_decision WHERE record_id = %s AND ended_at IS NULL", (record.record_id,)
        ).fetchone()
        if known is not None and known["game_id"] is not None:
            tie_anew(connection, self, record)
            report.counts["already_known"] += 1
        elif record.live and not record.silent:
            placed = place(connection, self, finder, record)
            decision = placed.decision
            if placed.game_id is not None:
                finder.placed(placed.game_id, claims_of(record.record).titles)
            report.counts[decision.band] += 1
            report.methods[decision.method] += 1
            if decision.band != "new" and len(report.examples) < MOST_EXAMPLES:
                report.examples.append(_example(record, placed))
        elif known is not None and not record.silent:
            tie_anew(connection, self, record)  # its last word, while it was a question, may be another page's id
        connection.execute(
            b"UPDATE source_record SET matched_version = %s WHERE record_id = %s", (record.version, record.record_id)
        )

    def matched(
        self,
        connection: Connection[DictRow],
        record: StoredRecord,
        decision: Decision,
        game_id: int | None,
        actor: str,
    ) -> Event:
        """The event of a decision."""
        return Event(
            stream=f"record:{record.record_id}",
            event_type="record.matched",
            payload={
                "decision_id": next_id(connection, "match_decision"),
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

    # What does the game say? ---------------------------------------------------------------------------------------

    def revise_pending(self) -> ReviseReport:
        """Recompute every game one of whose records changed, and write a revision where the result differs.

        A source that would change too many of its games at once is held back first, as a whole.
        """
        report = ReviseReport()
        self._hold_mass_changes(report)
        for game_id in drain(self.store, UNREVISED, "game_id"):
            self._revise(game_id, report)
        if not self.shadow:
            for game_id in drain(self.store, PROPOSED, "game_id"):
                self._revise(game_id, report)
        for row in self.store.rows(AGED, (self.edits_age,)):
            self._revise(row["game_id"], report)
        return report

    def _hold_mass_changes(self, report: ReviseReport) -> None:
        wording = self.wording(ACTOR, "import")
        with self.store.transaction() as connection:
            lock_catalogue(connection)
            append(connection, review.close_idle_questions(connection, self.correlation_id))
            for change in mass_changes(connection, self.limits):
                append(connection, hold_all(connection, change, wording))
                append(connection, review.ask_mass(connection, change, self.correlation_id))
                report.counts["held"] += change.waiting

    def _revise(self, game_id: int, report: ReviseReport) -> None:
        with alone(f"game {game_id}", report.failed), self.store.transaction() as connection:
            lock_catalogue(connection)
            result, held = self._bring_up_to_date(connection, game_id, self.wording(ACTOR, "import"))
            done = "proposed" if self.shadow else "updated"
            report.counts[done if result.changed_fields else "untouched"] += 1
            if held is not None:
                report.counts["held"] += 1
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
        self,
        connection: Connection[DictRow],
        game_id: int,
        wording: Wording,
        *,
        newly: Collection[int] = (),
        about: str | None = None,
    ) -> Plan:
        """Plan a game anew inside the caller's transaction and write the result, with the questions it raises.

        An import's change is held back where it goes beyond the limits; what a person wants is done. In shadow mode
        that lets nothing else in: `newly` are the records, `about` is the field that are to be heard as they are now.
        """
        return self._bring_up_to_date(connection, game_id, wording, newly, about)[0]

    def catch_up(self, connection: Connection[DictRow], game_ids: Collection[int]) -> bool:
        """Take in what pages have brought to these games since their last revisions, as an import does: within the
        limits. Comes before what a person does to them, which is theirs alone then. In shadow mode it waits.

        Returns whether there was anything.
        """
        behind = [] if self.shadow else connection.execute(_BEHIND, (sorted(game_ids),)).fetchall()
        for row in behind:
            self.take_in(connection, row["game_id"])
        return bool(behind)

    def take_in(self, connection: Connection[DictRow], game_id: int) -> None:
        """What the pages of a game say now, within the limits."""
        self._bring_up_to_date(connection, game_id, self.wording(ACTOR, "import"))

    def _bring_up_to_date(
        self,
        connection: Connection[DictRow],
        game_id: int,
        wording: Wording,
        newly: Collection[int] = (),
        about: str | None = None,
    ) -> tuple[Plan, HeldChange | None]:
        records = members_of(connection, [game_id])[game_id]
        standing = read_standing(connection, game_id)
        append(connection, over_holds(records, wording, game_id))
        result = self.planned(connection, standing, records, wording, newly=newly, about=about)
        held = None
        if wording.cause == "import":
            held = hold_back(connection, standing, records, result, wording, self.limits)
        if held is not None:
            append(connection, held.events)
            records = members_of(connection, [game_id])[game_id]
            result = self.planned(connection, standing, records, wording)
        if self.shadow:
            result = self._in_shadow(connection, standing, records, result, wording)
        else:
            result = settled(connection, standing, result, wording)
        events = list(result.events)
        events += review.ask_conflicts(connection, standing, result, self.correlation_id)
        events += review.ask_held(connection, standing, records, held, self.correlation_id)
        events += self._about_edits(connection, standing, result)
        events += review.ask_vanished(connection, standing, result, records, self.correlation_id)
        append(connection, events)
        if self.shadow and wording.cause != "import":
            return result, held  # what came meanwhile is for the next run to propose
        # The versions that were read: a newer one may have come meanwhile, and it waits for the next run.
        with connection.cursor() as cursor:
            cursor.executemany(
                b"UPDATE source_record SET reconciled_version = %s WHERE record_id = %s",
                [(record.version, record.record_id) for record in records],
            )
        return result, held

    def _about_edits(self, connection: Connection[DictRow], standing: Standing, result: Plan) -> list[Event]:
        """What the sources' word means for the edits that stand."""
        row = connection.execute(b"SELECT now() - %s AS moment", (self.edits_age,)).fetchone()
        noted = review.note_edits(
            standing, result.merged, self.correlation_id, aged_before=row["moment"] if row else None
        )
        append(connection, noted)
        if noted:
            standing = read_standing(connection, standing.game_id)
        return review.suggest(connection, standing, result.merged, self.correlation_id)

    def planned(
        self,
        connection: Connection[DictRow],
        standing: Standing,
        records: list[StoredRecord],
        wording: Wording,
        *,
        newly: Collection[int] = (),
        about: str | None = None,
    ) -> Plan:
        """What would be done about a game; nothing is written. For `newly` and `about` see `bring_up_to_date`."""
        if self.shadow and wording.cause != "import":
            # The existing catalogue's word on a game that only sources knew is the first that counts.
            alone = wording.cause == "imported" and standing.status == "proposed"
            records = as_heard_last(connection, records, newly=newly, about=about, only_newly=alone)
        return self._plan(connection, standing, records, wording, self.shadow and wording.cause not in PUBLISHING)

    def _plan(
        self,
        connection: Connection[DictRow],
        standing: Standing,
        records: list[StoredRecord],
        wording: Wording,
        proposing: bool,
    ) -> Plan:
        return plan(
            connection,
            standing,
            records,
            wording,
            priorities=self.priorities,
            policy=self.policy,
            proposing=proposing,
        )

    def _in_shadow(
        self,
        connection: Connection[DictRow],
        standing: Standing,
        records: list[StoredRecord],
        result: Plan,
        wording: Wording,
    ) -> Plan:
        if wording.cause == "import":
            return proposed_instead(connection, standing, result, wording)
        everything = self._plan(connection, standing, records, wording, True)
        return with_proposal(connection, standing, result, everything, records, wording)

    def sources_say(self, connection: Connection[DictRow], game_id: int, field: str) -> dict[str, Any]:
        """The game as its sources would have it were the field not edited; the edits of other fields stand."""
        records = members_of(connection, [game_id])[game_id]
        standing = read_standing(connection, game_id)
        standing = replace(standing, edits=tuple(edit for edit in standing.edits if edit.field != field))
        return self.planned(connection, standing, records, self.wording(ACTOR, "import")).merged.state


_BEHIND = b"""
SELECT DISTINCT member.game_id FROM game_member AS member
JOIN source_record AS record USING (record_id) JOIN game ON game.game_id = member.game_id
WHERE member.game_id = ANY(%s) AND record.version > member.record_version AND game.status <> 'merged'
ORDER BY member.game_id
"""


def _example(record: StoredRecord, placed: Placed) -> dict[str, Any]:
    decision = placed.decision
    return {
        "record": f"{record.source} {record.identity}",
        "title": record.record.title,
        "band": decision.band,
        "game": str(placed.game_id or decision.game_id or ""),
        "why": "; ".join(evidence.detail for evidence in decision.evidence[:3]),
    }
