"""The app under uvicorn: alone until it is stopped, or beside Dagster as a child process."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from game_pipeline.settings import Settings
from game_pipeline.store import Store

from .app import create_app

__all__ = ["DESK_LOG", "run_desk", "server_config"]

DESK_LOG = "desk"
"""The name of its log and of its process among those of `game-pipeline up`."""


def run_desk(settings: Settings, store: Store, port: int) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM. Raises OSError where the port is in use."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    uvicorn.Server(server_config(create_app(settings, store))).run(sockets=[listening])


def server_config(app: FastAPI) -> uvicorn.Config:
    """How the app is served. An address may be as long as a comparison of many players makes it."""
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=96 * 1024,
    )
