"""`game-pipeline events`: the log from which the catalogue is made, to look at and to take along."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .context import App, as_json, json_option, pass_app, print_json, print_table


@click.group()
def events() -> None:
    """The log of everything that changed the catalogue."""


@events.command()
@click.option("-n", "--number", default=20, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--type", "event_type", help="Only this type, such as game.revised.")
@click.option("--game", type=int, help="Only events of this game.")
@click.option("--source", help="Only events of this source.")
@json_option
@pass_app
def tail(app: App, number: int, event_type: str | None, game: int | None, source: str | None, json_: bool) -> None:
    """The newest events, oldest first."""
    from game_pipeline.store.event_log import describe_event, newest_events

    with app.store() as store, store.connection() as connection:
        rows = newest_events(connection, number, event_type=event_type, game_id=game, source=source)
    if json_:
        print_json([describe_event(row) for row in rows])
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
    """All events as JSON lines, in order; those still being committed wait for the next export."""
    from game_pipeline.store.event_log import describe_event, events_after

    with app.store() as store, store.connection() as connection, click.open_file(str(out or "-"), "w", "utf-8") as file:
        for rows in events_after(connection, after):
            for row in rows:
                file.write(json.dumps(as_json(describe_event(row)), ensure_ascii=False) + "\n")


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
