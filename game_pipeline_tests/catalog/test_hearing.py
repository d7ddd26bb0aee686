"""Which of a record's words are heard while older ones of some of its parts stand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.catalog.hearing import ALL, SILENT, compose, heard_version, mute_fields, narrowed, part_of, resolve
from game_pipeline.model import Attribution, GameRecord

_PARTS = ["title", "release_date", "tags", "tags.genre", "tags.theme", "descriptions.en", "urls.other", "extra.size"]
_parts = st.dictionaries(st.sampled_from([ALL, *_PARTS]), st.integers(1, 3))


def _document(**claims: Any) -> dict[str, Any]:
    facts = {
        "source": "alpha",
        "identity": "a",
        "url": "https://alpha.example/a",
        "title": "Owl",
        "attribution": Attribution(site="Alpha", licence="unknown"),
        "parser_version": 1,
    }
    return GameRecord.build(**facts | claims).to_dict()


DOCUMENTS = {
    1: _document(release_date="1980", tags=[{"kind": "genre", "value": "puzzle"}]),
    2: _document(
        title="Crow",
        release_date="1999",
        descriptions=[{"lang": "en", "text": "A bird."}, {"lang": None, "text": "Птица."}],
        tags=[{"kind": "genre", "value": "drama"}, {"kind": "theme", "value": "birds"}],
        urls=[{"url": "https://owl.example/", "kind": "other"}],
    ),
    3: _document(title="Crow", extra={"size": 3}, tags=[{"kind": "theme", "value": "night"}]),
}


def test_all_of_one_version_is_that_version() -> None:
    assert compose(DOCUMENTS, {ALL: 2}).to_dict() == DOCUMENTS[2]


def test_an_older_word_on_one_part_leaves_all_else_new() -> None:
    heard = compose(DOCUMENTS, {ALL: 2, "title": 1})
    assert (heard.title, heard.release_date) == ("Owl", "1999")


def test_an_older_word_on_a_facet_leaves_the_others_of_its_field_new() -> None:
    heard = compose(DOCUMENTS, {ALL: 2, "tags.genre": 1})
    assert {(tag.kind, tag.value) for tag in heard.tags} == {("genre", "puzzle"), ("theme", "birds")}


def test_a_facet_counts_more_than_its_field() -> None:
    heard = compose(DOCUMENTS, {ALL: 1, "tags": 2, "tags.theme": 3})
    assert {(tag.kind, tag.value) for tag in heard.tags} == {("genre", "drama"), ("theme", "night")}


def test_a_part_of_version_0_is_not_heard() -> None:
    heard = compose(DOCUMENTS, {ALL: 2, "release_date": 0, "urls": 0, "descriptions.und": 0})
    assert (heard.release_date, heard.urls) == (None, ())
    assert [description.lang for description in heard.descriptions] == ["en"]


def test_what_an_older_version_did_not_have_goes() -> None:
    assert compose(DOCUMENTS, {ALL: 3, "extra.size": 2}).extra.get("size") is None
    assert compose(DOCUMENTS, {ALL: 2, "descriptions.en": 1}).descriptions[0].lang is None


def test_a_record_that_is_heard_about_one_part_alone_claims_nothing_else() -> None:
    heard = compose(DOCUMENTS, {ALL: 0, "release_date": 2})
    assert (heard.release_date, heard.tags, heard.urls, heard.descriptions) == ("1999", (), (), ())
    assert mute_fields({ALL: 0, "release_date": 2}) == {"title", "kind", "url"}


@pytest.mark.parametrize(
    ("parts", "mute"),
    [
        ({ALL: 2}, set()),
        ({ALL: 2, "title": 0}, {"title"}),
        ({ALL: 2, "tags": 0}, set()),
        ({ALL: 0, "title": 1}, {"kind", "url"}),
        (SILENT, set()),
    ],
)
def test_a_field_that_cannot_be_left_out_is_mute_instead(parts: dict[str, int], mute: set[str]) -> None:
    assert mute_fields(parts) == mute


def test_parts_that_say_no_more_than_the_rest_are_left_out() -> None:
    assert resolve({"title": 1, "tags": 4}, 4) == {ALL: 4, "title": 1}
    assert resolve({ALL: 2, "title": 2, "tags": 1}, 4) == {ALL: 2, "tags": 1}
    assert resolve({}, 4) == {ALL: 4}


@given(_parts, st.integers(3, 9))
def test_resolving_changes_nothing_about_what_is_heard(parts: dict[str, int], newest: int) -> None:
    resolved = resolve(parts, newest)
    assert resolve(resolved, newest) == resolved
    for part in ["title", "release_date", "urls.other"]:
        if part in parts:
            assert heard_version(resolved, part) == parts[part]
        elif part.partition(".")[0] not in parts:
            assert heard_version(resolved, part) == parts.get(ALL, newest)


@given(_parts.map(lambda parts: resolve(parts, 3)), st.sampled_from(["title", "tags", "descriptions.en"]))
def test_narrowed_to_a_field_it_is_heard_as_before_and_nothing_else_is_said(parts: dict[str, int], field: str) -> None:
    inside = narrowed(parts, field)
    assert all(part == field or part.startswith(f"{field}.") for part in inside)
    whole, narrow = compose(DOCUMENTS, parts).to_dict(), compose(DOCUMENTS, {ALL: 3, **inside}).to_dict()
    assert part_of(narrow, field) == part_of(whole, field)


@given(_parts.map(lambda parts: resolve(parts, 3)))
def test_every_part_is_heard_as_of_its_version(parts: dict[str, int]) -> None:
    heard = compose(DOCUMENTS, parts).to_dict()
    for part in ["title", "release_date", "tags.genre", "tags.theme", "descriptions.en", "urls.other", "extra.size"]:
        assert part_of(heard, part) == part_of(DOCUMENTS[heard_version(parts, part)], part), part
