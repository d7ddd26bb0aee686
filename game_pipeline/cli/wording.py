"""Games in words: a field's value, where it comes from, what differs between two values."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from game_pipeline.catalog import EDITABLE

__all__ = [
    "because",
    "brief",
    "difference",
    "fields_of",
    "imported",
    "parts_in_words",
    "scope_in_words",
    "sides_in_words",
    "told",
]


def fields_of(state: dict[str, Any]) -> list[str]:
    names = [name for name, value in state.items() if name != "descriptions" and value not in (None, [], {})]
    return sorted(names, key=EDITABLE.index) if set(names) <= set(EDITABLE) else names


def told(name: str, value: Any) -> str:
    if name == "credits":
        return "; ".join(
            f"{item['name']} ({item['role']})" + (f" {item['url']}" if item["url"] else "") for item in value
        )
    if name == "tags":
        return "; ".join(f"{item['kind']}: {item['value']}" for item in value)
    if name == "urls":
        return "\n".join(f"{item['kind']}: {item['url']}" for item in value)
    if name == "external_ids":
        return "; ".join(f"{item['scheme']} {item['value']}" for item in value)
    if name == "alt_titles":
        return "; ".join(item["title"] for item in value)
    return str(value)


def because(entry: dict[str, Any] | None) -> str:
    if not entry:
        return ""
    if entry["rule"] == "human_edit":
        return f"{entry['author']} set it on {str(entry['at'])[:10]}"
    sources = ", ".join(dict.fromkeys(item["source"] for item in entry.get("sources", [])))
    back = f", as of revision {entry['rolled_back_to']}" if "rolled_back_to" in entry else ""
    return f"{entry['rule']}: {sources}{back}"


def imported(versions: list[dict[str, Any]]) -> str:
    """Which runs brought what a revision heard for the first time."""
    runs = dict.fromkeys(f"{row['source']} run {row['run_id']}" for row in versions)
    return "; ".join([*list(runs)[:3], *([f"and {len(runs) - 3} more"] if len(runs) > 3 else [])])


def difference(field: str, old: Any, new: Any) -> tuple[str, str]:
    """Both sides of a change; of lists only the items that went and came, of texts from the first difference on."""
    if isinstance(old, str) and isinstance(new, str):
        start = max(0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))) - 30)
        lead = "…" if start else ""
        return brief(lead + old[start:]), brief(lead + new[start:])
    if not isinstance(old, list) and not isinstance(new, list):
        return brief(old), brief(new)
    old, new = old or [], new or []
    gone = [item for item in old if item not in new]
    came = [item for item in new if item not in old]
    return brief(told(field, gone)), brief(told(field, came))


def brief(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else str(value)
    return text if len(text) <= 120 else text[:119] + "…"


def parts_in_words(parts: dict[str, int]) -> str:
    """Which versions of a record are heard instead of its newest."""
    return ", ".join(
        f"{'all' if part == '*' else part}: {f'version {version}' if version else 'nothing'}"
        for part, version in sorted(parts.items())
    )


def sides_in_words(sides: list[dict[str, Any]]) -> str:
    """Who says what, where sources disagree."""
    return "; ".join(
        f"{', '.join(dict.fromkeys(by['source'] for by in side['sources']))}: {brief(side['value'])}" for side in sides
    )


def scope_in_words(scope: dict[str, Any]) -> str:
    """What was taken back."""
    if "game" in scope:
        field = f"{scope['field']} of " if "field" in scope else ""
        return f"{field}game {scope['game']} to revision {scope['to']}"
    names = ("source", "run_id", "parser_version", "since", "until")
    return ", ".join(f"{name.replace('_', ' ').removesuffix(' id')} {scope[name]}" for name in names if name in scope)


def edited_in_words(edits: list[dict[str, Any]]) -> str:
    """Which fields people had set, or set then."""
    return "; ".join(f"{edit['field']}: {edit['author']} set it on {edit['at'][:10]}" for edit in edits)
