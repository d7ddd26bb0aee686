"""The canonical records: what a source may claim about a game or a person, their one serialisation and their hashes.

A record is what one page of one source says, cleaned and typed; what the catalogue makes of several records
lives in `merging`, `catalog` and `people`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .canonical import canonical_json, describe_errors, digest
from .game import AltTitle, Credit, ExternalId, GameRecord, Kind, Link, LinkKind, Tag
from .person import Alias, PersonLink, PersonLinkKind, PersonRecord
from .record import Attribution, Description, Record, Subject
from .text import (
    MAX_BLOCK,
    MAX_LINE,
    MAX_URL,
    Block,
    Language,
    Line,
    PartialDate,
    RecordError,
    Scalar,
    clean_block,
    clean_line,
)

__all__ = [
    "MAX_BLOCK",
    "MAX_LINE",
    "MAX_URL",
    "Alias",
    "AltTitle",
    "AnyRecord",
    "Attribution",
    "Block",
    "Credit",
    "Description",
    "ExternalId",
    "GameRecord",
    "Kind",
    "Language",
    "Line",
    "Link",
    "LinkKind",
    "PartialDate",
    "PersonLink",
    "PersonLinkKind",
    "PersonRecord",
    "Record",
    "RecordError",
    "Scalar",
    "Subject",
    "Tag",
    "canonical_json",
    "clean_block",
    "clean_line",
    "describe_errors",
    "digest",
    "record_of",
]


AnyRecord = Annotated[GameRecord | PersonRecord, Field(discriminator="kind")]
"""What a page may be read into."""


def record_of(document: dict[str, object]) -> AnyRecord:
    """Read what `to_dict` wrote, of whichever it is. Raises `RecordError` that names every field at fault."""
    return PersonRecord.from_json(document) if document.get("kind") == "person" else GameRecord.from_json(document)
