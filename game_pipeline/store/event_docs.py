"""The types of events and their payloads as a page for people, made from the models themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .event_types import EVENT_TYPES

__all__ = ["event_types_page"]

_HEAD = """\
# Events

Every change of the catalogue is an event; the catalogue is what its events say. `game-pipeline events tail` shows them,
`game-pipeline events export` gives them as JSON lines, [webhooks](webhooks.md) deliver them. This page is printed by
`game-pipeline events types --markdown`.

Each event has `position` (its place in the log; gaps are normal), `event_id` (UUID version 7, unique for ever),
`stream` and `stream_version` (what it happened to, counted without a gap), `event_type`, `schema_version`, `game_id`,
`source`, `source_url`, `payload` (below), `correlation_id` (the run or command that caused it), `causation_id`, `actor`
(`pipeline`, or a person) and `recorded_at` (the database's time).

A payload whose form changes gets a higher `schema_version`; older events stay as they were written and are read as the
newest version. New keys and new types may come; none described here goes without a new version.
"""


def event_types_page() -> str:
    """Markdown: every type with its version, meaning and payload."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _HEAD
    for name, event_type in EVENT_TYPES.items():
        schema = event_type.schema()
        yield f"## {name} (version {event_type.version})\n"
        yield f"{event_type.meaning}\n"
        yield "| key | type | |"
        yield "|---|---|---|"
        for key, described in schema["properties"].items():
            yield f"| `{key}` | {_type(described, schema)} | {described.get('description', '')} |"
        yield ""


def _type(described: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    match described:
        case {"$ref": reference}:
            inner = schema["$defs"][reference.rpartition("/")[2]]
            keys = ", ".join(f"`{key}`" for key in inner["properties"])
            return f"object: {keys}"
        case {"anyOf": choices}:
            return " or ".join(_type(choice, schema) for choice in choices)
        case {"enum": values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"const": value}:
            return f"`{value}`"
        case {"type": "array", "items": items} if items:
            return f"list of {_type(items, schema)}"
        case {"type": "object", "additionalProperties": dict() as values}:
            return f"object of {_type(values, schema)}"
        case {"type": kind}:
            return str(kind)
        case _:
            return "any JSON"
