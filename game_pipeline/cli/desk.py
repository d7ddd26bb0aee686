"""`game-pipeline desk`: the web app alone, and the operator's token."""

from __future__ import annotations

import click

from .context import App, Failed, pass_app


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Default: the setting desk.port, 3001.")
@click.option("--show-token", is_flag=True, help="Print the operator's token and end.")
@pass_app
def desk(app: App, port: int | None, show_token: bool) -> None:
    """The REST API and the pages for comparing libraries, on this machine, until Ctrl-C."""
    from game_pipeline.desk import operator_token, run_desk

    token, new = operator_token(app.settings)
    if show_token:
        click.echo(token)
        return
    if new:
        click.echo(f"the operator's token, for whatever writes: {token}  (again: game-pipeline desk --show-token)")
    chosen = port or app.settings.desk.port
    with app.store() as store:
        click.echo(f"the desk is at http://127.0.0.1:{chosen}  (Ctrl-C stops it)")
        try:
            run_desk(app.settings, store, chosen)
        except OSError as error:
            raise Failed(
                f"port {chosen} of 127.0.0.1 cannot be had ({error.strerror}); choose another with --port"
            ) from None
