"""Errors as the API tells them: problem details (RFC 9457), whatever went wrong. Never a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

__all__ = ["PROBLEMS", "Invalid", "Problem", "ProblemError", "add_handlers", "problem_json"]

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class Invalid(BaseModel):
    """A part of the request that is not as it must be. `where`: such as `query.limit`."""

    where: str
    message: str


class Problem(BaseModel):
    """What went wrong: RFC 9457. `detail` says it for people; `errors` names the parts of a request that are wrong."""

    type: str = "about:blank"
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    errors: list[Invalid] = []


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def _described(status: int, what: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": what, "content": {MEDIA_TYPE: {"schema": schema}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _described(400, "The request cannot be understood."),
    401: _described(401, "It writes, and the token is missing or another."),
    403: _described(403, "It comes from a page of another site."),
    404: _described(404, "There is no such thing."),
    405: _described(405, "Nothing of the kind can be done with it."),
    409: _described(409, "It cannot be done as things stand."),
    413: _described(413, "The body is too large."),
    415: _described(415, "The body is of another kind than is read here."),
    422: _described(422, "A part of the request is not as it must be."),
    503: _described(503, "The database, or the libraries, cannot be read now."),
}
"""For the OpenAPI document: every operation may end in one of these."""


def _problem(status: int, detail: str, errors: Sequence[Invalid]) -> Problem:
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors))


def problem_json(status: int, detail: str, errors: Sequence[Invalid] = (), headers: Any = None) -> JSONResponse:
    """A problem as programs are told it."""
    return JSONResponse(_problem(status, detail, errors).model_dump(), status, headers, MEDIA_TYPE)


def _methods_of(request: Request) -> list[str]:
    """What can be done with the address: the framework names the methods of one of its routes only."""
    found: set[str] = set()
    for route in request.app.state.routes:
        match, _ = route.matches({**request.scope, "method": "OPTIONS"})
        if match is not Match.NONE:
            found |= route.methods
    return sorted(found)


def _asks_for_a_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def add_handlers(app: FastAPI, page: Callable[[Request, Problem], Response]) -> None:
    """Let every error of the app be told as a problem: to programs as JSON, to people as a `page`."""

    def problem(
        request: Request, status: int, detail: str, errors: Sequence[Invalid] = (), headers: Any = None
    ) -> Response:
        if not _asks_for_a_page(request):
            return problem_json(status, detail, errors, headers)
        answer = page(request, _problem(status, detail, errors))
        answer.headers.update(headers or {})
        return answer

    @app.exception_handler(ProblemError)
    async def ours(request: Request, error: ProblemError) -> Response:
        return problem(request, error.status, error.detail, headers=error.headers)

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        detail = {
            404: f"there is nothing at {request.url.path}; what there is: /docs",
            405: f"{request.method} is nothing that can be done with {request.url.path}",
        }.get(error.status_code, str(error.detail))
        headers = {"Allow": ", ".join(_methods_of(request))} if error.status_code == 405 else error.headers
        return problem(request, error.status_code, detail, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        errors = [
            Invalid(where=".".join(map(str, item["loc"])), message=str(item["msg"])) for item in error.errors()[:20]
        ]
        said = "; ".join(f"{item.where}: {item.message}" for item in errors[:3])
        return problem(request, 422, f"the request is wrong: {said}", errors)

    @app.exception_handler(Exception)
    async def defect(request: Request, error: Exception) -> Response:
        from game_pipeline.store import is_outage

        if is_outage(error):
            return problem(
                request, 503, "the database does not answer; try again in a moment", headers={"Retry-After": "5"}
            )
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(request, 500, "a defect of game-pipeline; its log says more")
