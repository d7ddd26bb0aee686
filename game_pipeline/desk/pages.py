"""The first plain pages: the comparison as a list or a grid, uploads, and giving the browser the operator's token."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, BackgroundTasks, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool

from game_pipeline.library import SORTS, LibraryError, LibraryIndex, compare, list_uploads

from .problems import Problem
from .routes.libraries import Compare, accept_upload, take_in
from .state import COOKIE, Desk, DeskDep, Operator, signed_in
from .token import is_token, session_of

__all__ = ["router"]

router = APIRouter()

PAGE = 60
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class _Shown(Compare):
    """What is asked, and how it is shown."""

    view: Literal["list", "grid"] = "list"


def _web_address(url: str | None) -> str | None:
    """An address that may stand behind a link: what a source says must not run."""
    return url if url and urlsplit(url).scheme in ("http", "https") else None


_templates.filters["web_address"] = _web_address


def _page(name: str, request: Request, desk: Desk, status: int = 200, **values: Any) -> HTMLResponse:
    known = {"path": request.url.path, "signed_in": signed_in(request, desk)}
    return HTMLResponse(_templates.get_template(name).render(**known, **values), status)


def problem_page(request: Request, problem: Problem) -> HTMLResponse:
    """What went wrong, for people."""
    desk: Desk = request.app.state.desk
    return _page("problem.html", request, desk, problem.status, title=problem.title, detail=problem.detail)


@router.get("/")
def home() -> RedirectResponse:
    return RedirectResponse("/compare", 307)


@router.get("/docs")
def docs(request: Request, desk: DeskDep) -> HTMLResponse:
    """The operations of the API, from its own description."""
    document = request.app.openapi()
    operations = [
        (method.upper(), path, operation.get("summary", ""), operation.get("description", ""))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return _page("docs.html", request, desk, operations=operations, about=document["info"]["description"])


@router.get("/compare")
def compare_page(
    request: Request,
    desk: DeskDep,
    asked: Annotated[_Shown, Query()],
) -> HTMLResponse:
    """What people could play together. Everything that is chosen stands in the address: it can be passed on."""
    try:
        library = desk.reader.current()
    except LibraryError as error:
        return _page("empty.html", request, desk, message=str(error))
    if not library.people:
        return _page("empty.html", request, desk, message="Nobody has handed in a library yet.")
    asked = asked.model_copy(update={"limit": min(asked.limit, PAGE)})
    try:
        found = compare(library, asked.query())
    except LibraryError as error:
        return _page("empty.html", request, desk, 404, message=str(error))
    return _page(
        "compare.html",
        request,
        desk,
        asked=asked,
        view=asked.view,
        found=found,
        people=library.people,
        chosen=_chosen(library, asked),
        platforms=library.platforms,
        sorts=SORTS,
        address=lambda **changes: _address(request, changes),
    )


def _chosen(library: LibraryIndex, asked: Compare) -> set[str]:
    return {person.user_id for each in asked.user if (person := library.person(each)) is not None}


def _address(request: Request, changes: dict[str, Any]) -> str:
    """The present address with some of its parameters changed; None takes one out."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changes]
    return f"/compare?{urlencode([*kept, *((name, str(v)) for name, v in changes.items() if v is not None)])}"


# Uploads ------------------------------------------------------------------------------------------------------------


@router.get("/upload")
def upload_page(request: Request, desk: DeskDep) -> HTMLResponse:
    """A form for a database, and what became of the last ones."""
    return _page("upload.html", request, desk, uploads=list_uploads(desk.store, limit=20))


@router.post("/upload")
async def upload(
    request: Request,
    desk: DeskDep,
    operator: Operator,
    background: BackgroundTasks,
    database: Annotated[UploadFile, File()],
    name: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Take a database that a form sends, and lead to what becomes of it."""
    report = await accept_upload(desk, database, name.strip() or None, operator)
    background.add_task(take_in, desk, uuid.UUID(report.upload_id))
    return RedirectResponse(f"/upload/{report.upload_id}", 303)


@router.get("/upload/{upload_id}")
def uploaded(request: Request, desk: DeskDep, upload_id: uuid.UUID) -> HTMLResponse:
    """What became of an upload; looks again by itself while it waits."""
    report = desk.intake.report(upload_id)
    if report is None:
        return _page("empty.html", request, desk, 404, message="There is no such upload.")
    return _page("uploaded.html", request, desk, report=asdict(report))


# The token ----------------------------------------------------------------------------------------------------------


@router.get("/sign-in")
def sign_in_page(request: Request, desk: DeskDep) -> HTMLResponse:
    return _page("sign_in.html", request, desk, wrong=False)


@router.post("/sign-in")
async def sign_in(request: Request, desk: DeskDep, token: Annotated[str, Form(max_length=500)]) -> Response:
    """Let this browser write. The cookie goes with no request that another site makes."""
    if not await run_in_threadpool(is_token, token.strip(), desk.token):
        return _page("sign_in.html", request, desk, 401, wrong=True)
    response = RedirectResponse("/upload", 303)
    response.set_cookie(COOKIE, session_of(desk.token), max_age=30 * 86_400, httponly=True, samesite="strict", path="/")
    return response


@router.post("/sign-out")
def sign_out(operator: Operator) -> Response:
    response = RedirectResponse("/compare", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
    return response
