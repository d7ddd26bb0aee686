"""The asset checks of what a source expects of its own records: what they state, and how many there are."""

from collections.abc import Iterator

import dagster as dg

from game_pipeline.changes import count_standings, field_standings
from game_pipeline.sources import Source

from .metadata import table
from .resources import Pipeline

__all__ = ["expectation_results", "expectation_specs"]

FIELDS = "fields_are_stated_as_expected"
COUNTS = "as_many_records_as_expected"


def expectation_specs(source: Source) -> list[dg.AssetCheckSpec]:
    asset = ["records", source.name]
    return [
        dg.AssetCheckSpec(
            FIELDS,
            asset=asset,
            description="The records state what this site's pages state. Yellow: the table names the selector that "
            "finds too little; the layout of the pages has probably changed.",
        ),
        dg.AssetCheckSpec(
            COUNTS,
            asset=asset,
            description="After a complete listing, the source and its segments have as many records as they should.",
        ),
    ]


def expectation_results(pipeline: Pipeline, source: Source) -> Iterator[dg.AssetCheckResult]:
    fields = field_standings(pipeline.store, source)
    yield dg.AssetCheckResult(
        check_name=FIELDS,
        passed=all(item.well for item in fields),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "fields_short": sum(not item.well for item in fields),
            "report": dg.MetadataValue.md(
                table(
                    ("of a", "field", "expected", "found", "where on the page", "pages without it"),
                    [
                        (
                            item.subject,
                            item.facet,
                            f"{item.share:.0%}",
                            f"{item.stated} of {item.records}",
                            item.selector,
                            ", ".join(item.examples),
                        )
                        for item in fields
                    ],
                )
                or "Nothing is expected of this source's records, or it has none yet."
            ),
        },
    )
    counts = count_standings(pipeline.store, source)
    yield dg.AssetCheckResult(
        check_name=COUNTS,
        passed=all(item.well for item in counts),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "counts_outside": sum(not item.well for item in counts),
            "report": dg.MetadataValue.md(
                table(
                    ("segment", "records", "at least", "at most"),
                    [
                        (item.segment or "all", item.records, item.least, "any" if item.most is None else item.most)
                        for item in counts
                    ],
                )
                or "The source was not listed to its end yet."
            ),
        },
    )
