"""Which names are one person: by rules that are sure, and never by a name alone."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.people.linking import links_of
from game_pipeline.people.personas import CreditLine, gather, persona_key

PAGE = "https://ifwiki.ru/%D0%B0%D0%B2%D1%82%D0%BE%D1%80:%D0%9F%D1%91%D1%82%D1%80"


def rules(credits: Sequence[CreditLine], apart: Sequence[tuple[str, str]] = ()) -> dict[tuple[str, str], str]:
    return {(link.one, link.other): link.rule for link in links_of(gather(credits), set(apart))}


def test_one_page_is_one_persona_whatever_name_stands_there() -> None:
    found = gather([CreditLine("a", 1, "Пётр Косых", "author", PAGE), CreditLine("a", 2, "П. Косых", "author", PAGE)])
    (persona,) = found.values()
    assert {name for name, _ in persona.spellings} == {"Пётр Косых", "П. Косых"}


def test_a_name_that_a_page_shows_for_another_is_an_alias() -> None:
    found = gather([CreditLine("a", 1, "Пётр Косых", "author", PAGE, alias="gl00my")])
    (persona,) = found.values()
    assert {name for name, _ in persona.spellings} == {"Пётр Косых", "gl00my"}


def test_nobody_is_nobody() -> None:
    assert gather([CreditLine("a", 1, "Anonymous", "author"), CreditLine("a", 1, "Various", "author")]) == {}


def test_an_equal_name_on_two_sites_alone_joins_nobody() -> None:
    assert rules([CreditLine("a", 1, "Ivan Petrov", "author"), CreditLine("b", 2, "Ivan Petrov", "author")]) == {}


def test_the_only_one_of_a_name_on_each_site_credited_with_one_game_is_one_person_in_any_script() -> None:
    ours, theirs = CreditLine("a", 1, "Пётр Косых", "author"), CreditLine("b", 1, "Petr Kosyh", "author")
    assert rules([ours, theirs]) == {("a|петр косых", "b|petr kosyh"): "credited_together"}


def test_a_name_that_two_people_of_one_site_bear_joins_nobody() -> None:
    twins = [CreditLine("a", 1, "Ivan Petrov", "author", f"https://a.org/{page}") for page in (1, 2)]
    assert rules([*twins, CreditLine("b", 1, "Ivan Petrov", "author")]) == {}


def test_another_role_is_no_shared_credit() -> None:
    assert rules([CreditLine("a", 1, "Ada B", "author"), CreditLine("b", 1, "Ada B", "tester")]) == {}


def test_two_sites_that_name_one_page_name_one_person() -> None:
    ours, theirs = CreditLine("a", 1, "Пётр", "author", PAGE), CreditLine("b", 2, "gl00my", "author", PAGE + "/")
    assert set(rules([ours, theirs]).values()) == {"same_page"}


def test_a_bare_name_is_that_of_the_only_page_of_that_name_on_its_site() -> None:
    page = CreditLine("a", 1, "Ada B", "author", "https://a.org/1")
    assert set(rules([page, CreditLine("a", 2, "ada b", "author")]).values()) == {"one_of_that_name"}
    other = CreditLine("a", 3, "Ada B", "author", "https://a.org/2")
    assert rules([page, other, CreditLine("a", 2, "ada b", "author")]) == {}


def test_what_a_person_told_apart_no_rule_joins() -> None:
    credits = [CreditLine("a", 1, "Ada B", "author"), CreditLine("b", 1, "Ada B", "author")]
    assert rules(credits)
    assert rules(credits, [("a|ada b", "b|ada b")]) == {}


LINES = st.builds(
    CreditLine,
    source=st.sampled_from("abc"),
    game_id=st.integers(1, 4),
    name=st.sampled_from(["Ada B", "Ада Б", "Ivan Petrov", "Anonymous", "ada b"]),
    role=st.sampled_from(["author", "tester"]),
    url=st.sampled_from([None, "https://a.org/1", "https://a.org/2", "http://[broken"]),
)


@given(st.lists(LINES, max_size=25), st.randoms())
def test_the_order_of_the_credits_changes_no_link(credits: list[CreditLine], random: object) -> None:
    shuffled = list(credits)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def joined(lines: list[CreditLine]) -> set[frozenset[str]]:
        groups = {key: {key} for key in gather(lines)}
        for link in links_of(gather(lines), set()):
            whole = groups[link.one] | groups[link.other]
            for key in whole:
                groups[key] = whole
        return {frozenset(group) for group in groups.values()}

    assert joined(credits) == joined(shuffled)


@given(LINES)
def test_a_persona_is_known_by_its_page_or_name_and_by_its_source(line: CreditLine) -> None:
    assert persona_key(line.source, line.name, line.url).startswith(f"{line.source}|")
