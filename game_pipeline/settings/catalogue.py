"""What the catalogue takes in unasked, and when two sentences are one."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["LimitSettings", "MergeSettings"]


class LimitSettings(BaseModel):
    """How far an import may change a game, or a source's games, before a person is asked; None keeps what holds else.

    Shares are of what was there before: a description may shrink to `description_kept` of its length, a title may
    change while it is as similar as `title_similarity`, a date may move by fewer than `date_years` years, `links_kept`
    of a game's links must stay, and `run_share` of a source's games may change at once (where so many as `run_minimum`
    do).
    """

    model_config = ConfigDict(extra="forbid")

    description_kept: Annotated[float, Field(ge=0, le=1)] | None = None
    title_similarity: Annotated[float, Field(ge=0, le=1)] | None = None
    date_years: Annotated[int, Field(ge=1)] | None = None
    links_kept: Annotated[float, Field(ge=0, le=1)] | None = None
    run_share: Annotated[float, Field(gt=0, le=1)] | None = None
    run_minimum: Annotated[int, Field(ge=1)] | None = None


class MergeSettings(BaseModel):
    """Thresholds of the extractive merger: shares of a sentence's 4-grams found in another sentence."""

    model_config = ConfigDict(extra="forbid")

    duplicate: Annotated[float, Field(gt=0, le=1)] = 0.60
    near: Annotated[float, Field(gt=0, le=1)] = 0.45
