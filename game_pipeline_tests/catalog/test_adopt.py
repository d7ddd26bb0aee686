"""Taking an existing catalogue over: its games, what people had set in it, and importing it again."""

from __future__ import annotations

import datetime as dt

import pytest

from game_pipeline.catalog import (
    AdoptError,
    Scope,
    accept,
    adoptable,
    find_games,
    game_history,
    list_review,
    pending,
    reject,
    release_field,
    roll_back,
    undo_rollback,
)
from game_pipeline.store import load_body
from game_pipeline.store.replay import replayed

from .adopting import edit, game, imported
from .curating import Catalogue, shared


def _counts(report: object) -> dict[str, int]:
    return {name: count for name, count in report.counts.items() if count}  # type: ignore[attr-defined]


def _equals_its_replay(catalogue: Catalogue) -> bool:
    with replayed(catalogue.store) as result:
        return result.first_difference() is None


def test_a_game_comes_with_its_claims_its_id_and_a_history(catalogue: Catalogue) -> None:
    report = imported(catalogue, game("17", title="Owl", release_date="2001", external_ids=shared("OWL-ONE-0000")))
    assert _counts(report) == {"new": 1}
    game_id = catalogue.only_game()
    state = catalogue.state(game_id)
    assert (state["title"], state["release_date"]) == ("Owl", "2001")
    assert {"scheme": "old", "value": "17"} in state["external_ids"]
    (revision,) = game_history(catalogue.store, game_id)
    assert (revision["cause"], revision["actor"], revision["reason"]) == ("imported", "ann", "imported from old")
    assert [each["source"] for each in revision["imports"]] == ["old"]
    assert [found.sources for found in find_games(catalogue.store, "owl")] == [("old",)]
    assert (pending(catalogue.store).records_to_match, pending(catalogue.store).games_to_revise) == (0, 0)
    assert _equals_its_replay(catalogue)


def test_the_line_is_kept_as_it_was_given(catalogue: Catalogue) -> None:
    imported(catalogue, game("17", edit("title"), title="Owl"))
    row = catalogue.store.row("SELECT content_hash FROM source_url_state WHERE source = 'old' AND page_key = '17'")
    assert row is not None
    with catalogue.store.connection() as connection:
        assert b'"claims":{"title":"Owl"}' in load_body(connection, row["content_hash"])


def test_what_people_had_set_stands_with_its_author_and_date(catalogue: Catalogue) -> None:
    imported(
        catalogue,
        game(
            "17",
            edit("title", reason="the box says so"),
            edit("release_date", by=None),
            edit("descriptions.en"),
            title="Owl",
            descriptions=[{"lang": "en", "text": "A bird at night."}],
        ),
    )
    game_id = catalogue.only_game()
    shown = catalogue.shown(game_id)
    edits = {row["field"]: row for row in shown["edits"]}
    assert (edits["title"]["author"], edits["title"]["edited_at"].isoformat()[:10]) == ("eve", "2019-03-04")
    assert edits["title"]["reason"] == "the box says so"
    assert (edits["release_date"]["author"], edits["release_date"]["value"]) == ("old", None)
    assert edits["descriptions.en"]["value"] == "A bird at night."
    (revision,) = game_history(catalogue.store, game_id)
    title = next(change for change in revision["changes"] if change["field"] == "title")
    assert title["because"]["rule"] == "human_edit"
    catalogue.says("alpha", "1", title="Eule", release_date="1999", external_ids=[{"scheme": "old", "value": "17"}])
    catalogue.reconcile()
    assert catalogue.state(game_id)["title"] == "Owl"
    assert _equals_its_replay(catalogue)


def test_importing_it_twice_changes_nothing_at_all(catalogue: Catalogue) -> None:
    games = [
        game("1", edit("title"), title="Owl"),
        game("2", title="Crow in the rain", credits=[{"name": "Ann Lee"}]),
    ]
    catalogue.says("alpha", "9", title="Crow in the rain", credits=[{"name": "Ann Lee"}])
    catalogue.reconcile()
    imported(catalogue, *games)
    before = catalogue.fingerprint()
    assert _counts(imported(catalogue, *games)) == {"unchanged": 2}
    assert catalogue.fingerprint() == before


def test_a_released_edit_does_not_come_back_with_the_same_file(catalogue: Catalogue) -> None:
    games = [game("1", edit("title"), title="Owl")]
    imported(catalogue, *games)
    catalogue.does(release_field, catalogue.only_game(), "title", author="ann", reason="over")
    imported(catalogue, game("1", edit("title"), title="Owl", release_date="2001"), sha256="file 2")
    assert catalogue.shown(catalogue.only_game())["edits"] == []


def test_a_changed_file_updates_what_changed(catalogue: Catalogue) -> None:
    imported(catalogue, game("1", edit("title"), title="Owl"), game("2"), game("3"))
    first = catalogue.games()[0]
    report = imported(
        catalogue,
        game("1", edit("title", on="2020-01-02", by="bob"), title="The owl", release_date="2001"),
        game("2"),
        game("4"),
        sha256="file 2",
    )
    assert _counts(report) == {"new": 1, "changed": 1, "unchanged": 1, "edits": 1, "gone": 1}
    assert report.gone == ["3"]
    assert (catalogue.state(first)["title"], catalogue.state(first)["release_date"]) == ("The owl", "2001")
    (standing,) = catalogue.shown(first)["edits"]
    assert (standing["author"], standing["edited_at"].year) == ("bob", 2020)
    assert [revision["cause"] for revision in game_history(catalogue.store, first)] == ["imported", "imported"]
    versions = catalogue.store.rows("SELECT version FROM record_version JOIN source_record USING (record_id, version)")
    assert sorted(row["version"] for row in versions) == [1, 1, 1, 2]
    assert len(catalogue.games()) == 4
    assert _equals_its_replay(catalogue)


def test_an_edit_made_here_is_not_undone_by_an_older_one_of_the_file(catalogue: Catalogue) -> None:
    imported(catalogue, game("1", title="Owl"))
    game_id = catalogue.only_game()
    catalogue.edit(game_id, "title", "Eule")
    imported(catalogue, game("1", edit("title"), title="Owl!"), sha256="file 2")
    assert catalogue.state(game_id)["title"] == "Eule"


def test_a_strong_key_joins_a_game_that_is_there(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", release_date="1999", external_ids=shared("OWL-ONE-0000"))
    catalogue.reconcile()
    game_id = catalogue.only_game()
    lately = f"{dt.date.today() - dt.timedelta(days=30)}"  # an old edit's worth would be asked for
    report = imported(
        catalogue,
        game("17", edit("title", on=lately), title="The owl", release_date="2001", external_ids=shared("OWL-ONE-0000")),
    )
    assert _counts(report) == {"joined": 1, "edits": 1}
    assert catalogue.games() == [game_id]
    state = catalogue.state(game_id)
    assert (state["title"], state["release_date"]) == ("The owl", "1999")
    assert catalogue.asked("suggestion") == []  # that the sources say otherwise is no news
    assert _equals_its_replay(catalogue)


def test_two_games_of_a_file_are_never_one(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", external_ids=shared("OWL-ONE-0000"))
    catalogue.reconcile()
    games = [game(each, title="Owl", external_ids=shared("OWL-ONE-0000")) for each in "123"]
    dry = imported(catalogue, *games, dry_run=True)
    real = imported(catalogue, *games)
    assert _counts(dry) == _counts(real) == {"joined": 1, "new": 2}
    assert len(catalogue.games()) == 3


def test_a_doubtful_game_is_there_at_once_and_asked_about(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Crow in the rain", release_date="1999", credits=[{"name": "Ann Lee"}])
    catalogue.reconcile()
    (there,) = catalogue.games()
    theirs = game("17", edit("tags"), title="Crow in the rain", release_date="1999", credits=[{"name": "Ann Lee"}])
    assert _counts(imported(catalogue, theirs)) == {"new": 1, "edits": 1, "questions": 1}
    own = catalogue.games()[1]
    assert catalogue.state(own)["title"] == "Crow in the rain"
    (question,) = list_review(catalogue.store, kind="match")
    catalogue.reconcile()
    assert [item["state"] for item in catalogue.asked("match")] == ["open"]
    catalogue.does(accept, question["item_id"], author="ann", reason="the same box")
    assert catalogue.shown(own)["merged_into"] == there
    assert [row["source"] for row in catalogue.shown(there)["records"]] == ["alpha", "old"]
    assert [row["field"] for row in catalogue.shown(there)["edits"]] == ["tags"]
    assert _counts(imported(catalogue, theirs)) == {"unchanged": 1}
    assert _equals_its_replay(catalogue)


def test_a_doubtful_game_stays_its_own_where_a_person_says_no(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Crow in the rain", release_date="1999", credits=[{"name": "Ann Lee"}])
    catalogue.reconcile()
    claims = {"title": "Crow in the rain", "credits": [{"name": "Ann Lee"}]}
    imported(catalogue, game("17", release_date="1999", **claims))
    games = catalogue.games()
    (question,) = list_review(catalogue.store, kind="match")
    catalogue.does(reject, question["item_id"], author="ann", reason="a parody")
    imported(catalogue, game("17", release_date="2000", **claims), sha256="file 2")
    assert catalogue.games() == games
    assert list_review(catalogue.store, kind="match") == []
    assert _equals_its_replay(catalogue)


def test_a_dry_run_leaves_nothing_and_tells_what_would_happen(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", external_ids=shared("OWL-ONE-0000"))
    catalogue.reconcile()
    games = [
        game("1", title="The owl", external_ids=shared("OWL-ONE-0000")),
        game("2", edit("title"), title="Crow"),
        game("3", release_date="never"),
    ]
    before = catalogue.fingerprint()
    sequences = catalogue.store.rows("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
    dry = imported(catalogue, *games, dry_run=True)
    assert catalogue.fingerprint() == before
    assert catalogue.store.rows("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1") == sequences
    real = imported(catalogue, *games)
    assert _counts(dry) == _counts(real) == {"joined": 1, "new": 1, "edits": 1, "failed": 1}
    assert [(row["id"], row["what"]) for row in dry.examples] == [("1", "joined"), ("2", "new")]
    assert dry.failed == real.failed
    assert "release_date" in dry.failed[0]


def test_an_import_can_be_taken_back_with_the_edits_it_brought(catalogue: Catalogue) -> None:
    imported(catalogue, game("1", title="Owl"), game("2", edit("title"), title="Crow"), game("3", title="Hen"))
    owl, crow, hen = catalogue.games()
    catalogue.edit(hen, "release_date", "1999")
    report = catalogue.does(roll_back, Scope(source="old"), author="ann", reason="the wrong file")
    assert [catalogue.shown(each)["status"] for each in (owl, crow, hen)] == ["withdrawn", "withdrawn", "active"]
    assert catalogue.shown(crow)["edits"] == []
    assert [each["field"] for each in catalogue.shown(hen)["edits"]] == ["release_date"]
    assert _equals_its_replay(catalogue)

    catalogue.does(undo_rollback, report.rollback_id, author="ann", reason="it was right")
    assert [catalogue.shown(each)["status"] for each in (owl, crow, hen)] == ["active", "active", "active"]
    assert [(each["field"], each["value"]) for each in catalogue.shown(crow)["edits"]] == [("title", "Crow")]
    assert _equals_its_replay(catalogue)


def test_an_edit_stands_again_where_the_import_that_replaced_it_is_taken_back(catalogue: Catalogue) -> None:
    imported(catalogue, game("1", edit("title", "2019-03-04"), title="Owl"))
    owl = catalogue.only_game()
    catalogue.curator.correlation_id = "the second import"
    imported(catalogue, game("1", edit("title", "2020-03-04"), title="Qwl"), sha256="file 2")
    assert catalogue.state(owl)["title"] == "Qwl"
    catalogue.does(roll_back, Scope(run_id="the second import"), author="ann", reason="a typing error")
    assert catalogue.state(owl)["title"] == "Owl"
    (stands,) = catalogue.shown(owl)["edits"]
    assert (stands["field"], stands["value"]) == ("title", "Owl")
    catalogue.does(roll_back, Scope(source="old"), author="ann", reason="all of it")
    assert catalogue.shown(owl)["status"] == "withdrawn"
    assert _equals_its_replay(catalogue)


def test_a_mended_file_brings_its_edits_though_the_import_before_was_taken_back(catalogue: Catalogue) -> None:
    wrong, right = game("1", edit("title"), title="Qwl"), game("1", edit("title"), title="Owl")
    imported(catalogue, wrong)
    owl = catalogue.only_game()
    catalogue.does(roll_back, Scope(source="old"), author="ann", reason="the wrong file")
    assert _counts(imported(catalogue, wrong)) == {"unchanged": 1}
    assert catalogue.shown(owl)["status"] == "withdrawn"
    assert _counts(imported(catalogue, right, sha256="file 2")) == {"changed": 1, "edits": 1}
    (stands,) = catalogue.shown(owl)["edits"]
    assert (stands["author"], stands["value"]) == ("eve", "Owl")
    assert (catalogue.shown(owl)["status"], catalogue.state(owl)["title"]) == ("active", "Owl")
    assert _equals_its_replay(catalogue)


def test_real_sources_speak_first_unless_the_catalogue_is_ranked_before_them(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", external_ids=shared("OWL-ONE-0000"))
    catalogue.says("alpha", "2", title="Crow", external_ids=shared("CROW-ONE-0000"))
    catalogue.reconcile()
    owl, crow = catalogue.games()
    imported(catalogue, game("1", title="Eule", external_ids=shared("OWL-ONE-0000")))
    assert catalogue.state(owl)["title"] == "Owl"
    imported(catalogue, game("2", title="Krähe", external_ids=shared("CROW-ONE-0000")), priority=1, sha256="file 2")
    assert catalogue.state(crow)["title"] == "Krähe"
    row = catalogue.store.row("SELECT priority, counts, imported_by FROM existing_catalogue WHERE name = 'old'")
    assert row is not None
    assert (row["priority"], row["imported_by"], row["counts"]["joined"]) == (1, "ann", 1)


@pytest.mark.parametrize("name", ["ifdb", "steam", "title", "Old", "", "a-b"])
def test_names_that_mean_something_else_are_refused(name: str) -> None:
    with pytest.raises(AdoptError):
        adoptable(name)


def test_an_id_that_comes_twice_is_refused_once(catalogue: Catalogue) -> None:
    report = imported(catalogue, game("1"), game("1", title="Owl"))
    assert _counts(report) == {"new": 1, "failed": 1}
    assert "line 1, game 1: its id was on a line before" in report.failed
