"""`game-pipeline import`: games by address, or a whole source, here and now; the runs appear in the Dagster UI."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from game_pipeline.sources import SOURCES, Source, nearest, owner_of
from game_pipeline.sources.urls import host_of

from .context import App, Failed, WrongUse, json_option, pass_app, print_json, print_table
from .outcomes import IMPORT_HEADINGS, import_row
from .progress import progress_of
from .source import known_source

if TYPE_CHECKING:
    from game_pipeline.store import Store


@click.command("import")
@click.argument("urls", nargs=-1)
@click.option("--source", "name", help="Import this source instead of single addresses.")
@click.option("--segment", "segments", multiple=True, help="Only this segment of the source (may be repeated).")
@click.option("--full", is_flag=True, help="Walk the listing and fetch every page, due or not.")
@click.option("--anew", is_flag=True, help="With --full: do not go on with one that was interrupted.")
@json_option
@pass_app
def import_(
    app: App, urls: tuple[str, ...], name: str | None, segments: tuple[str, ...], full: bool, anew: bool, json_: bool
) -> None:
    """Import the games or authors at URLS, whichever source owns each, or a whole source with --source."""
    if bool(urls) == bool(name):
        raise WrongUse("give either addresses of games or --source NAME")
    if urls and (segments or full):
        raise WrongUse("--segment and --full go with --source, not with addresses")
    if anew and not full:
        raise WrongUse("--anew goes with --full")
    from game_pipeline.crawl import without_keys

    plan: list[tuple[Source, Sequence[str], Sequence[str]]]
    if name:
        source = known_source(name)
        if not source.segments:
            raise WrongUse(
                f"{name} has no listing to import, its records come with uploads: game-pipeline library --help"
            )
        if not app.settings.source(name).enabled:
            raise WrongUse(f"{name} is switched off in the settings (sources.{name}.enabled)")
        unknown = [segment for segment in segments if segment not in source.segment_keys()]
        if unknown:
            raise WrongUse(f"{name} has no segment {unknown[0]!r}; it has {', '.join(source.segment_keys())}")
        plan = [(source, segments, ())]
    else:
        plan = [(source, (), owned) for source, owned in _owners(urls).items()]
    for source, *_ in plan:
        if missing := without_keys(source, app.settings, addresses=bool(urls)):
            raise WrongUse(f"{source.name} {missing}; {source.needs[0].what}: {source.needs[0].where}")
    app.require_sites()
    _run(app, plan, full=full, anew=anew, json_=json_)


def _owners(urls: Sequence[str]) -> dict[Source, list[str]]:
    owned: dict[Source, list[str]] = defaultdict(list)
    for url in urls:
        source = owner_of(url)
        if source is None:
            home = _of_host(url)
            if home:
                raise WrongUse(f"{url} is on {home}, but is no game's page; all of it: import --source {home}")
            near = nearest(url)
            hint = f"; the nearest known sources are {', '.join(near)}" if near else "; see: game-pipeline source list"
            raise WrongUse(f"no source owns {url or 'an empty address'}{hint}")
        owned[source].append(url)
    return owned


def _of_host(url: str) -> str | None:
    host = host_of(url)
    return next((name for name, source in SOURCES.items() if source.segments and host in source.hosts), None)


def _troubles(store: Store, source: str, began: dict[str, Any] | None) -> list[str]:
    """The pages visited since then that could not be fetched or read, and why."""
    rows = store.rows(
        "SELECT coalesce(CASE WHEN failure_count > 0 THEN last_error END, url || ': ' || parse_error) AS trouble "
        "FROM source_url_state WHERE source = %s AND last_checked_at >= %s "
        "AND (failure_count > 0 OR parse_error IS NOT NULL) ORDER BY page_id LIMIT 20",
        (source, began["now"] if began else None),
    )
    return [row["trouble"] for row in rows]


def _run(
    app: App, plan: Sequence[tuple[Source, Sequence[str], Sequence[str]]], *, full: bool, anew: bool, json_: bool
) -> None:
    from game_pipeline.crawl import resting, unfinished_full
    from game_pipeline.orchestration.build import build_defs
    from game_pipeline.orchestration.importing import import_source, reconcile
    from game_pipeline.orchestration.instance import open_instance
    from game_pipeline.store import Store, opened_databases, prepare_schema

    settings = app.settings
    if settings.crawl.contact is None and any(source.hosts[0] not in settings.crawl.routes for source, *_ in plan):
        click.echo(
            "hint: set crawl.contact in game_pipeline.toml: the sites' owners should know how to reach you", err=True
        )
    with opened_databases(settings) as databases:
        prepare_schema(databases)
        with (
            Store(databases.catalogue_url, pool_size=settings.pool_size) as store,
            open_instance(settings, databases) as instance,
        ):
            defs = build_defs(settings)
            began = store.row("SELECT clock_timestamp() AS now")
            outcomes = []
            for source, segments, urls in plan:
                if full and not anew and (left := unfinished_full(store, source.name)):
                    click.echo(
                        f"{source.name}: the full import that was interrupted goes on with what is left of "
                        f"{len(left)} segments; to fetch everything again: --anew",
                        err=True,
                    )
                # An address says nothing of its segment before it is looked up: all of them, and only its page.
                with progress_of(store, source.name, quiet=json_):
                    outcomes.append(
                        import_source(
                            defs, instance, store, source, segments=segments or None, full=full, anew=anew, urls=urls
                        )
                    )
            taken = reconcile(defs, instance, store)
            waits = {source.name: why for source, *_ in plan if (why := resting(store, source, settings))}
            troubles = {source.name: _troubles(store, source.name, began) for source, _, _ in plan}
    if json_:
        print_json(
            {
                "sources": [
                    {
                        "source": outcome.source,
                        "status": outcome.status,
                        "runs": outcome.run_ids,
                        "counts": dict(sorted(outcome.counts.items())),
                        "failed": outcome.failed,
                        "troubles": troubles[outcome.source],
                    }
                    for outcome in outcomes
                ],
                "catalogue": taken,
            }
        )
    else:
        print_table(IMPORT_HEADINGS, [import_row(outcome) for outcome in outcomes])
        click.echo(
            f"catalogue: {taken.games_new} games new, {taken.games_updated} updated, {taken.games_untouched} untouched"
        )
        for name, why in waits.items():
            click.echo(f"{name} is sent nothing now: {why}; what is left is fetched afterwards")
    failed = [message for outcome in outcomes for message in outcome.failed]
    asked = [trouble for source, _, urls in plan if urls for trouble in troubles[source.name]]
    failed += [trouble for trouble in asked if trouble not in failed]
    if not json_:
        for trouble in (trouble for told in troubles.values() for trouble in told if trouble not in failed):
            click.echo(trouble)
    if taken.failed:
        failed.append(f"the catalogue was not brought up to date: {taken.failed}")
    if failed:
        raise Failed("; ".join(failed))
