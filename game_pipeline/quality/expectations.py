"""Rules on the catalogue's columns, as data, and the one place that runs them through Great Expectations.

Great Expectations and pandas cost seconds to import, so both are imported when a rule runs and not before.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from game_pipeline.store import Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CATALOGUE_RULES", "ColumnRule", "RuleResult", "validate_catalogue"]


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """One expectation on the catalogue's games; its name is the sentence that it holds true."""

    name: str
    expectation: str
    arguments: Mapping[str, Any]
    severity: Literal["WARN", "ERROR"]
    description: str


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How a rule did: how many rows offend, in percent, and the ids of some. `error`: the rule itself failed."""

    rule: ColumnRule
    passed: bool
    offenders: int
    percent: float
    sample: list[Any] = field(default_factory=list)
    error: str | None = None


CATALOGUE_RULES = (
    ColumnRule(
        "every_game_has_a_title",
        "expect_column_value_lengths_to_be_between",
        {"column": "title", "min_value": 1, "max_value": 300},
        "ERROR",
        "Titles are there and no longer than 300 characters. Red: look at the games listed, and at their sources.",
    ),
    ColumnRule(
        "every_release_date_is_plausible",
        "expect_column_values_to_be_between",
        {"column": "release_year", "min_value": 1950, "max_value": 2100},
        "WARN",
        "Release years lie between 1950 and 2100, or are unknown. Yellow: correct the field of the games listed.",
    ),
    ColumnRule(
        "most_games_have_an_author",
        "expect_column_values_to_be_between",
        {"column": "authors", "min_value": 1, "mostly": 0.5},
        "WARN",
        "At least half of the games name an author. Yellow: a source has stopped stating authors.",
    ),
    ColumnRule(
        "most_games_have_a_description",
        "expect_column_values_to_be_between",
        {"column": "descriptions", "min_value": 1, "mostly": 0.5},
        "WARN",
        "At least half of the games have a description. Yellow: a source has stopped stating descriptions.",
    ),
)

_FRAME = """
SELECT game_id, title, left(release_date, 4)::int AS release_year,
       (SELECT count(*) FROM jsonb_array_elements(state->'credits') AS credit WHERE credit->>'role' = 'author')
           AS authors,
       (SELECT count(*) FROM jsonb_object_keys(state->'descriptions')) AS descriptions
FROM game WHERE status = 'active' ORDER BY game_id
"""


def validate_catalogue(store: Store) -> Iterator[RuleResult]:
    """Run every rule on the catalogue as it stands. An empty catalogue passes."""
    import pandas as pd

    rows = store.rows(_FRAME)
    if not rows:
        yield from (RuleResult(rule, passed=True, offenders=0, percent=0.0) for rule in CATALOGUE_RULES)
        return
    frame = pd.DataFrame(rows)
    frame["release_year"] = frame["release_year"].astype("float64")  # NaN, not NA: comparisons must be defined
    yield from _validate(frame)


def _validate(frame: pd.DataFrame) -> Iterator[RuleResult]:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # it raises its own voice when imported
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas("catalogue")
        .add_dataframe_asset("games")
        .add_batch_definition_whole_dataframe("all")
        .get_batch({"dataframe": frame})
    )
    for rule in CATALOGUE_RULES:
        expectation = ExpectationConfiguration(type=rule.expectation, kwargs=dict(rule.arguments)).to_domain_obj()
        validated = batch.validate(expectation, result_format={"result_format": "COMPLETE"})
        outcome: dict[str, Any] = dict(validated.to_json_dict())  # NaN is null in it
        result: dict[str, Any] = outcome.get("result") or {}
        places = result.get("unexpected_index_list") or []
        yield RuleResult(
            rule=rule,
            passed=bool(outcome["success"]),
            offenders=int(result.get("unexpected_count") or 0),
            percent=float(result.get("unexpected_percent") or 0.0),
            sample=[int(frame["game_id"].iloc[place]) for place in places[:5]],
            error=_exception(outcome.get("exception_info") or {}),
        )


def _exception(info: Mapping[str, Any]) -> str | None:
    # A rule that could not run (a missing column) is not raised but reported; it must not pass for bad data.
    if info.get("raised_exception"):
        return str(info.get("exception_message"))
    nested = [value for value in info.values() if isinstance(value, Mapping) and value.get("raised_exception")]
    return str(nested[0].get("exception_message")) if nested else None
