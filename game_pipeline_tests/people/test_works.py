"""Whose a bare name is, where the source tells it on the pages of people alone: by the games that these call theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from game_pipeline.catalog import Curator
from game_pipeline.changes import refresh_records
from game_pipeline.crawl import Limits, load_pages
from game_pipeline.demo.replicas import REPLICAS, world_on
from game_pipeline.demo.replicas.days import World
from game_pipeline.demo.replicas.reply import Target
from game_pipeline.matching import name_key, title_key
from game_pipeline.merging import MergePolicy
from game_pipeline.parsing import InProcess
from game_pipeline.people import find_people, refresh_people, show_person, split_person
from game_pipeline.people.linking import links_of
from game_pipeline.people.personas import CreditLine, PersonPage, gather
from game_pipeline.settings import Settings
from game_pipeline.sources import PageRef, get
from game_pipeline.store import Store
from game_pipeline.store.replay import replayed
from game_pipeline_tests.sources.ifdb_dumps import dump_of

ONE, TWO = "https://a.org/u/1", "https://a.org/u/2"


def line(game: int, name: str = "Ann Lee", url: str | None = None, source: str = "a") -> CreditLine:
    return CreditLine(source, game, name, "author", url, identity=f"g{game}")


def page(url: str, *games: int, name: str = "Ann Lee", aliases: tuple[str, ...] = (), source: str = "a") -> PersonPage:
    return PersonPage(1, source, url, name, aliases, works=[f"g{game}" for game in games])


def games_of(credits: Iterable[CreditLine], pages: Iterable[PersonPage]) -> dict[str, list[int]]:
    return {key: sorted(game for game, _ in each.credits) for key, each in gather(credits, pages).items()}


# --- The rule -------------------------------------------------------------------------------------------------------


def test_two_of_one_name_are_told_apart_by_their_games() -> None:
    found = games_of([line(1), line(2), line(3)], [page(ONE, 1), page(TWO, 2)])
    assert found == {"a|a.org/u/1": [1], "a|a.org/u/2": [2], "a|ann lee": [3]}
    assert links_of(gather([line(1), line(2), line(3)], [page(ONE, 1), page(TWO, 2)]), set()) == []


def test_a_bare_name_whose_games_are_all_claimed_is_nobody_of_its_own() -> None:
    assert games_of([line(1), line(2)], [page(ONE, 1), page(TWO, 2)]).keys() == {"a|a.org/u/1", "a|a.org/u/2"}


def test_a_game_that_both_call_theirs_tells_nothing() -> None:
    assert games_of([line(1)], [page(ONE, 1), page(TWO, 1)])["a|ann lee"] == [1]


@pytest.mark.parametrize(
    "told",
    [
        page(ONE, 1, name="Bo"),
        page(ONE, 2),
        page(ONE, 1, source="b"),
    ],
    ids=["of another name", "of another game", "of another source"],
)
def test_a_page_of_something_else_claims_nothing(told: PersonPage) -> None:
    assert games_of([line(1)], [told])["a|ann lee"] == [1]


def test_a_credit_with_a_page_is_that_page_s_whatever_others_say() -> None:
    assert games_of([line(1, url=TWO)], [page(ONE, 1)]) == {"a|a.org/u/2": [1], "a|a.org/u/1": []}


def test_an_alias_claims_too_and_the_only_bearer_has_the_bare_name_altogether() -> None:
    told = page(ONE, 1, name="Zed", aliases=("Ann Lee",))
    personas = gather([line(1, "ann lee"), line(2)], [told])
    assert {key: len(each.credits) for key, each in personas.items()} == {"a|a.org/u/1": 1, "a|ann lee": 1}
    assert [(link.one, link.other, link.rule) for link in links_of(personas, set())] == [
        ("a|a.org/u/1", "a|ann lee", "one_of_that_name")
    ]


def test_of_two_records_that_are_one_game_either_is_enough() -> None:
    twice = [line(1), CreditLine("a", 1, "ANN LEE", "author", identity="g9")]
    assert games_of(twice, [page(ONE, 9), page(TWO)])["a|a.org/u/1"] == [1]
    assert gather(twice, [page(ONE, 9)])["a|a.org/u/1"].claims == {
        ("g1", "Ann Lee", "a|ann lee"),
        ("g9", "ANN LEE", "a|ann lee"),
    }


def test_a_person_s_word_that_a_bearer_is_another_leaves_the_game_to_who_is_left() -> None:
    apart = [("a|a.org/u/1", "a|ann lee")]
    assert gather([line(1)], [page(ONE, 1)], apart)["a|ann lee"].credits == {(1, "author")}
    assert gather([line(1)], [page(ONE, 1), page(TWO, 1)], apart)["a|a.org/u/2"].credits == {(1, "author")}


# --- IFDB's dump ----------------------------------------------------------------------------------------------------

IFDB = get("ifdb")
ANN, BEA, ZED = "a" * 16, "b" * 16, "c" * 16


@pytest.fixture
def world() -> World:
    """Two authors of one name, one game of somebody of that name besides, and a member credited by a pen name."""
    day = world_on(1)
    authors = ["Ann Lee", "Ann Lee and Zarf", "Ann Lee", "Zarf"]
    return replace(day, ifdb=tuple(replace(e, author=a) for e, a in zip(day.ifdb[-4:], authors, strict=True)))


class Imports:
    def __init__(self, store: Store, world: World) -> None:
        self.store, self.world, self.runs = store, world, 0
        self.titles = [entry.title for entry in world.ifdb]
        self.tuids = [entry.tuid for entry in world.ifdb]

    def dump(self, lines: dict[str, str]) -> None:
        members = {ANN: "Ann Lee", BEA: "Bea, called Ann", ZED: "Zed"}
        text = dump_of(self.world, lines=lines, members=members)
        self._load(IFDB.read_dump(text.splitlines(keepends=True)))

    def visits(self) -> None:
        """What visits bring: pages that tell of no profile."""
        refs = [ref for tuid in self.tuids for ref in IFDB.locate(f"https://ifdb.org/viewgame?id={tuid}").pages]
        replies = [
            REPLICAS["ifdb"].answer(self.world, Target.parse(f"/viewgame?ifiction&id={ref.key}")) for ref in refs
        ]
        self._load((ref, reply.body) for ref, reply in zip(refs, replies, strict=True))

    def _load(self, pages: Iterable[tuple[PageRef, bytes]]) -> None:
        self.runs += 1
        run_id = f"run {self.runs}"
        load_pages(self.store, IFDB, pages, Limits.of(IFDB, Settings()), run_id, origin="a dump")
        for segment in IFDB.segment_keys():
            refresh_records(self.store, IFDB, run_id, segment, InProcess())
        curator = Curator(self.store, {"ifdb": 20}, MergePolicy(title_key=title_key, person_key=name_key), run_id)
        assert not curator.match_pending().failed + curator.revise_pending().failed
        refresh_people(self.store, run_id)

    def unchanged_by_a_replay(self) -> bool:
        with replayed(self.store) as result:
            return result.first_difference() is None

    def games(self) -> dict[str, list[str]]:
        """The games of each person, by their pages on IFDB, or by the name of those who have none."""
        found = {}
        for row in find_people(self.store, "", 50):
            shown = show_person(self.store, row["person_id"])
            assert shown is not None
            pages = [persona["url"].rpartition("=")[2] for persona in shown["personas"] if persona["url"]]
            found[" ".join(sorted(pages)) or shown["name"]] = sorted(game["title"] for game in shown["games"])
        return found


@pytest.fixture
def imports(store: Store, world: World) -> Imports:
    return Imports(store, world)


def test_the_dump_says_whose_a_game_is_and_visits_do_not_unsay_it(imports: Imports) -> None:
    first, second, third, _ = imports.tuids
    lines = {first: f"Ann Lee {{{ANN}}}", second: f"Ann Lee {{{BEA}}} and Zarf {{{ZED}}}", third: "Ann Lee"}
    imports.dump(lines)
    one, two, three, four = imports.titles
    told = {ANN: [one], BEA: [two], ZED: sorted([two, four]), "Ann Lee": [three]}
    assert imports.games() == told
    imports.visits()
    assert imports.games() == told
    assert imports.unchanged_by_a_replay()
    imports.dump(lines | {third: f"Ann Lee {{{ANN}}}"})
    assert imports.games() == told | {ANN: sorted([one, three]), "Ann Lee": []}


def test_what_was_somebody_by_name_alone_is_the_member_once_the_dump_says_so(imports: Imports) -> None:
    imports.visits()
    assert imports.games().keys() == {"Ann Lee", "Zarf"}
    imports.dump({imports.tuids[3]: f"Zarf {{{ZED}}}"})
    one, two, three, four = imports.titles
    assert imports.games() == {"Ann Lee": sorted([one, two, three]), ZED: sorted([two, four])}


def test_a_second_bearer_of_a_name_takes_back_what_only_one_had_alone_whenever_it_comes(imports: Imports) -> None:
    first, second, *_ = imports.tuids
    one, two, three, four = imports.titles
    imports.dump({first: f"Ann Lee {{{ANN}}}"})
    assert imports.games() == {ANN: sorted([one, two, three]), "Zarf": sorted([two, four])}
    imports.dump({first: f"Ann Lee {{{ANN}}}", second: f"Ann Lee {{{BEA}}} and Zarf"})
    assert imports.games() == {ANN: [one], BEA: [two], "Ann Lee": [three], "Zarf": sorted([two, four])}
    assert imports.unchanged_by_a_replay()


def test_a_person_s_word_that_a_name_is_another_s_outranks_what_a_page_calls_theirs(imports: Imports) -> None:
    first, *_ = imports.tuids
    one, two, three, _ = imports.titles
    imports.visits()
    imports.dump({first: f"Ann Lee {{{ANN}}}"})
    (ann,) = find_people(imports.store, "Ann Lee", 10)
    split_person(imports.store, ann["person_id"], ["ifdb|ann lee"], reason="a namesake", actor="ann")
    told = {ANN: [], "Ann Lee": sorted([one, two, three])}
    for _ in range(2):
        assert {name: games for name, games in imports.games().items() if name in told} == told
        assert imports.unchanged_by_a_replay()
        refresh_people(imports.store, "again")
