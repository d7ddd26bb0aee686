"""An existing catalogue read from a file: what its formats mean, and how what is wrong with one is told."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.exchange import ExportFormat, export_catalogue, export_place
from game_pipeline.exchange.reading import (
    ExistingEdit,
    ExistingFileError,
    ExistingGame,
    Problem,
    check_existing,
    read_existing,
)
from game_pipeline.exchange.text_files import CsvWriter, JsonLinesWriter
from game_pipeline.model import canonical_json, clean_block, clean_line
from game_pipeline_tests.catalog.curating import Catalogue, shared

MARCH = dt.datetime(2021, 3, 1, tzinfo=dt.UTC)
ZORK = '{"id": "1", "title": "Zork"}'
HEADER = "id,title,alt_titles,kind,release_date,authors,description,description.ru,urls,tags,external_ids,edited"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str | bytes, name: str = "old.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def told(path: Path) -> list[str]:
    with pytest.raises(ExistingFileError) as error:
        list(read_existing(path))
    return str(error.value).splitlines()


def test_a_line_of_json_is_a_game_with_its_edits(write: Write) -> None:
    document = {
        "id": 17,
        "title": " Zork  I ",
        "alt_titles": [{"title": "Зорк", "lang": "ru"}],
        "descriptions": [{"lang": "en", "text": "A cave."}],
        "release_date": "1980-12",
        "urls": [{"url": "https://iplayif.com/zork"}],
        "tags": None,
        "edited": {"title": {"at": "2021-03-01T02:00+02:00", "by": "ann", "reason": "typo"}, "credits": "2021-03-01"},
    }
    (game,) = read_existing(write(json.dumps(document)))
    assert game == ExistingGame(
        "17",
        {
            "title": "Zork I",
            "alt_titles": [{"title": "Зорк", "lang": "ru"}],
            "descriptions": [{"lang": "en", "text": "A cave."}],
            "release_date": "1980-12",
            "urls": [{"url": "https://iplayif.com/zork", "kind": "play_online", "label": None}],
        },
        (ExistingEdit("credits", None, MARCH, None), ExistingEdit("title", "ann", MARCH, "typo")),
        1,
    )


def test_a_row_of_csv_is_a_game_with_its_edits(write: Write) -> None:
    row = (
        "a1,'=Zork,Зорк | Dungeon,game,1980,Ann | Bob,A cave.,Пещера.,"
        "https://a.example/z.zip | play_online=https://a.example/?a=b,genre:cave | platform:dos,ifid:X:1,"
        "title@2021-03-01@ann@home | description.ru@2021-03-01 | authors@2021-03-01"
    )
    (game,) = read_existing(write(f"\ufeff{HEADER}\r\n{row}\r\n", "old.csv"))
    assert game == ExistingGame(
        "a1",
        {
            "kind": "game",
            "title": "=Zork",
            "alt_titles": [{"title": "Зорк", "lang": None}, {"title": "Dungeon", "lang": None}],
            "descriptions": [{"lang": None, "text": "A cave."}, {"lang": "ru", "text": "Пещера."}],
            "release_date": "1980",
            "credits": [{"name": name, "role": "author", "url": None} for name in ("Ann", "Bob")],
            "tags": [{"kind": "genre", "value": "cave"}, {"kind": "platform", "value": "dos"}],
            "urls": [
                {"url": "https://a.example/z.zip", "kind": "download_direct", "label": None},
                {"url": "https://a.example/?a=b", "kind": "play_online", "label": None},
            ],
            "external_ids": [{"scheme": "ifid", "value": "X:1"}],
        },
        (
            ExistingEdit("credits", None, MARCH, None),
            ExistingEdit("descriptions.ru", None, MARCH, None),
            ExistingEdit("title", "ann@home", MARCH, None),
        ),
        2,
    )


def test_a_game_of_one_column_claims_nothing_else(write: Write) -> None:
    (game,) = read_existing(write('id;title\n1;"A ; B\nC"\n\n', "old.csv"))
    assert game == ExistingGame("1", {"title": "A ; B C"}, (), 2)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "the file is one JSON list"),
        ("7", "expected one object a line"),
        ('{"id": "1", "id": "2", "title": "Z"}', "the key 'id' is given twice"),
        ('{"id": "1", "titel": "Z"}', "line 1, titel: unknown key; did you mean 'title'?"),
        ('{"title": "Z"}', "line 1, id: missing; expected a text or a whole number"),
        ('{"id": "1"}', "line 1, title: missing"),
        ('{"id": "1", "title": "Z", "release_date": "03/01/2021"}', "release_date: must be YYYY, YYYY-MM"),
        ('{"id": "1", "title": "Z", "credits": ["Ann"]}', 'expected [{"name": "...", "role": "author"}]'),
        ('{"id": "1", "title": "Z", "kind": "novel"}', "line 1, kind: Input should be 'game'"),
        ('{"id": "1", "title": "Z", "edited": {"titel": "2021-03-01"}}', "edited: titel: no such field; did you mean"),
        ('{"id": "1", "title": "Z", "edited": {"title": "March"}}', "edited: title: no date: 'March'"),
        ('{"id": "1", "title": "Z", "edited": {"title": "2921-03-01"}}', "edited: title: 2921-03-01 has not come yet"),
        ('{"id": "1", "title": "Z", "edited": {"kind": "2021-03-01"}}', "edited: kind: was edited and is missing"),
        ('{"id": "1", "title": "Z", "edited": {"title": {"on": "2021"}}}', "unknown key 'on'"),
        ('{"id": "1", "title": "Z", "\\ud800": 1}', "\\ud800: unknown key"),
        ('{"id": "1", "title": "' + "Z" * 1001 + '"}', "is 1001 characters long"),
        ("[" * 100_000, "the file is one JSON list"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"id": NaN}', "NaN is no JSON"),
        (
            '{"id": "1", "title": "Z", "descriptions": [{"text": "a"}, {"text": "b"}]}',
            "descriptions: two of the same language",
        ),
    ],
)
def test_what_is_wrong_with_a_line_of_json_is_told(write: Write, line: str, says: str) -> None:
    (problem,) = told(write(line))
    assert says in problem


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "the file is empty"),
        ("id,titel\n", "line 1, titel: unknown column; did you mean 'title'?"),
        ("id,title,description.EN\n", "description.EN: LANG must be"),
        ("id,title,title\n", "line 1, title: the column is there twice"),
        ("id,title\n1,A,B\n", "line 2: 3 cells where the header has 2; a cell that holds the separator"),
        ("id,title\n1\n", "line 2: 1 cells where"),
        ('id,title\n1,"A\n', "line 2: the file ends within quotes"),
        ('id,title\n1,"A"B"\n', "line 2: text after a closing quote"),
        ("id,title,tags\n1,A,cave\n", "line 2, tags: 'cave' has no colon; expected KIND:VALUE"),
        ("id,title,urls\n1,A,novel=https://a.example/\n", "line 2, urls: 0.kind: Input should be"),
        ("id,title,urls\n1,A,a.example\n", "urls: 0.url: must be an absolute http(s) address"),
        ("id,title,edited\n1,A,title\n", "line 2, edited: title: no date"),
        (b"id,title\n1,Caf\xe9\n", "line 2: not UTF-8 (byte 0xE9 at byte 6); save the file as UTF-8"),
        (b"id,title\n1,A\x00B\n", "line 2: a NUL byte at byte 4"),
        ("id,title\n1,A\n".encode("utf-16"), "the file is UTF-16"),
        (b"id,title\n1,A\n\n2,B\n1,C\n", "line 5, id: '1' is the id of line 2 already"),
        (b"id,title\n1," + b"A" * 2_000_001 + b"\n", "longer than 2000000 characters"),
        (b"id,title\r1,A\r", "a lone carriage return"),
    ],
)
def test_what_is_wrong_with_a_csv_file_is_told(write: Write, content: str | bytes, says: str) -> None:
    problem = told(write(content, "old.csv"))[0]
    assert says in problem
    assert problem.startswith("old.csv, line ")


def test_all_bad_lines_are_told_at_once_and_the_good_ones_given_where_asked(write: Write) -> None:
    bad = "".join(f'{{"id": "{n}", "titel": ""}}\n' for n in range(100))
    path = write(f"{ZORK}\n{bad}{ZORK}\n")
    report = check_existing(path)
    assert (report.games, report.bad_lines, len(report.problems)) == (1, 101, 50)
    problems = told(path)
    assert len(problems) == 50
    assert problems[0].startswith("old.jsonl, line 2, titel: unknown key")
    skipped: list[list[Problem]] = []
    assert [game.id for game in read_existing(path, skip=skipped.append)] == ["1"]
    assert len(skipped) == 101
    assert str(skipped[-1][0]).startswith("old.jsonl, line 102, id: '1' is the id of line 1")


def test_everything_that_is_wrong_with_a_row_is_told_at_once(write: Write) -> None:
    path = write("id,title,kind,release_date,tags,edited\n1,Zork,Game,1980/12,fantasy,title@1.3.2021\n", "old.csv")
    assert [line.split(": ", 1)[0].rpartition(" ")[2] for line in told(path)] == [
        "tags", "kind", "release_date", "edited",
    ]  # fmt: skip


def test_no_file_is_told(tmp_path: Path) -> None:
    assert told(tmp_path / "none.csv")[0].endswith("none.csv: is no file that can be read twice")
    assert "holds no export" in told(tmp_path)[0]


@pytest.mark.parametrize("name", ["old.csv", "old.jsonl", "games", "games.csv"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    content=st.binary(max_size=300)
    | st.builds(
        lambda start, parts: start + b"".join(parts),
        st.sampled_from([b"", b"id,title,urls,tags,edited\n", b"\xef\xbb\xbfid\ttitle\n", b'{"id": "1", "title": ']),
        st.lists(
            st.sampled_from(
                [b"1", b",", b'"', b"\n", b"\r", b"\x00", b"\xff", b"{", b"}", b"[", b":", b'"\\ud800"', b"'=", b" | ",
                 b"https://[", b"1e999", b'"edited"', b"title@2021", b'"urls":[{"url":"http://[x"}]', b"\t", b"null"]
            ),
            max_size=25,
        ),
    )
)  # fmt: skip
def test_no_bytes_end_in_anything_but_games_or_the_declared_error(name: str, content: bytes, write: Write) -> None:
    path = write(content, name)
    skips: list[Callable[[list[Problem]], None] | None] = [None, lambda problems: print(*map(str, problems))]
    for skip in skips:
        try:
            for game in read_existing(path, skip=skip):
                json.dumps(game.claims).encode()
        except ExistingFileError as error:
            str(error).encode()


# What a JSON document may hold where a field's value is expected.
_any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["title", "lang", "at", "by"]), inner),
    max_leaves=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(
            ["id", "title", "kind", "alt_titles", "urls", "tags", "edited", "release_date", "descriptions"]
        ),
        _any_json,
    )
)
def test_no_document_ends_in_anything_but_a_game_or_the_declared_error(write: Write, document: dict[str, Any]) -> None:
    try:
        games = list(read_existing(write(json.dumps(document))))
        assert len(games) == 1
    except ExistingFileError as error:
        str(error).encode()


@pytest.fixture
def filled(catalogue: Catalogue) -> Catalogue:
    catalogue.says(
        "alpha",
        "a",
        title="'=1+1",
        alt_titles=[{"title": "Лампа", "lang": "ru"}, {"title": "A | B"}],
        descriptions=[{"lang": "en", "text": '- A lamp, "brass";\n- and\n\n1. rust.'}, {"text": "Und so weiter."}],
        credits=[{"name": "@ann"}, {"name": "Bob, Jr.", "role": "tester", "url": "https://a.example/bob"}],
        urls=[{"url": "https://a.example/play", "kind": "play_online", "label": "+play"}],
        external_ids=shared("X1"),
    )
    catalogue.says("beta", "b", title="-5", tags=[{"kind": "genre", "value": "＝fantasy"}])
    catalogue.says("gamma", "g", title="Grue", release_date="1980-12-05")
    catalogue.reconcile()
    catalogue.edit(1, "release_date", "1980", '-printed, on "the" box')
    catalogue.edit(1, "descriptions.ru", "Лампа.")
    return catalogue


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_export_reads_back_with_the_same_claims(filled: Catalogue, tmp_path: Path, form: ExportFormat) -> None:
    with export_place(tmp_path, form) as place:
        export_catalogue(filled.store, place, form)
    games = list(read_existing(tmp_path))
    assert [game.id for game in games] == ["1", "2", "3"]
    for game in games:
        state = filled.state(int(game.id))
        stated = state | {"descriptions": _listed(state)}
        assert game.claims == {name: value for name, value in stated.items() if value}
    edits = {edit.field: edit for edit in games[0].edits}
    assert set(edits) == {"release_date", "descriptions.ru"}
    assert (edits["release_date"].author, edits["release_date"].reason) == ("ann", '-printed, on "the" box')
    (at,) = filled.store.rows("SELECT edited_at FROM human_edit WHERE field = 'release_date'")
    assert edits["release_date"].edited_at == at["edited_at"]


def test_an_export_whose_files_do_not_go_together_is_told(filled: Catalogue, tmp_path: Path) -> None:
    with export_place(tmp_path, "csv") as place:
        export_catalogue(filled.store, place, "csv")
    tags, games = tmp_path / "tags.csv", tmp_path / "games.csv"
    whole = tags.read_bytes()
    tags.write_bytes(whole + b"1,genre,late,alpha\r\n99,genre,none,alpha\r\n")
    problems = told(tmp_path)
    assert "tags.csv, line 3, game_id: game 1 is not in games.csv, or the rows are not ordered" in problems[0]
    assert "tags.csv, line 4, game_id: game 99 is not in games.csv" in problems[-1]
    assert [game.id for game in read_existing(tmp_path, skip=print)] == ["1", "2", "3"]
    tags.write_bytes(whole)
    header, *rows = games.read_bytes().splitlines(keepends=True)
    games.write_bytes(header + b"".join(reversed(rows)))
    assert "not ordered by game_id" in told(games)[-1]
    tags.unlink()
    assert "tags.csv" in told(games)[0]


_text = st.text(st.sampled_from("'=+-@ aя\"|,;\n\u00a0＝1") | st.characters(codec="utf-8"), min_size=1, max_size=12)
_line = _text.map(clean_line).filter(bool)
_block = _text.map(clean_block).filter(bool)
_url = st.sampled_from(["https://a.example/", "https://a.example/?a=b", "https://b.example/=1"])


def _parts(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries(fields), max_size=3, unique_by=canonical_json)


_states = st.fixed_dictionaries(
    {
        "title": _line,
        "alt_titles": _parts(title=_line, lang=st.sampled_from([None, "ru"])),
        "kind": st.sampled_from(["game", "demo", "other"]),
        "release_date": st.sampled_from([None, "1980", "1980-12-05"]),
        "descriptions": st.dictionaries(st.sampled_from(["en", "und"]), st.builds(lambda text: {"text": text}, _block)),
        "credits": _parts(name=_line, role=st.sampled_from(["author", "tester"]), url=st.none() | _url),
        "tags": _parts(kind=st.just("genre"), value=_line),
        "urls": _parts(url=_url, kind=st.just("other"), label=st.none() | _line),
        "external_ids": _parts(scheme=st.just("ifid"), value=_line),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.lists(_states, max_size=3))
def test_whatever_the_catalogue_holds_is_read_back_from_an_export(tmp_path: Path, states: list[dict[str, Any]]) -> None:
    for writer in (JsonLinesWriter(tmp_path), CsvWriter(tmp_path)):
        for number, state in enumerate(states, start=1):
            row: dict[str, Any] = dict.fromkeys(("quality_score", "last_ai_review"))
            row |= {"game_id": number, "revision": 1, "state": state, "provenance": {}, "needs_human_review": False}
            row |= {"sources": [], "edits": [], "human_edited_fields": [], "created_at": MARCH, "updated_at": MARCH}
            writer.add(row)
        writer.close()
    for file in ("games.jsonl", "games.csv"):
        games = list(read_existing(tmp_path / file))
        assert [game.claims for game in games] == [
            {name: value for name, value in (state | {"descriptions": _listed(state)}).items() if value}
            for state in states
        ]


def _listed(state: dict[str, Any]) -> list[dict[str, Any]]:
    texts = state["descriptions"].items()
    return [{"lang": None if lang == "und" else lang, "text": text["text"]} for lang, text in texts]


def test_the_examples_of_the_documentation_are_read(write: Write) -> None:
    page = (Path(__file__).parents[2] / "docs" / "import-catalogue.md").read_text("utf-8")
    for block, name in ((r"```json\n(.*?)```", "old.jsonl"), (r"```\n(id,.*?)```", "old.csv")):
        (example,) = re.findall(block, page, re.DOTALL)
        (game,) = read_existing(write(example, name))
        assert (game.id, game.claims["title"], len(game.edits)) == ("17", "Zork I", 2)
