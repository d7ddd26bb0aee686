"""`game-pipeline import-catalogue`: a catalogue that was there before, with what its people had set and when."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .context import App, Failed, WrongUse, json_option, pass_app, person, print_json, print_table

if TYPE_CHECKING:
    from game_pipeline.catalog import AdoptReport
    from game_pipeline.exchange import Problem

PLAIN_EVERY = 10.0
MOST_REFUSED = 1_000  # problems in the document; stderr has all of them, `counts` all lines
_WORDS = {
    "new": ("new", "would be new"),
    "joined": ("joined a game that was there", "would join a game that is there"),
    "changed": ("changed", "would change"),
    "unchanged": ("as they were", "as they are"),
    "edits": ("edits of people set", "edits of people would be set"),
    "questions": ("questions asked", "questions would be asked"),
    "gone": ("not in the file any more, kept", "not in the file any more, to be kept"),
    "refused": ("lines refused", "lines refused"),
    "failed": ("games could not be taken", "games could not be taken"),
}


@click.command("import-catalogue")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--name", default="catalogue", show_default=True, help="What the catalogue is called here.")
@click.option("--dry-run", is_flag=True, help="Only look and tell; nothing is written.")
@click.option(
    "--priority", type=int, help="Rank of its word; the lower wins. Default: as before, else after all sources."
)
@click.option("--skip-bad-lines", is_flag=True, help="Import the good lines of a file that has bad ones.")
@click.option("--author", default=None, help="Who imports (default: your user name).")
@json_option
@pass_app
def import_catalogue(
    app: App,
    file: Path,
    name: str,
    dry_run: bool,
    priority: int | None,
    skip_bad_lines: bool,
    author: str | None,
    json_: bool,
) -> None:
    """Take the games of FILE into the catalogue, each as one game.

    What people had set there stands over every source. Running it again changes only what the file has changed.
    """
    from game_pipeline.catalog import AdoptError, adopt, adoptable, curator_for, recorded_priority
    from game_pipeline.exchange import ExistingFileError, read_existing

    try:
        source = adoptable(name)
    except AdoptError as error:
        raise WrongUse(str(error)) from None
    refused: list[str] = []
    bad_lines = 0

    def refuse(problems: list[Problem]) -> None:
        nonlocal bad_lines
        bad_lines += 1
        for problem in map(str, problems):
            click.echo(problem, err=True)
            if len(refused) < MOST_REFUSED:
                refused.append(problem)

    try:
        games = read_existing(file, skip=refuse if dry_run or skip_bad_lines else None)
        with app.store() as store, _progress(quiet=json_) as progress:
            rank = recorded_priority(store, name) if priority is None else priority
            report = adopt(
                curator_for(store, app.settings, f"command:{uuid.uuid4()}"),
                source,
                games,
                sha256=_digest(file),
                author=author or person(),
                priority=app.settings.catalogue_priority if rank is None else rank,
                dry_run=dry_run,
                progress=progress,
            )
    except ExistingFileError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        raise Failed(
            f"{error.bad_lines} lines of {file.name} are wrong and nothing was imported "
            f"(--skip-bad-lines imports the others)"
        ) from None
    report.counts["refused"] = bad_lines
    if json_:
        print_json(
            {"name": name, "dry_run": dry_run, "counts": {what: report.counts[what] for what in _WORDS}}
            | {
                "examples": report.examples,
                "gone": report.gone,
                "refused": refused,
                "failed": report.failed,
            }
        )
    else:
        _print(report, dry_run=dry_run)
    for failure in report.failed:
        click.echo(failure, err=True)
    wrong = bad_lines + report.counts["failed"]
    if wrong:
        told = f"{wrong} {'game' if wrong == 1 else 'games'} of {file.name}"
        raise Failed(
            f"{told} would not be taken; all others would be"
            if dry_run
            else f"{told} could not be taken; all others were"
        )


def _print(report: AdoptReport, *, dry_run: bool) -> None:
    if report.examples:
        print_table(
            ("game of the file", "title", "what", "game", "why"),
            [(row["id"], row["title"], row["what"], row["game"], row["why"]) for row in report.examples],
        )
    for identity in report.gone:
        click.echo(f"not in the file any more: {identity}")
    if not any(report.counts[what] for what in _WORDS):
        click.echo("the file holds no games")
    for what, (done, planned) in _WORDS.items():
        if report.counts[what]:
            click.echo(f"{report.counts[what]} {planned if dry_run else done}")


def _digest(file: Path) -> str:
    """Of a file, or of all files of a directory, in the order of their names."""
    digest = sha256()
    for path in sorted(file.iterdir()) if file.is_dir() else [file]:
        with path.open("rb") as opened:
            while chunk := opened.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[AdoptReport], None]]:
    """A line now and then on stderr; on a terminal one that is written over."""
    terminal = sys.stderr.isatty()
    told = time.monotonic()

    def tell(report: AdoptReport) -> None:
        nonlocal told
        if quiet or time.monotonic() - told < (0.3 if terminal else PLAIN_EVERY):
            return
        told = time.monotonic()
        done = sum(report.counts[what] for what in ("new", "joined", "changed", "unchanged", "failed"))
        click.echo(f"\r{done} games" if terminal else f"{done} games", err=True, nl=not terminal)

    yield tell
    if terminal and not quiet:
        click.echo("\r", err=True, nl=False)
