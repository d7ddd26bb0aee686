"""`game-pipeline source`: what the sources are and how they are, and a parser run on one file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from game_pipeline.sources import SOURCES, Page, ParseError, Source, UnknownSourceError, get

from .context import App, Failed, WrongUse, json_option, pass_app, person, print_json, print_table, reason_option


@click.group()
def source() -> None:
    """List, show, probe, pause, resume, close and release sources; read their pages again; parse a file."""


def known_source(name: str) -> Source:
    try:
        return get(name)
    except UnknownSourceError as error:
        raise WrongUse(str(error)) from None


def _visited_source(name: str) -> Source:
    item = known_source(name)
    if not item.segments:
        raise WrongUse(f"{name} visits no site, its records come with uploads: game-pipeline library --help")
    return item


@source.command("list")
@json_option
@pass_app
def list_(app: App, json_: bool) -> None:
    """Every source: verified, needs key, segments, pages, last check, health."""
    from game_pipeline.crawl import source_overview, without_keys

    with app.store() as store:
        health = {row["source"]: row for row in source_overview(store, list(SOURCES))}
    rows = [
        {
            "name": name,
            "title": item.title,
            "verified": item.verified,
            "segments": len(item.segments),
            "enabled": app.settings.source(name).enabled,
            "pages": health[name]["pages"],
            "records": health[name]["records"],
            "last_run": health[name]["last_run"],
            "last_run_at": health[name]["last_run_at"],
            "last_checked_at": health[name]["last_checked_at"],
            "needs_keys": [secret.name for secret in item.needs],
            "health": without_keys(item, app.settings) or _health(health[name]),
        }
        for name, item in SOURCES.items()
    ]
    if json_:
        print_json(rows)
        return
    print_table(
        ("source", "verified", "needs key", "segments", "pages", "records", "last run", "last check", "health"),
        [
            (
                row["name"],
                "yes" if row["verified"] else "no",
                ", ".join(row["needs_keys"]),
                row["segments"] or "uploads",
                row["pages"],
                row["records"],
                row["last_run"] or "never",
                row["last_checked_at"],
                row["health"] if row["enabled"] else "off",
            )
            for row in rows
        ],
    )


def _health(row: dict[str, object]) -> str:
    told = str(row["health"])
    return "new" if told == "well" and not row["last_run"] else told


@source.command()
@click.argument("name")
@json_option
@pass_app
def show(app: App, name: str, json_: bool) -> None:
    """One source: its policy, its segments, and how each of them is."""
    from game_pipeline.crawl import read_health, without_keys
    from game_pipeline.crawl.limits import Limits

    item = known_source(name)
    with app.store() as store:
        health = read_health(store, name)
        segments = store.rows(
            "SELECT segment, count(*) AS pages, count(*) FILTER (WHERE failure_count > 0) AS failing, "
            "count(*) FILTER (WHERE parse_error IS NOT NULL) AS unreadable, max(last_checked_at) AS last_checked, "
            "max(last_changed_at) AS last_changed FROM source_url_state WHERE source = %s GROUP BY segment "
            "ORDER BY segment",
            (name,),
        )
        refused = store.rows(
            "SELECT url, rule, times, last_at FROM robots_refusal WHERE source = %s ORDER BY last_at DESC LIMIT 20",
            (name,),
        )
        errors = store.rows(
            "SELECT url, coalesce(parse_error, last_error) AS error FROM source_url_state "
            "WHERE source = %s AND (parse_error IS NOT NULL OR failure_count > 0) ORDER BY page_id LIMIT 20",
            (name,),
        )
    limits = Limits.of(item, app.settings)
    alone = {True: " (single games come without it)", False: ""}
    keys = {
        f"key {secret.name}": f"{secret.what}; from {secret.where}{alone[secret.for_listing]}" for secret in item.needs
    }
    facts = {
        "name": item.name,
        "title": item.title,
        "home": item.home,
        "hosts": item.hosts,
        "verified": item.verified,
        "parser_version": item.parser_version,
        "expects": "; ".join(f"{each.share:.0%} {each.facet} ({each.selector})" for each in item.expects.coverage),
        "licence": item.attribution.licence,
        "priority": item.policy.priority,
        "min_delay_seconds": limits.min_delay,
        "requests_per_day": limits.requests_per_day or "no limit",
        "quiet_hours": str(limits.quiet_hours or "none"),
        "revisit_days": f"{limits.revisit_min:g} to {limits.revisit_max:g}, {limits.revisit_mean:g} on average",
        "full_import": item.policy.reimport_cron,
        **keys,
        "state": health.state,
        "health": without_keys(item, app.settings) or health.in_words,
        "rate": health.rate,
        "next_trial_at": health.next_trial_at,
        "needs_a_person_since": health.attention_since,
    }
    if json_:
        print_json({**facts, "segments": segments, "errors": errors, "refused": refused})
        return
    if not item.verified:
        facts["verified"] = "no: no real capture of its format was seen, its pages are judged strictly"
    print_table(("fact", "value"), list(facts.items()))
    print_table(
        ("segment", "pages", "failing", "unreadable", "last checked", "last changed"),
        [tuple(row.values()) for row in segments],
    )
    if errors:
        print_table(("page", "error"), [tuple(row.values()) for row in errors])
    if refused:
        print_table(("refused by robots.txt", "rule", "times", "last"), [tuple(row.values()) for row in refused])


@source.command()
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--url", required=True, help="The address the file was fetched from.")
@pass_app
def parse(app: App, name: str, file: Path, url: str) -> None:
    """Parse one FILE as the source would; canonical JSON lines on stdout. No database, no network."""
    from game_pipeline.model import RecordError
    from game_pipeline.parsing import ParserDefectError, WorkersError, open_parser

    item = known_source(name)
    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        with open_parser(app.settings.parse) as parser:
            records = parser.parse(item, Page(url=url, body=body))
    except (ParseError, RecordError, ParserDefectError, WorkersError) as error:
        raise Failed(f"{file}: {name} cannot read it: {error}") from None
    out = sys.stdout
    if hasattr(out, "reconfigure"):
        out.reconfigure(encoding="utf-8")
    for record in records:
        click.echo(record.to_json())


@source.command()
@click.argument("name")
@click.option("--segment", "segments", multiple=True, help="Only this segment of the source (may be repeated).")
@json_option
@pass_app
def reparse(app: App, name: str, segments: tuple[str, ...], json_: bool) -> None:
    """Read every stored page of a source again, and bring the catalogue up to date. Sends no request."""
    from .reparse import read_pages

    item = _visited_source(name)
    unknown = [segment for segment in segments if segment not in item.segment_keys()]
    if unknown:
        raise WrongUse(f"{name} has no segment {unknown[0]!r}; it has {', '.join(item.segment_keys())}")
    if not app.settings.source(name).enabled:
        raise WrongUse(f"{name} is switched off in the settings (sources.{name}.enabled)")
    read_pages(app, item, segments, again=True, json_=json_)


@source.command()
@click.argument("name")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only look into the files; nothing is written.")
@json_option
@pass_app
def load(app: App, name: str, files: tuple[Path, ...], dry_run: bool, json_: bool) -> None:
    """Take the pages of a site out of a dump that it publishes: one of FILES, plain, gzipped or in a zip. Or take FILES
    for pages: iFiction documents and games in HTML with an IFID (ifiction). Sends no request.

    Pages that were visited already are left alone. IFDB's dump: ifarchive.org/if-archive/info/ifdb/
    """
    from .give import load_documents
    from .load import load_dump

    item = _visited_source(name)
    if not app.settings.source(name).enabled:
        raise WrongUse(f"{name} is switched off in the settings (sources.{name}.enabled)")
    if item.documents:
        load_documents(app, item, files, dry_run=dry_run, json_=json_)
        return
    if len(files) > 1:
        raise WrongUse(f"{name} takes one dump at a time; {len(files)} files were given")
    load_dump(app, item, files[0], dry_run=dry_run, json_=json_)


@source.command()
@click.argument("name")
@json_option
@pass_app
def probe(app: App, name: str, json_: bool) -> None:
    """Look at the change feed now, as the monitor does; imports nothing."""
    from game_pipeline.crawl import Client, FetchError, Visitor, without_keys
    from game_pipeline.crawl import probe as look
    from game_pipeline.parsing import open_parser

    item = _visited_source(name)
    if missing := without_keys(item, app.settings):
        raise WrongUse(f"{name} {missing}")
    app.require_sites()
    with (
        app.store() as store,
        Client(store, app.settings.crawl) as client,
        open_parser(app.settings.parse) as parser,
    ):
        try:
            found = look(store, Visitor(store, client, item, app.settings, "probe by hand", parser=parser), item)
        except (FetchError, ParseError) as error:
            raise Failed(f"{name}: {error}") from None
    if json_:
        print_json(found)
        return
    click.echo(
        f"{name}: {found.signalled} pages new or signalled by the feed ({found.requests} requests); "
        f"segments with work: {', '.join(found.segments) or 'none'}"
    )


@source.command()
@click.argument("name")
@reason_option("Why; shown wherever the source is.")
@pass_app
def pause(app: App, name: str, reason: str) -> None:
    """Stop everything that asks a source, a run under way included, until it is resumed or closed."""
    from game_pipeline.crawl import pause_source

    _visited_source(name)
    with app.store() as store:
        pause_source(store, name, reason=reason, actor=person())
    click.echo(f"{name} is paused: {reason}")


@source.command()
@click.argument("name")
@click.option("--reason", help="Why; kept in the log.")
@pass_app
def resume(app: App, name: str, reason: str | None) -> None:
    """Let a paused source go on: at its normal rate, or with a trial where it was not well."""
    from game_pipeline.crawl import NotPaused, read_health, resume_source

    _visited_source(name)
    with app.store() as store:
        try:
            resume_source(store, name, reason=reason, actor=person())
        except NotPaused as error:
            raise Failed(
                f"{error}; to let it be asked at once: game-pipeline source close {name} --reason ..."
            ) from None
        state = read_health(store, name).state
    click.echo(f"{name} runs again" if state == "closed" else f"{name} is tried now, one request at a time")


@source.command()
@click.argument("name")
@reason_option("Why you know that the site is well; kept in the log.")
@pass_app
def close(app: App, name: str, reason: str) -> None:
    """Close a source's circuit breaker by force: it is asked at its normal rate at once."""
    from game_pipeline.crawl import close_source

    item = _visited_source(name)
    with app.store() as store:
        close_source(store, name, reason=reason, actor=person(), hosts=item.hosts)
    click.echo(f"{name} is asked at its normal rate again")


@source.command("release")
@click.argument("name")
@click.argument("page")
@reason_option("Why it is true; kept in the log.")
@pass_app
def release_(app: App, name: str, page: str, reason: str) -> None:
    """Believe a PAGE (its key or address) that was held for what it lost, or `listing`: the next walk of it."""
    from game_pipeline.crawl import NothingHeld, release

    _visited_source(name)
    with app.store() as store:
        try:
            what = release(store, name, page, reason=reason, actor=person())
        except NothingHeld as error:
            raise WrongUse(str(error)) from None
    click.echo(f"{name}: {what}")
