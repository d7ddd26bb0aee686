"""What people could play together, by hand-made examples and against the plain way of counting."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game_pipeline.library import CompareQuery, CompareResult, LibraryError, compare, compare_json
from game_pipeline.library.assemble import Known, PlayerFacts
from game_pipeline.library.index import LibraryIndex

from .worlds import index_of

SHARED = {
    "Ann": ["gog_1=Star Quest*", "steam_2=Iron City", "steam_3=Chess"],
    "Bob": ["steam_77=Star Quest*", "steam_2=Iron City*", "gog_4=Lone Wolf"],
    "Cleo": ["steam_2=Iron City", "epic_X=Dark Tower"],
}
IDS = {"Star Quest": {"gog": "1", "steam": "77"}}
KNOWN = Known(
    ids=IDS,
    games={"Star Quest": 5},
    facts={
        ("steam", "77"): PlayerFacts("100", True, 4),
        ("steam", "2"): PlayerFacts("101", True, None),
        ("steam", "3"): PlayerFacts("102", True, 2),
        ("gog", "4"): PlayerFacts("103", False, 1),
    },
)


def titles(result: CompareResult) -> list[str]:
    return [game.title for game in result.games]


def ask(**query: object) -> CompareResult:
    return compare(index_of(SHARED, KNOWN), CompareQuery(**query))  # type: ignore[arg-type]


def test_a_game_bought_in_two_stores_is_one_game_that_both_own() -> None:
    result = ask(users=("Ann", "Bob"))
    assert titles(result) == ["Iron City", "Star Quest"]
    quest = result.games[1]
    assert (quest.platforms, quest.owners, quest.installed) == (("gog", "steam"), ("Ann", "Bob"), ("Ann", "Bob"))
    assert (quest.max_players, quest.url) == (4, "https://store.steampowered.com/app/77/")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Iron City"]),
        ({"owned": "any"}, ["Chess", "Dark Tower", "Iron City", "Lone Wolf", "Star Quest"]),
        ({"owned": "any", "multiplayer_only": True}, ["Chess", "Iron City", "Star Quest"]),
        ({"owned": "any", "min_players": 2}, ["Chess", "Iron City", "Star Quest"]),
        ({"owned": "any", "min_players": 3}, ["Star Quest"]),
        ({"users": ("ann", "BOB"), "exclusive": True}, ["Star Quest"]),
        ({"users": ("Ann",), "exclusive": True}, ["Chess"]),
        ({"users": ("Ann", "Bob"), "installed": "all"}, ["Star Quest"]),
        ({"users": ("Ann", "Bob"), "installed": "any"}, ["Iron City", "Star Quest"]),
        ({"users": ("Ann", "Cleo"), "installed": "none"}, ["Iron City"]),
        ({"users": ("Ann", "Bob"), "platforms": ("steam",)}, ["Iron City"]),
        ({"users": ("Bob",), "without_platforms": ("steam",)}, ["Lone Wolf"]),
        ({"owned": "any", "sort": "players"}, ["Star Quest", "Chess", "Lone Wolf", "Dark Tower", "Iron City"]),
        ({"owned": "any", "sort": "owners"}, ["Iron City", "Star Quest", "Chess", "Dark Tower", "Lone Wolf"]),
        ({"owned": "any", "sort": "installed"}, ["Star Quest", "Iron City", "Chess", "Dark Tower", "Lone Wolf"]),
        ({"owned": "any", "sort": "platforms"}, ["Star Quest", "Chess", "Dark Tower", "Iron City", "Lone Wolf"]),
        ({"owned": "any", "reverse": True, "limit": 2}, ["Star Quest", "Lone Wolf"]),
        ({"owned": "any", "offset": 3}, ["Lone Wolf", "Star Quest"]),
        ({"owned": "any", "offset": 9}, []),
    ],
)
def test_every_filter_and_order_gives_what_it_says(query: dict[str, object], expected: list[str]) -> None:
    assert titles(ask(**query)) == expected


def test_the_operators_lists_hide_games_and_make_them_for_one() -> None:
    library = index_of(SHARED, KNOWN, hidden=["iron city!"], single_player=["CHESS"])
    everything = CompareQuery(owned="any")
    assert "Iron City" not in titles(compare(library, everything))
    assert "Iron City" in titles(compare(library, CompareQuery(owned="any", hidden=True)))
    assert titles(compare(library, CompareQuery(owned="any", multiplayer_only=True))) == ["Star Quest"]


def test_the_operators_notes_go_over_what_sources_say() -> None:
    notes = {"Dark Tower": {"comment": "bring snacks", "url": "https://example.org/t", "max_players": 8}}
    library = index_of(SHARED, KNOWN, games=notes)
    [tower] = compare(library, CompareQuery(users=("Cleo",), min_players=5)).games
    assert (tower.title, tower.comment, tower.url, tower.multiplayer) == (
        "Dark Tower",
        "bring snacks",
        "https://example.org/t",
        True,
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "1 game that Ann, Bob and Cleo all own"),
        ({"users": ("Ann", "Bob"), "multiplayer_only": True}, "2 multiplayer games that Ann and Bob both own"),
        ({"users": ("Ann", "Bob"), "owned": "any"}, "4 games that Ann or Bob owns"),
        ({"users": ("Bob",), "exclusive": True}, "1 game that Bob owns and nobody else"),
        (
            {"users": ("Ann", "Bob"), "installed": "none", "min_players": 3, "platforms": ("steam",)},
            "0 games for 3 or more that Ann and Bob both own, installed by none of them, on steam",
        ),
    ],
)
def test_an_answer_is_titled_by_the_names_of_the_people(query: dict[str, object], expected: str) -> None:
    assert ask(**query).title == expected


def test_a_pick_is_one_of_the_games_and_the_same_again_for_the_same_seed() -> None:
    picked = {titles(ask(owned="any", pick=True, seed=seed))[0] for seed in range(40)}
    assert picked == set(titles(ask(owned="any")))
    assert ask(owned="any", pick=True, seed=7) == ask(owned="any", pick=True, seed=7)
    assert titles(ask(users=("Ann", "Cleo"), exclusive=True, pick=True)) == []


def test_an_unknown_name_or_platform_is_answered_with_those_there_are() -> None:
    with pytest.raises(LibraryError, match="called 'Zoe'; there are: Ann, Bob, Cleo"):
        ask(users=("Zoe",))
    with pytest.raises(LibraryError, match="there are: epic, gog, steam"):
        ask(platforms=("amiga",))


def test_nobody_owns_nothing_together() -> None:
    assert compare(index_of({}), CompareQuery()).title == "0 games that nobody owns"


@st.composite
def _libraries(draw: st.DrawFn) -> dict[str, list[str]]:
    games = st.tuples(st.sampled_from(["gog", "steam", "epic"]), st.integers(0, 30), st.booleans())
    people = draw(st.integers(1, 5))
    made = {}
    for number in range(people):
        owned = draw(st.lists(games, max_size=25, unique_by=lambda game: game[:2]))
        made[f"P{number}"] = [f"{store}_{game}=Game {game:02d}{'*' if there else ''}" for store, game, there in owned]
    return made


@settings(max_examples=60)
@given(
    libraries=_libraries(),
    chosen=st.sets(st.integers(0, 4)),
    mode=st.sampled_from(["all", "any"]),
    installed=st.sampled_from(["ignore", "all", "any", "none"]),
    without=st.sets(st.sampled_from(["gog", "steam", "epic"]), max_size=2),
    exclusive=st.booleans(),
    sort=st.sampled_from(["title", "owners", "installed", "platforms", "players"]),
)
def test_bits_answer_as_the_plain_way_of_counting_does(
    libraries: dict[str, list[str]],
    chosen: set[int],
    mode: str,
    installed: str,
    without: set[str],
    exclusive: bool,
    sort: str,
) -> None:
    library = index_of(libraries)
    people = [name for number, name in enumerate(libraries) if number in chosen] or list(libraries)
    without &= set(library.platforms)
    query = CompareQuery(
        users=tuple(people),
        owned=mode,  # type: ignore[arg-type]
        installed=installed,  # type: ignore[arg-type]
        without_platforms=tuple(without),
        exclusive=exclusive,
        sort=sort,  # type: ignore[arg-type]
        limit=1000,
    )
    result = compare(library, query)
    assert sorted(titles(result)) == sorted(_plainly(library, libraries, people, mode, installed, without, exclusive))
    assert result.total == len(result.games)
    for _ in range(2):  # made, and made again of what was kept
        assert json.loads(compare_json(library, query)) == _as_json(result)
    pages = [compare_page(library, people, mode, sort, offset) for offset in range(0, 40, 7)]
    assert [key for page in pages for key in page] == compare_page(library, people, mode, sort, 0, 1000)


def _as_json(result: CompareResult) -> object:
    return json.loads(json.dumps(asdict(result) | {"users": [person.name for person in result.users]}))


def test_names_and_titles_of_all_kinds_are_written_as_json() -> None:
    library = index_of({'A "\\\n\x01': ['gog_1=Ш "\\\t\x7f\ud800*'], "Б": ["gog_1=</script>"]})
    for query in (CompareQuery(), CompareQuery(owned="any", sort="owners", pick=True, seed=1)):
        assert json.loads(compare_json(library, query)) == _as_json(compare(library, query))


def compare_page(
    library: LibraryIndex, people: list[str], mode: str, sort: str, offset: int, limit: int = 7
) -> list[str]:
    query = CompareQuery(users=tuple(people), owned=mode, sort=sort, offset=offset, limit=limit)  # type: ignore[arg-type]
    return [game.release_key for game in compare(library, query).games]


def _plainly(
    library: LibraryIndex,
    libraries: dict[str, list[str]],
    people: list[str],
    mode: str,
    installed: str,
    without: set[str],
    exclusive: bool,
) -> list[str]:
    found = []
    for title in {release.rstrip("*").partition("=")[2] for releases in libraries.values() for release in releases}:
        here = {
            name: [each for each in releases if each.rstrip("*").endswith(f"={title}")]
            for name, releases in libraries.items()
        }
        counted = {name: [each for each in here[name] if each.partition("_")[0] not in without] for name in people}
        owns = [bool(counted[name]) for name in people]
        has = [any(each.endswith("*") for each in counted[name]) for name in people]
        if not (all(owns) if mode == "all" else any(owns)):
            continue
        if installed != "ignore" and not {"all": all(has), "any": any(has), "none": not any(has)}[installed]:
            continue
        if exclusive and any(here[name] for name in here if name not in people):
            continue
        found.append(title)
    return found
