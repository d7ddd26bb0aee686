"""What a judge that reads says of the questions in review: asked outside of any transaction, kept in the ledger.

An opinion stands beside the question until that is answered or becomes another one; it answers nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.matching import MOST_SUSPECTS, Judge, Question, checked, identity_keys, suspect_of
from game_pipeline.store import append

from .ids import next_id
from .ledger.components import Edge
from .ledger.edges import judged, read_edges
from .ledger.keys import demoted_among
from .placing import nearest_record
from .records import lock_catalogue, members_of, read_record
from .review import match_question
from .work import MatchReport, alone, drain

if TYPE_CHECKING:
    from .reconcile import Curator

__all__ = ["hear"]

_UNHEARD = """
SELECT DISTINCT record_id FROM review_item AS item
WHERE kind = 'match' AND state = 'open' AND record_id > %s
  AND NOT EXISTS (SELECT FROM match_edge WHERE a = item.record_id AND judge = 'llm' AND ended_at IS NULL)
  AND NOT EXISTS (SELECT FROM match_edge WHERE b = item.record_id AND judge = 'llm' AND ended_at IS NULL)
ORDER BY record_id LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class _Asked:
    """`records`: game -> the record by which it is told. `version`: of the record that is asked about."""

    item_id: int
    version: int
    question: Question
    records: dict[int, int]


def hear(curator: Curator, judge: Judge, report: MatchReport) -> None:
    """Ask about every open question of matching of which there is no opinion yet."""
    for record_id in drain(curator.store, _UNHEARD, "record_id"):
        with alone(f"record {record_id}, asking the judge", report.failed):
            with curator.store.transaction() as connection:
                asked = _asked(connection, record_id)
            opinion = judge.judge(asked.question) if asked else None
            if asked is None or opinion is None:
                continue
            relation, evidence = checked(asked.question, opinion)
            with curator.store.transaction() as connection:
                lock_catalogue(connection)
                if not _still_open(connection, record_id, asked):
                    continue
                other = asked.records[opinion.game_id]
                edge = Edge(
                    edge_id=next_id(connection, "match_edge"),
                    a=min(record_id, other),
                    b=max(record_id, other),
                    judgement="suggested" if relation == "same" else "unsure",
                    judge="llm",
                    method=relation,
                    score=0.0,
                    reason=tuple(asdict(each) for each in evidence),
                    judged_by=judge.name,
                )
                append(connection, [judged(edge, curator.wording(judge.name, "import"), opinion.game_id)])
                report.counts["opinions"] += 1


_ITEM = b"""
SELECT item_id, proposal FROM review_item WHERE question = %s AND state = 'open'
"""


def _asked(connection: Connection[DictRow], record_id: int) -> _Asked | None:
    """The question about a record; None where it is no question any more, or no game of it has another record."""
    row = connection.execute(_ITEM, (match_question(record_id),)).fetchone()
    if row is None:
        return None
    record = read_record(connection, record_id)
    demoted = demoted_among(connection, [key.token for key in identity_keys(record.record)])
    games = row["proposal"]["candidates"][:MOST_SUSPECTS]
    near = {
        game_id: nearest_record(connection, record, game_id, demoted)
        for game_id, members in members_of(connection, games).items()
        if any(member.record_id != record_id for member in members)
    }
    suspects = tuple(
        suspect_of(record.record, game_id, read_record(connection, near[game_id]).record)
        for game_id in games
        if game_id in near
    )
    return _Asked(row["item_id"], record.version, Question(record.record, suspects), near) if suspects else None


def _still_open(connection: Connection[DictRow], record_id: int, asked: _Asked) -> bool:
    """Is it the question that the judge was asked, and has no other run asked it meanwhile?"""
    row = connection.execute(_ITEM, (match_question(record_id),)).fetchone()
    if row is None or row["item_id"] != asked.item_id or read_record(connection, record_id).version != asked.version:
        return False
    return not any(edge.judge == "llm" for edge in read_edges(connection, [record_id]))
