"""Equal values as equal bytes, and their hash; a failed validation in words."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

from pydantic import ValidationError

__all__ = ["canonical_json", "describe_errors", "digest"]

_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return _CANONICAL.encode(value)


def digest(value: Any) -> str:
    """BLAKE2b, 128 bits, in hex, over the canonical JSON of a value."""
    return blake2b(canonical_json(value).encode(), digest_size=16).hexdigest()


def describe_errors(error: ValidationError) -> str:
    """Every problem of a validation as `field.0.part: what is wrong`, joined by semicolons."""
    problems = []
    for problem in error.errors(include_url=False):
        where = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        problems.append(f"{where}: {message}" if where else message)
    return "; ".join(problems)
