"""Tables on narrow terminals: words stay whole."""

from __future__ import annotations

import pytest

from game_pipeline.cli.context import print_table
from game_pipeline.cli.wording import difference

HEADINGS = ("source", "last run", "when", "unreadable", "health")
ROWS = [("instead_games", "done", "2026-11-21 06:42", 3, "well"), ("ifdb", "failed", None, 0, "the site answers 500")]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_words_stay_whole_however_narrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setattr("os.isatty", lambda _: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table(HEADINGS, ROWS, title="sources")
    out = capsys.readouterr().out
    for word in ("sources", "instead_games", "2026-11-21", "unreadable", "answers"):
        assert word in out
    assert all(len(line) <= columns for line in out.splitlines())
    assert ("health: the site answers 500" in out) == (columns == 40)


def test_a_change_of_a_long_text_is_told_from_the_first_difference_on() -> None:
    same = "The same words. " * 30
    old, new = difference("descriptions.en", f"{same}Old end.", f"{same}New end.")
    assert old.startswith("…")
    assert old.endswith("Old end.")
    assert new.endswith("New end.")
    assert difference("release_date", "2010", "2009") == ("2010", "2009")
