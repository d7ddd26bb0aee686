"""The table of hostile inputs as text, printed where this folder is what was asked for: `make test-hostile`."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    rows: list[tuple[list[Any], str]] = []
    peak: float | None = None
    for outcome, mark in (("passed", "right"), ("failed", "WRONG"), ("skipped", "-")):
        for report in terminalreporter.getreports(outcome):
            noted = dict(getattr(report, "user_properties", ()))
            if "row" in noted:
                rows.append((noted["row"], mark))
            peak = noted.get("peak_mb", peak)
    if not rows:
        return
    rows.sort(key=lambda each: _order(each[0][0]))
    terminalreporter.section("hostile inputs: sent | expected | got")
    for (number, sent, expected, got, seconds), mark in rows:
        same = "as expected" if got == expected else got
        terminalreporter.line(f"{number:<9} {mark:<5} {seconds:4.1f} s  {sent} | {expected} | {same}")
    right = sum(mark == "right" for _, mark in rows)
    memory = f", peak memory of the crawl process {peak:.0f} MiB" if peak is not None else ""
    terminalreporter.line(f"{right} of {len(rows)} rows right{memory}")


def _order(number: str) -> tuple[int, str]:
    digits = "".join(character for character in number if character.isdigit())
    return (int(digits) if digits else 1000, number)
