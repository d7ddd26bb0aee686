"""`game-pipeline game`: find, show, history; what changes a game is in `game_changes`."""

from __future__ import annotations

from typing import Any

import click

from game_pipeline.catalog import find_games, game_at, game_history, living_game, show_game

from .context import App, Failed, json_option, pass_app, print_json, print_table
from .game_changes import edit, release, rollback
from .game_joining import duplicates, in_words, merge, relate_, split, unmerge, unrelate_, why
from .times import read_time
from .wording import (
    because,
    brief,
    difference,
    edited_in_words,
    fields_of,
    imported,
    parts_in_words,
    sides_in_words,
    told,
)


@click.group()
def game() -> None:
    """Find and show games, their history; edit, roll back, merge, split and relate them."""


@game.command()
@click.argument("text")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@json_option
@pass_app
def find(app: App, text: str, limit: int, json_: bool) -> None:
    """Games whose title holds or resembles TEXT; all of them if it is empty."""
    with app.store() as store:
        found = find_games(store, text.strip(), limit)
    if json_:
        print_json(found)
    elif found:
        print_table(
            ("id", "title", "released", "authors", "sources"),
            [(item.game_id, item.title, item.release_date, item.authors, item.sources) for item in found],
        )
    else:
        raise Failed(f"no game resembles “{brief(text)}”" if text.strip() else "the catalogue holds no games yet")


@game.command()
@click.argument("game_id", type=int, metavar="ID")
@click.option("--at", metavar="TIME", help="As it stood at this time.")
@json_option
@pass_app
def show(app: App, game_id: int, at: str | None, json_: bool) -> None:
    """One game: every field with where its value comes from. A number that was merged leads to the game it became."""
    moment = read_time(at) if at is not None else None
    asked = game_id
    with app.store() as store:
        if moment is None:
            game_id = living_game(store, game_id) or game_id
        found = show_game(store, game_id) if moment is None else game_at(store, game_id, moment)
    if found is None:
        when = f" at {at}" if at else ""
        raise Failed(f"no game {game_id}{when}; look it up with: game-pipeline game find TEXT")
    if json_:
        print_json(found | ({"asked": asked} if asked != game_id else {}))
        return
    if asked != game_id:
        click.echo(f"game {asked} was merged into game {game_id}")
    status = "" if found["status"] == "active" else f", {found['status']}"
    click.echo(
        f"game {game_id}, revision {found['revision']}{status}"
        + (f", quality {found['quality_score']:.2f}" if found.get("quality_score") is not None else "")
    )
    _print_fields(found["state"], found["provenance"])
    if moment is not None:
        return
    if found["missing"]:
        click.echo(f"missing most: {', '.join(found['missing'][:3])}")
    print_table(
        ("record", "source", "identity", "page", "version", "listed", "matched"),
        [
            (
                row["record_id"],
                row["source"],
                row["identity"],
                row["url"],
                row["version"],
                "yes" if row["live"] else "no more",
                ": ".join(
                    filter(None, (row["band"], "; ".join(item["detail"] for item in (row["evidence"] or [])[:2])))
                ),
            )
            for row in found["records"]
        ],
        title="records",
    )
    _print_sections(found)


def _print_sections(found: dict[str, Any]) -> None:
    """What is to be known about a game beside its fields; what there is none of is left out."""
    sections: list[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]] = [
        (
            "human edits",
            ("field", "value", "by", "when", "why", "the sources"),
            [
                (
                    row["field"],
                    "(deleted)" if row["value"] in (None, []) else brief(told(row["field"], row["value"])),
                    row["author"],
                    row["edited_at"],
                    row["reason"],
                    f"agreed on {row['agreed_at']:%Y-%m-%d}" if row["agreed_at"] else "",
                )
                for row in found["edits"]
            ],
        ),
        (
            "not heard as they are",
            ("record", "heard instead", "because", "by", "since"),
            [
                (row["record_id"], parts_in_words(row["parts"]), row["reason"], row["actor"], row["held_at"])
                for row in found["held"]
            ],
        ),
        (
            "as of an older revision",
            ("field", "revision", "rollback", "since"),
            [(row["field"], row["revision"], row["rollback_id"], row["pinned_at"]) for row in found["pinned"]],
        ),
        (
            "conflicts",
            ("field", "state", "sides"),
            [(row["field"], row["state"], sides_in_words(row["sides"])) for row in found["conflicts"]],
        ),
        (
            "related games",
            ("", "game", "title", "by", "because"),
            [
                (
                    in_words(row["kind"], inverse=row["inverse"]),
                    row["game_id"],
                    row["title"],
                    row["stated_by"] if row["judge"] == "person" else "suggested",
                    row["reason"],
                )
                for row in found["relations"]
            ],
        ),
        (
            "open questions",
            ("item", "kind", "question"),
            [(row["item_id"], row["kind"], row["summary"]) for row in found["review"]],
        ),
    ]
    for title, headings, rows in sections:
        if rows:
            print_table(headings, rows, title=title)


def _print_fields(state: dict[str, Any], provenance: dict[str, Any]) -> None:
    rows = [(name, told(name, state[name]), because(provenance.get(name))) for name in fields_of(state)]
    for lang, text in state["descriptions"].items():
        name = f"descriptions.{lang}"
        rows.append((name, text["text"], because(provenance.get(name))))
    print_table(("field", "value", "because"), rows)


@game.command()
@click.argument("game_id", type=int, metavar="ID")
@click.option("--field", help="Only changes of this field, such as title or descriptions.ru.")
@json_option
@pass_app
def history(app: App, game_id: int, field: str | None, json_: bool) -> None:
    """Who or what changed a game, when, from what to what, and why."""
    with app.store() as store:
        revisions = game_history(store, game_id, field)
        known = revisions or game_history(store, game_id)
    if not known:
        raise Failed(f"no game {game_id}; look it up with: game-pipeline game find TEXT")
    if json_:
        print_json(revisions)
        return
    if not revisions:
        fields = ", ".join(sorted({name for revision in known for name in revision["changed_fields"]}))
        raise Failed(f"nothing ever changed {field} of game {game_id}; changed were {fields}")
    print_table(
        ("revision", "when", "cause", "by", "field", "old", "new", "why"),
        [row for revision in revisions for row in _revision_rows(revision, field)],
    )


def _revision_rows(revision: dict[str, Any], field: str | None) -> list[tuple[Any, ...]]:
    head = (revision["revision"], revision["recorded_at"], revision["cause"], revision["actor"])
    runs = "; ".join(
        filter(None, (revision["reason"], edited_in_words(revision["edited"]), imported(revision["imports"])))
    )
    if revision["revision"] == 1 and field is None:
        return [(*head, f"first: {', '.join(revision['changed_fields'])}", "", "", runs)]
    rows: list[tuple[Any, ...]] = []
    for change in revision["changes"]:
        why = _why(revision, change["because"])
        sides = difference(change["field"], change["old"], change["new"])
        rows.append((*(("", None, "", "") if rows else head), change["field"], *sides, why))
    return rows or [(*head, f"now {revision['status']}", "", "", runs)]


def _why(revision: dict[str, Any], entry: dict[str, Any] | None) -> str:
    """What a person did has their reason. An import has whose word stands and the run, of a catalogue its name, too."""
    if revision["reason"] and revision["cause"] != "imported":
        return str(revision["reason"])
    return "; ".join(filter(None, (revision["reason"], because(entry), imported(revision["imports"]))))


for command in (edit, release, rollback, merge, split, unmerge, relate_, unrelate_, why, duplicates):
    game.add_command(command)
