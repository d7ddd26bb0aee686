"""The traps by name: what looks like one game and is two, and what looks like two and is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.matching import Candidate, Claims, Decision, IdentityKey, decide
from game_pipeline.matching.sides import side_of
from game_pipeline.matching.titles import relate_numbers
from game_pipeline.matching.verdict import judge

SOMEBODY, YEAR = ("Dave Lebling",), (1987,)


def placed(ours: str, theirs: str, *, theirs_year: tuple[int, ...] = YEAR, keys: tuple[str, ...] = ()) -> Decision:
    """The decision about two pages by one author, of one year unless another is said."""
    strong = tuple(IdentityKey("url", key, "strong") for key in keys)
    record = Claims("ifdb", "a1", (ours,), years=YEAR, people=SOMEBODY, keys=strong)
    tokens = frozenset(key.token for key in strong)
    return decide(record, [Candidate(1, (theirs,), years=theirs_year, people=SOMEBODY, keys=tokens)])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Portal", "Portal 2"),
        ("Final Fantasy VII", "Final Fantasy IX"),
        ("Nioh: The Complete Edition", "Nioh 2: The Complete Edition"),
        ("Prey (2006)", "Prey (2017)"),
        ("Metal Gear Solid: Portable Ops", "Metal Gear Solid: Portable Ops Plus"),
        ("The Lurking Horror", "The Lurking Horror Demo"),
        ("The Lurking Horror", "The Lurking Horror - Original Soundtrack"),
    ],
)
def test_two_games_are_not_linked_though_author_and_year_agree(ours: str, theirs: str) -> None:
    assert placed(ours, theirs).band != "auto"
    assert placed(theirs, ours).band != "auto"


def test_one_title_of_two_decades_is_not_linked() -> None:
    assert placed("Prey", "Prey", theirs_year=(2017,)).band != "auto"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("FIFA 09", "FIFA 2009"),
        ("Zork I", "Zork I: The Great Underground Empire"),
        ("Curses", "Curses, An Interactive Diversion"),
        ("ThunderForce", "Thunder Force"),
        ("Sims, The", "The Sims"),
        ("Штурман", "Shturman"),
        ("Umisho Story", "Umishou Story"),
        ("Batman: Arkham Asylum GOTY Edition", "Batman: Arkham Asylum Game of the Year Edition"),
    ],
)
def test_one_game_is_linked_however_its_title_is_written(ours: str, theirs: str) -> None:
    assert (placed(ours, theirs).band, placed(ours, theirs).game_id) == ("auto", 1)
    assert placed(theirs, ours).band == "auto"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("Особняк", "Palacio"), ("Возвращение квантового кота", "Returning the Quantum Cat")],
)
def test_a_translated_title_is_linked_by_an_address_and_a_question_by_its_author(ours: str, theirs: str) -> None:
    assert placed(ours, theirs, keys=("example.org/game",)).band == "auto"
    assert placed(ours, theirs).method == "author_year"


def test_the_demo_of_a_game_is_a_question_even_where_an_address_is_shared() -> None:
    assert placed("Doom (Demo)", "Doom", keys=("example.org/game",)).method == "key_kind_conflict"


def test_a_hub_that_twenty_games_share_links_nothing() -> None:
    hub = IdentityKey("url", "example.org/all", "strong")
    games = [Candidate(number, (f"Tale of {number}",), keys=frozenset({hub.token})) for number in range(1, 21)]
    assert decide(Claims("ifdb", "a1", ("Another Story",), keys=(hub,)), games).band == "new"


words = st.sampled_from(
    [
        "Star",
        "Wars",
        "Zork",
        "II",
        "2",
        "1999",
        "Demo",
        "Soundtrack",
        "The",
        "Edition",
        "Deluxe",
        "-",
        ":",
        "(2006)",
        "Кот",
    ]
)
wordings = st.lists(words, min_size=1, max_size=5).map(" ".join)


@given(wordings, st.lists(wordings, min_size=1, max_size=5), st.sampled_from([(), (1999,), (2006,)]))
def test_whatever_is_unbarred_has_the_same_numbers_and_is_the_same_thing(
    title: str, others: list[str], years: tuple[int, ...]
) -> None:
    record, games = side_of([title], years=years), [side_of([other], years=years) for other in others]
    verdict = judge(record, games)
    assert verdict is not None
    if not verdict.bars:
        best = games[verdict.likely[0].place].main
        assert relate_numbers(record.main.numbers, best.numbers) != "conflict"
        assert record.main.things == best.things
    assert -0.5 <= verdict.score <= 1
    assert verdict == judge(record, games)
