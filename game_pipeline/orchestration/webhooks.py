"""Delivering the event log to webhooks: the asset that does it, the sensor that starts it, the check on the rest."""

import datetime as dt
import time
from typing import TYPE_CHECKING

import dagster as dg

from game_pipeline.settings import Settings
from game_pipeline.webhooks import begin, dead_letters, deliver, take_over, webhook_overview, work_is_due

from .automation import is_active, sensor_status
from .metadata import table
from .resources import Pipeline

if TYPE_CHECKING:  # no public name of dagster's stands for what define_asset_job returns
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

__all__ = ["DELIVER_JOB", "WEBHOOKS", "deliver_job", "webhook_asset", "webhook_check", "webhook_sensor"]

WEBHOOKS = dg.AssetKey(["monitoring", "webhooks"])
DELIVER_JOB = "deliver_webhooks"

# All webhooks of a run together: a receiver that hangs must not keep a run for ever. The sensor starts the next one.
RUN_SECONDS = 600.0


def webhook_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=WEBHOOKS,
        group_name="monitoring",
        kinds={"postgres", "http"},
        owners=["team:operations"],
        pool="webhooks",
        description=(
            "Sends the event log to the webhooks of the settings, what is due now, and says how each of them is. What "
            "fails is tried again by itself; dead letters wait for: game-pipeline webhook retry NAME"
        ),
    )
    def webhooks(pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        configured = pipeline.settings.webhooks
        ends = time.monotonic() + RUN_SECONDS
        outcomes = [
            deliver(pipeline.store, name, settings, seconds=max(0.0, ends - time.monotonic()))
            for name, settings in configured.items()
        ]
        rows = webhook_overview(pipeline.store, configured)
        now = {each.webhook: each for each in outcomes}
        report = table(
            ("webhook", "to", "state", "delivered now", "pending", "dead", "lag", "problem"),
            [
                (
                    row.name,
                    row.to or "",
                    row.state,
                    now[row.name].delivered if row.name in now else 0,
                    row.pending,
                    row.dead,
                    f"{row.lag_events} events, {row.lag_seconds:.0f} s",
                    row.reason or (now[row.name].note if row.name in now else None) or row.last_error or "",
                )
                for row in rows
            ],
        )
        return dg.MaterializeResult(
            metadata={
                "webhooks": len(configured),
                "delivered": sum(each.delivered for each in outcomes),
                "failed": sum(each.failed for each in outcomes),
                "pending": sum(row.pending for row in rows),
                "dead": sum(row.dead for row in rows),
                "lag": sum(row.lag_events for row in rows),
                "lag_seconds": max((row.lag_seconds for row in rows), default=0.0),
                "stopped": sum(row.state == "stopped" for row in rows),
                "report": dg.MetadataValue.md(report or "No webhook is in the settings."),
            }
        )

    return webhooks


def webhook_check() -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=WEBHOOKS,
        name="every_event_reached_its_webhooks",
        description="No delivery was given up, and no receiver said that it is gone for good.",
    )
    def every_event_reached_its_webhooks(pipeline: dg.ResourceParam[Pipeline]) -> dg.AssetCheckResult:
        configured = pipeline.settings.webhooks
        rows = webhook_overview(pipeline.store, configured)
        letters = [
            (row.name, letter["event_id"], letter["event_type"], letter["attempts"], letter["last_error"] or "")
            for row in rows
            for letter in dead_letters(pipeline.store, row.name, limit=10)
        ]
        stopped = [row.name for row in rows if row.state == "stopped"]
        return dg.AssetCheckResult(
            passed=not letters and not stopped,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "offenders": sum(row.dead for row in rows),
                "stopped": ", ".join(stopped) or "none",
                "sample": dg.MetadataValue.md(
                    table(("webhook", "event", "type", "attempts", "last error"), letters) or "None."
                ),
            },
        )

    return every_event_reached_its_webhooks


def deliver_job() -> "UnresolvedAssetJobDefinition":
    return dg.define_asset_job(
        DELIVER_JOB,
        selection=dg.AssetSelection.assets(WEBHOOKS),
        description="Send to the webhooks what is due now.",
        executor_def=dg.in_process_executor,
    )


def webhook_sensor(settings: Settings, job: "UnresolvedAssetJobDefinition") -> dg.SensorDefinition:
    @dg.sensor(
        name="deliver_when_events_wait",
        job=job,
        minimum_interval_seconds=15,
        default_status=sensor_status(settings),
        description="Puts new events into the webhooks' outbox, and starts delivering when something is due.",
    )
    def deliver_when_events_wait(
        context: dg.SensorEvaluationContext, pipeline: dg.ResourceParam[Pipeline]
    ) -> dg.SensorResult | dg.SkipReason:
        configured = {name: each for name, each in pipeline.settings.webhooks.items() if each.enabled}
        if not configured:
            return dg.SkipReason("no webhook is in the settings, or each is switched off")
        now = dt.datetime.now(dt.UTC)
        for name, each in configured.items():
            begin(pipeline.store, name)
            take_over(pipeline.store, name, each, now)
        if not work_is_due(pipeline.store, configured, now):
            return dg.SkipReason("nothing is due")
        if is_active(context.instance, DELIVER_JOB):
            return dg.SkipReason("delivering is under way")
        tick = int(context.cursor or 0) + 1
        # Time, too: a cursor that was reset must not bring keys that were used.
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=f"deliver-{tick}-{int(now.timestamp())}")], cursor=str(tick)
        )

    return deliver_when_events_wait
