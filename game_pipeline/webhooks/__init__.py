"""The event log as webhooks: an outbox that tells receivers what happened, at least once and in order for each game.

What a receiver is sent, and what it may rely on, is in docs/webhooks.md.
"""

from .delivery import Delivered, deliver
from .outbox import (
    WebhookError,
    begin,
    dead_letters,
    event_types,
    forget,
    resume,
    retry,
    take_over,
    work_is_due,
)
from .overview import WebhookStatus, webhook_overview
from .ping import ping
from .sender import Answer, Sender

__all__ = [
    "Answer",
    "Delivered",
    "Sender",
    "WebhookError",
    "WebhookStatus",
    "begin",
    "dead_letters",
    "deliver",
    "event_types",
    "forget",
    "ping",
    "resume",
    "retry",
    "take_over",
    "webhook_overview",
    "work_is_due",
]
