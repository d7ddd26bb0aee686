"""`game-pipeline data-store`: the file that comparisons are answered from; made anew, verified, kept, restored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .context import App, Failed, json_option, pass_app, print_json, print_table

if TYPE_CHECKING:
    from game_pipeline.library import BackupInfo


@click.group("data-store")
def data_store() -> None:
    """The data file of the comparison: rebuild, verify, backup, restore."""


@data_store.command()
@click.option("--from-uploads", is_flag=True, help="From the kept Galaxy databases instead of PostgreSQL.")
@json_option
@pass_app
def rebuild(app: App, from_uploads: bool, json_: bool) -> None:
    """Make the data file anew. The one before becomes the newest backup."""
    from game_pipeline.library import data_file_of, rebuild_from_uploads, renew_data_file

    if from_uploads:
        try:
            written = rebuild_from_uploads(app.settings)
        except LookupError as error:
            raise Failed(str(error)) from None
    else:
        with app.store() as store:
            written = renew_data_file(store, app.settings)
    now = data_file_of(app.settings).versions()[0]
    if json_:
        print_json({"written": written, "file": _plain(now)})
    elif written:
        click.echo(f"{now.path}: {now.users} players, {now.games} releases, {now.size} bytes")
    else:
        click.echo(f"{now.path}: says so already; nothing was written")


@data_store.command("verify")
@json_option
@pass_app
def verify_(app: App, json_: bool) -> None:
    """Is the file whole, and does it say what the database says? Names each difference; exit 1 where there is one."""
    from game_pipeline.library import verify

    with app.store() as store:
        found = verify(store, app.settings)
    if json_:
        print_json(
            {
                "path": found.path,
                "good": found.good,
                "problem": found.problem,
                "users": found.users,
                "games": found.games,
                "differences": found.differences,
                "backups": [_plain(info) for info in found.backups],
            }
        )
    else:
        for difference in found.differences:
            click.echo(difference)
        _show(found.backups)
    if not found.good:
        raise Failed(
            f"{found.problem or f'{found.path}: {len(found.differences)} differences from the database'}; "
            "make it anew with: game-pipeline data-store rebuild"
        )
    if not json_:
        click.echo(f"{found.path}: {found.users} players, {found.games} releases, as the database has them")


@data_store.command()
@json_option
@pass_app
def backup(app: App, json_: bool) -> None:
    """Keep the file as it is now as its newest backup."""
    from game_pipeline.library import DocumentError, data_file_of

    try:
        path = data_file_of(app.settings).back_up()
    except DocumentError as error:
        raise Failed(str(error)) from None
    if json_:
        print_json({"backup": str(path)})
    else:
        click.echo(str(path))


@data_store.command()
@click.argument("number", required=False, type=click.IntRange(1), metavar="[N]")
@json_option
@pass_app
def restore(app: App, number: int | None, json_: bool) -> None:
    """Make backup N the file again; without N the newest good one. A good file becomes a backup first."""
    from game_pipeline.library import DocumentError, data_file_of

    try:
        chosen = data_file_of(app.settings).restore(number)
    except DocumentError as error:
        raise Failed(str(error)) from None
    if json_:
        print_json({"restored": _plain(chosen)})
    else:
        click.echo(f"restored from {chosen.path.name}: written {chosen.last_updated}, {chosen.users} players")


def _plain(info: BackupInfo) -> dict[str, Any]:
    return {
        "number": info.number,
        "path": str(info.path),
        "size": info.size,
        "last_updated": info.last_updated,
        "users": info.users,
        "games": info.games,
        "problem": info.problem,
    }


def _show(backups: tuple[BackupInfo, ...]) -> None:
    if backups:
        print_table(
            ("backup", "written", "players", "releases", "bytes", "problem"),
            [(info.number, info.last_updated, info.users, info.games, info.size, info.problem) for info in backups],
        )
