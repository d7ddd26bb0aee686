"""What payloads of more than one kind are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, with_config

__all__ = ["Json", "Parts", "exact"]

exact = with_config(ConfigDict(extra="forbid", strict=True))
"""Decorates the model of a payload: no value is converted, and none is there that is not named."""

Json = dict[str, Any]
Parts = Annotated[
    dict[str, int],
    Field(
        description="part of the record (title, tags.genre, descriptions.en...) -> version; `*`: all others; 0: mute"
    ),
]
