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
    from game_pipeline.store import opened_databases, owner_connection
    from game_pipeline.store.migrations import migration_status
    from game_pipeline.store.privileges import log_is_guarded

    with opened_databases(app.settings) as databases:
        with owner_connection(databases.owner_url) as connection:
            migrations = migration_status(connection)
            guarded = log_is_guarded(connection, databases.role)
            row = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
        facts = {
            "server": "embedded" if databases.embedded else "named in the settings",
            "data_dir": str(app.settings.data_dir),
            "postgresql": databases.version,
            "was_running": not databases.started,
            "role": databases.role,
            "log_protected_by": "rights and triggers" if guarded else "triggers alone",
            "size": row[0] if row else None,
            "applied": list(migrations.applied),
            "pending": list(migrations.pending),
        }
    if json_:
        print_json(facts)
    else:
        print_table(("fact", "value"), [(name, value if value != [] else "none") for name, value in facts.items()])
        if not guarded and not migrations.pending:
            click.echo(
                f"the log is protected by triggers alone: {databases.role} may take them away. To have it protected by "
                "rights, too, make another role, name it in GAME_PIPELINE_DATABASE_URL, and name "
                f"{databases.role} in GAME_PIPELINE_OWNER_DATABASE_URL (docs/operating.md, “Two roles”)"
            )


@db.command()
@json_option
@pass_app
def migrate(app: App, json_: bool) -> None:
    """Bring the schema up to date; each migration in its own transaction."""
    from game_pipeline.store import opened_databases, prepare_schema

    with opened_databases(app.settings) as databases:
        applied = prepare_schema(databases)
    if json_:
        print_json({"applied": list(applied)})
    else:
        click.echo(f"applied {', '.join(applied)}" if applied else "the schema is up to date")
