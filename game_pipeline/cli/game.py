"""`game-pipeline game`: find, show, history, edit, release."""

from __future__ import annotations

import uuid
from itertools import takewhile
from typing import Any

import click

from game_pipeline.catalog import (
    EDITABLE,
    EditError,
    curator_for,
    edit_field,
    find_games,
    game_at,
    game_history,
    read_value,
    release_field,
    show_game,
)

from .context import App, Failed, WrongUse, json_option, pass_app, person, print_json, print_table, reason_option
from .times import read_time


@click.group()
def game() -> None:
    """Find and show games, their history, and edit them."""


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
        raise Failed(f"no game resembles “{_brief(text)}”" if text.strip() else "the catalogue holds no games yet")


@game.command()
@click.argument("game_id", type=int, metavar="ID")
@click.option("--at", metavar="TIME", help="As it stood at this time.")
@json_option
@pass_app
def show(app: App, game_id: int, at: str | None, json_: bool) -> None:
    """One game: every field with where its value comes from."""
    moment = read_time(at) if at else None
    with app.store() as store:
        found = show_game(store, game_id) if moment is None else game_at(store, game_id, moment)
    if found is None:
        when = f" at {at}" if at else ""
        raise Failed(f"no game {game_id}{when}; look it up with: game-pipeline game find TEXT")
    if json_:
        print_json(found)
        return
    click.echo(f"game {game_id}, revision {found['revision']}")
    _print_fields(found["state"], found["provenance"])
    if moment is not None:
        return
    print_table(
        ("source", "identity", "page", "version", "listed", "matched"),
        [
            (
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
    for heading, items in (("conflicts", found["conflicts"]), ("open questions", found["review"])):
        if items:
            print_table(tuple(items[0]), [tuple(item.values()) for item in items], title=heading)


def _print_fields(state: dict[str, Any], provenance: dict[str, Any]) -> None:
    rows = [(name, _text(name, state[name]), _because(provenance.get(name))) for name in _fields(state)]
    for lang, text in state["descriptions"].items():
        name = f"descriptions.{lang}"
        rows.append((name, text["text"], _because(provenance.get(name))))
    print_table(("field", "value", "because"), rows)


def _fields(state: dict[str, Any]) -> list[str]:
    names = [name for name, value in state.items() if name != "descriptions" and value not in (None, [], {})]
    return sorted(names, key=EDITABLE.index) if set(names) <= set(EDITABLE) else names


def _text(name: str, value: Any) -> str:
    if name == "credits":
        return "; ".join(
            f"{item['name']} ({item['role']})" + (f" {item['url']}" if item["url"] else "") for item in value
        )
    if name == "tags":
        return "; ".join(f"{item['kind']}: {item['value']}" for item in value)
    if name == "urls":
        return "\n".join(f"{item['kind']}: {item['url']}" for item in value)
    if name == "external_ids":
        return "; ".join(f"{item['scheme']} {item['value']}" for item in value)
    if name == "alt_titles":
        return "; ".join(item["title"] for item in value)
    return str(value)


def _because(entry: dict[str, Any] | None) -> str:
    if not entry:
        return ""
    if entry["rule"] == "human_edit":
        return f"{entry['author']} set it on {str(entry['at'])[:10]}"
    sources = ", ".join(dict.fromkeys(item["source"] for item in entry.get("sources", [])))
    return f"{entry['rule']}: {sources}"


@game.command()
@click.argument("game_id", type=int, metavar="ID")
@json_option
@pass_app
def history(app: App, game_id: int, json_: bool) -> None:
    """Who or what changed a game, when, from what to what, and why."""
    with app.store() as store:
        revisions = game_history(store, game_id)
    if not revisions:
        raise Failed(f"no game {game_id}; look it up with: game-pipeline game find TEXT")
    if json_:
        print_json(revisions)
        return
    rows = []
    for revision in revisions:
        for place, change in enumerate(revision["changes"] if revision["revision"] > 1 else []):
            head = (revision["revision"], revision["recorded_at"], revision["cause"], revision["actor"])
            rows.append(
                (
                    *(head if place == 0 else ("", None, "", "")),
                    change["field"],
                    *_difference(change["field"], change["old"], change["new"]),
                    revision["reason"] or _because(change["because"]),
                )
            )
        if revision["revision"] == 1:
            fields = ", ".join(revision["changed_fields"])
            head = (1, revision["recorded_at"], revision["cause"], revision["actor"])
            rows.append((*head, f"first: {fields}", "", "", ""))
    print_table(("revision", "when", "cause", "by", "field", "old", "new", "why"), rows)


def _difference(field: str, old: Any, new: Any) -> tuple[str, str]:
    """Both sides of a change; of lists only the items that went and came, of texts from the first difference on."""
    if isinstance(old, str) and isinstance(new, str):
        start = max(0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))) - 30)
        lead = "…" if start else ""
        return _brief(lead + old[start:]), _brief(lead + new[start:])
    if not isinstance(old, list) or not isinstance(new, list):
        return _brief(old), _brief(new)
    gone = [item for item in old if item not in new]
    came = [item for item in new if item not in old]
    return _brief(_text(field, gone)), _brief(_text(field, came))


def _brief(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else str(value)
    return text if len(text) <= 120 else text[:119] + "…"


@game.command()
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
    revision = _change(
        app,
        lambda connection, curator: edit_field(
            connection, curator, game_id, field, parsed, author=author or person(), reason=reason
        ),
    )
    click.echo(f"game {game_id}: {field} is set; revision {revision}")


edit.help = f"{edit.help}\n\nFields: {', '.join(EDITABLE)}."


@game.command()
@click.argument("game_id", type=int, metavar="ID")
@click.argument("field")
@reason_option("Why the sources may speak again.")
@click.option("--author", default=None, help="Who releases (default: your user name).")
@pass_app
def release(app: App, game_id: int, field: str, reason: str, author: str | None) -> None:
    """Take an edit back: FIELD follows its sources again."""
    revision = _change(
        app,
        lambda connection, curator: release_field(
            connection, curator, game_id, field, author=author or person(), reason=reason
        ),
    )
    click.echo(f"game {game_id}: {field} follows its sources again; revision {revision}")


def _change(app: App, change: Any) -> int:
    with app.store() as store, store.transaction() as connection:
        try:
            return int(change(connection, curator_for(store, app.settings, f"command:{uuid.uuid4()}")))
        except EditError as error:
            raise Failed(str(error)) from None
