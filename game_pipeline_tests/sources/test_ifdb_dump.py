"""IFDB's dump: a game in it says what its page says, a member in it what links to them; whatever is no dump is
refused."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.demo.replicas import REPLICAS, world_on
from game_pipeline.demo.replicas.reply import Target
from game_pipeline.model import GameRecord, PersonRecord
from game_pipeline.sources import Page, ParseError, get
from game_pipeline.sources.ifdb_profiles import linked_names
from game_pipeline.sources.mysqldump import read_rows
from game_pipeline.sources.text import split_names

from .ifdb_dumps import MEMBERS, _value, dump_of

SOURCE = get("ifdb")
WORLD = world_on(1)


def _records(text: str) -> dict[str, GameRecord | PersonRecord]:
    pages = SOURCE.read_dump(text.splitlines(keepends=True))
    return {page.key: record for page, body in pages for record in SOURCE.parse(Page(page.url, body, page.key))}


def _games(text: str) -> dict[str, GameRecord]:
    return {key: record for key, record in _records(text).items() if isinstance(record, GameRecord)}


def _people(text: str) -> dict[str, PersonRecord]:
    return {record.identity: record for record in _records(text).values() if isinstance(record, PersonRecord)}


def _without(record: GameRecord, *kinds: str) -> dict[str, str]:
    """The hashes of what a record says, but for what only the site computes."""
    urls = tuple(link for link in record.urls if link.kind not in kinds)
    return record.model_copy(update={"urls": urls}).field_hashes(SOURCE.volatile)


@pytest.mark.parametrize("rows_a_line", [1, 1000])
def test_a_game_of_the_dump_says_what_its_page_says(rows_a_line: int) -> None:
    dumped = _games(dump_of(WORLD, rows_a_line=rows_a_line))
    assert dumped.keys() == {entry.tuid for entry in WORLD.ifdb}
    for tuid, record in dumped.items():
        reply = REPLICAS["ifdb"].answer(WORLD, Target.parse(f"/viewgame?ifiction&id={tuid}"))
        (visited,) = SOURCE.parse(Page(f"https://ifdb.org/viewgame?id={tuid}", reply.body, tuid))
        assert isinstance(visited, GameRecord)
        said, wanted = _without(record, "play_online"), _without(visited, "play_online")
        assert {name for name in said.keys() | wanted.keys() if said.get(name) != wanted.get(name)} <= {"tags.system"}
        assert record.extra["pageversion"] == visited.extra["pageversion"]


def test_a_page_of_the_dump_is_fetched_from_the_site_when_its_turn_comes() -> None:
    page, _ = next(SOURCE.read_dump(dump_of(WORLD).splitlines(keepends=True)))
    assert page.request.url == f"https://ifdb.org/viewgame?ifiction&id={page.key}"


# --- Members --------------------------------------------------------------------------------------------------------


def test_whom_a_game_links_to_has_a_page_with_their_names_and_games() -> None:
    people = _people(dump_of(WORLD))
    assert people.keys() == {user for user, _ in MEMBERS.values()}, "nobody without a game, nobody of a hidden one"
    user, name = MEMBERS["Andrew Plotkin"]
    found = people[user]
    assert (found.name, [alias.name for alias in found.aliases]) == (name, ["Andrew Plotkin"])
    assert set(found.works) == {entry.tuid for entry in WORLD.ifdb if "Andrew Plotkin" in entry.author}
    assert found.url == f"https://ifdb.org/showuser?id={user}"
    assert [text.text for text in found.about] == [f"**{name}** writes & tests.\n\nNights, mostly."]
    assert [(link.kind, link.url) for link in found.urls] == [("portrait", f"https://ifdb.org/showuser?pic&id={user}")]
    assert found.warnings == ()
    assert people[MEMBERS["Marc Blank"][0]].aliases == ()


def test_what_members_did_not_say_for_a_catalogue_is_not_read() -> None:
    pages = [body for page, body in SOURCE.read_dump(dump_of(WORLD).splitlines(keepends=True)) if not page.visited]
    assert len(pages) == len(MEMBERS)
    assert not [body for body in pages if b"never@example.org" in body or b"Nowhere" in body]


def test_the_page_of_a_member_is_never_to_be_fetched_and_has_a_segment_of_its_own() -> None:
    pages = [page for page, _ in SOURCE.read_dump(dump_of(WORLD).splitlines(keepends=True))]
    assert {SOURCE.segment_of(page.key) for page in pages if not page.visited} == {"authors"}
    assert "authors" not in {SOURCE.segment_of(page.key) for page in pages if page.visited}
    assert not any(SOURCE.owns(page.url) for page in pages if not page.visited)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"ifdb_profile"', "ifdb_profile"),
        (b'{"ifdb_profile": [1]}', "ifdb_profile id"),
        (b'{"ifdb_profile": {"id": "a/b"}}', "ifdb_profile id"),
        (b'{"ifdb_profile": {"id": "aaaaaaaaaaaaaaaa", "name": " "}}', "ifdb_profile name"),
    ],
)
def test_a_damaged_profile_is_an_error_that_names_the_place(body: bytes, where: str) -> None:
    with pytest.raises(ParseError) as caught:
        SOURCE.parse(Page("https://ifdb.org/showuser?id=x", body))
    assert caught.value.where == where


A, B = "a" * 16, "b" * 15


@pytest.mark.parametrize(
    ("line", "links"),
    [
        ("Ann Poe", []),
        (f"Ann Poe {{{A}}}", [(A, "Ann Poe")]),
        (f"Ann Poe {{{A.upper()}}} and Bo Cy{{{B}}}", [(A, "Ann Poe"), (B, "Bo Cy")]),
        (f"Ann Poe, Bo Cy {{{B}}}, and Di", [(B, "Bo Cy")]),
        (f"Bo, Ann Poe, Jr. {{{A}}}", [(A, "Ann Poe, Jr.")]),
        (f"Ann Poe {{{A}}}, Jr.", [(A, "Ann Poe, Jr.")]),
        (f"Ann {{{A}}} {{{B}}}", [(A, "Ann"), (B, "Ann")]),
        (f"Bo & {{{A}}}", [(A, "Bo &")]),
        (f"{{{A}}} Ann", [(A, "")]),
        (f"Di (as Ann Poe) {{{A}}}", [(A, "Di (as Ann Poe)")]),
        ("Ann {not an id}", []),
    ],
)
def test_a_link_belongs_to_the_name_before_it(line: str, links: list[tuple[str, str]]) -> None:
    assert list(linked_names(line)) == links


def test_a_long_line_is_read_in_the_time_of_its_length() -> None:
    spaces = " " * 500_000
    assert list(linked_names(f"Ann Poe{spaces}{{{A}}}{spaces}and{spaces}Bo{spaces}{{{B}")) == [(A, "Ann Poe")]
    assert split_names(f"Ann Poe{spaces}and{spaces}Bo{spaces}x") == ["Ann Poe", f"Bo{spaces}x"]
    many = [f"Ann {number}" for number in range(50_000)]
    assert list(linked_names(", ".join(f"{name} {{{A}}}" for name in many))) == [(A, name) for name in many]


@given(st.lists(st.sampled_from(["Ann Poe", "Bo", ", ", " and ", " & ", "; ", f" {{{A}}}", f"{{{B}}}", ", Jr."])))
def test_a_link_s_name_is_one_of_those_that_the_line_credits(pieces: list[str]) -> None:
    line = "".join(pieces)
    credited = split_names(re.sub(r"\s*\{[a-z0-9]+\}", "", line))
    found = list(linked_names(line))
    assert len(found) == sum(piece.strip().startswith("{") for piece in pieces)
    assert {name for _, name in found} <= {*credited, ""}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "CREATE TABLE"),
        ("<html>", "CREATE TABLE"),
        ("CREATE TABLE `games` (\n  `id` text,\n) x;\nINSERT INTO `games` VALUES (1,2);\n", "2 values for 1 columns"),
        ("CREATE TABLE `games` (\n  `id` text,\n) x;\nINSERT INTO `games` VALUES ('a\n", "ends in the middle"),
        ("CREATE TABLE `games` (\n  `id` text,\n) x;\nINSERT INTO `games` VALUES (now());\n", "no value"),
        ("CREATE TABLE `clubs` (\n  `id` text,\n) x;\nINSERT INTO `games` VALUES (1);\n", "no CREATE TABLE before it"),
    ],
)
def test_what_is_no_dump_is_refused_with_the_place(text: str, where: str) -> None:
    with pytest.raises(ParseError, match=where):
        list(SOURCE.read_dump(text.splitlines(keepends=True)))


@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.text(), st.integers()), min_size=1, max_size=5))
def test_every_value_comes_back_as_it_was_written(rows: list[tuple[str | None, str | None, int]]) -> None:
    values = ",".join(f"({','.join(map(_value, row))})" for row in rows)
    text = f"CREATE TABLE `t` (\n  `a` text,\n  `b` text,\n  `c` int\n) x;\nINSERT INTO `t` VALUES {values};\n"
    found = [tuple(row.values.values()) for row in read_rows(text.split("\n"), {"t"})]
    assert found == [(a, b, str(c)) for a, b, c in rows]


@given(st.text(max_size=200))
def test_any_text_gives_rows_or_a_parse_error(text: str) -> None:
    dump = f"CREATE TABLE `games` (\n  `id` text\n) x;\nINSERT INTO `games` VALUES {text};\n"
    with contextlib.suppress(ParseError):
        list(SOURCE.read_dump(dump.split("\n")))
