"""What a source says about a person or a company: its page about them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .record import Attribution, Description, Part, Record, Subject, one_a_language
from .text import Extra, Language, Line, Url, Warnings, as_tuple, no_repeats

__all__ = ["Alias", "PersonLink", "PersonLinkKind", "PersonRecord"]

PersonLinkKind = Literal["portrait", "home_page", "profile", "redirect", "other"]
"""`profile`: their page on another site, given as that and not in passing. `redirect`: another address of this page."""


class Alias(Part):
    """Another name of the person."""

    name: Line
    lang: Language | None = None


class PersonLink(Part):
    """An address that the page gives for the person."""

    url: Url
    kind: PersonLinkKind = "other"
    label: Line | None = None


class PersonRecord(Record):
    """What one source says about one person, on their page.

    `url` is the address that the source's credits give for them, `about` what the page tells of them, and `works` the
    identities of the source's own games that it says are theirs. `kind` tells its document from a game's.
    """

    subject: ClassVar[Subject] = "person"

    kind: Literal["person"] = "person"
    name: Line
    aliases: Annotated[tuple[Alias, ...], BeforeValidator(as_tuple), AfterValidator(no_repeats)] = ()
    about: Annotated[tuple[Description, ...], BeforeValidator(as_tuple), AfterValidator(no_repeats)] = ()
    urls: Annotated[tuple[PersonLink, ...], BeforeValidator(as_tuple), AfterValidator(no_repeats)] = ()
    works: Annotated[tuple[Line, ...], BeforeValidator(as_tuple), AfterValidator(no_repeats)] = ()
    attribution: Attribution
    extra: Extra = Field(default_factory=dict)
    parser_version: int = Field(ge=1)
    warnings: Warnings = ()

    @model_validator(mode="after")
    def _one_text_a_language(self) -> Self:
        one_a_language("about", self.about)
        return self

    def facets(self) -> dict[str, Any]:
        facets: dict[str, Any] = {"name": self.name, "url": self.url}
        if self.aliases:
            facets["aliases"] = sorted([alias.name, alias.lang or ""] for alias in self.aliases)
        for text in self.about:
            facets[f"about.{text.lang or 'und'}"] = text.text
        for link in sorted(self.urls, key=lambda link: (link.url, link.label or "")):
            facets.setdefault(f"urls.{link.kind}", []).append([link.url, link.label or ""])
        if self.works:
            facets["works"] = sorted(self.works)
        facets.update({f"extra.{key}": value for key, value in self.extra.items() if value is not None})
        return facets
