"""A log of a million events: appending in batches with everything it does to the tables, replay, one game at a time.

Run with: .venv/bin/python -m game_pipeline_tests.benchmarks.event_store [EVENTS]

A server of its own with fsync on. Of each game 40 events of real sizes: 2 records that change 35 times in all and are
judged to be one, 8 revisions, 7 moves of its sources that change nothing, a conflict, a question, an edit.
"""

from __future__ import annotations

import datetime as dt
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from game_pipeline.catalog import game_at
from game_pipeline.settings import Settings
from game_pipeline.store import Event, Store, append, opened_databases, prepare_schema
from game_pipeline.store.replay import replayed

BATCH = 500
EVENTS_A_GAME = 40  # as `_life` tells them
WORDS = ["lamp", "grue", "cellar", "brass", "lantern", "thief", "window", "forest", "house", "door", "sword", "troll"]


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="events-", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        settings = Settings(data_dir=Path(directory) / "data")
        with opened_databases(settings) as databases:
            prepare_schema(databases)
            with Store(databases.catalogue_url) as store:
                _append(store, wanted)
                _show(store, wanted // EVENTS_A_GAME)
                _replay(store)


def _append(store: Store, wanted: int) -> None:
    made = _events(random.Random(1), wanted)
    count, seconds = 0, 0.0
    while batch := list(islice(made, BATCH)):
        begun = time.perf_counter()
        with store.transaction() as connection:
            append(connection, batch)
        seconds += time.perf_counter() - begun
        count += len(batch)
        if count % 100_000 == 0:
            print(f"  appended {count:,} events, {count / seconds:,.0f}/s so far", flush=True)
    size = store.row("SELECT pg_size_pretty(pg_database_size(current_database())) AS size")
    print(f"append: {count:,} events in batches of {BATCH}, {count / seconds:,.0f} events/s; {size and size['size']}")


def _show(store: Store, games: int) -> None:
    first = store.row("SELECT min(recorded_at) AS first, max(recorded_at) AS last FROM game_revision")
    assert first is not None
    chance = random.Random(2)
    times = []
    for _ in range(500):
        moment = first["first"] + dt.timedelta(
            seconds=chance.random() * (first["last"] - first["first"]).total_seconds()
        )
        begun = time.perf_counter()
        game_at(store, chance.randint(1, games), moment)
        times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    print(f"game at a time: median {statistics.median(times):.2f} ms, p99 {times[494]:.2f} ms, max {times[-1]:.2f} ms")


def _replay(store: Store) -> None:
    begun = time.perf_counter()
    with replayed(store) as result:
        seconds = time.perf_counter() - begun
        print(
            f"replay: {result.events:,} events in {seconds:.1f} s, {result.events / seconds:,.0f} events/s", flush=True
        )
        begun = time.perf_counter()
        difference = result.first_difference()
        print(f"compared row for row in {time.perf_counter() - begun:.1f} s: {difference or 'equal'}")


def _events(chance: random.Random, wanted: int) -> Iterator[Event]:
    """Rounds of all games, so that a batch holds events of many, as an import's do."""
    games = wanted // EVENTS_A_GAME
    for first in range(1, games + 1, 1000):
        block = range(first, min(first + 1000, games + 1))
        lives = [list(_life(chance, game_id)) for game_id in block]
        for moment in zip(*lives, strict=True):
            yield from moment


def _life(chance: random.Random, game_id: int) -> Iterator[Event]:
    records = (2 * game_id - 1, 2 * game_id)
    versions = dict.fromkeys(records, 0)

    def event(event_type: str, payload: dict[str, Any], stream: str | None = None) -> Event:
        return Event(
            stream=stream or f"game:{game_id}",
            event_type=event_type,
            payload=payload,
            actor="pipeline",
            correlation_id="5f1c0a4e-6f3b-4b0e-9f55-0d1f5a3a9c11",
            game_id=game_id,
            source="ifdb",
        )

    def changed(record_id: int) -> Event:
        versions[record_id] += 1
        kind = "new" if versions[record_id] == 1 else "changed"
        payload = {
            "record_id": record_id,
            "version": versions[record_id],
            "change": kind,
            "changed_fields": ["tags.genre", "extra.rating"],
            "subject": "game",
            "identity": f"id{record_id}",
        }
        return event("record.changed", payload, f"record:{record_id}")

    def matched(record_id: int, band: str) -> Event:
        payload = {
            "decision_id": record_id,
            "record_id": record_id,
            "game_id": game_id,
            "band": band,
            "method": "identity",
            "score": 1.0,
            "evidence": [{"kind": "key", "detail": "an id that names one game is shared", "ours": "a", "theirs": "a"}],
            "alternatives": [],
        }
        return event("record.matched", payload, f"record:{record_id}")

    def members(*ids: int) -> list[dict[str, Any]]:
        return [
            {
                "record_id": record_id,
                "source": ("ifdb", "ifwiki_ru")[record_id % 2],
                "identity": f"id{record_id}",
                "version": versions[record_id],
                "live": True,
                "heard": None,
                "keys": [f"url:https://site.example/{record_id}", f"title:game {game_id}", f"ifid:X-{game_id}"],
            }
            for record_id in ids
        ]

    def revised(revision: int, *ids: int) -> Event:
        state, index, provenance = _state(chance, game_id)
        payload = {
            "revision": revision,
            "status": "active",
            "merged_into": None,
            "state": state,
            "provenance": provenance,
            "changed_fields": ["tags"] if revision > 1 else sorted(provenance),
            "cause": "import",
            "reason": None,
            "index": index,
            "members": members(*ids),
            "edited": [],
            "quality_score": 0.7,
            "import_metadata": {"run": "5f1c0a4e", "records": 2, "listed": 2, "held": 0, "parsers": {"ifdb": 3}},
        }
        return event("game.revised" if revision > 1 else "game.created", payload)

    reason = [{"feature": "tuid", "detail": "a key that names one game is shared", "ours": "t1", "theirs": "t1"}]
    judged: dict[str, Any] = {"edge_id": game_id, "a": records[0], "b": records[1], "judgement": "same"}
    judged |= {"judge": "rule", "method": "strong_key", "score": 1.0, "keys": [f"tuid:t{game_id}"], "reason": reason}
    one, two = records
    yield from (changed(one), revised(1, one), matched(one, "new"))
    yield from (changed(two), event("records.judged", judged, f"edge:{game_id}"))
    yield from (matched(two, "auto"), event("game.sources_updated", {"members": members(two)}))
    yield revised(2, *records)
    sides = [{"value": "1980", "sources": []}, {"value": "1981", "sources": []}]
    conflict = {"conflict_id": game_id, "field": "release_date"}
    yield event("conflict.detected", conflict | {"sides": sides, "sides_hash": "0123456789abcdef"})
    question = {"item_id": game_id, "kind": "conflict", "question": f"conflict:{game_id}:release_date"}
    asked = {"record_id": None, "proposal": conflict | {"sides": sides}, "summary": "Sources disagree", "priority": 50}
    yield event("review.opened", question | asked, f"review:{game_id}")
    for revision in range(3, 9):
        yield from (changed(one), event("game.sources_updated", {"members": members(*records)}))
        yield from (changed(two), revised(revision, *records))
    yield from (changed(one), changed(two), changed(one))
    edit = {"edit_id": game_id, "field": "release_date", "value": "1980", "previous": "1981", "reason": "the box"}
    yield event("game.edited", edit | {"edited_at": None, "carried_from": None})
    yield event("conflict.closed", conflict)
    yield event("review.closed", {"item_id": game_id, "state": "stale", "note": None}, f"review:{game_id}")


def _state(chance: random.Random, game_id: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    sentences: list[dict[str, Any]] = [
        {"text": " ".join(chance.choices(WORDS, k=14)) + ".", "sources": ["ifdb"]} for _ in range(8)
    ]
    text = {
        "text": " ".join(s["text"] for s in sentences),
        "sentences": sentences,
        "method": "single",
        "confidence": 1.0,
    }
    url = f"https://site.example/{game_id}/"
    lists: dict[str, list[dict[str, Any]]] = {
        "credits": [{"name": " ".join(chance.choices(WORDS, k=2)), "role": "author", "url": None} for _ in range(2)],
        "tags": [{"kind": "genre", "value": chance.choice(WORDS)} for _ in range(8)],
        "urls": [{"url": f"{url}{n}", "kind": "download_direct", "label": "a file"} for n in range(4)],
        "external_ids": [{"scheme": "ifid", "value": f"X-{game_id}"}, {"scheme": "tuid", "value": f"t{game_id}"}],
    }
    state = {"title": f"Game {game_id}", "alt_titles": [], "kind": "game", "release_date": "1980-12-05"}
    whole = state | {"descriptions": {"en": text}} | lists
    index = {name: [item | {"source": "ifdb"} for item in items] for name, items in lists.items()}
    index["titles"] = [{"title": f"Game {game_id}", "lang": None, "main": True}]
    index["urls"] = [row | {"hash": f"{game_id:032x}", "by_human": False, "confidence": 1.0} for row in index["urls"]]
    index["credits"] = [row | {"position": n} for n, row in enumerate(index["credits"])]
    by = [{"source": "ifdb", "record": 2 * game_id - 1, "version": 3}]
    provenance = {name: {"rule": "union", "sources": by, "revision": 1} for name in (*state, *lists, "descriptions.en")}
    return whole, index, provenance


if __name__ == "__main__":
    main()
