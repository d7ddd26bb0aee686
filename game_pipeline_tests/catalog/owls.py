"""A game of one page of alpha's, as tests of rollbacks tell it and have it told."""

from __future__ import annotations

from typing import Any

from .curating import Catalogue, shared

__all__ = ["OWL", "runs", "says", "told"]

OWL: dict[str, Any] = {"title": "Owl", "release_date": "1980", "external_ids": shared("OWL-ONE")}


def says(catalogue: Catalogue, **claims: Any) -> None:
    catalogue.says("alpha", "owl", **OWL | claims)
    catalogue.reconcile()


def told(catalogue: Catalogue, game_id: int) -> tuple[str, str | None]:
    state = catalogue.state(game_id)
    return state["title"], state["release_date"]


def runs(catalogue: Catalogue) -> list[str]:
    rows = catalogue.store.rows("SELECT run_id FROM record_version ORDER BY recorded_at")
    return [row["run_id"] for row in rows]
