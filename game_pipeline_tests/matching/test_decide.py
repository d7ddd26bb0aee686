"""The decision: keys first, then titles with years and people; doubt goes to a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.matching import METHODS, Candidate, Claims, Decision, IdentityKey, Policy, decide

PAGE = IdentityKey("url", "example.org/game", "strong")
FILE = IdentityKey("ifid", "ZCODE-1", "strong")
HUB = IdentityKey("url", "author.example", "weak")


def ours(title: str = "The Lurking Horror", **claims: Any) -> Claims:
    return Claims("ifdb", "a1", (title,), **claims)


def game(game_id: int = 1, title: str = "The Lurking Horror", **known: Any) -> Candidate:
    return Candidate(game_id, (title,), **known)


def outcome(decision: Decision) -> tuple[str, str, int | None]:
    return decision.band, decision.method, decision.game_id


def test_nothing_alike_is_a_new_game() -> None:
    assert outcome(decide(ours(), [])) == ("new", "no_candidate", None)
    assert outcome(decide(ours("Portal"), [game(title="Portal 2")])) == ("new", "no_candidate", None)


def test_a_strong_key_links_whatever_the_titles_say() -> None:
    decision = decide(ours("Особняк", keys=(PAGE,)), [game(title="Palacio", keys=frozenset({PAGE.token}))])
    assert outcome(decision) == ("auto", "strong_key", 1)
    assert any(PAGE.token in evidence.detail for evidence in decision.evidence)


@pytest.mark.parametrize(
    ("record", "candidate", "method"),
    [
        (ours("Portal", keys=(PAGE,)), game(title="Portal 2"), "key_numbers_conflict"),
        (ours(keys=(PAGE,), kind="demo"), game(), "key_kind_conflict"),
        (ours(keys=(PAGE,), external_ids=(("tuid", "a1"),)), game(external_ids=(("tuid", "b2"),)), "key_id_conflict"),
        (ours(keys=(PAGE,)), game(sources=frozenset({"ifdb"})), "key_source_conflict"),
    ],
)
def test_a_strong_key_that_something_contradicts_goes_to_a_person(
    record: Claims, candidate: Candidate, method: str
) -> None:
    decision = decide(record, [replace(candidate, keys=frozenset({PAGE.token}))])
    assert outcome(decision) == ("review", method, 1)


def test_the_pages_of_two_records_at_one_source_clash_as_ids() -> None:
    own = IdentityKey("tuid", "a1", "strong")
    decision = decide(ours(keys=(own, PAGE)), [game(keys=frozenset({"tuid:b2", PAGE.token}))])
    assert decision.method == "key_id_conflict"


def test_many_ifids_are_no_clash() -> None:
    record = ours(keys=(PAGE,), external_ids=(("ifid", "ZCODE-1"),))
    candidate = game(external_ids=(("ifid", "ZCODE-2"),), keys=frozenset({PAGE.token}))
    assert decide(record, [candidate]).band == "auto"


def test_keys_that_point_at_two_games_go_to_a_person() -> None:
    decision = decide(
        ours(keys=(PAGE, FILE)), [game(1, keys=frozenset({PAGE.token})), game(2, keys=frozenset({FILE.token}))]
    )
    assert outcome(decision) == ("review", "keys_disagree", 1)
    assert decision.alternatives == (2,)


def test_a_key_that_three_games_share_identifies_none() -> None:
    games = [game(n, title=f"Tale {n}", keys=frozenset({PAGE.token})) for n in (1, 2, 3)]
    assert decide(ours("Another Story", keys=(PAGE,)), games).band == "new"


def test_a_key_against_title_and_author_goes_to_a_person() -> None:
    games = [
        game(1, title="Anthology of Horror", keys=frozenset({PAGE.token})),
        game(2, people=("Dave Lebling",), years=(1987,)),
    ]
    decision = decide(ours(keys=(PAGE,), people=("Dave Lebling",), years=(1987,)), games)
    assert outcome(decision) == ("review", "key_against_title", 1)
    assert decision.alternatives == (2,)


def test_a_weak_key_never_links_alone() -> None:
    decision = decide(ours("Another Story", keys=(HUB,)), [game(keys=frozenset({HUB.token}))])
    assert (decision.band, decision.alternatives) == ("new", (1,))


def test_a_weak_key_supports_an_equal_title() -> None:
    assert decide(ours(keys=(HUB,)), [game(keys=frozenset({HUB.token}))]).method == "title_weak_key"


@pytest.mark.parametrize("years", [((1987,), (1987,)), ((1987,), (1988,)), ((1987,), ()), ((), ())])
def test_the_same_title_and_author_link_where_years_agree_or_lack(
    years: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    record = ours(people=("Дейв Леблинг",), years=years[0])
    assert decide(record, [game(people=("Dave Lebling", "Dejv Lebling"), years=years[1])]).method == "title_author"


def test_a_remake_by_the_same_author_goes_to_a_person() -> None:
    record = ours(people=("Dave Lebling",), years=(2012,))
    assert decide(record, [game(people=("Dave Lebling",), years=(1987,))]).method == "title_other_year"


def test_the_same_title_by_another_author_is_another_game() -> None:
    record = ours("Escape", people=("Andrew Plotkin",), years=(1999,))
    decision = decide(record, [game(title="Escape", people=("Emily Short",), years=(2004,))])
    assert outcome(decision) == ("new", "title_other_author", None)
    assert decision.alternatives == (1,)


def test_the_same_title_and_year_by_another_author_goes_to_a_person() -> None:
    record = ours("Escape", people=("Zarf",), years=(1999,))
    decision = decide(record, [game(title="Escape", people=("Andrew Plotkin",), years=(1999,))])
    assert outcome(decision) == ("review", "title_same_year_other_author", 1)


def test_an_unknown_author_links_only_a_rare_title_with_agreeing_years() -> None:
    assert decide(ours(years=(1987,)), [game(years=(1987,))]).method == "title_year"
    assert decide(ours(), [game(years=(1987,))]).method == "title_unsure"
    assert decide(ours("Escape", years=(1987,)), [game(title="Escape", years=(1987,))]).method == "title_unsure"


def test_a_rare_title_that_two_games_bear_is_not_rare() -> None:
    decision = decide(ours(years=(1987,)), [game(1, years=(1987,)), game(2, years=(1988,))])
    assert decision.method == "title_unsure"
    assert decision.alternatives == (2,)


def test_two_games_that_fit_equally_go_to_a_person() -> None:
    people = ("Dave Lebling",)
    decision = decide(ours(people=people), [game(2, people=people), game(1, people=people)])
    assert outcome(decision) == ("review", "title_ambiguous", 1)


@pytest.mark.parametrize(
    "candidate",
    [
        game(people=("Dave Lebling",), sources=frozenset({"ifdb"})),
        game(people=("Dave Lebling",), keys=frozenset({"tuid:b2"})),
    ],
)
def test_another_page_or_id_holds_a_link_by_title_back(candidate: Candidate) -> None:
    record = ours(people=("Dave Lebling",), external_ids=(("tuid", "a1"),))
    assert outcome(decide(record, [candidate])) == ("review", "title_held_back", 1)


def test_zork_1_and_its_subtitle_are_never_strangers() -> None:
    plain, full = ours("Zork I"), "Zork I: The Great Underground Empire"
    assert decide(plain, [game(title=full)]).alternatives == (1,)
    assert decide(replace(plain, years=(1980,)), [game(title=full, years=(1980,))]).method == "title_head"
    assert decide(replace(plain, people=("Marc Blank",)), [game(title=full, people=("Marc Blank",))]).band != "new"
    assert decide(replace(plain, people=("Marc Blank",)), [game(title=full, people=("Someone Else",))]).band == "new"


def test_another_script_needs_year_and_author() -> None:
    record, people = ours("Штурман", people=("Пётр Косых",), years=(2010,)), ("Petr Kosyh",)
    assert decide(record, [game(title="Shturman", people=people, years=(2010,))]).band == "auto"
    assert decide(record, [game(title="Shturman", people=people)]).band == "review"


def test_a_soundtrack_is_a_record_of_its_own() -> None:
    decision = decide(ours(kind="soundtrack", people=("A B",)), [game(people=("A B",))])
    assert outcome(decision) == ("new", "title_other_kind", None)
    assert decision.alternatives == (1,)


def test_a_persons_never_excludes_a_game() -> None:
    candidate = game(keys=frozenset({PAGE.token}), people=("A B",), never=True)
    assert decide(ours(keys=(PAGE,), people=("A B",)), [candidate]) == decide(ours(), [])


def test_the_policy_sets_what_agrees() -> None:
    record, candidate = ours(years=(1987,)), game(years=(1990,))
    assert decide(record, [candidate]).band == "review"
    assert decide(record, [candidate], Policy(year_tolerance=3)).method == "title_year"


titles = st.sampled_from(["Portal", "Portal 2", "Zork", "Zork I", "Zork I: The Great Underground Empire", "Sims, The",
                          "The Sims", "The Lurking Horror", "Штурман", "Shturman"])  # fmt: skip
years = st.sampled_from([(), (1980,), (1981,), (1999,), (1980, 1999)])
people = st.sampled_from([(), ("Marc Blank",), ("Пётр Косых",), ("Petr Kosyh", "Marc Blank"), ("anonymous",)])
keys = st.lists(st.sampled_from([PAGE, FILE, HUB, IdentityKey("tuid", "a", "strong")]), unique=True, max_size=3)
kinds = st.sampled_from(["game", "edition", "demo", "other"])
records = st.builds(
    Claims,
    source=st.sampled_from(["ifdb", "ifwiki_ru"]),
    identity=st.just("x"),
    titles=st.lists(titles, min_size=1, max_size=2).map(tuple),
    kind=kinds,
    years=years,
    people=people,
    keys=keys.map(tuple),
)
candidates = st.lists(
    st.builds(
        Candidate,
        game_id=st.integers(1, 6),
        titles=st.lists(titles, min_size=1, max_size=2).map(tuple),
        years=years,
        people=people,
        keys=keys.map(lambda made: frozenset(key.token for key in made)),
        never=st.sampled_from([False, False, True]),
        sources=st.sampled_from([frozenset[str](), frozenset({"ifdb"})]),
        kind=kinds,
    ),
    max_size=5,
    unique_by=lambda candidate: candidate.game_id,
)


@given(records, candidates, st.randoms())
def test_the_order_of_candidates_changes_nothing(record: Claims, games: list[Candidate], random: Any) -> None:
    shuffled = random.sample(games, len(games))
    assert decide(record, games) == decide(record, shuffled)


@given(records, candidates)
def test_a_decision_keeps_the_hard_rules(record: Claims, games: list[Candidate]) -> None:
    decision = decide(record, games)
    known = {candidate.game_id: candidate for candidate in games}
    named = {*decision.alternatives, *({decision.game_id} - {None})}
    assert named <= {candidate.game_id for candidate in games if not candidate.never}
    assert METHODS[decision.method].band == decision.band
    assert (decision.game_id is None) == (decision.band == "new")
    assert decision.game_id not in decision.alternatives
    if decision.band == "auto":
        assert decision.game_id is not None
        linked = known[decision.game_id]
        assert record.source not in linked.sources
        assert "demo" not in {record.kind, linked.kind} - ({record.kind} & {linked.kind})
        assert decision.evidence


@pytest.mark.parametrize(
    ("rarity", "method"), [(0.95, "title_likely"), (0.1, "no_candidate")], ids=["rare words", "common words"]
)
def test_likeness_in_words_that_are_rare_in_the_catalogue_says_more(rarity: float, method: str) -> None:
    record, known = ours("Zamonia Dragon", years=(1980,)), game(title="Zamonia Dragons", years=(1980,))
    assert decide(record, [known], rarity=lambda word: rarity).method == method
