"""Bringing the games to what the standing judgements say: only what they touch, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog import review
from game_pipeline.catalog.holding import over_holds
from game_pipeline.catalog.ids import next_id
from game_pipeline.catalog.records import StoredRecord
from game_pipeline.catalog.revise import Wording, member_entry
from game_pipeline.catalog.standing import nothing_yet, read_standing
from game_pipeline.matching import Decision
from game_pipeline.store import Event, append

from .components import Edge, Refusal, components
from .edges import edge_of, ended, judged
from .moving import (
    carry_edits,
    close_everything,
    edits_go_home,
    farewell,
    pins_come_back,
    points_elsewhere,
)
from .naming import Naming, name_groups
from .pairs import could_be_one
from .reading import Surroundings, read_surroundings

if TYPE_CHECKING:
    from game_pipeline.catalog.reconcile import Curator

__all__ = ["Change", "Settled", "settle"]


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to the ledger, and how it is to be read.

    `say`: new judgements; `end`: (judgement, why). `decided`: for records that are placed now, what was decided about
    each; those with band `new` or `auto` get a game. `because`: what is told of the records that move along. `keeps`:
    game -> records whose group has its number. `newly`: see `Curator.bring_up_to_date`.
    """

    about: frozenset[int]
    because: Decision
    say: tuple[Edge, ...] = ()
    end: tuple[tuple[Edge, str], ...] = ()
    decided: Mapping[int, Decision] = field(default_factory=dict)
    keeps: Mapping[int, Collection[int]] = field(default_factory=dict)
    newly: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of it. `game`: record -> game, of all that were looked at; `moved`: those whose game is another now.

    `merged`, `revived`: see `Naming`. `carried`, `lost`: what became of edits, by the game they were of.
    """

    game: Mapping[int, int]
    moved: frozenset[int]
    merged: Mapping[int, int]
    revived: frozenset[int]
    refused: tuple[Refusal, ...]
    carried: Mapping[int, tuple[str, ...]]
    lost: Mapping[int, tuple[dict[str, Any], ...]]


@dataclass(frozen=True, slots=True)
class _Target:
    """Where every record is to be. Groups without a game stay questions."""

    game: Mapping[int, int]
    naming: Naming
    created: frozenset[int]
    refused: tuple[Refusal, ...]


def settle(connection: Connection[DictRow], curator: Curator, change: Change, wording: Wording) -> Settled:
    """Write the judgements, and move records, merge and split games as they demand. The catalogue is locked already.

    By the pipeline: pairs that would become one game by the new judgements and cannot be one are judged different
    first. In shadow mode it changes no game of the catalogue; what would is a suggestion.
    """
    ends = {edge.edge_id for edge, _ in change.end}
    touched = change.about.union(*(edge.pair for edge in change.say), *(edge.pair for edge, _ in change.end))
    around = read_surroundings(connection, touched)
    by_rule = wording.actor == "pipeline"
    if not by_rule and curator.catch_up(connection, set(around.known.game.values())):
        around = read_surroundings(connection, touched)
    standing = tuple(edge for edge in around.edges if edge.edge_id not in ends)
    say = change.say
    if by_rule:
        say = (*say, *_hard_conflicts(connection, around, (*standing, *say)))
    target = _target(around, standing, say, change)
    while by_rule and curator.shadow and _disturbs(around, target):
        weakest = min((edge for edge in say if edge.judgement == "same"), key=lambda edge: edge.score, default=None)
        if weakest is None:  # what was demoted or found out stays as it is until people are asked
            return _as_it_was(around, target)
        say = tuple(replace(edge, judgement="suggested") if edge is weakest else edge for edge in say)
        target = _target(around, standing, say, change)
    target = _numbered(connection, target, change)
    append(
        connection,
        [
            *(ended(edge, wording, why, target.game.get(edge.a)) for edge, why in change.end),
            *(judged(edge, wording, target.game.get(edge.a)) for edge in _as_told(connection, say, target.refused)),
        ],
    )
    settled = _Moving(connection, curator, around, target, change, wording).carry_out()
    for refusal in target.refused:
        append(connection, _asked(connection, curator, around, settled, refusal))
    return settled


def _as_it_was(around: Surroundings, target: _Target) -> Settled:
    return Settled(around.known.game, frozenset(), {}, frozenset(), target.refused, {}, {})


# What the judgements come to -----------------------------------------------------------------------------------------


def _target(around: Surroundings, standing: Sequence[Edge], say: Sequence[Edge], change: Change) -> _Target:
    replaced = {(*edge.pair, edge.judge) for edge in say}
    edges = [*(edge for edge in standing if (*edge.pair, edge.judge) not in replaced), *say]
    found = components(around.records, edges, around.rank, around.known.game)
    naming = name_groups(found.groups, around.known, change.keeps)
    game: dict[int, int] = {}
    for group in found.groups:
        wanted = [record for record in group if record in change.decided and change.decided[record].band != "review"]
        if group in naming.game:
            number = naming.game[group]
        elif wanted or len(group) > 1 or any(record in around.known.game for record in group):
            number = -min(group)  # a new game, which has no number yet
        else:
            continue
        game.update(dict.fromkeys(group, number))
    return _Target(game, naming, frozenset(number for number in game.values() if number < 0), found.refused)


def _as_told(connection: Connection[DictRow], say: Sequence[Edge], refused: Sequence[Refusal]) -> list[Edge]:
    """The judgements as they are written. One that is refused is a question from now on: it does not come into force by
    itself, years later, when what stands against it ends."""
    asked = {refusal.edge.edge_id: refusal.edge for refusal in refused if refusal.edge.judge != "person"}
    told = [replace(edge, judgement="unsure") if asked.pop(edge.edge_id, None) else edge for edge in say]
    return told + [
        replace(edge, edge_id=next_id(connection, "match_edge"), judgement="unsure") for edge in asked.values()
    ]


def _numbered(connection: Connection[DictRow], target: _Target, change: Change) -> _Target:
    """New games get their numbers, a record that only contradicts the game it seems to be stays a question."""
    refused = {record for refusal in target.refused for record in refusal.edge.pair}
    asked = {
        record
        for record, decision in change.decided.items()
        if decision.band == "auto"
        and record in refused
        and target.game.get(record, 0) < 0
        and list(target.game.values()).count(target.game[record]) == 1
    }
    numbers = {
        number: next_id(connection, "game")
        for number in sorted(target.created, reverse=True)
        if number not in {target.game[record] for record in asked}
    }
    return replace(
        target,
        game={record: numbers.get(number, number) for record, number in target.game.items() if record not in asked},
        created=frozenset(numbers.values()),
    )


def _disturbs(around: Surroundings, target: _Target) -> bool:
    """Whether a game of the catalogue (not one that is only proposed) would lose its records or become another."""
    known = around.known
    return any(known.status[game] == "active" and target.game[record] != game for record, game in known.game.items())


def _hard_conflicts(connection: Connection[DictRow], around: Surroundings, edges: Sequence[Edge]) -> list[Edge]:
    """Pairs that the judgements would make one game and that cannot be one, each judged different.

    Only across what are games now: what is one already was looked at when it became one.
    """
    joined = [edge for edge in edges if edge.judgement == "same"]
    judged_already = {edge.pair for edge in edges if edge.judgement in ("same", "different")}
    now = around.known.game
    found: list[Edge] = []
    for group in components(around.records, joined, around.rank).groups:
        members = sorted(group, key=lambda record: around.rank[record])
        for place, one in enumerate(members):
            for other in members[place + 1 :]:
                if (one in now and now.get(one) == now.get(other)) or (
                    min(one, other),
                    max(one, other),
                ) in judged_already:
                    continue
                decision = could_be_one(around.records[one], around.records[other])
                if decision.band != "auto":
                    found.append(edge_of(connection, one, other, "different", decision, actor="pipeline"))
    return found


# Doing it ------------------------------------------------------------------------------------------------------------


class _Moving:
    """Records go to their games; games that lose all become another, and what is split off is told."""

    def __init__(
        self,
        connection: Connection[DictRow],
        curator: Curator,
        around: Surroundings,
        target: _Target,
        change: Change,
        wording: Wording,
    ) -> None:
        self.connection = connection
        self.curator = curator
        self.around = around
        self.target = target
        self.change = change
        self.wording = wording
        self.now = around.known.game
        self.moved = sorted(record for record, game in target.game.items() if self.now.get(record) != game)
        self.carried: dict[int, tuple[str, ...]] = {}
        self.lost: dict[int, tuple[dict[str, Any], ...]] = {}

    def carry_out(self) -> Settled:
        merged = self.target.naming.merged
        left = {self.now[record] for record in self.moved if record in self.now} - merged.keys()
        fresh = self.target.created | self.target.naming.revived
        events: list[Event] = []
        for game in sorted(fresh):
            events += self._opened(game)
        for game, into in sorted(merged.items()):
            events += self._merged(game, into)
        for home in sorted(self.target.naming.revived):
            for game in sorted({self.now[one.record_id] for one in self._members(home) if one.record_id in self.now}):
                events += edits_go_home(self.connection, game, home, self.wording)
                events += pins_come_back(self.connection, game, home, self.wording)
        for record_id in self.moved:
            events += self._placed(record_id)
        append(self.connection, events)
        if left:
            self._repoint(left | fresh | set(merged.values()))
        told = {game for game in fresh if left or len(self._members(game)) > 1}
        for game in sorted(left | told | set(merged.values())):
            self.curator.bring_up_to_date(self.connection, game, self.wording, newly=self.change.newly)
        self._read(fresh - told)
        return Settled(
            self.target.game,
            frozenset(self.moved),
            merged,
            self.target.naming.revived,
            self.target.refused,
            self.carried,
            self.lost,
        )

    def _members(self, game: int) -> list[StoredRecord]:
        return [self.around.records[record] for record, its in sorted(self.target.game.items()) if its == game]

    def _opened(self, game: int) -> list[Event]:
        """A game that is new, or there again."""
        members = self._members(game)
        standing = nothing_yet(game) if game in self.target.created else read_standing(self.connection, game)
        created = self.curator.planned(self.connection, standing, members, self.wording, newly=self.change.newly)
        return [*over_holds(members, self.wording, game), *created.events]

    def _merged(self, game: int, into: int) -> list[Event]:
        gone = read_standing(self.connection, game)
        taken = {edit.field: edit.value for edit in read_standing(self.connection, into).edits}
        events, carried, lost = carry_edits(self.connection, gone, into, taken, self.wording)
        self.carried[game], self.lost[game] = tuple(carried), tuple(lost)
        return [*events, *close_everything(self.connection, gone, self.wording), farewell(gone, into, self.wording)]

    def _placed(self, record_id: int) -> list[Event]:
        record, game = self.around.records[record_id], self.target.game[record_id]
        decision = self.change.decided.get(record_id)
        events: list[Event] = []
        if record_id not in self.now:  # what was asked about it, if anything was, is answered
            question = review.match_question(record_id)
            events += review.close_question(self.connection, question, "stale", "pipeline", self.curator.correlation_id)
        if decision is None or decision.band == "review":
            decision = self._because(record_id, game)
        if decision.band == "auto" and game in self.target.created:
            decision = replace(decision, band="new", game_id=None)
        events.append(self.curator.matched(self.connection, record, decision, game, self.wording.actor))
        if record_id not in self.now and game not in self.target.created:
            events.append(self._joined(record, game))
        return events

    def _because(self, record_id: int, game: int) -> Decision:
        """What is told of a record that goes along: what was done, or the judgement that joins it to the others."""
        because = self.change.because
        if self.wording.actor != "pipeline":
            fresh = game in self.target.created or game in self.target.naming.revived
            return replace(because, band="new" if fresh else "auto", game_id=game)
        others = {record.record_id for record in self._members(game)} - {record_id}
        edges = [edge for edge in (*self.change.say, *self.around.edges) if edge.judgement == "same"]
        joining = [edge for edge in edges if record_id in edge.pair and edge.other(record_id) in others]
        if not joining:
            return replace(because, band="new", game_id=None)
        best = max(joining, key=lambda edge: edge.score)
        return Decision("auto", game, best.method, best.score, tuple(review.as_evidence(each) for each in best.reason))

    def _joined(self, record: StoredRecord, game: int) -> Event:
        """The member is entered at once, at version 0, so that the next record of the batch finds the game by its
        keys, too; what the game says with it is the next stage's work."""
        return Event(
            stream=f"game:{game}",
            event_type="game.sources_updated",
            payload={"members": [member_entry(record) | {"version": 0}]},
            actor=self.wording.actor,
            correlation_id=self.curator.correlation_id,
            game_id=game,
            source=record.source,
            source_url=record.record.url,
        )

    def _repoint(self, games: Collection[int]) -> None:
        """Numbers that refer to a game lead on to where their records have gone."""
        for merged, into in points_elsewhere(self.connection, sorted(games)).items():
            append(self.connection, [farewell(read_standing(self.connection, merged), into, self.wording)])

    def _read(self, fresh: Collection[int]) -> None:
        """What a new game was made of has been taken in."""
        done = [record for game in fresh for record in self._members(game)]
        with self.connection.cursor() as cursor:
            cursor.executemany(
                b"UPDATE source_record SET reconciled_version = %s WHERE record_id = %s",
                [(record.version, record.record_id) for record in done],
            )


# What could not be joined --------------------------------------------------------------------------------------------


def _asked(
    connection: Connection[DictRow], curator: Curator, around: Surroundings, settled: Settled, refusal: Refusal
) -> list[Event]:
    one, other = refusal.edge.pair
    if one not in settled.game:
        one, other = other, one
    if one not in settled.game:
        return []  # both are questions already
    return review.ask_refused(
        connection,
        around.records[other],
        settled.game[one],
        settled.game.get(other),
        refusal,
        curator.correlation_id,
    )
