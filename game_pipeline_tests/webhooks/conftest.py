"""A receiver on loopback, a log to deliver, and a clock that a test moves by hand."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest

from game_pipeline.settings import WebhookSettings
from game_pipeline.store import Event, Store, append
from game_pipeline.webhooks import Delivered, begin, deliver
from game_pipeline_tests.http_server import Reply, ScriptedServer, Seen

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ"
PATH = "/hook/token-in-the-path"


def happened(store: Store, *games: int) -> list[str]:
    """An event for each of the games, appended in one transaction; returns their ids."""
    events = [
        Event(
            stream=f"note:{game}",
            event_type="source.paused",
            payload={"reason": "Ω"},
            actor="ann",
            correlation_id="run",
            game_id=game,
        )
        for game in games
    ]
    with store.transaction() as connection:
        append(connection, events)
    return [str(event.event_id) for event in events]


class Receiver:
    """What a webhook of the name `partner` is, and what arrives there."""

    def __init__(self, store: Store, server: ScriptedServer) -> None:
        self.store = store
        self.server = server
        self.now = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)
        self.settings = self.make()

    def make(self, **values: Any) -> WebhookSettings:
        base: dict[str, Any] = {"url": self.server.origin + PATH, "secret": SECRET, "events": ["*"], "timeout": 5}
        return WebhookSettings.model_validate(base | values)

    def begin(self) -> None:
        begin(self.store, "partner")

    def deliver(self, settings: WebhookSettings | None = None, **more: Any) -> Delivered:
        return deliver(self.store, "partner", settings or self.settings, clock=lambda: self.now, **more)

    def later(self, **passed: float) -> None:
        self.now += dt.timedelta(**passed)

    @property
    def seen(self) -> list[Seen]:
        return self.server.requests(PATH)

    def ids(self) -> list[str]:
        """The ids of the messages that arrived, in order."""
        return [seen.headers["webhook-id"] for seen in self.seen]

    def games(self) -> list[int]:
        return [json.loads(seen.body)["data"]["game_id"] for seen in self.seen]

    def row(self, position: int = 1) -> dict[str, Any]:
        row = self.store.row("SELECT * FROM webhook_delivery WHERE position = %s", (position,))
        assert row is not None
        return row


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as opened:
        yield opened.on(PATH, Reply(204))


@pytest.fixture
def receiver(store: Store, server: ScriptedServer) -> Receiver:
    made = Receiver(store, server)
    made.begin()
    return made


def refuse_once(*games: int, status: int = 500) -> Any:
    """A script that refuses the first message about each of the games, and takes all others."""
    left = set(games)

    def script(seen: Seen, send: Any) -> Reply:
        game = json.loads(seen.body)["data"]["game_id"]
        if game in left:
            left.discard(game)
            return Reply(status, b"not now")
        return Reply(204)

    return script
