"""Texts, addresses, languages and dates as a record may hold them: cleaned, checked, and typed so."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

__all__ = [
    "MAX_BLOCK",
    "MAX_LINE",
    "MAX_URL",
    "Block",
    "Extra",
    "Language",
    "Line",
    "PartialDate",
    "RecordError",
    "Scalar",
    "Slug",
    "Url",
    "Warnings",
    "as_tuple",
    "clean_block",
    "clean_line",
    "no_repeats",
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


def no_repeats(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Line = Annotated[str, AfterValidator(_line)]
Block = Annotated[str, AfterValidator(_block)]
Url = Annotated[str, AfterValidator(_url)]
Language = Annotated[str, AfterValidator(_language)]
PartialDate = Annotated[str, AfterValidator(_partial_date)]
Slug = Annotated[str, AfterValidator(_slug)]
Scalar = str | int | float | bool | None
Extra = Annotated[dict[str, Scalar | list[Scalar]], AfterValidator(_extra)]
Warnings = Annotated[tuple[Annotated[str, AfterValidator(clean_line)], ...], BeforeValidator(as_tuple)]
