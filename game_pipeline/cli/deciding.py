"""Doing what a person decides in one transaction, or only looking at what it would do."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from typing import TypeVar

import click
from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog import Curator, EditError, JoinError, ReviewError, RollbackError, curator_for
from game_pipeline.store import Store

from .context import App, Failed

__all__ = ["Work", "agreed", "attended", "changing", "looking"]

R = TypeVar("R")
Work = Callable[[Connection[DictRow], Curator], R]


def changing(app: App, store: Store, work: Work[R]) -> R:
    """Do it: all of it, or none."""
    return _within(app, store, work, keep=True)


def looking(app: App, store: Store, work: Work[R]) -> R:
    """Do the same and take it back: a preview that cannot differ from the deed."""
    return _within(app, store, work, keep=False)


def _within(app: App, store: Store, work: Work[R], *, keep: bool) -> R:
    with store.connection() as connection, connection.transaction(force_rollback=not keep):
        try:
            return work(connection, curator_for(store, app.settings, f"command:{uuid.uuid4()}"))
        except (EditError, JoinError, ReviewError, RollbackError) as error:
            raise Failed(str(error)) from None


def attended() -> bool:
    """Is there a person at a terminal who can be asked?"""
    return sys.stdin.isatty() and sys.stdout.isatty()


def agreed(question: str) -> None:
    """Ask; anything but yes ends the command with nothing done."""
    if not click.confirm(question):
        raise Failed("nothing was changed")
