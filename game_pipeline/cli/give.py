"""`game-pipeline source load` for documents: files that somebody has become pages of their source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from .context import App, Failed, print_json
from .reparse import read_pages

if TYPE_CHECKING:
    from game_pipeline.changes import GivenPage
    from game_pipeline.parsing import Parser
    from game_pipeline.sources import Source

__all__ = ["load_documents"]

MAX_DOCUMENT = 16 * 1024 * 1024


def load_documents(app: App, source: Source, files: Sequence[Path], *, dry_run: bool, json_: bool) -> None:
    """Take in files as pages of a source, all or, where one cannot be read, none. Raises `Failed`; sends no request.

    A file is known by the identity of its first record: given again, it is a newer version of that page.
    """
    from game_pipeline.changes import offer_pages
    from game_pipeline.crawl import SourceBusy, source_lock
    from game_pipeline.parsing import open_parser

    with open_parser(app.settings.parse) as parser:
        pages = {page.key: page for page in (_page_of(source, file, parser) for file in files)}
    if dry_run:
        if json_:
            print_json({"source": source.name, "documents": sorted(pages)})
        else:
            click.echo(f"{source.name}: {len(pages)} documents can be read; nothing was written")
        return
    run_id = str(uuid4())
    try:
        with app.store() as store, source_lock(store, source.name, run_id), store.transaction() as connection:
            news = offer_pages(connection, source, list(pages.values()), run_id)
    except SourceBusy as error:
        raise Failed(str(error)) from None
    if not json_:
        click.echo(f"{source.name}: {news} documents loaded, {len(pages) - news} as they were")
    read_pages(app, source, (), again=False, json_=json_, more={"documents_loaded": news})


def _page_of(source: Source, file: Path, parser: Parser) -> GivenPage:
    from game_pipeline.changes import GivenPage
    from game_pipeline.model import RecordError
    from game_pipeline.parsing import ParserDefectError, WorkersError
    from game_pipeline.sources import Page, ParseError

    try:
        with file.open("rb") as opened:
            body = opened.read(MAX_DOCUMENT + 1)
    except OSError as error:
        raise Failed(f"{file}: cannot be read: {error.strerror or error}") from None
    if len(body) > MAX_DOCUMENT:
        raise Failed(f"{file}: more than {MAX_DOCUMENT // 1024**2} MiB, which no document of {source.title} has")
    try:
        identity = parser.parse(source, Page(url=source.given_address("document"), body=body))[0].identity
    except (ParseError, RecordError, ParserDefectError, WorkersError) as error:
        raise Failed(f"{file}: {source.name} cannot read it: {error}") from None
    return GivenPage(key=f"given:{identity}", url=source.given_address(identity), body=body)
