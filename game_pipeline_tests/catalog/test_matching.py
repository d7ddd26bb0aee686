"""Which records become which games, through the database, and what people's verdicts do to it."""

from __future__ import annotations

import pytest

from game_pipeline.catalog import ReviewError, accept, pending, reject

from .curating import Catalogue, shared

ZORK = {"title": "Zork and the Lighthouse", "release_date": "1980"}
ANN = {"credits": [{"name": "Ann Example"}]}


def doubt(catalogue: Catalogue) -> int:
    """One game, and a record that may be about it; returns the record."""
    catalogue.says("alpha", "a", title="Lamp", credits=[{"name": "Ann Example"}])
    record_id = catalogue.says("beta", "b", title="Lamp")
    catalogue.reconcile()
    return record_id


def test_two_sources_are_one_game_by_an_id_they_share(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", title="Лампа", external_ids=shared("ZCODE-1"))
    catalogue.says("beta", "b", title="The Lamp", external_ids=shared("zcode-1"))
    match, _ = catalogue.reconcile()
    assert match.methods == {"no_candidate": 1, "strong_key": 1}
    game = catalogue.shown(catalogue.only_game())
    assert [(record["source"], record["band"]) for record in game["records"]] == [("alpha", "new"), ("beta", "auto")]
    assert game["state"]["alt_titles"] == [{"title": "The Lamp", "lang": None}]


def test_two_sources_are_one_game_by_title_and_author(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", **ZORK, **ANN)
    catalogue.says("beta", "b", **ZORK, **ANN)
    match, _ = catalogue.reconcile()
    assert match.methods["title_author"] == 1
    catalogue.only_game()


@pytest.mark.parametrize(
    ("source", "methods"),
    [("alpha", {"no_candidate": 1, "key_source_conflict": 1}), ("ifarchive", {"no_candidate": 1, "strong_key": 1})],
)
def test_a_second_record_of_a_source_is_a_doubt_but_of_one_that_has_several_a_game(
    catalogue: Catalogue, source: str, methods: dict[str, int]
) -> None:
    catalogue.says(source, "lamp-1.zip", title="Lamp", external_ids=shared("X1"))
    catalogue.says(source, "lamp-2.zip", title="Lamp", external_ids=shared("X1"))
    match, _ = catalogue.reconcile()
    assert match.methods == methods


def test_different_games_stay_apart(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", title="Portal")
    catalogue.says("beta", "b", title="Portal 2")
    catalogue.reconcile()
    assert len(catalogue.games()) == 2


def test_how_much_a_title_s_words_tell_is_what_the_catalogue_s_own_titles_make_of_them(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", title="Zamonia Dragons", release_date="1980")
    catalogue.says("beta", "b", title="Zamonia Dragon", release_date="1980")
    match, _ = catalogue.reconcile()
    assert match.methods == {"no_candidate": 1, "title_likely": 1}


def test_a_decision_keeps_its_evidence_in_words(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", external_ids=shared("X1"))
    catalogue.says("beta", "b", external_ids=shared("X1"))
    catalogue.reconcile()
    row = catalogue.store.row("SELECT evidence FROM match_decision WHERE method = 'strong_key'")
    assert row is not None
    assert "both carry ifid:X1" in [evidence["detail"] for evidence in row["evidence"]]


def test_a_doubtful_record_is_a_question_and_no_game(catalogue: Catalogue) -> None:
    doubt(catalogue)
    (item,) = catalogue.asked("match")
    assert (item["state"], item["game_id"]) == ("open", catalogue.only_game())
    assert "“Lamp” the same as game" in item["summary"]
    assert catalogue.shown(catalogue.only_game())["needs_human_review"]
    assert pending(catalogue.store).records_to_match == 0


def test_a_question_stands_while_its_record_changes_in_what_is_no_matter(catalogue: Catalogue) -> None:
    doubt(catalogue)
    catalogue.says("beta", "b", title="Lamp", extra={"size": 7})
    catalogue.reconcile()
    assert [item["state"] for item in catalogue.asked("match")] == ["open"]


def test_a_question_that_new_evidence_answers_goes_stale(catalogue: Catalogue) -> None:
    doubt(catalogue)
    catalogue.says("beta", "b", title="Lamp", credits=[{"name": "Ann Example"}])
    catalogue.reconcile()
    assert [item["state"] for item in catalogue.asked("match")] == ["stale"]
    assert len(catalogue.shown(catalogue.only_game())["records"]) == 2


def test_an_accepted_record_joins_the_game_and_what_it_says_is_merged_in(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", title="Lamp", credits=[{"name": "Ann Example"}])
    catalogue.says("beta", "b", title="Lamp", tags=[{"kind": "genre", "value": "puzzle"}])
    catalogue.reconcile()
    (item,) = catalogue.asked("match")
    catalogue.does(accept, item["item_id"], author="ann", reason="same text")
    game = catalogue.shown(catalogue.only_game())
    assert game["state"]["tags"] == [{"kind": "genre", "value": "puzzle"}]
    assert not game["needs_human_review"]
    assert catalogue.asked("match")[0]["closed_by"] == "ann"


def test_a_conflict_that_an_accepted_record_brings_is_asked_about(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", title="Lantern of Winter", release_date="1980")
    catalogue.says("beta", "b", title="Lantern of Winter", release_date="1999")
    catalogue.reconcile()
    (item,) = catalogue.asked("match")
    catalogue.does(accept, item["item_id"], author="ann", reason="same text")
    catalogue.reconcile()
    assert [conflict["proposal"]["field"] for conflict in catalogue.asked("conflict")] == ["release_date"]


def test_a_rejected_record_is_a_game_of_its_own_for_ever(catalogue: Catalogue) -> None:
    doubt(catalogue)
    (item,) = catalogue.asked("match")
    catalogue.does(reject, item["item_id"], author="ann", reason="another plot")
    catalogue.says("beta", "b", title="Lamp", extra={"size": 7})
    catalogue.reconcile()
    assert len(catalogue.games()) == 2
    assert [item["state"] for item in catalogue.asked("match")] == ["rejected"]


def test_a_question_is_answered_once(catalogue: Catalogue) -> None:
    doubt(catalogue)
    (item,) = catalogue.asked("match")
    catalogue.does(reject, item["item_id"], author="ann", reason="another plot")
    with pytest.raises(ReviewError, match="is rejected already"):
        catalogue.does(accept, item["item_id"], author="bob", reason="no")


def test_a_record_that_cannot_be_read_is_named_and_stops_no_other(catalogue: Catalogue) -> None:
    broken = catalogue.says("alpha", "a", title="Lamp")
    catalogue.says("beta", "b", title="Tower")
    catalogue.store.execute("UPDATE record_version SET record = '{}' WHERE record_id = %s", (broken,))
    match, _ = catalogue.reconcile()
    assert match.counts == {"new": 1}
    assert [line.split(":")[0] for line in match.failed] == [f"record {broken}"]
    assert pending(catalogue.store).records_to_match == 1


def test_a_game_that_cannot_be_revised_is_named_and_stops_no_other(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", title="Lamp")
    catalogue.says("beta", "b", title="Tower")
    catalogue.reconcile()
    broken = catalogue.says("alpha", "a", title="The Lamp")
    catalogue.says("beta", "b", title="The Tower")
    catalogue.store.execute("UPDATE source_record SET matched_version = version")
    catalogue.store.execute("UPDATE record_version SET record = '{}' WHERE record_id = %s AND version = 2", (broken,))
    _, revised = catalogue.reconcile()
    assert revised.counts == {"updated": 1}
    assert len(revised.failed) == 1
    assert pending(catalogue.store).games_to_revise == 1


def test_an_unknown_question_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(ReviewError, match="no review item 7"):
        catalogue.does(accept, 7, author="ann", reason="-")


def test_a_record_that_vanished_before_it_was_matched_waits_for_its_return(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a")
    catalogue.drops("alpha", "a")
    catalogue.reconcile()
    assert catalogue.games() == []
    assert pending(catalogue.store).records_to_match == 0
    catalogue.says("alpha", "a")
    catalogue.reconcile()
    catalogue.only_game()
