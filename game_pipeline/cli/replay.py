"""`game-pipeline replay`: is the catalogue what its events say? What was it at another time?"""

from __future__ import annotations

import json
import time

import click

from .context import App, Failed, WrongUse, as_json, json_option, pass_app, print_json
from .times import read_time


@click.command()
@click.option("--verify", is_flag=True, help="Compare with the catalogue row for row; exit 1 at a difference.")
@click.option(
    "--until", metavar="TIME", help="Only events up to this time; prints the games as they stood, a line each."
)
@json_option
@pass_app
def replay(app: App, verify: bool, until: str | None, json_: bool) -> None:
    """Build the catalogue anew from its events, in a scratch schema that is gone afterwards."""
    from game_pipeline.store.archive import ArchiveError
    from game_pipeline.store.replay import ReplayError, replayed

    if verify and until is not None:
        raise WrongUse("--verify compares with the catalogue of now; give either --verify or --until")
    moment = read_time(until) if until is not None else None
    begun = time.monotonic()
    try:
        with app.store() as store, replayed(store, app.settings.archive_dir, until=moment) as result:
            difference = result.first_difference() if verify else None
            if moment:
                for game in result.games():
                    click.echo(json.dumps(as_json(game), ensure_ascii=False))
                return
    except (ArchiveError, ReplayError) as error:
        raise Failed(str(error)) from None
    seconds = time.monotonic() - begun
    if json_:
        print_json(
            {"events": result.events, "seconds": round(seconds, 3), "verified": verify, "difference": difference}
        )
    else:
        click.echo(f"{result.events} events replayed in {seconds:.1f} s")
    if difference:
        row = json.dumps(as_json(difference.row), ensure_ascii=False)
        raise Failed(f"{difference.table}: only the {difference.side} has this row: {row[:600]}")
    if verify and not json_:
        click.echo("the catalogue is what its events say, row for row")
