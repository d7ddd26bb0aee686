"""Existing catalogues for tests: games as a file would give them, and their import."""

from __future__ import annotations

import datetime as dt
from typing import Any

from game_pipeline.catalog import AdoptReport, adopt, adoptable
from game_pipeline.exchange import ExistingEdit, ExistingGame

from .curating import Catalogue

__all__ = ["edit", "game", "imported"]


def edit(field: str, on: str = "2019-03-04", by: str | None = "eve", reason: str | None = None) -> ExistingEdit:
    """A field that somebody had set on a day."""
    return ExistingEdit(field, by, dt.datetime.fromisoformat(on).replace(tzinfo=dt.UTC), reason)


def game(identity: str, *edits: ExistingEdit, **claims: Any) -> ExistingGame:
    return ExistingGame(identity, {"title": f"Game {identity}"} | claims, edits, line=1)


def imported(
    catalogue: Catalogue, *games: ExistingGame, dry_run: bool = False, priority: int = 1_000, sha256: str = "file 1"
) -> AdoptReport:
    """Import these games under the name `old`."""
    curator = catalogue.curator
    curator.priorities = {**curator.priorities, "old": priority}
    return adopt(
        curator,
        adoptable("old"),
        games,
        sha256=sha256,
        author="ann",
        priority=priority,
        dry_run=dry_run,
    )
