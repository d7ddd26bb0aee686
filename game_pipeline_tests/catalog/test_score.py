"""The quality score: in its bounds, monotone, blind to order; and what it says is missing."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.catalog.score import PARTS, SUPPORT_WEIGHT, missing, quality_score

BARE: dict[str, Any] = {
    "title": "Zork",
    "alt_titles": [],
    "kind": "game",
    "release_date": None,
    "descriptions": {},
    "credits": [],
    "tags": [],
    "urls": [],
    "external_ids": [],
}
FULL: dict[str, Any] = BARE | {
    "release_date": "1980-12-05",
    "descriptions": {"en": {"text": "A word. " * 40}},
    "credits": [{"name": "Ann", "role": "author", "url": None}],
    "tags": [{"kind": "genre", "value": "fantasy"}, {"kind": "platform", "value": "dos"}],
    "urls": [{"url": "https://a.example/", "kind": "play_online", "label": None}],
    "external_ids": [{"scheme": "ifid", "value": "X"}],
}
FIELDS = ("title", "release_date", "descriptions.en", "descriptions.ru", "credits", "urls", "tags")
HUMAN = {"rule": "human_edit", "edit": 1, "author": "ann", "at": "2026-11-21"}


def said(*sources: str) -> dict[str, Any]:
    return {"rule": "union", "sources": [{"source": source, "record": 1, "version": 1} for source in sources]}


texts = st.builds("".join, st.lists(st.sampled_from(["word ", "Слово. ", "x" * 90]), min_size=1, max_size=6))
descriptions = st.dictionaries(st.sampled_from(["en", "ru", "und"]), st.builds(lambda text: {"text": text}, texts))
credits_ = st.builds(
    lambda name, role: {"name": name, "role": role, "url": None},
    st.sampled_from("abc"),
    st.sampled_from(["author", "developer", "tester"]),
)
links = st.builds(
    lambda n, kind: {"url": f"https://a.example/{n}", "kind": kind, "label": None},
    st.integers(0, 9),
    st.sampled_from(["play_online", "download_landing", "game_page", "other"]),
)
tags = st.builds(lambda kind, value: {"kind": kind, "value": value}, st.sampled_from(["genre", "system"]), texts)
ids = st.builds(lambda value: {"scheme": "ifid", "value": value}, st.sampled_from("XYZ"))
states = st.builds(
    lambda **fields: BARE | fields,
    title=st.sampled_from(["Zork", "zork_i.zip", "Лампа", "...", "<b>Zork</b>"]),
    release_date=st.sampled_from([None, "1980", "1980-12", "1980-12-05"]),
    descriptions=descriptions,
    credits=st.lists(credits_, max_size=3),
    urls=st.lists(links, max_size=3),
    tags=st.lists(tags, max_size=3),
    external_ids=st.lists(ids, max_size=2),
)
entries = st.just(HUMAN) | st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(lambda names: said(*names))
provenances = st.dictionaries(st.sampled_from(FIELDS), entries)


def test_an_entry_that_has_all_of_it_scores_one_and_a_bare_one_little() -> None:
    assert sum(part.weight for part in PARTS) + SUPPORT_WEIGHT == pytest.approx(1)
    everyone = {field: said("a", "b") for field in FIELDS}
    assert quality_score(FULL, everyone, 0) == 1.0
    assert quality_score(FULL, everyone, 1) == 0.9
    assert quality_score(FULL, everyone, 99) == 0.7
    assert quality_score(FULL, {}, 0) == 0.85
    assert quality_score(BARE, {}, 0) == 0.1


@given(states, provenances, st.integers(0, 100))
def test_the_score_is_a_share_and_conflicts_never_raise_it(
    state: dict[str, Any], provenance: dict[str, Any], conflicts: int
) -> None:
    score = quality_score(state, provenance, conflicts)
    assert 0 <= score <= 1
    assert quality_score(state, provenance, conflicts + 1) <= score


@given(states, provenances, st.data())
def test_knowing_more_never_lowers_it(state: dict[str, Any], provenance: dict[str, Any], data: st.DataObject) -> None:
    before = quality_score(state, provenance, 0)
    more = copy.deepcopy(state)
    for field, items in {"credits": credits_, "urls": links, "tags": tags, "external_ids": ids}.items():
        more[field] = data.draw(st.lists(items, max_size=2)) + more[field]
    for lang, text in data.draw(descriptions).items():
        more["descriptions"].setdefault(lang, text)
    for description in more["descriptions"].values():
        description["text"] += data.draw(st.sampled_from(["", " And more."]))
    known = more["release_date"] or ""
    more["release_date"] = (known + data.draw(st.sampled_from(["", "1980-12-05"[len(known) :]]))) or None
    voices = copy.deepcopy(provenance)
    for field in data.draw(st.lists(st.sampled_from(FIELDS))):
        voices[field] = data.draw(st.just(HUMAN) | st.just(_joined(voices.get(field), said("d"))))
    assert quality_score(more, voices, 0) >= before


def _joined(entry: dict[str, Any] | None, other: dict[str, Any]) -> dict[str, Any]:
    if entry is None or entry["rule"] == "human_edit":
        return entry or other
    return entry | {"sources": [*entry["sources"], *other["sources"]]}


@given(states, provenances, st.randoms(use_true_random=False))
def test_the_order_of_lists_is_no_matter(
    state: dict[str, Any], provenance: dict[str, Any], chance: random.Random
) -> None:
    shuffled, voices = copy.deepcopy(state), copy.deepcopy(provenance)
    lists = [value for value in shuffled.values() if isinstance(value, list)]
    for each in [*lists, *(entry["sources"] for entry in voices.values() if "sources" in entry)]:
        chance.shuffle(each)
    assert quality_score(shuffled, voices, 1) == quality_score(state, provenance, 1)
    assert missing(shuffled) == missing(state)


def test_what_is_missing_is_named_the_most_rewarding_first() -> None:
    assert missing(FULL) == ()
    assert missing(BARE) == ("description", "release_date", "author", "link", "external_id", "tags")
    assert missing(FULL | {"release_date": "1980", "external_ids": []}) == ("release_date", "external_id")
    assert missing(FULL | {"title": "zork1.z5"}) == ("title",)


@given(states)
def test_what_is_missing_is_what_keeps_the_score_from_full(state: dict[str, Any]) -> None:
    assert (missing(state) == ()) == (quality_score(state, {}, 0) == 0.85)
