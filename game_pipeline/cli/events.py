"""`game-pipeline events`: the log from which the catalogue is made, to look at and to take along."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .context import App, Failed, WrongUse, as_json, json_option, pass_app, print_json, print_table
from .times import read_month

if TYPE_CHECKING:
    from game_pipeline.store.archive import ArchivedMonth


@click.group()
def events() -> None:
    """The log of everything that changed the catalogue."""


@events.command()
@click.option("-n", "--number", default=20, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--type", "event_type", help="Only this type, such as game.revised.")
@click.option("--game", type=click.IntRange(1, 2**63 - 1), metavar="ID", help="Only events of this game.")
@click.option("--source", help="Only events of this source.")
@json_option
@pass_app
def tail(app: App, number: int, event_type: str | None, game: int | None, source: str | None, json_: bool) -> None:
    """The newest events, oldest first."""
    from game_pipeline.store.event_log import newest_events
    from game_pipeline.store.event_types import EVENT_TYPES

    if event_type is not None and event_type not in EVENT_TYPES:
        near = difflib.get_close_matches(event_type, EVENT_TYPES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "they are listed by: game-pipeline events types"
        raise WrongUse(f"no type of event {event_type!r}; {hint}")
    with app.store() as store, store.connection() as connection:
        rows = newest_events(connection, number, event_type=event_type, game_id=game, source=source)
    if json_:
        print_json(rows)
        return
    print_table(
        ("position", "when", "event", "stream", "version", "source", "by"),
        [
            (
                row["position"],
                row["recorded_at"],
                row["event_type"],
                row["stream"],
                row["stream_version"],
                row["source"],
                row["actor"],
            )
            for row in rows
        ],
    )


@events.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file (default: stdout).")
@click.option("--after", default=0, show_default=True, help="Begin after this position.")
@pass_app
def export(app: App, out: Path | None, after: int) -> None:
    """All events as JSON lines, in order, archived ones included; those still being committed wait for the next one."""
    from game_pipeline.store.archive import ArchiveError, whole_log

    try:
        with (
            app.store() as store,
            store.transaction() as connection,
            click.open_file(str(out or "-"), "w", "utf-8") as file,
        ):
            for rows in whole_log(connection, app.settings.archive_dir, after=after):
                for row in rows:
                    file.write(json.dumps(as_json(row), ensure_ascii=False) + "\n")
    except ArchiveError as error:
        raise Failed(str(error)) from None


@events.command()
@click.option("--before", required=True, metavar="YYYY-MM", help="Months before this one (UTC).")
@json_option
@pass_app
def archive(app: App, before: str, json_: bool) -> None:
    """Move old months out of the database into compressed files; replay and export read them there."""
    from game_pipeline.store import opened_databases, owner_connection, prepare_schema
    from game_pipeline.store.archive import ArchiveError, archive_months

    bound = read_month(before)
    directory = app.settings.archive_dir
    done: list[ArchivedMonth] = []
    failure: str | None = None
    with opened_databases(app.settings) as databases:
        prepare_schema(databases)
        with owner_connection(databases.owner_url) as connection:
            try:
                for month in archive_months(connection, directory, bound):
                    done.append(month)
                    if not json_:
                        click.echo(f"{month.month:%Y-%m}: {month.events} events are now in {directory / month.file}")
                row = connection.execute("SELECT count(*) FROM import_event_default").fetchone()
            except ArchiveError as error:
                failure, row = str(error), None
    strays = row[0] if row else None
    if json_:
        print_json({"archived": done, "directory": str(directory), "in_default_partition": strays})
    elif not done and failure is None:
        click.echo(f"no events before {before} are in the database")
    if strays and not json_:
        click.echo(f"{strays} events lie in the default partition, which is not archived")
    if failure:
        raise Failed(failure)


@events.command()
@json_option
@pass_app
def stats(app: App, json_: bool) -> None:
    """How many events of each type there are, and what each means."""
    from game_pipeline.store.event_types import EVENT_TYPES

    with app.store() as store:
        counts = store.rows(
            "SELECT event_type, count(*) AS events, min(recorded_at) AS first, max(recorded_at) AS last "
            "FROM import_event GROUP BY event_type ORDER BY event_type"
        )
        archived = store.row("SELECT count(*) AS months, sum(events) AS events FROM event_archive")
    if json_:
        print_json(counts)
        return
    print_table(
        ("event", "number", "first", "last", "meaning"),
        [
            (row["event_type"], row["events"], row["first"], row["last"], EVENT_TYPES[row["event_type"]].meaning)
            for row in counts
        ],
    )
    if archived and archived["months"]:
        click.echo(f"archived earlier and not counted here: events {archived['events']}, months {archived['months']}")


@events.command()
@click.option("--markdown", is_flag=True, help="As the page docs/events.md.")
@json_option
@pass_app
def types(app: App, markdown: bool, json_: bool) -> None:
    """Every type of event: its version, its meaning and the schema of its payload. Needs no database."""
    from game_pipeline.store.event_docs import event_types_page
    from game_pipeline.store.event_types import EVENT_TYPES

    if markdown:
        click.echo(event_types_page(), nl=False)
    elif json_:
        print_json(
            {
                name: {"version": known.version, "meaning": known.meaning, "payload": known.schema()}
                for name, known in EVENT_TYPES.items()
            }
        )
    else:
        rows = [(name, known.version, known.meaning) for name, known in EVENT_TYPES.items()]
        print_table(("event", "version", "meaning"), rows)
