"""Taking an existing catalogue over: its games become records of a source of their own, what people set becomes edits.

A game of the file is one game of the catalogue. Looking and doing are apart, so that a dry run is the looking alone.
Batches are transactions: whatever stops the work, running it again goes on, and what is there already is not touched.
"""

from __future__ import annotations

import copy
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.changes import write_given
from game_pipeline.exchange import ExistingEdit, ExistingGame
from game_pipeline.matching import SCHEMES, Decision, Evidence
from game_pipeline.merging import HumanEdit
from game_pipeline.sources import SOURCES, ExistingCatalogue, ParseError, existing_catalogue
from game_pipeline.store import Event, Store, append
from game_pipeline.store.bodies import body_hash

from . import review
from .adopt_look import AdoptError, Look, Looker, edited_value
from .edits import current_value
from .ids import next_id
from .ledger.keys import enter_keys
from .placing import nearest_edge, place_as_decided
from .reconcile import Curator
from .records import StoredRecord, lock_catalogue, read_record
from .revise import Wording
from .standing import nothing_yet

__all__ = ["AdoptError", "AdoptReport", "adopt", "adoptable", "recorded_priority"]

logger = logging.getLogger(__name__)

CAUSE = "imported"
BATCH = 50
MOST_EXAMPLES = 100
_TAKEN_NAMES = frozenset({"title", "url", "person", "human", "pipeline", "existing"})


@dataclass(slots=True)
class AdoptReport:
    """What became of the games, or would. `counts`: new, joined, changed, unchanged, edits, questions, gone, failed.

    `examples`: what, id, title, game, why, of the first that are not unchanged; `gone`: ids that the file has no more.
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def adoptable(name: str) -> ExistingCatalogue:
    """The source that a catalogue of this name becomes. Raises `AdoptError` where others go by the name."""
    if name in SOURCES or name in SCHEMES or name in _TAKEN_NAMES:
        raise AdoptError(f"{name!r} is the name of a source or of a scheme of ids already; choose another")
    try:
        return existing_catalogue(name)
    except ValueError as error:
        raise AdoptError(str(error)) from None


def recorded_priority(store: Store, name: str) -> int | None:
    """The rank of a catalogue's word as its last import had it."""
    row = store.row("SELECT priority FROM existing_catalogue WHERE name = %s", (name,))
    return row["priority"] if row else None


def adopt(
    curator: Curator,
    source: ExistingCatalogue,
    games: Iterable[ExistingGame],
    *,
    sha256: str,
    author: str,
    priority: int,
    dry_run: bool = False,
    progress: Callable[[AdoptReport], None] = lambda report: None,
) -> AdoptReport:
    """Import the games; of a dry run nothing is written at all.

    A game that cannot be taken is reported and stops no other. `sha256`: of the file. `priority`: the rank of the
    catalogue's word; the lower wins. `progress` is told after each batch.
    """
    curator = copy.copy(curator)
    curator.priorities = {**curator.priorities, source.name: priority}
    work = _Adoption(curator, source, author)
    rest = iter(games)
    while batch := list(islice(rest, BATCH)):
        fresh = work.first_seen(batch)
        if dry_run:
            work.look_at(fresh)
        else:
            work.take(fresh)
        progress(work.report)
    work.find_gone()
    if not dry_run:
        work.finish(sha256)
    return work.report


class _Adoption:
    def __init__(self, curator: Curator, source: ExistingCatalogue, author: str) -> None:
        self.curator = curator
        self.store = curator.store
        self.source = source
        self.author = author
        self.report = AdoptReport()
        self._looker = Looker(source)
        self._seen: set[bytes] = set()
        # A game that one of the file's has joined is not for another: a dry run, too, has to know.
        self._joined: set[int] = set()

    # The file --------------------------------------------------------------------------------------------------------

    def first_seen(self, batch: Sequence[ExistingGame]) -> list[ExistingGame]:
        fresh = []
        for game in batch:
            key = _digest(game.id)
            if key in self._seen:
                self._fail(game, "its id was on a line before")
            else:
                self._seen.add(key)
                fresh.append(game)
        return fresh

    def find_gone(self) -> None:
        """Games of earlier imports that the file does not have: told, not removed."""
        rows = self.store.rows(
            "SELECT page_key FROM source_url_state WHERE source = %s ORDER BY page_id", (self.source.name,)
        )
        gone = [row["page_key"] for row in rows if _digest(row["page_key"]) not in self._seen]
        self.report.counts["gone"] = len(gone)
        self.report.gone = gone[:MOST_EXAMPLES]

    def finish(self, sha256: str) -> None:
        """Tell that the catalogue was imported, unless the very same was told before and nothing had to be done."""
        priority = self.curator.priorities[self.source.name]
        counts = dict(self.report.counts)
        with self.store.transaction() as connection:
            lock_catalogue(connection)
            last = connection.execute(
                b"SELECT sha256, priority FROM existing_catalogue WHERE name = %s", (self.source.name,)
            ).fetchone()
            did = sum(counts.get(what, 0) for what in ("new", "joined", "changed"))
            if last is not None and not did and (last["sha256"], last["priority"]) == (sha256, priority):
                return
            told = Event(
                stream=f"source:{self.source.name}",
                event_type="catalogue.imported",
                payload={"name": self.source.name, "sha256": sha256, "priority": priority, "counts": counts},
                actor=self.author,
                correlation_id=self.curator.correlation_id,
                source=self.source.name,
            )
            append(connection, [told])

    # Batches ---------------------------------------------------------------------------------------------------------

    def look_at(self, games: Sequence[ExistingGame]) -> None:
        with self.store.transaction() as connection:
            connection.execute(b"SET TRANSACTION READ ONLY")
            known = self._looker.known(connection, games)
            for game in games:
                looked = self._looked(connection, game, known)
                if looked is not None:
                    self._note(looked, looked.game_id)

    def take(self, games: Sequence[ExistingGame]) -> None:
        with self.store.transaction() as connection:
            lock_catalogue(connection)
            known = self._looker.known(connection, games)
            for game in games:
                looked = self._looked(connection, game, known)
                if looked is None:
                    continue
                if looked.what == "unchanged":
                    self._note(looked, looked.game_id)
                    continue
                try:
                    with connection.transaction():
                        game_id = self._do(connection, looked)
                except (psycopg.OperationalError, psycopg.InterfaceError):
                    raise
                except Exception as error:
                    logger.exception("%s %s could not be taken in", self.source.name, game.id)
                    self._fail(game, f"{type(error).__name__}: {error}")
                else:
                    self._note(looked, game_id)

    def _looked(
        self, connection: Connection[DictRow], game: ExistingGame, known: dict[str, dict[str, Any]]
    ) -> Look | None:
        try:
            return self._looker.look(connection, game, known.get(game.id), self._joined)
        except (ParseError, AdoptError) as error:
            self._fail(game, str(error))
            return None

    # Doing -----------------------------------------------------------------------------------------------------------

    def _do(self, connection: Connection[DictRow], looked: Look) -> int:
        run_id = self.curator.correlation_id
        written = write_given(connection, self.source, looked.game.id, looked.body, looked.record, run_id)
        record = read_record(connection, written.record_id)
        enter_keys(connection, record)
        wording = self.curator.wording(self.author, CAUSE, f"imported from {self.source.name}")
        if looked.what == "new":
            game_id = self._create(connection, looked, record, wording)
        else:
            assert looked.game_id is not None
            game_id = looked.game_id
            if looked.what == "joined" and looked.decision is not None:
                self._join(connection, record, looked.decision)
            self._update(connection, looked, record, game_id, wording, changed=written.changed)
        # The catalogue has taken the record in: nothing waits for the next reconciling.
        connection.execute(
            b"UPDATE source_record SET matched_version = version, reconciled_version = version WHERE record_id = %s",
            (record.record_id,),
        )
        return game_id

    def _create(self, connection: Connection[DictRow], looked: Look, record: StoredRecord, wording: Wording) -> int:
        game_id = next_id(connection, "game")
        edited = [self._edited(connection, game_id, looked, edit, wording, None) for edit in looked.edits]
        edits = tuple(
            HumanEdit(event.payload["edit_id"], edit.field, event.payload["value"], event.actor, edit.edited_at)
            for edit, event in zip(looked.edits, edited, strict=True)
        )
        standing = replace(nothing_yet(game_id), edits=edits)
        created = self.curator.planned(connection, standing, [record], wording, newly=[record.record_id])
        assert looked.decision is not None
        decision = looked.decision
        if decision.band != "new":
            told = f"a game of {self.source.name}; whether it is game {decision.game_id} is asked"
            evidence = (Evidence("existing", told, record.record.title, ""), *decision.evidence)
            decision = replace(decision, band="new", game_id=None, method="existing_catalogue", evidence=evidence)
        append(
            connection,
            [
                *created.events,
                self.curator.matched(connection, record, decision, game_id, self.author),
                *edited,
            ],
        )
        self._ask(connection, record, looked.decision)
        return game_id

    def _join(self, connection: Connection[DictRow], record: StoredRecord, decision: Decision) -> None:
        """A game of the file is one that is there already: an id or address that names one game says so."""
        assert decision.game_id is not None
        edge = nearest_edge(connection, record, decision)
        place_as_decided(connection, self.curator, record, decision, [edge], self.author)

    def _update(
        self,
        connection: Connection[DictRow],
        looked: Look,
        record: StoredRecord,
        game_id: int,
        wording: Wording,
        *,
        changed: bool,
    ) -> None:
        said = {
            edit.field: current_value(self.curator.sources_say(connection, game_id, edit.field), edit.field)
            for edit in looked.edits
        }
        events = [self._edited(connection, game_id, looked, edit, wording, said[edit.field]) for edit in looked.edits]
        append(connection, events)
        if changed or events:
            self.curator.bring_up_to_date(connection, game_id, wording, newly=[record.record_id])
        if looked.what == "changed" and changed:
            self._ask_again(connection, record)

    def _edited(
        self,
        connection: Connection[DictRow],
        game_id: int,
        looked: Look,
        edit: ExistingEdit,
        wording: Wording,
        previous: Any,
    ) -> Event:
        """`previous`: what the sources say, None where only the catalogue's own record does."""
        name = self.source.name
        value = edited_value(looked.record, edit.field)
        return Event(
            stream=f"game:{game_id}",
            event_type="game.edited",
            payload={
                "edit_id": next_id(connection, "human_edit"),
                "field": edit.field,
                "value": value,
                "previous": value if looked.what == "new" else previous,
                "reason": edit.reason or f"edited in {name} before the import",
                "edited_at": edit.edited_at.isoformat(),
                "carried_from": None,
            },
            actor=edit.author or name,
            correlation_id=wording.correlation_id,
            game_id=game_id,
            source=name,
            source_url=looked.record.url,
        )

    def _ask(self, connection: Connection[DictRow], record: StoredRecord, decision: Decision) -> None:
        if decision.band != "new":
            append(connection, review.ask_match(connection, record, decision, self.curator.correlation_id))

    def _ask_again(self, connection: Connection[DictRow], record: StoredRecord) -> None:
        """An open question about a game that has changed: as it stands now, or no more."""
        question = review.match_question(record.record_id)
        row = connection.execute(
            b"SELECT FROM review_item WHERE question = %s AND state = 'open'", (question,)
        ).fetchone()
        if row is None:
            return
        decision = self._looker.decide(connection, record.record, record.record_id)
        if decision.band != "new":
            self._ask(connection, record, decision)
        else:
            closed = review.close_question(connection, question, "stale", self.author, self.curator.correlation_id)
            append(connection, closed)

    # Telling ---------------------------------------------------------------------------------------------------------

    def _note(self, looked: Look, game_id: int | None) -> None:
        counts = self.report.counts
        counts[looked.what] += 1
        counts["edits"] += len(looked.edits)
        counts["questions"] += looked.doubtful
        if looked.what == "joined" and game_id is not None:
            self._joined.add(game_id)
        if looked.what == "unchanged" or len(self.report.examples) >= MOST_EXAMPLES:
            return
        why = []
        if looked.decision is not None and looked.decision.band != "new":
            detail = "; ".join(evidence.detail for evidence in looked.decision.evidence[:3])
            why.append(f"is it game {looked.decision.game_id}? {detail}" if looked.doubtful else detail)
        if looked.fields:
            why.append(f"changed: {', '.join(looked.fields)}")
        why += [
            f"{edit.field} set by {edit.author or self.source.name} on {edit.edited_at:%Y-%m-%d}"
            for edit in looked.edits
        ]
        self.report.examples.append(
            {
                "what": looked.what,
                "id": looked.game.id,
                "title": looked.record.title,
                "game": game_id,
                "why": "; ".join(why),
            }
        )

    def _fail(self, game: ExistingGame, problem: str) -> None:
        self.report.counts["failed"] += 1
        self.report.failed.append(f"line {game.line}, game {game.id[:80]}: {problem}")


def _digest(text: str) -> bytes:
    return body_hash(text.encode(errors="surrogatepass"))
