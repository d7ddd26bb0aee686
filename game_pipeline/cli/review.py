"""`game-pipeline review`: the questions for people, and their answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, get_args

import click

from game_pipeline.catalog import QuestionKind, accept, list_review, reject, show_review

from .context import App, Failed, json_option, pass_app, person, print_json, print_table, reason_option
from .deciding import changing
from .wording import brief, difference


@click.group()
def review() -> None:
    """Answer the questions that the pipeline cannot."""


@review.command("list")
@click.option("--kind", type=click.Choice(get_args(QuestionKind)), help="Only questions of this kind.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@json_option
@pass_app
def list_(app: App, kind: QuestionKind | None, limit: int, json_: bool) -> None:
    """Open questions, the most important first."""
    with app.store() as store:
        items = list_review(store, kind=kind, limit=limit)
    if json_:
        print_json(items)
    elif items:
        print_table(
            ("item", "kind", "game", "question", "since"),
            [(row["item_id"], row["kind"], row["game_id"], row["summary"], row["opened_at"]) for row in items],
        )
    else:
        click.echo("nothing is asked")


@review.command()
@click.argument("item_id", type=int, metavar="N")
@json_option
@pass_app
def show(app: App, item_id: int, json_: bool) -> None:
    """One question with everything that speaks for and against."""
    with app.store() as store:
        item = show_review(store, item_id)
    if item is None:
        raise Failed(f"no review item {item_id}; see: game-pipeline review list")
    if json_:
        print_json(item)
        return
    click.echo(f"{item['item_id']} ({item['kind']}, {item['state']}): {item['summary']}")
    for evidence in item["proposal"].get("evidence", []):
        sides = " / ".join(dict.fromkeys(side or "—" for side in (evidence["ours"], evidence["theirs"])))
        click.echo(f"  {evidence['detail']}" + (f": {sides}" if sides != "—" else ""))
    for side in item["proposal"].get("sides", []):
        click.echo(f"  {', '.join(by['source'] for by in side['sources'])}: {side['value']}")
    for field in item["proposal"].get("fields", []):
        old, new = difference(field["field"], field["old"], field["new"])
        click.echo(f"  {field['field']}: {field['why']}\n    now:  {old}\n    then: {new}")
    _print_pages(item)


def _print_pages(item: dict[str, Any]) -> None:
    """Whose words are held back; of a change of many games also what they are."""
    pages = item.get("pages", [])
    if item["kind"] == "mass":
        rows = [
            (page["game_id"], brief(page["title"]), each["field"], *difference(**each))
            for page in pages
            for each in page.get("fields") or [{"field": page["change"], "old": None, "new": None}]
        ]
        print_table(("game", "title", "field", "now", "then"), rows)
        unshown = len(item["proposal"]["records"]) - len(pages)
        if unshown:
            click.echo(f"... and {unshown} more pages")
        click.echo(f"brought by run {', '.join(dict.fromkeys(page['run_id'] for page in pages))}")
        return
    for page in pages:
        click.echo(f"  {page['change']} by {page['source']} run {page['run_id']}: {page['url']}")


@review.command("accept")
@click.argument("item_id", type=int, metavar="N")
@click.option("--reason", default="", help="Why, for the record.")
@click.option("--game", type=int, metavar="ID", help="Of a match: another of the games shown.")
@pass_app
def accept_(app: App, item_id: int, reason: str, game: int | None) -> None:
    """Yes: join the match, make one of two games, take the suggestion, confirm the value that stands, apply what was
    held back."""
    _answer(app, partial(accept, game_id=game), item_id, reason)


@review.command("reject")
@click.argument("item_id", type=int, metavar="N")
@reason_option("Why not; kept with the answer.")
@pass_app
def reject_(app: App, item_id: int, reason: str) -> None:
    """No: none of the games shown, two games for ever, keep the edit, leave out what was held back."""
    _answer(app, reject, item_id, reason)


def _answer(app: App, verdict: Callable[..., str], item_id: int, reason: str) -> None:
    with app.store() as store:
        click.echo(
            changing(
                app,
                store,
                lambda connection, curator: verdict(connection, curator, item_id, author=person(), reason=reason),
            )
        )
