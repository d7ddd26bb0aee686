"""`game-pipeline db`: is the database there, and is its schema this version's?"""

from __future__ import annotations

import click

from .context import App, json_option, pass_app, print_json, print_table


@click.group()
def db() -> None:
    """The database: status and migrations."""


@db.command()
@json_option
@pass_app
def status(app: App, json_: bool) -> None:
    """Where the database is, its version and size, which migrations are applied. Changes nothing in it."""
    import psycopg

    from game_pipeline.store import opened_databases
    from game_pipeline.store.migrations import migration_status

    with opened_databases(app.settings) as databases:
        with psycopg.connect(databases.catalogue_url, autocommit=True) as connection:
            migrations = migration_status(connection)
            row = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
        facts = {
            "server": "embedded" if databases.embedded else "named in the settings",
            "data_dir": str(app.settings.data_dir),
            "postgresql": databases.version,
            "was_running": not databases.started,
            "size": row[0] if row else None,
            "applied": list(migrations.applied),
            "pending": list(migrations.pending),
        }
    if json_:
        print_json(facts)
    else:
        print_table(("fact", "value"), [(name, value if value != [] else "none") for name, value in facts.items()])


@db.command()
@json_option
@pass_app
def migrate(app: App, json_: bool) -> None:
    """Bring the schema up to date; each migration in its own transaction."""
    from game_pipeline.store import opened_databases, prepare_schema

    with opened_databases(app.settings) as databases:
        applied = prepare_schema(databases.catalogue_url)
    if json_:
        print_json({"applied": list(applied)})
    else:
        click.echo(f"applied {', '.join(applied)}" if applied else "the schema is up to date")
