"""What imports, sources and their breakers say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from .common import Json, exact

__all__ = [
    "BreakerChanged",
    "CatalogueImported",
    "FormatChanged",
    "ImportFinished",
    "NeedsAttention",
    "SourcePaused",
    "SourceReleased",
    "SourceResumed",
]


@exact
class ImportFinished(TypedDict):
    run_id: str
    status: Annotated[str, Field(description="done, partial or failed")]
    segments: list[str]
    counts: Annotated[Json, Field(description="what was found, by outcome; checks that found nothing are counts here")]


@exact
class CatalogueImported(TypedDict):
    name: Annotated[str, Field(description="the source of its records and the scheme of its ids")]
    sha256: Annotated[str, Field(description="of the file")]
    priority: Annotated[int, Field(description="the rank of its word; the lower number wins a field")]
    counts: Annotated[Json, Field(description="games by what became of them, edits set, questions asked")]


@exact
class SourcePaused(TypedDict):
    reason: str


@exact
class SourceReleased(TypedDict):
    what: Annotated[str, Field(description="`page`, or `listing`")]
    page: Annotated[str | None, Field(description="the page's key")]
    reason: str


@exact
class SourceResumed(TypedDict):
    reason: str | None


State = Literal["closed", "open", "half_open", "ramping", "paused"]


@exact
class BreakerChanged(TypedDict):
    before: State
    state: State
    rate: Annotated[float, Field(description="share of the normal rate from now on; 0: nothing is asked")]
    reason: Annotated[str | None, Field(description="what the site last answered, or a person's words")]
    next_trial_at: Annotated[str | None, Field(description="nothing is asked before (ISO 8601)")]
    rest_seconds: Annotated[float, Field(description="its last rest since it was closed; each doubles, up to a cap")]


@exact
class NeedsAttention(TypedDict):
    reason: str | None
    failing_since: Annotated[str | None, Field(description="when the source was last well (ISO 8601)")]
    openings: Annotated[int, Field(description="within a day, without those after a failed trial")]


@exact
class FormatChanged(TypedDict):
    segment: str
    fields: Annotated[list[str], Field(description="what the format states now and never stated before")]
    records: Annotated[int, Field(description="records that gained one of them")]
