"""Showing how far long work is: a bar with an estimate on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from game_pipeline.store import Store

if TYPE_CHECKING:
    from rich.progress import Progress, Task

    from game_pipeline.crawl import Progress as SourceProgress

__all__ = ["counting", "progress_of"]

PLAIN_EVERY = 10.0


@contextmanager
def progress_of(store: Store, source: str, *, quiet: bool = False) -> Iterator[None]:
    """Show the progress of a source's import on stderr while the body runs."""
    if quiet:
        yield
        return
    finished = threading.Event()
    show = _bar if sys.stderr.isatty() else _lines
    thread = threading.Thread(target=show, args=(store, source, finished), daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join(5)


def _under_way(store: Store, source: str) -> Sequence[SourceProgress]:
    from psycopg import OperationalError

    from game_pipeline.crawl import source_progress

    try:
        return source_progress(store, source)
    except OperationalError:  # the import itself says what that means
        return ()


def _bar(store: Store, source: str, finished: threading.Event) -> None:
    with _estimating() as progress:
        task = progress.add_task(source, total=None)
        while not finished.wait(0.5):
            for now in _under_way(store, source):
                if now.listing is not None:
                    progress.update(task, description=f"{source}, {now.in_words}")
                else:
                    total = now.done + now.left
                    progress.update(task, description=source, completed=now.done, total=total or None)


def _lines(store: Store, source: str, finished: threading.Event) -> None:
    click.echo(f"{source}: importing", err=True)
    while not finished.wait(PLAIN_EVERY):
        for now in _under_way(store, source):
            click.echo(f"{source}: {now.in_words}", err=True)


def _estimating() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{60 * task.speed:.0f} a minute" if task.speed else "")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


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
