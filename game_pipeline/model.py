"""The canonical record: what a source may claim about a game, its one serialisation and its hashes.

A record is what one page of one source says, cleaned and typed; what the catalogue makes of several records
lives in `merging` and `catalog`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from hashlib import blake2b
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

__all__ = [
    "AltTitle",
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
    "RecordError",
    "Tag",
    "canonical_json",
    "clean_block",
    "clean_line",
    "describe_errors",
    "digest",
]

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

MAX_LINE = 1_000
MAX_BLOCK = 200_000
MAX_URL = 2_048

# Control characters, halves of surrogate pairs (no text holds one, but JSON can spell it), and the invisible ones that
# reorder or hide text (bidi overrides, zero width, BOM).
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)
_PLAIN_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?:/[A-Za-z0-9._~/?&=%+-]*)?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_SLUG = re.compile(r"[a-z][a-z0-9_]*")


class RecordError(ValueError):
    """A record breaks the canonical form; the message names each field and what is wrong with it."""


def clean_line(text: str) -> str:
    """One line of NFC text: no control or bidi characters, runs of white space are one space."""
    if not _is_tidy(text):
        text = unicodedata.normalize("NFC", _UNSAFE.sub("", text.replace("\r", "\n")))
    return " ".join(text.split())


def clean_block(text: str) -> str:
    """Several lines of NFC text: as `clean_line` within a line, at most one blank line between paragraphs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not _is_tidy(text.replace("\n", "")):
        # Composed last: what is removed may stand between a letter and its accent.
        text = unicodedata.normalize("NFC", _UNSAFE.sub("", text))
    elif not any(run in text for run in ("  ", " \n", "\n ", "\n\n\n")):  # no other white space can be printed
        return text.strip()
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _is_tidy(text: str) -> bool:
    """Most texts: nothing to remove (what can be printed is never unsafe) and nothing to compose."""
    return text.isprintable() and (text.isascii() or unicodedata.is_normalized("NFC", text))


def _line(value: str) -> str:
    value = clean_line(value)
    if not value:
        raise ValueError("must not be empty")
    if len(value) > MAX_LINE:
        raise ValueError(f"is {len(value)} characters long, {MAX_LINE} at most")
    return value


def _block(value: str) -> str:
    value = clean_block(value)
    if not value:
        raise ValueError("must not be empty")
    if len(value) > MAX_BLOCK:
        raise ValueError(f"is {len(value)} characters long, {MAX_BLOCK} at most")
    return value


def _url(value: str) -> str:
    if len(value) <= MAX_URL and _PLAIN_URL.fullmatch(value):
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"must be an absolute http(s) address, not {value[:120]!r}")
    if len(value) > MAX_URL or re.search(r"[\s\\]", value) or _UNSAFE.search(value):
        raise ValueError(f"must be at most {MAX_URL} characters without spaces: {value[:120]!r}")
    return value


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError(f"must be a BCP 47 language tag such as 'ru' or 'pt-BR', not {value[:40]!r}")
    return value


def _partial_date(value: str) -> str:
    match = _PARTIAL_DATE.fullmatch(value)
    if not match:
        raise ValueError(f"must be YYYY, YYYY-MM or YYYY-MM-DD, not {value[:40]!r}")
    year, month, day = match.groups()
    try:
        dt.date(int(year), int(month or 1), int(day or 1))
    except ValueError as error:
        raise ValueError(f"is no date: {value!r} ({error})") from None
    return value


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise ValueError(f"must be a lower-case word such as 'genre', not {value[:40]!r}")
    return value


def _extra(values: dict[str, Any]) -> dict[str, Any]:
    """Texts of a source's own fields are cleaned as all others are; a NUL would keep the record out of the database."""

    def clean(value: Any) -> Any:
        if isinstance(value, list):
            return [clean(item) for item in value]
        return clean_block(value) if isinstance(value, str) else value

    return {clean_line(name): clean(value) for name, value in values.items()}


def _no_repeats(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Line = Annotated[str, AfterValidator(_line)]
Block = Annotated[str, AfterValidator(_block)]
Url = Annotated[str, AfterValidator(_url)]
Language = Annotated[str, AfterValidator(_language)]
PartialDate = Annotated[str, AfterValidator(_partial_date)]
Slug = Annotated[str, AfterValidator(_slug)]
Scalar = str | int | float | bool | None
Extra = Annotated[dict[str, Scalar | list[Scalar]], AfterValidator(_extra)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class AltTitle(_Part):
    """Another name of the game."""

    title: Line
    lang: Language | None = None


class Description(_Part):
    """One description in one language (None: not known), as cleaned Markdown."""

    lang: Language | None = None
    text: Block


class Credit(_Part):
    """A person or company and what they did; `url` is their page on the source."""

    name: Line
    role: Slug = "author"
    url: Url | None = None


class Tag(_Part):
    """A value of one kind: genre, platform, language, theme, competition, system, license..."""

    kind: Slug
    value: Line


class Link(_Part):
    """An address that belongs to the game."""

    url: Url
    kind: LinkKind = "other"
    label: Line | None = None


class ExternalId(_Part):
    """An id that another scheme gives the game: ifid, tuid, steam, gog, igdb, wikidata, ifwiki_ru..."""

    scheme: Slug
    value: Line


class Attribution(_Part):
    """Whom the text is owed to and under which licence ("unknown" where the site states none)."""

    site: Line
    licence: Line


class GameRecord(_Part):
    """What one source says about one game.

    `identity` is the source's own stable id (never a title); absent facts are None or empty, never invented.
    `extra` holds what the source says beyond the canonical fields. Lists drop exact repeats and keep their order.
    """

    source: Slug
    identity: Line
    url: Url
    kind: Kind = "game"
    title: Line
    alt_titles: Annotated[tuple[AltTitle, ...], BeforeValidator(_as_tuple), AfterValidator(_no_repeats)] = ()
    descriptions: Annotated[tuple[Description, ...], BeforeValidator(_as_tuple), AfterValidator(_no_repeats)] = ()
    release_date: PartialDate | None = None
    credits: Annotated[tuple[Credit, ...], BeforeValidator(_as_tuple), AfterValidator(_no_repeats)] = ()
    tags: Annotated[tuple[Tag, ...], BeforeValidator(_as_tuple), AfterValidator(_no_repeats)] = ()
    urls: Annotated[tuple[Link, ...], BeforeValidator(_as_tuple), AfterValidator(_no_repeats)] = ()
    external_ids: Annotated[tuple[ExternalId, ...], BeforeValidator(_as_tuple), AfterValidator(_no_repeats)] = ()
    attribution: Attribution
    extra: Extra = Field(default_factory=dict)
    parser_version: int = Field(ge=1)
    warnings: Annotated[tuple[Annotated[str, AfterValidator(clean_line)], ...], BeforeValidator(_as_tuple)] = ()

    @model_validator(mode="after")
    def _one_description_a_language(self) -> Self:
        languages = [description.lang or "und" for description in self.descriptions]
        if len(set(languages)) != len(languages):
            raise ValueError("descriptions: two of the same language; join them in the source")
        return self

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

    def facets(self) -> dict[str, Any]:
        """The record's claims, cut as finely as they change: `title`, `urls.download_direct`, `extra.version`...

        A facet that the page does not state is absent, so that a facet which a format gains can be told from one
        whose value changed. What only describes the reading (parser version, warnings, attribution) is no claim.
        Lists without a meaningful order are sorted.
        """
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

    def field_hashes(self, volatile: frozenset[str] = frozenset()) -> dict[str, str]:
        """A hash for every facet but the `volatile` ones (stored, never a change)."""
        return {name: digest(value) for name, value in self.facets().items() if name not in volatile}

    def content_hash(self, volatile: frozenset[str] = frozenset()) -> str:
        """One hash over all facets but the volatile ones: equal exactly when nothing that matters changed."""
        return digest(self.field_hashes(volatile))


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return _CANONICAL.encode(value)


def digest(value: Any) -> str:
    """BLAKE2b, 128 bits, in hex, over the canonical JSON of a value."""
    return blake2b(canonical_json(value).encode(), digest_size=16).hexdigest()


def describe_errors(error: ValidationError) -> str:
    """Every problem of a validation as `field.0.part: what is wrong`, joined by semicolons."""
    problems = []
    for problem in error.errors(include_url=False):
        where = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        problems.append(f"{where}: {message}" if where else message)
    return "; ".join(problems)
