"""Placing a record: what its keys and its title say about other records, and the game that this comes to.

Keys are looked at pair by pair, so that it does not matter which record came first; titles beside whole games, which
are told by all their records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Decision, Evidence, decide, identity_keys
from game_pipeline.store import Event, append

from . import review
from .candidates import Finder
from .ledger.components import Edge
from .ledger.edges import edge_of, ended, judged, read_edges
from .ledger.keys import bearers_of, demoted_among, demotions, enter_keys
from .ledger.pairs import beside, claims_without, shared_keys
from .ledger.settle import Change, settle
from .records import StoredRecord, members_of, read_records
from .relations import suggested_relation

if TYPE_CHECKING:
    from .reconcile import Curator

__all__ = ["Placed", "nearest_edge", "nearest_record", "place", "place_as_decided", "tie_anew"]

ACTOR = "pipeline"
APART = Decision("new", None, "told_apart", 0.0, (Evidence("rule", "nothing joins it to the others any more", "", ""),))


@dataclass(frozen=True, slots=True)
class Placed:
    """What was decided about a record, and the game that it is of now; None: a person is asked."""

    decision: Decision
    game_id: int | None


@dataclass(frozen=True, slots=True)
class _Tie:
    """Another record that carries an identity key of this one, and what matching says of the two."""

    record: StoredRecord
    keys: tuple[str, ...]
    decision: Decision

    @property
    def links(self) -> bool:
        return bool(self.keys) and self.decision.band == "auto"


def place(connection: Connection[DictRow], curator: Curator, finder: Finder, record: StoredRecord) -> Placed:
    """Decide which game a record is about that has none yet, and write it."""
    enter_keys(connection, record)
    demoted, ties = _ties(connection, curator, record)
    claims = claims_without(record.record, demoted)
    # A key that the others carry as a mere pointer links nobody, whoever came first.
    linking = {key for tie in ties for key in tie.keys}
    claims = replace(
        claims,
        keys=tuple(
            replace(key, strength="weak") if key.strength == "strong" and key.token not in linking else key
            for key in claims.keys
        ),
    )
    candidates = finder.find(connection, record.record_id, claims)
    links = [tie for tie in ties if tie.links]
    edges = [_edge(connection, record, tie.record.record_id, tie.decision, tie.keys) for tie in links]
    if links:
        best = max(links, key=lambda tie: (tie.decision.score, -tie.record.record_id))
        games = _games_of(connection, [tie.record.record_id for tie in links])
        decision = replace(best.decision, game_id=games.get(best.record.record_id))
        others = [one for one in candidates if one.game_id not in games.values()]
        beyond = decide(claims, others, rarity=finder.rarity)
        if beyond.band == "auto" and beyond.game_id is not None:
            edges.append(_edge(connection, record, nearest_record(connection, record, beyond.game_id, demoted), beyond))
    else:
        decision = decide(claims, candidates, rarity=finder.rarity)
        if decision.band == "auto" and decision.game_id is not None:
            near = nearest_record(connection, record, decision.game_id, demoted)
            edges.append(_edge(connection, record, near, decision))
    if decision.band == "review":
        _ask(connection, curator, record, decision, demoted)
        return Placed(decision, None)
    placed = place_as_decided(connection, curator, record, decision, edges, ACTOR)
    if decision.band == "new":
        append(connection, suggested_relation(connection, curator, record, decision, candidates))
    return placed


def tie_anew(connection: Connection[DictRow], curator: Curator, record: StoredRecord) -> None:
    """A record that has a game: what its keys join it to by themselves, where they are others than before, or where a
    question about it has to be asked anew."""
    if not enter_keys(connection, record) and not _unsure(connection, record):
        return
    _, ties = _ties(connection, curator, record)
    known = {(*edge.pair, edge.judgement, edge.keys) for edge in read_edges(connection, [record.record_id])}
    edges = [_edge(connection, record, tie.record.record_id, tie.decision, tie.keys) for tie in ties if tie.links]
    news = tuple(edge for edge in edges if (*edge.pair, edge.judgement, edge.keys) not in known)
    if news:
        change = Change(about=frozenset({record.record_id}), because=APART, say=news)
        settle(connection, curator, change, curator.wording(ACTOR, "import"))


def place_as_decided(
    connection: Connection[DictRow],
    curator: Curator,
    record: StoredRecord,
    decision: Decision,
    edges: Sequence[Edge],
    actor: str,
    *,
    end: Sequence[tuple[Edge, str]] = (),
    reason: str | None = None,
) -> Placed:
    """The record goes where the judgements lead, or is a new game; where they contradict, a person is asked."""
    change = Change(
        about=frozenset({record.record_id}),
        because=decision if actor != ACTOR else APART,
        say=tuple(edges),
        end=(*_unsure(connection, record), *end),
        decided={record.record_id: decision},
        newly=frozenset({record.record_id}),
    )
    settled = settle(
        connection, curator, change, curator.wording(actor, "import" if actor == ACTOR else "review", reason)
    )
    game_id = settled.game.get(record.record_id)
    if game_id is None:
        asked = replace(decision, band="review")
        append(connection, [curator.matched(connection, record, asked, None, actor)])
        return Placed(asked, None)
    return Placed(decision, game_id)


def _ask(
    connection: Connection[DictRow],
    curator: Curator,
    record: StoredRecord,
    decision: Decision,
    demoted: frozenset[str],
) -> None:
    """Put it to a person; until then the record is of no game."""
    assert decision.game_id is not None
    wording = curator.wording(ACTOR, "import")
    near = nearest_record(connection, record, decision.game_id, demoted)
    edge = edge_of(connection, record.record_id, near, "unsure", decision, actor=ACTOR)
    events: list[Event] = []
    before = _unsure(connection, record)
    if not any((old.pair, old.judge, old.method) == (edge.pair, edge.judge, edge.method) for old, _ in before):
        events = [ended(old, wording, why) for old, why in before if (old.pair, old.judge) != (edge.pair, edge.judge)]
        events.append(judged(edge, wording, decision.game_id))
    events.append(curator.matched(connection, record, decision, None, ACTOR))
    events += review.ask_match(connection, record, decision, curator.correlation_id)
    append(connection, events)


# Keys ----------------------------------------------------------------------------------------------------------------


def _ties(connection: Connection[DictRow], curator: Curator, record: StoredRecord) -> tuple[frozenset[str], list[_Tie]]:
    """The keys of the record that link nothing, and the records that its others tie it to.

    Pairs that a person has judged are left to the person's word.
    """
    carried = identity_keys(record.record)
    own = [key.token for key in carried if key.strength == "strong"]
    demoted = demoted_among(connection, [key.token for key in carried])
    bearers = bearers_of(connection, [key for key in own if key not in demoted])
    news = demotions(connection, bearers, curator.correlation_id)
    if news:
        append(connection, news)
        fallen = frozenset(event.payload["key"] for event in news)
        demoted |= fallen
        bearers = {key: records for key, records in bearers.items() if key not in fallen}
        _loosen(connection, curator, fallen)
    others = {record_id for records in bearers.values() for record_id in records} - {record.record_id}
    if not others:
        return demoted, []
    judged_by_people = {
        edge.other(record.record_id)
        for edge in read_edges(connection, [record.record_id])
        if edge.judge == "person" and edge.judgement in ("same", "different")
    }
    ties = []
    for other in read_records(connection, sorted(others - judged_by_people)):
        keys = shared_keys(claims_without(record.record, demoted), claims_without(other.record, demoted))
        if keys and not other.silent:
            ties.append(_Tie(other, keys, beside(record, other, demoted)))
    return demoted, ties


_LOOSE = b"""
SELECT edge_id FROM match_edge
WHERE keys && %s::text[] AND ended_at IS NULL AND judge = 'rule' AND judgement = 'same' ORDER BY edge_id
"""


def _loosen(connection: Connection[DictRow], curator: Curator, fallen: frozenset[str]) -> None:
    """What these keys alone have joined comes apart again; other keys, or the titles, may still join it."""
    rows = connection.execute(_LOOSE, (sorted(fallen),)).fetchall()
    ids = {row["edge_id"] for row in rows}
    if not ids:
        return
    pairs = connection.execute(b"SELECT a, b FROM match_edge WHERE edge_id = ANY(%s)", (sorted(ids),)).fetchall()
    touched = frozenset(record for row in pairs for record in (row["a"], row["b"]))
    edges = [edge for edge in read_edges(connection, touched) if edge.edge_id in ids]
    records = {record.record_id: record for record in read_records(connection, sorted(touched))}
    say: list[Edge] = []
    end: list[tuple[Edge, str]] = []
    for edge in edges:
        one, other = records[edge.a], records[edge.b]
        demoted = demoted_among(connection, edge.keys) | fallen
        decision = beside(one, other, demoted)
        if decision.band == "auto":
            keys = shared_keys(claims_without(one.record, demoted), claims_without(other.record, demoted))
            say.append(_edge(connection, one, edge.b, decision, keys))
        if decision.band != "auto" or say[-1].judge != edge.judge:
            end.append((edge, f"{', '.join(sorted(fallen & set(edge.keys)))} points at several games"))
    change = Change(about=touched, because=APART, say=tuple(say), end=tuple(end))
    settle(connection, curator, change, curator.wording(ACTOR, "import", "a key points at several games"))


# Judgements ----------------------------------------------------------------------------------------------------------


def nearest_edge(connection: Connection[DictRow], record: StoredRecord, decision: Decision) -> Edge:
    """A decision about a game as a judgement about the record of it for which most speaks."""
    assert decision.game_id is not None
    demoted = demoted_among(connection, [key.token for key in identity_keys(record.record)])
    (near,) = read_records(connection, [nearest_record(connection, record, decision.game_id, demoted)])
    keys = shared_keys(claims_without(record.record, demoted), claims_without(near.record, demoted))
    return _edge(connection, record, near.record_id, decision, keys)


def _edge(
    connection: Connection[DictRow], record: StoredRecord, other: int, decision: Decision, keys: Sequence[str] = ()
) -> Edge:
    return edge_of(connection, record.record_id, other, "same", decision, actor=ACTOR, keys=keys)


def _unsure(connection: Connection[DictRow], record: StoredRecord) -> list[tuple[Edge, str]]:
    """What was not known of the record, and now is; a language model only ever says what it holds likely."""
    return [
        (edge, "decided")
        for edge in read_edges(connection, [record.record_id])
        if edge.judge == "llm" or (edge.judgement == "unsure" and edge.judge != "person")
    ]


def _games_of(connection: Connection[DictRow], records: Sequence[int]) -> Mapping[int, int]:
    rows = connection.execute(
        b"SELECT record_id, game_id FROM match_decision "
        b"WHERE record_id = ANY(%s) AND ended_at IS NULL AND game_id IS NOT NULL",
        (list(records),),
    )
    return {row["record_id"]: row["game_id"] for row in rows}


def nearest_record(connection: Connection[DictRow], record: StoredRecord, game_id: int, demoted: frozenset[str]) -> int:
    """The record of a game for which most speaks, beside this one."""
    members = [one for one in members_of(connection, [game_id])[game_id] if one.record_id != record.record_id]
    return min(
        members,
        key=lambda one: (-beside(record, one, demoted).score, one.source, one.identity),
    ).record_id
