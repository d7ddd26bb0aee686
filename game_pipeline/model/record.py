"""What every record has in common, whatever it is about: one serialisation, and the hashes that tell a change."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from .canonical import describe_errors, digest
from .text import Block, Language, Line, RecordError, Slug, Url

__all__ = ["Attribution", "Description", "Part", "Record", "Subject", "one_a_language"]

Subject = Literal["game", "person"]
"""What a record is about."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Description(Part):
    """One description in one language (None: not known), as cleaned Markdown."""

    lang: Language | None = None
    text: Block


class Attribution(Part):
    """Whom the text is owed to and under which licence ("unknown" where the site states none)."""

    site: Line
    licence: Line


def one_a_language(field: str, descriptions: tuple[Description, ...]) -> None:
    """Refuse two texts of one language."""
    languages = [description.lang or "und" for description in descriptions]
    if len(set(languages)) != len(languages):
        raise ValueError(f"{field}: two of the same language; join them in the source")


class Record(Part):
    """What one page of one source says about one thing. Subclasses list their fields in the order of the contract."""

    subject: ClassVar[Subject]

    source: Slug
    identity: Line
    url: Url

    @classmethod
    def build(cls, **claims: Any) -> Self:
        """Make a record from raw claims. Raises `RecordError` that names every field at fault."""
        try:
            return cls(**claims)
        except ValidationError as error:
            raise RecordError(describe_errors(error)) from None

    @classmethod
    def from_json(cls, document: str | bytes | dict[str, Any]) -> Self:
        """Read what `to_json` wrote. Raises `RecordError` that names every field at fault."""
        try:
            if isinstance(document, dict):
                return cls.model_validate(document)
            return cls.model_validate(json.loads(document))
        except ValidationError as error:
            raise RecordError(describe_errors(error)) from None
        except ValueError as error:
            raise RecordError(f"not JSON: {error}") from None

    def to_dict(self) -> dict[str, Any]:
        """The canonical document as plain JSON types, every key present."""
        return self.model_dump(mode="json")

    def to_json(self) -> str:
        """The one canonical serialisation: a line of JSON, keys in the order of the contract, UTF-8 kept."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":"))

    @abstractmethod
    def facets(self) -> dict[str, Any]:
        """The record's claims, cut as finely as they change: `title`, `urls.download_direct`, `extra.version`...

        A facet that the page does not state is absent, so that a facet which a format gains can be told from one
        whose value changed. What only describes the reading (parser version, warnings, attribution) is no claim.
        Lists without a meaningful order are sorted.
        """

    def field_hashes(self, volatile: frozenset[str] = frozenset()) -> dict[str, str]:
        """A hash for every facet but the `volatile` ones (stored, never a change)."""
        return {name: digest(value) for name, value in self.facets().items() if name not in volatile}

    def content_hash(self, volatile: frozenset[str] = frozenset()) -> str:
        """One hash over all facets but the volatile ones: equal exactly when nothing that matters changed."""
        return digest(self.field_hashes(volatile))
