"""`game-pipeline shadow`: what the sources would change in the catalogue, and letting it in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import click

from game_pipeline.catalog import ProposalError, apply_proposal, curator_for, proposed_games, shadow_report

from .context import App, Failed, WrongUse, json_option, pass_app, person, print_json, print_table, reason_option

_WORDS = {
    "same": "games say what their sources say",
    "changed": "games would change",
    "new": "games are known to sources alone",
    "unknown_to_sources": "games of the existing catalogue are known to no source",
    "questions": "questions are open",
}


@click.group()
def shadow() -> None:
    """What the sources would change, in shadow mode; let it in."""


@shadow.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(0, 10_000), help="Examples of each kind.")
@json_option
@pass_app
def report(app: App, limit: int, json_: bool) -> None:
    """How the catalogue and what its sources say differ."""
    with app.store() as store:
        found = shadow_report(store, limit)
    if json_:
        print_json(found)
        return
    if not app.settings.shadow:
        click.echo("shadow mode is off: what is still proposed is applied by the next reconciling", err=True)
    for what, words in _WORDS.items():
        click.echo(f"{found.counts[what]} {words}")
    _table(
        ("field", "filled", "changed", "emptied"),
        [(name, row["filled"], row["changed"], row["emptied"]) for name, row in found.fields.items()],
        "fields that would change, by games",
    )
    _table(
        ("game", "title", "field", "now", "proposed", "sources"),
        [
            (game["game_id"], game["title"], each["field"], _brief(each["old"]), _brief(each["new"]), each["sources"])
            for game in found.changed
            for each in game["changes"]
        ],
        "would change",
    )
    for title, games in (("known to sources alone", found.new), ("known to no source", found.unknown_to_sources)):
        _table(
            ("game", "title", "sources"), [(game["game_id"], game["title"], game["sources"]) for game in games], title
        )


def _table(headings: Sequence[str], rows: Sequence[Sequence[Any]], title: str) -> None:
    if rows:
        print_table(headings, rows, title=title)


def _brief(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else "; ".join(map(_item, value))
    return text if len(text) <= 120 else text[:119] + "…"


def _item(item: Any) -> str:
    return " ".join(str(value) for value in item.values() if value is not None) if isinstance(item, dict) else str(item)


@shadow.command()
@click.option("--game", "games", type=int, multiple=True, metavar="ID", help="This game (may be repeated).")
@click.option("--all", "all_", is_flag=True, help="Everything that is proposed.")
@reason_option("Why it may be let in; kept in the games' history.")
@click.option("--author", default=None, help="Who applies (default: your user name).")
@json_option
@pass_app
def apply(app: App, games: tuple[int, ...], all_: bool, reason: str, author: str | None, json_: bool) -> None:
    """Let games say what is proposed, each in a transaction of its own."""
    if bool(games) == all_:
        raise WrongUse("give either --game ID or --all")
    done: dict[str, list[int]] = {"applied": [], "moved_on": []}
    failed: list[str] = []
    with app.store() as store:
        curator = curator_for(store, app.settings, f"command:{uuid.uuid4()}")
        for game_id in proposed_games(store) if all_ else dict.fromkeys(games):
            try:
                with store.transaction() as connection:
                    outcome = apply_proposal(
                        connection, curator, game_id, author=author or person(), reason=reason.strip()
                    )
            except ProposalError as error:
                failed.append(str(error))
            else:
                done[outcome].append(game_id)
    if json_:
        print_json(done | {"failed": failed})
    else:
        click.echo(f"applied to {len(done['applied'])} games")
        for game_id in done["moved_on"]:
            click.echo(f"game {game_id}: its sources have moved on since; look again: game-pipeline shadow report")
    if failed:
        raise Failed("; ".join(failed))
