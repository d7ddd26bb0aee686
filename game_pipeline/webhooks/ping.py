"""A message that says nothing: to see whether a receiver answers and accepts the signature."""

from __future__ import annotations

import datetime as dt

from uuid_utils.compat import uuid7

from game_pipeline.settings import WebhookSettings

from .message import make_message, signed_headers
from .sender import Answer, Sender

__all__ = ["PING", "ping"]

PING = "webhook.ping"


def ping(name: str, settings: WebhookSettings) -> Answer:
    """Send one ping, past the outbox: nothing is remembered, and a webhook that is off or stopped is asked, too."""
    now = dt.datetime.now(dt.UTC)
    message = make_message(str(uuid7()), PING, now, {"webhook": name})
    with Sender() as sender:
        return sender.post(settings.url, signed_headers(message, settings.keys(), now), message.body, settings.timeout)
