"""Is the data good? Column rules run by Great Expectations, and rules across tables in SQL. Knows no Dagster."""

from .expectations import CATALOGUE_RULES, ColumnRule, RuleResult, validate_catalogue
from .tables import TABLE_RULES, TableRule, TableRuleResult, check_tables

__all__ = [
    "CATALOGUE_RULES",
    "TABLE_RULES",
    "ColumnRule",
    "RuleResult",
    "TableRule",
    "TableRuleResult",
    "check_tables",
    "validate_catalogue",
]
