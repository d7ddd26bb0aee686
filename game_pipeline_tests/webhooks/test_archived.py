"""Webhooks and the archive: a month leaves the database when nobody waits for its events any more."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from uuid import UUID

import pytest

from game_pipeline.store import Store, owner_connection
from game_pipeline.store.archive import ArchiveError, archive_months
from game_pipeline.webhooks import WebhookError, begin, dead_letters, forget, retry
from game_pipeline_tests.http_server import Reply, ScriptedServer

from .conftest import PATH, Receiver


@pytest.fixture
def old_event(receiver: Receiver, owner: Store) -> UUID:
    """An event of an old month, which the receiver has begun to wait for."""
    owner.execute("SELECT make_event_partition('2001-01-01')")
    owner.execute(
        "INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, game_id, payload, "
        "correlation_id, actor, recorded_at) VALUES (gen_random_uuid(), 'source:x', 1, 'source.paused', 1, 7, "
        "%(payload)s, 'run', 'ann', '2001-01-05')",
        {"payload": '{"reason": "x"}'},
    )
    owner.execute("INSERT INTO event_identity (event_id, position) SELECT event_id, position FROM import_event")
    row = owner.row("SELECT event_id FROM import_event")
    assert row is not None
    event_id: UUID = row["event_id"]
    return event_id


def archive(owner: Store, directory: Path) -> int:
    with owner_connection(owner.url) as connection:
        return len(list(archive_months(connection, directory, dt.date(2001, 2, 1))))


def test_a_month_waits_for_events_that_are_not_taken_over_yet(
    receiver: Receiver, old_event: UUID, owner: Store, tmp_path: Path
) -> None:
    with pytest.raises(ArchiveError, match=r"2001-01 has events that were not sent .*\(partner\).*webhook deliver"):
        archive(owner, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert receiver.deliver().delivered == 1
    assert archive(owner, tmp_path) == 1
    assert receiver.ids() == [str(old_event)]


def test_and_for_deliveries_that_are_to_be_tried_again(
    receiver: Receiver, server: ScriptedServer, old_event: UUID, owner: Store, tmp_path: Path
) -> None:
    server.on(PATH, Reply(500))
    assert receiver.deliver().failed == 1
    with pytest.raises(ArchiveError, match=r"\(partner\)"):
        archive(owner, tmp_path)
    server.on(PATH, Reply(204))
    receiver.later(hours=1)
    assert receiver.deliver().delivered == 1
    assert archive(owner, tmp_path) == 1


def test_not_for_a_webhook_that_is_forgotten(
    receiver: Receiver, old_event: UUID, owner: Store, store: Store, tmp_path: Path
) -> None:
    assert forget(store, "partner") == 0
    assert forget(store, "partner") is None
    assert archive(owner, tmp_path) == 1
    assert receiver.deliver().delivered == 0, "it begins anew, with what comes"


def test_a_dead_letter_of_an_archived_month_is_not_said_to_wait(
    receiver: Receiver, server: ScriptedServer, old_event: UUID, owner: Store, store: Store, tmp_path: Path
) -> None:
    server.on(PATH, Reply(500))
    assert receiver.deliver(receiver.make(max_attempts=1)).dead == 1
    assert archive(owner, tmp_path) == 1
    assert retry(store, "partner", now=receiver.now) == 0
    with pytest.raises(WebhookError, match="or its month is archived"):
        retry(store, "partner", [old_event], now=receiver.now)
    assert [row["event_id"] for row in dead_letters(store, "partner")] == [old_event]


def test_the_whole_log_is_not_promised_where_its_start_is_archived(
    receiver: Receiver, old_event: UUID, owner: Store, store: Store, tmp_path: Path
) -> None:
    receiver.deliver()
    archive(owner, tmp_path)
    with pytest.raises(WebhookError, match="events export"):
        begin(store, "newcomer", from_start=True)
    assert store.rows("SELECT name FROM webhook") == [{"name": "partner"}]
