"""`game-pipeline rollback`: take back what a source, a run, a parser or a stretch of time brought to many games."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog import (
    Curator,
    GameChange,
    RollbackReport,
    Scope,
    list_rollbacks,
    roll_back,
    undo_rollback,
)

from .context import App, F, WrongUse, json_option, pass_app, person, print_json, print_table, reason_option
from .deciding import Work, changing, looking
from .times import read_time
from .wording import brief, difference, scope_in_words

__all__ = ["print_rollback", "rollback"]

MOST_SHOWN = 100


@click.group()
def rollback() -> None:
    """Take back what an import brought, or take that back again. One game: game-pipeline game rollback."""


def scope_options(command: F) -> F:
    for option in (
        click.option("--until", metavar="TIME", help="Only what came before this time."),
        click.option("--since", metavar="TIME", help="Only what came at this time or later."),
        click.option("--parser-version", type=click.IntRange(1), help="Only what this version of the parser read."),
        click.option("--run", "run_id", help="Only what this import run brought; the beginning of its id is enough."),
        click.option("--source", help="Only what this source brought."),
    ):
        command = option(command)
    return command


@rollback.command()
@scope_options
@json_option
@pass_app
def preview(app: App, /, json_: bool, **scope: Any) -> None:
    """Show what would change, and which human edits stand. Nothing is done."""
    wanted = _scope(**scope)
    with app.store() as store:
        print_rollback(looking(app, store, _work(wanted, "preview")), json_, done=False)


@rollback.command()
@scope_options
@reason_option("Why, for the history of every game.")
@json_option
@pass_app
def apply(app: App, /, json_: bool, reason: str, **scope: Any) -> None:
    """Take it back: one revision a game; it does not come back until the pages change again.

    Look first with: game-pipeline rollback preview. Undone by: game-pipeline rollback undo N.
    """
    wanted = _scope(**scope)
    with app.store() as store:
        print_rollback(changing(app, store, _work(wanted, reason)), json_, done=True)


@rollback.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@json_option
@pass_app
def list_(app: App, limit: int, json_: bool) -> None:
    """What was taken back, the newest first."""
    with app.store() as store:
        rows = list_rollbacks(store, limit)
    if json_:
        print_json(rows)
    elif rows:
        print_table(
            ("rollback", "when", "what", "games", "by", "why", "undone"),
            [
                (
                    row["rollback_id"],
                    row["made_at"],
                    scope_in_words(row["scope"]),
                    row["games"],
                    row["author"],
                    row["reason"],
                    f"by {row['undone_by']}" if row["undone_by"] else "",
                )
                for row in rows
            ],
        )
    else:
        click.echo("nothing was taken back yet")


@rollback.command()
@click.argument("rollback_id", type=int, metavar="N")
@reason_option("Why it was right after all.")
@click.option("--preview", is_flag=True, help="Only show what would change.")
@json_option
@pass_app
def undo(app: App, rollback_id: int, reason: str, preview: bool, json_: bool) -> None:
    """Take a rollback back, as far as nothing newer has come since."""

    def work(connection: Connection[DictRow], curator: Curator) -> RollbackReport:
        return undo_rollback(connection, curator, rollback_id, author=person(), reason=reason)

    do: Callable[[App, Any, Work[RollbackReport]], RollbackReport] = looking if preview else changing
    with app.store() as store:
        print_rollback(do(app, store, work), json_, done=not preview, undone=True)


def _scope(
    source: str | None, run_id: str | None, parser_version: int | None, since: str | None, until: str | None
) -> Scope:
    if not any((source, run_id, parser_version, since, until)):
        raise WrongUse("say what to take back: --source, --run, --parser-version, --since or --until")
    if parser_version is not None and source is None:
        raise WrongUse("--parser-version needs --source: each source has a parser of its own")
    begin, end = (None if text is None else read_time(text) for text in (since, until))
    if begin and end and begin >= end:
        raise WrongUse("--since must be before --until")
    return Scope(source=source, run_id=run_id, parser_version=parser_version, since=begin, until=end)


def _work(scope: Scope, reason: str) -> Work[RollbackReport]:
    return lambda connection, curator: roll_back(connection, curator, scope, author=person(), reason=reason)


def print_rollback(report: RollbackReport, json_: bool, *, done: bool, undone: bool = False) -> None:
    """What a rollback did, or would do."""
    if json_:
        print_json({"done": done} | {name: getattr(report, name) for name in report.__dataclass_fields__})
        return
    rows = [row for change in report.games[:MOST_SHOWN] for row in _rows(change)]
    if rows:
        print_table(("game", "title", "field", "now" if not done else "was", "then" if not done else "is"), rows)
    if report.people:
        told = [
            (person.person_id, brief(person.name), person.source, *_person_sides(each))
            for person in report.people[:MOST_SHOWN]
            for each in person.changes
        ]
        sides = ("was", "is") if done else ("now", "then")
        print_table(("person", "name", "page of", "field", *sides), told)
    if len(report.people) > MOST_SHOWN:
        click.echo(f"... and {len(report.people) - MOST_SHOWN} more people; all of them: --json")
    if len(report.games) > MOST_SHOWN:
        click.echo(f"... and {len(report.games) - MOST_SHOWN} more games; all of them: --json")
    stands = [(change.game_id, edit) for change in report.games for edit in change.edits]
    for game_id, edit in stands[:MOST_SHOWN]:
        when = edit["edited_at"].astimezone()
        click.echo(f"stands: {edit['field']} of game {game_id}, edited by {edit['author']} on {when:%Y-%m-%d}")
    if report.moved_on:
        click.echo(f"{report.moved_on} records are left as they are: their pages have changed again since")
    games = f"{len(report.games)} {'game' if len(report.games) == 1 else 'games'}"
    if report.people:
        games += f" and {len(report.people)} {'page' if len(report.people) == 1 else 'pages'} about people"
    elif report.records and not report.games:  # such as words that were held back all the while
        games += f" ({report.records} {'record' if report.records == 1 else 'records'} heard otherwise)"
    number = report.rollback_id
    if done and undone:
        click.echo(f"rollback {number} is undone: {games} changed")
    elif done:
        click.echo(f"rollback {number}: {games} changed; take that back with: game-pipeline rollback undo {number}")
    else:
        click.echo(f"{games} would change; nothing was done")


def _person_sides(change: dict[str, Any]) -> tuple[str, str, str]:
    """A field of a page about a person, and what went and what came of it."""
    old, new = change["old"], change["new"]
    if not isinstance(old or new, list):
        return change["field"], brief(old), brief(new)
    old, new = old or [], new or []
    gone, came = ([_item(each) for each in one if each not in other] for one, other in ((old, new), (new, old)))
    return change["field"], brief("; ".join(gone)), brief("; ".join(came))


def _item(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    return str(item.get("name") or item.get("url") or item.get("text") or item.get("title"))


def _rows(change: GameChange) -> list[tuple[Any, ...]]:
    head = (change.game_id, brief(change.title))
    rows: list[tuple[Any, ...]] = []
    if change.status != "active":
        rows.append((*head, "status", "", change.status))
    for each in change.changes:
        sides = difference(each["field"], each["old"], each["new"])
        rows.append((*(head if not rows else ("", "")), each["field"], *sides))
    return rows or [(*head, "", "", "")]
