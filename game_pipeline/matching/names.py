"""Are these the same people? Spelling, script, word order, initials and legal forms of companies do not count."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from rapidfuzz.distance import Levenshtein

from .translit import latin

__all__ = ["NamesRelation", "name_key", "names_compatible", "names_nobody"]

NamesRelation = Literal["same", "different", "unknown"]

_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_APOSTROPHES = re.compile("['’‘`ʼ′´]")
_WORD = re.compile(r"[^\W_]+")
_LEGAL = "inc ltd llc gmbh corp corporation co sa srl ag bv oy ab ооо зао оао"
_LEGAL_FORMS = frozenset(latin(form) for form in _LEGAL.split())
# Who signs so is not known by it.
_UNSIGNED = ("anonymous", "anon", "unknown", "unknown author", "various", "n/a", "none", "аноним", "анонимно",
             "неизвестен", "неизвестно", "автор неизвестен", "разные", "нет")  # fmt: skip
_SIMILAR = 0.8
_SURNAME_LETTERS = 3
_FUZZY_LETTERS = 4


def name_key(name: str) -> str:
    """One key for the spellings of a name: `Пётр Косых`, `Petr Kosyh` and `KOSYKH, Pyotr` share it."""
    text = _APOSTROPHES.sub("", _ASIDE.sub(" ", name)) if _WORD.search(_ASIDE.sub("", name)) else name
    words = [latin(word) for word in _WORD.findall(text)]
    named = [word for word in words if word and word not in _LEGAL_FORMS]
    return " ".join(sorted(named or words)) or " ".join(name.casefold().split())


def names_nobody(name: str) -> bool:
    """Does who signs so want not to be known, or is no one person (anonymous, various)?"""
    return name_key(name) in _NOBODY


def names_compatible(ours: Collection[str], theirs: Collection[str]) -> NamesRelation:
    """Whether two lists of names share a person. Unknown where a side names nobody, or a lone name may be either."""
    our_keys, their_keys = _known(ours), _known(theirs)
    relations = {_relate(a.split(), b.split()) for a in our_keys for b in their_keys}
    if "same" in relations:
        return "same"
    if "unknown" in relations or not relations:
        return "unknown"
    return "different"


def _known(names: Collection[str]) -> set[str]:
    return {name_key(name) for name in names} - _NOBODY - {""}


def _relate(ours: list[str], theirs: list[str]) -> NamesRelation:
    short, long = sorted((ours, theirs), key=lambda words: (len(words), words))
    left = list(long)
    whole = fuzzy = 0
    # Longest first, so that an initial cannot take the word that a full name needs.
    for word in sorted(short, key=lambda word: (-len(word), word)):
        if word in left:
            match = word
            whole += len(word) >= _SURNAME_LETTERS
        elif similar := [other for other in left if _similar(word, other)]:
            match = min(similar)
            whole += 1
            fuzzy += 1
        elif initials := [other for other in left if 1 in (len(word), len(other)) and word[0] == other[0]]:
            match = min(initials)
        else:
            return "different"
        left.remove(match)
    # Two words a little off are two people: Ivan Petrov and Ivana Petrova.
    if short != long and (not whole or fuzzy > 1):
        return "different"
    return "unknown" if len(short) == 1 and len(long) > 1 else "same"


def _similar(ours: str, theirs: str) -> bool:
    if min(len(ours), len(theirs)) < _FUZZY_LETTERS:
        return False
    return Levenshtein.normalized_similarity(ours, theirs) >= _SIMILAR


_NOBODY = frozenset(name_key(name) for name in _UNSIGNED)
