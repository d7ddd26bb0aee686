"""Cells of CSV files that people open in a spreadsheet: what it would take for a formula is defused, and can be undone.

A cell that begins like a formula gets an apostrophe in front. So does one that begins with apostrophes and then like a
formula: without that, a title that is really spelled so could not be told from a defused one.
"""

from __future__ import annotations

import re

__all__ = ["LIST_SEPARATOR", "defuse", "restore"]

LIST_SEPARATOR = " | "

# Blank to the eye, and to some spreadsheets, which then look at what follows.
_BLANK = "\\s\x00-\x20\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
# The ASCII signs with their full-width and small variants, and the minus sign proper.
_SIGN = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
_FORMULA = re.compile(f"'*(?:[\t\r\n]|[{_BLANK}]*[{_SIGN}])")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def defuse(cell: str) -> str:
    """The cell as a spreadsheet shows it and never computes it. Numbers and dates stay as they are."""
    if not _FORMULA.match(cell) or _NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}"


def restore(cell: str) -> str:
    """What `defuse` made the cell from; any other cell is returned as it is."""
    bare = cell.removeprefix("'")
    return bare if bare != cell and defuse(bare) == cell else cell
