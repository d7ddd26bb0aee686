"""Which records are one game: the properties that hold for any judgements, in any order."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.catalog.ledger.components import Components, Edge, Judge, Judgement, components, strength

RECORDS = tuple(range(1, 8))
_judgements: st.SearchStrategy[Judgement] = st.sampled_from(["same", "same", "same", "different", "unsure"])
_judges: st.SearchStrategy[Judge] = st.sampled_from(["rule", "model", "llm", "person"])


@st.composite
def _ledgers(draw: st.DrawFn) -> list[Edge]:
    """At most one judgement for a pair and judge, as the ledger keeps them."""
    pairs = st.tuples(st.sampled_from(list(combinations(RECORDS, 2))), _judges)
    edges = []
    for edge_id, ((a, b), judge) in enumerate(draw(st.lists(pairs, max_size=14, unique=True))):
        keyed = judge == "rule" and draw(st.booleans())
        keys = ("ifid:X",) if keyed else ()
        edges.append(Edge(edge_id, a, b, draw(_judgements), judge, "drawn", draw(st.sampled_from([0.5, 0.9])), keys))
    return edges


def _edge(a: int, b: int, judgement: Judgement = "same", judge: Judge = "rule", keys: tuple[str, ...] = ("k",)) -> Edge:
    return Edge(a * 100 + b, a, b, judgement, judge, "stated", 1.0, keys)


def _groups(found: Components) -> set[frozenset[int]]:
    return {group for group in found.groups if len(group) > 1}


@given(edges=_ledgers(), order=st.randoms(use_true_random=False))
def test_the_order_of_judgements_is_no_matter(edges: list[Edge], order: object) -> None:
    shuffled = list(edges)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert components(RECORDS, shuffled) == components(RECORDS, edges)


@given(edges=_ledgers(), names=st.permutations(RECORDS))
def test_the_numbers_that_records_got_are_no_matter_where_their_names_are_known(
    edges: list[Edge], names: list[int]
) -> None:
    called = dict(zip(RECORDS, names, strict=True))
    renumbered = [
        replace(edge, a=min(called[edge.a], called[edge.b]), b=max(called[edge.a], called[edge.b])) for edge in edges
    ]
    back = {number: record for record, number in called.items()}
    found = components(RECORDS, edges, {record: record for record in RECORDS})
    other = components(RECORDS, renumbered, back)
    assert {frozenset(called[record] for record in group) for group in found.groups} == set(other.groups)


@given(edges=_ledgers())
def test_every_record_is_in_one_group_and_what_holds_it_there_is_told(edges: list[Edge]) -> None:
    found = components(RECORDS, edges)
    assert sorted(record for group in found.groups for record in group) == list(RECORDS)
    for group in found.groups:
        inside = [edge for edge in found.holding if edge.a in group]
        assert all(edge.b in group and edge.judgement == "same" for edge in inside)
        assert len(inside) == len(group) - 1
        assert components(group, inside).groups == (group,)


@given(edges=_ledgers())
def test_no_game_holds_two_records_that_a_person_told_apart(edges: list[Edge]) -> None:
    found = components(RECORDS, edges)
    for edge in edges:
        if edge.judgement == "different" and edge.judge == "person":
            assert not any(edge.a in group and edge.b in group for group in found.groups)


@given(edges=_ledgers())
def test_a_difference_gives_way_to_what_is_stronger_alone(edges: list[Edge]) -> None:
    found = components(RECORDS, edges)
    for edge in edges:
        group = next(group for group in found.groups if edge.a in group)
        if edge.judgement == "different" and edge.b in group:
            assert any(strength(one) > strength(edge) for one in _path(found, edge.a, edge.b))


@given(edges=_ledgers())
def test_what_is_refused_names_what_stands_against_it(edges: list[Edge]) -> None:
    for refusal in components(RECORDS, edges).refused:
        assert refusal.edge.judgement == "same"
        assert refusal.against.judgement == "different"
        assert strength(refusal.against) >= strength(refusal.edge)


@given(edges=_ledgers(), gone=st.integers(0, 13))
def test_a_judgement_that_ends_leaves_the_other_games_alone(edges: list[Edge], gone: int) -> None:
    """Only what was one group with it is to be looked at again."""
    before = components(RECORDS, edges)
    if gone >= len(edges):
        return
    edge = edges[gone]
    joined = components(RECORDS, [one for one in edges if one.judgement == "same"])
    touched = {record for group in joined.groups if edge.a in group or edge.b in group for record in group}
    after = components(RECORDS, [one for one in edges if one is not edge])
    assert {g for g in before.groups if not g & touched} == {g for g in after.groups if not g & touched}


def _path(found: Components, start: int, end: int) -> list[Edge]:
    """The edges that lead from one record of a game to another."""
    paths: dict[int, list[Edge]] = {start: []}
    waiting = [start]
    while waiting:
        record = waiting.pop()
        for edge in found.holding:
            if record in edge.pair and edge.other(record) not in paths:
                paths[edge.other(record)] = [*paths[record], edge]
                waiting.append(edge.other(record))
    return paths[end]


def test_a_person_s_word_blocks_the_way_through_a_third_record() -> None:
    found = components([1, 2, 3], [_edge(1, 2), _edge(2, 3), _edge(1, 3, "different", "person", ())])
    assert _groups(found) == {frozenset({1, 2})}
    (refusal,) = found.refused
    assert (refusal.edge.pair, refusal.against.pair) == ((2, 3), (1, 3))


def test_the_stronger_judgement_wins_whatever_came_first() -> None:
    weak = replace(_edge(1, 2), judge="model", keys=())
    found = components([1, 2, 3], [weak, _edge(2, 3), _edge(1, 3, "different", "rule", ())])
    assert _groups(found) == {frozenset({2, 3})}


def test_what_is_one_game_already_is_not_torn_apart_by_a_newcomer() -> None:
    edges = [_edge(1, 2), _edge(2, 3), _edge(1, 3, "different", "rule", ())]
    assert _groups(components([1, 2, 3], edges, together={2: 7, 3: 7})) == {frozenset({2, 3})}
    assert _groups(components([1, 2, 3], edges, together={1: 7, 2: 7})) == {frozenset({1, 2})}


def test_a_person_may_join_what_a_rule_keeps_apart() -> None:
    found = components([1, 2], [_edge(1, 2, "same", "person", ()), _edge(1, 2, "different", "rule", ())])
    assert _groups(found) == {frozenset({1, 2})}
