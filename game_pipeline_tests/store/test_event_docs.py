"""What is written about events is what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from game_pipeline.store.event_docs import event_types_page
from game_pipeline.store.event_types import EVENT_TYPES, EventType

PAGE = Path(__file__).parents[2] / "docs" / "events.md"


def test_the_page_is_of_this_version() -> None:
    assert PAGE.read_text(encoding="utf-8") == event_types_page(), "renew it: game-pipeline events types --markdown"


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_every_key_of_a_payload_is_described(name: str) -> None:
    known: EventType = EVENT_TYPES[name]
    section = event_types_page().partition(f"## {name} (version {known.version})")[2].partition("\n## ")[0]
    for key in known.payload.__annotations__:
        assert f"| `{key}` |" in section


def test_a_payload_with_a_key_too_many_or_too_few_is_refused() -> None:
    known = EVENT_TYPES["game.unpinned"]
    known.check({"pin_id": 1, "field": "title"})
    with pytest.raises(ValueError, match="field: Field required"):
        known.check({"pin_id": 1})
    with pytest.raises(ValueError, match="colour: Extra inputs are not permitted"):
        known.check({"pin_id": 1, "field": "title", "colour": "red"})
