"""`game-pipeline library`: Galaxy databases taken in, the players, and what they could play together."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from .context import App, Failed, WrongUse, json_option, pass_app, person, print_json, print_table

if TYPE_CHECKING:
    from game_pipeline.library import CompareResult, LibraryIndex, UploadReport

__all__ = ["library", "show_comparison"]

SORTS = ("title", "players", "owners", "installed", "platforms")


@click.group()
def library() -> None:
    """Players' libraries: upload, users, name, uploads, compare."""


@library.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--name", help="What the player is called; for one FILE with one user in it.")
@json_option
@pass_app
def upload(app: App, files: tuple[Path, ...], name: str | None, json_: bool) -> None:
    """Take in Galaxy databases (galaxy-2.0.db, or a zip with one); a -wal beside a FILE goes with it."""
    if name is not None and len(files) > 1:
        raise WrongUse("--name goes with one FILE")
    reports, taken, failed = _take_in(app, files, name)
    if json_:
        print_json({"uploads": reports, "catalogue": taken})
    else:
        for report in reports:
            if report.state != "refused":
                click.echo(f"{report.filename}: {report.state}: {report.message}")
        click.echo(f"catalogue: {taken.games_new} games new, {taken.games_updated} updated")
    failed += [report.message for report in reports if report.state == "refused"]
    if failed:
        raise Failed("; ".join(failed))


def _take_in(app: App, files: tuple[Path, ...], name: str | None) -> tuple[list[UploadReport], Any, list[str]]:
    from game_pipeline.library import Intake
    from game_pipeline.orchestration.build import build_defs
    from game_pipeline.orchestration.importing import reconcile
    from game_pipeline.orchestration.instance import open_instance
    from game_pipeline.orchestration.library import take_in
    from game_pipeline.store import Store, opened_databases, prepare_schema

    with opened_databases(app.settings) as databases:
        prepare_schema(databases)
        with (
            Store(databases.catalogue_url, pool_size=app.settings.pool_size) as store,
            open_instance(app.settings, databases) as instance,
        ):
            intake = Intake(store, app.settings)
            waiting = [intake.send(path, person(), name, run_id="command line") for path in files]
            defs = build_defs(app.settings)
            failed = take_in(defs, instance, intake, [UUID(report.upload_id) for report in waiting])
            taken = reconcile(defs, instance, store)
            reports = [report for each in waiting if (report := intake.report(UUID(each.upload_id)))]
    if taken.failed:
        failed.append(f"the catalogue was not brought up to date: {taken.failed}")
    return reports, taken, failed


@library.command()
@json_option
@pass_app
def users(app: App, json_: bool) -> None:
    """Everybody with a library here."""
    from game_pipeline.library import list_players

    with app.store() as store:
        rows = list_players(store)
    if json_:
        print_json(rows)
    elif rows:
        print_table(
            ("user", "name", "games", "installed", "database", "of", "uploaded"),
            [
                (
                    row["user_id"],
                    row["name"],
                    row["total_games"],
                    row["installed_games"],
                    row["db_filename"],
                    row["db_modified"],
                    row["uploaded_at"],
                )
                for row in rows
            ],
        )
    else:
        click.echo("nobody has a library here yet; game-pipeline library upload galaxy-2.0.db --name NAME")


@library.command("name")
@click.argument("user")
@click.argument("name")
@json_option
@pass_app
def name_(app: App, user: str, name: str, json_: bool) -> None:
    """Call USER (an id, or the name so far) NAME from now on."""
    from uuid_utils.compat import uuid7

    from game_pipeline.library import LibraryError, name_player, renew_data_file

    with app.store() as store:
        try:
            player = name_player(store, user, name, person(), str(uuid7()))
        except LibraryError as error:
            raise Failed(str(error)) from None
        renew_data_file(store, app.settings)
    if json_:
        print_json(player)
    else:
        click.echo(f"{player['user_id']} is called {player['name']}")


@library.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@json_option
@pass_app
def uploads(app: App, limit: int, json_: bool) -> None:
    """The newest uploads, and what became of each."""
    from game_pipeline.library import list_uploads

    with app.store() as store:
        rows = list_uploads(store, limit=limit)
    if json_:
        print_json(rows)
    elif rows:
        print_table(
            ("file", "by", "received", "state", "what became of it"),
            [(row["filename"], row["sender"], row["received_at"], row["state"], row["message"]) for row in rows],
        )
    else:
        click.echo("nothing was uploaded yet")


@library.command("compare")
@click.argument("users", nargs=-1)
@click.option("--any", "any_", is_flag=True, help="Games that any of USERS owns, not only those that all do.")
@click.option("--multiplayer", is_flag=True, help="Only games for several players.")
@click.option("--installed", type=click.Choice(["ignore", "all", "any", "none"]), default="ignore", help="By whom.")
@click.option("--platform", "platforms", multiple=True, help="Only what is owned there counts (may be repeated).")
@click.option("--without", "without", multiple=True, help="What is owned there does not count (may be repeated).")
@click.option("--players", "min_players", type=click.IntRange(1), help="Games for so many at least.")
@click.option("--exclusive", is_flag=True, help="Only games that nobody else owns.")
@click.option("--hidden", is_flag=True, help="Games of the operator's hidden list, too.")
@click.option("--sort", type=click.Choice(SORTS), default="title", show_default=True)
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--offset", default=0, type=click.IntRange(0), help="Leave out so many of the first.")
@click.option("--pick", is_flag=True, help="One of the games, by chance.")
@click.option("--seed", type=int, help="Makes the chance come out the same again.")
@json_option
@pass_app
def compare_(
    app: App,
    users: tuple[str, ...],
    any_: bool,
    multiplayer: bool,
    installed: Any,
    platforms: tuple[str, ...],
    without: tuple[str, ...],
    min_players: int | None,
    exclusive: bool,
    hidden: bool,
    sort: Any,
    reverse: bool,
    limit: int,
    offset: int,
    pick: bool,
    seed: int | None,
    json_: bool,
) -> None:
    """What USERS (names or ids; nobody named: everybody) could play together. Answered from the data file."""
    from game_pipeline.library import CompareQuery, LibraryError, compare

    query = CompareQuery(
        users=users,
        owned="any" if any_ else "all",
        multiplayer_only=multiplayer,
        installed=installed,
        platforms=platforms,
        without_platforms=without,
        min_players=min_players,
        exclusive=exclusive,
        hidden=hidden,
        sort=sort,
        reverse=reverse,
        limit=limit,
        offset=offset,
        pick=pick,
        seed=seed,
    )
    try:
        result = compare(_index(app), query)
    except LibraryError as error:
        raise Failed(str(error)) from None
    if json_:
        print_json(result)
    else:
        show_comparison(result)


def _index(app: App) -> LibraryIndex:
    """The library as the data file has it; PostgreSQL is started only where the file and its backups are broken."""
    from game_pipeline.library import open_reader

    with ExitStack() as stack:
        return open_reader(app.settings, lambda: stack.enter_context(app.store())).current()


def show_comparison(result: CompareResult) -> None:
    """A comparison as a table for people, under its title."""
    if result.games:
        print_table(
            ("game", "where", "owned by", "installed by", "players", "comment"),
            [
                (
                    game.title,
                    game.platforms,
                    game.owners,
                    game.installed,
                    game.max_players or ("several" if game.multiplayer else None),
                    game.comment,
                )
                for game in result.games
            ],
            title=result.title,
        )
    else:
        click.echo(result.title)
    left = result.total - result.offset - len(result.games)
    if left > 0 and len(result.games) > 1:
        click.echo(f"and {left} more; see --offset and --limit")
