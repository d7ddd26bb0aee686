"""The extractive merge: nothing said twice, nothing lost, nothing made up, whatever the order."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game_pipeline.merging import MergedText, SourceText, Thresholds, merge_descriptions
from game_pipeline.merging.sentences import split_sentences
from game_pipeline.merging.text import clean_text, fold_words, grams, numbers
from game_pipeline_tests.shared import SHARED, needs_shared


def containment(part: frozenset[str], whole: frozenset[str]) -> float:
    return len(part & whole) / len(part)


def merge(*texts: str, lang: str = "en") -> MergedText:
    return merge_descriptions([SourceText(f"s{n}", n, text) for n, text in enumerate(texts, 1)], lang)


def said(merged: MergedText) -> dict[str, tuple[str, ...]]:
    return {sentence.text: sentence.sources for sentence in merged.sentences}


def test_one_text_stays_as_it_is() -> None:
    text = "First line.\nSame paragraph.\n\n* an item\n* an item\n\nThe end."
    merged = merge(text)
    assert (merged.text, merged.method, merged.confidence) == (text, "single", 1.0)
    assert all(sentence.sources == ("s1",) for sentence in merged.sentences)


@pytest.mark.parametrize(
    "texts", [("Go north. Win.", "go  north — win"), ("Go north.", "Go north. Win."), ("Win.", "Win.")]
)
def test_texts_that_hold_each_other_give_the_fullest_one_verbatim(texts: tuple[str, str]) -> None:
    merged = merge(*texts)
    assert (merged.method, merged.text) == ("identical", max(texts, key=lambda text: len(fold_words(text))))
    assert next(iter(said(merged).values())) in (("s1", "s2"), ("s2", "s1"))


def test_a_duplicate_sentence_grows_the_sources_of_the_kept_one() -> None:
    merged = merge(
        "You are a wizard lost in the woods. It is dark.", "You're a wizard, lost in the woods! Find the exit."
    )
    assert said(merged) == {
        "You are a wizard lost in the woods.": ("s1", "s2"),
        "It is dark.": ("s1",),
        "Find the exit.": ("s2",),
    }
    assert merged.text == "You are a wizard lost in the woods. It is dark.\n\nFind the exit."
    assert merged.quality == 1.0


def test_the_fuller_wording_takes_the_place_of_the_one_it_contains() -> None:
    merged = merge(
        "A long maze of twisty passages awaits. Dark.", "A long maze of twisty passages awaits you there. Grim."
    )
    assert said(merged)["A long maze of twisty passages awaits you there."] == ("s1", "s2")
    assert merged.text.startswith("A long maze of twisty passages awaits you there. Dark.")


def test_contradicting_numbers_are_both_kept_and_reported() -> None:
    merged = merge("The game has 20 levels in all. Fun.", "The game has 30 levels in all. Easy.")
    assert {"The game has 20 levels in all.", "The game has 30 levels in all."} <= said(merged).keys()
    assert [[side.text for side in conflict.sides] for conflict in merged.conflicts] == [
        ["The game has 20 levels in all.", "The game has 30 levels in all."]
    ]
    assert merged.confidence < 0.5


def test_likeness_within_one_text_is_meant() -> None:
    merged = merge("The red team moves 1 field. The blue team moves 2 fields.", "Something else altogether.")
    assert len(merged.sentences) == 3
    assert not merged.conflicts


def test_near_duplicates_stay_and_cost_quality() -> None:
    merged = merge(
        "Collect all the gold nuggets in the mine. A.", "Collect all the gold nuggets before the guards come. B."
    )
    assert len(merged.sentences) == 4
    assert merged.quality < 1.0


def test_paragraphs_and_lists_keep_their_lines() -> None:
    merged = merge("Intro here.\n\nFeatures:\n- swords\n- bows", "Another thing.\n\n1. caves")
    assert merged.text == "Intro here.\n\nFeatures:\n- swords\n- bows\n\nAnother thing.\n\n1. caves"


def test_thresholds_are_configuration() -> None:
    texts = [
        SourceText("a", 1, "Dig for gold in the deep mine. X."),
        SourceText("b", 2, "Dig for gold in a cold cave. Y."),
    ]
    strict = merge_descriptions(texts, "en", Thresholds(duplicate=0.95, near=0.9))
    loose = merge_descriptions(texts, "en", Thresholds(duplicate=0.2, near=0.1))
    assert (len(strict.sentences), len(loose.sentences)) == (4, 3)


@pytest.mark.parametrize("text", ["т. " * 30_000, "<!--" * 30_000, '"! ' * 30_000, "<script" * 20_000, "1. " * 40_000])
def test_a_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    started = time.process_time()
    merge(text + "end", "Other words here.")
    assert time.process_time() - started < 3


def test_nothing_to_merge_is_an_error_that_names_the_language() -> None:
    with pytest.raises(ValueError, match="'ru'"):
        merge("<p></p>", lang="ru")


WORDS = ["gold", "mine", "wizard", "лес", "замок", "dark", "7", "20", "1.5", "sword", "you", "the", "find"]
sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)
bodies = st.lists(st.tuples(sentences, st.sampled_from([". ", "!\n\n", "?\n- ", "\n"])), min_size=1, max_size=6).map(
    lambda parts: "".join(text.capitalize() + end for text, end in parts)
)
sources = st.lists(
    st.builds(SourceText, source=st.sampled_from("abc"), priority=st.integers(1, 3), text=bodies),
    min_size=1,
    max_size=4,
)


@given(sources, st.randoms())
def test_the_order_of_texts_changes_nothing(texts: list[SourceText], random: Any) -> None:
    assert merge_descriptions(texts, "en") == merge_descriptions(random.sample(texts, len(texts)), "en")


@given(sources)
def test_merging_a_text_with_what_it_came_from_again_changes_nothing(texts: list[SourceText]) -> None:
    assert merge_descriptions(texts + texts, "en") == merge_descriptions(texts, "en")


@given(sources)
def test_no_sentence_and_no_number_is_lost(texts: list[SourceText]) -> None:
    merged = merge_descriptions(texts, "en")
    kept = [grams(fold_words(sentence.text)) for sentence in merged.sentences]
    whole = f" {fold_words(merged.text)} "
    for text in texts:
        for unit in split_sentences(clean_text(text.text)):
            words = fold_words(unit.text)
            assert f" {words} " in whole or any(containment(grams(words), k) >= Thresholds().duplicate for k in kept)
            assert numbers(unit.text) <= numbers(merged.text)


@given(sources)
def test_every_sentence_is_a_sources_own_and_attributed(texts: list[SourceText]) -> None:
    merged = merge_descriptions(texts, "en")
    own = {unit.text for text in texts for unit in split_sentences(clean_text(text.text))}
    for sentence in merged.sentences:
        assert sentence.text in own
        assert set(sentence.sources) <= {text.source for text in texts}
        assert sentence.sources


def _stems(text: str) -> set[str]:
    return {word[:6] for word in fold_words(text).split() if len(word) > 3}


@needs_shared
def test_real_descriptions_lose_next_to_nothing_and_repeat_nothing() -> None:
    coverage: list[float] = []
    before = after = 0
    for line in (SHARED / "descriptions" / "games_two_sources.jsonl").read_text("utf-8").splitlines():
        game = json.loads(line)
        for lang in ("en", "ru", "de"):
            texts = [
                SourceText("appstream", 1, "\n\n".join(game["appstream"]["texts"].get(lang, {}).get("paragraphs", []))),
                SourceText("debian", 2, game["debian"].get(lang, {}).get("body", "")),
            ]
            if not all(text.text for text in texts):
                continue
            merged = merge_descriptions(texts, lang)
            folded = [fold_words(sentence.text) for sentence in merged.sentences]
            assert len(set(folded)) == len(folded), game["game"]
            assert all(sentence.sources for sentence in merged.sentences)
            stems = _stems(texts[0].text) | _stems(texts[1].text)
            coverage.append(len(stems & _stems(merged.text)) / len(stems))
            before += sum(len(split_sentences(clean_text(text.text))) for text in texts)
            after += len(folded)
    mean = sum(coverage) / len(coverage)
    print(f"{len(coverage)} texts: {before} -> {after} sentences, stem coverage {mean:.3f} (min {min(coverage):.3f})")
    assert len(coverage) > 30
    assert after < before
    assert mean >= 0.97
