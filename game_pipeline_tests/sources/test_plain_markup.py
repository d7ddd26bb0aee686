"""What is made of plain markup at sight is what the whole parser makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.sources.plain_markup import MAX_DEPTH, plain_markup
from game_pipeline.sources.text import _convert, _make_safe

BASE = "https://b.org/"
TEXTS = st.lists(
    st.sampled_from(
        [
            *(
                "a",
                "слово",
                "*",
                "_",
                "[x]",
                "(y)",
                ">",
                "1.",
                "#",
                "&amp;",
                "&lt;",
                "&nbsp;",
                "&laquo;",
                "&#39;",
                "&#x27;",
                "&apos;",
            ),
            *(" ", "  ", "\n", "\t", "\r\n", "\r", "\xa0", "\x0c", "\x85"),
        ]
    ),
    max_size=5,
).map("".join)
TAGS = st.sampled_from(
    [
        ("<p>", "</p>"),
        ('<P class="x">', "</p>"),
        ("<b>", "</b>"),
        ("<strong>", "</strong>"),
        ("<i>", "</i>"),
        ("<em >", "</EM>"),
        ('<a href="https://a.org/(x)">', "</a>"),
        ('<a href="/y z">', "</a>"),
    ]
)


def _around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    wrapped = st.tuples(TAGS, st.lists(inner, max_size=4)).map(lambda drawn: "".join(drawn[1]).join(drawn[0]))
    return wrapped | st.sampled_from(["<br>", "<br />"])


MARKUP = st.lists(st.recursive(TEXTS, _around, max_leaves=12) | _around(TEXTS), max_size=5).map("".join)


@given(MARKUP)
def test_plain_markup_is_the_markdown_that_the_parser_makes_of_it(markup: str) -> None:
    plain = plain_markup(markup, BASE)
    assert plain is not None
    assert _make_safe(plain) == _make_safe(_convert(markup, BASE))


@pytest.mark.parametrize(
    "markup",
    [
        "<p>a",
        "a</p>",
        "<b><i>a</b></i>",
        "<ul><li>a</li></ul>",
        "a < b",
        "<p onclick=x>a</p>",
        "<h1>a</h1>",
        "a &copy b",
        "&unknown;",
        '<a href="javascript:x">a</a>',
        '<a href="https://a.org" title="t">a</a>',
        "<!-- x -->a",
        "<script>x</script>",
        "<b>" * (MAX_DEPTH + 1) + "a" + "</b>" * (MAX_DEPTH + 1),
    ],
)
def test_anything_else_is_left_to_the_parser(markup: str) -> None:
    assert plain_markup(markup, BASE) is None
