"""A text cut into the units that merging keeps or drops: sentences, list items and headings, by paragraph."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .text import fold_words

__all__ = ["Sentence", "split_sentences"]

_MARKER = re.compile(r"(?:[-*+•–—]|\d{1,3}[.)])\s+")
_HEADING = re.compile(r"#{1,6}\s+")
# A full stop of East Asian scripts needs no space after it.
_END = re.compile(r"[.!?…]+[\"'»”’)\]*_]*(?=\s|$)|[。！？]+[」』）”’]*")
_LAST_WORD = re.compile(r"([^\W\d_]+)\.$")
_AFTER_NUMBER = re.compile(r"\d\s*[^\W\d_]+\.$")
_INITIAL = re.compile(r"(?<!\w)[^\W\d_]\.$")
_ENUMERATION_CLOSED = re.compile(r"т\.\s?[дп]\.$")
# Of abbreviations (etc., др., млн.) most may end a sentence, so the case of what follows decides; these never do.
_ABBREVIATIONS = "mr mrs ms dr prof st vs cf approx resp incl им ул см напр св проф акад тов гр обл пос"
_NEVER_LAST = frozenset(_ABBREVIATIONS.split())
_REFERENCES = "no vol fig pp рис стр гл табл"
_NOT_BEFORE_NUMBER = frozenset(_REFERENCES.split())
_LOOK_BACK, _LOOK_AHEAD = 24, 4


@dataclass(frozen=True, slots=True)
class Sentence:
    """One unit. `marker` is what stands before a list item or heading; such a unit has a line of its own (`block`)."""

    text: str
    marker: str
    paragraph: int
    block: bool


def split_sentences(text: str) -> tuple[Sentence, ...]:
    """Cut a clean text. Units without a word (a lone full stop, a ruler) are left out; no word is lost."""
    result: list[Sentence] = []
    for number, paragraph in enumerate(text.split("\n\n")):
        for block in _blocks(paragraph):
            marker = _marker(block)
            body = block[len(marker) :]
            # A list item is one statement, however it is punctuated.
            units = [body] if marker else _cut(body)
            result += [Sentence(unit, marker, number, bool(marker)) for unit in units if fold_words(unit)]
    return tuple(result)


def _blocks(paragraph: str) -> list[str]:
    """Lines joined where they only wrap; list items and headings apart."""
    blocks: list[list[str]] = []
    heading = False
    for line in filter(None, map(str.strip, paragraph.split("\n"))):
        if blocks and not heading and not _marker(line):
            blocks[-1].append(line)
        else:
            blocks.append([line])
        heading = _HEADING.match(line) is not None
    return [" ".join(lines) for lines in blocks]


def _marker(line: str) -> str:
    match = _MARKER.match(line) or _HEADING.match(line)
    return match[0] if match else ""


def _cut(text: str) -> list[str]:
    units: list[str] = []
    start = 0
    for end in _END.finditer(text):
        # A few characters on either side tell, and a hostile text cannot make them many.
        if _is_end(
            text[max(start, end.end() - _LOOK_BACK) : end.end()], text[end.end() : end.end() + _LOOK_AHEAD].lstrip()
        ):
            units.append(text[start : end.end()].strip())
            start = end.end()
    units.append(text[start:].strip())
    return [unit for unit in units if unit]


def _is_end(tail: str, rest: str) -> bool:
    if rest[:1].islower():
        return False
    if _AFTER_NUMBER.search(tail) or _ENUMERATION_CLOSED.search(tail):
        return True
    if _INITIAL.search(tail):
        return False
    match = _LAST_WORD.search(tail)
    word = match[1].casefold() if match else ""
    return word not in _NEVER_LAST and not (word in _NOT_BEFORE_NUMBER and rest[:1].isdigit())
