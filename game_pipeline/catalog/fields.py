"""The fields of a game's state by name: descriptions are told apart by language (`descriptions.ru`). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["as_edited", "changed_fields", "field_names", "put_value", "value_of"]

_DESCRIPTION = "descriptions."


def field_names(state: Mapping[str, Any]) -> list[str]:
    """Every field of a state, empty ones included."""
    return [name for name in state if name != "descriptions"] + [
        _DESCRIPTION + lang for lang in state.get("descriptions", {})
    ]


def value_of(state: Mapping[str, Any], field: str) -> Any:
    """A field's value in the form of the state; None for a description that is not there."""
    if field.startswith(_DESCRIPTION):
        return state["descriptions"].get(field.removeprefix(_DESCRIPTION))
    return state[field]


def put_value(state: Mapping[str, Any], field: str, value: Any) -> dict[str, Any]:
    """The state with one field set; None removes a description."""
    if not field.startswith(_DESCRIPTION):
        return {**state, field: value}
    lang = field.removeprefix(_DESCRIPTION)
    texts = {key: text for key, text in state["descriptions"].items() if key != lang}
    if value is not None:
        texts[lang] = value
    return {**state, "descriptions": dict(sorted(texts.items()))}


def as_edited(value: Any) -> Any:
    """A value of the state in the form that an edit gives it: of a description, its text."""
    return value["text"] if isinstance(value, dict) else value


def changed_fields(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[str]:
    """Names of the fields whose value differs; absent and empty are the same."""
    before, after = _stated(old), _stated(new)
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _stated(state: Mapping[str, Any] | None) -> dict[str, Any]:
    if state is None:
        return {}
    return {name: value for name in field_names(state) if (value := value_of(state, name)) not in (None, [], {})}
