"""Who stands behind the names that sources credit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from .common import Json, exact

__all__ = ["PersonClaimed", "PersonDescribed", "PersonMerged", "PersonParted", "PersonSplit"]


@exact
class Spelling(TypedDict):
    name: Annotated[str, Field(description="as a source credits it")]
    url: Annotated[str | None, Field(description="their page on the source, as it is credited")]


@exact
class PersonClaimed(TypedDict):
    person_id: int
    key: Annotated[str, Field(description="the persona: source and page, or source and name")]
    source: str
    name: str
    url: str | None
    spellings: Annotated[list[Spelling], Field(description="those that are new")]


@exact
class Claim(TypedDict):
    identity: Annotated[str, Field(description="of the source's record of the game")]
    name: Annotated[str, Field(description="as it is credited there")]
    bare: Annotated[str, Field(description="the persona of that name alone, whose the credit would be else")]


@exact
class PersonDescribed(TypedDict):
    person_id: int
    key: Annotated[str, Field(description="the persona")]
    source: str
    url: str | None
    record_id: Annotated[int | None, Field(description="of their page there; null: it is gone")]
    name: Annotated[str, Field(description="what the persona is called from now on")]
    names: Annotated[list[str], Field(description="every name that the page gives them")]
    claims: Annotated[list[Claim], Field(description="credits without a page that are theirs, as the page says")]


@exact
class PersonMerged(TypedDict):
    person_id: Annotated[int, Field(description="who stays")]
    merged: Annotated[int, Field(description="who is the same person")]
    personas: Annotated[list[str], Field(description="keys that changed hands")]
    rule: Literal["same_page", "one_of_that_name", "credited_together", "person"]
    evidence: Annotated[list[Json], Field(description="kind, detail in words")]
    reason: Annotated[str | None, Field(description="a person's words")]


@exact
class PersonParted(TypedDict):
    person_id: Annotated[int, Field(description="who stays")]
    into: Annotated[int, Field(description="whose the personas are from now on")]
    personas: Annotated[list[str], Field(description="keys that changed hands; a rule may join them again")]
    evidence: Annotated[list[Json], Field(description="kind, detail in words")]


@exact
class PersonSplit(TypedDict):
    person_id: Annotated[int, Field(description="who stays")]
    into: Annotated[int, Field(description="whose the personas are from now on")]
    personas: Annotated[list[str], Field(description="keys that changed hands; no rule joins them to the rest again")]
    reason: str
