"""Segments of a site whose games have numbers: ranges that never move, the last one open."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .base import Segment

__all__ = ["IdRanges"]

_NUMBER = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class IdRanges:
    """`count` ranges of `size` numbers each. A key is the word and the first number: `games-0500`.

    Neither number may change once pages are stored: a segment is where its pages are found again.
    """

    word: str
    title: str
    size: int
    count: int

    @property
    def segments(self) -> tuple[Segment, ...]:
        last = self.count - 1
        return tuple(
            Segment(
                self._key(part),
                f"{self.title} {part * self.size}…{part * self.size + self.size - 1 if part < last else ''}",
            )
            for part in range(self.count)
        )

    def of(self, number: str) -> str:
        """The key of the range that a number lies in; what is no number lies in the first."""
        part = int(number) // self.size if _NUMBER.fullmatch(number) else 0
        return self._key(min(part, self.count - 1))

    def _key(self, part: int) -> str:
        width = len(str(self.size * (self.count - 1)))
        return f"{self.word}-{part * self.size:0{width}}"
