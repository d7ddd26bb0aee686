"""What the routes work with: the settings, the catalogue, the libraries, and who may write."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog import Curator, EditError, JoinError, ReviewError, RollbackError, curator_for
from game_pipeline.library import Intake, LibraryReader
from game_pipeline.settings import Settings
from game_pipeline.store import Store

from .problems import ProblemError
from .token import is_token, session_of

__all__ = ["COOKIE", "Desk", "DeskDep", "Operator", "signed_in"]

COOKIE = "game_pipeline_desk"
OPERATOR = "desk"
"""The actor of what is done with the operator's token."""

R = TypeVar("R")

_bearer = HTTPBearer(auto_error=False, description="The operator's token: `game-pipeline desk --show-token`.")


@dataclass(frozen=True, slots=True)
class Desk:
    """One app's means."""

    settings: Settings
    store: Store
    reader: LibraryReader
    intake: Intake
    token: str

    def changing(self, work: Callable[[Connection[DictRow], Curator], R]) -> R:
        """Do what a person decided, all of it or none. Raises `ProblemError` where it cannot be done."""
        with self.store.transaction() as connection:
            try:
                return work(connection, curator_for(self.store, self.settings, f"desk:{uuid.uuid4()}"))
            except (EditError, JoinError, ReviewError, RollbackError) as error:
                raise ProblemError(409, str(error)) from None


async def _desk(request: Request) -> Desk:
    """Not waited for in a thread, as what is not async would be."""
    desk: Desk = request.app.state.desk
    return desk


DeskDep = Annotated[Desk, Depends(_desk)]


def signed_in(request: Request, desk: Desk) -> bool:
    """Does the browser keep the session of the operator's token?"""
    return is_token(request.cookies.get(COOKIE, ""), session_of(desk.token))


def _operator(
    request: Request, desk: DeskDep, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> str:
    """Who writes: whoever has the token, or a page of ours in a browser that was given it."""
    if given is not None and is_token(given.credentials, desk.token):
        return OPERATOR
    if given is None and signed_in(request, desk):
        origin = request.headers.get("origin", "")
        if urlsplit(origin).netloc != request.headers.get("host"):
            raise ProblemError(403, "a page of another site asks for this; only the desk's own pages may")
        return OPERATOR
    raise ProblemError(
        401,
        "this writes, and needs the operator's token: Authorization: Bearer TOKEN "
        "(game-pipeline desk --show-token prints it)",
        {"WWW-Authenticate": "Bearer"},
    )


Operator = Annotated[str, Depends(_operator)]
"""The actor of a request that writes; without the token there is none."""
