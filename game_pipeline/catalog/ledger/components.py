"""Which records are one game: what the standing judgements join, the strongest first. Pure, whatever the order.

A union that would bring a pair that was judged different into one game, be it through third records, is refused; the
refused judgement is given back with what stood against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Components", "Edge", "Judge", "Judgement", "Refusal", "components", "strength"]

Judgement = Literal["same", "different", "unsure", "suggested"]
Judge = Literal["rule", "model", "llm", "person"]


@dataclass(frozen=True, slots=True)
class Edge:
    """A judgement about two records, `a` < `b`. `keys`: what both carry, where a shared key made the judgement."""

    edge_id: int
    a: int
    b: int
    judgement: Judgement
    judge: Judge
    method: str
    score: float = 1.0
    keys: tuple[str, ...] = ()
    reason: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)
    judged_by: str = ""

    @property
    def pair(self) -> tuple[int, int]:
        return (self.a, self.b)

    def other(self, record_id: int) -> int:
        return self.b if record_id == self.a else self.a


@dataclass(frozen=True, slots=True)
class Refusal:
    """`edge` says that two records are one game; `against` says that it cannot be."""

    edge: Edge
    against: Edge


@dataclass(frozen=True, slots=True)
class Components:
    """Groups of records that are one game each, the edges that hold them together, and what could not be joined."""

    groups: tuple[frozenset[int], ...]
    holding: tuple[Edge, ...]
    refused: tuple[Refusal, ...]


def strength(edge: Edge) -> int:
    """A person before a rule on an identity key, that before a language model, that before title and model.

    A rule's `different` is a hard one (numbers, ids that a game has once): it stands against all but a person.
    """
    if edge.judge == "person":
        return 4
    if edge.judge == "rule" and (edge.keys or edge.judgement == "different"):
        return 3
    return 2 if edge.judge == "llm" else 1


def components(
    records: Collection[int],
    edges: Iterable[Edge],
    rank: Mapping[int, Hashable] | None = None,
    together: Mapping[int, int] | None = None,
) -> Components:
    """The groups that the `same` edges make of the records. Each `different` stands against edges no stronger than it.

    Of edges of one strength those come first that hold together what is one game already (`together`: record -> game),
    so that a newcomer who contradicts a game is asked about and does not tear it apart; then the higher score, then the
    order of `rank` (record -> something that sorts, and that does not depend on when the record came; else its number).
    """
    names: Mapping[int, Any] = rank or {}
    now = together or {}

    def order(edge: Edge) -> tuple[Any, ...]:
        pair = sorted((names.get(edge.a, edge.a), names.get(edge.b, edge.b)))
        parted = now.get(edge.a) is None or now.get(edge.a) != now.get(edge.b)
        return (-strength(edge), parted, -edge.score, pair, edge.method, edge.judge)

    known = set(records)
    inside = [edge for edge in edges if edge.a in known and edge.b in known]
    root = {record: record for record in known}
    members = {record: {record} for record in known}
    apart: dict[int, list[Edge]] = defaultdict(list)
    for edge in inside:
        if edge.judgement == "different":
            apart[edge.a].append(edge)
            apart[edge.b].append(edge)

    def against(edge: Edge, ours: set[int], theirs: set[int]) -> Edge | None:
        few, many = (ours, theirs) if len(ours) <= len(theirs) else (theirs, ours)
        standing = [
            one
            for record in few
            for one in apart[record]
            if one.other(record) in many and strength(one) >= strength(edge)
        ]
        return min(standing, key=order, default=None)

    holding: list[Edge] = []
    refused: list[Refusal] = []
    for edge in sorted((edge for edge in inside if edge.judgement == "same"), key=order):
        one, other = root[edge.a], root[edge.b]
        if one == other:
            continue
        objection = against(edge, members[one], members[other])
        if objection is not None:
            refused.append(Refusal(edge, objection))
            continue
        holding.append(edge)
        small, large = sorted((one, other), key=lambda each: len(members[each]))
        for record in members[small]:
            root[record] = large
        members[large] |= members.pop(small)
    # What was refused on the way and came to be one by another path is no conflict.
    return Components(
        groups=tuple(frozenset(members[each]) for each in sorted(members, key=lambda each: min(members[each]))),
        holding=tuple(holding),
        refused=tuple(refusal for refusal in refused if root[refusal.edge.a] != root[refusal.edge.b]),
    )
