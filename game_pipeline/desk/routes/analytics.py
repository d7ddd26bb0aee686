"""What the libraries say as a whole: popular games, what is shared, whose libraries overlap, how it all grows."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from game_pipeline.desk.answers import Limit, json_answer
from game_pipeline.desk.problems import ProblemError
from game_pipeline.desk.state import DeskDep
from game_pipeline.library import LibraryError, analyse, data_file_of, store_growth

__all__ = ["router"]

router = APIRouter(prefix="/api/library/analytics", tags=["libraries"])


class Analytics(BaseModel):
    """`popular` and `shared`: games by how many own them; `overlap`: pairs of players; `growth`: days."""

    players: int
    games: int
    popular: list[dict[str, Any]]
    shared: list[dict[str, Any]]
    overlap: list[dict[str, Any]]
    platforms: list[dict[str, Any]]
    growth: list[dict[str, Any]]
    versions: list[dict[str, Any]]


@router.get("", response_model=Analytics)
def get_analytics(request: Request, desk: DeskDep, limit: Limit = 20) -> Response:
    """Popular and most shared games, platform overlap between players, growth of the store and of its backups."""
    try:
        library = desk.reader.current()
    except LibraryError as error:
        raise ProblemError(503, str(error)) from None
    found = analyse(library, limit)
    growth = store_growth(desk.store, data_file_of(desk.settings))
    return json_answer(request, {**found, **growth})
