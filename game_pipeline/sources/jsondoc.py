"""JSON as sites send it, read safely, and small readers for values whose type a site does not keep."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from .base import ParseError
from .text import without_surrogates

__all__ = ["listed", "mapping", "names", "number", "parse_json", "parse_json_list", "string"]

MAX_DOCUMENT = 16 * 1024 * 1024
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_json(body: bytes, *, what: str = "document") -> dict[str, Any]:
    """The JSON object of a reply. Raises `ParseError` for anything else; lone surrogates are replaced."""
    document = _document(body, what)
    if not isinstance(document, dict):
        raise ParseError(what, f"a JSON {type(document).__name__}, not an object")
    return document


def parse_json_list(body: bytes, *, what: str = "document") -> list[Any]:
    """The JSON array of a reply. Raises `ParseError` for anything else; lone surrogates are replaced."""
    document = _document(body, what)
    if not isinstance(document, list):
        message = f": {string(document.get('message'))[:200]}" if isinstance(document, dict) else ""
        raise ParseError(what, f"a JSON {type(document).__name__}, not an array{message}")
    return document


def _document(body: bytes, what: str) -> Any:
    if len(body) > MAX_DOCUMENT:
        raise ParseError(what, f"{len(body)} bytes, {MAX_DOCUMENT} at most")
    if not body.strip():
        raise ParseError(what, "empty")

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no JSON")

    try:
        document = json.loads(body.decode("utf-8-sig"), parse_constant=refuse)
        if _LONE_SURROGATE.search(body):
            document = _repair(document)
    except (ValueError, RecursionError) as error:
        kind = "an HTML page instead of JSON" if body.lstrip()[:1] == b"<" else f"not JSON: {str(error)[:200]}"
        raise ParseError(what, kind) from None
    return document


def _repair(value: Any) -> Any:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, list):
        return [_repair(item) for item in value]
    if isinstance(value, dict):
        return {without_surrogates(key): _repair(item) for key, item in value.items()}
    return value


def mapping(value: Any) -> dict[str, Any]:
    """The object, or an empty one: PHP prints an empty object as `[]`."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """The list, or an empty one; the values of an object, which is how PHP prints a list with gaps."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def string(value: Any) -> str:
    """A string, or a number as written; anything else is an empty string."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def names(value: Any, key: str = "name") -> list[str]:
    """The names of a list of objects, in order; what has none (an id that was not resolved) is left out."""
    return [name for item in listed(value) if (name := string(mapping(item).get(key)))]


def number(value: Any) -> int | float | None:
    """A finite number, be it written as a number or as a string; None for anything else."""
    if isinstance(value, str):
        value = value.strip()
        if not re.fullmatch(r"-?\d{1,18}(?:\.\d{1,18})?", value):
            return None
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or abs(value) > 1e18:
        return None
    return int(value) if value == int(value) else value
