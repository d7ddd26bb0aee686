"""Text, names, dates and languages as sites write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.sources.languages import language_codes, language_of
from game_pipeline.sources.text import html_to_markdown, partial_date, plain_to_markdown, split_names, unescape_all


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("&amp;quot;Да&amp;quot;", '"Да"'),
        ("&quot;Да&quot;", '"Да"'),
        ("it&amp;#039;s", "it's"),
        ("Миссия &lt;Турист&gt;", "Миссия <Турист>"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("AT&T", "AT&T"),
        ("&amp;amp;amp;lt;", "&amp;lt;"),
        ("&#xD800;", "\ufffd"),
    ],
)
def test_entities_are_decoded_as_often_as_they_were_encoded_and_no_more_than_twice(written: str, plain: str) -> None:
    assert unescape_all(written) == plain


def test_decoded_text_that_looks_like_a_tag_never_becomes_markup() -> None:
    assert plain_to_markdown(unescape_all("&lt;b&gt; 2 < 3")) == r"\<b> 2 < 3"
    assert html_to_markdown("a &lt;script&gt; b<br>c") == "a \\<script> b\nc"


def test_html_becomes_markdown_without_scripts_pictures_or_unsafe_links() -> None:
    markup = (
        "<h2>Сюжет</h2><style>p{}</style><script>x()</script><p>Один<br/>два <b>три</b></p>"
        '<ul><li>а</li></ul><img src="x" onerror="y"><a href="javascript:z()">зло</a> <a href="/п">добро</a>'
    )
    assert html_to_markdown(markup, base="https://a.org/") == (
        "## Сюжет\n\nОдин\nдва **три**\n\n- а\n\nзло [добро](https://a.org/%D0%BF)"
    )


def test_a_break_is_a_paragraph_where_the_format_says_so() -> None:
    assert html_to_markdown("one<br/>two<br/><br/>three", breaks_paragraphs=True) == "one\n\ntwo\n\nthree"


@pytest.mark.parametrize("text", ["[x](javascript:y)", "[x]: javascript:y", "<javascript:y>", "[x]( data:y)"])
def test_plain_text_can_not_smuggle_a_link(text: str) -> None:
    assert "\\" in plain_to_markdown(text)


def test_markup_nested_beyond_reason_keeps_its_words() -> None:
    assert "слово" in html_to_markdown("<div>" * 5000 + "слово" + "</div>" * 5000)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Marc Blank and Dave Lebling", ["Marc Blank", "Dave Lebling"]),
        ("Ann, Bob, and Cid", ["Ann", "Bob", "Cid"]),
        ("Аня и Боря", ["Аня", "Боря"]),
        ("Ann, Bob, et al.", ["Ann", "Bob"]),
        ("V.Podobaev; P.Kosyh", ["V.Podobaev", "P.Kosyh"]),
        ("John Smith & Jane Doe", ["John Smith", "Jane Doe"]),
        ("Barnes & Noble", ["Barnes & Noble"]),
        ("Stone and Sons Games", ["Stone and Sons Games"]),
        ("Илья и команда", ["Илья и команда"]),
        ("Sam Doe, Jr., Acme, Inc.", ["Sam Doe, Jr.", "Acme, Inc."]),
        ("Алексей (AlSid, Al) Сидорчук", ["Алексей (AlSid, Al) Сидорчук"]),
        ("Sandy Andersson", ["Sandy Andersson"]),
        (" , ", []),
    ],
)
def test_names_are_split_conservatively(text: str, names: list[str]) -> None:
    assert split_names(text) == names


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("05.12.2010", "2010-12-05"),
        ("5.12.2010", "2010-12-05"),
        ("12.2010", "2010-12"),
        ("00.00.2010", "2010"),
        ("00.05.2010", "2010-05"),
        ("2010", "2010"),
        ("2010 год", "2010"),
        ("2010-5-3", "2010-05-03"),
        ("2018-02-03T10:20:30Z", "2018-02-03"),
        ("12 мая 2010 г.", "2010-05-12"),
        ("Май 2010", "2010-05"),
        ("May 12, 2010", "2010-05-12"),
        ("31.02.2010", None),
        ("3/4/2010", None),
        ("давно", None),
        ("", None),
        ("0000", None),
    ],
)
def test_a_date_is_as_precise_as_its_text(text: str, date: str | None) -> None:
    assert partial_date(text) == date


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("English, Castilian (en, es)", ("en", "es")),
        ("English (en-US)", ("en-US",)),
        ("русский", ("ru",)),
        ("русский и английский", ("ru", "en")),
        ("en", ("en",)),
        ("pt-br", ("pt-BR",)),
        ("zh-hans", ("zh-Hans",)),
        ("jp", ("ja",)),
        ("Thai, Vietnamese", ("th", "vi")),
        ("Klingon", ()),
        ("xx", ()),
        ("", ()),
    ],
)
def test_languages_become_codes(text: str, codes: tuple[str, ...]) -> None:
    assert language_codes(text) == codes


def test_a_description_s_language_is_one_of_the_game_s_or_unknown() -> None:
    english = "You are in the cave and the lamp is on the floor, for it is dark in here."
    assert language_of(english, ("en",)) == "en"
    assert language_of(english, ("en", "es")) == "en"
    assert language_of(english, ("ru",)) is None
    assert language_of(english, ()) is None
    assert language_of("Вы стоите в тёмной пещере без лампы", ("ru", "en")) == "ru"
    assert language_of("Да", ("ru",)) is None


@given(st.text(max_size=300))
def test_any_text_is_read_without_live_markup(text: str) -> None:
    for markdown in (html_to_markdown(text), plain_to_markdown(unescape_all(text)), html_to_markdown(f"<p>{text}")):
        assert "<script" not in markdown.replace(r"\<", "")
        markdown.encode()
    split_names(text)
    partial_date(text)
    language_codes(text)


@pytest.mark.timeout(5)
def test_markup_of_too_many_tags_is_read_as_its_words() -> None:
    assert html_to_markdown("<p>word &amp; <b>word</b>" + "<p><i>" * 100_000) == "word & word"


_PIECES = (
    "a",
    "b c",
    " ",
    "\n",
    " \r\n ",
    "<br>",
    "<BR />",
    "&amp;",
    "&lt;b&gt;",
    "&#39;",
    "&nbsp;",
    "*",
    "# x",
    "[a](b)",
)


@given(st.lists(st.lists(st.sampled_from(_PIECES), max_size=8), max_size=4), st.booleans())
def test_text_in_paragraphs_reads_the_same_without_a_tree(pieces: list[list[str]], loose: bool) -> None:
    """An element without a meaning sends the same text the long way."""
    paragraphs = [f"<p>{''.join(piece)}</p>" for piece in pieces]
    markup = "".join([*(["x<br>y"] if loose else []), *paragraphs])
    assert html_to_markdown(markup) == html_to_markdown(f"{markup}<u></u>")
