"""The claims of a Wikibase entity: the statements that count, their values, and dates as precise as they are.

Format: Wikibase's JSON data model (doc.wikimedia.org/Wikibase, "docs_topics_json") and whole replies of wbgetentities.
"""

from __future__ import annotations

import re
from typing import Any

from .jsondoc import listed, mapping, string

__all__ = ["items", "moment", "qualifiers", "strings", "titles", "truthy"]

_TIME = re.compile(r"\+(\d{4})-(\d\d)-(\d\d)T")
_YEAR, _MONTH, _DAY = 9, 10, 11
_ITEM = re.compile(r"Q[1-9]\d{0,11}")


def truthy(claims: dict[str, Any], property_: str) -> list[dict[str, Any]]:
    """The statements of a property that count: the preferred ones, else the normal ones; never a deprecated one, nor
    one that says there is no value, or an unknown one."""
    ranked: dict[str, list[dict[str, Any]]] = {"preferred": [], "normal": []}
    for statement in map(mapping, listed(claims.get(property_))):
        rank = string(statement.get("rank")) or "normal"
        if rank in ranked and mapping(statement.get("mainsnak")).get("snaktype") == "value":
            ranked[rank].append(statement)
    # A preferred statement without a value outranks the others all the same: it says that there is none.
    if any(mapping(statement).get("rank") == "preferred" for statement in listed(claims.get(property_))):
        return ranked["preferred"]
    return ranked["normal"]


def _value(snak: Any) -> Any:
    found = mapping(snak)
    return mapping(found.get("datavalue")).get("value") if found.get("snaktype") == "value" else None


def strings(claims: dict[str, Any], property_: str) -> list[str]:
    """Values that are text: ids of other sites, addresses."""
    return [text for statement in truthy(claims, property_) if (text := string(_value(statement.get("mainsnak"))))]


def items(claims: dict[str, Any], property_: str) -> list[str]:
    """Values that are items, by their ids; old replies have the number alone."""
    found = []
    for statement in truthy(claims, property_):
        value = mapping(_value(statement.get("mainsnak")))
        identity = string(value.get("id")) or f"Q{string(value.get('numeric-id'))}"
        if _ITEM.fullmatch(identity):
            found.append(identity)
    return found


def titles(claims: dict[str, Any], property_: str) -> list[tuple[str, str]]:
    """(text, language) of values that are text in a language."""
    values = [mapping(_value(statement.get("mainsnak"))) for statement in truthy(claims, property_)]
    return [(text, string(value.get("language"))) for value in values if (text := string(value.get("text")))]


def qualifiers(statement: dict[str, Any], property_: str) -> list[str]:
    """The texts that qualify a statement under a property."""
    snaks = listed(mapping(statement.get("qualifiers")).get(property_))
    return [text for snak in snaks if (text := string(_value(snak)))]


def moment(claims: dict[str, Any], property_: str) -> str:
    """The earliest date of a property as `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; an empty string where there is none.

    A date less precise than a year (a decade, a century) is none. Of two dates of one year the more precise counts.
    """
    found: list[tuple[int, int, int]] = []
    for statement in truthy(claims, property_):
        value = mapping(_value(statement.get("mainsnak")))
        match, precision = _TIME.match(string(value.get("time"))), value.get("precision")
        if not match or precision not in (_YEAR, _MONTH, _DAY):
            continue
        year, month, day = (int(part) for part in match.groups())
        found.append((year, month if precision >= _MONTH else 0, day if precision == _DAY else 0))
    if not found:
        return ""
    year, month, day = min(found, key=lambda date: (date[0], date[1] or 99, date[2] or 99))
    return "-".join([f"{year:04}", *(f"{part:02}" for part in (month, day) if part)])
