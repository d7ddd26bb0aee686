"""Addresses: normalisation, identity, kinds."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.sources.links import _PLAIN, LinkRule, classify
from game_pipeline.sources.urls import _TIDY, _normalised, host_of, identity_url, normalise_url, on_host


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("HTTP://Example.ORG:80", "http://example.org/"),
        ("https://example.org:443/a?b=1#part", "https://example.org/a?b=1"),
        ("https://example.org:8080/", "https://example.org:8080/"),
        (
            "https://пример.рф/игра один",
            "https://xn--e1afmkfd.xn--p1ai/%D0%B8%D0%B3%D1%80%D0%B0%20%D0%BE%D0%B4%D0%B8%D0%BD",
        ),
        ("https://example.org/%7euser/%d0%b0", "https://example.org/~user/%D0%B0"),
        ("https://example.org/?utm_source=x&id=7&fbclid=y&gclid=z", "https://example.org/?id=7"),
        ("https://example.org/?z=1&a=&flag", "https://example.org/?z=1&a=&flag"),
        ("https://example.org/?story=https%3A%2F%2Fa.org%2Fb", "https://example.org/?story=https%3A%2F%2Fa.org%2Fb"),
        ("https://example.org//a//b", "https://example.org//a//b"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("  https://example.org/a\n", "https://example.org/a"),
    ],
)
def test_an_address_has_one_written_form(written: str, normal: str) -> None:
    assert normalise_url(written) == normal
    assert normalise_url(normal) == normal


def test_a_relative_address_is_completed() -> None:
    assert normalise_url("viewgame?id=x", "https://ifdb.org/a") == "https://ifdb.org/viewgame?id=x"
    assert normalise_url("//ifdb.org/x", "http://a.org/") == "http://ifdb.org/x"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://a.org/x",
        "javascript:alert(1)",
        "http://",
        "http://[::1",
        "http://a.org:99999/",
        "a.org/x",
        "http://a b/",
    ],
)
def test_what_is_no_http_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|host"):
        normalise_url(text)


def test_an_address_too_long_to_store_is_refused() -> None:
    with pytest.raises(ValueError, match="usable"):
        normalise_url("https://example.org/" + "a" * 3000)


def test_scheme_www_slashes_and_order_of_the_query_do_not_make_another_place() -> None:
    one = identity_url("http://www.example.org/a//b/?y=2&x=%D0%B0")
    assert one == identity_url("https://example.org/a/b?x=а&y=2") == "example.org/a/b?x=а&y=2"


@pytest.mark.parametrize(
    ("url", "label", "kind"),
    [
        ("https://ifdb.org/viewgame?id=0dbnusxunq7fw5ro", "", "game_page"),
        ("https://ifdb.org/coverart?id=0dbnusxunq7fw5ro", "", "poster"),
        ("https://ifwiki.ru/Игра", "", "game_page"),
        ("https://ifwiki.ru/files/Game.zip", "", "download_direct"),
        ("http://instead-games.ru/game.php?ID=3", "", "game_page"),
        ("http://instead-games.ru//download/instead-x.zip", "", "download_direct"),
        ("https://someone.itch.io/game", "", "game_page"),
        ("https://iplayif.com/?story=x.z5", "", "play_online"),
        ("https://unbox.ifarchive.org/?url=x.zip&open=a.html", "", "play_online"),
        ("https://youtu.be/x", "", "video"),
        ("https://forum.ifiction.ru/viewtopic.php?id=3", "", "forum"),
        ("https://a.org/x.Z5?raw=1", "", "download_direct"),
        ("https://a.org/x.png", "", "screenshot"),
        ("https://a.org/x.png", "Обложка", "poster"),
        ("https://a.org/x", "Рецензия Ивана", "review"),
        ("https://a.org/x", "Скачать", "download_landing"),
        ("https://a.org/x", "Играть онлайн", "play_online"),
        ("https://github.com/a/b/releases/download/v1/game.bin", "", "download_direct"),
        ("https://github.com/a/b/releases", "", "download_landing"),
        ("https://a.org/x", "", "other"),
        ("http://[", "", "other"),
    ],
)
def test_the_table_says_what_kind_an_address_is(url: str, label: str, kind: str) -> None:
    assert classify(url, label) == kind


def test_a_source_s_own_rules_are_asked_first() -> None:
    rule = LinkRule("forum", ("a.org",), re.compile("^/t/"))
    assert classify("https://sub.a.org/t/x.zip", extra=(rule,)) == "forum"
    assert classify("https://ba.org/t/x.zip", extra=(rule,)) == "download_direct"


def test_a_host_that_only_ends_like_another_is_another() -> None:
    assert on_host("https://WWW.ifdb.org/x", ("ifdb.org",))
    assert not on_host("https://notifdb.org/x", ("ifdb.org",))
    assert not on_host("ftp://ifdb.org/x", ("ifdb.org",))


@given(st.text(max_size=80), st.sampled_from(["", "http://", "https://a.org/", "https://a.org/?q="]))
def test_normalising_twice_changes_nothing_more(text: str, start: str) -> None:
    try:
        once = normalise_url(start + text)
    except ValueError:
        return
    assert normalise_url(once) == once
    assert identity_url(once)
    classify(once, text)


@given(st.from_regex(_TIDY, fullmatch=True), st.sampled_from([None, "https://a.org/b/c"]))
def test_what_is_taken_for_tidy_at_sight_is_its_own_written_form(url: str, base: str | None) -> None:
    assert _normalised(url, base) == url


@given(
    st.sampled_from(["https://", "http://", "HTTPS://", "ftp://", "//", ""]),
    st.from_regex(r"[a-zA-Z0-9.:@\[\]_-]{0,12}", fullmatch=True),
    st.sampled_from(["", "/", "/a?b", "?x", "#y", "\n"]),
)
def test_the_host_that_is_plain_at_sight_is_the_one_that_parsing_finds(scheme: str, host: str, rest: str) -> None:
    for prefix in ("", "www."):
        url = f"{scheme}{prefix}{host}{rest}"
        try:
            found = (urlsplit(url).hostname or "").removeprefix("www.")
        except ValueError:
            found = ""
        assert host_of(url) == found


def test_an_escape_stays_unless_its_character_needs_none_or_it_is_written_small() -> None:
    unreserved = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    for byte in range(256):
        tidy = chr(byte) if chr(byte) in unreserved else f"%{byte:02X}"
        upper, lower = f"{byte:02X}", f"{byte:02x}"
        for written in (f"%{upper}", f"%{lower}", f"%{upper[0]}{lower[1]}", f"%{lower[0]}{upper[1]}"):
            assert normalise_url(f"https://a.org/x{written}y?z{written}") == f"https://a.org/x{tidy}y?z{tidy}"


@given(
    st.from_regex(_PLAIN, fullmatch=True),
    st.sampled_from(["", "/game.zip", "/forum/", "/a/review", "/cover.png?x=1", "?page=/forums/"]),
    st.sampled_from(["", "Play online", "cover"]),
)
def test_what_is_plain_at_sight_is_of_the_kind_that_it_is_when_taken_apart(url: str, end: str, label: str) -> None:
    assert classify(url + end, label) == classify(f"{url}{end}#taken-apart", label)
