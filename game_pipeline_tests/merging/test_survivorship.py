"""What the catalogue says of a game: rules per field, provenance, conflicts, and edits that always win."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.merging import Disagreement, HumanEdit, Merged, MergePolicy, SourceClaims, SourceRef, merge
from game_pipeline.model import GameRecord

AT = dt.datetime(2025, 11, 21, tzinfo=dt.UTC)


def says(
    source: str, priority: int = 50, record_id: int | None = None, live: bool = True, **claims: Any
) -> SourceClaims:
    base = {
        "source": source,
        "identity": "1",
        "url": f"https://{source}.example/1",
        "title": "Zork I",
        "attribution": {"site": source, "licence": "unknown"},
        "parser_version": 1,
    }
    record = GameRecord.build(**base | claims)
    return SourceClaims(source, priority, record_id or sum(map(ord, source)), 1, record, live)


def edit(field: str, value: Any, edit_id: int = 1) -> HumanEdit:
    return HumanEdit(edit_id, field, value, "vasya", AT)


def sources(merged: Merged, field: str) -> list[str]:
    return [ref["source"] for ref in merged.provenance[field]["sources"]]


def test_the_first_source_names_the_game_and_other_names_become_titles() -> None:
    merged = merge([says("b", 2, title="Zork: Part One", alt_titles=[{"title": "ZORK I"}]), says("a", 1)])
    assert merged.state["title"] == "Zork I"
    assert merged.state["alt_titles"] == [{"title": "Zork: Part One", "lang": None}]
    assert merged.provenance["title"] == {"rule": "priority", "sources": [{"source": "a", "record": 97, "version": 1}]}
    assert sources(merged, "alt_titles") == ["b"]


def test_a_state_has_every_field_and_is_plain_json() -> None:
    merged = merge([says("a")])
    assert list(merged.state) == [
        "title", "alt_titles", "kind", "release_date", "descriptions", "credits", "tags", "urls", "external_ids",
    ]  # fmt: skip
    assert json.loads(json.dumps(merged.state)) == merged.state
    assert json.loads(json.dumps(merged.provenance)) == merged.provenance
    assert set(merged.provenance) == {"title", "kind"}


def test_a_more_precise_date_that_agrees_wins_without_a_conflict() -> None:
    merged = merge([says("a", 1, release_date="1980"), says("b", 2, release_date="1980-12-05")])
    assert (merged.state["release_date"], merged.conflicts) == ("1980-12-05", ())
    assert sources(merged, "release_date") == ["a", "b"]


def test_dates_that_truly_differ_are_a_conflict_with_all_sides() -> None:
    merged = merge(
        [says("a", 1, release_date="1980"), says("b", 2, release_date="1981-01"), says("c", 3, release_date="1980-12")]
    )
    (conflict,) = merged.conflicts
    assert (conflict.field, conflict.chosen, merged.state["release_date"]) == ("release_date", "1980-12", "1980-12")
    assert [(side.value, [ref.source for ref in side.sources]) for side in conflict.sides] == [
        ("1980", ["a"]), ("1981-01", ["b"]), ("1980-12", ["c"]),
    ]  # fmt: skip


def test_a_source_that_does_not_know_the_kind_does_not_decide_it() -> None:
    assert merge([says("a", 1, kind="other"), says("b", 2, kind="demo")]).state["kind"] == "demo"
    assert merge([says("a", 1, kind="other")]).state["kind"] == "other"


def test_credits_are_united_under_the_first_spelling() -> None:
    merged = merge(
        [
            says("a", 1, credits=[{"name": "Marc Blank"}]),
            says("b", 2, credits=[{"name": "BLANK, Marc", "url": "https://b.example/mb"}, {"name": "Dave Lebling"}]),
        ]
    )
    assert merged.state["credits"] == [
        {"name": "Marc Blank", "role": "author", "url": "https://b.example/mb"},
        {"name": "Dave Lebling", "role": "author", "url": None},
    ]
    assert merged.provenance["credits"]["values"] == [["a", "b"], ["b"]]


def test_the_policy_knows_when_names_are_one() -> None:
    claims = [says("a", 1, credits=[{"name": "Пётр"}]), says("b", 2, credits=[{"name": "Petr"}])]
    assert len(merge(claims).state["credits"]) == 2
    assert len(merge(claims, policy=MergePolicy(person_key=lambda name: "petr")).state["credits"]) == 1


def test_tags_ids_and_addresses_of_one_place_are_said_once() -> None:
    merged = merge(
        [
            says(
                "a", 1,
                tags=[{"kind": "genre", "value": "Fantasy"}],
                urls=[{"url": "http://www.z.example/zork/"}],
                external_ids=[{"scheme": "ifid", "value": "ZCODE-1"}],
            ),
            says(
                "b", 2,
                tags=[{"kind": "genre", "value": "fantasy"}, {"kind": "theme", "value": "fantasy"}],
                urls=[{"url": "https://z.example/zork", "kind": "game_page", "label": "Home"}],
                external_ids=[{"scheme": "ifid", "value": "zcode-1"}, {"scheme": "ifid", "value": "ZCODE-2"}],
            ),
        ]
    )  # fmt: skip
    assert merged.state["tags"] == [{"kind": "genre", "value": "Fantasy"}, {"kind": "theme", "value": "fantasy"}]
    assert merged.state["urls"] == [{"url": "http://www.z.example/zork/", "kind": "game_page", "label": "Home"}]
    assert [item["value"] for item in merged.state["external_ids"]] == ["ZCODE-1", "ZCODE-2"]


def test_descriptions_merge_within_a_language_only() -> None:
    merged = merge(
        [
            says("a", 1, descriptions=[{"lang": "en", "text": "In a maze."}, {"lang": "ru", "text": "Лабиринт."}]),
            says("b", 2, descriptions=[{"lang": "en", "text": "In a maze. Dark."}, {"text": "In a maze."}]),
        ]
    )  # fmt: skip
    assert list(merged.state["descriptions"]) == ["en", "ru", "und"]
    assert merged.state["descriptions"]["en"] == {
        "text": "In a maze. Dark.",
        "sentences": [{"text": "In a maze.", "sources": ["b", "a"]}, {"text": "Dark.", "sources": ["b"]}],
        "method": "identical",
        "confidence": 1.0,
    }
    assert sources(merged, "descriptions.en") == ["a", "b"]
    assert sources(merged, "descriptions.ru") == ["a"]


def test_sentences_whose_numbers_contradict_are_a_conflict_of_the_description() -> None:
    merged = merge(
        [
            says("a", 1, descriptions=[{"lang": "en", "text": "The game has 20 levels in all."}]),
            says("b", 2, descriptions=[{"lang": "en", "text": "The game has 30 levels in all."}]),
        ]
    )
    (conflict,) = merged.conflicts
    assert conflict.field == "descriptions.en"
    assert [side.sources for side in conflict.sides] == [(SourceRef("a", 97, 1),), (SourceRef("b", 98, 1),)]


def test_a_vanished_record_falls_silent_while_another_speaks() -> None:
    gone = says("a", 1, live=False, title="Old Name")
    assert merge([gone, says("b", 2)]).state["title"] == "Zork I"
    assert merge([gone]).state["title"] == "Old Name"


def test_the_newest_version_of_a_record_speaks() -> None:
    old, new = says("a", title="Old"), replace(says("a", title="New"), version=2)
    assert merge([new, old]).state["title"] == "New"


def test_a_game_without_records_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one record"):
        merge([])


def test_an_edit_wins_names_its_author_and_keeps_the_sources_title_findable() -> None:
    merged = merge([says("a", title="Zrok I")], [edit("title", "Zork I", 7)])
    assert merged.state["title"] == "Zork I"
    assert merged.state["alt_titles"] == [{"title": "Zrok I", "lang": None}]
    assert merged.provenance["title"] == {"rule": "human_edit", "edit": 7, "author": "vasya", "at": AT.isoformat()}


def test_a_source_that_disagrees_with_an_edit_is_reported_and_one_that_agrees_is_not() -> None:
    claims = [says("a", release_date="1980", tags=[{"kind": "genre", "value": "x"}])]
    merged = merge(claims, [edit("release_date", "1977", 1), edit("tags", [{"kind": "genre", "value": "x"}], 2)])
    assert merged.disagreements == (Disagreement("release_date", 1, "1977", "1980", (SourceRef("a", 97, 1),)),)


def test_an_edit_settles_a_conflict() -> None:
    claims = [says("a", 1, release_date="1980"), says("b", 2, release_date="1981")]
    assert merge(claims, [edit("release_date", "1980")]).conflicts == ()


def test_an_edited_description_is_the_persons_and_can_be_emptied() -> None:
    claims = [says("a", descriptions=[{"lang": "en", "text": "A maze."}])]
    merged = merge(claims, [edit("descriptions.en", "A cave. Dark.")])
    assert merged.state["descriptions"]["en"]["text"] == "A cave. Dark."
    assert merged.state["descriptions"]["en"]["method"] == "human_edit"
    emptied = merge(claims, [edit("descriptions.en", None)])
    assert emptied.state["descriptions"] == {}
    assert emptied.provenance["descriptions.en"]["rule"] == "human_edit"
    assert merge(claims, [edit("release_date", None), edit("tags", None)]).state["tags"] == []


def test_of_two_edits_the_later_stands() -> None:
    assert merge([says("a")], [edit("title", "New", 2), edit("title", "Old", 1)]).state["title"] == "New"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("colour", "red", "colour"), ("title", None, "title"), ("release_date", "soon", "release_date"),
     ("tags", [{"kind": "genre"}], "tags"), ("descriptions.en", "", "descriptions")],
)  # fmt: skip
def test_an_edit_without_its_fields_form_is_refused_by_name(field: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        merge([says("a")], [edit(field, value)])


titles = st.sampled_from(["Zork I", "ZORK I", "Zork", "Зорк"])
tags = st.lists(
    st.fixed_dictionaries({"kind": st.sampled_from(["genre", "theme"]), "value": st.sampled_from(["a", "A", "b"])}),
    max_size=3,
)
people = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["Marc Blank", "Blank Marc", "Dave"]), "role": st.just("author")}),
    max_size=2,
)
links = st.lists(
    st.fixed_dictionaries(
        {"url": st.sampled_from(["http://z.example/a", "https://www.z.example/a/", "https://q.example"])}
    ),
    max_size=2,
)
dates = st.sampled_from([None, "1980", "1980-12", "1980-12-05", "1981"])
texts = st.sampled_from(["A maze of 20 rooms is here.", "A maze of 30 rooms is here.", "Dark. A maze.", "Тёмный лес."])
claims_lists = st.lists(
    st.builds(
        lambda source, priority, live, title, tags, people, links, date, text: says(
            source, priority, live=live, title=title, tags=tags, credits=people, urls=links, release_date=date,
            descriptions=[{"lang": "en", "text": text}],
        ),
        st.sampled_from("abc"), st.integers(1, 3), st.booleans(), titles, tags, people, links, dates, texts,
    ),
    min_size=1,
    max_size=5,
).map(lambda claims: [replace(claim, record_id=number) for number, claim in enumerate(claims)])  # fmt: skip
edit_lists = st.lists(
    st.one_of(
        st.builds(edit, st.just("title"), titles),
        st.builds(edit, st.just("release_date"), dates),
        st.builds(edit, st.just("descriptions.en"), texts),
        st.builds(edit, st.just("credits"), st.just([{"name": "Somebody", "role": "author", "url": None}])),
    ),
    max_size=3,
    unique_by=lambda made: made.field,
)


@given(claims_lists, edit_lists, st.randoms())
def test_the_order_of_claims_and_edits_changes_nothing(
    claims: list[SourceClaims], edits: list[HumanEdit], random: Any
) -> None:
    shuffled = merge(random.sample(claims, len(claims)), random.sample(edits, len(edits)))
    assert shuffled == merge(claims, edits)


@given(claims_lists, edit_lists)
def test_hearing_the_same_again_changes_nothing(claims: list[SourceClaims], edits: list[HumanEdit]) -> None:
    assert merge(claims + claims, edits) == merge(claims, edits)


@given(claims_lists, edit_lists)
def test_an_edit_always_wins(claims: list[SourceClaims], edits: list[HumanEdit]) -> None:
    merged = merge(claims, edits)
    for made in edits:
        if made.field.startswith("descriptions."):
            assert merged.state["descriptions"]["en"]["text"] == made.value
        else:
            assert merged.state[made.field] == made.value
        assert merged.provenance[made.field]["rule"] == "human_edit"
        assert made.field not in {conflict.field for conflict in merged.conflicts}


@given(claims_lists)
def test_every_list_item_has_its_sources(claims: list[SourceClaims]) -> None:
    merged = merge(claims)
    for field in ("alt_titles", "credits", "tags", "urls", "external_ids"):
        values = merged.provenance.get(field, {}).get("values", [])
        assert len(values) == len(merged.state[field])
        assert all(values)
