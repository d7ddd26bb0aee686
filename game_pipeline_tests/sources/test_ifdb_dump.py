"""IFDB's dump: a game in it says what its page says, and whatever is no dump is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.demo.replicas import REPLICAS, world_on
from game_pipeline.demo.replicas.reply import Target
from game_pipeline.model import GameRecord
from game_pipeline.sources import Page, ParseError, get
from game_pipeline.sources.mysqldump import read_rows

from .games import games_in
from .ifdb_dumps import _value, dump_of

SOURCE = get("ifdb")
WORLD = world_on(1)


def _records(text: str) -> dict[str, GameRecord]:
    pages = SOURCE.read_dump(text.splitlines(keepends=True))
    return {page.key: record for page, body in pages for record in games_in(SOURCE, Page(page.url, body, page.key))}


def _without(record: GameRecord, *kinds: str) -> dict[str, str]:
    """The hashes of what a record says, but for what only the site computes."""
    urls = tuple(link for link in record.urls if link.kind not in kinds)
    return record.model_copy(update={"urls": urls}).field_hashes(SOURCE.volatile)


@pytest.mark.parametrize("rows_a_line", [1, 1000])
def test_a_game_of_the_dump_says_what_its_page_says(rows_a_line: int) -> None:
    dumped = _records(dump_of(WORLD, rows_a_line=rows_a_line))
    assert dumped.keys() == {entry.tuid for entry in WORLD.ifdb}
    for tuid, record in dumped.items():
        reply = REPLICAS["ifdb"].answer(WORLD, Target.parse(f"/viewgame?ifiction&id={tuid}"))
        (visited,) = games_in(SOURCE, Page(f"https://ifdb.org/viewgame?id={tuid}", reply.body, tuid))
        said, wanted = _without(record, "play_online"), _without(visited, "play_online")
        assert {name for name in said.keys() | wanted.keys() if said.get(name) != wanted.get(name)} <= {"tags.system"}
        assert record.extra["pageversion"] == visited.extra["pageversion"]


def test_a_page_of_the_dump_is_fetched_from_the_site_when_its_turn_comes() -> None:
    page, _ = next(SOURCE.read_dump(dump_of(WORLD).splitlines(keepends=True)))
    assert page.request.url == f"https://ifdb.org/viewgame?ifiction&id={page.key}"


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
