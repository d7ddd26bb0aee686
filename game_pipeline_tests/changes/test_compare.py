"""What counts as a change, by hashes alone."""

from __future__ import annotations

from typing import Any

import pytest

from game_pipeline.changes import Change, compare

KNOWN = frozenset({"title", "extra.size", "release_date"})
OLD = {"title": "t1", "extra.size": "s1"}


@pytest.mark.parametrize(
    ("old", "new", "more", "change"),
    [
        (None, OLD, {}, Change("new", ("extra.size", "title"))),
        (OLD, OLD, {}, None),
        (OLD, OLD | {"title": "t2"}, {}, Change("changed", ("title",))),
        (OLD, {"title": "t1"}, {}, Change("changed", ("extra.size",))),
        (OLD, OLD | {"release_date": "d1"}, {}, Change("changed", ("release_date",))),
        (OLD, OLD | {"extra.lang": "l1"}, {}, Change("format", ("extra.lang",))),
        (OLD, OLD | {"extra.lang": "l1", "title": "t2"}, {}, Change("changed", ("extra.lang", "title"))),
        (OLD, OLD | {"title": "t2"}, {"same_snapshot": True}, Change("reparsed", ("title",))),
        (OLD, OLD, {"same_snapshot": True}, None),
        (OLD, OLD, {"was_vanished": True}, Change("returned", ())),
        (OLD, OLD | {"title": "t2"}, {"was_vanished": True}, Change("returned", ("title",))),
    ],
)
def test_a_change_is_named_with_its_fields(
    old: dict[str, str] | None, new: dict[str, str], more: dict[str, Any], change: Change | None
) -> None:
    assert compare(old, new, known_fields=KNOWN, **more) == change


def test_where_no_field_was_ever_known_a_gained_one_is_a_change() -> None:
    assert compare(OLD, OLD | {"url": "u"}, known_fields=frozenset()) == Change("changed", ("url",))
