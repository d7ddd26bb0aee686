"""What a source says about a game."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .record import Attribution, Description, Part, Record, Subject, one_a_language
from .text import Extra, Language, Line, PartialDate, Slug, Url, Warnings, as_tuple, no_repeats

__all__ = ["AltTitle", "Credit", "ExternalId", "GameRecord", "Kind", "Link", "LinkKind", "Tag"]

Kind = Literal["game", "edition", "demo", "dlc", "soundtrack", "other"]
LinkKind = Literal[
    "game_page",
    "download_direct",
    "download_landing",
    "play_online",
    "video",
    "review",
    "forum",
    "poster",
    "screenshot",
    "other",
]


class AltTitle(Part):
    """Another name of the game."""

    title: Line
    lang: Language | None = None


class Credit(Part):
    """A person or company and what they did; `url` is their page on the source."""

    name: Line
    role: Slug = "author"
    url: Url | None = None


class Tag(Part):
    """A value of one kind: genre, platform, language, theme, competition, system, license..."""

    kind: Slug
    value: Line


class Link(Part):
    """An address that belongs to the game."""

    url: Url
    kind: LinkKind = "other"
    label: Line | None = None


class ExternalId(Part):
    """An id that another scheme gives the game: ifid, tuid, steam, gog, igdb, wikidata, ifwiki_ru..."""

    scheme: Slug
    value: Line


class GameRecord(Record):
    """What one source says about one game.

    `identity` is the source's own stable id (never a title); absent facts are None or empty, never invented.
    `extra` holds what the source says beyond the canonical fields. Lists drop exact repeats and keep their order.
    """

    subject: ClassVar[Subject] = "game"

    kind: Kind = "game"
    title: Line
    alt_titles: Annotated[tuple[AltTitle, ...], BeforeValidator(as_tuple), AfterValidator(no_repeats)] = ()
    descriptions: Annotated[tuple[Description, ...], BeforeValidator(as_tuple), AfterValidator(no_repeats)] = ()
    release_date: PartialDate | None = None
    credits: Annotated[tuple[Credit, ...], BeforeValidator(as_tuple), AfterValidator(no_repeats)] = ()
    tags: Annotated[tuple[Tag, ...], BeforeValidator(as_tuple), AfterValidator(no_repeats)] = ()
    urls: Annotated[tuple[Link, ...], BeforeValidator(as_tuple), AfterValidator(no_repeats)] = ()
    external_ids: Annotated[tuple[ExternalId, ...], BeforeValidator(as_tuple), AfterValidator(no_repeats)] = ()
    attribution: Attribution
    extra: Extra = Field(default_factory=dict)
    parser_version: int = Field(ge=1)
    warnings: Warnings = ()

    @model_validator(mode="after")
    def _one_description_a_language(self) -> Self:
        one_a_language("descriptions", self.descriptions)
        return self

    def facets(self) -> dict[str, Any]:
        facets: dict[str, Any] = {"title": self.title, "kind": self.kind, "url": self.url}
        if self.release_date:
            facets["release_date"] = self.release_date
        if self.alt_titles:
            facets["alt_titles"] = sorted([alt.title, alt.lang or ""] for alt in self.alt_titles)
        for description in self.descriptions:
            facets[f"descriptions.{description.lang or 'und'}"] = description.text
        for credit in self.credits:
            facets.setdefault(f"credits.{credit.role}", []).append([credit.name, credit.url])
        for tag in self.tags:
            facets.setdefault(f"tags.{tag.kind}", []).append(tag.value)
        for link in self.urls:
            facets.setdefault(f"urls.{link.kind}", []).append([link.url, link.label or ""])
        for external in self.external_ids:
            facets.setdefault(f"external_ids.{external.scheme}", []).append(external.value)
        for name, value in facets.items():
            if name.startswith(("tags.", "urls.", "external_ids.")):
                value.sort()
        facets.update({f"extra.{key}": value for key, value in self.extra.items() if value is not None})
        return facets
