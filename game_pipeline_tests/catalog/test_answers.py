"""People's answers about games, which are kept: no match, relations, and what the catalogue finds beside itself."""

from __future__ import annotations

from typing import Any

import pytest

from game_pipeline.catalog import (
    JoinError,
    ReviewError,
    accept,
    find_duplicates,
    keep_apart,
    match_quality,
    reject,
    relate,
    split_game,
    unrelate,
)

from .curating import Catalogue
from .judging import edges, equals_its_replay, game_of, ids, merge, parts, unmerge

# Answers that are kept -----------------------------------------------------------------------------------------------


def _doubt(catalogue: Catalogue) -> dict[str, Any]:
    catalogue.says("alpha", "a", title="Lamp", credits=[{"name": "Ann Example"}])
    catalogue.says("beta", "b", title="Lamp")
    catalogue.reconcile()
    return catalogue.asked("match")[-1]


def test_no_match_exists_is_an_answer_that_keeps_what_was_shown(catalogue: Catalogue) -> None:
    item = _doubt(catalogue)
    catalogue.does(reject, item["item_id"], author="ann", reason="another plot")
    row = catalogue.store.row("SELECT * FROM match_decision WHERE record_id = 2 AND ended_at IS NULL")
    assert row is not None
    assert (row["method"], row["decided_by"], row["alternatives"]) == ("no_match", "ann", [1])
    assert [(edge["judgement"], edge["judge"]) for edge in edges(catalogue, "judge = 'person'")] == [
        ("different", "person")
    ]


def test_another_of_the_games_shown_can_be_the_answer(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", title="Lamp", credits=[{"name": "Ann Example"}])
    catalogue.says("alpha", "b", title="Lamp", credits=[{"name": "Bob Other"}])
    record = catalogue.says("beta", "c", title="Lamp")
    catalogue.reconcile()
    (item,) = catalogue.asked("match")
    first, second = item["proposal"]["candidates"]
    with pytest.raises(ReviewError, match=f"proposes game {first}, game {second}"):
        catalogue.does(accept, item["item_id"], author="ann", reason="", game_id=77)
    catalogue.does(accept, item["item_id"], author="ann", reason="by Bob", game_id=second)
    assert game_of(catalogue, record) == second


# Relations -----------------------------------------------------------------------------------------------------------


def test_a_relation_is_shown_on_both_sides_and_says_that_they_are_two(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl")
    catalogue.says("beta", "owl", title="Owl: the lost chapter")
    catalogue.reconcile()
    owl, chapter = catalogue.games()
    catalogue.does(relate, chapter, "dlc_of", owl, author="ann", reason="sold as an addition")
    (its,) = catalogue.shown(chapter)["relations"]
    (theirs,) = catalogue.shown(owl)["relations"]
    assert (its["kind"], its["inverse"], its["game_id"]) == ("dlc_of", False, owl)
    assert (theirs["inverse"], theirs["game_id"], theirs["title"]) == (True, chapter, "Owl: the lost chapter")
    assert [edge["judgement"] for edge in edges(catalogue, "judge = 'person'")] == ["different"]
    catalogue.does(unrelate, owl, chapter, author="ann", reason="it stands alone")
    assert catalogue.shown(owl)["relations"] == []
    assert edges(catalogue, "judge = 'person'") == []
    assert equals_its_replay(catalogue)


def test_a_relation_follows_its_records_through_a_merge(catalogue: Catalogue) -> None:
    for identity in ("owl", "strix", "demo"):
        catalogue.says("alpha", identity, title=identity.title())
    catalogue.reconcile()
    owl, strix, demo = catalogue.games()
    catalogue.does(relate, demo, "demo_of", strix, author="ann", reason="the first level")
    merge(catalogue, owl, strix)
    assert [row["game_id"] for row in catalogue.shown(demo)["relations"]] == [owl]
    unmerge(catalogue, strix)
    assert [row["game_id"] for row in catalogue.shown(demo)["relations"]] == [strix]


def test_a_game_is_not_related_to_itself(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="Owl")
    catalogue.says("alpha", "strix", title="Strix")
    catalogue.reconcile()
    merge(catalogue, 1, 2)
    with pytest.raises(JoinError, match="game 1 and game 2 are one game"):
        catalogue.does(relate, 1, "edition_of", 2, author="ann", reason="-")


def test_a_demo_beside_its_game_is_suggested_to_be_one(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "owl", title="The owl of winter", credits=[{"name": "Ann Example"}])
    catalogue.says("beta", "demo", title="The owl of winter", kind="demo", credits=[{"name": "Ann Example"}])
    catalogue.reconcile()
    owl, demo = catalogue.games()
    (suggested,) = catalogue.shown(demo)["relations"]
    assert (suggested["kind"], suggested["game_id"], suggested["judge"]) == ("demo_of", owl, "rule")


# The catalogue beside itself -----------------------------------------------------------------------------------------


def _look(catalogue: Catalogue, *, ask: bool = True) -> list[tuple[int, int, bool]]:
    report = find_duplicates(catalogue.store, catalogue.curator, ask=ask)
    return [(each.game_id, each.other, each.asked) for each in report.found]


def _twice(catalogue: Catalogue) -> tuple[int, int]:
    """Two games that came apart by their ids and have come to say the same."""
    catalogue.says("alpha", "1", title="The owl of winter", release_date="1980")
    catalogue.says("beta", "1", title="Strix", release_date="1980")
    catalogue.reconcile()
    catalogue.says("beta", "1", title="The owl of winter", release_date="1980", credits=[{"name": "Ann Example"}])
    catalogue.reconcile()
    one, other = catalogue.games()
    return one, other


def test_games_that_have_come_to_say_the_same_are_asked_about_once(catalogue: Catalogue) -> None:
    one, other = _twice(catalogue)
    assert _look(catalogue, ask=False) == [(one, other, False)]
    assert catalogue.asked("duplicate") == []
    assert _look(catalogue) == [(one, other, True)]
    before = catalogue.fingerprint()
    assert _look(catalogue) == [(one, other, False)]
    assert catalogue.fingerprint() == before
    (item,) = catalogue.asked("duplicate")
    assert item["proposal"]["games"] == [one, other]
    assert "The owl of winter (1980)" in item["summary"]
    assert [edge["judgement"] for edge in edges(catalogue)] == ["suggested"]
    assert (
        catalogue.does(accept, item["item_id"], author="ann", reason="same cover") == f"game {other} became game {one}"
    )
    assert _look(catalogue) == []
    assert equals_its_replay(catalogue)


def test_two_that_a_person_left_two_are_not_found_again(catalogue: Catalogue) -> None:
    one, other = _twice(catalogue)
    _look(catalogue)
    catalogue.does(reject, catalogue.asked("duplicate")[0]["item_id"], author="ann", reason="another plot")
    assert _look(catalogue) == []
    with pytest.raises(JoinError, match="are one game"):
        catalogue.does(keep_apart, one, one, author="ann", reason="-")
    assert len(parts(catalogue)) == 2
    assert other in catalogue.games()


def test_two_games_of_one_source_are_two_unless_a_key_says_otherwise(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="The owl of winter", release_date="1980")
    catalogue.says("alpha", "2", title="Strix", release_date="1980")
    catalogue.reconcile()
    catalogue.says("alpha", "2", title="The owl of winter", release_date="1980")
    catalogue.reconcile()
    assert _look(catalogue) == []


def test_where_no_match_exists_only_a_better_one_is_found(catalogue: Catalogue) -> None:
    item = _doubt(catalogue)
    catalogue.does(reject, item["item_id"], author="ann", reason="another plot")
    catalogue.says("gamma", "c", title="Crow")
    catalogue.reconcile()
    crow = catalogue.games()[-1]
    catalogue.says("gamma", "c", title="Lamp")
    catalogue.reconcile()
    found = {pair[:2] for pair in _look(catalogue, ask=False)}
    assert (2, crow) not in found, "no more speaks for it than for what was shown"
    assert (1, crow) in found
    catalogue.says("gamma", "c", title="Lamp", credits=[{"name": "Bea Other"}], release_date="1980")
    catalogue.says("beta", "b", title="Lamp", credits=[{"name": "Bea Other"}], release_date="1980")
    catalogue.reconcile()
    assert (2, crow) in {pair[:2] for pair in _look(catalogue, ask=False)}


def test_how_right_matching_is_is_told_from_what_people_say(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", external_ids=ids("OWL-ONE"))
    record = catalogue.says("beta", "1", title="Owl", external_ids=ids("OWL-ONE"))
    catalogue.says("gamma", "1", title="Owl", external_ids=ids("OWL-ONE"))
    catalogue.reconcile()
    before = match_quality(catalogue.store)
    assert (before.linked.right, before.linked.of, before.asked.value) == (3, 3, None)
    catalogue.does(split_game, game_of(catalogue, record), [record], author="ann", reason="a parody")
    quality = match_quality(catalogue.store)
    assert (quality.linked.right, quality.linked.of) == (1, 3)
    low, high = quality.linked.interval
    assert 0 < low < 1 / 3 < high < 1
