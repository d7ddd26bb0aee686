"""What goes into a matching decision and what comes out of it: plain values, no rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from game_pipeline.model import Credit, GameRecord

from .keys import IdentityKey, identity_keys

__all__ = ["AUTHOR_ROLES", "Band", "Candidate", "Claims", "Decision", "Evidence", "Policy", "authors_of", "claims_of"]

Band = Literal["auto", "review", "new"]

# Whose name tells two games of one title apart. Publishers, translators and testers come and go with editions.
AUTHOR_ROLES = frozenset({"author", "developer", "designer", "programmer", "writer"})


@dataclass(frozen=True, slots=True)
class Claims:
    """What one record says that can tell which game it is about. The first title is the main one."""

    source: str
    identity: str
    titles: tuple[str, ...]
    kind: str = "game"
    years: tuple[int, ...] = ()
    people: tuple[str, ...] = ()
    external_ids: tuple[tuple[str, str], ...] = ()
    keys: tuple[IdentityKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A game that the record may be about, as its other records and its curators tell it.

    `keys` are tokens of identity keys; `sources` those with another live record in this game that have one a game as
    a rule; `never`: a person said that this record is not about this game.
    """

    game_id: int
    titles: tuple[str, ...]
    years: tuple[int, ...] = ()
    people: tuple[str, ...] = ()
    external_ids: tuple[tuple[str, str], ...] = ()
    keys: frozenset[str] = frozenset()
    never: bool = False
    sources: frozenset[str] = frozenset()
    kind: str = "game"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation, in words for a person, with what each side says."""

    feature: str
    detail: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Which game the record is about. `game_id`: the game linked (auto) or proposed (review), None for a new game.

    `score` orders decisions and review items; it is a hand-set rank of the method, not a probability.
    `alternatives` are the other games worth a look, nearest first.
    """

    band: Band
    game_id: int | None
    method: str
    score: float
    evidence: tuple[Evidence, ...] = ()
    alternatives: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """What a curator may turn. A title is rare when it has that many letters and words and one candidate bears it.

    `precision`: the share of links by likeness that is to be right.
    """

    year_tolerance: int = 1
    rare_title_letters: int = 12
    rare_title_words: int = 2
    hub_games: int = 3  # a key that so many games share points at none of them
    alternatives: int = 3
    precision: float = 0.995


def authors_of(credits: tuple[Credit, ...]) -> tuple[str, ...]:
    """The names that count for matching, in the order of the credits."""
    return tuple(dict.fromkeys(credit.name for credit in credits if credit.role in AUTHOR_ROLES))


def claims_of(record: GameRecord) -> Claims:
    return Claims(
        source=record.source,
        identity=record.identity,
        titles=tuple(dict.fromkeys((record.title, *(alt.title for alt in record.alt_titles)))),
        kind=record.kind,
        years=(int(record.release_date[:4]),) if record.release_date else (),
        people=authors_of(record.credits),
        external_ids=tuple((external.scheme, external.value) for external in record.external_ids),
        keys=identity_keys(record),
    )
