"""Matching one list of games to another, with nothing but the two lists: what `game-pipeline match` does.

The worth of the columns is learned from the lists themselves; the model's weights and cuts stay as they are shipped.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .columns import Worth, learned, levels
from .index import CandidateIndex
from .model import Model, load_model
from .sides import Side
from .values import Band
from .verdict import PRECISION, Likely, Verdict, evidence_of, judge, resembles

__all__ = ["Answer", "Compared", "Entry", "TableMatcher"]

_MOST_PAIRS = 4_000  # from which the worth of columns is learned
_UNMISTAKABLE = 8  # letters of a title that two games hardly share
_ALTERNATIVES = 3
_CONSIDERED = 0.1
_SAMPLED = 1_000  # records, to learn how many the catalogue has nothing like
_STRANGERS = 0.15


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a list. `titles`: those to find it by, the main one first."""

    id: str
    titles: tuple[str, ...]
    side: Side


@dataclass(frozen=True, slots=True)
class Answer:
    """One row of the result; of a record in review there may be several, the likeliest first."""

    record_id: str
    catalogue_id: str | None
    band: Band
    score: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A record with its candidates: their places in the catalogue, and the verdict about them, if there are any."""

    record: Entry
    places: tuple[int, ...]
    games: tuple[Side, ...]
    verdict: Verdict | None


class TableMatcher:
    """Matches records to a catalogue. `precision`: the share of links made unasked that must be right."""

    def __init__(self, catalogue: Sequence[Entry], *, precision: float = PRECISION, model: Model | None = None) -> None:
        self._catalogue = catalogue
        self._model = model or load_model()
        self._cut = self._model.cut(precision)
        self._index = CandidateIndex((place, entry.titles) for place, entry in enumerate(catalogue))

    def match(
        self, records: Sequence[Entry], progress: Callable[[int, int], None] = lambda done, total: None
    ) -> Iterator[Answer]:
        """The answers about every record, in the order of the records."""
        worth = self._learn(records)
        strict = self._has_strangers(records, worth)
        for done, compared in enumerate(self.compare(records, worth), start=1):
            yield from self._answers(compared, strict)
            progress(done, len(records))

    def compare(self, records: Sequence[Entry], worth: Worth | None = None) -> Iterator[Compared]:
        """Every record with its candidates, in the order of the records. `worth`: as learned from other records."""
        worth = worth or self._learn(records)
        for record in records:
            places = tuple(self._index.find(record.titles))
            games = tuple(self._catalogue[place].side for place in places)
            verdict = judge(record.side, games, rarity=self._index.rarity, worth=worth, model=self._model)
            yield Compared(record, places, games, verdict)

    def _learn(self, records: Sequence[Entry]) -> Worth:
        """Pairs whose titles are the same and unique on both sides stand for pairs of one game."""
        if not self._catalogue:
            return learned((), ())
        here = Counter(record.side.main.plain for record in records)
        there: dict[str, list[Side]] = {}
        for entry in self._catalogue:
            there.setdefault(entry.side.main.plain, []).append(entry.side)
        same, others = [], []
        for record in _sample(records, _MOST_PAIRS):
            plain = record.side.main.plain
            namesakes = there.get(plain, [])
            if len(namesakes) == 1 and here[plain] == 1 and len(plain) >= _UNMISTAKABLE:
                same.append(levels(record.side, namesakes[0]))
            others.append(levels(record.side, random.Random(record.id).choice(self._catalogue).side))
        return learned(same, others)

    def _has_strangers(self, records: Sequence[Entry], worth: Worth) -> bool:
        """Are there many records that the catalogue has nothing like? Then likeness alone is no reason to ask."""
        sample = _sample(records, _SAMPLED)
        strangers = sum(
            one.verdict is None or not resembles(one.verdict, strict=False) for one in self.compare(sample, worth)
        )
        return strangers > _STRANGERS * len(sample)

    def _answers(self, compared: Compared, strict: bool) -> Iterator[Answer]:
        record, verdict = compared.record, compared.verdict
        if verdict is None:
            yield Answer(record.id, None, "new", 0.0, "nothing in the catalogue resembles it")
            return
        best = verdict.likely[0]
        if verdict.score >= self._cut and not verdict.bars:
            yield self._answer(compared, best, "auto", verdict.score, "")
        elif resembles(verdict, strict=strict):
            why = "; ".join(verdict.bars) or "another game is as likely, or the likelihood is too low"
            yield self._answer(compared, best, "review", verdict.score, f"for a person, since {why}; ")
            for other in verdict.likely[1 : 1 + _ALTERNATIVES]:
                if other.likelihood >= _CONSIDERED:
                    yield self._answer(
                        compared, other, "review", min(other.likelihood, verdict.score) / 2, "less likely; "
                    )
        else:
            yield self._answer(compared, best, "new", verdict.score, "nearest, but too unlike: ")

    def _answer(self, compared: Compared, likely: Likely, band: Band, score: float, lead: str) -> Answer:
        record, entry = compared.record, self._catalogue[compared.places[likely.place]]
        seen = evidence_of(record.side, entry.side, likely.pair)
        words = "; ".join(f"{each.feature}: {each.detail} [{each.ours} | {each.theirs}]" for each in seen)
        return Answer(record.id, None if band == "new" else entry.id, band, max(score, 0.0), lead + words)


def _sample(records: Sequence[Entry], size: int) -> Sequence[Entry]:
    """So many of the records, the same ones each time."""
    return records if len(records) <= size else random.Random(0).sample(records, size)
