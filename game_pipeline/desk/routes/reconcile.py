"""The catalogue for OpenRefine: the reconciliation service (W3C Reconciliation Service API 0.2) over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from game_pipeline.catalog import Reconciliation, ReconciliationError
from game_pipeline.desk.answers import MAX_NUMBER, Text
from game_pipeline.desk.problems import ProblemError
from game_pipeline.desk.state import Desk, DeskDep

__all__ = ["router"]

BASE = "/api/reconcile"

router = APIRouter(prefix=BASE, tags=["reconciliation"])

Asked = Annotated[str | None, Query(max_length=2000, description="JSON: id of a query -> query.")]
Wanted = Annotated[str | None, Query(max_length=2000, description='JSON: {"ids": [...], "properties": [{"id"}]}.')]
GameId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="The number of a game.")]


@router.get("", response_model=dict[str, Any])
def reconcile(request: Request, desk: DeskDep, queries: Asked = None, extend: Wanted = None) -> Response:
    """What the service offers; with `queries`, the games that they ask for; with `extend`, values of games."""
    return _answer(request, desk, queries, extend)


@router.post("", response_model=dict[str, Any])
def reconcile_many(
    request: Request,
    desk: DeskDep,
    queries: Annotated[str | None, Form(description="JSON: id of a query -> query.")] = None,
    extend: Annotated[str | None, Form(description="JSON, as for GET.")] = None,
) -> Response:
    """The same as a form, for as many queries as an address cannot hold. It writes nothing."""
    return _answer(request, desk, queries, extend)


@router.get("/suggest/{what}", response_model=dict[str, Any])
def suggest(
    request: Request, desk: DeskDep, what: Literal["entity", "property", "type"], prefix: Text = ""
) -> Response:
    """Games, properties or types that begin with what was typed."""
    return _json(request, desk, _told(lambda: Reconciliation(desk.store).suggest(what, prefix)))


@router.get("/extend/propose", response_model=dict[str, Any])
def propose_properties(
    request: Request,
    desk: DeskDep,
    type: Annotated[Text, Query(description="All types have the same.")] = "game",
    limit: Annotated[int | None, Query(ge=1, le=1000)] = None,
) -> Response:
    """What a table of games can be extended by."""
    return _json(request, desk, Reconciliation(desk.store).proposed_properties(limit))


@router.get("/preview", response_class=HTMLResponse)
def preview(request: Request, desk: DeskDep, id: Annotated[int, Query(ge=1, le=MAX_NUMBER)]) -> Response:
    """A game as a small page that OpenRefine shows in a frame."""
    return _page(request, desk, id)


@router.get("/view/{game_id}", response_class=HTMLResponse)
def view(request: Request, desk: DeskDep, game_id: GameId) -> Response:
    """A game as a small page."""
    return _page(request, desk, game_id)


def _answer(request: Request, desk: Desk, queries: str | None, extend: str | None) -> Response:
    service = Reconciliation(desk.store)
    if queries is not None:
        found = _told(lambda: service.reconcile(_read("queries", queries)))
    elif extend is not None:
        found = _told(lambda: service.extend(_read("extend", extend)))
    else:
        found = service.manifest(f"{str(request.base_url).rstrip('/')}{BASE}")
    return _json(request, desk, found)


def _told(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return work()
    except ReconciliationError as error:
        raise ProblemError(400, str(error)) from None


def _read(name: str, text: str) -> Any:
    """What a parameter holds. Raises `ProblemError` for what is no JSON, or holds what no text here does."""
    try:
        found = json.loads(text)
        plain = json.dumps(found, ensure_ascii=False)
        plain.encode()
    except (ValueError, RecursionError):
        raise ProblemError(400, f"`{name}` is no JSON, or of no Unicode text") from None
    if "\\u0000" in plain:
        raise ProblemError(400, f"`{name}` holds a NUL, which no text here has")
    return found


def _json(request: Request, desk: Desk, content: dict[str, Any]) -> Response:
    return JSONResponse(content, headers=_sharing(request, desk))


def _page(request: Request, desk: Desk, game_id: int) -> Response:
    page = Reconciliation(desk.store).preview(game_id)
    if page is None:
        raise ProblemError(404, f"there is no game {game_id}")
    headers = _sharing(request, desk)
    ancestors = " ".join(desk.settings.desk.reconcile_origins) or "'none'"
    headers["Content-Security-Policy"] = f"default-src 'none'; base-uri 'none'; frame-ancestors {ancestors}"
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return HTMLResponse(page, headers=headers)


def _sharing(request: Request, desk: Desk) -> dict[str, str]:
    """Pages of which sites may read the answer: those that the operator named."""
    allowed = desk.settings.desk.reconcile_origins
    headers = {"Vary": "Origin"} if allowed else {}
    origin = request.headers.get("origin")
    if origin in allowed:
        headers["Access-Control-Allow-Origin"] = str(origin)
    return headers
