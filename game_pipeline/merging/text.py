"""What two texts have in common: the folded words, their 4-grams and their numbers. Nothing here is ever shown."""

from __future__ import annotations

import re
import unicodedata

from game_pipeline.model import clean_block

__all__ = ["clean_text", "fold_words", "grams", "numbers"]

# What is never closed runs to the end, as a browser reads it; that also keeps a hostile text from costing its square.
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CODE = re.compile(r"<(script|style)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
# Known tags alone: `<north>` in a description of a text adventure is a word of the game.
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|blockquote|br|center|code|div|em|embed|font|form|h[1-6]|hr|i|iframe|img|input|li|link|meta|object"
    r"|ol|p|param|pre|s|script|small|source|span|strike|strong|style|sub|sup|svg|table|tbody|td|th|thead|tr|tt|u|ul|video)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_GRAM = 4


def clean_text(text: str) -> str:
    """The text without markup and unsafe characters; a clean text comes back as it was.

    Entities stay: a record's text is decoded already, and decoding it twice would change what it says.
    """
    if "<" in text:
        text = _TAG.sub("", _CODE.sub("", _COMMENT.sub("", text)))
    return clean_block(text)


def fold_words(text: str) -> str:
    """The words alone, case-folded and NFKC, one space between them."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def grams(words: str) -> frozenset[str]:
    """The runs of four characters of folded words; shorter words are one gram."""
    if len(words) <= _GRAM:
        return frozenset({words}) if words else frozenset()
    return frozenset(words[start : start + _GRAM] for start in range(len(words) - _GRAM + 1))


def numbers(text: str) -> frozenset[str]:
    """The numbers written in digits, thousands without their commas."""
    return frozenset(_NUMBER.findall(_THOUSANDS.sub("", unicodedata.normalize("NFKC", text))))
