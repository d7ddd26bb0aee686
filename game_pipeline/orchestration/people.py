"""The asset `catalog/people`: who stands behind the names that the games' records credit."""

import time

import dagster as dg

from game_pipeline.people import refresh_people

from .metadata import counts_metadata, table, with_defaults
from .resources import Pipeline

__all__ = ["PEOPLE", "people_asset"]

PEOPLE = dg.AssetKey(["catalog", "people"])
_KEYS = ("people", "personas", "personas_new", "spellings_new", "pages_taken_in", "pages_gone", "parted")


def people_asset(after: dg.AssetKey, *, group: str, owners: list[str]) -> dg.AssetsDefinition:
    """The asset, downstream of the games, whose sharing of credits is evidence."""

    @dg.asset(
        key=PEOPLE,
        deps=[after],
        group_name=group,
        kinds={"python", "postgres"},
        owners=owners,
        description=(
            "The people behind the credits: one across spellings, pages and sites, where a rule is sure of it (the "
            "same page, or one that gives the other as theirs; a name that one page alone claims; the only one of that "
            "name on both sites, credited together) or a person said so. Names and texts come from the sites' own "
            "pages about them, where those were read. Wrong? "
            "`game-pipeline person split` and `merge`; the answer is kept for ever."
        ),
    )
    def people(context: dg.AssetExecutionContext, pipeline: dg.ResourceParam[Pipeline]) -> dg.MaterializeResult:
        begun = time.monotonic()
        report = refresh_people(pipeline.store, context.run.run_id)
        joined = sum(n for name, n in report.counts.items() if name.startswith("joined_"))
        return dg.MaterializeResult(
            metadata=counts_metadata(with_defaults(report.counts, _KEYS) | {"people_joined": joined})
            | {
                "seconds": dg.MetadataValue.float(round(time.monotonic() - begun, 3)),
                "report": dg.MetadataValue.md(
                    table(("one", "is", "because"), [tuple(example.values()) for example in report.examples])
                    or "Nobody was joined."
                ),
            }
        )

    return people
