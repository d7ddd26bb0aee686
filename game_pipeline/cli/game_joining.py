"""`game-pipeline game merge|split|unmerge|relate|unrelate|why|duplicates`: one game or two, what belongs together."""

from __future__ import annotations

import uuid
from typing import Any

import click

from game_pipeline.catalog import (
    RELATIONS,
    JoinError,
    Relation,
    Said,
    curator_for,
    find_duplicates,
    merge_games,
    relate,
    split_game,
    unmerge_game,
    unrelate,
    why_game,
)

from .context import App, Failed, json_option, pass_app, person, print_json, print_table, reason_option
from .deciding import changing
from .game_changes import author_option
from .progress import counting
from .wording import brief

__all__ = ["duplicates", "merge", "relate_", "split", "unmerge", "unrelate_", "why"]


@click.command()
@click.argument("kept", type=int, metavar="A")
@click.argument("merged", type=int, metavar="B")
@reason_option("How you know that they are one game.")
@author_option
@json_option
@pass_app
def merge(app: App, kept: int, merged: int, reason: str, author: str | None, json_: bool) -> None:
    """Games A and B are one: B's records and edits become A's, and B refers to A. Taken back by: game unmerge B."""
    with app.store() as store:
        report = changing(
            app,
            store,
            lambda connection, curator: merge_games(
                connection, curator, kept, merged, author=author or person(), reason=reason
            ),
        )
    if json_:
        print_json(report)
        return
    click.echo(f"game {merged} is game {kept} now, with {report.records} records")
    if report.carried:
        click.echo(f"human edits that went along: {', '.join(report.carried)}")
    for edit in report.lost:
        click.echo(f"both had edited {edit['field']}; not kept: {brief(edit['value'])} (by {edit['author']})")


@click.command()
@click.argument("game_id", type=int, metavar="ID")
@click.argument("records", type=int, nargs=-1, required=True, metavar="RECORD...")
@reason_option("How you know that they are another game.")
@author_option
@json_option
@pass_app
def split(app: App, game_id: int, records: tuple[int, ...], reason: str, author: str | None, json_: bool) -> None:
    """The records (their numbers: game show) are another game; they are not matched with ID again."""
    with app.store() as store:
        report = changing(
            app,
            store,
            lambda connection, curator: split_game(
                connection, curator, game_id, records, author=author or person(), reason=reason
            ),
        )
    if json_:
        print_json(report)
    else:
        again = "again" if report.back else "now"
        click.echo(f"{report.records} records of game {game_id} are game {report.game_id} {again}")


@click.command()
@click.argument("game_id", type=int, metavar="B")
@reason_option("How you know that they are two games.")
@author_option
@json_option
@pass_app
def unmerge(app: App, game_id: int, reason: str, author: str | None, json_: bool) -> None:
    """Take the merge of game B into another back, whenever it was: B is there again, with its records, its edits and
    what has joined its records since. The two are never matched again."""
    with app.store() as store:
        report = changing(
            app,
            store,
            lambda connection, curator: unmerge_game(
                connection, curator, game_id, author=author or person(), reason=reason
            ),
        )
    if json_:
        print_json(report)
    else:
        click.echo(f"game {report.game_id} is there again, with {report.records} records of game {report.split_from}")


@click.command("relate")
@click.argument("game_id", type=int, metavar="A")
@click.argument("kind", type=click.Choice(RELATIONS), metavar="KIND")
@click.argument("of_game", type=int, metavar="B")
@reason_option("How you know.")
@author_option
@pass_app
def relate_(app: App, game_id: int, kind: Relation, of_game: int, reason: str, author: str | None) -> None:
    """Game A is an edition, a demo... of game B, and not the same game; they are not matched with each other again.

    KIND: edition_of, demo_of, dlc_of, translation_of or sequel_of.
    """
    with app.store() as store:
        changing(
            app,
            store,
            lambda connection, curator: relate(
                connection, curator, game_id, kind, of_game, author=author or person(), reason=reason
            ),
        )
    click.echo(f"game {game_id} is {in_words(kind)} game {of_game}")


@click.command("unrelate")
@click.argument("game_id", type=int, metavar="A")
@click.argument("of_game", type=int, metavar="B")
@reason_option("Why it does not hold.")
@author_option
@pass_app
def unrelate_(app: App, game_id: int, of_game: int, reason: str, author: str | None) -> None:
    """Take back what relates games A and B, whoever stated it."""
    with app.store() as store:
        changing(
            app,
            store,
            lambda connection, curator: unrelate(
                connection, curator, game_id, of_game, author=author or person(), reason=reason
            ),
        )
    click.echo(f"game {game_id} and game {of_game} are not related any more")


@click.command()
@click.argument("game_id", type=int, metavar="ID")
@json_option
@pass_app
def why(app: App, game_id: int, json_: bool) -> None:
    """Why the records of a game are one game: each judgement with who made it and on what grounds."""
    with app.store() as store, store.connection() as connection:
        try:
            found = why_game(connection, game_id)
        except JoinError as error:
            raise Failed(str(error)) from None
    if json_:
        print_json(found)
        return
    if found.game_id != game_id:
        click.echo(f"game {game_id} is game {found.game_id} now")
    print_table(
        ("record", "source", "identity", "title", ""),
        [
            (
                row["record_id"],
                row["source"],
                row["identity"],
                row["title"],
                "was the game first" if row["record_id"] == found.founder else "",
            )
            for row in found.records
        ],
        title=f"records of game {found.game_id}",
    )
    for title, judgements in (("one game because", found.holding), ("and also", found.also), ("apart", found.apart)):
        if judgements:
            print_table(("records", "says", "by", "grounds", "score"), [_row(each) for each in judgements], title=title)


@click.command()
@click.option("--ask", is_flag=True, help="Put each pair to a person, in review; else nothing is written.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Of the pairs shown.")
@json_option
@pass_app
def duplicates(app: App, ask: bool, limit: int, json_: bool) -> None:
    """Games that may be in the catalogue twice, the likeliest first; what people told apart is left out."""
    with app.store() as store:
        curator = curator_for(store, app.settings, f"command:{uuid.uuid4()}")
        with counting("games", quiet=json_) as progress:
            report = find_duplicates(store, curator, ask=ask, progress=progress)
    if json_:
        print_json({"games": report.games, "counts": dict(report.counts), "found": report.found[:limit]})
        return
    if not report.found:
        click.echo(f"none of {report.games} games resembles another")
        return
    print_table(
        ("game", "title", "other", "title", "score", "why"),
        [
            (each.game_id, each.title, each.other, each.other_title, each.score, "; ".join(each.why))
            for each in report.found[:limit]
        ],
    )
    asked = f"; {report.counts['asked']} questions asked" if ask else "; to ask people about them: --ask"
    click.echo(f"{len(report.found)} pairs among {report.games} games{asked}")


def _row(said: Said) -> tuple[Any, ...]:
    verdict = said.judgement if said.game is None else f"{said.judgement}, game {said.game}"
    return (f"{said.a} and {said.b}", verdict, said.judged_by, "; ".join(said.details) or said.method, said.score)


def in_words(kind: str, *, inverse: bool = False) -> str:
    """A relation as it is said: the first game is `an edition of` the second, which `has as an edition` the first."""
    name = {"dlc_of": "an addition"}.get(kind, f"{'an' if kind[0] in 'aeiou' else 'a'} {kind.removesuffix('_of')}")
    return f"has {name} in" if inverse else f"{name} of"
