"""Showing how far an import is: a bar with an estimate on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from game_pipeline.store import Store

__all__ = ["progress_of"]

_COUNTS = """
SELECT count(*) FILTER (WHERE state NOT IN ('pending', 'leased')) AS done, count(*) AS total
FROM import_task WHERE source = %s AND (state IN ('pending', 'leased') OR finished_at >= %s)
"""
PLAIN_EVERY = 10.0


@contextmanager
def progress_of(store: Store, source: str, *, quiet: bool = False) -> Iterator[None]:
    """Show the progress of a source's tasks on stderr while the body runs."""
    if quiet:
        yield
        return
    row = store.row("SELECT clock_timestamp() AS now")
    started = row["now"] if row else None
    finished = threading.Event()
    show = _bar if sys.stderr.isatty() else _lines
    thread = threading.Thread(target=show, args=(store, source, started, finished), daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join(5)


def _counts(store: Store, source: str, started: object) -> tuple[int, int]:
    row = store.row(_COUNTS, (source, started))
    return (row["done"], row["total"]) if row else (0, 0)


def _bar(store: Store, source: str, started: object, finished: threading.Event) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task(source, total=None)
        while not finished.wait(0.3):
            done, total = _counts(store, source, started)
            progress.update(task, completed=done, total=total or None)


def _lines(store: Store, source: str, started: object, finished: threading.Event) -> None:
    click.echo(f"{source}: importing", err=True)
    while not finished.wait(PLAIN_EVERY):
        done, total = _counts(store, source, started)
        click.echo(f"{source}: {done} of {total} pages", err=True)
