"""A judge that reads: what a language model is asked about a doubtful record, and what its answer is worth.

Asking it, and storing what it says, is the catalogue's; no model is known here. An answer is an opinion: a person sees
it, and nothing is linked by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from game_pipeline.model import GameRecord, clean_line

from .columns import USUAL
from .features import Features, observe
from .index import usual_rarity
from .sides import Side, side_of
from .values import Evidence, claims_of
from .verdict import evidence_of

__all__ = ["MOST_SUSPECTS", "Judge", "Opinion", "Question", "Quote", "Relation", "Suspect", "checked", "suspect_of"]

MOST_SUSPECTS = 5

Relation = Literal["same", "edition", "translation", "sequel", "other", "unsure"]

_WORDS: dict[Relation, str] = {
    "same": "they are one game",
    "edition": "one is an edition of the other",
    "translation": "one is a translation of the other",
    "sequel": "one is a sequel of the other",
    "other": "they are different games",
    "unsure": "it cannot be told",
}


@dataclass(frozen=True, slots=True)
class Suspect:
    """A game that the record may be about, by the record of it for which most speaks; what was seen of the two."""

    game_id: int
    record: GameRecord
    features: Features
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Which of these games is the record about, if any? The likeliest comes first; at most `MOST_SUSPECTS`."""

    record: GameRecord
    suspects: tuple[Suspect, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the record that is asked about, or of the suspect's: as they stand there, white space aside."""

    side: Literal["record", "game"]
    text: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the record is to one of the suspects. But for `unsure` it rests on quotes."""

    game_id: int
    relation: Relation
    quotes: tuple[Quote, ...] = ()


class Judge(Protocol):
    """Reads a question and has an opinion. Whatever the texts tell it to do is not to be done: they are strangers'."""

    @property
    def name(self) -> str:
        """Who it is, for the ledger: the model and its version."""

    def judge(self, question: Question) -> Opinion | None:
        """The opinion about one of the suspects; None where there is none now, and the next run is to ask again.

        It may take its time: nothing is locked meanwhile. What it raises is reported, and costs this question alone.
        """


def suspect_of(record: GameRecord, game_id: int, other: GameRecord) -> Suspect:
    """A game as a suspect, by its record `other`."""
    ours, theirs = _side(record), _side(other)
    pair = observe(ours, theirs, usual_rarity, USUAL)
    return Suspect(game_id, other, pair.features, evidence_of(ours, theirs, pair))


def checked(question: Question, opinion: Opinion) -> tuple[Relation, tuple[Evidence, ...]]:
    """The relation that the opinion may be believed in, and its evidence.

    Words that do not stand where they are said to stand make it `unsure`, and so does an opinion without a quote.
    Raises ValueError where it is about a game that was not asked about.
    """
    suspect = next((one for one in question.suspects if one.game_id == opinion.game_id), None)
    if suspect is None:
        asked = ", ".join(str(one.game_id) for one in question.suspects)
        raise ValueError(f"the opinion is about game {opinion.game_id}; asked about were: {asked}")
    said = {"record": list(_lines(question.record.to_dict())), "game": list(_lines(suspect.record.to_dict()))}
    quotes, missing = [], False
    for quote in opinion.quotes:
        text = clean_line(quote.text)
        stands = bool(text) and any(text in line for line in said[quote.side])
        missing = missing or not stands
        detail = "quoted by the judge" if stands else "not to be found where the judge says that it stands"
        quotes.append(Evidence("quote", detail, *((text, "") if quote.side == "record" else ("", text))))
    believed = bool(quotes) and not missing
    doubt = "" if believed or opinion.relation == "unsure" else ", but no quote proves it"
    title = suspect.record.title
    lead = Evidence(
        "judge", f"a language model says that {_WORDS[opinion.relation]}{doubt}", question.record.title, title
    )
    return opinion.relation if believed else "unsure", (lead, *quotes)


def _side(record: GameRecord) -> Side:
    claims = claims_of(record)
    return side_of(claims.titles, years=claims.years, names=claims.people)


def _lines(value: Any) -> Iterator[str]:
    """Every text of a record, its white space evened out."""
    if isinstance(value, str):
        yield clean_line(value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _lines(each)
    elif isinstance(value, list):
        for each in value:
            yield from _lines(each)
