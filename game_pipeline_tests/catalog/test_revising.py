"""What games say as their records change: revisions, conflicts, vanishing, and nothing where nothing changed."""

from __future__ import annotations

import threading
from itertools import permutations
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.catalog import Curator, accept, game_history, pending, reject
from game_pipeline.model import canonical_json
from game_pipeline.store import Store

from .curating import Catalogue, shared


def two_sides(catalogue: Catalogue) -> int:
    """One game whose sources disagree about its date."""
    catalogue.says("alpha", "a", release_date="1980", external_ids=shared("X1"))
    catalogue.says("beta", "b", release_date="1999", external_ids=shared("X1"))
    catalogue.reconcile()
    return catalogue.only_game()


def test_a_changed_claim_makes_a_revision_with_old_new_and_because(catalogue: Catalogue) -> None:
    record_id = catalogue.says("alpha", "a", title="Lamp")
    catalogue.reconcile()
    catalogue.says("alpha", "a", title="Lamp", release_date="1980")
    catalogue.reconcile()
    first, second = game_history(catalogue.store, catalogue.only_game())
    assert (first["cause"], second["cause"], second["actor"]) == ("import", "import", "pipeline")
    assert second["changes"] == [
        {
            "field": "release_date",
            "old": None,
            "new": "1980",
            "because": {
                "rule": "most_precise_date",
                "sources": [{"source": "alpha", "record": record_id, "version": 2}],
                "revision": 2,
            },
        }
    ]


def test_a_change_that_the_catalogue_does_not_show_makes_no_revision(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a")
    catalogue.reconcile()
    catalogue.says("alpha", "a", extra={"size": 7})
    _, revised = catalogue.reconcile()
    assert revised.counts == {"untouched": 1}
    assert catalogue.shown(catalogue.only_game())["revision"] == 1
    assert catalogue.shown(catalogue.only_game())["records"][0]["version"] == 2


def test_reconciling_again_writes_nothing(catalogue: Catalogue) -> None:
    two_sides(catalogue)
    catalogue.says("gamma", "g", title="Lamp", descriptions=[{"lang": "en", "text": "Light it. Go on."}])
    catalogue.reconcile()
    before = catalogue.fingerprint()
    catalogue.reconcile()
    assert catalogue.fingerprint() == before
    assert (pending(catalogue.store).records_to_match, pending(catalogue.store).games_to_revise) == (0, 0)


def test_a_change_that_comes_while_a_game_is_merged_waits_for_the_next_run(
    catalogue: Catalogue, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.says("alpha", "a", title="One")
    catalogue.reconcile()
    catalogue.says("alpha", "a", title="Two")
    plan = Curator.planned

    def slow(self: Curator, *args: Any, **kwargs: Any) -> Any:
        monkeypatch.undo()
        result = plan(self, *args, **kwargs)
        catalogue.says("alpha", "a", title="Three")
        return result

    monkeypatch.setattr(Curator, "planned", slow)
    catalogue.reconcile()
    catalogue.reconcile()
    assert catalogue.state(catalogue.only_game())["title"] == "Three"


def test_a_disagreement_is_a_conflict_with_both_sides_and_the_first_source_stands(catalogue: Catalogue) -> None:
    game_id = two_sides(catalogue)
    (conflict,) = catalogue.shown(game_id)["conflicts"]
    said = [(side["value"], side["sources"][0]["source"]) for side in conflict["sides"]]
    assert (conflict["field"], said) == ("release_date", [("1980", "alpha"), ("1999", "beta")])
    assert catalogue.state(game_id)["release_date"] == "1980"
    assert [item["state"] for item in catalogue.asked("conflict")] == ["open"]


def test_a_conflict_closes_with_its_question_when_the_sources_agree(catalogue: Catalogue) -> None:
    game_id = two_sides(catalogue)
    catalogue.says("beta", "b", release_date="1980-12-05", external_ids=shared("X1"))
    catalogue.reconcile()
    assert catalogue.shown(game_id)["conflicts"] == []
    assert [item["state"] for item in catalogue.asked("conflict")] == ["stale"]
    assert catalogue.state(game_id)["release_date"] == "1980-12-05"


def test_a_conflict_with_other_sides_is_another_conflict(catalogue: Catalogue) -> None:
    two_sides(catalogue)
    catalogue.says("beta", "b", release_date="2001", external_ids=shared("X1"))
    catalogue.reconcile()
    assert [item["state"] for item in catalogue.asked("conflict")] == ["stale", "open"]
    rows = catalogue.store.rows("SELECT state FROM data_conflict ORDER BY conflict_id")
    assert [row["state"] for row in rows] == ["gone", "pending"]


def test_an_edit_of_the_field_closes_its_conflict_and_its_question(catalogue: Catalogue) -> None:
    game_id = two_sides(catalogue)
    catalogue.edit(game_id, "release_date", "1980-12")
    catalogue.reconcile()
    assert catalogue.shown(game_id)["conflicts"] == []
    assert [item["state"] for item in catalogue.asked("conflict")] == ["stale"]


def test_an_accepted_conflict_is_resolved_as_it_stands_and_not_asked_again(catalogue: Catalogue) -> None:
    game_id = two_sides(catalogue)
    (item,) = catalogue.asked("conflict")
    said = catalogue.does(accept, item["item_id"], author="ann", reason="the box says so")
    catalogue.says("beta", "b", release_date="1999", external_ids=shared("X1"), extra={"size": 7})
    catalogue.reconcile()
    assert said == f"release_date of game {game_id} stays 1980"
    row = catalogue.store.row("SELECT chosen, resolved_by, reasoning FROM conflict_resolution")
    assert row == {"chosen": "1980", "resolved_by": "ann", "reasoning": "the box says so"}
    assert catalogue.shown(game_id)["conflicts"][0]["state"] == "resolved"
    assert [item["state"] for item in catalogue.asked("conflict")] == ["accepted"]


def test_a_game_that_no_source_lists_is_kept_and_asked_about(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", title="Lamp")
    catalogue.reconcile()
    catalogue.drops("alpha", "a")
    catalogue.reconcile()
    game = catalogue.shown(catalogue.only_game())
    assert (game["status"], game["state"]["title"], game["records"][0]["live"]) == ("active", "Lamp", False)
    (item,) = catalogue.asked("vanished")
    assert (item["state"], item["summary"]) == ("open", "No source lists “Lamp” any more; it was on alpha")


def test_a_game_that_is_listed_again_is_asked_about_no_longer(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a")
    catalogue.reconcile()
    catalogue.drops("alpha", "a")
    catalogue.reconcile()
    catalogue.says("alpha", "a")
    catalogue.reconcile()
    assert [item["state"] for item in catalogue.asked("vanished")] == ["stale"]
    assert catalogue.shown(catalogue.only_game())["records"][0]["live"]


def test_a_vanished_game_that_a_person_kept_is_not_asked_about_again(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a")
    catalogue.reconcile()
    catalogue.drops("alpha", "a")
    catalogue.reconcile()
    (item,) = catalogue.asked("vanished")
    catalogue.does(reject, item["item_id"], author="ann", reason="it exists on disk")
    catalogue.edit(catalogue.only_game(), "title", "Lamp II")
    assert [item["state"] for item in catalogue.asked("vanished")] == ["rejected"]


def test_what_a_vanished_source_said_falls_silent_while_another_speaks(catalogue: Catalogue) -> None:
    game_id = two_sides(catalogue)
    catalogue.drops("alpha", "a")
    catalogue.reconcile()
    assert catalogue.state(game_id)["release_date"] == "1999"


def test_what_stands_in_the_tables_is_what_the_state_says(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "a", title="Lamp", credits=[{"name": "Ann"}], external_ids=shared("X1"))
    catalogue.says(
        "beta",
        "b",
        title="Лампа",
        tags=[{"kind": "genre", "value": "puzzle"}],
        urls=[{"url": "https://lamp.example/play", "kind": "play_online"}],
        external_ids=shared("X1"),
    )
    catalogue.reconcile()
    found = {
        "game_title": [("Lamp", True), ("Лампа", False)],
        "game_credit": [("Ann", "alpha")],
        "game_tag": [("puzzle", "beta")],
        "game_url": [("https://lamp.example/play", "beta")],
        "game_external_id": [("X1", "alpha beta")],
    }
    columns = {
        "game_title": "title, is_main",
        "game_credit": "name, source",
        "game_tag": "value, source",
        "game_url": "url, source",
        "game_external_id": "value, source",
    }
    rows = {
        table: [tuple(row.values()) for row in catalogue.store.rows(f"SELECT {names} FROM {table} ORDER BY 1")]
        for table, names in columns.items()
    }
    assert rows == found


def test_two_curators_at_once_take_each_record_in_once(catalogue: Catalogue, store: Store) -> None:
    for number in range(12):
        catalogue.says("alpha", f"a{number}", title=f"Part {number}", external_ids=shared(f"X{number}"))
        catalogue.says("beta", f"b{number}", title=f"Teil {number}", external_ids=shared(f"X{number}"))
    start = threading.Barrier(2)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            start.wait(10)
            catalogue.reconcile()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    row = store.row(
        "SELECT (SELECT count(*) FROM game) AS games, (SELECT count(*) FROM match_decision) AS decisions, "
        "(SELECT count(*) FROM game_member) AS members, "
        "(SELECT count(*) FROM source_record WHERE version <> reconciled_version) AS waiting"
    )
    assert row == {"games": 12, "decisions": 24, "members": 24, "waiting": 0}


def test_a_failure_leaves_the_record_for_the_next_run(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.says("alpha", "a")
    with monkeypatch.context() as patched:
        patched.setattr("game_pipeline.catalog.ledger.settle.append", _die)
        with pytest.raises(psycopg.OperationalError):
            catalogue.reconcile()
    assert (catalogue.games(), pending(catalogue.store).records_to_match) == ([], 1)
    catalogue.reconcile()
    catalogue.only_game()


def _die(*_: object) -> None:
    raise psycopg.OperationalError("the connection is lost")


CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "release_date": st.sampled_from(["1980", "1980-12", "1981"]),
        "credits": st.sampled_from([[{"name": "Ann"}], [{"name": "Bob"}, {"name": "Ann"}]]),
        "descriptions": st.sampled_from([[{"lang": "en", "text": "Light the lamp."}], [{"text": "Go. Light it."}]]),
        "tags": st.lists(st.sampled_from(["puzzle", "horror"]), max_size=2, unique=True).map(
            lambda values: [{"kind": "genre", "value": value} for value in values]
        ),
    },
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(claims=st.tuples(CLAIMS, CLAIMS, CLAIMS), order=st.sampled_from(list(permutations(range(3)))))
def test_the_order_of_imports_is_no_matter_where_records_share_an_id(
    catalogue: Catalogue, claims: tuple[dict[str, Any], ...], order: tuple[int, ...]
) -> None:
    states = []
    for turn, sequence in enumerate([(0, 1, 2), order]):
        before = set(catalogue.games())
        world = f"W{len(before)}x{turn}"  # so that both orders, and all examples, fit into one database
        for place in sequence:
            source = ("alpha", "beta", "gamma")[place]
            title = f"{world} {('lamp', 'door', 'well')[place]}"  # alpha and beta would say which version it is
            told = {"title": title, "external_ids": shared(world)} | claims[place]
            catalogue.says(source, f"{world}{source}", **told)
            catalogue.reconcile()
        (game_id,) = set(catalogue.games()) - before
        states.append(canonical_json(catalogue.state(game_id)).replace(world, "W"))
    assert states[0] == states[1]
