"""A scripted site `site.test`, and clients that reach it through a route."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from game_pipeline.crawl.client import Client, Fetched, Validators
from game_pipeline.crawl.outcomes import FetchError
from game_pipeline.settings import CrawlSettings
from game_pipeline.sources.base import Request
from game_pipeline.store.pool import Store
from game_pipeline_tests.http_server import ScriptedServer

MAX_BODY = 1_000_000


class FakeNames:
    """A resolver that knows what a test tells it, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Sequence[str]]] = {}
        self.asked: list[str] = []
        self.takes = 0.0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        time.sleep(self.takes)
        answers = self.answers.get(host)
        if not answers:
            raise OSError("Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Crawler:
    """Clients for one test, with delays small enough for it."""

    def __init__(self, store: Store, server: ScriptedServer, stack: ExitStack) -> None:
        self.store = store
        self.server = server
        self.names = FakeNames()
        self.slept: list[float] = []
        self._stack = stack
        self.client = self.make()

    def make(self, *, sleep: Callable[[float], None] | None = None, **settings: Any) -> Client:
        """Another client. Other hosts than `site.test` need a route of their own."""
        values: dict[str, Any] = {
            "routes": {"site.test": self.server.origin, "other.test": self.server.origin},
            "contact": "https://crawler.example/about",
            "connect_timeout": 2,
            "total_deadline": 10,
            "retry_base": 0.01,
            "retry_cap": 0.02,
        }
        crawl_settings = CrawlSettings.model_validate(values | settings)
        client = Client(
            self.store, crawl_settings, version="1.2", sleep=sleep or self.slept.append, resolver=self.names
        )
        return self._stack.enter_context(client)

    def fetch(
        self,
        url: str,
        *,
        client: Client | None = None,
        conditional: bool = True,
        min_delay: float = 0.0,
        max_body: int = MAX_BODY,
        attempts: int = 3,
        validators: Validators | None = None,
        deadline: float | None = None,
    ) -> Fetched:
        return (client or self.client).fetch(
            Request(url, conditional),
            min_delay=min_delay,
            max_body=max_body,
            attempts=attempts,
            validators=validators,
            deadline=deadline,
        )

    def refused(self, url: str, **options: Any) -> FetchError:
        """The error that a fetch ends in."""
        with pytest.raises(FetchError) as caught:
            self.fetch(url, **options)
        return caught.value


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def crawler(store: Store, server: ScriptedServer) -> Iterator[Crawler]:
    with ExitStack() as stack:
        yield Crawler(store, server, stack)
