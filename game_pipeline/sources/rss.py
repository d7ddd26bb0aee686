"""RSS as sites send it: the items of its channel, and when they were published. What they mean, the source says."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from .base import ParseError
from .xml import child, children, parse_xml

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["moment", "rss_items"]


def rss_items(body: bytes) -> list[etree._Element]:
    """The items of an RSS document, in its order. Raises `ParseError` for what is none."""
    channel = child(parse_xml(body, "rss", what="rss"), "channel")
    if channel is None:
        raise ParseError("rss channel", "missing")
    return list(children(channel, "item"))


def moment(text: str) -> str:
    """A date of RFC 822 as ISO 8601 in UTC, whose order as text is the order in time; empty where it is none, or does
    not say in which zone."""
    try:
        found = parsedate_to_datetime(text)
        if found.tzinfo is None:
            return ""
        return f"{found.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
    except (ValueError, TypeError, OverflowError, IndexError):
        return ""
