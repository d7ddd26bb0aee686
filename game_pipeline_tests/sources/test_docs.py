"""What is written about sources is what they are."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent, indent

import pytest

from game_pipeline.sources import SOURCES
from game_pipeline.sources import axma as example

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(?P<name>\w+)` \|(?P<what>[^|]*)\|(?P<seen>[^|]*)\|", re.MULTILINE)


def test_the_example_is_quoted_as_it_is() -> None:
    page, source = (ROOT / "docs" / "sources.md").read_text("utf-8"), Path(example.__file__).read_text("utf-8")
    quoted = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(quoted) == 3
    for code in quoted:  # the body of its class; blank lines are the formatter's
        assert _without_blanks(indent(dedent(code), "    ")) in _without_blanks(source)


def _without_blanks(code: str) -> str:
    return re.sub(r"\n{2,}", "\n", code)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_the_readme_tells_every_source_whether_its_format_was_seen_and_which_keys_it_needs(name: str) -> None:
    rows = {row["name"]: row for row in ROW.finditer((ROOT / "README.md").read_text("utf-8"))}
    assert name in rows, "the table of sources in the README lacks it"
    seen = rows[name]["seen"].strip()
    assert SOURCES[name].verified == seen.startswith("yes"), seen
    for secret in SOURCES[name].needs:
        assert f"`{secret.name}`" in rows[name]["what"]
