"""`game-pipeline webhook`: how the receivers of the event log are, and sending them what is due."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import click

from game_pipeline.settings import WebhookSettings

from .context import App, Failed, WrongUse, json_option, pass_app, print_json, print_table


@click.group()
def webhook() -> None:
    """Tell other programs what happened: list, test, deliver, dead letters, forget."""


def _known(app: App, name: str) -> WebhookSettings:
    settings = app.settings.webhooks.get(name)
    if settings is None:
        known = ", ".join(sorted(app.settings.webhooks)) or "none; name one in game_pipeline.toml: [webhooks.NAME]"
        raise WrongUse(f"no webhook {name!r} in the settings; known are {known}")
    return settings


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@webhook.command("list")
@json_option
@pass_app
def list_(app: App, json_: bool) -> None:
    """Every webhook: state, lag, what waits, dead letters."""
    from game_pipeline.webhooks import webhook_overview

    with app.store() as store:
        rows = webhook_overview(store, app.settings.webhooks)
    if json_:
        print_json(rows)
        return
    if not rows:
        click.echo("no webhook is in the settings; name one in game_pipeline.toml: [webhooks.NAME]")
        return
    print_table(
        ("webhook", "to", "state", "events", "lag", "seconds", "pending", "dead", "last delivered", "problem"),
        [
            (
                row.name,
                row.to,
                row.state,
                row.events or "none of these types exists",
                row.lag_events,
                row.lag_seconds,
                row.pending,
                row.dead,
                row.last_delivered_at,
                row.reason or row.last_error,
            )
            for row in rows
        ],
    )


@webhook.command()
@click.argument("name")
@json_option
@pass_app
def test(app: App, name: str, json_: bool) -> None:
    """Send one ping to NAME and say what it answered. No database; switched off or stopped, too."""
    from game_pipeline.webhooks import ping

    answer = ping(name, _known(app, name))
    if json_:
        print_json({"webhook": name, "delivered": answer.delivered, "status": answer.status, "error": answer.error})
    if not answer.delivered:
        raise Failed(f"{name}: the ping was not accepted: {answer.error}")
    if not json_:
        click.echo(f"{name}: accepted with {answer.status}")


@webhook.command("deliver")
@click.argument("name", required=False)
@click.option("--from-start", is_flag=True, help="Begin NAME at the log's start; only before it was sent anything.")
@json_option
@pass_app
def deliver_(app: App, name: str | None, from_start: bool, json_: bool) -> None:
    """Send what is due now, of NAME or of every webhook. Fails where a delivery did."""
    from game_pipeline.webhooks import WebhookError, begin, deliver

    if from_start and name is None:
        raise WrongUse("--from-start goes with NAME: it sends a webhook the whole log")
    chosen = app.settings.webhooks if name is None else {name: _known(app, name)}
    with app.store() as store:
        if name is not None and from_start:
            try:
                begin(store, name, from_start=True)
            except WebhookError as error:
                raise Failed(str(error)) from None
        outcomes = [deliver(store, each, settings) for each, settings in chosen.items()]
    if json_:
        print_json(outcomes)
    elif outcomes:
        print_table(
            ("webhook", "new", "delivered", "failed", "dead", "pending", "note"),
            [
                (each.webhook, each.taken, each.delivered, each.failed, each.dead, each.pending, each.note)
                for each in outcomes
            ],
        )
    else:
        click.echo("no webhook is in the settings; name one in game_pipeline.toml: [webhooks.NAME]")
    problems = [
        f"{each.webhook}: {each.failed + each.dead} deliveries failed, the last with: {each.last_error}"
        for each in outcomes
        if each.failed or each.dead
    ]
    if problems:
        raise Failed("; ".join(problems))


@webhook.command()
@click.argument("name")
@json_option
@pass_app
def dead(app: App, name: str, json_: bool) -> None:
    """What could not be delivered to NAME and was given up."""
    from game_pipeline.webhooks import dead_letters

    _known(app, name)
    with app.store() as store:
        rows = dead_letters(store, name)
    if json_:
        print_json(rows)
    elif rows:
        print_table(
            ("id", "event", "of", "when", "attempts", "given up", "last error"),
            [
                (
                    row["event_id"],
                    row["event_type"],
                    row["lane"],
                    row["recorded_at"],
                    row["attempts"],
                    row["ended_at"],
                    row["last_error"],
                )
                for row in rows
            ],
        )
    else:
        click.echo(f"{name}: no dead letters")


@webhook.command("retry")
@click.argument("name")
@click.argument("event_ids", type=click.UUID, nargs=-1, metavar="[ID]...")
@json_option
@pass_app
def retry_(app: App, name: str, event_ids: tuple[UUID, ...], json_: bool) -> None:
    """Let dead letters of NAME be tried again: those named, else all."""
    from game_pipeline.webhooks import WebhookError, retry

    _known(app, name)
    with app.store() as store:
        try:
            revived = retry(store, name, event_ids, now=_now())
        except WebhookError as error:
            raise Failed(str(error)) from None
    if json_:
        print_json({"webhook": name, "pending_again": revived})
    else:
        click.echo(f"{name}: {revived} dead letters wait to be delivered again")


@webhook.command("resume")
@click.argument("name")
@json_option
@pass_app
def resume_(app: App, name: str, json_: bool) -> None:
    """Let NAME go on after its receiver answered 410 Gone, or asked for a pause; what waits is due at once."""
    from game_pipeline.webhooks import resume

    _known(app, name)
    with app.store() as store:
        stopped = resume(store, name, _now())
    if json_:
        print_json({"webhook": name, "was_stopped": stopped})
    else:
        click.echo(f"{name} goes on" if stopped else f"{name} was not stopped; what waits is due now")


@webhook.command("forget")
@click.argument("name")
@json_option
@pass_app
def forget_(app: App, name: str, json_: bool) -> None:
    """Drop NAME's place in the log and all its deliveries; in the settings still, it begins anew with what comes."""
    from game_pipeline.webhooks import forget

    with app.store() as store:
        unsent = forget(store, name)
    if unsent is None:
        raise Failed(f"nothing is known of a webhook {name!r}; see: game-pipeline webhook list")
    if json_:
        print_json({"webhook": name, "never_sent": unsent})
    else:
        click.echo(f"{name} is forgotten; {unsent} deliveries that waited will never be sent")
