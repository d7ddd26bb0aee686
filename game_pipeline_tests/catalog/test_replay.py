"""The catalogue is what its events say: replaying them gives the same rows, whatever happened."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.catalog import EditError, ReviewError, accept, list_review, reject, release_field
from game_pipeline.store import Store
from game_pipeline.store.event_log import events_after, newest_events
from game_pipeline.store.replay import Difference, ReplayError, replayed
from game_pipeline_tests.conftest import ReusedCatalogue

from .curating import PRIORITIES, Catalogue, shared


def _difference(store: Store) -> Difference | None:
    with replayed(store) as result:
        return result.first_difference()


def test_a_row_that_was_written_past_the_log_is_found(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl")
    catalogue.reconcile()
    assert _difference(catalogue.store) is None
    catalogue.store.execute("UPDATE game SET title = 'Crow'")
    difference = _difference(catalogue.store)
    assert difference is not None
    assert (difference.table, difference.row["title"]) == ("game", "Owl")


def test_replay_until_a_time_gives_the_games_as_they_stood(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", release_date="2001")
    catalogue.reconcile()
    row = catalogue.store.row("SELECT clock_timestamp() AS now")
    catalogue.says("alpha", "1", title="Owl", release_date="2002")
    catalogue.reconcile()
    with replayed(catalogue.store, until=row["now"] if row else None) as result:
        assert [game["state"]["release_date"] for game in result.games()] == ["2001"]
    with replayed(catalogue.store, until=dt.datetime(2000, 1, 1, tzinfo=dt.UTC)) as result:
        assert (result.events, list(result.games())) == (0, [])


def test_replaying_leaves_nothing_behind(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl")
    catalogue.reconcile()
    before = catalogue.fingerprint()
    _difference(catalogue.store)
    assert catalogue.store.rows("SELECT FROM pg_namespace WHERE nspname = 'replay'") == []
    assert catalogue.fingerprint() == before


def test_a_conflict_whose_sides_change_closes_its_question_once(catalogue: Catalogue) -> None:
    catalogue.says("alpha", "1", title="Owl", release_date="1999", external_ids=shared("OWL-ONE-0000"))
    catalogue.says("beta", "1", title="Owl", release_date="2001", external_ids=shared("OWL-ONE-0000"))
    catalogue.reconcile()
    catalogue.says("beta", "1", title="Owl", release_date="2002", external_ids=shared("OWL-ONE-0000"))
    catalogue.reconcile()
    assert [item["state"] for item in catalogue.asked("conflict")] == ["stale", "open"]
    assert _difference(catalogue.store) is None


def test_an_event_of_a_newer_version_is_refused_by_name(catalogue: Catalogue) -> None:
    catalogue.store.execute(
        "INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, payload, "
        "correlation_id, actor) VALUES (gen_random_uuid(), 'game:1', 1, 'game.created', 99, '{}', 'x', 'x')"
    )
    with pytest.raises(ReplayError, match=r"game\.created of version 99"), replayed(catalogue.store):
        pass


def test_a_reader_never_goes_past_an_event_that_is_still_being_committed(catalogue: Catalogue) -> None:
    insert = (
        "INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, payload, "
        "correlation_id, actor) VALUES (gen_random_uuid(), %s, 1, 'import.finished', 1, '{}', 'x', 'x')"
    )
    with psycopg.connect(catalogue.store.url) as slow:
        slow.execute(insert, ("source:slow",))
        catalogue.store.execute(insert, ("source:fast",))
        with catalogue.store.connection() as connection:
            assert list(events_after(connection)) == []
            slow.commit()
            # Transactions of other databases of the server hold the horizon back, too: it may take a moment.
            deadline = time.monotonic() + 30
            while not (found := list(events_after(connection))) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert [row["stream"] for rows in found for row in rows] == ["source:slow", "source:fast"]
            assert len(newest_events(connection, 1)) == 1


_claims = st.fixed_dictionaries(
    {"title": st.sampled_from(["Owl", "Сова", "Owl 2", "The Crow"])},
    optional={
        "release_date": st.sampled_from(["1999", "2001", "2001-05"]),
        "descriptions": st.sampled_from(
            [[{"lang": "en", "text": "A bird at night. It has 2 eyes."}], [{"lang": "en", "text": "It has 3 eyes."}]]
        ),
        "external_ids": st.sampled_from([shared("OWL-ONE-0000"), shared("CROW-ONE-0000")]),
    },
)
_steps = st.one_of(
    st.tuples(st.just("says"), st.sampled_from(sorted(PRIORITIES)), st.sampled_from("12"), _claims),
    st.tuples(st.just("drops"), st.sampled_from(sorted(PRIORITIES)), st.sampled_from("12")),
    st.just(("reconcile",)),
    st.tuples(
        st.just("edit"),
        st.sampled_from([("title", "Eule"), ("release_date", "1980"), ("release_date", None), ("tags", [])]),
    ),
    st.tuples(st.just("release"), st.sampled_from(["title", "release_date", "tags"])),
    st.tuples(st.just("answer"), st.booleans()),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(_steps, min_size=8, max_size=25))
def test_whatever_happens_replay_equals_state_and_edits_stand(
    reused_catalogue: ReusedCatalogue, steps: list[Any]
) -> None:
    with Store(reused_catalogue.empty()) as store:
        catalogue = Catalogue(store)
        for step in steps:
            _take(catalogue, step)
        catalogue.reconcile()
        assert _difference(store) is None
        for edit in store.rows("SELECT game_id, field, value FROM human_edit WHERE released_at IS NULL"):
            state = catalogue.state(edit["game_id"])
            assert state[edit["field"]] == edit["value"]


def _take(catalogue: Catalogue, step: tuple[Any, ...]) -> None:
    games = catalogue.games()
    match step:
        case ("says", source, identity, claims):
            catalogue.says(source, identity, **claims)
        case ("drops", source, identity):
            live = catalogue.store.row(
                "SELECT FROM source_record WHERE source = %s AND identity = %s AND state = 'live'", (source, identity)
            )
            if live is not None:
                catalogue.drops(source, identity)
        case ("reconcile",):
            catalogue.reconcile()
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
