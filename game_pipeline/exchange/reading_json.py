"""An existing catalogue as JSON lines: a document a game, with the keys of the canonical record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .existing import CLAIMS, ExistingGame, Problem, RawGame, did_you_mean, read_game
from .lines import Lines

__all__ = ["read_json_lines"]

KEYS = ("id", *CLAIMS, "edited")
# What a record or our own export also says, and what is computed anew.
_PASSED_OVER = (
    "source", "identity", "url", "attribution", "extra", "parser_version", "warnings",
    "revision", "provenance", "sources", "quality_score", "needs_human_review", "human_edited_fields",
    "last_ai_review", "created_at", "updated_at",
)  # fmt: skip


def read_json_lines(path: Path) -> Iterator[ExistingGame | list[Problem]]:
    """A game or its problems for each line that is not blank. Raises `ExistingFileError` for no such file at all."""
    lines = Lines(path)
    source = iter(lines)
    begun = False
    while True:
        lines.begin_row()
        line = next(source, None)
        if line is None:
            return
        if not line.strip():
            if lines.problems:
                yield list(lines.problems)
            continue
        if not begun and line.lstrip().startswith("["):
            raise lines.fatal("the file is one JSON list; write one object a line (jq -c '.[]' does it)")
        begun = True
        yield list(lines.problems) or _read_line(lines, line)


def _read_line(lines: Lines, line: str) -> ExistingGame | list[Problem]:
    try:
        document = json.loads(line, object_pairs_hook=_no_key_twice, parse_constant=_no_constant)
    except RecursionError:
        return [Problem(lines.name, lines.number, "", "nested too deeply; expected one object of a game")]
    except ValueError as error:
        return [Problem(lines.name, lines.number, "", f"not JSON: {error}; expected one object a line")]
    if not isinstance(document, dict):
        return [
            Problem(lines.name, lines.number, "", 'expected one object a line, such as {"id": "1", "title": "..."}')
        ]
    unknown = [name for name in document if name not in KEYS and name not in _PASSED_OVER]
    if unknown:
        return [Problem(lines.name, lines.number, name, f"unknown key{did_you_mean(name, KEYS)}") for name in unknown]
    claims = {name: document[name] for name in CLAIMS if name in document}
    return read_game(
        RawGame(lines.name, lines.number, document.get("id"), claims, document.get("edited"), expected={}, names={})
    )


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!r} is given twice")
    return document


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
