"""The whole catalogue out, and a catalogue that was there before in."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from game_pipeline.catalog import AdoptError, adopt, adoptable, curator_for, recorded_priority
from game_pipeline.desk.problems import ProblemError
from game_pipeline.desk.state import Desk, DeskDep, Operator
from game_pipeline.exchange import ExistingFileError, ExportFormat, export_catalogue, export_place, read_existing

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["exchange"])


class Imported(BaseModel):
    """What came of an import, or would. docs/import-catalogue.md describes the file."""

    dry_run: bool
    counts: dict[str, int]
    examples: list[dict[str, Any]]
    gone: list[str]
    refused: list[str]
    failed: list[str]


@router.get(
    "/export/{form}",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
def export(desk: DeskDep, form: Annotated[ExportFormat, PathParameter()]) -> FileResponse:
    """Every active game as of one moment, as a zip of files with a manifest (docs/export.md)."""
    directory = Path(tempfile.mkdtemp(prefix="export-", dir=_scratch(desk)))
    try:
        with export_place(directory / "files", form) as place:
            export_catalogue(desk.store, place, form)
        packed = directory / f"catalogue-{form}.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted((directory / "files").rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(directory / "files"))
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    ended = BackgroundTask(shutil.rmtree, directory, ignore_errors=True)
    return FileResponse(packed, media_type="application/zip", filename=packed.name, background=ended)


@router.post(
    "/import",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        }
    },
)
async def import_games(
    request: Request,
    desk: DeskDep,
    operator: Operator,
    name: Annotated[
        str, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="What the catalogue is called here.")
    ] = "catalogue",
    dry_run: Annotated[bool, Query(description="Only look and tell; nothing is written.")] = True,
) -> Imported:
    """Take the games of an existing catalogue in, given as JSON lines (application/x-ndjson)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-ndjson", "application/jsonl"):
        raise ProblemError(415, "JSON lines are read here: Content-Type: application/x-ndjson")
    with tempfile.TemporaryDirectory(prefix="import-", dir=_scratch(desk)) as directory:
        file = Path(directory) / "games.jsonl"
        digest = sha256()
        with file.open("wb") as opened:
            async for block in request.stream():
                digest.update(block)
                opened.write(block)
        return await run_in_threadpool(_take_in, desk, file, digest.hexdigest(), name, operator, dry_run=dry_run)


def _take_in(desk: Desk, file: Path, digest: str, name: str, operator: str, *, dry_run: bool) -> Imported:
    refused: list[str] = []
    try:
        source = adoptable(name)
        rank = recorded_priority(desk.store, name)
        report = adopt(
            curator_for(desk.store, desk.settings, f"desk:{digest[:16]}"),
            source,
            read_existing(file, skip=(lambda problems: refused.extend(map(str, problems))) if dry_run else None),
            sha256=digest,
            author=operator,
            priority=desk.settings.catalogue_priority if rank is None else rank,
            dry_run=dry_run,
        )
    except AdoptError as error:
        raise ProblemError(409, str(error)) from None
    except ExistingFileError as error:
        said = "; ".join(map(str, error.problems[:5]))
        raise ProblemError(422, f"{error.bad_lines} lines are wrong and nothing was imported: {said}") from None
    return Imported(
        dry_run=dry_run,
        counts=dict(report.counts),
        examples=report.examples,
        gone=report.gone,
        refused=refused,
        failed=report.failed,
    )


def _scratch(desk: Desk) -> Path:
    """On the disk that holds the data, which has room for them."""
    place = desk.settings.data_dir / "desk"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place
