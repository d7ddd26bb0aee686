"""How numbers and reports look in the Dagster UI: the same keys everywhere, Markdown that scraped text cannot break."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

__all__ = ["PAGE_KEYS", "RECORD_KEYS", "counts_metadata", "escape", "in_words", "table", "whole_run", "with_defaults"]

PAGE_KEYS = (
    "pages_checked",
    "pages_not_modified",
    "pages_same",
    "pages_fetched",
    "pages_changed",
    "pages_failed",
    "pages_left",
)
RECORD_KEYS = (
    "pages_read",
    "pages_same",
    "pages_changed",
    "pages_failed",
    "pages_parse_killed",
    "records_read",
    "records_new",
    "records_changed",
    "records_format",
    "records_vanished",
    "fields_unread",
)

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~:@-]|(?<=www)\.)")  # no addresses as links, either


def escape(text: object, limit: int = 200) -> str:
    """Text from outside as inert Markdown: no links, no markup, no table breakout, bounded length."""
    line = " ".join(str(text).split())
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    return _MARKDOWN.sub(r"\\\1", line)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; every cell escaped. An empty string where there are no rows."""
    lines = [" | ".join(escape(cell) for cell in row) for row in rows]
    if not lines:
        return ""
    head = [" | ".join(headings), " | ".join("---" for _ in headings)]
    return "\n".join(f"| {line} |" for line in [*head, *lines])


def in_words(counts: Mapping[str, int]) -> str:
    """Counts as a log line: what there is none of is left out."""
    return ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items() if n) or "nothing"


def with_defaults(counts: Mapping[str, int], keys: Sequence[str]) -> dict[str, int]:
    """All the keys, zero where nothing was counted: the UI plots them over time."""
    return {key: counts.get(key, 0) for key in keys} | dict(counts)


def counts_metadata(counts: Mapping[str, int]) -> dict[str, dg.MetadataValue[Any]]:
    return {key: dg.MetadataValue.int(value) for key, value in counts.items()}


def whole_run(totals: Mapping[str, int], segments: int, seconds: float) -> dict[str, dg.MetadataValue[Any]]:
    """What a run came to over all its segments. Each segment's event has it: the asset's page shows only the last."""
    counted = [("segments", segments), *((key, n) for key, n in sorted(totals.items()) if n)]
    report = table(("in the whole run", ""), [*counted, ("seconds", round(seconds, 3))])
    return {"whole_run": dg.MetadataValue.md(report)}
