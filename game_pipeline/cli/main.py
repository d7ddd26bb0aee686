"""The root command: global options, the table of commands, and how errors end.

Exit codes: 0 done, 1 the work failed, 2 wrong use. An error is one line on stderr.
"""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path

import click

from game_pipeline.settings import SettingsError

from .context import App, Failed, WrongUse

__all__ = ["main"]

COMMANDS = {
    "up": ("up", "up", "Database, Dagster UI and daemon, desk; one Ctrl-C stops all."),
    "demo": ("demo", "demo", "Two days in the life of a catalogue, on replica sites; then a summary."),
    "desk": ("desk", "desk", "The web app alone: REST API, comparing libraries, uploads."),
    "status": ("status", "status", "Sources' health, queues, last runs, database."),
    "source": (
        "source",
        "source",
        "List, show, probe, pause, resume, close, release, reparse, load, parse.",
    ),
    "import": ("imports", "import_", "Import games by address, or a whole source."),
    "import-catalogue": (
        "import_catalogue",
        "import_catalogue",
        "Take over a catalogue that was there before.",
    ),
    "shadow": ("shadow", "shadow", "What the sources would change, in shadow mode; let it in."),
    "match": ("match", "match", "Match a list of games to another; files alone, no database."),
    "game": ("game", "game", "Find, show, explain, edit, roll back, merge, split and relate games."),
    "person": ("person", "person_", "Who stands behind the credits: list, show, merge, split."),
    "rollback": ("rollback", "rollback", "Take back what an import brought to many games; list, undo."),
    "review": ("review", "review", "Answer the questions that the pipeline cannot."),
    "events": ("events", "events", "The log of everything that changed the catalogue."),
    "replay": ("replay", "replay", "Build the catalogue anew from its events, and compare."),
    "export": ("export", "export", "The whole catalogue as JSON lines, CSV or Parquet."),
    "library": ("library", "library", "Players' Galaxy libraries: upload, users, compare."),
    "data-store": ("data_store", "data_store", "The comparison's data file: rebuild, verify, backup, restore."),
    "webhook": ("webhook", "webhook", "Tell other programs what happened; list, test, deliver, dead letters."),
    "db": ("db", "db", "The database: status and migrations."),
}


class LazyGroup(click.Group):
    """Imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"game_pipeline.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, _, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (default: ./game_pipeline.toml).")
@click.option("--demo", is_flag=True, help="Work on the demo's catalogue, made by `game-pipeline demo`.")
@click.option("-v", "--verbose", is_flag=True, help="Say what is done, page by page, on stderr.")
@click.version_option(package_name="game-pipeline")
@click.pass_context
def root(ctx: click.Context, config: Path | None, demo: bool, verbose: bool) -> None:
    """Keeps one trustworthy catalogue of games out of many unreliable sources."""
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    for handler in logging.getLogger().handlers:
        handler.setLevel(level)  # some libraries set the levels of their own loggers
    ctx.obj = App(config=config, demo=demo)


def main(arguments: list[str] | None = None) -> None:
    """The entry point; ends the process with an exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    for argument in given:
        if not _is_text(argument):
            _end(f"the argument {argument!a} is not text in UTF-8; type it in a terminal set to UTF-8", 2)
    try:
        code = root.main(given, prog_name="game-pipeline", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        sys.exit(2)
    except (click.UsageError, WrongUse, SettingsError) as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "game-pipeline")
        message = error.format_message() if isinstance(error, click.ClickException) else str(error)
        hint = f" (see {command} --help)" if isinstance(error, click.UsageError) else ""
        _end(f"{message}{hint}", 2)
    except click.exceptions.Abort:
        _end("stopped", 130)
    except click.ClickException as error:
        _end(error.format_message(), 1)
    except (Failed, BrokenPipeError) as error:
        _end(" ".join(str(error).split()), 1)
    except KeyboardInterrupt:
        _end("stopped", 130)
    except Exception as error:
        if _is_database_error(error):
            _end(" ".join(str(error).split()), 1)
        if isinstance(error, OSError) and error.filename is not None:
            _end(f"{error.filename}: {error.strerror}", 1)
        logging.getLogger(__name__).info("where it happened", exc_info=True)
        problem = " ".join(f"{type(error).__name__}: {error}".split())
        _end(f"a defect of game-pipeline: {problem}; report it with the output of: game-pipeline --verbose ...", 1)
    sys.exit(code if isinstance(code, int) else 0)


def _is_database_error(error: Exception) -> bool:
    from psycopg import OperationalError

    from game_pipeline.store import DatabaseError

    return isinstance(error, DatabaseError | OperationalError)


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _end(message: str, code: int) -> None:
    print(f"game-pipeline: {message}", file=sys.stderr)
    sys.exit(code)
