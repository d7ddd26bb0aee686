"""HTML read safely: encodings, what a reader sees, and selectors that say what they missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.parsing.prescan import prescan
from game_pipeline.sources.base import ParseError
from game_pipeline.sources.html import (
    attribute,
    decode,
    first,
    labelled,
    lines,
    markup,
    parse_html,
    required,
    text,
    texts,
)

PAGE = """<!DOCTYPE html><html><head><meta charset="windows-1251"><title>Игра</title></head><body>
<h1>Тень&nbsp;<b>башни</b></h1><script>document.write("нет")</script>
<p>Первая строка<br>вторая <i>строка</i></p><div>третья<!-- x --> и всё<style>p{}</style></div>
<table><tr><td>Автор:</td><td><a href="/a?id=1">Аня</a>, <a href="/a?id=2">Борис</a></td></tr>
<tr><td>Жанр</td><td>Детектив</td></tr></table>
<dl><dt>Год:</dt><dd>2010</dd><dt>Язык:</dt><dd>русский</dd></dl></body></html>"""


def test_a_page_is_read_in_the_encoding_that_its_source_states() -> None:
    page = parse_html(PAGE.replace("windows-1251", "utf-8").encode("cp1251"), "windows-1251")
    assert text(page, "title") == "Игра"


def test_a_page_that_is_utf_8_is_read_as_such_whatever_is_stated() -> None:
    assert text(parse_html(PAGE.encode(), "windows-1251"), "title") == "Игра"


def test_a_page_says_its_encoding_itself_where_the_source_does_not() -> None:
    assert text(parse_html(PAGE.encode("cp1251")), "title") == "Игра"


@pytest.mark.parametrize("label", ["utf-7", "unicode_escape", "rot13", "zlib", "idna"])
def test_a_page_cannot_name_a_codec_of_pythons(label: str) -> None:
    body = PAGE.replace("windows-1251", label).encode("cp1251")
    with pytest.raises(ParseError, match="not read"):
        decode(body)


def test_text_is_what_a_reader_sees_on_one_line() -> None:
    page = parse_html(PAGE.encode())
    assert text(page, "h1") == "Тень башни"
    assert texts(page, "td a") == ["Аня", "Борис"]
    assert text(page, "h7") == ""
    assert "нет" not in text(page, "body")


@pytest.mark.parametrize(
    ("inside", "seen"),
    [("a  b", "a b"), ("", ""), ("<!-- c -->a", "a"), ("a<i>b</i>", "ab"), ("a<script>b</script>", "a")],
)
@pytest.mark.parametrize("around", ["div", "noscript", "script"])
def test_text_is_seen_unless_it_is_kept_for_readers_without_scripts(around: str, inside: str, seen: str) -> None:
    page = parse_html(f"<body><{around}><p>{inside}</p></{around}></body>".encode())
    assert [text(found) for found in page.css("p")] == ([] if around == "script" else [seen * (around == "div")])
    assert text(page, around) == seen * (around == "div")


def test_lines_end_where_a_reader_sees_them_end() -> None:
    page = parse_html(PAGE.encode())
    assert lines(page, "body")[:4] == ["Тень башни", "Первая строка", "вторая строка", "третья и всё"]


def test_facts_are_found_by_their_labels_in_tables_and_in_lists() -> None:
    page = parse_html(PAGE.encode())
    facts = labelled(page, "tr", "td:first-child", "td + td")
    assert {name: text(value) for name, value in facts.items()} == {"автор": "Аня, Борис", "жанр": "Детектив"}
    assert [attribute(a, "href") for a in facts["автор"].css("a")] == ["/a?id=1", "/a?id=2"]
    assert {name: text(value) for name, value in labelled(page, "dl", "dt", "dd").items()} == {
        "год": "2010",
        "язык": "русский",
    }


def test_the_inside_of_an_element_is_handed_on_as_markup() -> None:
    assert markup(parse_html(PAGE.encode()), "p") == "Первая строка<br>вторая <i>строка</i>"


def test_what_every_page_must_have_is_named_where_it_is_missing() -> None:
    page = parse_html(PAGE.encode())
    with pytest.raises(ParseError) as caught:
        required(page, "div#panel")
    assert (caught.value.where, caught.value.problem) == ("div#panel", "not on the page")
    assert first(page, "div#panel") is None


@pytest.mark.parametrize(
    ("body", "problem"),
    [(b" \n", "empty"), (b'{"a": 1}', "JSON instead"), (b"<?xml version='1.0'?><feed/>", "XML instead")],
)
def test_what_is_no_html_is_said_to_be_so(body: bytes, problem: str) -> None:
    with pytest.raises(ParseError, match=problem):
        parse_html(body)


def test_markup_nested_deeper_than_the_reader_goes_is_refused_rather_than_cut() -> None:
    with pytest.raises(ParseError):
        parse_html(b"<html><body>" + b"<div>" * 3000 + b"x" + b"</div>" * 3000)


@given(
    st.text(max_size=300) | st.lists(st.sampled_from(["<p>", "</div>", "<a href=", "'", ">", "ж", "<!--"])).map("".join)
)
def test_any_text_is_a_tree_or_a_parse_error(source: str) -> None:
    body = source.encode("utf-8", "replace")
    try:
        prescan(body)
        page = parse_html(body)
    except ParseError:
        return
    assert isinstance(text(page), str)
    assert all(line.strip() for line in lines(page))
