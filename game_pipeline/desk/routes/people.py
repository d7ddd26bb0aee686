"""People: by name, and one of them with what the sources' pages say."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from game_pipeline.desk.answers import MAX_NUMBER, Limit, Text, json_answer
from game_pipeline.desk.problems import ProblemError
from game_pipeline.desk.state import DeskDep
from game_pipeline.people import find_people, show_person

__all__ = ["router"]

router = APIRouter(prefix="/api/people", tags=["people"])

PersonId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="The number of a person.")]


class PersonLine(BaseModel):
    """A person in a list. `aliases`: their other names."""

    person_id: int
    name: str
    aliases: list[str]
    sources: list[str]
    games: int


class Person(BaseModel, extra="allow"):
    """A person: `personas` is how each source knows them, with what its page about them says (`page`: names, text,
    links, and whom that is owed to); `decisions` is why all of them are one."""

    person_id: int
    name: str
    status: str
    merged_into: int | None
    personas: list[dict[str, Any]]
    games: list[dict[str, Any]]
    decisions: list[dict[str, Any]]


@router.get("", response_model=list[PersonLine])
def list_people(request: Request, desk: DeskDep, q: Text = "", limit: Limit = 20) -> Response:
    """People one of whose names holds the text, those of the most games first; all without it."""
    return json_answer(request, find_people(desk.store, q.strip(), limit))


@router.get("/{person_id}", response_model=Person)
def get_person(request: Request, desk: DeskDep, person_id: PersonId) -> Response:
    """One person. Who was merged into somebody else has no personas left, and says into whom."""
    found = show_person(desk.store, person_id)
    if found is None:
        raise ProblemError(404, f"there is no person {person_id}")
    return json_answer(request, found)
