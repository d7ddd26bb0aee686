"""`game-pipeline export`: the whole catalogue as files, to take along."""

from __future__ import annotations

from pathlib import Path

import click

from game_pipeline.exchange import FORMATS, ExportError, ExportFormat, export_catalogue, export_place

from .context import App, Failed, json_option, pass_app, print_json, print_table
from .progress import counting


@click.command()
@click.option("--format", "form", required=True, type=click.Choice(FORMATS), help="docs/export.md describes them.")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A directory; an export of the same format in it is replaced.",
)
@json_option
@pass_app
def export(app: App, form: ExportFormat, out: Path, json_: bool) -> None:
    """Every active game as of one moment, in files with a manifest."""
    try:
        with export_place(out, form) as place, app.store() as store, counting("games", quiet=json_) as progress:
            manifest = export_catalogue(store, place, form, progress)
    except ExportError as error:
        raise Failed(str(error)) from None
    if json_:
        print_json({"directory": str(out)} | manifest)
        return
    print_table(
        ("file", "rows", "bytes"),
        [(str(out / file["name"]), file["rows"], file["bytes"]) for file in manifest["files"]],
    )
    click.echo(f"{manifest['games']} games as of {manifest['taken_at']}, position {manifest['position']} of the log")
