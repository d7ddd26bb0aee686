"""Showing how far long work is: a bar with an estimate on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from game_pipeline.store import Store

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["counting", "progress_of"]

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
    with _estimating() as progress:
        task = progress.add_task(source, total=None)
        while not finished.wait(0.3):
            done, total = _counts(store, source, started)
            progress.update(task, completed=done, total=total or None)


def _estimating() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _lines(store: Store, source: str, started: object, finished: threading.Event) -> None:
    click.echo(f"{source}: importing", err=True)
    while not finished.wait(PLAIN_EVERY):
        done, total = _counts(store, source, started)
        click.echo(f"{source}: {done} of {total} pages", err=True)


@contextmanager
def counting(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Show work that counts itself: the body calls what it gets with how many of how many are done."""
    if quiet:
        yield lambda done, total: None
    elif sys.stderr.isatty():
        with _estimating() as progress:
            task = progress.add_task(what, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total or None)
    else:
        said = time.monotonic()

        def say(done: int, total: int) -> None:
            nonlocal said
            if time.monotonic() - said >= PLAIN_EVERY:
                said = time.monotonic()
                click.echo(f"{done} of {total} {what}", err=True)

        yield say
