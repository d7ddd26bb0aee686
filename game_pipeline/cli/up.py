"""`game-pipeline up`: everything running, until Ctrl-C."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from types import FrameType

import click

from .context import App, Failed, pass_app


@click.command()
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Of the Dagster UI.")
@click.option("--desk-port", type=click.IntRange(1, 65535), help="Of the desk; default: the setting desk.port, 3001.")
@click.option("--demo", is_flag=True, help="The demo's catalogue, with its replica sites running.")
@pass_app
def up(app: App, port: int, desk_port: int | None, demo: bool) -> None:
    """Database, Dagster UI and daemon, desk; one Ctrl-C stops all."""
    from game_pipeline.desk.token import operator_token
    from game_pipeline.orchestration.serve import ServeError, serving
    from game_pipeline.store import opened_databases, prepare_schema

    app.demo = app.demo or demo
    # SIGINT, too: a shell starts what runs in the background with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with ExitStack() as stack:
        if app.demo:
            from game_pipeline.demo.story import DemoError, resume_replicas

            try:
                stack.enter_context(resume_replicas(app.config_path))
            except DemoError as error:
                raise Failed(str(error)) from None
        settings = app.settings
        click.echo("starting the database...")
        databases = stack.enter_context(opened_databases(settings, adopt=True))
        prepare_schema(databases)
        click.echo("starting Dagster and the desk...")
        token, new = operator_token(settings)
        desk_port = desk_port or settings.desk.port
        try:
            running = stack.enter_context(
                serving(settings, databases, port=port, desk_port=desk_port, config=app.config_path)
            )
            click.echo(f"the Dagster UI is at {running.url}  (Ctrl-C stops everything)")
            click.echo(f"the desk, for libraries and programs, is at {running.desk_url}")
            if new:
                click.echo(f"its operator's token is {token}  (again: game-pipeline desk --show-token)")
            click.echo(f"begin with the asset graph: {running.url}/asset-groups")
            running.wait()
        except ServeError as error:
            raise Failed(str(error)) from None
        except KeyboardInterrupt:
            click.echo("\nstopping...")


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
