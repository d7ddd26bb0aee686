"""What players own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from .common import exact

__all__ = ["LibraryEntriesChanged", "LibraryEntry", "LibraryUploaded", "PlayerNamed", "UploadRefused"]


@exact
class LibraryUploaded(TypedDict):
    user_id: Annotated[int, Field(description="Galaxy's own id of the player")]
    name: str
    upload_id: str
    db_filename: str
    db_modified: Annotated[str, Field(description="ISO 8601; of two databases of a player the newer one counts")]
    sha256: Annotated[str, Field(description="of the database and its write-ahead log")]
    schema_version: Annotated[int, Field(description="Galaxy's user_version")]
    total_games: Annotated[int, Field(description="releases that comparisons see: neither hidden nor DLC")]
    installed_games: int
    added: int
    changed: int
    removed: int


@exact
class LibraryEntry(TypedDict):
    """A release that a player owns."""

    release_key: Annotated[str, Field(description="PLATFORM_ID")]
    game_key: Annotated[str, Field(description="one for the releases of one game")]
    title: str
    sorting_title: str | None
    dlc: bool
    hidden: bool
    installed: bool
    minutes: Annotated[int, Field(description="in the game")]
    last_played: Annotated[str | None, Field(description="ISO 8601")]
    added: Annotated[str | None, Field(description="when bought, else when first seen (ISO 8601)")]
    rating: float | None
    tags: list[str]
    facts: Annotated[str | None, Field(description="hash (hex) of what Galaxy states about the game")]


@exact
class LibraryEntriesChanged(TypedDict):
    user_id: int
    upload_id: str
    set: Annotated[list[LibraryEntry], Field(description="new, or as they are from now on")]
    removed: Annotated[list[str], Field(description="release keys that are not owned any more")]


@exact
class PlayerNamed(TypedDict):
    user_id: int
    name: str


@exact
class UploadRefused(TypedDict):
    upload_id: str
    filename: str
    code: str
    message: Annotated[str, Field(description="as its sender was told")]
