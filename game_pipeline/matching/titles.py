"""Titles as keys: what is spelling goes, what tells two games apart (numbers above all) stays.

Nothing here is shown to people, and nothing here decides: `decide` weighs what `relate` says of two titles.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from .translit import has_cyrillic, latin
from .words import (
    ARTICLES,
    BRACKET_EDITION,
    EDITION,
    EDITION_NOUNS,
    FILLERS,
    NOT_NUMBERS,
    NUMBER_WORDS,
    PART_WORDS,
    PHRASES,
    ROMAN,
    TAGS,
    THINGS,
    TRAILING_THINGS,
)

__all__ = ["NumbersRelation", "Title", "TitleRelation", "lookup_keys", "numbers_of", "parse_title", "relate",
           "relate_numbers", "title_key"]  # fmt: skip

TitleRelation = Literal["equal", "spacing", "transliterated", "head", "none"]
NumbersRelation = Literal["same", "one_sided", "conflict"]

_MARKS = re.compile("[\u2122\u00ae\u00a9\u2120]")  # before NFKC, which would spell the trade mark "TM"
_APOSTROPHES = "'’‘`ʼ′´"
_NO_APOSTROPHES = {ord(sign): None for sign in _APOSTROPHES}
_SHORT_YEAR = re.compile(rf"(?<!\w)[{_APOSTROPHES}](\d\d)(?!\w)")
_ELIDED_ARTICLE = re.compile(rf"^l[{_APOSTROPHES}](?=\w)")
_LEADING_ARTICLE = re.compile(rf"^(?:{ARTICLES})\s+(?=\w)")
_TRAILING_ARTICLE = re.compile(rf"(?<=\w),\s*(?:(?:{ARTICLES})(?!\w)|l[{_APOSTROPHES}])(?=\s*(?:[:(\[{{–—|-]|$))")
_DOTTED = re.compile(r"(?<!\w)(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
# Where a subtitle starts. A hyphen only with spaces around it: "X-Wing" is one name.
_SEPARATOR = re.compile(r"[:;|–—()\[\]{}~]|\s-+\s|(?<=\w),\s+(?=(?:an?|the)\s+interactive\b)")
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")
_YEAR = re.compile(r"(?:19[6-9]|20[0-4])\d$")
_DISC = re.compile(r"(?:\d+\s*)?dis[ck]s?\s*(?:\d+)?(?:\s*of\s*\d+)?$")
_ACCENTED_LATIN = re.compile("([a-z])[\u0300-\u036f]+")
_LONG_O = re.compile("o[uh](?![aeiou])")  # romanised Japanese writes a long o in three ways
_DOUBLED = re.compile(r"([^\W\d_])\1+")  # also where two words were drawn together


@dataclass(frozen=True, slots=True)
class Title:
    """A title taken apart; the title as it was written is `raw`.

    `key` is all of it, `head` the key of what stands before the subtitle (the whole key where none does). `words` are
    those that name the game, in order, without `editions` (remastered) and `things` (demo, soundtrack); `plain` is
    their one Latin spelling without spaces, `plain_head` and `plain_tail` those of the words before the subtitle and
    of its last part. `year` is one given in brackets; `article`: it
    begins with one, or has it after a comma.
    """

    raw: str
    key: str
    head: str
    numbers: tuple[int, ...]
    cyrillic: bool
    words: tuple[str, ...]
    plain: str
    plain_head: str
    plain_tail: str
    editions: frozenset[str]
    things: frozenset[str]
    year: int | None
    article: bool

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


@lru_cache(maxsize=16_384)
def parse_title(title: str) -> Title:
    text, article = _fold(title)
    segments, marks = _segments(text)
    keys = [" ".join(words) for words, _ in segments]
    # A title of nothing but signs or a dropped tag is still somebody's title.
    key = " ".join(keys) or " ".join(title.casefold().split())
    core: list[list[str]] = []
    editions: set[str] = set()
    things: set[str] = set()
    year: int | None = None
    for words, bracket in segments:
        if bracket and len(words) == 1 and _YEAR.match(words[0]):
            year = int(words[0])
            continue
        named, edition, other = _take_apart(words, bracket, first=not core)
        editions.update(edition)
        things.update(other)
        if named:
            core.append(named)
    editions.update(marks)
    if not core:
        core = [words for words, _ in segments][:1] or [key.split()]
    flat = [word for words in core for word in words]
    return Title(
        raw=title,
        key=key,
        head=keys[0] if keys else key,
        numbers=tuple(int(n) for word in flat if word not in NOT_NUMBERS for n in _DIGITS.findall(word)),
        cyrillic=has_cyrillic(key),
        words=tuple(flat),
        plain=_plain(flat) or key,
        plain_head=_plain(core[0]) or key,
        plain_tail=_plain(core[-1]) or key,
        editions=frozenset(editions),
        things=frozenset(things),
        year=year,
        article=article,
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
    rest, other = sorted(n for n in ours if n != 1), sorted(n for n in theirs if n != 1)
    if rest != other:
        return "conflict"
    return "same" if len(ours) == len(theirs) else "one_sided"


def _fold(title: str) -> tuple[str, bool]:
    text = html.unescape(title) if "&" in title and ";" in title else title
    if text.isascii():
        text = text.lower().strip()
    else:
        text = unicodedata.normalize("NFKC", _MARKS.sub("", text)).casefold().replace("ё", "е").strip()
        text = unicodedata.normalize("NFC", _ACCENTED_LATIN.sub(r"\1", unicodedata.normalize("NFD", text)))
    text = _SHORT_YEAR.sub(_full_year, text)
    article = _LEADING_ARTICLE.match(text) is not None
    if "," in text:
        text, trailing = _TRAILING_ARTICLE.subn("", text)
        article = article or trailing > 0
        text = _THOUSANDS.sub("", text)
    text = _ELIDED_ARTICLE.sub("", text).translate(_NO_APOSTROPHES)
    if "." in text:
        text = _DOTTED.sub(lambda m: m[0].replace(".", ""), text)
    text = text.replace("&", " and ").replace("+", " and ")
    for phrase, word in PHRASES:
        if phrase in text:
            text = text.replace(phrase, word)
    return text, article


def _full_year(match: re.Match[str]) -> str:
    return ("19" if match[1] >= "70" else "20") + match[1]


def _segments(text: str) -> tuple[list[tuple[list[str], bool]], set[str]]:
    """The parts of a folded title as words, each with whether it stood in brackets; and marks of discs."""
    marks: set[str] = set()
    found: list[tuple[list[str], bool]] = []

    def add(part: str, bracket: bool) -> None:
        pieces = (_WORD.findall(_LEADING_ARTICLE.sub("", piece.strip())) for piece in _SEPARATOR.split(part))
        found.extend((_numerals(words), bracket) for words in pieces if words)

    if "(" not in text and "[" not in text and "{" not in text:
        add(text, False)
        return found, marks
    end = 0
    for bracket in _BRACKETS.finditer(text):
        add(text[end : bracket.start()], False)
        end = bracket.end()
        words = _WORD.findall(bracket[1])
        if _DISC.match(bracket[1].strip()):
            marks.add("disc")
        elif not all(word in TAGS for word in words):
            add(bracket[1], True)
    add(text[end:], False)
    return found, marks


def _take_apart(words: list[str], bracket: bool, first: bool) -> tuple[list[str], set[str], set[str]]:
    """The words of one part that name the game, those that tell of an edition, and what thing beside it it is."""
    things = {THINGS[word] for word in words if word in THINGS}
    named = [word for word in words if word not in THINGS] if things else words
    last = next((word for word in reversed(named) if not word.isdecimal()), "")
    if last in TRAILING_THINGS and (len(named) > 1 or not first):
        things.add(TRAILING_THINGS[last])
    if bracket and (not BRACKET_EDITION.isdisjoint(words) or (things and len(named) < 2)):
        return [], {word for word in named if word not in FILLERS}, things
    start = len(named)
    while start and (named[start - 1] in EDITION or named[start - 1] in EDITION_NOUNS or named[start - 1] in FILLERS):
        start -= 1
    edition = {word for word in named[start:] if word not in FILLERS}
    if not edition:
        return named, set(), things
    if edition <= EDITION_NOUNS and start:
        # "Jotunn Edition": of an edition by a name of its own, the whole subtitle tells; else the last word.
        start = 0 if not first and start <= 4 else start - 1
    if "anniversary" in edition and start and _DIGITS.match(named[start - 1]):
        start -= 1
    if first and not start:
        return named, set(), things  # the whole title cannot be an edition of nothing
    return named[:start], {word for word in named[start:] if word not in FILLERS} - EDITION_NOUNS, things


def _numerals(words: Sequence[str]) -> list[str]:
    """Number words and numerals as digits. A lone I, V or X counts only where numbers stand: last, or after "part"."""
    result: list[str] = []
    last = len(words) - 1
    for place, word in enumerate(words):
        after_part = place > 0 and words[place - 1] in PART_WORDS
        if word.isdecimal():
            result.append(_digits(word, place == last and place > 0 and not after_part))
        elif word in NUMBER_WORDS:
            result.append(NUMBER_WORDS[word])
        elif word in ROMAN and (len(word) > 1 or (place > 0 and (place == last or after_part))):
            result.append(ROMAN[word])
        elif word in PART_WORDS and place < last and (words[place + 1].isdecimal() or words[place + 1] in ROMAN):
            result.append(PART_WORDS[word])
        else:
            result.append(word)
    return result


def _digits(word: str, may_be_year: bool) -> str:
    """A number without its zeros; two digits at the end are a year where they are written so (`FIFA 09`, `NBA 95`)."""
    if may_be_year and len(word) == 2 and (word[0] == "0" or word >= "70"):
        return ("19" if word >= "70" else "20") + word
    return word.lstrip("0") or "0"


def _plain(words: Sequence[str]) -> str:
    return _DOUBLED.sub(r"\1", _LONG_O.sub("o", "".join(latin(word) for word in words)))
