"""What events do to the catalogue's tables: the rows that the newest say, and no row is written that stays as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from game_pipeline.store import Event, Store, append
from game_pipeline.store.event_log import events_after
from game_pipeline.store.replay import ONLY_SEARCHED, replayed

EMPTY: dict[str, list[dict[str, Any]]] = {"titles": [], "urls": [], "credits": [], "tags": [], "external_ids": []}


def revised(revision: int, index: dict[str, Any], game_id: int = 7, **more: Any) -> Event:
    payload = {
        "revision": revision,
        "status": "active",
        "merged_into": None,
        "quality_score": None,
        "import_metadata": {},
        "state": {"title": "Lamp", "kind": "game", "release_date": None, "descriptions": {}},
        "provenance": {},
        "changed_fields": [],
        "cause": "import",
        "reason": None,
        "index": EMPTY | index,
        "members": [],
        "edited": [],
    }
    return Event(
        stream=f"game:{game_id}",
        event_type="game.created" if revision == 1 else "game.revised",
        payload=payload | more,
        actor="pipeline",
        correlation_id="run",
        game_id=game_id,
    )


def judged(edge_id: int, judge: str = "rule", judgement: str = "same") -> Event:
    return Event(
        stream=f"edge:{edge_id}",
        event_type="records.judged",
        payload={"edge_id": edge_id, "a": 1, "b": 2, "judgement": judgement, "judge": judge}
        | {"method": "strong_key", "score": 1.0, "keys": [], "reason": []},
        actor="pipeline",
        correlation_id="run",
    )


def over(edge_id: int, why: str) -> Event:
    return Event(
        stream=f"edge:{edge_id}",
        event_type="records.judgement_ended",
        payload={"edge_id": edge_id, "a": 1, "b": 2, "why": why},
        actor="ann",
        correlation_id="run",
    )


def matched(decision_id: int) -> Event:
    decision = {"decision_id": decision_id, "record_id": 1, "game_id": None, "band": "review", "method": "title"}
    return Event(
        stream="record:1",
        event_type="record.matched",
        payload=decision | {"score": 0.5, "evidence": [], "alternatives": []},
        actor="pipeline",
        correlation_id="run",
    )


def member(record_id: int, *keys: str) -> dict[str, Any]:
    known = {"record_id": record_id, "source": "ifdb", "identity": f"id{record_id}", "version": 1}
    return known | {"live": True, "heard": None, "keys": list(keys)}


def tag(value: str) -> dict[str, Any]:
    return {"kind": "genre", "value": value, "source": "ifdb"}


def url(address: str, **more: Any) -> dict[str, Any]:
    return {"url": address, "kind": "page", "label": None, "hash": address, "source": "ifdb", "by_human": False} | more


def write(store: Store, *events: Event) -> None:
    with store.transaction() as connection:
        append(connection, events)


def places(store: Store, table: str) -> dict[str, int]:
    """Which rows lie where: a row that is written anew lies elsewhere."""
    rows = store.rows(f"SELECT ctid::text AS place, count(*) FROM {table} GROUP BY ctid")
    return {row["place"]: row["count"] for row in rows}


def test_what_a_revision_leaves_as_it_is_is_not_written_anew(store: Store) -> None:
    links = [url("http://a/"), url("http://b/")]
    write(store, revised(1, {"urls": links, "tags": [tag("owl")]}, members=[member(1, "tuid:a", "url:b")]))
    before = {table: places(store, table) for table in ("game_url", "game_match_key", "game_tag")}
    write(store, revised(2, {"urls": links, "tags": [tag("crow")]}, members=[member(1, "tuid:a", "url:b")]))
    after = {table: places(store, table) for table in before}
    assert before["game_url"] == after["game_url"]
    assert before["game_match_key"] == after["game_match_key"]
    assert before["game_tag"] != after["game_tag"]
    assert store.rows("SELECT value FROM game_tag") == [{"value": "crow"}]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (url("http://a/"), url("http://a/", confidence=0.5)),
        (url("http://a/"), url("http://a/", by_human=True)),
        (url("http://a/", label="x"), url("http://a/")),
    ],
)
def test_any_column_that_differs_is_written(store: Store, first: dict[str, Any], then: dict[str, Any]) -> None:
    write(store, revised(1, {"urls": [first]}))
    write(store, revised(2, {"urls": [then]}))
    [row] = store.rows("SELECT label, confidence, verified_by_human FROM game_url")
    wanted = (then["label"], then.get("confidence", 1.0), then["by_human"])
    assert (row["label"], row["confidence"], row["verified_by_human"]) == wanted


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from("abc"), max_size=4), min_size=1, max_size=5), st.booleans())
def test_the_rows_are_those_of_the_newest_revision(store: Store, told: list[list[str]], at_once: bool) -> None:
    [new] = store.rows("SELECT coalesce(max(game_id), 0) + 1 AS id FROM game")
    number: int = new["id"]
    events = [
        revised(revision, {"tags": [tag(value) for value in values]}, game_id=number, members=[member(number, *values)])
        for revision, values in enumerate(told, 1)
    ]
    for batch in [events] if at_once else [[event] for event in events]:
        write(store, *batch)
    rows = store.rows("SELECT value FROM game_tag WHERE game_id = %s", (number,))
    assert Counter(row["value"] for row in rows) == Counter(told[-1])
    keys = store.rows("SELECT key FROM game_match_key WHERE record_id = %s", (number,))
    assert Counter(row["key"] for row in keys) == Counter(told[-1])


def test_the_keys_of_a_record_follow_it_to_another_game(store: Store) -> None:
    write(store, revised(1, {}, members=[member(1, "tuid:a")]), revised(1, {}, game_id=8))
    write(store, revised(2, {}), revised(2, {}, game_id=8, members=[member(1, "tuid:a")]))
    assert store.rows("SELECT game_id, key FROM game_match_key") == [{"game_id": 8, "key": "tuid:a"}]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_judgement_ends_by_the_next_of_its_judge_or_by_word(store: Store, at_once: bool) -> None:
    told = [judged(1), judged(2, "person"), judged(3), over(2, "a mistake"), over(2, "again"), judged(4, "llm")]
    for batch in [told] if at_once else [[event] for event in told]:
        write(store, *batch)
    rows = store.rows("SELECT edge_id, ended_by, ended_why FROM match_edge ORDER BY edge_id")
    assert [(row["edge_id"], row["ended_by"], row["ended_why"]) for row in rows] == [
        (1, "pipeline", "judged anew"),
        (2, "ann", "a mistake"),
        (3, None, None),
        (4, None, None),
    ]
    with replayed(store) as result:
        assert result.first_difference() is None


def test_a_judgement_that_is_ended_and_replaced_at_once_is_over_as_it_was_said(store: Store) -> None:
    write(store, judged(1))
    write(store, over(1, "a mistake"), judged(2))
    rows = store.rows("SELECT edge_id, ended_why FROM match_edge ORDER BY edge_id")
    assert [row["ended_why"] for row in rows] == ["a mistake", None]


def test_what_came_first_ended_a_judgement(store: Store) -> None:
    write(store, judged(1))
    write(store, judged(2))
    write(store, over(1, "too late"))
    write(store, judged(3), over(2, "too late"))
    rows = store.rows("SELECT ended_why FROM match_edge ORDER BY edge_id")
    assert [row["ended_why"] for row in rows] == ["judged anew", "judged anew", None]
    with replayed(store) as result:
        assert result.first_difference() is None


def test_a_clock_that_is_set_back_changes_no_row(
    store: Store, set_back: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("game_pipeline.store.replay.BATCH", 4)
    write(store, judged(1), matched(1), judged(9, "llm"), over(9, "a mistake"))
    for hours in (0, 1, 2):
        set_back(f"{hours} hours")
        write(store, matched(hours + 2), over(1, "a mistake"))
    with replayed(store) as result:
        assert result.first_difference() is None


def test_a_payload_that_nobody_needs_stays_in_the_log(store: Store) -> None:
    write(store, revised(1, {}), judged(1))
    with store.connection() as connection:
        [rows] = events_after(connection, unsettled=True, without_payload={"records.judged": 1, "game.created": 1})
    # A game's first revision is of version 2 by now: an older one would have to be read, to be told as a new one.
    assert [row["payload"] is None for row in rows] == [False, True]


def test_the_indexes_that_a_replay_goes_without_are_there(store: Store) -> None:
    known = {row["indexname"] for row in store.rows("SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")}
    assert set(ONLY_SEARCHED) <= known
