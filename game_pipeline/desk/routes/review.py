"""The questions that the pipeline cannot answer, and people's answers."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from game_pipeline.catalog import QuestionKind, accept, list_review, reject, show_review
from game_pipeline.desk.answers import MAX_NUMBER, Limit, Text, json_answer
from game_pipeline.desk.problems import ProblemError
from game_pipeline.desk.state import DeskDep, Operator

__all__ = ["router"]

router = APIRouter(prefix="/api/review", tags=["review"])

ItemId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="The number of a question.")]


class ReviewLine(BaseModel):
    """An open question."""

    item_id: int
    kind: str
    game_id: int | None
    record_id: int | None
    summary: str
    opened_at: dt.datetime


class ReviewItem(BaseModel, extra="allow"):
    """A question with everything that speaks for and against."""

    item_id: int
    kind: str
    state: str
    summary: str
    proposal: dict[str, Any]


class Yes(BaseModel):
    """`game`: of a match, another of the games shown."""

    reason: Text = ""
    author: Text = "operator"
    game: int | None = Field(default=None, ge=1, le=MAX_NUMBER)


class No(BaseModel):
    reason: Text = Field(min_length=1)
    author: Text = "operator"


class Answered(BaseModel):
    item_id: int
    message: str


@router.get("", response_model=list[ReviewLine])
def list_items(
    request: Request,
    desk: DeskDep,
    kind: Annotated[QuestionKind | None, Query(description="Only of this kind.")] = None,
    limit: Limit = 50,
) -> Response:
    """Open questions, the most important and oldest first."""
    return json_answer(request, list_review(desk.store, kind=kind, limit=limit))


@router.get("/{item_id}", response_model=ReviewItem)
def get_item(request: Request, desk: DeskDep, item_id: ItemId) -> Response:
    """One question."""
    item = show_review(desk.store, item_id)
    if item is None:
        raise ProblemError(404, f"there is no question {item_id}")
    return json_answer(request, item)


@router.post("/{item_id}/accept")
def accept_item(desk: DeskDep, operator: Operator, item_id: ItemId, answer: Yes) -> Answered:
    """Yes: join the match, take the suggestion, confirm the value that stands, apply what was held back."""
    author = f"{answer.author} ({operator})"
    work = partial(accept, item_id=item_id, author=author, reason=answer.reason, game_id=answer.game)
    return Answered(item_id=item_id, message=desk.changing(work))


@router.post("/{item_id}/reject")
def reject_item(desk: DeskDep, operator: Operator, item_id: ItemId, answer: No) -> Answered:
    """No: none of the games shown, keep the edit, leave out what was held back."""
    work = partial(reject, item_id=item_id, author=f"{answer.author} ({operator})", reason=answer.reason)
    return Answered(item_id=item_id, message=desk.changing(work))
