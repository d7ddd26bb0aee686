"""Reading and writing the ledger: the standing judgements about some records, and the events that change them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict

from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog.ids import next_id
from game_pipeline.catalog.revise import Wording
from game_pipeline.matching import Decision
from game_pipeline.store import Event

from .components import Edge, Judge, Judgement

__all__ = ["crossing", "edge_of", "ended", "judge_of", "judged", "read_edges", "said"]

_COLUMNS = "edge_id, a, b, judgement, judge, method, score, keys, reason, judged_by"
_READ = f"""
SELECT {_COLUMNS} FROM match_edge WHERE a = ANY(%(records)s) AND ended_at IS NULL
UNION
SELECT {_COLUMNS} FROM match_edge WHERE b = ANY(%(records)s) AND ended_at IS NULL
ORDER BY edge_id
""".encode()


def read_edges(connection: Connection[DictRow], records: Collection[int]) -> list[Edge]:
    """Every standing judgement about any of the records, the oldest first."""
    rows = connection.execute(_READ, {"records": sorted(records)}).fetchall()
    return [
        Edge(**(row | {"keys": tuple(row["keys"]), "reason": tuple(row["reason"])}))  # as the table names them
        for row in rows
    ]


def crossing(edges: Iterable[Edge], ours: Collection[int], theirs: Collection[int]) -> list[Edge]:
    """The edges between the one and the other."""
    return [edge for edge in edges if (edge.a in ours and edge.b in theirs) or (edge.b in ours and edge.a in theirs)]


def judge_of(decision: Decision) -> Judge:
    """Who made a decision of matching."""
    if decision.method in ("person", "no_match"):
        return "person"
    return "model" if decision.method.startswith("model") else "rule"


def edge_of(
    connection: Connection[DictRow],
    one: int,
    other: int,
    judgement: Judgement,
    decision: Decision,
    *,
    actor: str,
    keys: Sequence[str] = (),
) -> Edge:
    """What matching decided, as a judgement about two records."""
    return Edge(
        edge_id=next_id(connection, "match_edge"),
        a=min(one, other),
        b=max(one, other),
        judgement=judgement,
        judge=judge_of(decision),
        method=decision.method,
        score=decision.score,
        keys=tuple(sorted(keys)),
        reason=tuple(asdict(evidence) for evidence in decision.evidence),
        judged_by=actor,
    )


def said(
    connection: Connection[DictRow], one: int, other: int, judgement: Judgement, method: str, words: str, actor: str
) -> Edge:
    """A person's judgement, in the person's words."""
    return Edge(
        edge_id=next_id(connection, "match_edge"),
        a=min(one, other),
        b=max(one, other),
        judgement=judgement,
        judge="person",
        method=method,
        reason=({"feature": "person", "detail": words, "ours": "", "theirs": ""},),
        judged_by=actor,
    )


def judged(edge: Edge, wording: Wording, game_id: int | None = None) -> Event:
    """The event of a judgement."""
    return Event(
        stream=f"edge:{edge.edge_id}",
        event_type="records.judged",
        payload={
            "edge_id": edge.edge_id,
            "a": edge.a,
            "b": edge.b,
            "judgement": edge.judgement,
            "judge": edge.judge,
            "method": edge.method,
            "score": float(edge.score),
            "keys": list(edge.keys),
            "reason": [dict(item) for item in edge.reason],
        },
        actor=wording.actor,
        correlation_id=wording.correlation_id,
        game_id=game_id,
    )


def ended(edge: Edge, wording: Wording, why: str, game_id: int | None = None) -> Event:
    """The event that a judgement holds no more."""
    return Event(
        stream=f"edge:{edge.edge_id}",
        event_type="records.judgement_ended",
        payload={"edge_id": edge.edge_id, "a": edge.a, "b": edge.b, "why": why},
        actor=wording.actor,
        correlation_id=wording.correlation_id,
        game_id=game_id,
    )
