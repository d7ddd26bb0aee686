"""The catalogue's data-quality checks: each rule of `quality` is one Dagster check, named as the sentence it holds."""

from collections.abc import Iterator

import dagster as dg

from game_pipeline.quality import CATALOGUE_RULES, TABLE_RULES, check_tables, validate_catalogue

from .catalog import GAMES
from .metadata import table
from .resources import Pipeline

__all__ = ["catalog_checks"]


def catalog_checks() -> list[dg.AssetChecksDefinition]:
    @dg.multi_asset_check(
        name="catalogue_columns",
        specs=[dg.AssetCheckSpec(rule.name, asset=GAMES, description=rule.description) for rule in CATALOGUE_RULES],
    )
    def columns(pipeline: dg.ResourceParam[Pipeline]) -> Iterator[dg.AssetCheckResult]:
        for result in validate_catalogue(pipeline.store):
            yield dg.AssetCheckResult(
                asset_key=GAMES,
                check_name=result.rule.name,
                passed=result.passed,
                severity=dg.AssetCheckSeverity[result.rule.severity],
                description=result.error and f"The rule itself failed: {result.error}",
                metadata={
                    "offenders": result.offenders,
                    "percent": round(result.percent, 2),
                    "games": ", ".join(str(game) for game in result.sample) or "none",
                },
            )

    @dg.multi_asset_check(
        name="catalogue_tables",
        specs=[dg.AssetCheckSpec(rule.name, asset=GAMES, description=rule.description) for rule in TABLE_RULES],
    )
    def tables(pipeline: dg.ResourceParam[Pipeline]) -> Iterator[dg.AssetCheckResult]:
        for result in check_tables(pipeline.store):
            headings = tuple(result.sample[0]) if result.sample else ()
            yield dg.AssetCheckResult(
                asset_key=GAMES,
                check_name=result.rule.name,
                passed=result.passed,
                severity=dg.AssetCheckSeverity[result.rule.severity],
                metadata={
                    "offenders": result.offenders,
                    "sample": dg.MetadataValue.md(
                        table(headings, [tuple(row.values()) for row in result.sample]) or "None."
                    ),
                },
            )

    return [columns, tables]
