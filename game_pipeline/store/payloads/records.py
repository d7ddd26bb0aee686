"""What became of records: their changes, which game each is about, what of them is held back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from .common import Json, Parts, exact

__all__ = [
    "JudgementEnded",
    "KeyDemoted",
    "RecordChanged",
    "RecordHeld",
    "RecordMatched",
    "RecordReleased",
    "RecordSeparated",
    "RecordsJudged",
    "RelationEnded",
    "RelationStated",
]


@exact
class RecordChanged(TypedDict):
    record_id: int
    version: int
    change: Literal["new", "changed", "format", "reparsed", "vanished", "returned"]
    changed_fields: list[str]
    subject: Annotated[Literal["game", "person"], Field(description="what the record is about")]
    identity: Annotated[str, Field(description="the source's own id of it")]


@exact
class RecordMatched(TypedDict):
    decision_id: int
    record_id: int
    game_id: Annotated[int | None, Field(description="null while the question is open")]
    band: Literal["auto", "review", "new"]
    method: str
    score: float
    evidence: Annotated[list[Json], Field(description="kind, detail in words, ours, theirs")]
    alternatives: Annotated[list[int], Field(description="other games that were weighed")]


@exact
class RecordSeparated(TypedDict):
    record_id: int
    game_id: int
    reason: str


Judge = Annotated[
    Literal["rule", "model", "llm", "person"], Field(description="rule, model, llm (a language model) or person")
]


@exact
class RecordsJudged(TypedDict):
    edge_id: int
    a: Annotated[int, Field(description="a record; its number is the lower")]
    b: Annotated[int, Field(description="a record")]
    judgement: Annotated[
        Literal["same", "different", "unsure", "suggested"],
        Field(description="same game, different games, a question for a person, or a suggestion to one"),
    ]
    judge: Judge
    method: str
    score: float
    keys: Annotated[list[str], Field(description="identity keys of both, where they made the judgement")]
    reason: Annotated[list[Json], Field(description="feature, detail in words, ours, theirs")]


@exact
class JudgementEnded(TypedDict):
    edge_id: int
    a: int
    b: int
    why: str


@exact
class KeyDemoted(TypedDict):
    key: str
    records: Annotated[list[int], Field(description="that carried it then")]
    titles: Annotated[int, Field(description="how many unlike titles those have")]


@exact
class RelationStated(TypedDict):
    relation_id: int
    record_id: int
    kind: Literal["edition_of", "demo_of", "dlc_of", "translation_of", "sequel_of"]
    of_record: Annotated[int, Field(description="the record that the first is an edition, a demo... of")]
    judge: Judge
    reason: str


@exact
class RelationEnded(TypedDict):
    relation_id: int
    why: str


@exact
class RecordHeld(TypedDict):
    hold_id: int
    record_id: int
    game_id: int | None
    kind: Annotated[Literal["rollback", "limit"], Field(description="taken back, or waiting for a person")]
    parts: Parts
    upto: Annotated[int, Field(description="the record's newest version when the hold was made")]
    ends_on: Annotated[
        Literal["page", "version"],
        Field(
            description=(
                "page: a later version in which the page says something new ends it; "
                "version: one that a new reading brought, too"
            )
        ),
    ]
    rollback_id: int | None
    reason: str
    alone: Annotated[
        bool,
        Field(description="ends every earlier hold of the record, as before version 2; else the one of its kind"),
    ]


@exact
class RecordReleased(TypedDict):
    hold_id: int
    record_id: int
    reason: str
