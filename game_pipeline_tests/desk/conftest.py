"""The desk as programs and browsers meet it: over HTTP on loopback, on a real catalogue with games and players."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from game_pipeline.desk import create_app, server_config
from game_pipeline.library import renew_data_file
from game_pipeline.people import refresh_people
from game_pipeline.settings import DeskSettings, Settings
from game_pipeline.store import Store
from game_pipeline_tests.catalog.curating import Catalogue, shared
from game_pipeline_tests.library.test_intake import take
from game_pipeline_tests.library.worlds import ANN, BOB, owned, upload

TOKEN = "a-token-for-tests-only"
AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True, slots=True)
class Served:
    """A running desk. `client` asks it; `place` is its data directory."""

    app: FastAPI
    client: httpx2.Client
    url: str
    place: Path
    store: Store


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The app under uvicorn on a free port."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def opened_desk(store: Store, settings: Settings) -> Iterator[Served]:
    app = create_app(settings, store)
    with serving(app) as url, httpx2.Client(base_url=url, timeout=20) as client:
        yield Served(app, client, url, settings.data_dir, store)


def settings_at(place: Path) -> Settings:
    return Settings(data_dir=place / "data", desk=DeskSettings(token=TOKEN, max_body_kb=16))


def hand_in_libraries(store: Store, settings: Settings, place: Path) -> None:
    """Ann's and Bob's, who share a game; one title is hostile."""
    ann = upload(
        place,
        "ann.db",
        ANN,
        owned("gog_1", "Star Quest", installed=True),
        owned("steam_9", "<script>alert(1)</script>"),
    )
    bob = upload(place, "bob.db", BOB, owned("gog_1", "Star Quest"), owned("epic_x", "Dark Tower"))
    take(store, settings.data_dir, ann, "Ann")
    take(store, settings.data_dir, bob, "Bob")
    renew_data_file(store, settings)


def filled_catalogue(store: Store) -> Catalogue:
    """Three games: one that two sources tell of and disagree about, and two of one source; an author with a page."""
    catalogue = Catalogue(store)
    catalogue.says("alpha", "a1", title="Zork I", release_date="1980", external_ids=shared("X-1"))
    catalogue.says("beta", "b1", title="Zork I", release_date="1982", external_ids=shared("X-1"))
    catalogue.says("alpha", "a2", title="Planetfall", credits=[{"name": "Steve Meretzky", "role": "author"}])
    catalogue.says("alpha", "a3", title="Trinity")
    catalogue.reconcile()
    url = "https://alpha.example/people/steve"
    catalogue.says("alpha", "steve", kind="person", name="Steve Meretzky", url=url, aliases=[{"name": "S. Eric M."}])
    refresh_people(store, "run")
    return catalogue


@pytest.fixture
def desk_settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path)


@pytest.fixture
def served(store: Store, desk_settings: Settings) -> Iterator[Served]:
    """A desk on an empty catalogue."""
    with opened_desk(store, desk_settings) as desk:
        yield desk


@pytest.fixture
def players(store: Store, desk_settings: Settings, tmp_path: Path) -> None:
    hand_in_libraries(store, desk_settings, tmp_path)


@pytest.fixture
def catalogue(store: Store) -> Catalogue:
    return filled_catalogue(store)
