"""How every webhook is: what the command line and the UI show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from game_pipeline.settings import WebhookSettings
from game_pipeline.store import Store

from .outbox import event_types

__all__ = ["WebhookStatus", "webhook_overview"]


@dataclass(frozen=True, slots=True)
class WebhookStatus:
    """`state`: new (has not begun), active, off, stopped, pausing, or removed (not in the settings any more).

    `to`: the receiver's address without its path, which may hold a secret. `lag_events`: events for it that are not
    delivered, in the outbox or still to be taken over; `lag_seconds`: the age of the oldest of them. Dead letters do
    not count as lag. `delivered`: as far as it is remembered.
    """

    name: str
    state: str
    reason: str | None
    to: str | None
    events: list[str]
    position: int | None
    pending: int
    delivered: int
    dead: int
    lag_events: int
    lag_seconds: float
    last_error: str | None
    last_delivered_at: dt.datetime | None


_COUNTS = """
SELECT webhook.*, counted.*, failed.last_error FROM webhook
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE delivery.state = 'pending') AS pending,
           count(*) FILTER (WHERE delivery.state = 'delivered') AS delivered,
           count(*) FILTER (WHERE delivery.state = 'dead') AS dead,
           min(recorded_at) FILTER (WHERE delivery.state = 'pending') AS oldest_pending,
           max(ended_at) FILTER (WHERE delivery.state = 'delivered') AS last_delivered_at
    FROM webhook_delivery AS delivery WHERE delivery.webhook = webhook.name
) AS counted
LEFT JOIN LATERAL (
    SELECT last_error FROM webhook_delivery AS delivery
    WHERE delivery.webhook = webhook.name AND delivery.state = 'pending' AND last_error IS NOT NULL
    ORDER BY position LIMIT 1
) AS failed ON true
"""

_BEHIND = """
SELECT count(*) AS n, min(recorded_at) AS oldest FROM import_event WHERE position > %s AND event_type = ANY(%s)
"""


def webhook_overview(
    store: Store, webhooks: Mapping[str, WebhookSettings], now: dt.datetime | None = None
) -> list[WebhookStatus]:
    """Every webhook of the settings, then those that only the database remembers. Changes nothing."""
    now = now or dt.datetime.now(dt.UTC)
    rows = {row["name"]: row for row in store.rows(_COUNTS)}
    names = [*webhooks, *sorted(rows.keys() - webhooks.keys())]
    return [_status(store, name, webhooks.get(name), rows.get(name), now) for name in names]


def _status(
    store: Store, name: str, settings: WebhookSettings | None, row: dict[str, Any] | None, now: dt.datetime
) -> WebhookStatus:
    behind: dict[str, Any] | None = None
    if settings is not None and row is not None:
        behind = store.row(_BEHIND, (row["position"], event_types(settings)))
    moments = [row["oldest_pending"] if row else None, behind["oldest"] if behind else None]
    oldest = [moment for moment in moments if moment is not None]
    pending = row["pending"] if row else 0
    return WebhookStatus(
        name=name,
        state=_state(settings, row, now),
        reason=row["reason"] if row else None,
        to=settings.origin if settings else None,
        events=event_types(settings) if settings else [],
        position=row["position"] if row else None,
        pending=pending,
        delivered=row["delivered"] if row else 0,
        dead=row["dead"] if row else 0,
        lag_events=pending + (behind["n"] if behind else 0),
        lag_seconds=round(max(0.0, (now - min(oldest)).total_seconds()), 3) if oldest else 0.0,
        last_error=row["last_error"] if row else None,
        last_delivered_at=row["last_delivered_at"] if row else None,
    )


def _state(settings: WebhookSettings | None, row: dict[str, Any] | None, now: dt.datetime) -> str:
    if settings is None:
        return "removed"
    if not settings.enabled:
        return "off"
    if row is None:
        return "new"
    if row["state"] == "active" and row["not_before"] is not None and row["not_before"] > now:
        return "pausing"
    return str(row["state"])
