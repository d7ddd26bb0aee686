"""The event log: read page by page, or live as server-sent events."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from game_pipeline.desk.answers import MAX_NUMBER, Cursor, Limit, json_answer
from game_pipeline.desk.problems import ProblemError
from game_pipeline.desk.state import Desk, DeskDep
from game_pipeline.store import Store
from game_pipeline.store.event_log import events_after, settled_position

__all__ = ["router"]

router = APIRouter(prefix="/api/events", tags=["events"])

LOOK_EVERY = 1.0
"""Seconds between two looks at the log."""
BEAT_EVERY = 15.0
MOST_LISTENERS = 32


class EventLine(BaseModel, extra="allow"):
    """An event. docs/events.md describes the payload of each type."""

    position: int
    event_id: str
    event_type: str
    recorded_at: dt.datetime
    actor: str
    payload: dict[str, Any]


class Events(BaseModel):
    events: list[EventLine]
    next: int


@router.get("", response_model=Events)
def list_events(request: Request, desk: DeskDep, cursor: Cursor = 0, limit: Limit = 100) -> Response:
    """Events in their order, none of them before one that is still being committed. `next` is there on the last page,
    too: ask again later with it."""
    rows = _read(desk.store, cursor, limit)
    last = rows[-1]["position"] if rows else cursor
    return json_answer(request, {"events": rows, "next": last})


@router.get("/live", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def live(
    request: Request,
    desk: DeskDep,
    last_event_id: Annotated[str | None, Header(max_length=20, pattern=r"^\d*$")] = None,
    after: Annotated[int | None, Query(ge=0, le=MAX_NUMBER, description="The position to go on behind.")] = None,
) -> StreamingResponse:
    """What happens from now on, or from a position on, as server-sent events; `id` is the position."""
    listeners: set[object] = request.app.state.listeners
    if len(listeners) >= MOST_LISTENERS:
        raise ProblemError(503, f"{MOST_LISTENERS} listen already; try again later", {"Retry-After": "30"})
    start = int(last_event_id) if last_event_id else after
    if start is None or start > MAX_NUMBER:
        start = await run_in_threadpool(_newest, desk.store)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_told(request, desk, start, listeners), media_type="text/event-stream", headers=headers)


async def _told(request: Request, desk: Desk, position: int, listeners: set[object]) -> AsyncIterator[str]:
    me = object()
    listeners.add(me)
    quiet = 0.0
    try:
        yield ": listening\n\n"
        while not await request.is_disconnected() and not request.app.state.closing.is_set():
            rows = await run_in_threadpool(_read, desk.store, position, 200)
            for row in rows:
                position = row["position"]
                data = json.dumps(jsonable_encoder(row), ensure_ascii=False)
                yield f"id: {position}\nevent: {row['event_type']}\ndata: {data}\n\n"
            quiet = 0.0 if rows else quiet + LOOK_EVERY
            if quiet >= BEAT_EVERY:
                yield ": still here\n\n"
                quiet = 0.0
            if not rows:
                await asyncio.sleep(LOOK_EVERY)
    finally:
        listeners.discard(me)


def _read(store: Store, after: int, limit: int) -> list[dict[str, Any]]:
    with store.connection() as connection:
        return next(iter(events_after(connection, after, batch=limit)), [])


def _newest(store: Store) -> int:
    with store.connection() as connection:
        return settled_position(connection)
