"""Shadow mode: everything runs, nothing that the catalogue says is changed but by people."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.catalog import (
    EditError,
    Limits,
    ProposalError,
    ReviewError,
    accept,
    apply_proposal,
    find_games,
    list_review,
    merge_games,
    pending,
    proposed_games,
    reject,
    release_field,
    roll_back_game,
    shadow_report,
    split_game,
    undo_rollback,
)
from game_pipeline.store import Store
from game_pipeline.store.replay import replayed
from game_pipeline_tests.conftest import ReusedCatalogue

from .adopting import edit, game, imported
from .curating import PRIORITIES, Catalogue, shared

OWL = shared("OWL-ONE-0000")


@pytest.fixture
def shadowed(catalogue: Catalogue) -> Catalogue:
    catalogue.curator.shadow = True
    return catalogue


def _equals_its_replay(catalogue: Catalogue) -> bool:
    with replayed(catalogue.store) as result:
        return result.first_difference() is None


def _proposal(catalogue: Catalogue, game_id: int) -> dict[str, Any] | None:
    return catalogue.store.row("SELECT state, changed_fields FROM game_proposal WHERE game_id = %s", (game_id,))


def _owl(catalogue: Catalogue) -> int:
    """An existing catalogue's owl of 2001, which alpha says is of 1999."""
    imported(catalogue, game("17", title="Owl", release_date="2001", external_ids=OWL))
    catalogue.says("alpha", "1", title="Eule", release_date="1999", external_ids=OWL)
    catalogue.reconcile()
    return catalogue.only_game()


def test_what_sources_would_change_is_proposed(shadowed: Catalogue) -> None:
    game_id = _owl(shadowed)
    assert shadowed.state(game_id)["release_date"] == "2001"
    assert shadowed.shown(game_id)["revision"] == 1
    proposal = _proposal(shadowed, game_id)
    assert proposal is not None
    assert proposal["state"]["title"] == "Eule"
    assert proposal["changed_fields"] == ["alt_titles", "release_date", "title"]
    assert pending(shadowed.store, shadow=True).games_to_revise == 0
    assert _equals_its_replay(shadowed)


def test_reconciling_again_proposes_nothing_again(shadowed: Catalogue) -> None:
    _owl(shadowed)
    before = shadowed.fingerprint()
    shadowed.reconcile()
    assert shadowed.fingerprint() == before


def test_a_game_that_only_sources_know_is_proposed_itself(shadowed: Catalogue) -> None:
    shadowed.says("alpha", "1", title="Owl")
    shadowed.reconcile()
    game_id = shadowed.only_game()
    assert shadowed.shown(game_id)["status"] == "proposed"
    assert find_games(shadowed.store, "Owl") == []
    shadowed.says("alpha", "1", title="The owl")
    shadowed.reconcile()
    assert (shadowed.state(game_id)["title"], shadowed.shown(game_id)["status"]) == ("The owl", "proposed")
    assert _proposal(shadowed, game_id) is None
    assert _equals_its_replay(shadowed)


def test_a_proposal_goes_when_the_sources_say_again_what_the_game_says(shadowed: Catalogue) -> None:
    imported(shadowed, game("17", title="Owl", release_date="2001", external_ids=OWL))
    shadowed.says("alpha", "1", title="Owl", release_date="1999", external_ids=OWL)
    shadowed.reconcile()
    game_id = shadowed.only_game()
    assert _proposal(shadowed, game_id) is not None
    shadowed.says("alpha", "1", title="Owl", external_ids=OWL)
    shadowed.reconcile()
    assert _proposal(shadowed, game_id) is None
    assert proposed_games(shadowed.store) == []
    assert _equals_its_replay(shadowed)


def test_an_edit_lets_nothing_else_in(shadowed: Catalogue) -> None:
    game_id = _owl(shadowed)
    shadowed.edit(game_id, "title", "The owl")
    state = shadowed.state(game_id)
    assert (state["title"], state["release_date"]) == ("The owl", "2001")
    proposal = _proposal(shadowed, game_id)
    assert proposal is not None
    assert (proposal["state"]["title"], proposal["state"]["release_date"]) == ("The owl", "1999")
    assert "title" not in proposal["changed_fields"]
    assert _equals_its_replay(shadowed)


def test_a_released_field_follows_its_sources_and_no_other_does(shadowed: Catalogue) -> None:
    game_id = _owl(shadowed)
    shadowed.edit(game_id, "title", "The owl")
    shadowed.does(release_field, game_id, "title", author="ann", reason="over")
    state = shadowed.state(game_id)
    assert (state["title"], state["release_date"]) == ("Eule", "2001")
    shadowed.edit(game_id, "tags", [{"kind": "genre", "value": "birds"}])
    assert (shadowed.state(game_id)["title"], shadowed.state(game_id)["release_date"]) == ("Eule", "2001")
    assert _equals_its_replay(shadowed)


def test_an_accepted_suggestion_is_taken(shadowed: Catalogue) -> None:
    imported(shadowed, game("17", edit("release_date"), title="Owl", release_date="2001", external_ids=OWL))
    shadowed.says("alpha", "1", title="Eule", release_date="1999", external_ids=OWL)
    shadowed.reconcile()
    (item,) = list_review(shadowed.store, kind="suggestion")
    shadowed.does(accept, item["item_id"], author="ann", reason="right")
    state = shadowed.state(shadowed.only_game())
    assert (state["title"], state["release_date"]) == ("Owl", "1999")


def test_an_accepted_held_change_is_done(shadowed: Catalogue) -> None:
    shadowed.curator.limits = {"alpha": Limits()}
    imported(shadowed, game("17", title="Owl", release_date="2001", external_ids=OWL))
    shadowed.says("alpha", "1", title="Owl", release_date="1980", external_ids=OWL)
    shadowed.reconcile()
    game_id = shadowed.only_game()
    (item,) = list_review(shadowed.store, kind="held")
    assert shadowed.state(game_id)["release_date"] == "2001"
    shadowed.does(accept, item["item_id"], author="ann", reason="right")
    assert shadowed.state(game_id)["release_date"] == "1980"
    assert _equals_its_replay(shadowed)


def test_the_catalogues_word_comes_first_where_sources_were_there_before(shadowed: Catalogue) -> None:
    shadowed.says("alpha", "1", title="Eule", release_date="1999", external_ids=OWL)
    shadowed.reconcile()
    game_id = shadowed.only_game()
    imported(shadowed, game("17", title="Owl", release_date="2001", external_ids=OWL))
    assert shadowed.shown(game_id)["status"] == "active"
    assert (shadowed.state(game_id)["title"], shadowed.state(game_id)["release_date"]) == ("Owl", "2001")
    proposal = _proposal(shadowed, game_id)
    assert proposal is not None
    assert proposal["state"]["release_date"] == "1999"
    imported(shadowed, game("17", title="Owl", release_date="2002", external_ids=OWL), sha256="file 2")
    assert shadowed.state(game_id)["release_date"] == "2002"
    assert _equals_its_replay(shadowed)


def test_a_game_that_is_the_same_after_all_takes_in_the_one_that_is_only_proposed(shadowed: Catalogue) -> None:
    claims = {"title": "Crow in the rain", "release_date": "1999", "credits": [{"name": "Ann Lee"}]}
    shadowed.says("alpha", "1", **claims)
    shadowed.reconcile()
    (proposed,) = shadowed.games()
    imported(shadowed, game("17", **claims))
    own = shadowed.games()[1]
    (question,) = list_review(shadowed.store, kind="match")
    shadowed.does(accept, question["item_id"], author="ann", reason="the same box")
    assert (shadowed.shown(own)["status"], shadowed.shown(proposed)["merged_into"]) == ("active", own)
    assert proposed_games(shadowed.store) == []
    assert _equals_its_replay(shadowed)


def test_merging_splitting_and_rolling_back_let_nothing_else_in(shadowed: Catalogue) -> None:
    crow = shared("CROW-ONE-0000")
    imported(
        shadowed,
        game("17", title="Owl", release_date="2001", external_ids=OWL),
        game("18", title="Crow", external_ids=crow),
    )
    shadowed.says("alpha", "1", title="Eule", release_date="1999", external_ids=OWL)
    shadowed.says("alpha", "2", title="Krähe", external_ids=crow)
    shadowed.reconcile()
    owl, other = shadowed.games()
    shadowed.does(merge_games, owl, other, author="ann", reason="one")
    assert (shadowed.state(owl)["title"], shadowed.state(owl)["release_date"]) == ("Owl", "2001")
    record = next(row["record_id"] for row in shadowed.shown(owl)["records"] if row["identity"] == "18")
    shadowed.does(split_game, owl, [record], author="ann", reason="two")
    assert (shadowed.state(owl)["title"], shadowed.state(owl)["release_date"]) == ("Owl", "2001")
    assert (shadowed.state(other)["title"], shadowed.shown(other)["status"]) == ("Crow", "active")
    shadowed.edit(owl, "title", "The owl")
    made = shadowed.does(roll_back_game, owl, 1, author="ann", reason="as it was", undo_edits=True)
    assert (shadowed.state(owl)["title"], shadowed.state(owl)["release_date"]) == ("Owl", "2001")
    shadowed.does(undo_rollback, made.rollback_id, author="ann", reason="no")
    assert shadowed.state(owl)["title"] == "The owl"
    assert _equals_its_replay(shadowed)


def test_the_report_tells_what_would_change(shadowed: Catalogue) -> None:
    game_id = _owl(shadowed)
    imported(
        shadowed,
        game("17", title="Owl", release_date="2001", external_ids=OWL),
        game("18", title="Crow"),
        game("19", title="Rook", external_ids=shared("ROOK-ONE-0000")),
        sha256="file 2",
    )
    shadowed.says("beta", "1", title="Hen")
    shadowed.says("beta", "2", title="Rook", external_ids=shared("ROOK-ONE-0000"))
    shadowed.reconcile()
    found = shadow_report(shadowed.store)
    assert found.counts == {"same": 1, "changed": 1, "new": 1, "unknown_to_sources": 1, "questions": 1}
    assert found.questions == {"conflict": 1}
    assert found.fields["release_date"] == {"filled": 0, "changed": 1, "emptied": 0}
    assert found.fields["alt_titles"] == {"filled": 1, "changed": 0, "emptied": 0}
    (changed,) = found.changed
    assert changed["game_id"] == game_id
    assert {"field": "release_date", "old": "2001", "new": "1999", "sources": ["alpha"]} in changed["changes"]
    assert [row["title"] for row in found.new] == ["Hen"]
    assert [row["title"] for row in found.unknown_to_sources] == ["Crow"]


def test_applying_lets_proposals_in(shadowed: Catalogue) -> None:
    game_id = _owl(shadowed)
    shadowed.says("beta", "1", title="Hen")
    shadowed.reconcile()
    for proposed in proposed_games(shadowed.store):
        assert shadowed.does(apply_proposal, proposed, author="ann", reason="compared") == "applied"
    assert shadowed.state(game_id)["release_date"] == "1999"
    revision = shadowed.store.row(
        "SELECT cause, actor, reason FROM game_revision WHERE game_id = %s AND revision = 2", (game_id,)
    )
    assert revision == {"cause": "review", "actor": "ann", "reason": "compared"}
    assert [found.title for found in find_games(shadowed.store, "Hen")] == ["Hen"]
    assert proposed_games(shadowed.store) == []
    with pytest.raises(ProposalError, match="nothing is proposed for game"):
        shadowed.does(apply_proposal, game_id, author="ann", reason="again")
    assert _equals_its_replay(shadowed)


def test_what_nobody_has_seen_is_not_applied(shadowed: Catalogue) -> None:
    game_id = _owl(shadowed)
    shadowed.says("alpha", "1", title="Eule", release_date="1998", external_ids=OWL)
    assert shadowed.does(apply_proposal, game_id, author="ann", reason="compared") == "moved_on"
    assert shadowed.state(game_id)["release_date"] == "2001"
    assert shadowed.does(apply_proposal, game_id, author="ann", reason="compared") == "applied"
    assert shadowed.state(game_id)["release_date"] == "1998"


def test_switched_off_the_next_reconciling_applies_all_that_stands(shadowed: Catalogue) -> None:
    game_id = _owl(shadowed)
    shadowed.says("beta", "1", title="Hen")
    shadowed.reconcile()
    assert pending(shadowed.store, shadow=False).games_to_revise == 2
    shadowed.curator.shadow = False
    shadowed.reconcile()
    assert shadowed.state(game_id)["title"] == "Eule"
    assert [shadowed.shown(each)["status"] for each in shadowed.games()] == ["active", "active"]
    assert proposed_games(shadowed.store) == []
    assert pending(shadowed.store).games_to_revise == 0
    before = shadowed.fingerprint()
    shadowed.reconcile()
    assert shadowed.fingerprint() == before
    assert _equals_its_replay(shadowed)


_years = st.sampled_from(["1999", "2001", "2001-05"])
_titles = st.sampled_from(["Owl", "Owl 2", "The Crow"])
_ids = st.sampled_from([OWL, shared("CROW-ONE-0000"), []])
_claims = st.fixed_dictionaries({"title": _titles, "external_ids": _ids}, optional={"release_date": _years})
_steps = st.one_of(
    st.tuples(st.just("says"), st.sampled_from(sorted(PRIORITIES)), st.sampled_from("12"), _claims),
    st.tuples(st.just("import"), st.sampled_from("78"), _claims, st.sampled_from([None, "2019-01-01", "2020-01-01"])),
    st.just(("reconcile",)),
    st.tuples(st.just("shadow"), st.booleans()),
    st.tuples(st.just("edit"), st.sampled_from([("title", "Eule"), ("release_date", "1980")])),
    st.tuples(st.just("release"), st.sampled_from(["title", "release_date"])),
    st.tuples(st.just("answer"), st.booleans()),
    st.just(("apply",)),
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(_steps, min_size=8, max_size=25))
def test_whatever_happens_replay_equals_state_and_shadow_changes_nothing(
    reused_catalogue: ReusedCatalogue, steps: list[Any]
) -> None:
    with Store(reused_catalogue.empty()) as store:
        catalogue = Catalogue(store)
        files: dict[str, Any] = {}
        for step in steps:
            _take(catalogue, files, step)
        catalogue.reconcile()
        assert _equals_its_replay(catalogue)
        catalogue.curator.shadow = False
        catalogue.reconcile()
        assert proposed_games(store) == []
        assert _equals_its_replay(catalogue)
        for row in store.rows("SELECT game_id, field, value FROM human_edit WHERE released_at IS NULL"):
            assert catalogue.state(row["game_id"])[row["field"]] == row["value"]


def _take(catalogue: Catalogue, files: dict[str, Any], step: tuple[Any, ...]) -> None:
    games = [row["game_id"] for row in catalogue.store.rows("SELECT game_id FROM game WHERE status <> 'merged'")]
    match step:
        case ("says", source, identity, claims):
            catalogue.says(source, identity, **claims)
        case ("import", identity, claims, on):
            files[identity] = game(identity, *([edit("title", on=on)] if on else []), **claims)
            imported(catalogue, *files.values(), sha256=str(len(files)))
            before = catalogue.fingerprint()
            imported(catalogue, *files.values(), sha256=str(len(files)))
            assert catalogue.fingerprint() == before
        case ("reconcile",):
            before_states = _said(catalogue)
            catalogue.reconcile()
            if catalogue.curator.shadow:
                after = _said(catalogue)
                assert {game_id: after.get(game_id) for game_id in before_states} == before_states
        case ("shadow", on):
            catalogue.curator.shadow = on
        case ("edit", (field, value)) if games:
            try:
                catalogue.edit(games[0], field, value)
            except EditError:
                return
        case ("release", field) if games:
            try:
                catalogue.does(release_field, games[0], field, author="ann", reason="over")
            except EditError:
                return
        case ("answer", yes):
            for item in list_review(catalogue.store)[:1]:
                try:
                    catalogue.does(accept if yes else reject, item["item_id"], author="ann", reason="seen")
                except ReviewError:
                    return
        case ("apply",):
            for game_id in proposed_games(catalogue.store)[:1]:
                catalogue.does(apply_proposal, game_id, author="ann", reason="compared")


def _said(catalogue: Catalogue) -> dict[int, Any]:
    rows = catalogue.store.rows("SELECT game_id, revision, state FROM game WHERE status = 'active'")
    return {row["game_id"]: (row["revision"], row["state"]) for row in rows}
