"""The app, put together: what every request passes, the API's routes, the pages, and what they work with."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles

from game_pipeline.library import Intake, open_reader
from game_pipeline.settings import Settings
from game_pipeline.store import Store

from .guard import BodyLimit, Guard
from .pages import problem_page
from .pages import router as pages
from .problems import PROBLEMS, Problem, add_handlers
from .query import only_known_parameters
from .routes import ROUTERS, reconcile
from .state import Desk
from .token import operator_token

__all__ = ["create_app"]

_ABOUT = """
The catalogue, its review queue and players' libraries. Reading needs nothing; whatever writes needs the operator's
token (`Authorization: Bearer TOKEN`, printed by `game-pipeline desk --show-token`). Errors are problem details
(RFC 9457). Lists go on from `next`; answers carry an ETag.
"""
_HERE = Path(__file__).parent


def create_app(settings: Settings, store: Store, token: str | None = None) -> FastAPI:
    """The app on a catalogue whose schema is up to date. `store` stays the caller's to close. Without a `token` the
    operator's counts."""
    listeners: set[object] = set()

    @asynccontextmanager
    async def alive(app: FastAPI) -> AsyncIterator[None]:
        yield
        app.state.closing.set()

    app = FastAPI(
        title="game_pipeline",
        version=_version(),
        description=_ABOUT,
        lifespan=alive,
        responses=PROBLEMS,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        separate_input_output_schemas=False,
    )
    app.state.desk = Desk(
        settings=settings,
        store=store,
        reader=open_reader(settings, lambda: store),
        intake=Intake(store, settings),
        token=token or operator_token(settings)[0],
    )
    app.state.listeners = listeners
    app.state.closing = threading.Event()
    app.state.routes = [route for router in (*ROUTERS, pages) for route in router.routes]
    for router in ROUTERS:
        # What programs made for any reconciliation service send beside is theirs to know.
        strict = [] if router is reconcile.router else [Depends(only_known_parameters)]
        app.include_router(router, dependencies=strict)
    app.include_router(pages, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    add_handlers(app, problem_page)
    _describe(app)
    largest = settings.library.max_upload_mb * 1024 * 1024 + 64 * 1024  # beside the file a form has its other fields
    uploads = ("/api/library/uploads", "/api/import", "/upload")
    app.add_middleware(BodyLimit, small=settings.desk.max_body_kb * 1024, large=largest, uploads=uploads)
    app.add_middleware(Guard, hosts=("127.0.0.1", "localhost", "[::1]", *settings.desk.hosts))
    return app


def _describe(app: FastAPI) -> None:
    """The OpenAPI document, with the shape of problems among its schemas."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
            schemas = found.setdefault("components", {}).setdefault("schemas", {})
            schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(schema.pop("$defs", {}))
            schemas["Problem"] = schema
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            app.openapi_schema = found
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _version() -> str:
    try:
        return version("game-pipeline")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
