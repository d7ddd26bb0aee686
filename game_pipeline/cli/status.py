"""`game-pipeline status`: all of it on one page."""

from __future__ import annotations

import click

from game_pipeline.sources import SOURCES

from .context import App, json_option, pass_app, print_json, print_table

# The states of a circuit breaker, in words.
STATES = {"closed": "active", "open": "resting", "half_open": "trying", "ramping": "coming back"}


@click.command()
@json_option
@pass_app
def status(app: App, json_: bool) -> None:
    """Sources' health, queues, last runs, database."""
    from game_pipeline.catalog import pending
    from game_pipeline.crawl import resting, source_overview, source_progress

    with app.store() as store:
        names = [name for name, source in SOURCES.items() if source.segments]
        sources = source_overview(store, names)
        waiting = pending(store, shadow=app.settings.shadow)
        held_back = {name: why for name in names if (why := resting(store, SOURCES[name], app.settings))}
        under_way = source_progress(store)
        runs = store.rows(
            "SELECT run_id, source, status, started_at, finished_at, counts FROM import_run "
            "ORDER BY started_at DESC LIMIT 8"
        )
        review = store.rows(
            "SELECT kind, count(*) AS open FROM review_item WHERE state = 'open' GROUP BY kind ORDER BY kind"
        )
        numbers = store.row(
            "SELECT (SELECT count(*) FROM game WHERE status = 'active') AS games, "
            "(SELECT count(*) FROM import_event) + "
            "(SELECT coalesce(sum(events), 0)::bigint FROM event_archive) AS events, "
            "(SELECT count(*) FROM human_edit WHERE released_at IS NULL) AS human_edits, "
            "pg_size_pretty(pg_database_size(current_database())) AS database"
        )
    if json_:
        print_json(
            {
                "sources": sources,
                "waits": held_back,
                "progress": [
                    {
                        "source": each.source,
                        "run_id": each.run_id,
                        "started_at": each.started_at,
                        "pages_done": each.done,
                        "pages_left": each.left,
                        "pages_per_minute": each.per_minute and round(each.per_minute, 2),
                        "ends_at": each.ends_at,
                        "listing_requests_done": each.listing and each.listing[0],
                        "listing_requests_left": each.listing and each.listing[1],
                    }
                    for each in under_way
                ],
                "pending": waiting,
                "runs": runs,
                "review": review,
                "catalogue": numbers or {},
            }
        )
        return
    print_table(
        ("source", "state", "last run", "when", "pages", "due", "failing", "unreadable", "records", "gone", "waiting"),
        [
            (
                row["source"],
                "off" if not app.settings.source(row["source"]).enabled else STATES.get(row["state"], row["state"]),
                row["last_run"] or "never",
                row["last_run_at"],
                row["pages"],
                row["due"],
                row["failing"],
                row["unreadable"],
                row["records"],
                row["vanished"],
                row["waiting"],
            )
            for row in sources
        ],
        title="sources",
    )
    for each in under_way:
        click.echo(f"{each.source} is being imported: {each.in_words} (run {each.run_id[:8]})")
    for name, why in held_back.items():
        click.echo(f"{name} is sent nothing now: {why}")
    for row in sources:
        if row["health"] != "well":
            click.echo(f"{row['source']}: {row['health']}")
    if runs:
        print_table(
            ("run", "source", "status", "started", "pages", "changed", "failed"),
            [
                (
                    row["run_id"],
                    row["source"],
                    row["status"],
                    row["started_at"],
                    row["counts"].get("pages_checked", 0),
                    row["counts"].get("pages_changed", 0),
                    row["counts"].get("pages_failed", 0),
                )
                for row in runs
            ],
            title="last runs",
        )
    asked = ", ".join(f"{row['open']} {row['kind']}" for row in review) or "none"
    click.echo(
        f"waiting: {waiting.records_to_match} records to match, {waiting.games_to_revise} games to revise, "
        f"{waiting.people_to_take_in} people to take in"
    )
    click.echo(f"open questions: {asked}")
    if numbers:
        click.echo(
            f"catalogue: {numbers['games']} games, {numbers['events']} events, "
            f"{numbers['human_edits']} human edits standing; database {numbers['database']}"
        )
