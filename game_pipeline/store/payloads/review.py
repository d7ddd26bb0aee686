"""Rollbacks, conflicts of sources, and the questions that people answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from .common import Json, exact

__all__ = [
    "ConflictClosed",
    "ConflictDetected",
    "ConflictResolved",
    "ReviewClosed",
    "ReviewOpened",
    "RollbackMade",
    "RollbackUndone",
]


@exact
class RollbackMade(TypedDict):
    rollback_id: int
    scope: Annotated[Json, Field(description="game, to, field; or source, run_id, parser_version, since, until")]
    reason: str
    games: list[int]
    also: Annotated[
        dict[str, list[int]],
        Field(
            description="edits_released, edits_reinstated, unpinned, holds_released: what it did beside holding records"
        ),
    ]


@exact
class RollbackUndone(TypedDict):
    rollback_id: int
    reason: str


@exact
class ConflictDetected(TypedDict):
    conflict_id: int
    field: str
    sides: Annotated[list[Json], Field(description="value, sources")]
    sides_hash: str


@exact
class ConflictClosed(TypedDict):
    conflict_id: int
    field: str


@exact
class ConflictResolved(TypedDict):
    conflict_id: int
    field: str
    method: Literal["rule_based", "ai_auto", "human"]
    chosen: Any
    confidence: float
    reasoning: str


@exact
class ReviewOpened(TypedDict):
    item_id: int
    kind: str
    question: Annotated[str, Field(description="at most one open item a question")]
    record_id: int | None
    proposal: Json
    summary: str
    priority: int


@exact
class ReviewClosed(TypedDict):
    item_id: int
    state: Literal["accepted", "rejected", "stale"]
    note: str | None
