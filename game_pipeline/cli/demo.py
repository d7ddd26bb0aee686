"""`game-pipeline demo`: tell the story, then show what came of it."""

from __future__ import annotations

import click

from .context import App, Failed, demo_directory, json_option, pass_app, print_json, print_table
from .library import show_comparison
from .outcomes import IMPORT_HEADINGS, import_row


@click.command()
@click.option("--remove", is_flag=True, help="Stop and remove the demo instead.")
@json_option
@pass_app
def demo(app: App, remove: bool, json_: bool) -> None:
    """Two days in the life of a catalogue, on replica sites served on loopback; then a summary.

    Everything is made anew in .game_pipeline/demo; your own catalogue is not touched.
    """
    from game_pipeline.demo.story import DemoError, forget, tell

    try:
        if remove:
            forget(demo_directory())
            click.echo("the demo is gone")
            return
        report = tell(demo_directory(), lambda line: click.echo(line, err=json_))
    except DemoError as error:
        raise Failed(str(error)) from None
    if json_:
        print_json(report)
        return
    click.echo("\nWhat happened on day 2:")
    for sentence in report.events:
        click.echo(f"  - {sentence}")
    click.echo("")
    print_table(
        ("day", *IMPORT_HEADINGS),
        [(day.number, *import_row(outcome)) for day in report.days for outcome in (*day.imports, *day.others)],
        title="pages and records",
    )
    print_table(
        ("day", "games new", "updated", "untouched", "seconds"),
        [
            (
                day.number,
                day.catalogue.games_new,
                day.catalogue.games_updated,
                day.catalogue.games_untouched,
                round(day.seconds, 1),
            )
            for day in report.days
        ],
        title="catalogue",
    )
    for day in report.days:
        for outcome in (*day.imports, *day.others):
            for message in outcome.failed:
                click.echo(f"day {day.number}, failed alone: {message}")
    for row in report.unreadable:
        click.echo(f"unreadable page, recorded alone: {row['url']}: {row['error']}")
    for row in report.vanished:
        click.echo(f"no longer listed: {row['source']} {row['identity']} {row['url']}")
    click.echo(
        f"people behind the credits: {report.people}; with a page of their own on some site: {report.people_with_pages}"
    )
    click.echo(f"conflicts between sources: {len(report.conflicts)}; questions for people: {len(report.review)}")
    if report.review:
        print_table(("item", "kind", "question"), [tuple(row.values()) for row in report.review[:12]])
    edit = report.edit
    if edit:
        verdict = "still stands" if edit.stands else "IS LOST"
        click.echo(
            f"the editor's correction of “{edit.title}” (game {edit.game_id}, {edit.wrong} → {edit.right}) {verdict}"
        )
    if report.evening:
        click.echo("")
        for upload in report.evening.uploads:
            click.echo(f"uploaded by {upload.filename.removesuffix('.db')}: {upload.state}: {upload.message}")
        show_comparison(report.evening.together)
    click.echo(f"\n{report.games} games in {report.seconds:.0f} s. Look at it: make up")
    if edit and not edit.stands:
        raise Failed("the editor's correction was lost")
