"""What goes into a merge: each record with where its word stands, and what a person set by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from game_pipeline.model import GameRecord

__all__ = ["Claim", "HumanEdit", "SourceClaims", "SourceRef", "speaking", "state_claims"]


@dataclass(frozen=True, slots=True)
class SourceRef:
    """Which version of which record says it."""

    source: str
    record_id: int
    version: int

    def to_dict(self) -> dict[str, Any]:
        return {"source": self.source, "record": self.record_id, "version": self.version}


@dataclass(frozen=True, slots=True)
class SourceClaims:
    """One record of a game. The lower `priority` wins; `live`: its page still stands.

    `mute`: fields that a record cannot leave out (title, kind) but about which it is not heard.
    """

    source: str
    priority: int
    record_id: int
    version: int
    record: GameRecord
    live: bool = True
    mute: frozenset[str] = frozenset()

    @property
    def ref(self) -> SourceRef:
        return SourceRef(self.source, self.record_id, self.version)


@dataclass(frozen=True, slots=True)
class HumanEdit:
    """A person set a field (`title`, `credits`, `descriptions.ru`...) to a value of the field's form in `state`.

    The value of a description is its text. None empties a field that may be empty. Of two edits of a field the one
    with the higher id stands.
    """

    edit_id: int
    field: str
    value: Any
    author: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """One source's word on one field."""

    by: SourceRef
    value: Any


def speaking(claims: Iterable[SourceClaims]) -> list[SourceClaims]:
    """The records that are heard, in order of precedence, whatever order they came in.

    A record that vanished falls silent; only where none is left do the last words of all of them stand, so that a
    game does not lose its name with its last page. Of several versions of a record the newest speaks.
    """
    newest: dict[int, SourceClaims] = {}
    for claim in claims:
        known = newest.get(claim.record_id)
        if known is None or claim.version > known.version:
            newest[claim.record_id] = claim
    live = [claim for claim in newest.values() if claim.live] or list(newest.values())
    return sorted(live, key=lambda claim: (claim.priority, claim.source, claim.record_id))


def state_claims(claims: Sequence[SourceClaims], stated: Callable[[GameRecord], Any]) -> list[Claim]:
    """What each record states, in the order of precedence; those that state nothing are left out."""
    return [Claim(claim.ref, value) for claim in claims if (value := stated(claim.record))]
