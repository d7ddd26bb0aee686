"""Uploaded libraries, and what the operator says of their games."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["GameNote", "LibrarySettings"]


class GameNote(BaseModel):
    """What the operator says about a game of the comparison; it goes over what sources say."""

    model_config = ConfigDict(extra="forbid")

    comment: str | None = None
    url: str | None = None
    multiplayer: bool | None = None
    max_players: Annotated[int, Field(ge=1)] | None = None


class LibrarySettings(BaseModel):
    """Uploaded Galaxy databases and the file that comparisons are answered from."""

    model_config = ConfigDict(extra="forbid")

    upload_dir: Path | None = None
    """Where uploads are kept, and where databases may be dropped; by default `uploads` in the data directory."""
    data_store_path: Path | None = None
    """The data file; by default `library.json` in the data directory."""
    max_backups: Annotated[int, Field(ge=0, le=100)] = 3
    compression: Literal["none", "gzip", "zstd"] = "none"
    max_upload_mb: Annotated[int, Field(ge=1)] = 1024
    """The largest database, unpacked."""
    cpu_seconds: Annotated[float, Field(gt=0, le=600)] = 3.0
    """What reading one database may need; `read_seconds` by the clock, whatever else the machine does."""
    read_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    read_memory_mb: Annotated[int, Field(ge=192)] = 256
    """Address space of the process that reads a database, in MiB."""
    hidden: list[str] = Field(default_factory=list)
    """Titles that comparisons leave out unless asked for."""
    single_player: list[str] = Field(default_factory=list)
    """Titles that are for one, whatever the sources say."""
    games: dict[str, GameNote] = Field(default_factory=dict)
    """Notes by title."""
