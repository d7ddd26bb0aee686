"""How the outcome of an import stands in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from game_pipeline.orchestration.importing import ImportOutcome

__all__ = ["IMPORT_HEADINGS", "import_row"]

IMPORT_HEADINGS = (
    "source",
    "status",
    "pages",
    "304",
    "same",
    "changed",
    "failed",
    "records new",
    "changed",
    "vanished",
)


def import_row(outcome: ImportOutcome) -> tuple[Any, ...]:
    """Pages by what became of them, then records."""
    counts = outcome.counts
    return (
        outcome.source,
        outcome.status,
        counts["pages_checked"],
        counts["pages_not_modified"],
        counts["pages_same"],
        counts["pages_changed"],
        counts["pages_failed"],
        counts["records_new"],
        counts["records_changed"] + counts["records_format"] + counts["records_reparsed"],
        counts["records_vanished"],
    )
