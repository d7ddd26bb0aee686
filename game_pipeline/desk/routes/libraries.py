"""Players' libraries: who has one, uploads and what became of them, and the comparison."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, File, Form, Query, Request, Response, UploadFile
from fastapi import Path as PathParameter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from game_pipeline.desk.answers import MAX_NUMBER, Limit, Name, Text, json_answer, tagged
from game_pipeline.desk.problems import ProblemError
from game_pipeline.desk.state import Desk, DeskDep, Operator
from game_pipeline.galaxy import GalaxyError
from game_pipeline.library import (
    CompareQuery,
    Installed,
    LibraryError,
    LibraryIndex,
    Owned,
    Sort,
    UploadReport,
    compare_json,
    list_players,
    list_uploads,
    name_player,
    renew_data_file,
)

__all__ = ["Compare", "accept_upload", "router"]

router = APIRouter(prefix="/api/library", tags=["libraries"])

BLOCK = 1024 * 1024


class Player(BaseModel):
    """Somebody with a library here. `user_id`: Galaxy's, as text: JavaScript cannot count so far."""

    user_id: str
    name: str
    total_games: int
    installed_games: int
    db_filename: str | None
    db_modified: dt.datetime | None
    uploaded_at: dt.datetime | None


class Named(BaseModel):
    name: Text = Field(min_length=1)


class TakenIn(BaseModel):
    """What became of one player of an upload."""

    user_id: str
    name: str
    state: Literal["accepted", "unchanged", "older"]
    total_games: int
    installed_games: int
    added: int
    changed: int
    removed: int


class Upload(BaseModel):
    """An upload. While `state` is `waiting`, ask again; `code` and `message` say why it was refused, or what came of
    it."""

    upload_id: str
    filename: str
    state: Literal["waiting", "accepted", "unchanged", "older", "refused"]
    message: str
    code: str | None
    players: list[TakenIn]
    seconds: float
    warnings: list[str]


class UploadLine(BaseModel, extra="allow"):
    upload_id: uuid.UUID
    filename: str
    state: str
    message: str | None
    received_at: dt.datetime


class Compared(BaseModel):
    """A game of the answer."""

    release_key: str
    title: str
    slug: str
    platforms: list[str]
    owners: list[str]
    installed: list[str]
    multiplayer: bool | None
    max_players: int | None
    comment: str | None
    url: str | None
    releases: list[str]


class Comparison(BaseModel):
    """`title` says in words what was asked; of `total` games `games` are those from `offset` on."""

    title: str
    users: list[str]
    total: int
    offset: int
    last_updated: str | None
    games: list[Compared]


class Compare(BaseModel, extra="forbid"):
    """What is asked of the libraries."""

    user: list[Name] = Field(default=[], max_length=40, description="Names or ids; nobody: everybody.")
    owned: Owned = "all"
    multiplayer: bool = False
    installed: Installed = "ignore"
    platform: list[Name] = Field(default=[], max_length=20, description="Only what is owned there counts.")
    without: list[Name] = Field(default=[], max_length=20, description="What is owned there does not count.")
    players: int | None = Field(default=None, ge=1, le=100_000, description="Games for so many at least.")
    exclusive: bool = Field(default=False, description="Only games that nobody else owns.")
    hidden: bool = Field(default=False, description="Games of the operator's hidden list, too.")
    sort: Sort = "title"
    reverse: bool = False
    offset: int = Field(default=0, ge=0, le=10_000_000)
    limit: int = Field(default=100, ge=1, le=1000)
    pick: bool = Field(default=False, description="One of the games, by chance.")
    seed: int | None = Field(default=None, ge=0, le=MAX_NUMBER, description="Makes the chance come out the same again.")

    def query(self) -> CompareQuery:
        return CompareQuery(
            users=tuple(self.user),
            owned=self.owned,
            multiplayer_only=self.multiplayer,
            installed=self.installed,
            platforms=tuple(self.platform),
            without_platforms=tuple(self.without),
            min_players=self.players,
            exclusive=self.exclusive,
            hidden=self.hidden,
            sort=self.sort,
            reverse=self.reverse,
            offset=self.offset,
            limit=self.limit,
            pick=self.pick,
            seed=self.seed,
        )


@router.get("/users", response_model=list[Player])
def list_users(request: Request, desk: DeskDep) -> Response:
    """Everybody with a library here."""
    return json_answer(request, list_players(desk.store))


@router.put("/users/{user}/name")
def rename_user(desk: DeskDep, operator: Operator, user: Text, named: Named) -> Player:
    """Call a player (by id, or the name so far) otherwise."""
    try:
        player = name_player(desk.store, user, named.name, operator, f"desk:{uuid.uuid4()}")
    except LibraryError as error:
        raise ProblemError(409, str(error)) from None
    renew_data_file(desk.store, desk.settings)
    return Player.model_validate(player)


# Uploads ------------------------------------------------------------------------------------------------------------


@router.get("/uploads", response_model=list[UploadLine])
def list_recent(request: Request, desk: DeskDep, limit: Limit = 50) -> Response:
    """The newest uploads and what became of each."""
    return json_answer(request, list_uploads(desk.store, limit=limit))


@router.get("/uploads/{upload_id}", response_model=Upload)
def get_upload(request: Request, desk: DeskDep, upload_id: Annotated[uuid.UUID, PathParameter()]) -> Response:
    """How an upload stands."""
    report = desk.intake.report(upload_id)
    if report is None:
        raise ProblemError(404, f"there is no upload {upload_id}")
    return json_answer(request, asdict(report))


@router.post("/uploads", status_code=202)
async def upload(
    desk: DeskDep,
    operator: Operator,
    background: BackgroundTasks,
    response: Response,
    database: Annotated[UploadFile, File(description="galaxy-2.0.db, or a zip with it and its -wal.")],
    name: Annotated[Text | None, Form(description="What the player is called; for a database of one user.")] = None,
) -> Upload:
    """Hand a Galaxy database in. It is taken in at once, in the background: follow it at `Location`."""
    report = await accept_upload(desk, database, name, operator)
    background.add_task(take_in, desk, uuid.UUID(report.upload_id))
    response.headers["Location"] = f"/api/library/uploads/{report.upload_id}"
    return Upload.model_validate(asdict(report))


@router.put(
    "/uploads/raw/{filename}",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload_raw(
    request: Request,
    desk: DeskDep,
    operator: Operator,
    background: BackgroundTasks,
    response: Response,
    filename: Text,
    name: Annotated[Text | None, Query(description="What the player is called; for a database of one user.")] = None,
) -> Upload:
    """The same for scripts: the body is the file, written to the disk as it comes.

    `curl -T galaxy-2.0.db -H 'Content-Type: application/octet-stream' -H "Authorization: Bearer $TOKEN" ADDRESS`
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/octet-stream":
        raise ProblemError(415, "the file as it is, is read here: Content-Type: application/octet-stream")
    try:
        with desk.intake.spool.receiving(filename, desk.intake.max_bytes) as receiver:
            async for block in request.stream():
                await run_in_threadpool(receiver.write, block)
    except GalaxyError as error:
        raise ProblemError(413, f"{filename}: {error}") from None
    report = await run_in_threadpool(desk.intake.announce, receiver.received, operator, name)
    background.add_task(take_in, desk, uuid.UUID(report.upload_id))
    response.headers["Location"] = f"/api/library/uploads/{report.upload_id}"
    return Upload.model_validate(asdict(report))


async def accept_upload(desk: Desk, database: UploadFile, name: str | None, sender: str) -> UploadReport:
    """Put a sent file where uploads wait. Raises `ProblemError`."""
    filename = database.filename or "galaxy-2.0.db"
    try:
        with desk.intake.spool.receiving(filename, desk.intake.max_bytes) as receiver:
            while block := await database.read(BLOCK):
                await run_in_threadpool(receiver.write, block)
    except GalaxyError as error:
        raise ProblemError(413, f"{filename}: {error}") from None
    return await run_in_threadpool(desk.intake.announce, receiver.received, sender, name or None)


def take_in(desk: Desk, upload_id: uuid.UUID) -> None:
    """Take an upload in, and let comparisons know."""
    desk.intake.take_in(upload_id, f"desk:{upload_id}", publish=lambda: renew_data_file(desk.store, desk.settings))


# The comparison -----------------------------------------------------------------------------------------------------


@router.get("/compare", response_model=Comparison)
async def compare_libraries(request: Request, desk: DeskDep, asked: Annotated[Compare, Query()]) -> Response:
    """What people could play together. Answered from memory; the ETag holds while no library changes."""
    library = desk.reader.at_hand()
    if library is None:
        library = await run_in_threadpool(_library, desk)
    try:
        body = compare_json(library, asked.query())
    except LibraryError as error:
        raise ProblemError(404, str(error)) from None
    return tagged(request, body.encode("utf-8", "replace"))


def _library(desk: Desk) -> LibraryIndex:
    """What there is to compare. Raises `ProblemError`."""
    try:
        return desk.reader.current()
    except LibraryError as error:
        raise ProblemError(503, str(error)) from None
