"""What games say, who set it, and what stands over what their sources say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from .common import Json, exact

__all__ = [
    "EditAged",
    "EditConfirmed",
    "EditReleased",
    "GameEdited",
    "GamePinned",
    "GameProposed",
    "GameRevised",
    "GameUnpinned",
    "Member",
    "ProposalClosed",
    "SourcesUpdated",
]


@exact
class Member(TypedDict):
    """A record of a game as a revision heard it."""

    record_id: int
    source: str
    identity: str
    version: int
    live: Annotated[bool, Field(description="the source still lists it")]
    heard: Annotated[dict[str, int] | None, Field(description="older versions heard, by part; null: all of `version`")]
    keys: Annotated[list[str], Field(description="what matching finds the game by")]


@exact
class GameRevised(TypedDict):
    revision: int
    status: Literal["active", "proposed", "withdrawn", "merged"]
    merged_into: int | None
    state: Annotated[Json, Field(description="the whole game after the change")]
    provenance: Annotated[Json, Field(description="field -> rule, sources or edit, and the revision it is from")]
    changed_fields: list[str]
    cause: Annotated[
        str,
        Field(description="import, edit, release, review, rollback, merge, split, imported (an existing catalogue)"),
    ]
    reason: Annotated[str | None, Field(description="a person's words")]
    index: Annotated[Json, Field(description="rows of the tables that the catalogue is searched by")]
    members: list[Member]
    edited: Annotated[list[str], Field(description="fields that people set")]
    quality_score: Annotated[float | None, Field(description="0 to 1")]
    import_metadata: Json


@exact
class GameProposed(TypedDict):
    state: Annotated[Json, Field(description="the whole game as the sources would have it")]
    provenance: Json
    changed_fields: Annotated[list[str], Field(description="where that differs from what the game says")]
    members: list[Member]


@exact
class ProposalClosed(TypedDict):
    reason: str


@exact
class SourcesUpdated(TypedDict):
    members: list[Member]


@exact
class GameEdited(TypedDict):
    edit_id: int
    field: str
    value: Any
    previous: Annotated[Any, Field(description="what the sources said then")]
    reason: str
    edited_at: Annotated[str | None, Field(description="when the person decided, where that was earlier (ISO 8601)")]
    carried_from: Annotated[int | None, Field(description="the edit that this one repeats")]


@exact
class EditReleased(TypedDict):
    edit_id: int
    field: str
    reason: str


@exact
class EditConfirmed(TypedDict):
    edit_id: int
    field: str
    sources: list[str]


@exact
class EditAged(TypedDict):
    edit_id: int
    field: str


@exact
class GamePinned(TypedDict):
    pin_id: int
    field: str
    value: Any
    provenance: Json | None
    rejected: Annotated[str, Field(description="digest of the value that must not come back")]
    revision: int
    rollback_id: int


@exact
class GameUnpinned(TypedDict):
    pin_id: int
    field: str
