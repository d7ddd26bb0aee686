"""The titles of a catalogue in memory, for finding the few games that a record may be about.

A look-up costs the same whatever the size of the catalogue: whole titles and heads are found by key, words by lists of
which only the rarest are read. Games come and go one by one. What is found is a candidate, not a match.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from math import log
from typing import TypeAlias, TypeVar

from rapidfuzz import fuzz

from .titles import Title, parse_title
from .translit import latin

__all__ = ["CandidateIndex", "Rarity", "usual_rarity"]

MOST_CANDIDATES = 25
MOST_FORMS = 6  # of the titles of a record, for looking up
_MOST_READ = 1_500  # ids read from the lists of words
_MOST_CROSSED = 20_000  # of a list that is only crossed with another
_MOST_BY_KEY = 60  # games that one key may bring
_NEAREST = 50  # of what the words found, how many are compared letter by letter
_AFFIX = 5
_SMALLEST = 20_000  # a smaller catalogue says little about which words are rare

Rarity: TypeAlias = Callable[[str], float]
# Ids of one key: a lone one as it is, several as an array.
_Ids: TypeAlias = "int | array[int]"
_Key = TypeVar("_Key", int, str)


class CandidateIndex:
    """Game ids by their titles. Ids are whole numbers of at most 63 bits."""

    def __init__(self, games: Iterable[tuple[int, Sequence[str]]] = ()) -> None:
        self._titles: dict[int, str | tuple[str, ...]] = {}
        self._keys: dict[int, _Ids] = {}
        self._words: dict[str, _Ids] = {}
        for game_id, titles in games:
            self.add(game_id, titles)

    def __len__(self) -> int:
        return len(self._titles)

    def __contains__(self, game_id: object) -> bool:
        return game_id in self._titles

    def titles(self, game_id: int) -> tuple[str, ...]:
        """The titles that a game is filed under. Raises KeyError."""
        known = self._titles[game_id]
        return (known,) if isinstance(known, str) else known

    def add(self, game_id: int, titles: Sequence[str]) -> None:
        """File a game under these titles, and no longer under those it had before."""
        if game_id in self._titles:
            self.remove(game_id)
        distinct = tuple(dict.fromkeys(titles))
        self._titles[game_id] = distinct[0] if len(distinct) == 1 else distinct
        keys, words = _filed(distinct)
        for key in keys:
            _enter(self._keys, key, game_id)
        for word in words:
            _enter(self._words, word, game_id)

    def remove(self, game_id: int) -> None:
        """Take a game out; one that is not there is no error."""
        if game_id not in self._titles:
            return
        keys, words = _filed(self.titles(game_id))
        del self._titles[game_id]
        for key in keys:
            _strike(self._keys, key, game_id)
        for word in words:
            _strike(self._words, word, game_id)

    def rarity(self, word: str) -> float:
        """How much a word tells apart, from 0 (every title has it) to 1 (none has)."""
        size = max(len(self._titles), _SMALLEST)
        return log((1 + size) / (1 + _count(self._words.get(latin(word))))) / log(1 + size)

    def find(self, titles: Sequence[str], limit: int = MOST_CANDIDATES) -> list[int]:
        """The games that these titles may name, the likeliest first."""
        parsed = [parse_title(title) for title in dict.fromkeys(titles)][:MOST_FORMS]
        found: dict[int, float] = {}
        for title in parsed:
            for game_id, likeness in self._find_by_key(title):
                found[game_id] = max(likeness, found.get(game_id, 0.0))
            for game_id, likeness in self._find_by_words(title):
                found[game_id] = max(likeness, found.get(game_id, 0.0))
        return heapq.nsmallest(limit, found, key=lambda game_id: (-found[game_id], game_id))

    def _find_by_key(self, title: Title) -> Iterator[tuple[int, float]]:
        whole, head = title.plain, title.plain_head
        asked = [(_whole(whole), 3.0), (_head(whole), 1.6)]
        if head != whole:
            asked += [(_whole(head), 1.6), (_head(head), 1.0), (_whole(title.plain_tail), 1.0)]
        raw = title.raw.casefold()
        for key, likeness in asked:
            ids = self._keys.get(key)
            for game_id in (ids,) if isinstance(ids, int) else islice(ids or (), _MOST_BY_KEY):
                yield game_id, likeness + self._likeness(raw, game_id)

    def _find_by_words(self, title: Title) -> Iterator[tuple[int, float]]:
        lists = sorted(
            ((_count(ids), word, ids) for word in _spelled(title) if (ids := self._words.get(word)) is not None),
            key=lambda entry: entry[:2],
        )
        scores: dict[int, float] = {}
        read = 0
        size = max(len(self._titles), _SMALLEST)
        for count, _, ids in lists:
            if read + count > _MOST_READ:
                break
            read += count
            weight = log((1 + size) / (1 + count))
            for game_id in (ids,) if isinstance(ids, int) else ids:
                scores[game_id] = scores.get(game_id, 0.0) + weight
        if not scores:
            scores = _crossed(lists)
        if not scores:
            return
        most = max(scores.values())
        raw = title.raw.casefold()
        for game_id in _highest(scores, _NEAREST):
            yield game_id, 0.5 * scores[game_id] / most + self._likeness(raw, game_id)

    def _likeness(self, raw: str, game_id: int) -> float:
        known = self._titles[game_id]
        if isinstance(known, str):
            return fuzz.ratio(raw, known.casefold()) / 100
        return max(fuzz.ratio(raw, title.casefold()) for title in known) / 100


def usual_rarity(word: str) -> float:
    """What `CandidateIndex.rarity` says of most words; for where no catalogue is at hand."""
    return 0.75 if len(word) > 3 else 0.5


def _filed(titles: Sequence[str]) -> tuple[set[int], set[str]]:
    keys: set[int] = set()
    words: set[str] = set()
    for title in titles:
        parsed = parse_title(title)
        keys.add(_whole(parsed.plain))
        if parsed.plain_head != parsed.plain:
            keys.add(_head(parsed.plain_head))
        words |= _spelled(parsed)
    return keys, words


def _spelled(title: Title) -> set[str]:
    """The words of a title in their one Latin spelling, and how it begins and ends."""
    words = {latin(word) for word in title.words}
    words.discard("")
    if len(title.plain) >= _AFFIX:
        words.add(f"^{title.plain[:_AFFIX]}")
        words.add(f"{title.plain[-_AFFIX:]}$")
    return words


def _whole(plain: str) -> int:
    return hash(plain)


def _head(plain: str) -> int:
    return hash(f"{plain}:")


def _count(ids: _Ids | None) -> int:
    return 0 if ids is None else 1 if isinstance(ids, int) else len(ids)


def _enter(lists: dict[_Key, _Ids], key: _Key, game_id: int) -> None:
    known = lists.get(key)
    if known is None:
        lists[key] = game_id
    elif isinstance(known, int):
        lists[key] = array("q", (known, game_id))
    else:
        known.append(game_id)


def _strike(lists: dict[_Key, _Ids], key: _Key, game_id: int) -> None:
    known = lists[key]
    if isinstance(known, int):
        del lists[key]
        return
    known.remove(game_id)
    if len(known) == 1:
        lists[key] = known[0]


def _highest(scores: dict[int, float], count: int) -> list[int]:
    """The ids that score highest; of equals those of the smallest ids."""
    if len(scores) <= count:
        return list(scores)
    least = sorted(scores.values(), reverse=True)[count - 1]
    above = [game_id for game_id, score in scores.items() if score > least]
    return above + sorted(game_id for game_id, score in scores.items() if score == least)[: count - len(above)]


def _crossed(lists: Sequence[tuple[int, str, _Ids]]) -> dict[int, float]:
    """Where every word is a common one: the games that have two of them."""
    common = [ids for count, _, ids in lists if not isinstance(ids, int) and count <= _MOST_CROSSED]
    if len(common) < 2:
        return {}
    both = set(common[0]).intersection(common[1])
    return dict.fromkeys(islice(sorted(both), _MOST_READ), 1.0)
