"""`game-pipeline game edit|release|rollback`: what people do to what a game says."""

from __future__ import annotations

import click
from psycopg import Connection
from psycopg.rows import DictRow

from game_pipeline.catalog import (
    EDITABLE,
    Curator,
    EditError,
    RollbackReport,
    edit_field,
    read_value,
    release_field,
    roll_back_game,
)

from .context import App, WrongUse, json_option, pass_app, person, reason_option
from .deciding import agreed, attended, changing, looking
from .rollback import print_rollback

__all__ = ["author_option", "edit", "release", "rollback"]

author_option = click.option("--author", default=None, help="Who does it (default: your user name).")


@click.command()
@click.argument("game_id", type=int, metavar="ID")
@click.argument("field")
@click.argument("value")
@reason_option("What the edit mends, for those who come after.")
@click.option("--author", default=None, help="Who edits (default: your user name).")
@pass_app
def edit(app: App, game_id: int, field: str, value: str, reason: str, author: str | None) -> None:
    """Set FIELD to VALUE for good: it stands over every later import until it is released.

    Lists (credits, tags, urls...) are given as JSON; an empty VALUE deletes the field's value.
    """
    try:
        parsed = read_value(field, value)
    except EditError as error:
        raise WrongUse(str(error)) from None
    with app.store() as store:
        revision = changing(
            app,
            store,
            lambda connection, curator: edit_field(
                connection, curator, game_id, field, parsed, author=author or person(), reason=reason
            ),
        )
    done = "is deleted" if parsed in (None, []) else "is set"
    click.echo(f"game {game_id}: {field} {done}; revision {revision}")


edit.help = f"{edit.help}\n\nFields: {', '.join(EDITABLE)}."


@click.command()
@click.argument("game_id", type=int, metavar="ID")
@click.argument("field")
@reason_option("Why the sources may speak again.")
@click.option("--author", default=None, help="Who releases (default: your user name).")
@pass_app
def release(app: App, game_id: int, field: str, reason: str, author: str | None) -> None:
    """Take an edit back: FIELD follows its sources again."""
    with app.store() as store:
        revision = changing(
            app,
            store,
            lambda connection, curator: release_field(
                connection, curator, game_id, field, author=author or person(), reason=reason
            ),
        )
    click.echo(f"game {game_id}: {field} follows its sources again; revision {revision}")


@click.command()
@click.argument("game_id", type=int, metavar="ID")
@click.option("--to", required=True, type=click.IntRange(1), metavar="N", help="The revision to go back to.")
@click.option("--field", help="Only this field, such as title or descriptions.ru.")
@click.option("--undo-edits", is_flag=True, help="Take later human edits back, too; else they stand.")
@click.option("--preview", is_flag=True, help="Only show what would change.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", default=None, help="Why, for the history.")
@author_option
@json_option
@pass_app
def rollback(
    app: App,
    game_id: int,
    to: int,
    field: str | None,
    undo_edits: bool,
    preview: bool,
    yes: bool,
    reason: str | None,
    author: str | None,
    json_: bool,
) -> None:
    """Bring a game back to what revision N said.

    What was taken back does not return at the next import, unless its page changes again. Later human edits stand.
    """

    def work(connection: Connection[DictRow], curator: Curator) -> RollbackReport:
        return roll_back_game(
            connection,
            curator,
            game_id,
            to,
            author=author or person(),
            reason=reason or f"back to revision {to}",
            field=field,
            undo_edits=undo_edits,
        )

    with app.store() as store:
        asking = attended() and not yes and not json_
        if preview or asking:
            print_rollback(looking(app, store, work), json_, done=False)
        if asking and not preview:
            agreed("Take this back?")
        if not preview:
            print_rollback(changing(app, store, work), json_, done=True)
