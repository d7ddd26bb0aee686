"""What every command starts from: the settings, the store, and a way to print results for people or programs."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from game_pipeline.settings import CONFIG_VARIABLE, DEFAULT_CONFIG, Settings, config_in_force, load_settings

if TYPE_CHECKING:
    from rich.console import Console

    from game_pipeline.store import Store

__all__ = [
    "App",
    "Failed",
    "WrongUse",
    "as_json",
    "json_option",
    "pass_app",
    "person",
    "print_json",
    "print_table",
    "reason_option",
]


class WrongUse(Exception):
    """The command was used wrongly; ends with exit code 2."""


class Failed(Exception):
    """The work failed; ends with exit code 1."""


@dataclass
class App:
    """One call of the command line."""

    config: Path | None
    demo: bool

    @cached_property
    def config_path(self) -> Path | None:
        """The settings file in force, if any; child processes get it by the environment."""
        if self.demo:
            path = demo_directory() / DEFAULT_CONFIG
            if not path.is_file():
                raise WrongUse("there is no demo here yet; make it with: game-pipeline demo")
            return path
        return config_in_force(self.config)

    @cached_property
    def settings(self) -> Settings:
        from game_pipeline.sources import SOURCES

        settings = load_settings(self.config_path, known_sources=frozenset(SOURCES))
        if self.config_path is not None:
            os.environ[CONFIG_VARIABLE] = str(self.config_path.absolute())
        return settings

    def require_sites(self) -> None:
        """The demo's replica sites run with `up --demo` only; without them say so before a source is blamed."""
        if not self.demo:
            return
        for origin in set(self.settings.crawl.routes.values()):
            address = urlsplit(origin)
            try:
                socket.create_connection((address.hostname or "", address.port or 80), timeout=2).close()
            except OSError:
                raise Failed(
                    "the demo's sites are not served now; start them in another terminal: game-pipeline up --demo"
                ) from None

    @contextmanager
    def store(self) -> Iterator[Store]:
        from game_pipeline.store import open_store

        with open_store(self.settings) as store:
            yield store


def demo_directory() -> Path:
    """Where the demo lives: beside the data of this directory, never among it."""
    return Path.cwd() / ".game_pipeline" / "demo"


pass_app = click.make_pass_decorator(App)

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """`--json`: one document with stable keys instead of a table for people."""
    return click.option("--json", "json_", is_flag=True, help="Print one JSON document.")(command)


def reason_option(help_text: str) -> Callable[[F], F]:
    """`--reason`: asked for, and not blank."""
    return click.option("--reason", required=True, callback=_said, help=help_text)


def _said(ctx: click.Context, option: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("say it in a few words; it is kept", ctx, option)
    return value


def person() -> str:
    """Who is typing, for the record."""
    return os.environ.get("GAME_PIPELINE_AUTHOR") or getpass.getuser()


def as_json(value: Any) -> Any:
    """Plain JSON types from whatever a query or a dataclass holds."""
    if is_dataclass(value) and not isinstance(value, type):
        # Not asdict(): it makes a Counter anew from pairs, and so counts the pairs.
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item) for item in value]
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="seconds")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def print_json(value: Any) -> None:
    click.echo(json.dumps(as_json(value), ensure_ascii=False, indent=2))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None) -> None:
    """A table for people. On a narrow terminal long cells wrap, and where even that would cut words to pieces each row
    is told as a block of lines; in a pipe nothing is cut.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if os.isatty(1) else 200, highlight=False)
    cells = [[_cell(cell) for cell in row] for row in rows]
    needed = [max(map(_needed, column)) for column in zip(headings, *cells, strict=True)]
    if sum(needed) + 3 * len(needed) > console.width + 3:
        _print_blocks(console, headings, cells, title)
        return
    table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False, show_edge=False)
    for heading in headings:
        numeric = bool(rows) and all(isinstance(row[len(table.columns)], int | float) for row in rows)
        table.add_column(
            heading,
            justify="right" if numeric else "left",
            overflow="fold",
            min_width=needed[len(table.columns)],
        )
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)


def _needed(cell: str) -> int:
    """The width without which a cell's words would be cut; addresses and other very long words may be."""
    return min(24, max(map(len, cell.split()), default=0))


def _print_blocks(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]], title: str | None) -> None:
    from rich.padding import Padding
    from rich.text import Text

    if title:
        console.print(Text(title, style="italic"))
    for row in rows:
        # Short cells share a line, long ones have lines of their own.
        lines: list[Text] = []
        room = False
        for heading, cell in zip(headings, row, strict=True):
            if not cell:
                continue
            short = len(cell) <= 24 and "\n" not in cell
            told = Text.assemble((f"{heading}: ", "bold"), cell, overflow="fold")
            if short and room and lines[-1].cell_len + told.cell_len + 4 <= console.width:
                lines[-1] = Text.assemble(lines[-1], "; ", told, overflow="fold")
            else:
                lines.append(told)
            room = short
        for place, line in enumerate(lines):
            console.print(Padding(line, (0, 0, 0, 2 if place else 0), expand=False))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(_cell(item) for item in value)
    return str(value)
