"""`game-pipeline person`: who stands behind the names that sources credit."""

from __future__ import annotations

from typing import Any

import click

from .context import App, Failed, json_option, pass_app, person, print_json, print_table, reason_option
from .wording import brief

__all__ = ["person_"]


@click.group("person")
def person_() -> None:
    """List and show the people behind the credits; say that two are one, or that one is two."""


@person_.command("list")
@click.argument("text", default="")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@json_option
@pass_app
def list_(app: App, text: str, limit: int, json_: bool) -> None:
    """People one of whose names holds TEXT; all, those of the most games first, without it."""
    from game_pipeline.people import find_people

    with app.store() as store:
        found = find_people(store, text.strip(), limit)
    if json_:
        print_json(found)
    elif found:
        print_table(
            ("id", "name", "also", "sources", "games"),
            [
                (row["person_id"], row["name"], ", ".join(row["aliases"]), ", ".join(row["sources"]), row["games"])
                for row in found
            ],
        )
    else:
        raise Failed(f"nobody is called “{brief(text)}”" if text.strip() else "nobody is known; import a source first")


@person_.command()
@click.argument("person_id", type=int, metavar="ID")
@json_option
@pass_app
def show(app: App, person_id: int, json_: bool) -> None:
    """One person: names by source, what their pages say, games, and why all that is one."""
    from game_pipeline.people import show_person

    with app.store() as store:
        found = show_person(store, person_id)
    if found is None:
        raise Failed(f"no person {person_id}; look them up with: game-pipeline person list TEXT")
    if json_:
        print_json(found)
        return
    merged = f", merged into person {found['merged_into']}" if found["merged_into"] else ""
    click.echo(f"person {person_id}: {found['name']}{merged}")
    print_table(
        ("persona", "names", "page"),
        [(row["key"], ", ".join(row["spellings"]), row["url"] or "") for row in found["personas"]],
    )
    for row in found["personas"]:
        if row["page"]:
            _print_page(row["source"], row["page"])
    print_table(
        ("game", "title", "as"), [(row["game_id"], row["title"], ", ".join(row["roles"])) for row in found["games"]]
    )
    if found["decisions"]:
        print_table(
            ("when", "what", "who", "by", "why"),
            [
                (
                    row["decided_at"],
                    row["kind"],
                    f"person {row['other_id']}: {', '.join(row['personas'])}",
                    row["actor"] if row["rule"] == "person" else row["rule"],
                    row["reason"] or "; ".join(str(each["detail"]) for each in row["evidence"]),
                )
                for row in found["decisions"]
            ],
        )


def _print_page(source: str, page: dict[str, Any]) -> None:
    """What a source's page about a person says."""
    owed = page["attribution"]
    click.echo(f"\n{source} calls them {page['name']} ({owed['site']}, licence: {owed['licence']})")
    if page["aliases"]:
        click.echo(f"also: {', '.join(alias['name'] for alias in page['aliases'])}")
    for text in page["about"]:
        click.echo(text["text"])
    if page["urls"]:
        print_table(
            ("link", "address", "label"), [(link["kind"], link["url"], link["label"] or "") for link in page["urls"]]
        )
    if page["works"]:
        click.echo(f"theirs, it says: {', '.join(work['title'] for work in page['works'])}")
    click.echo()


@person_.command()
@click.argument("kept", type=int)
@click.argument("merged", type=int)
@reason_option("How you know that they are one.")
@pass_app
def merge(app: App, kept: int, merged: int, reason: str) -> None:
    """Person MERGED is person KEPT; all names of both are KEPT's."""
    from game_pipeline.people import PersonError, merge_people

    with app.store() as store:
        try:
            moved = merge_people(store, kept, merged, reason=reason, actor=person())
        except PersonError as error:
            raise Failed(str(error)) from None
    click.echo(f"person {merged} is person {kept}; {moved} name{'s' if moved != 1 else ''} changed hands")


@person_.command()
@click.argument("person_id", type=int, metavar="ID")
@click.argument("personas", nargs=-1, required=True, metavar="PERSONA...")
@reason_option("How you know that they are two.")
@pass_app
def split(app: App, person_id: int, personas: tuple[str, ...], reason: str) -> None:
    """The PERSONAS (as `person show` names them) are somebody else; no rule joins them to person ID again."""
    from game_pipeline.people import PersonError, split_person

    with app.store() as store:
        try:
            done = split_person(store, person_id, personas, reason=reason, actor=person())
        except PersonError as error:
            raise Failed(str(error)) from None
    click.echo(f"they are person {done.person_id}{', as before' if done.back else ''}, not person {person_id}")
