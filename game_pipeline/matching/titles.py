"""Titles as keys: what is spelling goes, what tells two games apart (numbers above all) stays.

Nothing here is shown to people, and nothing here decides: `decide` weighs what `relate` says of two titles.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from .translit import has_cyrillic, latin

__all__ = ["NumbersRelation", "Title", "TitleRelation", "lookup_keys", "numbers_of", "parse_title", "relate",
           "relate_numbers", "title_key"]  # fmt: skip

TitleRelation = Literal["equal", "spacing", "transliterated", "head", "none"]
NumbersRelation = Literal["same", "one_sided", "conflict"]

_MARKS = re.compile("[\u2122\u00ae\u00a9\u2120]")  # before NFKC, which would spell the trade mark "TM"
_APOSTROPHES = "'’‘`ʼ′´"
_SHORT_YEAR = re.compile(rf"(?<!\w)[{_APOSTROPHES}](\d\d)(?!\w)")
_ELIDED_ARTICLE = re.compile(rf"^l[{_APOSTROPHES}](?=\w)")
_ARTICLES = "the|a|an|le|la|les|une?|der|die|das|eine?|el|los|las|un[ao]?|il|lo|gli"
_LEADING_ARTICLE = re.compile(rf"^(?:{_ARTICLES})\s+(?=\w)")
_TRAILING_ARTICLE = re.compile(rf"(?<=\w),\s*(?:(?:{_ARTICLES})(?!\w)|l[{_APOSTROPHES}])(?=\s*(?:[:(–—-]|$))")
_DOTTED = re.compile(r"(?<!\w)(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
# Where a subtitle starts. A hyphen only with spaces around it: "X-Wing" is one name.
_SEPARATOR = re.compile(r"[:;|–—()\[\]{}]|\s-+\s|(?<=\w),\s+(?=(?:an?|the)\s+interactive\b)")
_WORD = re.compile(r"[^\W_]+")
_ACCENTED_LATIN = re.compile("([a-z])[\u0300-\u036f]+")

# In brackets these say on what a game runs, never which game it is.
_TAG_WORDS = """
парсер парсерная менюшка менюшная parser choice urq qsp instead axma twine inform inform6 inform7 tads tads2 tads3
adrift zcode glulx rinform alan hugo quest ink dos windows win win32 win64 linux macos mac macintosh osx android ios
web html html5 online pc amiga atari c64 zx spectrum
"""
_NUMERALS = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
_ENGLISH_NUMBERS = """
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty
"""
_RUSSIAN_NUMBERS = """
один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать
шестнадцать семнадцать восемнадцать девятнадцать двадцать
"""
_NUMBERING_WORDS = "part episode chapter book vol volume act часть эпизод глава книга том акт"


def _counted(words: str) -> dict[str, str]:
    return {word: str(value) for value, word in enumerate(words.split(), start=1)}


_TAGS = frozenset(_TAG_WORDS.split())
_ROMAN = _counted(_NUMERALS)
_NUMBER_WORDS = _counted(_ENGLISH_NUMBERS) | _counted(_RUSSIAN_NUMBERS)
_PART_WORDS = frozenset(_NUMBERING_WORDS.split())


@dataclass(frozen=True, slots=True)
class Title:
    """A title taken apart. `head` is the key of what stands before the subtitle (the whole key where none does)."""

    key: str
    head: str
    numbers: tuple[int, ...]
    cyrillic: bool

    @property
    def compact(self) -> str:
        return self.key.replace(" ", "")


def title_key(title: str) -> str:
    """The normalised title: two spellings of one title have one key, `Portal` and `Portal 2` have two."""
    return parse_title(title).key


def numbers_of(title: str) -> tuple[int, ...]:
    """The numbers of a title in order, however they are written: `Zork I` (1,), `FIFA '09` (2009,)."""
    return parse_title(title).numbers


def lookup_keys(title: str) -> tuple[str, ...]:
    """The keys to file a title under and to look it up by: the whole, then its head where it has a subtitle.

    Spaces and script are folded away, so that `ThunderForce` and `Штурман` find `Thunder Force` and `Shturman`.
    A shared key makes a candidate, not a match.
    """
    parsed = parse_title(title)
    return tuple(dict.fromkeys(latin(key).replace(" ", "") or key for key in (parsed.key, parsed.head)))


@lru_cache(maxsize=65_536)
def parse_title(title: str) -> Title:
    text = _fold(title)
    segments = [words for part in _SEPARATOR.split(text) if (words := _WORD.findall(part))]
    keys = [" ".join(_numerals(words)) for words in segments]
    # A title of nothing but signs or a dropped tag is still somebody's title.
    key = " ".join(keys) or " ".join(title.casefold().split())
    return Title(
        key=key,
        head=keys[0] if keys else key,
        numbers=tuple(int(digits) for digits in re.findall(r"\d+", key)),
        cyrillic=has_cyrillic(key),
    )


def relate(ours: Title, theirs: Title) -> TitleRelation:
    """How two titles stand to each other; titles whose numbers conflict are never related."""
    if ours.key == theirs.key:
        return "equal"
    if ours.compact == theirs.compact:
        return "spacing"
    if relate_numbers(ours.numbers, theirs.numbers) == "conflict":
        return "none"
    if ours.cyrillic != theirs.cyrillic and latin(ours.compact) == latin(theirs.compact):
        return "transliterated"
    if ours.head == theirs.key or theirs.head == ours.key:
        return "head"
    return "none"


def relate_numbers(ours: tuple[int, ...], theirs: tuple[int, ...]) -> NumbersRelation:
    """Sequels conflict. Only a first part may leave its number unsaid (`Zork`, `Zork I`)."""
    if ours == theirs:
        return "same"
    if [n for n in ours if n != 1] == [n for n in theirs if n != 1]:
        return "one_sided"
    return "conflict"


def _fold(title: str) -> str:
    text = unicodedata.normalize("NFKC", _MARKS.sub("", title)).casefold().replace("ё", "е").strip()
    text = unicodedata.normalize("NFC", _ACCENTED_LATIN.sub(r"\1", unicodedata.normalize("NFD", text)))
    text = _BRACKETS.sub(_without_tags, text).strip()
    text = _SHORT_YEAR.sub(lambda m: ("19" if m[1] >= "70" else "20") + m[1], text)
    text = _TRAILING_ARTICLE.sub("", text)
    text = _LEADING_ARTICLE.sub("", _ELIDED_ARTICLE.sub("", text))
    text = text.translate({ord(sign): None for sign in _APOSTROPHES})
    text = _DOTTED.sub(lambda m: m[0].replace(".", ""), text)
    return _THOUSANDS.sub("", text).replace("&", " and ")


def _without_tags(bracket: re.Match[str]) -> str:
    words = _WORD.findall(bracket[1])
    return " " if all(word in _TAGS for word in words) else bracket[0]


def _numerals(words: list[str]) -> list[str]:
    """Number words and numerals as digits. A lone I, V or X counts only where numbers stand: last, or after "part"."""
    result: list[str] = []
    for place, word in enumerate(words):
        if word.isdecimal():
            result.append(word.lstrip("0") or "0")
        elif word in _NUMBER_WORDS:
            result.append(_NUMBER_WORDS[word])
        elif word in _ROMAN and (len(word) > 1 or _numbering(words, place)):
            result.append(_ROMAN[word])
        else:
            result.append(word)
    return result


def _numbering(words: list[str], place: int) -> bool:
    return place > 0 and (place == len(words) - 1 or words[place - 1] in _PART_WORDS)
