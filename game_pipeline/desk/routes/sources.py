"""How the sources and the receivers of the log are."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from game_pipeline.catalog import pending
from game_pipeline.crawl import source_overview, without_keys
from game_pipeline.desk.answers import json_answer
from game_pipeline.desk.state import DeskDep
from game_pipeline.sources import SOURCES
from game_pipeline.webhooks import webhook_overview

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["sources"])


class SourceLine(BaseModel, extra="allow"):
    """A source and its health. `verified`: its format was seen in a real capture; `needs`: keys that are missing."""

    source: str
    title: str
    home: str
    verified: bool
    enabled: bool
    needs: str | None


class Waiting(BaseModel, extra="allow"):
    """How much of the catalogue waits to be brought up to date."""


class Webhook(BaseModel, extra="allow"):
    """A receiver of the event log."""

    name: str
    state: str


@router.get("/sources", response_model=list[SourceLine])
def list_sources(request: Request, desk: DeskDep) -> Response:
    """Every source: verified, pages, last run, circuit breaker."""
    health = {row["source"]: row for row in source_overview(desk.store, list(SOURCES))}
    return json_answer(request, [_line(desk, name, health.get(name, {})) for name in SOURCES])


def _line(desk: DeskDep, name: str, health: dict[str, Any]) -> dict[str, Any]:
    source = SOURCES[name]
    return {
        **health,
        "source": name,
        "title": source.title,
        "home": source.home,
        "verified": source.verified,
        "enabled": desk.settings.source(name).enabled,
        "needs": without_keys(source, desk.settings),
    }


@router.get("/pending", response_model=Waiting)
def get_pending(request: Request, desk: DeskDep) -> Response:
    """What waits for the next run of the catalogue."""
    return json_answer(request, pending(desk.store, shadow=desk.settings.shadow))


@router.get("/webhooks", response_model=list[Webhook])
def list_webhooks(request: Request, desk: DeskDep) -> Response:
    """Every webhook: state, lag, what waits, dead letters."""
    return json_answer(request, webhook_overview(desk.store, desk.settings.webhooks))
