"""What a record and a game have in common, as numbers for the model; most of it is about their titles.

Each feature is 0 to 1 or a small count, NaN where there is nothing to compare. What they mean together is the model's
matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import nan
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from .columns import Worth, levels
from .index import Rarity
from .sides import Side
from .titles import Title, relate_numbers
from .translit import latin

__all__ = ["Features", "Pair", "observe"]

_ALIKE = 0.75
_NUMBERS = {"same": 0.0, "one_sided": 1.0, "conflict": 3.0}


class Features(NamedTuple):
    """Shares are of the words' rarity, as the index tells it; `plain` is a title's one Latin spelling."""

    same_key: float
    same_plain: float
    ratio: float  # of letters that agree
    shared: float  # of all words
    ours_in_theirs: float
    theirs_in_ours: float
    left_ours: float  # the rarest word that the other side lacks
    left_theirs: float
    head_is_whole: float  # one title is the other without its subtitle
    heads_equal: float
    tails_alike: float  # of two subtitles after one head
    numbers: float  # 0 the same, 1 a first part's is unsaid, 2 only one side has any, 3 they differ
    numbered: float
    editions: float  # 0 the same, 1 one side says more, 2 each says something else
    edition_words: float
    things: float  # one is a demo, an addition, a soundtrack, and the other is not
    words: float
    letters: float
    rarest: float
    rarity: float
    agree: float  # what the other columns are worth, for and against
    against: float
    alias: float  # how many of the two titles are not main ones
    scripts: float
    same_first: float
    inside: float
    words_apart: float
    article: float
    worst: float  # the worth of the column that speaks most against it


@dataclass(frozen=True, slots=True)
class Pair:
    """The two titles that are nearest to each other, the levels of the other columns, and the features."""

    ours: Title
    theirs: Title
    levels: tuple[str, ...]
    features: Features


def observe(ours: Side, theirs: Side, rarity: Rarity, worth: Worth) -> Pair:
    """Compare a record with a game. `rarity`: of a word; `worth`: of the levels of `columns`."""
    a, b = _nearest(ours.titles, theirs.titles)
    words_a, words_b = _spelled(a), _spelled(b)
    only_a, only_b = _unmatched(words_a, words_b)
    weight = {word: rarity(word) for word in {*words_a, *words_b}}
    all_a, all_b = sum(weight[w] for w in words_a) or 1.0, sum(weight[w] for w in words_b) or 1.0
    left_a, left_b = sum(weight[w] for w in only_a), sum(weight[w] for w in only_b)
    shared = all_a - left_a
    heads_equal = a.plain_head == b.plain_head
    tails = heads_equal and a.plain != a.plain_head and b.plain != b.plain_head
    said = levels(ours, theirs)
    worths = [worth[level] for level in said]
    features = Features(
        same_key=float(a.key == b.key),
        same_plain=float(a.plain == b.plain),
        ratio=fuzz.ratio(a.plain, b.plain) / 100,
        shared=shared / (shared + left_a + left_b),
        ours_in_theirs=shared / all_a,
        theirs_in_ours=(all_b - left_b) / all_b,
        left_ours=max((weight[w] for w in only_a), default=0.0),
        left_theirs=max((weight[w] for w in only_b), default=0.0),
        head_is_whole=float(a.plain != b.plain and (a.plain == b.plain_head or b.plain == a.plain_head)),
        heads_equal=float(heads_equal),
        tails_alike=fuzz.ratio(a.plain[len(a.plain_head) :], b.plain[len(b.plain_head) :]) / 100 if tails else nan,
        numbers=_numbers(a, b),
        numbered=float(bool(a.numbers and b.numbers)),
        editions=_sets(a.editions, b.editions),
        edition_words=float(len(a.editions ^ b.editions)),
        things=float(a.things != b.things),
        words=float(min(len(words_a), len(words_b))),
        letters=float(min(len(a.plain), len(b.plain))),
        rarest=max((weight[w] for w in words_a), default=0.0),
        rarity=all_a,
        agree=sum(each for each in worths if each > 0),
        against=-sum(each for each in worths if each < 0),
        alias=float(a not in ours.titles[: ours.mains]) + float(b not in theirs.titles[: theirs.mains]),
        scripts=float(a.cyrillic != b.cyrillic),
        same_first=float(bool(words_a and words_b and words_a[0] == words_b[0])),
        inside=float(a.plain in b.plain or b.plain in a.plain),
        words_apart=float(len(only_a) + len(only_b)),
        article=float(a.article != b.article),
        worst=min(worths, default=0.0),
    )
    return Pair(a, b, said, features)


def _nearest(ours: Sequence[Title], theirs: Sequence[Title]) -> tuple[Title, Title]:
    if len(ours) == len(theirs) == 1:
        return ours[0], theirs[0]
    best, nearest = -100.0, (ours[0], theirs[0])
    for a, b in product(ours, theirs):
        likeness = fuzz.ratio(a.plain, b.plain) + (a.key == b.key) - 5 * (a.numbers != b.numbers)
        if likeness > best:
            best, nearest = likeness, (a, b)
    return nearest


@lru_cache(maxsize=16_384)
def _spelled(title: Title) -> tuple[str, ...]:
    return tuple(dict.fromkeys(spelled for word in title.words if (spelled := latin(word))))


def _unmatched(ours: Sequence[str], theirs: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of each side that the other lacks: not spelled alike there, not drawn together, not abbreviated."""
    only_a = [word for word in ours if word not in theirs]
    only_b = [word for word in theirs if word not in ours]
    if not only_a or not only_b:
        return only_a, only_b
    for word in tuple(only_a):
        alike = next((other for other in only_b if _spelled_alike(word, other)), None)
        if alike is not None:
            only_a.remove(word)
            only_b.remove(alike)
    if only_a and only_b:
        only_a, only_b = _drawn_together(only_a, only_b)
        only_b, only_a = _drawn_together(only_b, only_a)
    return only_a, only_b


def _spelled_alike(word: str, other: str) -> bool:
    if min(len(word), len(other)) < 4 or word.isdecimal() or other.isdecimal():
        return False
    return Levenshtein.normalized_similarity(word, other) >= _ALIKE


def _drawn_together(ours: list[str], theirs: list[str]) -> tuple[list[str], list[str]]:
    """Takes out a word of ours that is several of theirs written as one, or their initials."""
    for word in ours:
        for start in range(len(theirs)):
            for end in range(start + 2, min(len(theirs), start + 5) + 1):
                several = theirs[start:end]
                if word == "".join(several) or word == "".join(each[0] for each in several):
                    return [other for other in ours if other != word], theirs[:start] + theirs[end:]
    return ours, theirs


def _numbers(a: Title, b: Title) -> float:
    relation = _NUMBERS[relate_numbers(a.numbers, b.numbers)]
    return 2.0 if relation == 3.0 and not (a.numbers and b.numbers) else relation


def _sets(a: frozenset[str], b: frozenset[str]) -> float:
    if a == b:
        return 0.0
    return 1.0 if a <= b or b <= a else 2.0
