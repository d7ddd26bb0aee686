"""Games: the list, search, one of them with where everything comes from, its history, and edits."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from game_pipeline.catalog import (
    EDITABLE,
    EditError,
    edit_field,
    find_games,
    game_at,
    game_history,
    living_game,
    read_value,
    release_field,
    show_game,
)
from game_pipeline.desk.answers import MAX_NUMBER, Cursor, Limit, Text, json_answer
from game_pipeline.desk.problems import ProblemError
from game_pipeline.desk.state import DeskDep, Operator

__all__ = ["router"]

router = APIRouter(prefix="/api/games", tags=["games"])

GameId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="The number of a game.")]


class GameLine(BaseModel):
    """A game in a list."""

    game_id: int
    title: str
    kind: str
    release_date: str | None
    revision: int
    updated_at: dt.datetime
    quality_score: float | None


class Games(BaseModel):
    """A page of games by their numbers. `next`: the cursor of the page after it, null on the last."""

    games: list[GameLine]
    next: int | None


class Found(BaseModel):
    """A game whose title holds or resembles what was searched for."""

    game_id: int
    title: str
    release_date: str | None
    authors: list[str]
    sources: list[str]


class Game(BaseModel, extra="allow"):
    """A game: `state` is what it says, `provenance` where each field comes from; the records behind it, standing
    edits, conflicts and open questions are there for the game as it is now, not as it stood at a time."""

    game_id: int
    revision: int
    status: str
    state: dict[str, Any]
    provenance: dict[str, Any]


class Revision(BaseModel, extra="allow"):
    """One change of a game: what changed from what to what, because of whom and why."""

    revision: int
    recorded_at: dt.datetime
    cause: str
    actor: str
    reason: str | None
    changed_fields: list[str]
    changes: list[dict[str, Any]]


class Edit(BaseModel):
    """What a person sets. `value` as in the game's state; null deletes it."""

    value: Any = None
    reason: Text = Field(min_length=1)
    author: Text = "operator"


class Release(BaseModel):
    """Why the sources may speak again."""

    reason: Text = Field(min_length=1)
    author: Text = "operator"


class Done(BaseModel):
    """The revision that came of it."""

    game_id: int
    revision: int


_PAGE = """
SELECT game_id, title, kind, release_date, revision, updated_at, quality_score FROM game
WHERE status = 'active' AND game_id > %(after)s
  AND (%(kind)s::text IS NULL OR kind = %(kind)s)
  AND (%(source)s::text IS NULL OR EXISTS (
        SELECT FROM game_member WHERE game_member.game_id = game.game_id AND source = %(source)s))
ORDER BY game_id LIMIT %(limit)s
"""


@router.get("", response_model=Games)
def list_games(
    request: Request,
    desk: DeskDep,
    cursor: Cursor = 0,
    limit: Limit = 100,
    kind: Annotated[Text | None, Query(description="Only of this kind: game, edition, demo, dlc...")] = None,
    source: Annotated[Text | None, Query(description="Only those that this source tells of.")] = None,
) -> Response:
    """Every active game."""
    facts = {"after": cursor, "limit": limit + 1, "kind": kind, "source": source}
    rows = desk.store.rows(_PAGE, facts)
    more = rows[limit - 1]["game_id"] if len(rows) > limit else None
    return json_answer(request, {"games": rows[:limit], "next": more})


@router.get("/search", response_model=list[Found])
def search_games(request: Request, desk: DeskDep, q: Text, limit: Limit = 20) -> Response:
    """Games by title or another name of theirs, the best first."""
    return json_answer(request, find_games(desk.store, q.strip(), limit))


@router.get("/{game_id}", response_model=Game)
def get_game(
    request: Request,
    desk: DeskDep,
    game_id: GameId,
    at: Annotated[dt.datetime | None, Query(description="As it stood then; UTC where no zone is named.")] = None,
) -> Response:
    """One game. A number that was merged leads, by 308, to the game it became."""
    if at is not None:
        moment = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
        found = game_at(desk.store, game_id, moment)
    else:
        living = living_game(desk.store, game_id)
        if living is not None and living != game_id:
            return Response(status_code=308, headers={"Location": f"/api/games/{living}"})
        found = show_game(desk.store, game_id)
    if found is None:
        raise ProblemError(404, f"there is no game {game_id}{f' at {at}' if at else ''}")
    return json_answer(request, found)


@router.get("/{game_id}/history", response_model=list[Revision])
def get_history(
    request: Request,
    desk: DeskDep,
    game_id: GameId,
    field: Annotated[Text | None, Query(description="Only changes of this field, such as `title`.")] = None,
) -> Response:
    """Every revision, oldest first."""
    revisions = game_history(desk.store, game_id, field)
    if not revisions and not game_history(desk.store, game_id):
        raise ProblemError(404, f"there is no game {game_id}")
    return json_answer(request, revisions)


@router.put("/{game_id}/fields/{field}")
def set_field(desk: DeskDep, operator: Operator, game_id: GameId, field: Text, edit: Edit) -> Done:
    """Set a field for good: it stands over every later import until it is released."""
    value = _readable(field, edit.value)
    revision = desk.changing(
        lambda connection, curator: edit_field(
            connection, curator, game_id, field, value, author=_by(operator, edit.author), reason=edit.reason
        )
    )
    return Done(game_id=game_id, revision=revision)


@router.post("/{game_id}/fields/{field}/release")
def release(desk: DeskDep, operator: Operator, game_id: GameId, field: Text, why: Release) -> Done:
    """Take an edit back: the field follows its sources again."""
    revision = desk.changing(
        lambda connection, curator: release_field(
            connection, curator, game_id, field, author=_by(operator, why.author), reason=why.reason
        )
    )
    return Done(game_id=game_id, revision=revision)


def _readable(field: str, value: Any) -> Any:
    """The value as the catalogue keeps it. Raises `ProblemError`."""
    if field not in EDITABLE and not field.startswith("descriptions."):
        raise ProblemError(404, f"a game has no field {field[:60]!r} to set; there are: {', '.join(EDITABLE)}")
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    try:
        return read_value(field, text)
    except EditError as error:
        raise ProblemError(409, str(error)) from None


def _by(operator: str, author: str) -> str:
    return f"{author} ({operator})"
