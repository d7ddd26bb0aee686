"""Which names are one person: by rules that are sure, and never by a name alone."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.people.linking import links_of
from game_pipeline.people.personas import CreditLine, Persona, PersonPage, gather, persona_key
from game_pipeline.people.reading import Decided
from game_pipeline.people.refreshing import PeopleReport, decide

PAGE = "https://ifwiki.ru/%D0%B0%D0%B2%D1%82%D0%BE%D1%80:%D0%9F%D1%91%D1%82%D1%80"


def rules(
    credits: Sequence[CreditLine], apart: Sequence[tuple[str, str]] = (), pages: Sequence[PersonPage] = ()
) -> dict[tuple[str, str], str]:
    return {(link.one, link.other): link.rule for link in links_of(gather(credits, pages), set(apart))}


def page(source: str, number: int, name: str = "Ada B", **said: Sequence[str]) -> PersonPage:
    return PersonPage(10 * ord(source) + number, source, f"https://{source}.org/{number}", name, **said)


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


# What pages say -----------------------------------------------------------------------------------------------------


def test_a_page_makes_a_persona_of_whom_no_game_credits_and_nobody_s_page_makes_none() -> None:
    assert list(gather([], [page("a", 1), page("a", 2, "Anonymous")])) == ["a|a.org/1"]


def test_an_address_that_leads_to_a_page_is_that_person_s() -> None:
    pen_name = CreditLine("a", 1, "Queen of Nines", "author", "https://a.org/9")
    led = page("a", 1, redirects=["https://a.org/9/"])
    assert rules([pen_name], pages=[led]) == {("a|a.org/1", "a|a.org/9"): "same_page"}
    assert rules([pen_name], pages=[led, page("a", 2, redirects=["https://a.org/9"])]) == {}
    assert rules([pen_name], pages=[led, page("a", 9, "Queen of Nines")]) == {}


def test_a_page_that_gives_the_only_other_page_as_theirs_is_one_person_s() -> None:
    other = CreditLine("b", 5, "B. Ada", "author", "https://b.org/7")
    gives = page("a", 1, profiles=["https://b.org/7"])
    assert rules([other], pages=[gives]) == {("a|a.org/1", "b|b.org/7"): "same_page"}
    assert rules([other], [("a|a.org/1", "b|b.org/7")], [gives]) == {}


def test_a_link_to_somebody_of_another_name_joins_nobody_unless_their_page_links_back() -> None:
    gives = page("a", 1, profiles=["https://b.org/7"])
    assert rules([], pages=[gives, page("b", 7, "Countess")]) == {}
    back = page("b", 7, "Countess", profiles=["https://a.org/1"])
    assert rules([], pages=[gives, back]) == {("a|a.org/1", "b|b.org/7"): "same_page"}


def test_two_pages_of_one_site_are_not_joined_through_a_third() -> None:
    gives = page("a", 1, profiles=["https://b.org/7", "https://c.org/1"])
    other = page("b", 7, profiles=["https://c.org/2"])
    members = [page("c", 1), page("c", 2)]
    assert rules([], pages=[gives, other, *members]) == {("a|a.org/1", "b|b.org/7"): "same_page"}
    shared = [CreditLine("a", 1, "Ada B", "author", "https://a.org/1")]
    shared += [CreditLine("b", 1, "Ada B", "author", "https://b.org/7")]
    pages = [page("a", 1, profiles=["https://c.org/1"]), page("b", 7, profiles=["https://c.org/2"]), *members]
    assert "credited_together" not in rules(shared, pages=pages).values()


def test_two_pages_of_one_site_that_a_person_said_are_one_are_one() -> None:
    pages = [page("a", 1, profiles=["https://b.org/7", "https://b.org/8"]), page("b", 7), page("b", 8)]
    found = links_of(gather([], pages), set(), [["b|b.org/7", "b|b.org/8", "b|gone"]])
    assert {(link.one, link.other) for link in found} == {("a|a.org/1", "b|b.org/7"), ("a|a.org/1", "b|b.org/8")}


def test_several_whom_games_credit_are_not_the_team_whose_page_their_addresses_lead_to() -> None:
    names = {8: "Bo Carr", 9: "Cy Dunn"}
    credits = [CreditLine("a", n, name, "author", f"https://a.org/{n}") for n, name in names.items()]
    team = page("a", 1, "The Two Owls", aliases=list(names.values()), redirects=["https://a.org/8", "https://a.org/9"])
    assert rules(credits, pages=[team]) == {}
    carr = page("a", 1, "Carr, Bo", redirects=["https://a.org/8", "https://a.org/9"])
    assert rules(credits, pages=[carr]) == {("a|a.org/1", "a|a.org/8"): "same_page"}


def test_an_alias_of_one_word_joins_nobody_by_itself() -> None:
    bare, calls = CreditLine("a", 3, "Peter", "author"), page("a", 1, aliases=["Peter"])
    assert rules([bare], pages=[calls]) == {}
    credited = CreditLine("a", 4, "Peter", "author", "https://a.org/1")
    assert rules([bare, credited], pages=[calls]) == {("a|a.org/1", "a|peter"): "one_of_that_name"}


def test_capitals_that_only_some_rules_of_spelling_fold_make_no_difference() -> None:
    names = ["STRASSE Eins", "Straße Eins", "Пётр  Иванов", "петр иванов"]
    keys = {persona_key("a", name, None) for name in names}
    assert keys == {"a|strasse eins", "a|петр иванов"}
    told = PersonPage(1, "a", "https://a.org/1", "Straße Eins", works=["g"])
    credits = [CreditLine("a", 1, "STRASSE EINS", "author", identity="g")]
    credits += [CreditLine("a", 2, "strasse eins", "author", identity="h")]
    assert gather(credits, [told])["a|a.org/1"].credits == {(1, "author")}
    assert rules(credits, pages=[told]) == {("a|a.org/1", "a|strasse eins"): "one_of_that_name"}


def test_a_page_that_two_pages_give_as_theirs_is_nobody_s() -> None:
    other = CreditLine("b", 5, "Countess", "author", "https://b.org/7")
    both = [page("a", n, f"Ada {n}", profiles=["https://b.org/7"]) for n in (1, 2)]
    assert rules([other], pages=both) == {}


def test_a_page_that_gives_two_pages_of_one_site_as_theirs_joins_neither() -> None:
    others = [CreditLine("b", n, f"Countess {n}", "author", f"https://b.org/{n}") for n in (7, 8)]
    assert rules(others, pages=[page("a", 1, profiles=["https://b.org/7", "https://b.org/8"])]) == {}


def test_a_link_to_what_leads_to_a_page_is_a_link_to_that_page() -> None:
    pages = [page("a", 1, profiles=["https://b.org/9"]), page("b", 7, redirects=["https://b.org/9"])]
    assert rules([], pages=pages) == {("a|a.org/1", "b|b.org/7"): "same_page"}


def test_a_bare_name_that_one_page_alone_says_is_theirs_is_theirs() -> None:
    bare, elsewhere = CreditLine("a", 3, "queen of nines", "author"), CreditLine("b", 4, "Queen of Nines", "author")
    calls = page("a", 1, aliases=["Queen of Nines"])
    assert rules([bare, elsewhere], pages=[calls]) == {("a|a.org/1", "a|queen of nines"): "one_of_that_name"}
    assert rules([bare], pages=[calls, page("a", 2, "Eve", aliases=["Queen of Nines"])]) == {}
    assert rules([bare], pages=[calls, page("a", 2, "Queen of Nines")]) == {}


def test_two_addresses_of_one_page_are_no_two_bearers_of_its_name() -> None:
    bare = CreditLine("a", 3, "Queen of Nines", "author")
    led = CreditLine("a", 4, "Queen of Nines", "author", "https://a.org/9")
    calls = page("a", 1, aliases=["Queen of Nines"], redirects=["https://a.org/9"])
    assert rules([bare, led], pages=[calls]) == {
        ("a|a.org/1", "a|a.org/9"): "same_page",
        ("a|a.org/9", "a|queen of nines"): "one_of_that_name",
    }


def test_a_page_that_calls_them_anonymous_calls_them_nothing() -> None:
    assert page("a", 1, aliases=["Anonymous", "B. Ada"]).names == ["Ada B", "B. Ada"]


KEYS = st.sampled_from(["a|ada b", "b|ada b", "a|a.org/1", "a|a.org/2", "b|b.org/1", "c|ivan petrov"])
LINES = st.builds(
    lambda **said: CreditLine(**said, identity=f"g{said['game_id']}"),
    source=st.sampled_from("abc"),
    game_id=st.integers(1, 4),
    name=st.sampled_from(["Ada B", "Ада Б", "Ivan Petrov", "Anonymous", "ada b"]),
    role=st.sampled_from(["author", "tester"]),
    url=st.sampled_from([None, "https://a.org/1", "https://a.org/2", "http://[broken"]),
)


ADDRESSES = st.sampled_from([f"https://{site}.org/{n}" for site in "abc" for n in (1, 2, 3)])
PAGES = st.builds(
    lambda url, name, aliases, redirects, profiles, works: PersonPage(
        int(url[-1]), url[8], url, name, tuple(aliases), tuple(redirects), tuple(profiles), tuple(works)
    ),
    ADDRESSES,
    st.sampled_from(["Ada B", "Ivan Petrov", "Eve", "Anonymous"]),
    st.lists(st.sampled_from(["Ада Б", "ada b", "Eve"]), max_size=2),
    st.lists(ADDRESSES, max_size=2),
    st.lists(ADDRESSES, max_size=2),
    st.lists(st.sampled_from(["g1", "g2", "g3", "g4"]), max_size=2),
)
SAID = st.lists(PAGES, max_size=6, unique_by=lambda page: page.url)


def groups(credits: Sequence[CreditLine], pages: Sequence[PersonPage]) -> set[frozenset[str]]:
    """Who is one by all rules."""
    found = {key: {key} for key in gather(credits, pages)}
    for link in links_of(gather(credits, pages), set()):
        whole = found[link.one] | found[link.other]
        for key in whole:
            found[key] = whole
    return {frozenset(group) for group in found.values()}


@given(st.lists(LINES, max_size=25), SAID, st.randoms(use_true_random=False))
def test_the_order_of_credits_and_pages_changes_no_link(
    credits: list[CreditLine], pages: list[PersonPage], chance: random.Random
) -> None:
    shuffled, turned = list(credits), list(pages)
    chance.shuffle(shuffled)
    chance.shuffle(turned)
    assert groups(credits, pages) == groups(shuffled, turned)


def one_people(decided: Decided, keys: Collection[str]) -> set[frozenset[str]]:
    found: dict[int, set[str]] = {}
    for key in keys:
        found.setdefault(decided.person_of[key], set()).add(key)
    return {frozenset(each) for each in found.values()}


@given(st.lists(st.one_of(LINES, PAGES), max_size=14), st.lists(st.tuples(KEYS, KEYS), max_size=2), st.data())
def test_whatever_comes_first_the_same_are_one_in_the_end(
    said: list[CreditLine | PersonPage], pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    """Each step brings some of it, whose joins a later one may contradict."""
    apart = {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}

    def refreshed(decided: Decided, known: Sequence[CreditLine | PersonPage]) -> dict[str, Persona]:
        credits = [each for each in known if isinstance(each, CreditLine)]
        pages = {each.url: each for each in known if isinstance(each, PersonPage)}
        personas = gather(credits, pages.values(), apart)
        decide(personas, decided, lambda: next(numbers), "run", PeopleReport())
        return personas

    numbers = count(1)
    said = list({each.url if isinstance(each, PersonPage) else each: each for each in said}.values())
    turned = data.draw(st.permutations(said))
    once, by_and_by = (Decided({}, {}, set(), {}, apart, []) for _ in range(2))
    known = refreshed(once, said)
    step = data.draw(st.integers(1, 4))
    for end in range(step, len(turned) + step, step):
        refreshed(by_and_by, turned[:end])
    assert one_people(by_and_by, known) == one_people(once, known)


@given(st.lists(LINES, max_size=15), SAID, st.data())
def test_no_rule_links_what_a_person_told_apart_whatever_pages_say(
    credits: list[CreditLine], pages: list[PersonPage], data: st.DataObject
) -> None:
    found = links_of(gather(credits, pages), set())
    if found:
        link = data.draw(st.sampled_from(found))
        one, other = sorted((link.one, link.other))
        left = links_of(gather(credits, pages), {(one, other)})
        assert not any({each.one, each.other} == {one, other} for each in left)


@given(SAID)
def test_pages_alone_join_people_of_two_sites_only_one_to_one(pages: list[PersonPage]) -> None:
    links = links_of(gather([], [page for page in pages if not page.redirects]), set())
    partners = [(link.one, link.other[0]) for link in links] + [(link.other, link.one[0]) for link in links]
    assert len(partners) == len(set(partners))


@given(LINES)
def test_a_persona_is_known_by_its_page_or_name_and_by_its_source(line: CreditLine) -> None:
    assert persona_key(line.source, line.name, line.url).startswith(f"{line.source}|")
