"""What belongs together and is not one game: an edition, a demo, an addition, a translation, a sequel.

Relations are kept between records, so that they stay true when games are merged and split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import Candidate, Decision
from game_pipeline.store import Event, append

from .ids import next_id
from .ledger.edges import crossing, ended, judged, read_edges, said
from .ledger.standing_games import JoinError, founders, living, members_ids
from .records import StoredRecord, lock_catalogue
from .revise import Wording

if TYPE_CHECKING:
    from .reconcile import Curator

__all__ = ["RELATIONS", "Relation", "relate", "suggested_relation", "unrelate"]

Relation = Literal["edition_of", "demo_of", "dlc_of", "translation_of", "sequel_of"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
_OF_KIND: dict[str, Relation] = {"demo": "demo_of", "dlc": "dlc_of"}


@dataclass(frozen=True, slots=True)
class _Stated:
    relation_id: int
    judge: str


def relate(
    connection: Connection[DictRow],
    curator: Curator,
    game_id: int,
    kind: Relation,
    of_game: int,
    *,
    author: str,
    reason: str,
) -> int:
    """Say that a game is an edition, a demo... of another, which makes them two; returns the relation's number.

    Replaces what was said of the two before. Inside the caller's transaction. Raises `JoinError`.
    """
    lock_catalogue(connection)
    one, other = living(connection, game_id), living(connection, of_game)
    if one == other:
        raise JoinError(f"game {game_id} and game {of_game} are one game; split it first: game-pipeline game split")
    wording = curator.wording(author, "relate", reason)
    ours, theirs = founders(connection, [one, other])
    events = [_over(each, wording, "stated anew") for each in _between(connection, one, other)]
    relation_id = next_id(connection, "game_relation")
    events.append(_stated(relation_id, ours, kind, theirs, "person", reason, wording, one))
    known = read_edges(connection, [ours])
    if not any(edge.judge == "person" and edge.judgement == "different" for edge in crossing(known, [ours], [theirs])):
        words = f"{author} said: game {one} is {kind.replace('_', ' ')} game {other} ({reason})"
        edge = said(connection, ours, theirs, "different", "related", words, author)
        events.append(judged(edge, wording, one))
    append(connection, events)
    return relation_id


def unrelate(
    connection: Connection[DictRow], curator: Curator, game_id: int, of_game: int, *, author: str, reason: str
) -> None:
    """Take back what relates two games, with the word that they are two that came with it. Raises `JoinError`."""
    lock_catalogue(connection)
    one, other = living(connection, game_id), living(connection, of_game)
    wording = curator.wording(author, "relate", reason)
    standing = _between(connection, one, other)
    if not standing:
        raise JoinError(f"nothing relates game {game_id} and game {of_game}")
    ours, theirs = members_ids(connection, one), members_ids(connection, other)
    edges = crossing(read_edges(connection, ours), ours, theirs)
    append(
        connection,
        [
            *(_over(each, wording, reason) for each in standing),
            *(ended(edge, wording, reason, one) for edge in edges if edge.method == "related"),
        ],
    )


def suggested_relation(
    connection: Connection[DictRow],
    curator: Curator,
    record: StoredRecord,
    decision: Decision,
    candidates: Sequence[Candidate],
) -> list[Event]:
    """A demo or an addition that matching kept apart from the game of its title, as a suggestion."""
    near = next((one for one in candidates if one.game_id in decision.alternatives[:1]), None)
    if near is None or not any(evidence.feature == "kind" for evidence in decision.evidence):
        return []
    (theirs,) = founders(connection, [near.game_id])
    wording = curator.wording("pipeline", "import")
    mine, its = record.record.kind, near.kind
    if mine in _OF_KIND and its == "game":
        pair, kind = (record.record_id, theirs), _OF_KIND[mine]
    elif its in _OF_KIND and mine == "game":
        pair, kind = (theirs, record.record_id), _OF_KIND[its]
    else:
        return []
    known = connection.execute(
        b"SELECT FROM game_relation WHERE record_id = ANY(%(pair)s) AND of_record = ANY(%(pair)s)",
        {"pair": list(pair)},
    ).fetchone()
    if known is not None:
        return []
    why = f"the titles are the same, and one is {'an' if kind == 'edition_of' else 'a'} {kind.partition('_')[0]}"
    relation_id = next_id(connection, "game_relation")
    return [_stated(relation_id, pair[0], kind, pair[1], "rule", why, wording, near.game_id)]


_BETWEEN = b"""
SELECT relation_id, judge FROM game_relation
JOIN match_decision AS ours ON ours.record_id = game_relation.record_id AND ours.ended_at IS NULL
JOIN match_decision AS theirs ON theirs.record_id = game_relation.of_record AND theirs.ended_at IS NULL
WHERE game_relation.ended_at IS NULL
  AND (ours.game_id, theirs.game_id) IN ((%(one)s, %(other)s), (%(other)s, %(one)s))
ORDER BY relation_id
"""


def _between(connection: Connection[DictRow], one: int, other: int) -> list[_Stated]:
    rows = connection.execute(_BETWEEN, {"one": one, "other": other}).fetchall()
    return [_Stated(**row) for row in rows]


def _over(standing: _Stated, wording: Wording, why: str) -> Event:
    return Event(
        stream=f"relation:{standing.relation_id}",
        event_type="relation.ended",
        payload={"relation_id": standing.relation_id, "why": why},
        actor=wording.actor,
        correlation_id=wording.correlation_id,
    )


def _stated(
    relation_id: int, record_id: int, kind: str, of_record: int, judge: str, reason: str, wording: Wording, game_id: int
) -> Event:
    return Event(
        stream=f"relation:{relation_id}",
        event_type="relation.stated",
        payload={
            "relation_id": relation_id,
            "record_id": record_id,
            "kind": kind,
            "of_record": of_record,
            "judge": judge,
            "reason": reason,
        },
        actor=wording.actor,
        correlation_id=wording.correlation_id,
        game_id=game_id,
    )
