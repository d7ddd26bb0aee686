"""The look before parsing: what no honest page has is refused, what honest pages have is not, and time is linear."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.parsing import prescan as module
from game_pipeline.parsing.prescan import MAX_ATTRIBUTES, MAX_BODY, MAX_DEPTH, MAX_TAG, MAX_TAGS, prescan
from game_pipeline.parsing.reading import mend
from game_pipeline.sources import ParseError
from game_pipeline_tests.shared import SAMPLES, needs_shared


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<div>" * 100_000, "tags nested more than 1000 deep"),
        (b"<b><i>" * 50_000, "tags nested more than 1000 deep"),
        (b"<p>" * 300_000, "more than 200000 tags"),
        (b"<div" + b" a" * 200_000 + b">", "a tag longer than 65536 bytes"),
        (b"<div" + b" a='>'" * 20_000 + b">", "a tag longer than 65536 bytes"),
        (b"<div" + b' a="<"' * 2_000 + b">", "a tag with more than 1000 attributes"),
        (b"<div a='" + b"x" * MAX_TAG, "a tag longer than 65536 bytes"),
        ("<div>".encode("utf-16") + "<div>".encode("utf-16-le") * 2000, "tags nested more than 1000 deep"),
        (b'{"a":' * 50_000, "nested more than 1000 deep"),
        (b'{"text": "' + b"[" * 2000 + b'", "a": ' + b"[" * 1001, "nested more than 1000 deep"),
        (b'{"text": "' + b"<div>" * 1001 + b'"}', "tags nested more than 1000 deep"),
        (bytes(MAX_BODY + 1), "16777217 bytes, 16777216 at most"),
    ],
)
def test_what_no_honest_page_has_is_refused(body: bytes, problem: str) -> None:
    started = time.monotonic()
    with pytest.raises(ParseError, match=problem):
        prescan(body)
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * MAX_DEPTH,
        b"<div></div>" * (MAX_TAGS // 2),
        b"<p>text<li>item<br>" * 5000,
        b"<a/>" * 5000,
        b"<div" + b" a='1'" * (MAX_ATTRIBUTES - 1) + b">",
        b"1 < 2 and 3 <4 " * 20_000,
        b"<ref name=O'Brien>" + b"text " * 20_000 + b"</ref>",
        b"<!-- " + b"x" * MAX_TAG * 2 + b" -->",
        b'{"text": "' + b"{{t}} [[l]]" * 5000 + b'"}',
        b'{"text": "' + b"\\" * 100_000,
        b'{"a": [' + b"[]," * 5000 + b"[]]}",
        b"{{game info|" * 5000,
        b"",
    ],
)
def test_what_honest_pages_have_is_not(body: bytes) -> None:
    started = time.monotonic()
    prescan(body)
    assert time.monotonic() - started < 1


@needs_shared
def test_real_captures_pass() -> None:
    for path in SAMPLES.rglob("*"):
        if path.is_file() and path.suffix in (".xml", ".json", ".iFiction", ".rss", ".html"):
            body = path.read_bytes()
            prescan(body)
            assert mend(body) == (body, ())


@pytest.mark.parametrize(
    "unit", [b"<", b"<a ", b"='", b'="', b'"\\"', b"<a='", b"{", b'{"', b"<!--", b"=\\ ", b"<a b=\"'", b"= "]
)
def test_no_pattern_takes_more_than_linear_time(unit: bytes) -> None:
    body = b'{"' + unit * (4_000_000 // len(unit))
    started = time.perf_counter()
    with contextlib.suppress(ParseError):
        prescan(body)
    assert time.perf_counter() - started < 2.5


_PIECES = [b"<a", b"</a", b">", b" b", b"='", b'="', b"'", b'"', b"=\\'", b"<", b"/>", b"<!--", b"x" * 600, b" y" * 400]


@given(st.lists(st.sampled_from(_PIECES), max_size=60).map(b"".join), st.integers(1, 40))
def test_what_counting_alone_lets_pass_passes_tag_by_tag(piece: bytes, times: int) -> None:
    body = piece * times
    if module._is_plain(body):
        module._check_tags(body, "page")


@given(st.binary(max_size=300))
def test_any_bytes_pass_or_are_refused(body: bytes) -> None:
    with contextlib.suppress(ParseError):
        prescan(body)
    with contextlib.suppress(ParseError):
        mended, warnings = mend(body)
        assert mended == body or warnings


@pytest.mark.parametrize("name", ["UTF-7", "zlib_codec", "unicode_escape", "EBCDIC-CP-US", "x"])
def test_only_plain_encodings_are_read(name: str) -> None:
    with pytest.raises(ParseError, match=f"declares the encoding {name}, which is not read"):
        mend(f"<?xml version='1.0' encoding='{name}'?><a/>".encode())


def test_text_in_windows_1251_is_read_as_such_and_said_to_be() -> None:
    body = "<title>Остров, где кончается осень</title>".encode("cp1251")
    assert mend(body) == (
        "<title>Остров, где кончается осень</title>".encode(),
        ("text is not UTF-8, read as Windows-1251",),
    )


@pytest.mark.parametrize(
    "body",
    [
        "<title>Остров</title>".encode(),
        '<?xml version="1.0" encoding="windows-1251"?><title>Остров</title>'.encode("cp1251"),
        "<title>Остров</title>".encode("utf-16"),
        b"<title>caf\xe9</title>",
        "<title>Żółta łódź</title>".encode("cp1250"),
    ],
)
def test_text_is_left_alone_where_it_is_well_or_past_guessing(body: bytes) -> None:
    assert mend(body) == (body, ())


def test_a_nul_is_shown_as_what_it_is() -> None:
    assert mend(b"a\0b" * 2) == ("a\ufffdb".encode() * 2, ("NUL bytes replaced",))


@given(st.lists(st.integers(0, 1_100), max_size=6))
def test_few_looks_find_a_stretch_without_an_end_of_a_tag_wherever_it_lies(lengths: list[int]) -> None:
    body = b">".join(b"<" * length for length in lengths)
    assert module._is_unbroken(body) == any(length >= MAX_ATTRIBUTES for length in lengths)
