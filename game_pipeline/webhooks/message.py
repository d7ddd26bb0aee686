"""What goes over the wire: the body of a message and its signed headers, by the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from game_pipeline.model import canonical_json

__all__ = ["Message", "event_message", "signed_headers"]


@dataclass(frozen=True, slots=True)
class Message:
    """The same id and the same bytes, however often they are sent: the receiver tells a repetition by the id."""

    id: str
    body: bytes


def event_message(row: Mapping[str, Any]) -> Message:
    """A row of the log as a message."""
    event = dict(row)
    return make_message(str(event["event_id"]), event["event_type"], event["recorded_at"], event)


def make_message(id_: str, type_: str, at: dt.datetime, data: Mapping[str, Any]) -> Message:
    document = {"type": type_, "timestamp": _plain(at), "data": {key: _plain(value) for key, value in data.items()}}
    return Message(id_, canonical_json(document).encode())


def signed_headers(message: Message, keys: Sequence[bytes], now: dt.datetime) -> dict[str, str]:
    """The headers that prove who sent a message, and when; a signature for each key."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join((message.id.encode(), timestamp.encode(), message.body))
    signatures = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    return {
        "webhook-id": message.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value
